/* How a tensor lies in memory.
 *
 * Letters, the same everywhere: B batch, H heads, L queries, S keys, D head size, E value size,
 * M projections, R features. Tier 0: no OpenCL needed. */
#ifndef CLFAVOR_TENSOR_H
#define CLFAVOR_TENSOR_H

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

#ifdef __cplusplus
}
#endif
#endif
