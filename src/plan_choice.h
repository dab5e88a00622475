/* What a plan thinks: the validated problem, and the choices made for a device. Pure functions of
 * their arguments, so that they are tested without a device. Everything here is Safe. */
#ifndef CLFI_PLAN_CHOICE_H
#define CLFI_PLAN_CHOICE_H

#include <clfavor/attention.h>

#define CLFI_MAX_SEGMENTS 64

typedef enum clfi_tensor {
    CLFI_Q = 0,
    CLFI_K,
    CLFI_V,
    CLFI_OUT,
    CLFI_TENSORS
} clfi_tensor;

/* A tensor [B, H, rows, width] with its strides resolved. */
typedef struct clfi_view {
    const char *name;
    int64_t rows, width;
    clf_layout at;
    int64_t span;  // elements from the first to the last, inclusive
} clfi_view;

/* A valid problem. */
typedef struct clfi_shape {
    int64_t B, H, L, S, D, E, R, M;  // R = M (exp) or 2 M (cosh)
    int64_t heads;                   // B * H
    int signs;                       // 1 (exp) or 2 (cosh)
    bool causal;
    double scale;
    clfi_view tensor[CLFI_TENSORS];
    clf_tuning tuning;
} clfi_shape;

/* Each choice has a word that says where it came from. */
typedef struct clfi_choice {
    clf_family family;
    const char *family_from;
    int vector_width;  // 0 in the plain family, as are the three register tile sizes
    const char *width_from;
    int tile;
    const char *tile_from;
    int project_rows, value_rows, value_vectors;  // PR, UR, UV of the wide kernels
    int64_t MP, EP;                               // padded projections and values
    int segments;
    const char *segments_from;
    int64_t segment_rows;  // a multiple of tile
    int64_t run_rows;      // query rows of a work-item
    bool compensated;
    int heads_per_pass;
    int64_t slot_floats;
    size_t private_bytes;  // of the largest kernel, wide family
    size_t workspace_bytes;
} clfi_choice;

/* Validates everything but the projection. Errors: INVALID_ARGUMENT. */
clf_status clfi_shape_init(clfi_shape *shape, const clf_plan_params *params, const clf_log *log);

/* Chooses for a device. Errors: INVALID_ARGUMENT (tuning that can never be), UNSUPPORTED. */
clf_status clfi_choose(const clfi_shape *shape, const clf_device_info *device, const clf_log *log,
                       clfi_choice *choice);

/* a / b rounded up, and a rounded up to a multiple of b; a >= 0, b >= 1, no overflow. */
int64_t clfi_ceil_div(int64_t a, int64_t b);
int64_t clfi_round_up(int64_t a, int64_t b);

#endif
