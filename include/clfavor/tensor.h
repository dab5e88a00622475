/* How a tensor lies in memory.
 *
 * Letters, the same everywhere: B batch, H heads, L queries, S keys, D head size, E value size,
 * M projections, R features. Tier 0: no OpenCL needed. */
#ifndef CLFAVOR_TENSOR_H
#define CLFAVOR_TENSOR_H

#include <stddef.h>
#include <stdint.h>

#include <clfavor/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Element strides of a [B, H, L, D] view; the last dimension always has stride 1.
 * All zero (the default) means contiguous [B, H, L, D]. Strides are not negative: the two
 * helpers answer sizes below 1, or beyond 63 bits, with strides of -1, which every call refuses. */
typedef struct clf_layout {
    int64_t b;  // elements from one batch entry to the next
    int64_t h;  // elements from one head to the next
    int64_t l;  // elements from one row to the next, at least the row's length
} clf_layout;

/* The layout of a contiguous [B, H, L, D] tensor. Thread-safety: Safe. */
CLF_API clf_layout clf_layout_bhld(int64_t H, int64_t L, int64_t D);

/* The layout of a contiguous [B, L, H, D] tensor. Thread-safety: Safe. */
CLF_API clf_layout clf_layout_blhd(int64_t H, int64_t L, int64_t D);

/* How an element is stored. Arithmetic is fp32 always; values are rounded to nearest, ties to
 * even, when they are stored: beyond 65504 F16 becomes infinite. No device needs an extension. */
typedef enum clf_dtype {
    CLF_DTYPE_F32 = 0,
    CLF_DTYPE_F16,   // IEEE binary16
    CLF_DTYPE_BF16,  // the upper half of an F32
    CLF_DTYPE_COUNT
} clf_dtype;

/* "f32", "f16", "bf16"; NULL for a value that is none. Static. Thread-safety: Safe. */
CLF_API const char *clf_dtype_name(clf_dtype dtype);

/* Bytes of an element; 0 for a value that is no dtype. Thread-safety: Safe. */
CLF_API size_t clf_dtype_size(clf_dtype dtype);

/* Converts `count` elements; exact, or rounded as above; NaN stays NaN. The arrays must not
 * overlap. Nothing happens for a value that is no dtype. Thread-safety: Safe. */
CLF_API void clf_convert(const void *from, clf_dtype from_dtype, void *to, clf_dtype to_dtype,
                         size_t count);

#ifdef __cplusplus
}
#endif
#endif
