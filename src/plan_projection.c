/* W on the device. Draws it when the caller gives none.
 *
 * Invariant: the device holds fp32 of W log2(e) sqrt(scale), rounded once, rows padded with zeros
 * to MP per head; kernels need no scale for q.k and work in powers of two. */
#include "plan_internal.h"

#include <math.h>
#include <stdlib.h>

#include "cl/buffer.h"
#include "cl/context_internal.h"
#include "host/checked.h"
#include "host/log.h"

#define LOG2_E 1.44269504088896340736

static clf_status check_fit(const clf_plan *plan, const clf_projection *projection)
{
    clf_status status = CLF_OK;
    const clf_log *log = &plan->ctx->log;
    const clfi_shape *s = &plan->shape;
    const int64_t heads = clf_projection_heads(projection);
    REQUIRE(clf_projection_rows(projection) == s->M, log,
            "the projection has %lld rows, but R=%lld needs %lld",
            (long long)clf_projection_rows(projection), (long long)s->R, (long long)s->M);
    REQUIRE(clf_projection_columns(projection) == s->D, log,
            "the projection has %lld columns, but D=%lld",
            (long long)clf_projection_columns(projection), (long long)s->D);
    REQUIRE(heads == 1 || heads == s->H, log, "the projection has %lld heads, but 1 or H=%lld fit",
            (long long)heads, (long long)s->H);
fail:
    return status;
}

clf_status clfi_plan_upload(const clf_plan *plan, const clf_projection *projection, cl_mem *out,
                            cl_long *w_head)
{
    clf_status status = CLF_OK;
    const clf_log *log = &plan->ctx->log;
    const int64_t D = plan->shape.D, M = plan->shape.M, MP = plan->choice.MP;
    const double factor = LOG2_E * sqrt(plan->shape.scale);
    float *scaled = NULL;
    TRY(check_fit(plan, projection));
    const int64_t heads = clf_projection_heads(projection);
    const float *W = clf_projection_data(projection);
    size_t bytes = 0;
    if (clfi_product_bytes((const int64_t[]){heads, MP, D}, 3, sizeof(float), &bytes))
        scaled = calloc(1, bytes);
    if (!scaled) {
        status = clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY,
                           "no memory for W of heads=%lld M=%lld D=%lld", (long long)heads,
                           (long long)M, (long long)D);
        goto fail;
    }
    for (int64_t h = 0; h < heads; h++) {
        for (int64_t i = 0; i < M * D; i++) {
            const float x = (float)((double)W[h * M * D + i] * factor);
            REQUIRE(isfinite(x), log, "W=%g times scale=%g is beyond a float",
                    (double)W[h * M * D + i], plan->shape.scale);
            scaled[h * MP * D + i] = x;
        }
    }
    TRY(clfi_buffer_create(plan->ctx, CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR, bytes, scaled,
                           "the projection", out));
    *w_head = heads > 1 ? MP * D : 0;
fail:
    free(scaled);
    return status;
}

clf_status clf_plan_set_projection(clf_plan *plan, const clf_projection *projection)
{
    clf_status status = CLF_OK;
    cl_mem w = NULL;
    cl_long w_head = 0;
    REQUIRE(plan, NULL, "plan is NULL");
    REQUIRE(projection, &plan->ctx->log, "projection is NULL");
    TRY(clfi_plan_upload(plan, projection, &w, &w_head));
    pthread_mutex_lock(&plan->lock);
    const cl_mem old = plan->w;
    plan->w = w;
    plan->w_head = w_head;
    clfi_plan_write_description(plan);
    pthread_mutex_unlock(&plan->lock);
    // Runs that are under way keep the memory: it goes when the last command that uses it is done.
    clReleaseMemObject(old);
fail:
    return status;
}
