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
static void copy_rows(const clfi_shape *s, const clfi_view *view, const float *from, float *to)
{
    for (int64_t b = 0; b < s->B; b++) {
        for (int64_t h = 0; h < s->H; h++) {
            for (int64_t l = 0; l < view->rows; l++) {
                const int64_t at = b * view->at.b + h * view->at.h + l * view->at.l;
                memcpy(to + at, from + at, (size_t)view->width * sizeof *to);
            }
        }
    }
}

clf_status clf_plan_run_host(clf_plan *plan, const float *q, const float *k, const float *v,
                             float *out)
{
    clf_status status = CLF_OK;
    cl_mem mem[CLFI_TENSORS] = {NULL};
    cl_event done = NULL;
    float *image = NULL;
    REQUIRE(plan, NULL, "plan is NULL");
    clf_context *ctx = plan->ctx;
    const float *const data[CLFI_TENSORS] = {q, k, v, out};
    for (int i = 0; i < CLFI_TENSORS; i++)
        REQUIRE(data[i], &ctx->log, "%s is NULL", plan->shape.tensor[i].name);
    for (int i = 0; i < CLFI_TENSORS; i++) {
        const clfi_view *view = &plan->shape.tensor[i];
        const bool input = i != CLFI_OUT;
        TRY(clfi_buffer_create(
            ctx, input ? CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR : CL_MEM_WRITE_ONLY,
            (size_t)view->span * sizeof(float), input ? data[i] : NULL, view->name, &mem[i]));
    }
    const size_t bytes = (size_t)plan->shape.tensor[CLFI_OUT].span * sizeof(float);
    image = malloc(bytes);
    if (!image) {
        status = clfi_fail(&ctx->log, CLF_ERROR_OUT_OF_HOST_MEMORY,
                           "no memory for a copy of out, %zu bytes", bytes);
        goto fail;
    }
    const clf_run_args args = {.q = {.mem = mem[CLFI_Q]},
                               .k = {.mem = mem[CLFI_K]},
                               .v = {.mem = mem[CLFI_V]},
                               .out = {.mem = mem[CLFI_OUT]}};
    TRY(clf_plan_run(plan, &args, &done));
    TRY_CL(&ctx->log, clEnqueueReadBuffer(ctx->queue, mem[CLFI_OUT], CL_TRUE, 0, bytes, image, 1,
                                          &done, NULL));
    copy_rows(&plan->shape, &plan->shape.tensor[CLFI_OUT], image, out);
fail:
    free(image);
    if (done)
        clReleaseEvent(done);
    for (int i = 0; i < CLFI_TENSORS; i++) {
        if (mem[i])
            clReleaseMemObject(mem[i]);
    }
    return status;
}

clf_status clf_attention(clf_context *ctx, const clf_plan_params *params, const float *q,
                         const float *k, const float *v, float *out)
{
    clf_status status = CLF_OK;
    clf_plan *plan = NULL;
    TRY(clf_plan_create(ctx, params, &plan));
    TRY(clf_plan_run_host(plan, q, k, v, out));
fail:
    clf_plan_destroy(&plan);
    return status;
}
