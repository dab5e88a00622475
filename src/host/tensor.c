/* The two contiguous layouts. Does not touch tensor data.
 *
 * Invariant: sizes that make no tensor give strides of -1, which every call refuses. */
#include <clfavor/tensor.h>

#include "checked.h"

/* Strides from the innermost dimension out: `inner` rows of D, `outer` of those. */
static bool strides(int64_t inner, int64_t outer, int64_t D, int64_t *middle, int64_t *whole)
{
    return inner > 0 && outer > 0 && D > 0 && clfi_mul_i64(inner, D, middle) &&
           clfi_mul_i64(*middle, outer, whole);
}

clf_layout clf_layout_bhld(int64_t H, int64_t L, int64_t D)
{
    clf_layout layout = {.l = D};
    if (!strides(L, H, D, &layout.h, &layout.b))
        layout = (clf_layout){-1, -1, -1};
    return layout;
}

clf_layout clf_layout_blhd(int64_t H, int64_t L, int64_t D)
{
    clf_layout layout = {.h = D};
    if (!strides(H, L, D, &layout.l, &layout.b))
        layout = (clf_layout){-1, -1, -1};
    return layout;
}
