/* Features in log space: log|phi|, sign, and by how much fp32 may have them wrong. */
#ifndef CLFI_REF_FEATURES_H
#define CLFI_REF_FEATURES_H

#include "problem.h"

/* [rows, R] each. A feature that is 0 has log -inf. The drift of a feature is |f'(u)| (|x| |w| +
 * |b|) and more (functions.h); exponential maps have none, and log_drift NULL. */
typedef struct clfi_features {
    double *log_phi, *sign, *log_drift;
} clfi_features;

/* Room for `rows` rows. Errors: OUT_OF_HOST_MEMORY. */
clf_status clfi_features_create(int64_t rows, int64_t R, bool with_drift, clfi_features *out);

/* Frees what create allocated; a zeroed struct is fine. */
void clfi_features_finish(clfi_features *features);

/* From the given row on. */
clfi_features clfi_features_at(clfi_features features, int64_t row, int64_t R);

/* w_m . x sqrt(scale) + b_m. */
double clfi_argument(const clfi_view *view, const float *x, int64_t m);

/* log(exp(a) + exp(b)) without overflow; NaN stays. */
double clfi_log_add(double a, double b);

/* The features of the row x, without R^(-1/2) and without the eps of a preset. */
void clfi_features_of(const clfi_view *view, const float *x, clfi_features out);

#endif
