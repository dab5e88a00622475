/* Random projections and feature kinds of FAVOR+ (arXiv 2009.14794).
 *
 * Tier 0: no OpenCL needed. */
#ifndef CLFAVOR_FEATURES_H
#define CLFAVOR_FEATURES_H

#include <stdbool.h>
#include <stdint.h>

#include <clfavor/log.h>
#include <clfavor/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The feature map phi of x = q sqrt(scale) (or k sqrt(scale)); w_j the rows of W, b_j the bias.
 *
 * Softmax kinds estimate exp(x.y); all but TRIG are positive, and finite at any norm:
 *   EXP    exp(w_j.x + b_j - |x|^2/2)                          R = M
 *   COSH   the pair exp(+-w_j.x + b_j - |x|^2/2)               R = 2M, never worse at equal R
 *   TRIG   the pair cos, sin(w_j.x + b_j) exp(|x|^2/2)         R = 2M, signed: baseline only
 * Kinds of the Gaussian kernel exp(-|x-y|^2/2):
 *   GAUSSIAN       exp(w_j.x + b_j - |x|^2)                    R = M
 *   GAUSSIAN_TRIG  the pair cos, sin(w_j.x + b_j)              R = 2M, signed: baseline only
 * (each times R^(-1/2), TRIG kinds M^(-1/2), which cancels in attention).
 * Generalized kinds, f(w_j.x + b_j) + kernel_eps, R = M:
 *   RELU max(u, 0), F_EXP exp(u), SIGMOID, GELU (with erf), ABS, SQUARE, REQU max(u, 0)^2, ELU1
 *   elu(u) + 1; and the signed ones, baseline only: TANH, COS, SIN, IDENTITY.
 *
 * Order of pairs: the M features of the plus sign (cos), then the M of the minus sign (sin).
 * Signed kinds cancel in the denominator: numerator and denominator are right, their ratio is
 * noise where the denominator is (docs/numerics.md).
 * Source: Choromanski et al. 2021, lemma 1; Rahimi and Recht 2007 for the trigonometric ones. */
typedef enum clf_kind {
    CLF_KIND_EXP = 0,
    CLF_KIND_COSH,
    CLF_KIND_TRIG,
    CLF_KIND_GAUSSIAN,
    CLF_KIND_GAUSSIAN_TRIG,
    CLF_KIND_RELU,
    CLF_KIND_F_EXP,
    CLF_KIND_SIGMOID,
    CLF_KIND_TANH,
    CLF_KIND_GELU,
    CLF_KIND_ABS,
    CLF_KIND_COS,
    CLF_KIND_SIN,
    CLF_KIND_IDENTITY,
    CLF_KIND_SQUARE,
    CLF_KIND_REQU,
    CLF_KIND_ELU1,
    CLF_KIND_COUNT
} clf_kind;

/* What a kind is. */
typedef struct clf_kind_info {
    const char *name;  // "exp", "gaussian-trig"
    bool paired;       // R = 2M
    bool has_sign;     // features may be negative: baseline only
    bool generalized;  // takes kernel_eps, and `deterministic`
} clf_kind_info;

/* NULL for a value that is no kind. Static. Thread-safety: Safe. */
CLF_API const clf_kind_info *clf_kind_describe(clf_kind kind);

/* Compatibility: the stabilisers, denominator guards and padding of other implementations, for
 * networks that were trained with them. They are not scale free: with them, not the data but a
 * constant may decide the result (docs/presets.md).
 *   NONE               clfavor's own: no eps; masks remove the key
 *   GOOGLE_JAX         google-research, JAX: EXP and generalized kinds
 *   GOOGLE_TF          google-research, TensorFlow: EXP and RELU; no mask
 *   PERFORMER_PYTORCH  performer-pytorch 1.1.4: EXP and generalized kinds
 *   FAST_TRANSFORMERS  pytorch-fast-transformers 0.4.0: COSH and generalized kinds
 * EXP under the first three is causal only in its sums: the maximum of the keys is that of all. */
typedef enum clf_preset {
    CLF_PRESET_NONE = 0,
    CLF_PRESET_GOOGLE_JAX,
    CLF_PRESET_GOOGLE_TF,
    CLF_PRESET_PERFORMER_PYTORCH,
    CLF_PRESET_FAST_TRANSFORMERS,
    CLF_PRESET_COUNT
} clf_preset;

/* "none", "google-jax", ...; NULL for a value that is none. Static. Thread-safety: Safe. */
CLF_API const char *clf_preset_name(clf_preset preset);

/* How W is drawn.
 *   ORTHOGONAL  blocks of D Haar-distributed orthogonal rows
 *   IID         independent Gaussian rows
 *   STRUCTURED  blocks of n orthogonal rows H D1 H D2 H D3 n^(-3/2), n the power of two from 8 on
 *               that holds D, H the Hadamard matrix, D1 to D3 diagonals of random signs; for it
 *               zeros follow q and k up to n. Kernels of the WIDE family apply it by fast
 *               transforms, in O(log n) a feature instead of O(D); elsewhere it is a dense matrix
 *               like any other. Its estimates have a small bias (docs/math.md).
 * Sources: Choromanski et al. 2021; Yu et al. 2016, arXiv 1610.09072, for STRUCTURED. */
typedef enum clf_projection_kind {
    CLF_PROJECTION_ORTHOGONAL = 0,
    CLF_PROJECTION_IID,
    CLF_PROJECTION_STRUCTURED,
    CLF_PROJECTION_KIND_COUNT
} clf_projection_kind;

/* "orthogonal", "iid", "structured"; NULL for a value that is none. Static. Thread-safety: Safe. */
CLF_API const char *clf_projection_kind_name(clf_projection_kind kind);

/* Row norms of an orthogonal projection. An iid projection has chi norms by itself; for a
 * structured one read n for D. */
typedef enum clf_norms {
    CLF_NORMS_CHI = 0,  // each row's norm drawn from chi with D degrees of freedom: unbiased
    CLF_NORMS_SQRT_D    // every norm sqrt(D): regularised softmax (SMREG)
} clf_norms;

/* A zeroed struct is the default for everything but M and D. */
typedef struct clf_projection_params {
    int64_t M;      // projections (rows), 1 .. 2^20
    int64_t D;      // head size (columns), 1 .. 2^15
    int64_t heads;  // 0 or 1: one W [M, D] for all heads; else W [heads, M, D]
    uint64_t seed;  // the same seed gives the same bits on every host
    clf_projection_kind kind;
    clf_norms norms;
} clf_projection_params;

/* A projection matrix W, and maybe a bias b per row, on the host. Immutable after create. */
typedef struct clf_projection clf_projection;

/* Draws W. Errors: INVALID_ARGUMENT (a value out of range, M * D * heads above 2^31),
 * OUT_OF_HOST_MEMORY. The caller owns *out. Blocking, host only. */
CLF_API clf_status clf_projection_create(const clf_projection_params *params, const clf_log *log,
                                         clf_projection **out);

/* Copies W [heads, M, D] (row-major, heads = 1 for a shared one) and the bias [heads, M] (NULL:
 * none) from the caller, for weights of a checkpoint and estimators of one's own.
 * The result is dense, whatever W was drawn as.
 * Errors: INVALID_ARGUMENT (W NULL, out of range, a value that is not finite),
 * OUT_OF_HOST_MEMORY. The caller owns *out. */
CLF_API clf_status clf_projection_import(const float *W, const float *bias, int64_t heads,
                                         int64_t M, int64_t D, const clf_log *log,
                                         clf_projection **out);

/* FAVOR++ (OPRF; Likhosherstov et al. 2022, arXiv 2205.15317): W' = sqrt(1 - 4A) W and
 * b_j = A |w_j|^2, for kinds EXP and COSH. Unbiased for every A < 1/8; A = 0 is FAVOR+. Queries and
 * keys use the same A. `A` has `count` values: 1 for all heads, else one per head; a shared W
 * then becomes one per head; a structured one stays so, and its
 * estimates a little biased. `from` must have no bias. Its W should be Gaussian or orthogonal with
 * chi norms. Errors: INVALID_ARGUMENT (NULL, A not finite or not below 1/8, counts that do not
 * fit), OUT_OF_HOST_MEMORY. The caller owns *out.
 */
CLF_API clf_status clf_projection_oprf(const clf_projection *from, const double *A, int64_t count,
                                       const clf_log *log, clf_projection **out);

/* The A of least variance for pairs with the given mean |x + y|^2 (x and y after the scaling):
 * (1 - 2u - sqrt((2u + 1)^2 + 8u)) / 16 with u = mean_square / D; in (-inf, 0]. NaN unless
 * mean_square >= 0 and D >= 1. Thread-safety: Safe. */
CLF_API double clf_oprf_optimum(double mean_square, int64_t D);

/* mean over all pairs of |x_i + y_j|^2 = mean|x|^2 + mean|y|^2 + 2 mean(x).mean(y), with x = q
 * sqrt(scale), y = k sqrt(scale), in O((L + S) D): q [L, D] and k [S, D] of one head, rows
 * `q_stride` and `k_stride` elements apart. scale 0: D^(-1/2). NaN when a size is below 1 or
 * the scale negative. Thread-safety: Safe. */
CLF_API double clf_oprf_mean_square(const float *q, int64_t L, int64_t q_stride, const float *k,
                                    int64_t S, int64_t k_stride, int64_t D, double scale);

/* W [heads, M, D], row-major, also of a structured projection; owned by the projection. */
CLF_API const float *clf_projection_data(const clf_projection *projection);

/* The bias [heads, M], or NULL; owned by the projection. */
CLF_API const float *clf_projection_bias(const clf_projection *projection);

CLF_API int64_t clf_projection_heads(const clf_projection *projection);
CLF_API int64_t clf_projection_rows(const clf_projection *projection);     // M
CLF_API int64_t clf_projection_columns(const clf_projection *projection);  // D

/* Destroys and sets to NULL. NULL inside is a no-op. */
CLF_API void clf_projection_destroy(clf_projection **projection);

#ifdef __cplusplus
}
#endif
#endif
