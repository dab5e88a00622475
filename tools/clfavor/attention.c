/* From a problem, as the references see it, to a plan. Runs nothing.
 *
 * Invariant: plan and reference get the same projection and the same scale. */
#include "attention.h"

#include "host/log.h"

clf_status attention_check_features(int kind, int64_t R, const clf_log *log)
{
    if (kind == CLF_KIND_COSH && R % 2 != 0)
        return clfi_fail(log, CLF_ERROR_INVALID_ARGUMENT,
                         "--features %lld is odd, but cosh features come in pairs", (long long)R);
    return CLF_OK;
}

clf_status attention_draw(const clfi_problem *p, uint64_t seed, const clf_log *log,
                          clf_projection **out)
{
    const clf_projection_params params = {
        .M = p->kind == CLF_KIND_COSH ? p->R / 2 : p->R,
        .D = p->D,
        .seed = seed,
    };
    return clf_projection_create(&params, log, out);
}

void attention_use(clfi_problem *p, const clf_projection *projection)
{
    p->W = clf_projection_data(projection);
    p->W_heads = clf_projection_heads(projection);
}

clf_plan_params attention_params(const clfi_problem *p, const clf_projection *projection,
                                 const clf_layout *out)
{
    return (clf_plan_params){
        .B = p->B,
        .H = p->H,
        .L = p->L,
        .S = p->S,
        .D = p->D,
        .E = p->E,
        .R = p->R,
        .kind = p->kind,
        .causal = p->causal,
        .scale = (float)p->scale,
        .q = p->q_layout,
        .k = p->k_layout,
        .v = p->v_layout,
        .out = *out,
        .projection = projection,
    };
}
