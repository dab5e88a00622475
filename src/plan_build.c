/* Program, kernels and launches of a plan. Enqueues one launch at a time; the order of a run is
 * made in plan_run.c.
 *
 * Invariant: a warm launch has the local size and the grid class of every later launch of its
 * kernel, for PoCL makes native code once per pair. Grids of a run stay below 65535 in every
 * dimension but the features', and a warm launch has all features. */
#include "plan_internal.h"

#include <math.h>
#include <stdio.h>

#include "cl/buffer.h"
#include "cl/context_internal.h"
#include "cl/error.h"
#include "cl/program.h"

/* The macros of kernels/common/layout.clh and wide.clh. */
static void write_options(const clf_plan *plan, char *text, size_t size)
{
    const clfi_shape *s = &plan->shape;
    const clfi_choice *c = &plan->choice;
    const int n = snprintf(text, size, "-DD=%d -DE=%d -DM=%d -DSIGNS=%d -DMP=%d -DEP=%d", (int)s->D,
                           (int)s->E, (int)s->M, s->signs, (int)c->MP, (int)c->EP);
    if (c->family == CLF_FAMILY_WIDE)
        snprintf(text + n, size - (size_t)n, " -DVW=%d -DTILE=%d -DJB=%d -DPR=%d -DUR=%d -DUV=%d",
                 c->vector_width, c->tile, CLFI_FEATURE_BLOCK, c->project_rows, c->value_rows,
                 c->value_vectors);
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
    launch->local = launch->row->max_local;
    for (int i = 0; i < 3; i++) {
        if (limits[i] && limits[i] < launch->local)
            launch->local = (size_t)limits[i];
    }
fail:
    return status;
}

static size_t extent(const clf_plan *plan, clfi_extent what, const clfi_kernel_args *args,
                     int heads)
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
    case CLFI_EXTENT_HEADS:
        return (size_t)heads;
    case CLFI_EXTENT_ONE:
        break;
    }
    return 1;
}

clf_status clfi_plan_enqueue(const clf_plan *plan, int i, const clfi_kernel_args *args, int heads,
                             cl_command_queue queue, cl_uint num_wait, const cl_event *wait,
                             cl_event *event)
{
    clf_status status = CLF_OK;
    const clfi_launch *launch = &plan->launch[i];
    const clf_log *log = &plan->ctx->log;
    const size_t local[3] = {launch->local, 1, 1};
    size_t global[3];
    for (int d = 0; d < 3; d++)
        global[d] = extent(plan, launch->row->extent[d], args, heads);
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

void clfi_plan_fixed_args(const clf_plan *plan, clfi_kernel_args *args)
{
    const clfi_shape *s = &plan->shape;
    const clfi_choice *c = &plan->choice;
    const double half = s->scale * 0.72134752044448170368;  // log2(e) / 2
    *args = (clfi_kernel_args){
        .half_scale = {{(float)half, (float)(half - (double)(float)half)}},
        .norm = (float)(1.0 / sqrt((double)s->R)),
        .L = s->L,
        .S = s->S,
        .segment_rows = c->segment_rows,
        .run_rows = c->run_rows,
        .segments = c->segments,
        .H = (cl_int)s->H,
        .compensated = c->compensated,
        .exclusive = s->causal,
    };
}

/* Launches each kernel once for one head and one segment of no rows, and waits. */
static clf_status warm_up(clf_plan *plan)
{
    clf_status status = CLF_OK;
    clf_context *ctx = plan->ctx;
    cl_mem slot = NULL;
    clfi_kernel_args args;
    TRY(clfi_buffer_create(ctx, CL_MEM_READ_WRITE, (size_t)plan->choice.slot_floats * sizeof(float),
                           NULL, "the state of one head", &slot));
    clfi_plan_fixed_args(plan, &args);
    args.q = args.k = args.v = args.out = args.state = args.phi = args.exponents = slot;
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
    char options[256];
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
    TRY(warm_up(plan));
fail:
    return status;
}
