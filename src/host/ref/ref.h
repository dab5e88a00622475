/* The judge: attention in fp64, written as the formulas read, in log space, right at any norm.
 * Slow on purpose, O(L S R). Tests, `clfavor verify`, `--compare` and the bench share it.
 *
 * Invariant: nothing here shares code with a kernel. */
#ifndef CLFI_REF_H
#define CLFI_REF_H

#include <stdbool.h>
#include <stdint.h>

#include <clfavor/features.h>
#include <clfavor/log.h>
#include <clfavor/status.h>
#include <clfavor/tensor.h>

/* One attention problem on the host; letters as in the public headers. */
typedef struct clfi_problem {
    int64_t B, H, L, S, D, E, R;
    clf_kind kind;
    bool causal;
    double scale;                             // of q.k; > 0
    clf_layout q_layout, k_layout, v_layout;  // zero: contiguous
    const float *q, *k, *v;
    const float *W;   // [heads, M, D], fp32 values as the device gets them
    int64_t W_heads;  // 1 or H
} clfi_problem;

/* A set of query rows to evaluate, so that long problems stay affordable. */
typedef struct clfi_rows {
    int64_t count;
    const int64_t *index;  // ascending rows in [0, L)
} clfi_rows;

/* FAVOR+ in fp64 for head (b, h) at the given rows:
 *   w_ij = sum_r exp(lq_ir + lk_jr), out_i = sum_j w_ij v_j / sum_j w_ij, lq_ir = w_r.x_i -
 * |x_i|^2/2 out [count, E], magnitude [count, E] = sum_j w_ij |v_j| / sum_j w_ij (may be NULL). A
 * causal row i sees keys j <= i. Errors: INVALID_ARGUMENT, OUT_OF_HOST_MEMORY. */
clf_status clfi_ref_favor(const clfi_problem *p, int64_t b, int64_t h, const clfi_rows *rows,
                          double *out, double *magnitude);

/* Exact softmax attention in fp64, the same shapes. */
clf_status clfi_ref_softmax(const clfi_problem *p, int64_t b, int64_t h, const clfi_rows *rows,
                            double *out, double *magnitude);

/* log phi_r(x) in nats for one row x of D floats: log_phi [R]. The common factor R^(-1/2) is
 * left out (it cancels in attention). COSH order as in <clfavor/features.h>. */
void clfi_ref_log_features(const float *x, const float *W, int64_t D, int64_t R, clf_kind kind,
                           double scale, double *log_phi);

/* The error bound tau of docs/numerics.md for head (b, h): |out - ref| <= tau * magnitude +
 * floor. chain is B_L, the longest summation chain over keys of the variant under test. Rows that
 * are not finite count for nothing. All NaN for a problem that makes no sense. */
typedef struct clfi_bound {
    double tau;
    double floor;  // R S 2^-59 max|v|: what the exponent window may flush
    double rho;    // max|x| max|w| in nats
} clfi_bound;
clfi_bound clfi_ref_bound(const clfi_problem *p, int64_t b, int64_t h, double chain);

#endif
