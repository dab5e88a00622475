/* Plans as objects: made, described, destroyed. Choices are made in plan_choice.c, kernels in
 * plan_build.c, runs in plan_run.c.
 *
 * Invariant: a plan that the caller sees is complete; all its kernels have been launched. */
#include "plan_internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "cl/context_internal.h"
#include "host/log.h"

void clf_plan_params_init(clf_plan_params *params)
{
    if (params)
        *params = (clf_plan_params){0};
}

/* The launches of a pass, in order. */
static void choose_stages(clf_plan *plan, bool features)
{
    static const clfi_stage bidirectional[] = {CLFI_STAGE_KV_STATE, CLFI_STAGE_STATE_SCAN,
                                               CLFI_STAGE_Q_APPLY};
    static const clfi_stage causal[] = {CLFI_STAGE_KV_STATE, CLFI_STAGE_STATE_SCAN,
                                        CLFI_STAGE_CAUSAL_APPLY};
    static const clfi_stage map[] = {CLFI_STAGE_FEATURE_MAP};
    const clfi_stage *stages = features ? map : plan->shape.causal ? causal : bidirectional;
    const bool one = plan->choice.segments == 1;
    for (int i = 0; i < (features ? 1 : CLFI_MAX_STAGES); i++) {
        // One segment has nothing to merge; a causal one needs no state from before it.
        const bool skip = one && (stages[i] == CLFI_STAGE_STATE_SCAN ||
                                  (plan->shape.causal && stages[i] == CLFI_STAGE_KV_STATE));
        if (!skip)
            plan->launch[plan->launches++].row = clfi_kernel_find(stages[i], plan->choice.family);
    }
}

void clfi_plan_write_description(clf_plan *plan)
{
    const clfi_shape *s = &plan->shape;
    const clfi_choice *c = &plan->choice;
    const size_t size = sizeof plan->description;
    size_t n = 0;
#define ADD(...) n += (size_t)snprintf(plan->description + n, size - n, __VA_ARGS__)
    for (int i = 0; i < plan->launches; i++)
        ADD("%s=%s ", clfi_stage_name(plan->launch[i].row->stage), clfi_family_name(c->family));
    ADD("family=%s(%s) ", clfi_family_name(c->family), c->family_from);
    if (c->family == CLF_FAMILY_WIDE)
        ADD("vector_width=%d(%s) registers=%dx3,%dx%d private_bytes=%zu ", c->vector_width,
            c->width_from, c->project_rows, c->value_rows, c->value_vectors, c->private_bytes);
    else
        ADD("local_size=%zu ", plan->launch[0].local);
    ADD("tile_rows=%d(%s) segments=%d(%s) segment_rows=%lld run_rows=%lld compensated=%s "
        "heads_per_pass=%d(of_%lld) workspace_bytes=%zu ",
        c->tile, c->tile_from, c->segments, c->segments_from, (long long)c->segment_rows,
        (long long)c->run_rows, c->compensated ? "yes" : "no", c->heads_per_pass,
        (long long)s->heads, c->workspace_bytes);
    ADD("kind=%s causal=%s B=%lld H=%lld L=%lld S=%lld D=%lld E=%lld R=%lld scale=%.9g "
        "projection_heads=%lld",
        s->signs == 2 ? "cosh" : "exp", s->causal ? "yes" : "no", (long long)s->B, (long long)s->H,
        (long long)s->L, (long long)s->S, (long long)s->D, (long long)s->E, (long long)s->R,
        s->scale, plan->w_head ? (long long)s->H : 1LL);
#undef ADD
}

/* The caller's projection, or one drawn from the seed, onto the device. */
static clf_status first_projection(clf_plan *plan, const clf_plan_params *params)
{
    clf_status status = CLF_OK;
    clf_projection *drawn = NULL;
    if (!params->projection) {
        const clf_projection_params draw = {
            .M = plan->shape.M, .D = plan->shape.D, .seed = params->seed};
        TRY(clf_projection_create(&draw, &plan->ctx->log, &drawn));
    }
    TRY(clfi_plan_upload(plan, drawn ? drawn : params->projection, &plan->w, &plan->w_head));
fail:
    clf_projection_destroy(&drawn);
    return status;
}

clf_status clfi_plan_open(clf_context *ctx, const clf_plan_params *params, bool features,
                          clf_plan **out)
{
    clf_status status = CLF_OK;
    const clf_log *log = &ctx->log;
    clf_plan *plan = calloc(1, sizeof *plan);
    if (!plan || pthread_mutex_init(&plan->lock, NULL) != 0) {
        free(plan);
        return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for a plan");
    }
    plan->ctx = ctx;
    clfi_context_retain(ctx);
    TRY(clfi_shape_init(&plan->shape, params, log));
    TRY(clfi_choose(&plan->shape, &ctx->device, log, &plan->choice));
    choose_stages(plan, features);
    TRY(first_projection(plan, params));
    TRY(clfi_plan_build(plan));
    clfi_plan_write_description(plan);
    clfi_log(log, CLF_LOG_INFO, "plan %s", plan->description);
    *out = plan;
    return CLF_OK;
fail:
    clf_plan_destroy(&plan);
    return status;
}

clf_status clf_plan_create(clf_context *ctx, const clf_plan_params *params, clf_plan **out)
{
    clf_status status = CLF_OK;
    const clf_log *log = ctx ? &ctx->log : NULL;
    REQUIRE(out, log, "out is NULL");
    *out = NULL;
    REQUIRE(ctx, log, "ctx is NULL");
    REQUIRE(params, log, "params is NULL");
    TRY(clfi_plan_open(ctx, params, false, out));
fail:
    return status;
}

size_t clf_plan_workspace_bytes(const clf_plan *plan)
{
    return plan ? plan->choice.workspace_bytes : 0;
}

const char *clf_plan_describe(const clf_plan *plan)
{
    return plan ? plan->description : "";
}

void clf_plan_destroy(clf_plan **plan)
{
    if (!plan || !*plan)
        return;
    clf_plan *p = *plan;
    if (p->workspace)
        clReleaseMemObject(p->workspace);
    for (int i = 0; i < p->launches; i++) {
        if (p->launch[i].kernel)
            clReleaseKernel(p->launch[i].kernel);
    }
    if (p->program)
        clReleaseProgram(p->program);
    if (p->w)
        clReleaseMemObject(p->w);
    clfi_context_release(p->ctx);
    pthread_mutex_destroy(&p->lock);
    free(p);
    *plan = NULL;
}
