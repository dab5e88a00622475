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

/* One attention problem on the host; letters and meanings as in the public headers. */
typedef struct clfi_problem {
    int64_t B, H, L, S, D, E, R;
    int64_t Hkv;  // 0: H
    clf_kind kind;
    bool causal;
    double scale;  // of q.k; > 0
    double kernel_eps;
    bool deterministic;
    clf_preset preset;
    clf_layout q_layout, k_layout, v_layout;  // zero: contiguous
    const float *q, *k, *v;                   // the stored values, as floats
    const uint8_t *mask;                      // [B, S] or NULL: all keys
    const float *W;     // [W_heads, M, D], fp32 values as the device gets them
    const float *bias;  // [W_heads, M] or NULL
    int64_t W_heads;    // 1 or Hkv
} clfi_problem;

/* A set of query rows to evaluate, so that long problems stay affordable. */
typedef struct clfi_rows {
    int64_t count;
    const int64_t *index;  // ascending rows in [0, L)
} clfi_rows;

/* What the judge knows of `count` rows, [count, E] each but for `condition` [count]. All but `out`
 * may be NULL. With w_ij = sum_r phi_ir phi_jr and B_i = sum_jr |phi_ir phi_jr|:
 *   out        sum_j w_ij v_j / den_i; 0 for a row that sees no key or whose den is 0
 *   magnitude  sum_jr |phi_ir phi_jr| |v_j| / |den_i|: what relative errors of terms multiply; but
 *              not below |out| B_i / |den_i|, by which those of a signed denominator move it
 *   drift      what an error of 6 u in every |x| |w| + |b| does, per 6 u: |f'(u)| (|x| |w| + |b|),
 *              and the absolute error of f in fp32 (functions.h), instead of |phi| for the query
 *              and the key in turn, times |v_j| + |out|, / |den_i|. 0 for exponential maps, where
 *              it is rho in the bound
 *   condition  |den_i| / B_i, at most 1, and 1 where no feature is negative. 0 where rounding
 *              decides (a guard of a preset within 1e-4 of its threshold; functions whose den_i is
 *              below 2^-100), or where the row has no term: such rows are not to be judged */
typedef struct clfi_judgement {
    double *out, *magnitude, *drift, *condition;
} clfi_judgement;

/* FAVOR+ in fp64 for head (b, h) of the queries at the given rows. A causal row i sees keys
 * j <= i. Errors: INVALID_ARGUMENT, OUT_OF_HOST_MEMORY. */
clf_status clfi_ref_favor(const clfi_problem *p, int64_t b, int64_t h, const clfi_rows *rows,
                          const clfi_judgement *judgement);

/* Exact softmax attention in fp64, the same shapes; R, kind, W and preset are not looked at. */
clf_status clfi_ref_softmax(const clfi_problem *p, int64_t b, int64_t h, const clfi_rows *rows,
                            const clfi_judgement *judgement);

/* The features of one row x of D floats: log|phi_r| in nats and the sign, [R] each; the common
 * factor R^(-1/2) of softmax kinds is left out. `W` [M, D] and `bias` [M] are those of the head.
 * The preset's eps is not in it. */
void clfi_ref_features(const clfi_problem *p, const float *W, const float *bias, const float *x,
                       double *log_phi, double *sign);

/* The error bound of docs/numerics.md for head (b, h):
 *   |out - ref| <= tau magnitude + 6 u drift + floor
 * chain is B_L, the longest summation chain over keys of the variant under test. Rows that
 * are not finite count for nothing. All NaN for a problem that makes no sense. */
typedef struct clfi_bound {
    double tau;    // u (6 rho + 2 sqrt(chain) + sqrt(R) + 8), and 16 u more for f of a library
    double floor;  // R S 2^-59 max|v|: what the exponent window may flush
    double rho;    // max|x| max|w| in nats for exponential maps, |b| added; else 0
} clfi_bound;
clfi_bound clfi_ref_bound(const clfi_problem *p, int64_t b, int64_t h, double chain);

/* The same for exact attention: rho = max|x| max|y|, and no R. */
clfi_bound clfi_ref_softmax_bound(const clfi_problem *p, int64_t b, int64_t h, double chain);

/* The right side of the inequality at element `at`. */
double clfi_ref_limit(const clfi_bound *bound, const clfi_judgement *judgement, int64_t at);

/* What storing a value in `dtype` may add: half a unit of its last place. 0 for F32, whose rounding
 * is in tau. */
double clfi_ref_rounding(clf_dtype dtype, double value);

#endif
