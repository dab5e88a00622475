/* What a plan thinks: the validated problem, and the choices made for a device. Pure functions of
 * their arguments, so that they are tested without a device. Everything here is Safe. */
#ifndef CLFI_PLAN_CHOICE_H
#define CLFI_PLAN_CHOICE_H

#include <clfavor/attention.h>

#include "host/kinds.h"
#include "kernels.h"

#define CLFI_MAX_SEGMENTS 64
#define CLFI_MAX_STAGES   5
#define CLFI_FUSED_SIZE   1024   // D and E at most, of the fused and exact kernels
#define CLFI_CHUNKED_SIZE 32768  // of the CLBlast path

typedef enum clfi_tensor {
    CLFI_Q = 0,
    CLFI_K,
    CLFI_V,
    CLFI_OUT,
    CLFI_TENSORS
} clfi_tensor;

/* What a chunk of the CLBlast path has in the workspace, as in kernels/common/chunk.clh. */
typedef enum clfi_part {
    CLFI_PART_X = 0,
    CLFI_PART_F,
    CLFI_PART_Y,
    CLFI_PART_NORM,
    CLFI_PART_POWER,
    CLFI_PART_STATE,
    CLFI_PART_SHIFTS,
    CLFI_PARTS
} clfi_part;

/* A tensor [B, H, rows, width] with its strides resolved. */
typedef struct clfi_view {
    const char *name;
    clf_dtype dtype;
    int64_t H, rows, width;
    clf_layout at;
    int64_t span;  // elements from the first to the last, inclusive
} clfi_view;

/* A valid problem. */
typedef struct clfi_shape {
    int64_t B, H, Hkv, L, S, D, E, R;
    int64_t rows;   // of the projection the caller knows: R, or R/2 for paired kinds
    int64_t M;      // rows of W in a kernel: `rows`, or R for a pair that is made as two
    int64_t WD;     // columns of W in a kernel: D, and one more for a bias; deterministic: 1
    int64_t n;      // rows of a block of a structured W; 0: dense, or a pair that is made as two
    int signs;      // R / M
    int64_t group;  // query heads to a key head
    clf_kind kind;
    const clfi_kind_row *kind_row;
    const clfi_preset_row *preset;
    bool causal, biased, deterministic;
    bool stabilised;  // features of a preset's own: exp(u - max u - |x|^2/2) + eps
    bool den_eps;     // the preset adds to the denominator as the formula has it, without shifts
    double scale, kernel_eps;
    clf_mask mask;
    clf_path path;          // never AUTO
    const char *path_from;  // a word that says where the path came from
    clfi_view tensor[CLFI_TENSORS];
    clf_tuning tuning;
    const char *tuning_from;  // the word for what it sets
    uint32_t float_width;     // floats of a vector by the device's class; 0: as its record tells
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
    const char *registers_from;
    bool panels;  // rows of W lie in panels of project_rows
    const char *packing_from;
    bool prefetch;
    const char *prefetch_from;
    int64_t MP, EP;  // padded projections and values
    int64_t DP;      // n where W is applied by fast transforms, 0 where it is as a dense one
    int segments;
    const char *segments_from;
    int64_t segment_rows;  // a multiple of tile
    int64_t run_rows;      // query rows of a work-item
    size_t max_local;      // work-items of a work-group at most, 0: as the table of kernels says
    const char *local_from;
    bool compensated;
    int64_t share, states;  // query heads to a state, a divisor of group; states in all
    int states_per_pass;
    int64_t slot_floats;
    int64_t peaks_at;              // floats before the peaks of the keys, in the workspace
    int64_t peak_rows;             // keys of a part whose peak is found; a multiple of tile
    int64_t key_rows, query_rows;  // of a chunk; this and what follows: CLBlast path
    const char *rows_from;
    int64_t part_at[CLFI_PARTS];  // floats before each part, in the workspace
    size_t temp_bytes;            // CLBlast's own, before them
    size_t private_bytes;         // of the largest kernel, wide family
    size_t workspace_bytes;
    int64_t chain;  // B_L of docs/numerics.md: the longest chain of additions over keys
} clfi_choice;

/* Validates everything but the projection. Errors: INVALID_ARGUMENT, UNSUPPORTED. */
clf_status clfi_shape_init(clfi_shape *shape, const clf_plan_params *params, const clf_log *log);

/* Chooses for a device. Errors: INVALID_ARGUMENT (tuning that can never be), UNSUPPORTED. */
clf_status clfi_choose(const clfi_shape *shape, const clf_device_info *device, const clf_log *log,
                       clfi_choice *choice);

/* The kernels of a pass, in order; returns how many. `features`: the one stage feature_map. */
int clfi_choose_stages(const clfi_shape *shape, const clfi_choice *choice, bool features,
                       clfi_stage out[CLFI_MAX_STAGES]);

/* Refuses what a device that puts an end to long loops (a quirk) would compute wrongly. Errors:
 * UNSUPPORTED. */
clf_status clfi_check_rounds(const clfi_shape *shape, const clf_device_info *device,
                             const clfi_choice *choice, const clf_log *log);

/* NULL, or why the CLBlast path cannot serve these (valid) parameters. */
const char *clfi_chunks_refusal(const clf_plan_params *params);

/* Chooses for the CLBlast path, as if CLBlast had no memory of its own. Errors: UNSUPPORTED. */
clf_status clfi_choose_chunks(const clfi_shape *shape, const clf_device_info *device,
                              const clf_log *log, clfi_choice *choice);

/* Lays the workspace out, CLBlast's own memory first. Errors: UNSUPPORTED. */
clf_status clfi_chunks_place(const clfi_shape *shape, const clf_device_info *device,
                             size_t temp_bytes, const clf_log *log, clfi_choice *choice);

/* Bytes that a workspace may take: one buffer, and a quarter of the device's memory. */
uint64_t clfi_workspace_limit(const clf_device_info *device);

/* a / b rounded up, and a rounded up to a multiple of b; a >= 0, b >= 1, no overflow. */
int64_t clfi_ceil_div(int64_t a, int64_t b);
int64_t clfi_round_up(int64_t a, int64_t b);

#endif
