/* What presets add: shifted features with an eps, and denominators with eps and guards. */
#ifndef CLFI_REF_PRESET_H
#define CLFI_REF_PRESET_H

#include "features.h"

/* The largest u of rows [from, to), which the features of a preset are shifted by; 0 where the
 * preset shifts nothing. NaN is not larger than anything. */
double clfi_preset_shift(const clfi_view *view, clfi_matrix rows, int64_t from, int64_t to);

/* clfi_features_of with the preset's shift and eps: log(exp(u - shift - |x|^2/2) + eps). */
void clfi_preset_features(const clfi_view *view, const float *x, double shift, clfi_features out);

/* The denominator from `sum`, the row's weights e^-largest without the factors r, in the same
 * unit. `q` are the features of the row. *torn: a guard is so near that rounding decides. */
double clfi_preset_denominator(const clfi_view *view, clfi_features q, double sum, double largest,
                               bool *torn);

#endif
