/* Program, kernels and launches of a plan. Enqueues one launch at a time; the order of a run is
 * made in plan_run.c.
 *
 * Invariant: a warm launch has the local size and the grid class of every later launch of its
 * kernel, for PoCL makes native code once per pair. Grids of a run stay below 65535 in every
 * dimension but the features', and a warm launch has all features. */
#include "plan_clblast.h"

#include <math.h>
#include <stdio.h>

#include "cl/buffer.h"
#include "cl/context_internal.h"
#include "cl/error.h"
#include "cl/program.h"

static const char *bool_word(bool x)
{
    return x ? "1" : "0";
}

/* The macros of kernels/common: layout.clh, feature.clh, dtype.clh and wide.clh. */
static void write_options(const clf_plan *plan, char *text, size_t size)
{
    const clfi_shape *s = &plan->shape;
    const clfi_choice *c = &plan->choice;
    const clfi_view *t = s->tensor;
    const bool exact = s->path == CLF_PATH_EXACT;
    const char *mask = s->mask == CLF_MASK_NONE                              ? "NONE"
                       : !exact && s->preset->padding == CLFI_PADDING_VALUES ? "VALUES"
                                                                             : "KEYS";
    size_t n = 0;
#define ADD(...) n += (size_t)snprintf(text + n, size - n, __VA_ARGS__)
    ADD("-DD=%d -DE=%d -DM=%d -DWD=%d -DSIGNS=%d -DMP=%d -DEP=%d -DDP=%d", (int)s->D, (int)s->E,
        (int)s->M, (int)s->WD, s->signs, (int)c->MP, (int)c->EP, (int)c->DP);
    ADD(" -DMASK=CLF_MASK_%s -DCAUSAL=%s -DBIAS=%s -DDETERMINISTIC=%s -DDEN_EPS=%s -DSHARE=%d",
        mask, bool_word(s->causal), bool_word(s->biased), bool_word(s->deterministic),
        bool_word(s->den_eps), (int)c->share);
    ADD(" -DMAP=%s -DNORMS=%s -DEPS=%s -DSTABILISED=%s",
        exact ? "CLF_MAP_EXP" : s->kind_row->function, bool_word(!exact && s->kind_row->norms != 0),
        bool_word(s->kernel_eps > 0), bool_word(s->stabilised));
    ADD(" -DQ_DTYPE=%s -DK_DTYPE=%s -DV_DTYPE=%s -DOUT_DTYPE=%s", clf_dtype_name(t[CLFI_Q].dtype),
        clf_dtype_name(t[CLFI_K].dtype), clf_dtype_name(t[CLFI_V].dtype),
        clf_dtype_name(t[CLFI_OUT].dtype));
    if (c->family == CLF_FAMILY_WIDE)
        ADD(" -DVW=%d -DTILE=%d -DJB=%d -DPR=%d -DUR=%d -DUV=%d -DPANELS=%s -DPREFETCH=%s",
            c->vector_width, c->tile, CLFI_FEATURE_BLOCK, c->project_rows, c->value_rows,
            c->value_vectors, bool_word(c->panels), bool_word(c->prefetch));
#undef ADD
}

/* The largest work-group that row, device and kernel allow. */
static clf_status choose_local(const clf_plan *plan, clfi_launch *launch)
{
    clf_status status = CLF_OK;
    const clf_context *ctx = plan->ctx;
    size_t limit = 0;
    TRY_CL(&ctx->log,
           clGetKernelWorkGroupInfo(launch->kernel, ctx->device.id, CL_KERNEL_WORK_GROUP_SIZE,
                                    sizeof limit, &limit, NULL));
    const uint64_t limits[] = {limit, ctx->device.max_work_group_size,
                               ctx->device.max_work_item_sizes[0]};
    const bool chosen = plan->choice.max_local && launch->row->family == CLF_FAMILY_PLAIN;
    launch->local = chosen ? plan->choice.max_local : launch->row->max_local;
    for (int i = 0; i < 3; i++) {
        if (limits[i] && limits[i] < launch->local)
            launch->local = (size_t)limits[i];
    }
fail:
    return status;
}

static size_t extent(const clf_plan *plan, clfi_extent what, const clfi_kernel_args *args,
                     int64_t states)
{
    const int64_t features = plan->shape.signs * plan->choice.MP;
    switch (what) {
    case CLFI_EXTENT_FEATURES:
        return (size_t)features;
    case CLFI_EXTENT_BLOCKS:
        return (size_t)(features / CLFI_FEATURE_BLOCK);
    case CLFI_EXTENT_RUNS:
        return args->L ? (size_t)clfi_ceil_div(args->L, args->run_rows) : 1;
    case CLFI_EXTENT_SEGMENTS:
        return (size_t)args->segments;
    case CLFI_EXTENT_KEY_SEGMENTS:
        return (size_t)(args->exclusive && args->segments > 1 ? args->segments - 1
                                                              : args->segments);
    case CLFI_EXTENT_PEAKS:
        return CLFI_PEAKS;
    case CLFI_EXTENT_STATES:
        return (size_t)states;
    case CLFI_EXTENT_HEADS:
        return (size_t)(states * plan->choice.share);
    case CLFI_EXTENT_PROJECTIONS:
        return (size_t)plan->shape.M;
    case CLFI_EXTENT_CHUNK:
        return (size_t)args->chunk_rows;
    case CLFI_EXTENT_ONE:
        break;
    }
    return 1;
}

clf_status clfi_plan_enqueue(const clf_plan *plan, int i, const clfi_kernel_args *args, int states,
                             cl_command_queue queue, cl_uint num_wait, const cl_event *wait,
                             cl_event *event)
{
    clf_status status = CLF_OK;
    const clfi_launch *launch = &plan->launch[i];
    const clf_log *log = &plan->ctx->log;
    const size_t local[3] = {launch->local, 1, 1};
    size_t global[3];
    for (int d = 0; d < 3; d++)
        global[d] = extent(plan, launch->row->extent[d], args, states);
    global[0] = (size_t)clfi_round_up((int64_t)global[0], (int64_t)local[0]);
    TRY_CL(log, clfi_kernel_set_args(launch->kernel, launch->row->stage, args));
    TRY_CL(log, clEnqueueNDRangeKernel(queue, launch->kernel, 3, NULL, global, local, num_wait,
                                       wait, event));
fail:
    return status;
}

cl_long4 clfi_plan_at(const clf_plan *plan, clfi_tensor tensor, int64_t offset)
{
    const clf_layout *at = &plan->shape.tensor[tensor].at;
    return (cl_long4){{offset, at->b, at->h, at->l}};
}

/* What the kernels add for a preset: (to features, to z, guard, to the denominator). Their sums
 * have no factor r = M^(-1/2) or R^(-1/2) of the features, so what is compared or added gets it. */
static cl_float4 plan_eps(const clfi_shape *s)
{
    const clfi_preset_row *p = s->preset;
    const bool generalized = s->kind_row->info.generalized;
    const double R = generalized ? 1 : (double)s->R;
    return (cl_float4){{(float)(generalized ? s->kernel_eps : p->feature_eps),
                        (float)(s->causal ? p->causal_eps * sqrt(R) : 0),
                        (float)(p->guard > 0 && !generalized ? p->guard * R : -1),
                        (float)(p->den_eps * R)}};
}

/* The factor of stored features. */
static double feature_norm(const clfi_shape *s)
{
    if (s->kind_row->info.generalized)
        return 1;
    return 1 / sqrt((double)(s->kind_row->map == CLFI_MAP_TRIG ? s->rows : s->R));
}

void clfi_plan_fixed_args(const clf_plan *plan, clfi_kernel_args *args)
{
    const clfi_shape *s = &plan->shape;
    const clfi_choice *c = &plan->choice;
    const double log2_e = 1.44269504088896340736;
    *args = (clfi_kernel_args){
        .score_scale = (float)(s->scale * log2_e),
        .L = s->L,
        .S = s->S,
        .segment_rows = c->segment_rows,
        .run_rows = c->run_rows,
        .peak_rows = c->peak_rows,
        .peaks_at = c->peaks_at,
        .heads = {{(cl_int)s->H, (cl_int)s->group, (cl_int)c->share, 0}},
        .segments = c->segments,
        .compensated = c->compensated,
        .exclusive = s->causal,
    };
    for (int i = 0; i < CLFI_PARTS; i++)
        args->parts.s[i] = c->part_at[i];
    if (s->path == CLF_PATH_EXACT)
        return;
    const double half = s->scale * log2_e / 2 * s->kind_row->norms;
    args->half_scale = (cl_float2){{(float)half, (float)(half - (double)(float)half)}};
    args->norm = (float)feature_norm(s);
    args->eps = plan_eps(s);
}

/* Launches each kernel once for one state and one segment of no rows, and waits. */
static clf_status warm_up(clf_plan *plan)
{
    clf_status status = CLF_OK;
    clf_context *ctx = plan->ctx;
    cl_mem slot = NULL;
    clfi_kernel_args args;
    const size_t floats = (size_t)plan->choice.slot_floats + CLFI_PEAKS;
    TRY(clfi_buffer_create(ctx, CL_MEM_READ_WRITE, floats * sizeof(float), NULL,
                           "the state of one head", &slot));
    clfi_plan_fixed_args(plan, &args);
    args.q = args.k = args.v = args.out = args.mask = slot;
    args.state = args.phi = args.exponents = slot;
    args.peaks_at = plan->choice.slot_floats;
    args.w = plan->w;
    args.L = args.S = 0;
    args.segments = 1;
    for (int i = 0; i < plan->launches; i++)
        TRY(clfi_plan_enqueue(plan, i, &args, 1, ctx->queue, 0, NULL, NULL));
    TRY_CL(&ctx->log, clFinish(ctx->queue));
fail:
    if (slot)
        clReleaseMemObject(slot);
    return status;
}

clf_status clfi_plan_build(clf_plan *plan)
{
    clf_status status = CLF_OK;
    const char *paths[CLFI_MAX_STAGES];
    char options[768];
    for (int i = 0; i < plan->launches; i++)
        paths[i] = plan->launch[i].row->path;
    write_options(plan, options, sizeof options);
    TRY(clfi_program_build(plan->ctx, paths, plan->launches, options, &plan->program));
    for (int i = 0; i < plan->launches; i++) {
        clfi_launch *launch = &plan->launch[i];
        TRY(clfi_kernel_create(plan->ctx, plan->program, clfi_stage_name(launch->row->stage),
                               &launch->kernel));
        TRY(choose_local(plan, launch));
    }
    plan->enqueue = clfi_plan_enqueue_all;
#if CLFI_HAVE_CLBLAST
    if (plan->shape.path == CLF_PATH_CLBLAST)
        TRY(clfi_clblast_open(plan));
    else
#endif
        TRY(warm_up(plan));
    clfi_program_keep(plan->ctx, plan->program);
fail:
    return status;
}
