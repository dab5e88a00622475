/* Draws W in blocks of D rows, structured in blocks of n. Checks and allocates nothing. Compile
 * with -ffp-contract=off.
 *
 * Invariant: row r of head h depends on (seed, h, r, D, kind, norms) alone, not on M: a longer W
 * begins with the shorter one. */
#include "draw.h"

#include <math.h>

#include "qr.h"
#include "rng.h"

/* A structured draw needs two rows of n doubles, and n is below 2 D from 8 on. */
int64_t clfi_draw_scratch(int64_t M, int64_t D)
{
    const int64_t rows = (M < D ? M : D) + 1;
    return (rows > 4 ? rows : 4) * (D > 4 ? D : 4);
}

/* The norm of row r of an orthogonal W in D dimensions. */
static double row_norm(const clf_projection_params *params, const clfi_rng *norms, int64_t r,
                       int64_t D, double *work)
{
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
        return row_norm(params, norms, r, D, work);
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

/* x := H x, H the Hadamard matrix of n rows; n a power of two. */
static void transform(double *x, int64_t n)
{
    for (int64_t half = 1; half < n; half *= 2) {
        for (int64_t i = 0; i < n; i++) {
            if (i & half)
                continue;
            const double a = x[i], b = x[i + half];
            x[i] = a + b;
            x[i + half] = a - b;
        }
    }
}

/* Random signs first .. first + count - 1 of the stream. */
static void draw_signs(const clfi_rng *rng, int64_t first, int64_t count, float *signs)
{
    uint32_t words[4];
    for (int64_t i = 0; i < count; i++) {
        const uint64_t bit = (uint64_t)(first + i);
        if (i == 0 || bit % 128 == 0)
            clfi_rng_block(rng, bit / 128, words);
        signs[i] = words[bit / 32 % 4] >> bit % 32 & 1 ? -1.0f : 1.0f;
    }
}

/* Row i of a block, as integers: D3 H D2 H D1 H e_i, with the diagonals `stride` apart. */
static void structured_row(const float *signs, int64_t stride, int64_t n, int64_t i, double *row)
{
    for (int64_t d = 0; d < n; d++)
        row[d] = d == i;
    for (int diagonal = 2; diagonal >= 0; diagonal--) {
        transform(row, n);
        for (int64_t d = 0; d < n; d++)
            row[d] *= (double)signs[diagonal * stride + d];
    }
}

void clfi_draw_structured(const clf_projection_params *params, uint32_t head, double *scratch,
                          clf_projection *projection)
{
    const int64_t M = params->M, D = params->D, n = projection->n;
    const clfi_rng directions = {params->seed, head, CLFI_STREAM_DIRECTIONS};
    const clfi_rng norms = {params->seed, head, CLFI_STREAM_NORMS};
    const int64_t size = clfi_structured_signs(M, n), stride = size / 3;
    float *signs = projection->signs + head * size;
    float *W = projection->W + head * M * D;
    double *scale = projection->scale + head * M;
    double *row = scratch, *work = scratch + n;
    for (int64_t first = 0; first < M; first += n) {
        for (int64_t diagonal = 0; diagonal < 3; diagonal++)
            draw_signs(&directions, 3 * first + diagonal * n, n, signs + diagonal * stride + first);
        for (int64_t i = 0; i < n && first + i < M; i++) {
            const int64_t r = first + i;
            structured_row(signs + first, stride, n, i, row);
            scale[r] = row_norm(params, &norms, r, n, work) / ((double)n * sqrt((double)n));
            for (int64_t d = 0; d < D; d++)
                W[r * D + d] = (float)(scale[r] * row[d]);
        }
    }
}
