/* Random projections and feature kinds of FAVOR+ (arXiv 2009.14794).
 *
 * Tier 0: no OpenCL needed. */
#ifndef CLFAVOR_FEATURES_H
#define CLFAVOR_FEATURES_H

#include <stdint.h>

#include <clfavor/log.h>
#include <clfavor/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The feature map phi of x = q sqrt(scale) (or k sqrt(scale)), w_j the rows of W:
 *   EXP   phi_j(x) = R^(-1/2) exp(w_j.x - |x|^2/2)                 R = M
 *   COSH  the pair exp(+w_j.x), exp(-w_j.x), times the same factor R = 2M, never worse at equal R
 * Feature order of COSH: the M features of the plus sign, then the M of the minus sign.
 * Both are unbiased for exp(x.y). Source: Choromanski et al. 2021, lemma 1. */
typedef enum clf_kind {
    CLF_KIND_EXP = 0,
    CLF_KIND_COSH
} clf_kind;

typedef enum clf_projection_kind {
    CLF_PROJECTION_ORTHOGONAL = 0,  // blocks of D Haar-distributed orthogonal rows
    CLF_PROJECTION_IID              // independent Gaussian rows
} clf_projection_kind;

/* Row norms of an orthogonal projection. An iid projection has chi norms by itself. */
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

/* A projection matrix W on the host. Immutable after create. */
typedef struct clf_projection clf_projection;

/* Draws W. Errors: INVALID_ARGUMENT (a value out of range, M * D * heads above 2^31),
 * OUT_OF_HOST_MEMORY. The caller owns *out. Blocking, host only. */
CLF_API clf_status clf_projection_create(const clf_projection_params *params, const clf_log *log,
                                         clf_projection **out);

/* Copies W [heads, M, D] (row-major, heads = 1 for a shared one) from the caller, for weights of
 * a checkpoint. Errors: INVALID_ARGUMENT (NULL, out of range, a value that is not finite),
 * OUT_OF_HOST_MEMORY. The caller owns *out. */
CLF_API clf_status clf_projection_import(const float *W, int64_t heads, int64_t M, int64_t D,
                                         const clf_log *log, clf_projection **out);

/* W [heads, M, D], row-major; owned by the projection. */
CLF_API const float *clf_projection_data(const clf_projection *projection);

CLF_API int64_t clf_projection_heads(const clf_projection *projection);
CLF_API int64_t clf_projection_rows(const clf_projection *projection);     // M
CLF_API int64_t clf_projection_columns(const clf_projection *projection);  // D

/* Destroys and sets to NULL. NULL inside is a no-op. */
CLF_API void clf_projection_destroy(clf_projection **projection);

#ifdef __cplusplus
}
#endif
#endif
