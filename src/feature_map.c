/* Features as stored values, through the same plans and table as attention. Host memory only.
 *
 * Invariant: phi(x) is phi 2^exponent, one exponent a row. */

#include "cl/buffer.h"
#include "cl/context_internal.h"
#include "cl/error.h"
#include "host/checked.h"
#include "host/log.h"
#include "plan_internal.h"

/* Runs the one launch of a feature plan over all heads in passes. */
static clf_status run_features(clf_plan *plan, clfi_kernel_args *args)
{
    clf_status status = CLF_OK;
    const int64_t heads = plan->shape.heads, step = plan->choice.heads_per_pass;
    for (int64_t head0 = 0; head0 < heads; head0 += step) {
        const int64_t count = heads - head0 < step ? heads - head0 : step;
        args->head0 = (cl_int)head0;
        TRY(clfi_plan_enqueue(plan, 0, args, (int)count, plan->ctx->queue, 0, NULL, NULL));
    }
    TRY_CL(&plan->ctx->log, clFinish(plan->ctx->queue));
fail:
    return status;
}

/* Reads a buffer to the host. */
static clf_status read_back(clf_context *ctx, cl_mem mem, size_t bytes, void *to)
{
    return clfi_cl_check(&ctx->log,
                         clEnqueueReadBuffer(ctx->queue, mem, CL_TRUE, 0, bytes, to, 0, NULL, NULL),
                         "clEnqueueReadBuffer(features)");
}

clf_status clfi_feature_map(clf_context *ctx, const clf_plan_params *params, const float *x,
                            float *phi, int32_t *exponents)
{
    clf_status status = CLF_OK;
    clf_plan *plan = NULL;
    clfi_kernel_args args;
    cl_mem mem[3] = {NULL};  // x, phi, exponents
    REQUIRE(ctx, NULL, "ctx is NULL");
    const clf_log *log = &ctx->log;
    REQUIRE(params && x && phi && exponents, log, "params, x, phi or exponents is NULL");
    TRY(clfi_plan_open(ctx, params, true, &plan));
    const clfi_shape *s = &plan->shape;
    size_t phi_bytes = 0, exponent_bytes = 0;
    REQUIRE(clfi_product_bytes((const int64_t[]){s->heads, s->L, s->R}, 3, sizeof *phi, &phi_bytes),
            log, "phi of %lld heads, L=%lld, R=%lld is more than memory can hold",
            (long long)s->heads, (long long)s->L, (long long)s->R);
    exponent_bytes = (size_t)s->heads * (size_t)s->L * sizeof *exponents;
    TRY(clfi_buffer_create(ctx, CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR,
                           (size_t)s->tensor[CLFI_Q].span * sizeof *x, x, "x", &mem[0]));
    TRY(clfi_buffer_create(ctx, CL_MEM_READ_WRITE, phi_bytes, NULL, "phi", &mem[1]));
    TRY(clfi_buffer_create(ctx, CL_MEM_READ_WRITE, exponent_bytes, NULL, "exponents", &mem[2]));
    clfi_plan_fixed_args(plan, &args);
    args.q = mem[0];
    args.q_at = clfi_plan_at(plan, CLFI_Q, 0);
    args.w = plan->w;
    args.w_head = plan->w_head;
    args.phi = mem[1];
    args.exponents = mem[2];
    TRY(run_features(plan, &args));
    TRY(read_back(ctx, mem[1], phi_bytes, phi));
    TRY(read_back(ctx, mem[2], exponent_bytes, exponents));
fail:
    for (int i = 0; i < 3; i++) {
        if (mem[i])
            clReleaseMemObject(mem[i]);
    }
    clf_plan_destroy(&plan);
    return status;
}
