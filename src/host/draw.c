/* Draws W in blocks of D rows. Checks and allocates nothing. Compile with -ffp-contract=off.
 *
 * Invariant: row r of head h depends on (seed, h, r, D, kind, norms) alone, not on M: a longer W
 * begins with the shorter one. */
#include "draw.h"

#include <math.h>

#include "qr.h"
#include "rng.h"

int64_t clfi_draw_scratch(int64_t M, int64_t D)
{
    return ((M < D ? M : D) + 1) * D;
}

/* The norm of row r of an orthogonal W. */
static double row_norm(const clf_projection_params *params, const clfi_rng *norms, int64_t r,
                       double *work)
{
    const int64_t D = params->D;
    if (params->norms == CLF_NORMS_SQRT_D)
        return sqrt((double)D);
    clfi_rng_normal(norms, (uint64_t)(r * D), (size_t)D, work);
    return sqrt(clfi_det_dot(work, work, D));
}

/* What row r, as it lies in the block, is multiplied by. Gaussian rows have chi norms already. */
static double row_factor(const clf_projection_params *params, const clfi_rng *norms, int64_t r,
                         const double *row, double *work)
{
    const int64_t D = params->D;
    if (params->kind == CLF_PROJECTION_ORTHOGONAL)
        return row_norm(params, norms, r, work);
    if (params->norms == CLF_NORMS_CHI)
        return 1;
    return sqrt((double)D / clfi_det_dot(row, row, D));
}

void clfi_draw(const clf_projection_params *params, uint32_t head, double *scratch, float *W)
{
    const int64_t M = params->M;
    const int64_t D = params->D;
    const clfi_rng directions = {params->seed, head, CLFI_STREAM_DIRECTIONS};
    const clfi_rng norms = {params->seed, head, CLFI_STREAM_NORMS};
    double *work = scratch;
    double *block = scratch + D;
    for (int64_t first = 0; first < M; first += D) {
        const int64_t rows = M - first < D ? M - first : D;
        clfi_rng_normal(&directions, (uint64_t)(first * D), (size_t)(rows * D), block);
        if (params->kind == CLF_PROJECTION_ORTHOGONAL)
            clfi_qr_rows(block, rows, D, work);
        for (int64_t i = 0; i < rows; i++) {
            const double *row = block + i * D;
            const double factor = row_factor(params, &norms, first + i, row, work);
            for (int64_t d = 0; d < D; d++)
                W[(first + i) * D + d] = (float)(factor * row[d]);
        }
    }
}
