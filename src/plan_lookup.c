/* What a plan that is told nothing takes from the tables of tuning. Reads no file itself.
 *
 * Invariant: a found configuration that does not suit the shape is as if there were none. */
#include "plan_internal.h"

#include <stdio.h>

#include "cl/context_internal.h"
#include "host/log.h"
#include "tune/lookup.h"

/* Whether the problem takes the configuration; shape and choice then are with it. */
static bool take(const clf_context *ctx, const clf_plan_params *params, const clfi_found *found,
                 clfi_shape *shape, clfi_choice *choice)
{
    clf_plan_params p = *params;
    p.tuning = found->configuration.tuning;
    if (found->configuration.path != CLF_PATH_AUTO) {
        if (p.path != CLF_PATH_AUTO && p.path != found->configuration.path)
            return false;
        p.path = found->configuration.path;
    }
    if (clfi_shape_init(shape, &p, NULL) != CLF_OK)
        return false;
    shape->tuning_from = found->from;
    shape->float_width = found->measured ? 0 : found->float_width;
    if (p.path != params->path)
        shape->path_from = found->from;
    return clfi_choose(shape, &ctx->device, NULL, choice) == CLF_OK;
}

clf_status clfi_plan_choose(clf_plan *plan, const clf_plan_params *params)
{
    clf_status status = CLF_OK;
    clf_context *ctx = plan->ctx;
    const clf_log *log = &ctx->log;
    const clfi_configuration none = {0}, asked = {.tuning = params->tuning};
    char text[CLFI_CONFIGURATION_TEXT];
    snprintf(plan->found.from, sizeof plan->found.from, "tuning");
    TRY(clfi_shape_init(&plan->shape, params, log));
    if (!plan->features && clfi_configuration_equal(&asked, &none)) {
        clfi_lookup(ctx->tables, params->lookup, &plan->shape, &ctx->device, log, &plan->found);
        if (take(ctx, params, &plan->found, &plan->shape, &plan->choice))
            return CLF_OK;
        if (!clfi_configuration_equal(&plan->found.configuration, &none)) {
            clfi_configuration_print(&plan->found.configuration, text);
            clfi_log(log, CLF_LOG_DEBUG, "%s does not suit this shape: %s", plan->found.from, text);
            plan->found.configuration = none;
            snprintf(plan->found.from, sizeof plan->found.from, "default");
        }
        TRY(clfi_shape_init(&plan->shape, params, log));
        plan->shape.float_width = plan->found.float_width;
    }
    TRY(clfi_choose(&plan->shape, &ctx->device, log, &plan->choice));
fail:
    return status;
}
