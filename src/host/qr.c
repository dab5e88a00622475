/* Householder QR of the transpose of [b, D], in place. No pivoting, no R: only Q is wanted.
 * Compile with -ffp-contract=off.
 *
 * Invariant: the sign of each row is fixed by the diagonal of R. A reflection alone always gives
 * Q_11 <= 0; such rows are not uniform, and features made of them are biased. */
#include "qr.h"

#include <math.h>

double clfi_det_dot(const double *x, const double *y, int64_t n)
{
    double part[4] = {0};
    int64_t i = 0;
    for (; i + 4 <= n; i += 4) {
        for (int k = 0; k < 4; k++)
            part[k] += x[i + k] * y[i + k];
    }
    for (; i < n; i++)
        part[0] += x[i] * y[i];
    return (part[0] + part[1]) + (part[2] + part[3]);
}

/* y -= 2 v (v.y) / (v.v); `twice` is 2 / (v.v). */
static void reflect(const double *v, double twice, double *y, int64_t n)
{
    const double factor = twice * clfi_det_dot(v, y, n);
    for (int64_t i = 0; i < n; i++)
        y[i] -= factor * v[i];
}

/* 2 / (v.v), or 0 (no reflection) for the zero vector. */
static double twice_over_square(const double *v, int64_t n)
{
    const double square = clfi_det_dot(v, v, n);
    return square > 0 ? 2 / square : 0;
}

void clfi_qr_rows(double *a, int64_t b, int64_t D, double *work)
{
    /* Down: row k becomes its reflector v_k in columns k .. D - 1; work[k] is the sign of R_kk. */
    for (int64_t k = 0; k < b; k++) {
        double *v = a + k * D + k;
        const double norm = sqrt(clfi_det_dot(v, v, D - k));
        work[k] = v[0] > 0 ? -1 : 1;
        v[0] -= work[k] * norm;
        const double twice = twice_over_square(v, D - k);
        for (int64_t j = k + 1; j < b; j++)
            reflect(v, twice, a + j * D + k, D - k);
    }
#ifdef CLFI_BUG_NO_SIGN_FIX
    for (int64_t k = 0; k < b; k++)
        work[k] = 1;
#endif
    /* Up: row j of Q is H_0 .. H_j e_j. H_k acts on the rows below k, which are begun, and on
     * e_k, which takes the place of v_k. */
    for (int64_t k = b - 1; k >= 0; k--) {
        double *v = a + k * D + k;
        const double twice = twice_over_square(v, D - k);
        for (int64_t j = k + 1; j < b; j++)
            reflect(v, twice, a + j * D + k, D - k);
        const double factor = twice * v[0];
        for (int64_t d = 0; d < D - k; d++)
            v[d] = (d == 0 ? 1 : 0) - factor * v[d];
        for (int64_t d = 0; d < k; d++)
            a[k * D + d] = 0;
    }
    for (int64_t k = 0; k < b; k++) {
        for (int64_t d = 0; d < D; d++)
            a[k * D + d] *= work[k];
    }
}
