/* Calls on host memory: copies in, runs, copies out.
 *
 * Invariant: the caller's `out` is written once everything that can fail has succeeded, and only
 * where its layout has elements. */
#include <stdlib.h>
#include <string.h>

#include "cl/buffer.h"
#include "cl/context_internal.h"
#include "cl/error.h"
#include "host/log.h"
#include "plan_internal.h"

/* Copies the rows of a view from an image of its memory. */
static void copy_rows(const clfi_shape *s, const clfi_view *view, const void *from, void *to)
{
    const size_t size = clf_dtype_size(view->dtype);
    for (int64_t b = 0; b < s->B; b++) {
        for (int64_t h = 0; h < view->H; h++) {
            for (int64_t l = 0; l < view->rows; l++) {
                const int64_t at = b * view->at.b + h * view->at.h + l * view->at.l;
                memcpy((char *)to + (size_t)at * size, (const char *)from + (size_t)at * size,
                       (size_t)view->width * size);
            }
        }
    }
}

/* Buffers of the tensors, inputs filled, and of the mask as the last. */
static clf_status create_buffers(clf_plan *plan, const clf_host_args *args, cl_mem *mem)
{
    clf_status status = CLF_OK;
    clf_context *ctx = plan->ctx;
    const clfi_shape *s = &plan->shape;
    const void *const data[CLFI_TENSORS] = {args->q, args->k, args->v, args->out};
    for (int i = 0; i < CLFI_TENSORS; i++)
        REQUIRE(data[i], &ctx->log, "%s is NULL", s->tensor[i].name);
    REQUIRE((s->mask == CLF_MASK_KEYS) == (args->mask != NULL), &ctx->log,
            "the plan has %s mask, but %s is given", s->mask == CLF_MASK_KEYS ? "a" : "no",
            args->mask ? "one" : "none");
    for (int i = 0; i < CLFI_TENSORS; i++) {
        const clfi_view *view = &s->tensor[i];
        const bool input = i != CLFI_OUT;
        TRY(clfi_buffer_create(ctx,
                               input ? CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR : CL_MEM_WRITE_ONLY,
                               (size_t)view->span * clf_dtype_size(view->dtype),
                               input ? data[i] : NULL, view->name, &mem[i]));
    }
    if (args->mask)
        TRY(clfi_buffer_create(ctx, CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR, (size_t)(s->B * s->S),
                               args->mask, "mask", &mem[CLFI_TENSORS]));
fail:
    return status;
}

clf_status clf_plan_run_host(clf_plan *plan, const clf_host_args *args)
{
    clf_status status = CLF_OK;
    cl_mem mem[CLFI_TENSORS + 1] = {NULL};
    cl_event done = NULL;
    void *image = NULL;
    REQUIRE(plan, NULL, "plan is NULL");
    clf_context *ctx = plan->ctx;
    REQUIRE(args, &ctx->log, "args is NULL");
    REQUIRE(!plan->features, &ctx->log, "the plan makes features: see clf_feature_map");
    TRY(create_buffers(plan, args, mem));
    const clfi_view *out = &plan->shape.tensor[CLFI_OUT];
    const size_t bytes = (size_t)out->span * clf_dtype_size(out->dtype);
    image = malloc(bytes);
    if (!image) {
        status = clfi_fail(&ctx->log, CLF_ERROR_OUT_OF_HOST_MEMORY,
                           "no memory for a copy of out, %zu bytes", bytes);
        goto fail;
    }
    const clf_run_args run = {.q = {.mem = mem[CLFI_Q]},
                              .k = {.mem = mem[CLFI_K]},
                              .v = {.mem = mem[CLFI_V]},
                              .out = {.mem = mem[CLFI_OUT]},
                              .mask = {.mem = mem[CLFI_TENSORS]}};
    TRY(clf_plan_run(plan, &run, &done));
    TRY_CL(&ctx->log, clEnqueueReadBuffer(ctx->queue, mem[CLFI_OUT], CL_TRUE, 0, bytes, image, 1,
                                          &done, NULL));
    copy_rows(&plan->shape, out, image, args->out);
fail:
    free(image);
    if (done)
        clReleaseEvent(done);
    for (int i = 0; i <= CLFI_TENSORS; i++) {
        if (mem[i])
            clReleaseMemObject(mem[i]);
    }
    return status;
}

clf_status clf_attention(clf_context *ctx, const clf_plan_params *params, const clf_host_args *args)
{
    clf_status status = CLF_OK;
    clf_plan *plan = NULL;
    TRY(clf_plan_create(ctx, params, &plan));
    TRY(clf_plan_run_host(plan, args));
fail:
    clf_plan_destroy(&plan);
    return status;
}
