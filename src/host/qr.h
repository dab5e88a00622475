/* Orthonormal rows from random ones, the same bits on every host. */
#ifndef CLFI_QR_H
#define CLFI_QR_H

#include <stdint.h>

/* sum_d x_d y_d in a fixed order. */
double clfi_det_dot(const double *x, const double *y, int64_t n);

/* Replaces b <= D rows of `a` [b, D] by the orthonormal rows that Gram-Schmidt would give: row k
 * has a positive product with the old row k, and is orthogonal to those before it. For
 * Gaussian rows the result is uniform (Haar). `work` holds D doubles. */
void clfi_qr_rows(double *a, int64_t b, int64_t D, double *work);

#endif
