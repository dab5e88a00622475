/* Features as stored values, through the same plans and table as attention.
 *
 * Invariant: phi(x) is phi 2^exponent, one exponent a row. */

#include "cl/buffer.h"
#include "cl/context_internal.h"
#include "cl/error.h"
#include "cl/process.h"
#include "host/checked.h"
#include "host/log.h"
#include "plan_internal.h"

clf_status clf_feature_plan_create(clf_context *ctx, const clf_plan_params *params, clf_plan **out)
{
    clf_status status = CLF_OK;
    const clf_log *log = ctx ? &ctx->log : NULL;
    REQUIRE(out, log, "out is NULL");
    *out = NULL;
    REQUIRE(ctx, log, "ctx is NULL");
    REQUIRE(params, log, "params is NULL");
    REQUIRE(params->path == CLF_PATH_AUTO || params->path == CLF_PATH_FUSED, log,
            "path %d (%s): features are made by the kernels of the fused path", (int)params->path,
            clf_path_name(params->path) ? clf_path_name(params->path) : "unknown");
    REQUIRE(clf_preset_name(params->preset), log, "unknown preset %d", (int)params->preset);
    REQUIRE(params->preset == CLF_PRESET_NONE, log,
            "preset %s: its features depend on all keys and are not stored",
            clf_preset_name(params->preset));
    clf_plan_params p = *params;
    p.S = p.S ? p.S : 1;
    p.E = p.E ? p.E : 1;
    p.causal = false;
    p.path = CLF_PATH_FUSED;
    TRY(clfi_plan_open(ctx, &p, true, out));
fail:
    return status;
}

clf_status clf_feature_plan_run(clf_plan *plan, const clf_feature_args *args, cl_event *event)
{
    clf_status status = CLF_OK;
    if (event)
        *event = NULL;
    REQUIRE(plan, NULL, "plan is NULL");
    const clf_log *log = &plan->ctx->log;
    REQUIRE(args, log, "args is NULL");
    REQUIRE(plan->features, log, "the plan makes attention: run it with clf_plan_run");
    TRY(clfi_process_check(log));
    const clfi_shape *s = &plan->shape;
    const clfi_view *x = &s->tensor[CLFI_Q];
    const int64_t rows = s->B * s->H * s->L;  // below 2^61
    int64_t elements = 0;
    REQUIRE(clfi_mul_i64(rows, s->R, &elements), log, "phi: L=%lld, R=%lld is beyond memory",
            (long long)s->L, (long long)s->R);
    TRY(clfi_check_buffer(log, "x", &args->x, x->span, clf_dtype_size(x->dtype)));
    TRY(clfi_check_buffer(log, "phi", &args->phi, elements, sizeof(float)));
    TRY(clfi_check_buffer(log, "exponents", &args->exponents, rows, sizeof(int32_t)));
    TRY(clfi_check_wait(log, args->num_wait, args->wait));
    clfi_kernel_args kernel_args;
    clfi_plan_fixed_args(plan, &kernel_args);
    kernel_args.q = args->x.mem;
    kernel_args.q_at = clfi_plan_at(plan, CLFI_Q, args->x.offset);
    kernel_args.phi = args->phi.mem;
    kernel_args.phi_at = args->phi.offset;
    kernel_args.exponents = args->exponents.mem;
    kernel_args.exponents_at = args->exponents.offset;

    pthread_mutex_lock(&plan->lock);
    kernel_args.w = plan->w;
    kernel_args.w_head = plan->w_head;
    status = clfi_plan_enqueue_all(plan, &kernel_args, args->queue ? args->queue : plan->ctx->queue,
                                   args->num_wait, args->wait, event);
    pthread_mutex_unlock(&plan->lock);
fail:
    return status;
}

/* Runs the plan on the host's memory. `mem` (x, phi, exponents) is released by the caller. */
static clf_status run_host(clf_plan *plan, const void *x, float *phi, int32_t *exponents,
                           cl_mem mem[3])
{
    clf_status status = CLF_OK;
    clf_context *ctx = plan->ctx;
    const clfi_shape *s = &plan->shape;
    const clfi_view *view = &s->tensor[CLFI_Q];
    const int64_t rows = s->B * s->H * s->L;
    size_t phi_bytes = 0, exponent_bytes = 0;
    REQUIRE(clfi_product_bytes((const int64_t[]){rows, s->R}, 2, sizeof *phi, &phi_bytes) &&
                clfi_product_bytes(&rows, 1, sizeof *exponents, &exponent_bytes),
            &ctx->log, "phi of L=%lld, R=%lld is more than memory can hold", (long long)s->L,
            (long long)s->R);
    TRY(clfi_buffer_create(ctx, CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR,
                           (size_t)view->span * clf_dtype_size(view->dtype), x, "x", &mem[0]));
    TRY(clfi_buffer_create(ctx, CL_MEM_READ_WRITE, phi_bytes, NULL, "phi", &mem[1]));
    TRY(clfi_buffer_create(ctx, CL_MEM_READ_WRITE, exponent_bytes, NULL, "exponents", &mem[2]));
    const clf_feature_args args = {
        .x = {.mem = mem[0]}, .phi = {.mem = mem[1]}, .exponents = {.mem = mem[2]}};
    TRY(clf_feature_plan_run(plan, &args, NULL));
    TRY_CL(&ctx->log, clFinish(ctx->queue));
    TRY_CL(&ctx->log,
           clEnqueueReadBuffer(ctx->queue, mem[1], CL_TRUE, 0, phi_bytes, phi, 0, NULL, NULL));
    TRY_CL(&ctx->log, clEnqueueReadBuffer(ctx->queue, mem[2], CL_TRUE, 0, exponent_bytes, exponents,
                                          0, NULL, NULL));
fail:
    return status;
}

clf_status clf_feature_map(clf_context *ctx, const clf_plan_params *params, const void *x,
                           float *phi, int32_t *exponents)
{
    clf_status status = CLF_OK;
    clf_plan *plan = NULL;
    cl_mem mem[3] = {NULL};
    TRY(clf_feature_plan_create(ctx, params, &plan));
    REQUIRE(x && phi && exponents, &ctx->log, "x, phi or exponents is NULL");
    TRY(run_host(plan, x, phi, exponents, mem));
fail:
    for (int i = 0; i < 3; i++) {
        if (mem[i])
            clReleaseMemObject(mem[i]);
    }
    clf_plan_destroy(&plan);
    return status;
}
