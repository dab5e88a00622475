/* FAVOR+ in fp64, in log space, term by term. Shares nothing with a kernel: no feature is ever
 * exponentiated on its own, so no norm is too large for it.
 *
 * Invariant: the largest term of every row is exp(0) = 1, so each sum of weights is at least 1,
 * and NaN or Inf goes where the formula takes it and nowhere else. */
#include "ref.h"

#include <math.h>
#include <stdlib.h>

#include "../checked.h"
#include "problem.h"

/* Terms below e^-64 = 1.6e-28 of the row's largest are left out: 2^35 of them are under the
 * rounding of fp64. NaN is not below anything. */
static const double k_smallest = -64;

void clfi_ref_log_features(const float *x, const float *W, int64_t D, int64_t R, clf_kind kind,
                           double scale, double *log_phi)
{
    const int64_t M = kind == CLF_KIND_COSH ? R / 2 : R;
    const double root = sqrt(scale);
    double square = 0;
    for (int64_t d = 0; d < D; d++)
        square += (x[d] * root) * (x[d] * root);
    for (int64_t r = 0; r < M; r++) {
        const float *w = W + r * D;
        double dot = 0;
        for (int64_t d = 0; d < D; d++)
            dot += w[d] * (x[d] * root);
        log_phi[r] = dot - square / 2;
        if (kind == CLF_KIND_COSH)
            log_phi[M + r] = -dot - square / 2;
    }
}

/* w_ij e^-M_i: the sum over features of exp(lq + lk - M_i). */
static double weight(const double *lq, const double *lk, double largest, int64_t R)
{
    double sum = 0;
    for (int64_t r = 0; r < R; r++) {
        const double x = lq[r] + lk[r] - largest;
        if (!(x < k_smallest))
            sum += exp(x);
    }
    return sum;
}

/* The weights of one row over the keys it sees, from the log features. `peak` is the largest log
 * feature of those keys, per feature. */
static void weigh_row(const double *lq, const double *lk, const double *peak, int64_t visible,
                      int64_t R, double *weights)
{
    double largest = -INFINITY;
    for (int64_t r = 0; r < R; r++)
        largest = fmax(largest, lq[r] + peak[r]);
    for (int64_t j = 0; j < visible; j++)
        weights[j] = weight(lq, lk + j * R, largest, R);
}

/* Raises the largest log feature per feature to the keys in [from, to). NaN raises nothing. */
static void raise_peak(double *peak, const double *lk, int64_t from, int64_t to, int64_t R)
{
    for (int64_t j = from; j < to; j++) {
        for (int64_t r = 0; r < R; r++)
            peak[r] = fmax(peak[r], lk[j * R + r]);
    }
}

clf_status clfi_ref_favor(const clfi_problem *p, int64_t b, int64_t h, const clfi_rows *rows,
                          double *out, double *magnitude)
{
    clfi_view view;
    if (!clfi_view_init(p, b, h, true, &view) || !clfi_rows_valid(rows, p->L) || !out)
        return CLF_ERROR_INVALID_ARGUMENT;
    const int64_t R = p->R;
    const int64_t last = rows->index[rows->count - 1];
    const int64_t keys = p->causal ? last + 1 : p->S;
    size_t keys_bytes;
    if (!clfi_product_bytes((const int64_t[]){keys, R}, 2, sizeof(double), &keys_bytes))
        return CLF_ERROR_OUT_OF_HOST_MEMORY;
    double *lk = malloc(keys_bytes);
    double *lq = malloc(2 * (size_t)R * sizeof *lq);
    double *weights = malloc((size_t)keys * sizeof *weights);
    clf_status status = CLF_ERROR_OUT_OF_HOST_MEMORY;
    if (!lk || !lq || !weights)
        goto fail;

    for (int64_t j = 0; j < keys; j++)
        clfi_ref_log_features(clfi_row(p->k, view.k, b, h, j), view.W, p->D, R, p->kind, p->scale,
                              lk + j * R);
    double *peak = lq + R;
    for (int64_t r = 0; r < R; r++)
        peak[r] = -INFINITY;
    int64_t seen = 0;
    for (int64_t n = 0; n < rows->count; n++) {
        const int64_t i = rows->index[n];
        const int64_t visible = p->causal ? i + 1 : keys;
        raise_peak(peak, lk, seen, visible, R);
        seen = visible;
        clfi_ref_log_features(clfi_row(p->q, view.q, b, h, i), view.W, p->D, R, p->kind, p->scale,
                              lq);
        weigh_row(lq, lk, peak, visible, R, weights);
        clfi_weighted_mean(&view, b, h, visible, weights, out + n * p->E,
                           magnitude ? magnitude + n * p->E : NULL);
    }
    status = CLF_OK;
fail:
    free(weights);
    free(lq);
    free(lk);
    return status;
}
