/* Plans as objects: made, described, destroyed. Choices are made in plan_choice.c, kernels in
 * plan_build.c, runs in plan_run.c.
 *
 * Invariant: a plan that the caller sees is complete; all its kernels have been launched. */
#include "plan_internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "cl/context_internal.h"
#include "cl/process.h"
#include "host/log.h"

void clf_plan_params_init(clf_plan_params *params)
{
    if (params)
        *params = (clf_plan_params){0};
}

const char *clf_path_name(clf_path path)
{
    static const char *const names[CLF_PATH_COUNT] = {"auto", "fused", "clblast", "exact"};
    return (int)path >= 0 && path < CLF_PATH_COUNT ? names[path] : NULL;
}

/* The launches of a pass, in order. */
static void choose_launches(clf_plan *plan)
{
    clfi_stage stages[CLFI_MAX_STAGES];
    plan->launches = clfi_choose_stages(&plan->shape, &plan->choice, plan->features, stages);
    for (int i = 0; i < plan->launches; i++)
        plan->launch[i].row = clfi_kernel_find(stages[i], plan->choice.family);
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
    ADD("family=%s(%s) tuned_by=%s ", clfi_family_name(c->family), c->family_from,
        plan->found.from);
    if (c->family == CLF_FAMILY_WIDE)
        ADD("vector_width=%d(%s) registers=%dx3,%dx%d(%s) packing=%s(%s) prefetch=%s(%s) "
            "private_bytes=%zu ",
            c->vector_width, c->width_from, c->project_rows, c->value_rows, c->value_vectors,
            c->registers_from, c->panels ? "panels" : "rows", c->packing_from,
            c->prefetch ? "on" : "off", c->prefetch_from, c->private_bytes);
    else
        ADD("local_size=%zu(%s) ", plan->launch[0].local,
            c->local_from ? c->local_from : "default");
    if (s->path == CLF_PATH_CLBLAST)
        ADD("key_rows=%lld query_rows=%lld(%s) clblast_bytes=%zu workspace_bytes=%zu ",
            (long long)c->key_rows, (long long)c->query_rows, c->rows_from, c->temp_bytes,
            c->workspace_bytes);
    else
        ADD("tile_rows=%d(%s) segments=%d(%s) segment_rows=%lld run_rows=%lld compensated=%s "
            "heads_per_state=%d states_per_pass=%d(of_%lld) workspace_bytes=%zu ",
            c->tile, c->tile_from, c->segments, c->segments_from, (long long)c->segment_rows,
            (long long)c->run_rows, c->compensated ? "yes" : "no", (int)c->share,
            c->states_per_pass, (long long)c->states, c->workspace_bytes);
    ADD("path=%s(%s) causal=%s mask=%s B=%lld H=%lld Hkv=%lld L=%lld S=%lld D=%lld E=%lld "
        "scale=%.9g",
        clf_path_name(s->path), s->path_from, s->causal ? "yes" : "no",
        s->mask == CLF_MASK_KEYS ? "keys" : "none", (long long)s->B, (long long)s->H,
        (long long)s->Hkv, (long long)s->L, (long long)s->S, (long long)s->D, (long long)s->E,
        s->scale);
    for (int i = 0; i < CLFI_TENSORS; i++)
        ADD(" %s=%s", s->tensor[i].name, clf_dtype_name(s->tensor[i].dtype));
    if (s->path != CLF_PATH_EXACT)
        ADD(" kind=%s R=%lld preset=%s kernel_eps=%.9g deterministic=%s bias=%s projection=%s "
            "projection_heads=%lld",
            s->kind_row->info.name, (long long)s->R, s->preset->name, s->kernel_eps,
            s->deterministic ? "yes" : "no", s->biased ? "yes" : "no",
            c->DP  ? "structured"
            : s->n ? "structured_as_dense"
                   : "dense",
            plan->w_head ? (long long)s->Hkv : 1LL);
#undef ADD
}

/* The caller's projection, or one drawn from the seed, onto the device. */
static clf_status first_projection(clf_plan *plan, const clf_plan_params *params)
{
    clf_status status = CLF_OK;
    clf_projection *drawn = NULL;
    if (plan->shape.path == CLF_PATH_EXACT)
        return CLF_OK;
    if (!params->projection && !plan->shape.deterministic) {
        const clf_projection_params draw = {
            .M = plan->shape.rows, .D = plan->shape.D, .seed = params->seed, .kind = params->draw};
        TRY(clf_projection_create(&draw, &plan->ctx->log, &drawn));
    }
    TRY(clfi_plan_upload(plan, drawn ? drawn : params->projection, &plan->w, &plan->w_head));
fail:
    clf_projection_destroy(&drawn);
    return status;
}

/* `found` receives whether something was found for it in the tables, also on failure. */
static clf_status open_plan(clf_context *ctx, const clf_plan_params *params, bool features,
                            bool *found, clf_plan **out)
{
    clf_status status = CLF_OK;
    const clfi_configuration none = {0};
    const clf_log *log = &ctx->log;
    clf_plan *plan = calloc(1, sizeof *plan);
    if (!plan || pthread_mutex_init(&plan->lock, NULL) != 0) {
        free(plan);
        return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for a plan");
    }
    plan->ctx = ctx;
    plan->features = features;
    clfi_context_retain(ctx);
    TRY(clfi_process_check(log));
    TRY(clfi_plan_choose(plan, params));
    *found = !clfi_configuration_equal(&plan->found.configuration, &none) ||
             (plan->shape.float_width && plan->shape.float_width != ctx->device.native_float_width);
    choose_launches(plan);
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

/* What was found may not suit a driver that has changed since. */
clf_status clfi_plan_open(clf_context *ctx, const clf_plan_params *params, bool features,
                          clf_plan **out)
{
    bool found = false;
    clf_status status = open_plan(ctx, params, features, &found, out);
    if (status == CLF_OK || !found || status == CLF_ERROR_INVALID_ARGUMENT)
        return status;
    clf_plan_params without = *params;
    without.lookup = CLF_LOOKUP_NONE;
    clfi_log(&ctx->log, CLF_LOG_WARNING,
             "no plan with the parameters that were found for it (%s): one without them is made",
             clf_status_string(status));
    return open_plan(ctx, &without, features, &found, out);
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

static void release_objects(clf_plan *p)
{
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
}

void clf_plan_destroy(clf_plan **plan)
{
    if (!plan || !*plan)
        return;
    clf_plan *p = *plan;
    if (!clfi_process_is_fork())
        release_objects(p);
    clfi_context_release(p->ctx);
    pthread_mutex_destroy(&p->lock);
    free(p);
    *plan = NULL;
}
