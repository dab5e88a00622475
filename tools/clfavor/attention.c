/* From the options and tensors of a command to a plan and its result. Reads no file.
 *
 * Invariant: plan and reference get the same values, the same projection and the same scale. */
#include "attention.h"

#include <stdlib.h>

#include "host/checked.h"
#include "host/kinds.h"
#include "host/log.h"
#include "oprf.h"
#include "plan_internal.h"

enum {
    DEFAULT_FEATURES = 256
};

/* R from the options, the weights and D, which must agree. */
static clf_status settle_features(attention *a, const clf_projection *weights, const clf_log *log)
{
    clf_status status = CLF_OK;
    clfi_problem *p = &a->problem;
    const choices *c = &a->choices;
    const int64_t R = c->features;
    if (c->path.index == CLF_PATH_EXACT)
        return CLF_OK;
    p->R = R ? R : DEFAULT_FEATURES;
    if (c->deterministic) {
        REQUIRE(!R || R == p->D, log,
                "--features %lld, but deterministic features are as many as D=%lld", (long long)R,
                (long long)p->D);
        p->R = p->D;
    }
    if (weights) {
        const int64_t M = clf_projection_rows(weights);
        p->R = clf_kind_describe(p->kind)->paired ? 2 * M : M;
        REQUIRE(!R || R == p->R, log, "--features %lld but M=%lld of %s gives %lld features",
                (long long)R, (long long)M, c->projection, (long long)p->R);
    }
fail:
    return status;
}

/* W and its bias: the given ones or drawn ones, and FAVOR++ of them when that is wanted. */
static clf_status settle_projection(attention *a, clf_projection *weights, const clf_log *log)
{
    clf_status status = CLF_OK;
    clfi_problem *p = &a->problem;
    const bool paired = clf_kind_describe(p->kind)->paired;
    a->projection = weights;
    if (!weights) {
        const clf_projection_params params = {.M = paired ? p->R / 2 : p->R,
                                              .D = p->D,
                                              .seed = a->choices.seed,
                                              .kind = (clf_projection_kind)a->choices.draw.index};
        TRY(clf_projection_create(&params, log, &a->projection));
    }
    if (choices_oprf(&a->choices))
        TRY(oprf_apply(a, log));
    p->W = clf_projection_data(a->projection);
    p->bias = clf_projection_bias(a->projection);
    p->W_heads = clf_projection_heads(a->projection);
fail:
    return status;
}

clf_status attention_settle(attention *a, const choices *c, clf_projection *weights,
                            const clf_log *log)
{
    clf_status status = CLF_OK;
    clfi_problem *p = &a->problem;
    const clfi_preset_row *preset = clfi_preset((clf_preset)c->preset.index);
    const bool exact = c->path.index == CLF_PATH_EXACT;
    a->choices = *c;
    p->kind = choices_kind(c);
    p->preset = (clf_preset)c->preset.index;
    p->causal = c->causal;
    p->deterministic = c->deterministic;
    TRY(settle_features(a, weights, log));
    const clf_kind_info *kind = clf_kind_describe(p->kind);
    const int64_t M = c->deterministic ? 1 : kind->paired ? p->R / 2 : p->R;
    p->scale = c->scale.given ? (double)(float)c->scale.value
                              : clfi_default_scale(preset, p->kind, p->D, M);
    if (kind->generalized)
        p->kernel_eps =
            c->kernel_eps.given ? (double)(float)c->kernel_eps.value : preset->kernel_eps;
    if (exact || c->deterministic)
        return CLF_OK;
    return settle_projection(a, weights, log);
fail:
    clf_projection_destroy(&weights);
    return status;
}

void attention_set_tensors(attention *a, array *q, array *k, array *v)
{
    a->q = *q;
    a->k = *k;
    a->v = *v;
    a->problem.q = q->values;
    a->problem.k = k->values;
    a->problem.v = v->values;
    *q = *k = *v = (array){0};
}

clf_plan_params attention_params(const attention *a)
{
    const clfi_problem *p = &a->problem;
    const choices *c = &a->choices;
    return (clf_plan_params){
        .B = p->B,
        .H = p->H,
        .Hkv = p->Hkv,
        .L = p->L,
        .S = p->S,
        .D = p->D,
        .E = p->E,
        .R = p->R,
        .kind = p->kind,
        .causal = p->causal,
        .scale = (float)c->scale.value,
        .kernel_eps = (float)c->kernel_eps.value,
        .deterministic = p->deterministic,
        .mask = a->mask ? CLF_MASK_KEYS : CLF_MASK_NONE,
        .preset = p->preset,
        .path = (clf_path)c->path.index,
        .q_dtype = a->q.dtype,
        .k_dtype = a->k.dtype,
        .v_dtype = a->v.dtype,
        .out_dtype = a->out_dtype,
        .q = p->q_layout,
        .k = p->k_layout,
        .v = p->v_layout,
        .out = a->out_layout,
        .projection = a->projection,
        .draw = (clf_projection_kind)c->draw.index,
        .seed = c->seed,
        .tuning = a->tuning,
        .lookup = a->lookup,
    };
}

clf_plan_params attention_exact_params(const attention *a)
{
    clf_plan_params params = attention_params(a);
    params.path = CLF_PATH_EXACT;
    params.out_dtype = CLF_DTYPE_F32;
    return params;
}

clfi_problem attention_exact_problem(const attention *a)
{
    clfi_problem p = a->problem;
    if (!a->choices.scale.given)
        p.scale = clfi_default_scale(clfi_preset(CLF_PRESET_NONE), CLF_KIND_EXP, p.D, p.R);
    return p;
}

clf_status attention_run(const attention *a, clf_plan *plan, clf_dtype out_dtype,
                         const clf_log *log, array *out)
{
    const clfi_problem *p = &a->problem;
    const int64_t counts[] = {p->B, p->H, p->L, p->E};
    clf_status status = CLF_OK;
    void *result = NULL;
    size_t bytes;
    REQUIRE(clfi_product_bytes(counts, 4, clf_dtype_size(out_dtype), &bytes), log,
            "the result has too many elements");
    result = malloc(bytes);
    if (!result)
        return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for a result of %zu bytes",
                         bytes);
    const clf_host_args args = {a->q.stored, a->k.stored, a->v.stored, result, a->mask};
    TRY(clf_plan_run_host(plan, &args));
    return array_take(&result, out_dtype, out_dtype, bytes / clf_dtype_size(out_dtype), log, out);
fail:
    free(result);
    return status;
}

const char *attention_path_name(const clf_plan *plan)
{
    return clf_path_name(plan->shape.path);
}

double attention_chain(const clf_plan *plan)
{
    return (double)plan->choice.chain;
}

void attention_finish(attention *a)
{
    array_finish(&a->q);
    array_finish(&a->k);
    array_finish(&a->v);
    free(a->mask);
    free(a->A);
    clf_projection_destroy(&a->projection);
    *a = (attention){0};
}
