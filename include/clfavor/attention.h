/* Performer attention (FAVOR+) as a plan that is made once and run many times.
 *
 *   out_i = (phi(q_i) . Sx) / (phi(q_i) . z),  Sx = sum_j phi(k_j) v_j^T,  z = sum_j phi(k_j)
 *
 * bidirectional: the sums go over all S keys; causal (L = S): over keys j <= i; a key mask removes
 * keys from both. A row that sees no key is 0.
 * Features are never stored, or (CLF_PATH_CLBLAST) those of 1024 rows at a time: extra device
 * memory does not grow with L or S. For finite input
 * nothing becomes NaN or Inf while |k|^2 and |w| |q| are below FLT_MAX (docs/numerics.md). A NaN or
 * Inf in key or value j reaches no causal row before j, no other head and no other batch entry. The
 * same plan gives the same bits on every run.
 *
 * Tier 2: needs a context. */
#ifndef CLFAVOR_ATTENTION_H
#define CLFAVOR_ATTENTION_H

#include <clfavor/context.h>
#include <clfavor/features.h>
#include <clfavor/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How the attention is computed. */
typedef enum clf_path {
    CLF_PATH_AUTO = 0,  // FUSED where the shape fits its kernels, else CLBLAST where that is built
    CLF_PATH_FUSED,     // features are made and used in one kernel, never stored
    CLF_PATH_CLBLAST,   // features of a chunk of rows are stored, and multiplied by CLBlast's GEMM:
                        // bidirectional, no preset, no tuning; needs a build with CLBlast
    CLF_PATH_EXACT,     // exact softmax attention, O(L S): no features; R, kind, projection and
                        // preset are ignored
    CLF_PATH_COUNT
} clf_path;

/* "auto", "fused", "clblast", "exact"; NULL for a value that is none. Thread-safety: Safe. */
CLF_API const char *clf_path_name(clf_path path);

/* Which keys a query may attend to, beside causality. */
typedef enum clf_mask {
    CLF_MASK_NONE = 0,
    CLF_MASK_KEYS,    // a run takes uint8 [B, S]: 0 removes the key from numerator and denominator
    CLF_MASK_GENERAL  // any [L, S]: refused. Sums over keys are shared by all queries, so linear
                      // attention cannot honour it
} clf_mask;

/* Kernel families. AUTO takes WIDE on CPUs that are no emulation, and PLAIN elsewhere. */
typedef enum clf_family {
    CLF_FAMILY_AUTO = 0,
    CLF_FAMILY_PLAIN,  // the simplest right kernels, any device
    CLF_FAMILY_WIDE    // CPUs: explicit vectors, work-groups of one
} clf_family;

/* How the rows of W lie in memory. */
typedef enum clf_packing {
    CLF_PACKING_AUTO = 0,  // ROWS
    CLF_PACKING_ROWS,
    CLF_PACKING_PANELS  // the project_rows rows that are multiplied together, column by column
} clf_packing;

/* Whether kernels ask for rows before they need them. */
typedef enum clf_prefetch {
    CLF_PREFETCH_AUTO = 0,  // on CPUs that are no emulation
    CLF_PREFETCH_OFF,
    CLF_PREFETCH_ON
} clf_prefetch;

/* What clf_tune finds. Zero leaves a choice to the plan. A plan whose tuning is all zero takes what
 * was found for its device and shape, see clf_lookup; else the tables are not asked. Every choice
 * is in the description, with where it came from. */
typedef struct clf_tuning {
    clf_family family;
    int vector_width;     // floats a vector: 4, 8 or 16 (WIDE); 0: the device's, less for few rows
    int tile_rows;        // rows of a tile C: a multiple of 3 * vector_width, at most 96 (WIDE)
    int segments;         // pieces the keys (causal: the rows) of a head are cut into, 1 .. 64
    int project_rows;     // features of a register tile of the projection, at most 12: divides 48
                          // and tile_rows (WIDE)
    int value_rows;       // rows of a register tile of products with values, at most 24, not 16:
                          // divides 48 and tile_rows (WIDE)
    int value_vectors;    // vectors of values in such a tile, 1 .. 8, no more than E takes (WIDE)
    clf_packing packing;  // (WIDE; not of a structured W)
    clf_prefetch prefetch;  // (WIDE)
    int local_size;         // work-items of a work-group at most, 1 .. 1024 (PLAIN)
} clf_tuning;

/* Where the choices of a plan whose tuning is all zero may come from, in this order. */
typedef enum clf_lookup {
    CLF_LOOKUP_ALL = 0,  // what clf_tune found for this user, then the following
    CLF_LOOKUP_SHIPPED,  // what was found for this device and comes with the library
    CLF_LOOKUP_CLASS,    // what suits the class of devices
    CLF_LOOKUP_NONE      // nothing but the shape and the device's limits
} clf_lookup;

/* A zeroed struct, with the seven sizes set, is softmax attention by FAVOR+ with orthogonal
 * features, scale D^(-1/2) and contiguous [B, H, L, D] tensors of fp32. */
typedef struct clf_plan_params {
    int64_t B;    // batch, >= 1
    int64_t H;    // query heads, >= 1; B * H < 2^31
    int64_t Hkv;  // key heads; 0 means H; divides H. Query head h uses key head h / (H / Hkv)
    int64_t L;    // queries, 1 .. 2^30
    int64_t S;    // keys, 1 .. 2^30; equal to L when causal
    int64_t D;    // head size, 1 .. 1024 (CLBlast path: 1 .. 32768)
    int64_t E;    // value size, 1 .. 1024 (CLBlast path: 1 .. 32768)
    int64_t R;    // features, 1 .. 65536; even for paired kinds
    clf_kind kind;
    bool causal;
    float scale;         // of q.k; 0 means D^(-1/2) or the preset's; finite and > 0
    float kernel_eps;    // generalized kinds: added to f; 0 (or the preset's), or 2^-100 .. 2^100
    bool deterministic;  // generalized kinds: f(x) without W; R = D, no projection
    clf_mask mask;
    clf_preset preset;
    clf_path path;
    clf_dtype q_dtype, k_dtype, v_dtype, out_dtype;  // any mixture
    clf_layout q, k, v, out;                         // k and v have Hkv heads
    const clf_projection *projection;  // M = R (paired kinds: R/2) by D, one or Hkv heads; NULL:
                                       // drawn, with chi norms. Copied.
    clf_projection_kind draw;  // how, when `projection` is NULL. A structured W is applied by
                               // transforms in WIDE kernels whose private memory holds
                               // them; elsewhere, and for COSH with a bias, as a dense one
    uint64_t seed;             // and from what
    clf_tuning tuning;
    clf_lookup lookup;
} clf_plan_params;

/* Sets the defaults (all zero), for bindings. */
CLF_API void clf_plan_params_init(clf_plan_params *params);

/* A validated, compiled, warmed-up attention. Safe for clf_plan_run with a workspace of the
 * caller; with the plan's own workspace one run at a time may be in flight. One thread at a
 * time per object for everything else. */
typedef struct clf_plan clf_plan;

/* Validates, chooses kernels, compiles them, launches each once on nothing (PoCL makes native
 * code then) on the context's queue and waits for that.
 * Errors: INVALID_ARGUMENT and UNSUPPORTED (the message names the value and the limit),
 * OUT_OF_HOST_MEMORY, BUILD, DEVICE, DEVICE_MEMORY. The caller owns *out. */
CLF_API clf_status clf_plan_create(clf_context *ctx, const clf_plan_params *params, clf_plan **out);

/* Bytes of device memory a run needs beside q, k, v and out; does not grow with L or S. */
CLF_API size_t clf_plan_workspace_bytes(const clf_plan *plan);

/* The plan in words, one `key=value` list on one line: kernels, parameters and where each came
 * from. Belongs to the plan. */
CLF_API const char *clf_plan_describe(const clf_plan *plan);

/* Replaces W (a redraw): same M, D, heads rule and bias or not as at creation, and structured if W
 * was applied by fast transforms (`projection=structured` in the description); nothing is compiled.
 * Runs enqueued before keep the old W. Blocking. Errors: INVALID_ARGUMENT, OUT_OF_HOST_MEMORY,
 * DEVICE, DEVICE_MEMORY; the old W then stays. */
CLF_API clf_status clf_plan_set_projection(clf_plan *plan, const clf_projection *projection);

/* A tensor of a run: a buffer and where in it the tensor begins. */
typedef struct clf_buffer {
    cl_mem mem;
    int64_t offset;  // elements, >= 0, any alignment
} clf_buffer;

typedef struct clf_run_args {
    clf_buffer q;      // q    [B,H,L,D], plan's dtype and layout, read only
    clf_buffer k;      // k    [B,Hkv,S,D], read only
    clf_buffer v;      // v    [B,Hkv,S,E], read only
    clf_buffer out;    // out  [B,H,L,E], written; must not overlap the others
    clf_buffer mask;   // mask [B,S] uint8, 1 = attend, read only; with CLF_MASK_KEYS alone.
                       // K and V of a masked key are not looked at: they may hold NaN
    cl_mem workspace;  // clf_plan_workspace_bytes() of read-write memory, or NULL: the plan's own
    cl_command_queue queue;  // of the same context and device, or NULL: the context's
    cl_uint num_wait;        // events to wait for, and their list
    const cl_event *wait;
} clf_run_args;

/* Enqueues the attention and returns: nothing is allocated, compiled or waited for, and
 * nothing is queried but the sizes of the buffers (the plan's own workspace is allocated at the
 * first run that needs it). `event` (may be NULL)
 * receives an event of the last stage, owned by the caller.
 * On the CLBlast path CLBlast does as it does: it makes and frees kernel objects, under a lock of
 * this library, which a caller's own calls of CLBlast before 1.6.1 must not meet from other
 * threads; it keeps its programs, and with them the cl_context, until CLBlastClearCache. Its
 * commands go in order whatever the queue: on one out of order, others that are enqueued meanwhile
 * wait as well. Errors: INVALID_ARGUMENT (NULL, a negative offset, a buffer that is too small),
 * DEVICE, DEVICE_MEMORY; `out` is then undefined when some stage was already enqueued. */
CLF_API clf_status clf_plan_run(clf_plan *plan, const clf_run_args *args, cl_event *event);

/* Tensors on the host, dtypes and layouts as in the plan. */
typedef struct clf_host_args {
    const void *q, *k, *v;
    void *out;
    const uint8_t *mask;  // NULL unless the plan has CLF_MASK_KEYS
} clf_host_args;

/* The same on host memory: copies in, runs, copies out, blocks. `out` is untouched on failure. */
CLF_API clf_status clf_plan_run_host(clf_plan *plan, const clf_host_args *args);

/* Destroys and sets to NULL. NULL inside is a no-op. Enqueued runs still finish. */
CLF_API void clf_plan_destroy(clf_plan **plan);

/* Plan, run and destroy in one call on host memory. Errors: those of clf_plan_create and
 * clf_plan_run. Blocking. */
CLF_API clf_status clf_attention(clf_context *ctx, const clf_plan_params *params,
                                 const clf_host_args *args);

/* The features themselves, stored: phi(x) [B*H, L, R] of x in q's place, as phi 2^exponent with
 * one int32 exponent a row, exponents [B*H, L] (0 for kinds that need none, see docs/numerics.md).
 * Params as for attention: B, H, L, D, R, kind, scale, kernel_eps, deterministic, q_dtype, q
 * (the layout of x), projection, seed and tuning count; all else must be valid or 0, S and E may be
 * 0. Softmax kinds include the factors exp(-+|x|^2/2) and R^(-1/2). Features take 4 L R bytes a
 * head; attention never stores them. Blocking; `phi` and `exponents` are undefined on failure.
 * Errors: those of clf_plan_create and clf_plan_run. */
CLF_API clf_status clf_feature_map(clf_context *ctx, const clf_plan_params *params, const void *x,
                                   float *phi, int32_t *exponents);

/* The same on device memory: a plan of its own, and its runs. x, phi (f32) and exponents (int32)
 * of `args` as above; only x's offset and layout are free. clf_plan_run refuses such a plan. */
CLF_API clf_status clf_feature_plan_create(clf_context *ctx, const clf_plan_params *params,
                                           clf_plan **out);

typedef struct clf_feature_args {
    clf_buffer x;            // x [B,H,L,D], plan's dtype and layout of q, read only
    clf_buffer phi;          // phi [B*H, L, R] f32, written
    clf_buffer exponents;    // exponents [B*H, L] int32, written
    cl_command_queue queue;  // as in clf_run_args
    cl_uint num_wait;
    const cl_event *wait;
} clf_feature_args;

CLF_API clf_status clf_feature_plan_run(clf_plan *plan, const clf_feature_args *args,
                                        cl_event *event);

#ifdef __cplusplus
}
#endif
#endif
