/* The table of kernels: one row per variant. Plans choose rows; tests and bench walk them.
 *
 * Invariant: a stage has one argument list and one entry name, whatever the family; families
 * differ in their file, their grid and their work-group size. Everything here is Safe. */
#ifndef CLFI_KERNELS_H
#define CLFI_KERNELS_H

#include <clfavor/attention.h>

typedef enum clfi_stage {
    CLFI_STAGE_FEATURE_MAP = 0,
    CLFI_STAGE_KV_STATE,
    CLFI_STAGE_STATE_SCAN,
    CLFI_STAGE_Q_APPLY,
    CLFI_STAGE_CAUSAL_APPLY,
    CLFI_STAGE_COUNT
} clfi_stage;

/* What one dimension of a grid counts. */
typedef enum clfi_extent {
    CLFI_EXTENT_ONE = 0,
    CLFI_EXTENT_FEATURES,      // rows of a state, with padding
    CLFI_EXTENT_BLOCKS,        // blocks of CLFI_FEATURE_BLOCK of them
    CLFI_EXTENT_RUNS,          // runs of query rows
    CLFI_EXTENT_SEGMENTS,      // all segments of a head
    CLFI_EXTENT_KEY_SEGMENTS,  // those whose state is needed: causal, all but the last
    CLFI_EXTENT_HEADS          // heads of a pass
} clfi_extent;

/* Features are padded to whole blocks in both families, so that a state has one layout. */
#define CLFI_FEATURE_BLOCK 48

#define CLFI_MAX_LOCAL 64

typedef struct clfi_kernel_row {
    clfi_stage stage;
    clf_family family;
    const char *path;       // below kernels/
    size_t max_local;       // work-items of a work-group at most, in dimension 0
    clfi_extent extent[3];  // global size; dimension 0 is rounded up to the local size
} clfi_kernel_row;

/* All arguments that any kernel takes. A tensor's `_at` is (element offset, stride of b, h, l). */
typedef struct clfi_kernel_args {
    cl_mem q, k, v, out, w, state, phi, exponents;
    cl_long4 q_at, k_at, v_at, out_at;
    cl_long w_head;        // elements from one head's W to the next, 0 for a shared one
    cl_float2 half_scale;  // scale log2(e) / 2 in two floats
    cl_float norm;         // factor of stored features
    cl_long L, S, segment_rows, run_rows;
    cl_int segments, H, head0, compensated, exclusive;
} clfi_kernel_args;

extern const clfi_kernel_row clfi_kernel_rows[];
extern const int clfi_kernel_row_count;

/* The row of a stage in a family; every pair has one. */
const clfi_kernel_row *clfi_kernel_find(clfi_stage stage, clf_family family);

/* "kv_state": the kernel function's name, and the stage's in descriptions. */
const char *clfi_stage_name(clfi_stage stage);

/* "plain", "wide". */
const char *clfi_family_name(clf_family family);

/* Sets all arguments of a kernel of the stage. A failure is CL's code of the failing call. */
cl_int clfi_kernel_set_args(cl_kernel kernel, clfi_stage stage, const clfi_kernel_args *args);

#endif
