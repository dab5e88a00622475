/* FAVOR++ as data of a projection (docs/math.md): the scaled W and the bias of optimal positive
 * random features, and the A of least variance for given queries and keys. Makes no feature.
 *
 * Invariant: everything is computed in fp64 and rounded once. */
#include <float.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "log.h"
#include "projection.h"

/* Columns whose sums are kept at a time, so that no memory is allocated. */
enum {
    COLUMNS = 64
};

/* Rounds to fp32; false where the value is beyond it. */
static bool store(double value, float *out)
{
    if (!(fabs(value) <= FLT_MAX))
        return false;
    *out = (float)value;
    return true;
}

/* W' and the bias of one head from W [M, D]; false where one of them is beyond fp32. */
static bool scale_head(const float *from, int64_t M, int64_t D, double A, float *W, float *bias)
{
    const double B = sqrt(1 - 4 * A);
    for (int64_t j = 0; j < M; j++) {
        double square = 0;
        for (int64_t d = 0; d < D; d++) {
            const double w = from[j * D + d];
            square += w * w;
            if (!store(B * w, W + j * D + d))
                return false;
        }
        if (!store(A * square, bias + j))
            return false;
    }
    return true;
}

/* The signs and scales of head h from those of head h_from, which has them. */
static void scale_structure(const clf_projection *from, int64_t h_from, double A,
                            clf_projection *to, int64_t h)
{
    const double B = sqrt(1 - 4 * A);
    const int64_t signs = clfi_structured_signs(from->M, from->n);
    memcpy(to->signs + h * signs, from->signs + h_from * signs,
           (size_t)signs * sizeof *from->signs);
    for (int64_t j = 0; j < from->M; j++)
        to->scale[h * from->M + j] = B * from->scale[h_from * from->M + j];
}

clf_status clf_projection_oprf(const clf_projection *from, const double *A, int64_t count,
                               const clf_log *log, clf_projection **out)
{
    clf_status status = CLF_OK;
    clf_projection *projection = NULL;
    REQUIRE(out, log, "out is NULL");
    *out = NULL;
    REQUIRE(from, log, "from is NULL");
    REQUIRE(A, log, "A is NULL");
    REQUIRE(!from->bias, log, "the projection has a bias already, but W without one is needed");
    REQUIRE(count >= 1, log, "count=%lld values of A, but at least 1 is needed", (long long)count);
    REQUIRE(count == 1 || from->heads == 1 || count == from->heads, log,
            "count=%lld values of A do not fit heads=%lld of W", (long long)count,
            (long long)from->heads);

    const int64_t heads = count > from->heads ? count : from->heads;
    const int64_t size = from->M * from->D;
    TRY(clfi_projection_allocate(heads, from->M, from->D, from->n, true, log, &projection));
    for (int64_t h = 0; h < heads; h++) {
        const int64_t h_from = from->heads == 1 ? 0 : h;
        const float *W = from->W + h_from * size;
        const int64_t a = count == 1 ? 0 : h;
        REQUIRE(isfinite(A[a]) && A[a] < 0.125, log,
                "A[%lld]=%g, but a finite value below 1/8 is needed", (long long)a, A[a]);
        REQUIRE(scale_head(W, from->M, from->D, A[a], projection->W + h * size,
                           projection->bias + h * from->M),
                log, "A[%lld]=%g takes W or the bias of head %lld beyond fp32", (long long)a, A[a],
                (long long)h);
        if (from->n)
            scale_structure(from, h_from, A[a], projection, h);
    }
    *out = projection;
    return CLF_OK;
fail:
    clf_projection_destroy(&projection);
    return status;
}

double clf_oprf_optimum(double mean_square, int64_t D)
{
    if (!(mean_square >= 0) || D < 1)
        return NAN;
    const double u = mean_square / (double)D;
    return (1 - 2 * u - hypot(2 * u + 1, sqrt(8 * u))) / 16;
}

/* Adds rows [rows, columns] to the sums of their columns; returns the sum of all squares. */
static double add_rows(const float *x, int64_t rows, int64_t stride, int64_t columns,
                       double sums[COLUMNS])
{
    double squares = 0;
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t d = 0; d < columns; d++) {
            const double value = x[i * stride + d];
            sums[d] += value;
            squares += value * value;
        }
    }
    return squares;
}

double clf_oprf_mean_square(const float *q, int64_t L, int64_t q_stride, const float *k, int64_t S,
                            int64_t k_stride, int64_t D, double scale)
{
    if (!q || !k || L < 1 || S < 1 || D < 1 || !(scale >= 0))
        return NAN;
    const double by_q = 1 / (double)L;
    const double by_k = 1 / (double)S;
    double mean = 0;
    for (int64_t first = 0; first < D; first += COLUMNS) {
        const int64_t columns = D - first < COLUMNS ? D - first : COLUMNS;
        double q_sums[COLUMNS] = {0};
        double k_sums[COLUMNS] = {0};
        mean += by_q * add_rows(q + first, L, q_stride, columns, q_sums);
        mean += by_k * add_rows(k + first, S, k_stride, columns, k_sums);
        for (int64_t d = 0; d < columns; d++)
            mean += 2 * by_q * q_sums[d] * by_k * k_sums[d];
    }
    /* A mean of squares; rounding may leave it just below 0 where q and k are opposed. */
    if (mean < 0)
        mean = 0;
    return mean * (scale > 0 ? scale : 1 / sqrt((double)D));
}
