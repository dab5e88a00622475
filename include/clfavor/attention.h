/* Performer attention (FAVOR+) as a plan that is made once and run many times.
 *
 *   out_i = (phi(q_i) . Sx) / (phi(q_i) . z),  Sx = sum_j phi(k_j) v_j^T,  z = sum_j phi(k_j)
 *
 * bidirectional: the sums go over all S keys; causal (L = S): over keys j <= i.
 * Features are never stored: extra device memory does not grow with L or S. For finite input
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

/* Kernel families. AUTO takes WIDE on CPUs and PLAIN elsewhere. */
typedef enum clf_family {
    CLF_FAMILY_AUTO = 0,
    CLF_FAMILY_PLAIN,  // the simplest right kernels, any device
    CLF_FAMILY_WIDE    // CPUs: explicit vectors, work-groups of one
} clf_family;

/* What the tuner would set. Zero leaves a choice to the plan; every choice is in the
 * description. */
typedef struct clf_tuning {
    clf_family family;
    int vector_width;  // floats a vector: 4, 8 or 16 (WIDE)
    int tile_rows;     // rows of a tile C: a multiple of 3 * vector_width, at most 96 (WIDE)
    int segments;      // pieces the keys (causal: the rows) of a head are cut into, 1 .. 64
} clf_tuning;

/* A zeroed struct, with the seven sizes set, is softmax attention by FAVOR+ with orthogonal
 * features, scale D^(-1/2) and contiguous [B, H, L, D] tensors. */
typedef struct clf_plan_params {
    int64_t B;  // batch, >= 1
    int64_t H;  // heads, >= 1; B * H < 2^31
    int64_t L;  // queries, 1 .. 2^30
    int64_t S;  // keys, 1 .. 2^30; equal to L when causal
    int64_t D;  // head size, 1 .. 1024
    int64_t E;  // value size, 1 .. 1024
    int64_t R;  // features, 1 .. 65536; even for CLF_KIND_COSH
    clf_kind kind;
    bool causal;
    float scale;  // of q.k; 0 means D^(-1/2); finite and > 0
    clf_layout q, k, v, out;
    const clf_projection *projection;  // M = R (COSH: R/2) by D, one or H heads; NULL: orthogonal
                                       // with chi norms from `seed`. Copied.
    uint64_t seed;
    clf_tuning tuning;
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

/* Replaces W (a redraw): same M, D and heads rule as in the params; nothing is compiled. Runs
 * enqueued before keep the old W. Blocking. Errors: INVALID_ARGUMENT, OUT_OF_HOST_MEMORY,
 * DEVICE, DEVICE_MEMORY; the old W then stays. */
CLF_API clf_status clf_plan_set_projection(clf_plan *plan, const clf_projection *projection);

/* A tensor of a run: a buffer and where in it the tensor begins. */
typedef struct clf_buffer {
    cl_mem mem;
    int64_t offset;  // elements, >= 0, any alignment
} clf_buffer;

typedef struct clf_run_args {
    clf_buffer q;      // q   [B,H,L,D] f32, plan's layout, read only
    clf_buffer k;      // k   [B,H,S,D] f32, plan's layout, read only
    clf_buffer v;      // v   [B,H,S,E] f32, plan's layout, read only
    clf_buffer out;    // out [B,H,L,E] f32, plan's layout, written; must not overlap the others
    cl_mem workspace;  // clf_plan_workspace_bytes() of read-write memory, or NULL: the plan's own
    cl_command_queue queue;  // of the same context and device, or NULL: the context's
    cl_uint num_wait;        // events to wait for, and their list
    const cl_event *wait;
} clf_run_args;

/* Enqueues the attention and returns: nothing is allocated, compiled or waited for, and
 * nothing is queried but the sizes of the buffers (the plan's own workspace is allocated at the
 * first run that needs it). `event` (may be NULL)
 * receives an event of the last stage, owned by the caller.
 * Errors: INVALID_ARGUMENT (NULL, a negative offset, a buffer that is too small), DEVICE,
 * DEVICE_MEMORY; `out` is then undefined when some stage was already enqueued. */
CLF_API clf_status clf_plan_run(clf_plan *plan, const clf_run_args *args, cl_event *event);

/* The same on host memory with the plan's layouts: copies in, runs, copies out, blocks.
 * q, k, v, out as in clf_run_args, on the host. `out` is untouched on failure. */
CLF_API clf_status clf_plan_run_host(clf_plan *plan, const float *q, const float *k, const float *v,
                                     float *out);

/* Destroys and sets to NULL. NULL inside is a no-op. Enqueued runs still finish. */
CLF_API void clf_plan_destroy(clf_plan **plan);

/* Plan, run and destroy in one call on host memory. Errors: those of clf_plan_create and
 * clf_plan_run. Blocking. */
CLF_API clf_status clf_attention(clf_context *ctx, const clf_plan_params *params, const float *q,
                                 const float *k, const float *v, float *out);

#ifdef __cplusplus
}
#endif
#endif
