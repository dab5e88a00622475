/* The table of kernels: one row per variant. Plans choose rows; tests and bench walk them.
 *
 * Invariant: a stage has one argument list and one entry name, whatever the family; families
 * differ in their file, their grid and their work-group size. Everything here is Safe. */
#ifndef CLFI_KERNELS_H
#define CLFI_KERNELS_H

#include <clfavor/attention.h>

#include "tune/parameters.h"

typedef enum clfi_stage {
    CLFI_STAGE_FEATURE_MAP = 0,
    CLFI_STAGE_KV_STATE,
    CLFI_STAGE_STATE_SCAN,
    CLFI_STAGE_Q_APPLY,
    CLFI_STAGE_CAUSAL_APPLY,
    CLFI_STAGE_KEY_PEAK,
    CLFI_STAGE_SOFTMAX,
    CLFI_STAGE_GATHER_KEYS,  // from here on: the CLBlast path
    CLFI_STAGE_KEY_FEATURES,
    CLFI_STAGE_GATHER_QUERIES,
    CLFI_STAGE_QUERY_FEATURES,
    CLFI_STAGE_DIVIDE,
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
    CLFI_EXTENT_PEAKS,         // parts of the keys whose largest projections are found
    CLFI_EXTENT_STATES,        // states of a pass: one per key head, or per query head
    CLFI_EXTENT_HEADS,         // query heads of a pass
    CLFI_EXTENT_PROJECTIONS,   // rows of W
    CLFI_EXTENT_CHUNK          // rows of a chunk
} clfi_extent;

/* Features are padded to whole blocks in both families, so that a state has one layout. */
#define CLFI_FEATURE_BLOCK 48

#define CLFI_MAX_LOCAL 64

#define CLFI_PEAKS 64  // floats a state, for CLFI_STAGE_KEY_PEAK

typedef struct clfi_kernel_row {
    clfi_stage stage;
    clf_family family;
    const char *path;       // below kernels/
    size_t max_local;       // work-items of a work-group at most, in dimension 0
    unsigned parameters;    // what its code or its grid depends on: 1 << clfi_parameter, or-ed
    clfi_extent extent[3];  // global size; dimension 0 is rounded up to the local size
} clfi_kernel_row;

/* All arguments that any kernel takes. A tensor's `_at` is (element offset, stride of b, h, l). */
typedef struct clfi_kernel_args {
    cl_mem q, k, v, out, mask, w, state, phi, exponents;
    cl_long4 q_at, k_at, v_at, out_at;
    cl_long2 mask_at;  // element offset, stride of b
    cl_long phi_at, exponents_at;
    cl_long w_head;        // elements from one head's W to the next, 0 for a shared one
    cl_long peaks_at;      // where in the workspace the peaks of keys begin
    cl_float2 half_scale;  // what |x|^2 is multiplied with, in two floats
    cl_float4 eps;  // of features, of z, guard, of the denominator (kernels/common/state.clh)
    cl_float norm;  // factor of stored features
    cl_float score_scale;  // scale log2(e)
    cl_long L, S, segment_rows, run_rows, peak_rows, chunk_first;
    cl_int4 heads;  // H, group, share, first state of the pass (kernels/common/layout.clh)
    cl_int segments, compensated, exclusive, chunk_rows;
    cl_long8 parts;  // where in the workspace the parts of a chunk begin (common/chunk.clh)
} clfi_kernel_args;

extern const clfi_kernel_row clfi_kernel_rows[];
extern const int clfi_kernel_row_count;

/* The row of a stage in a family, else that in PLAIN, which every stage has. */
const clfi_kernel_row *clfi_kernel_find(clfi_stage stage, clf_family family);

/* "kv_state": the kernel function's name, and the stage's in descriptions. */
const char *clfi_stage_name(clfi_stage stage);

/* "plain", "wide". */
const char *clfi_family_name(clf_family family);

/* Sets all arguments of a kernel of the stage. A failure is CL's code of the failing call. */
cl_int clfi_kernel_set_args(cl_kernel kernel, clfi_stage stage, const clfi_kernel_args *args);

#endif
