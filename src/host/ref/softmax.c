/* Exact softmax attention in fp64: what FAVOR+ estimates. Not a judge of kernels.
 *
 * Invariant: as in favor.c, the largest weight of a row is 1. */
#include "ref.h"

#include <math.h>
#include <stdlib.h>

#include "problem.h"

static double dot(const float *x, const float *y, int64_t D)
{
    double sum = 0;
    for (int64_t d = 0; d < D; d++)
        sum += (double)x[d] * y[d];
    return sum;
}

/* The weights of one row over its `visible` keys. */
static void weigh_row(const clfi_view *view, int64_t b, int64_t h, int64_t i, int64_t visible,
                      double *weights)
{
    const clfi_problem *p = view->p;
    const float *q = clfi_row(p->q, view->q, b, h, i);
    double largest = -INFINITY;
    for (int64_t j = 0; j < visible; j++) {
        weights[j] = p->scale * dot(q, clfi_row(p->k, view->k, b, h, j), p->D);
        largest = fmax(largest, weights[j]);
    }
    for (int64_t j = 0; j < visible; j++)
        weights[j] = exp(weights[j] - largest);
}

clf_status clfi_ref_softmax(const clfi_problem *p, int64_t b, int64_t h, const clfi_rows *rows,
                            double *out, double *magnitude)
{
    clfi_view view;
    if (!clfi_view_init(p, b, h, false, &view) || !clfi_rows_valid(rows, p->L) || !out)
        return CLF_ERROR_INVALID_ARGUMENT;
    double *weights = malloc((size_t)p->S * sizeof *weights);
    if (!weights)
        return CLF_ERROR_OUT_OF_HOST_MEMORY;
    for (int64_t n = 0; n < rows->count; n++) {
        const int64_t i = rows->index[n];
        const int64_t visible = p->causal ? i + 1 : p->S;
        weigh_row(&view, b, h, i, visible, weights);
        clfi_weighted_mean(&view, b, h, visible, weights, out + n * p->E,
                           magnitude ? magnitude + n * p->E : NULL);
    }
    free(weights);
    return CLF_OK;
}
