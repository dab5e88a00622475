/* Exact softmax attention in fp64: what FAVOR+ estimates, and the judge of exact kernels.
 *
 * Invariant: as in favor.c, the largest weight of a row is 1. */
#include "ref.h"

#include <math.h>
#include <stdlib.h>

#include "../checked.h"
#include "judge.h"

static double dot(const float *x, const float *y, int64_t D)
{
    double sum = 0;
    for (int64_t d = 0; d < D; d++)
        sum += (double)x[d] * y[d];
    return sum;
}

/* The shares of row i in the keys before `end` that the mask leaves. Returns how many. */
static int64_t weigh_row(const clfi_view *view, int64_t i, int64_t end, clfi_share *shares)
{
    const clfi_problem *p = view->p;
    const float *q = clfi_row(view->q, i);
    double largest = -INFINITY;
    int64_t count = 0;
    for (int64_t j = 0; j < end; j++) {
        if (!clfi_has_key(view, j))
            continue;
        const double weight = p->scale * dot(q, clfi_row(view->k, j), p->D);
        largest = fmax(largest, weight);
        shares[count++] = (clfi_share){.key = j, .weight = weight};
    }
    for (int64_t n = 0; n < count; n++) {
        shares[n].weight = exp(shares[n].weight - largest);
        shares[n].absolute = shares[n].weight;
    }
    return count;
}

clf_status clfi_ref_softmax(const clfi_problem *p, int64_t b, int64_t h, const clfi_rows *rows,
                            const clfi_judgement *judgement)
{
    clfi_view view;
    if (!clfi_view_init(p, b, h, false, &view) || !clfi_rows_valid(rows, p->L) || !judgement ||
        !judgement->out)
        return CLF_ERROR_INVALID_ARGUMENT;
    size_t bytes;
    if (!clfi_product_bytes(&p->S, 1, sizeof(clfi_share), &bytes))
        return CLF_ERROR_OUT_OF_HOST_MEMORY;
    clfi_share *shares = malloc(bytes);
    if (!shares)
        return CLF_ERROR_OUT_OF_HOST_MEMORY;
    for (int64_t n = 0; n < rows->count; n++) {
        const int64_t i = rows->index[n];
        const int64_t count = weigh_row(&view, i, p->causal ? i + 1 : p->S, shares);
        double sum = 0;
        for (int64_t j = 0; j < count; j++)
            sum += shares[j].weight;
        clfi_judge_row(&view, shares, count, sum, sum > 0 ? 1 : 0, n, judgement);
    }
    free(shares);
    return CLF_OK;
}
