/* Counts the work of a run. Runs nothing.
 *
 * Invariant: the count depends on the problem alone, and for stages on the segments: all kernels
 * are held to the same work, whatever they do. */
#include "bench_flop.h"

#include <math.h>

/* Of one row of one head. */
typedef struct row_flop {
    double features;  // W x
    double products;  // its part of K^T V, or of Q times that
    double triangle;  // causal: the rows of its chunk, 48 whatever the kernel takes
    double pair;      // exact: a query and a key
} row_flop;

static row_flop count_row(const clfi_shape *s)
{
    const double D = (double)s->D, E = (double)s->E, R = (double)s->R, C = 48;
    return (row_flop){
        .features = 2 * (double)s->rows * D,
        .products = 2 * R * E,
        .triangle = s->causal ? C * (R + E) : 0,
        .pair = 2 * (D + E),
    };
}

/* Pairs of a query and a key that it sees. */
static double count_pairs(const clfi_shape *s)
{
    return s->causal ? (double)s->L * ((double)s->L + 1) / 2 : (double)s->L * (double)s->S;
}

double bench_flop_total(const clf_plan *plan)
{
    const clfi_shape *s = &plan->shape;
    const row_flop row = count_row(s);
    const double both = (row.features + row.products) * (double)(s->L + s->S);
    const double head =
        s->path == CLF_PATH_EXACT ? row.pair * count_pairs(s) : both + row.triangle * (double)s->L;
    return (double)(s->B * s->H) * head;
}

double bench_flop_stage(const clf_plan *plan, clfi_stage stage)
{
    const clfi_shape *s = &plan->shape;
    const clfi_choice *c = &plan->choice;
    const row_flop row = count_row(s);
    const double heads = (double)(s->B * s->H);
    // Of a causal head, the state of the last segment is not needed.
    const int64_t key_rows = s->causal ? (c->segments - 1) * c->segment_rows : s->S;
    switch (stage) {
    case CLFI_STAGE_KV_STATE:
        return heads * (row.features + row.products) * (double)key_rows;
    case CLFI_STAGE_Q_APPLY:
        return heads * (row.features + row.products) * (double)s->L;
    case CLFI_STAGE_CAUSAL_APPLY:
    case CLFI_STAGE_SOFTMAX:
        return bench_flop_total(plan);
    default:
        return NAN;
    }
}

double bench_bytes(const clf_plan *plan)
{
    const clfi_shape *s = &plan->shape;
    double bytes = 0;
    for (int i = 0; i < CLFI_TENSORS; i++) {
        const clfi_view *t = &s->tensor[i];
        bytes += (double)(s->B * t->H) * (double)t->rows * (double)t->width *
                 (double)clf_dtype_size(t->dtype);
    }
    return bytes;
}
