/* clfavor verify: does this device compute what the formula says?
 *
 * Invariant: the judge is the fp64 reference; a case is right when some rows were judged and no
 * element of them is further from it than its bound. */
#include <stdlib.h>
#include <string.h>

#include "choices.h"
#include "commands.h"
#include "exit.h"
#include "host/log.h"
#include "report.h"
#include "verify_report.h"
#include "verify_run.h"

typedef struct values {
    const char *device, *only;
    choices choices;
    bool json;
} values;

static const option_row k_options[] = {
    {.name = "only",
     .type = OPTION_TEXT,
     .offset = offsetof(values, only),
     .argument = "TEXT",
     .help = "Only the cases whose name contains it"},
    CHOICE_ROW_SEED(values),
    OPTION_ROW_DEVICE(values),
    OPTION_ROW_JSON(values),
    {.name = NULL},
};

/* Holds back what the library says of a plan that may be refused. */
typedef struct gate {
    const clf_log *log;
    bool shut;
} gate;

static void pass_message(void *user, clf_log_level level, const char *message)
{
    const gate *g = user;
    clfi_log(g->log, g->shut && level == CLF_LOG_ERROR ? CLF_LOG_DEBUG : level, "%s", message);
}

/* A path that this build does not have is no failure: the result then says that it was not run. */
static clf_status run_case(clf_context *ctx, gate *g, const verify_case *c, uint64_t seed,
                           verify_result *result)
{
    clf_status status = CLF_OK;
    attention a = {0};
    clf_plan *plan = NULL;
    TRY(verify_make(c, seed, g->log, &a));
    const clf_plan_params params = attention_params(&a);
    g->shut = c->path == CLF_PATH_CLBLAST;
    status = clf_plan_create(ctx, &params, &plan);
    result->run = !(g->shut && status == CLF_ERROR_UNSUPPORTED);
    g->shut = false;
    if (!result->run)
        status = CLF_OK;
    else if (status == CLF_OK)
        TRY(verify_judge(&a, plan, seed, COMPARE_BUDGET, false, g->log, result));
fail:
    clf_plan_destroy(&plan);
    attention_finish(&a);
    return status;
}

static clf_status run_cases(const values *o, clf_context *ctx, gate *g, verify_result *results)
{
    for (int i = 0; i < verify_case_count; i++) {
        if (!results[i].wanted)
            continue;
        progress("case %d of %d: %s", i + 1, verify_case_count, verify_cases[i].name);
        const clf_status status = run_case(ctx, g, &verify_cases[i], o->choices.seed, &results[i]);
        progress_clear();
        if (status != CLF_OK)
            return clfi_fail(g->log, status, "case '%s' was not run: %s", verify_cases[i].name,
                             clf_status_string(status));
        if (!o->json)
            verify_print_row(&verify_cases[i], &results[i]);
    }
    return CLF_OK;
}

static int run(const void *parsed, const clf_log *log)
{
    const values *o = parsed;
    clf_status status = CLF_OK;
    clf_context *ctx = NULL;
    gate g = {.log = log};
    const clf_log gated = {pass_message, &g, log->level};
    bool right = true;
    int wanted = 0;
    verify_result *results = calloc((size_t)verify_case_count, sizeof *results);
    if (!results)
        return exit_of(clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for %d results",
                                 verify_case_count));
    for (int i = 0; i < verify_case_count; i++) {
        results[i].wanted = !o->only || strstr(verify_cases[i].name, o->only);
        wanted += results[i].wanted;
    }
    REQUIRE(wanted, log, "--only '%s' is in no case's name", o->only);
    TRY(clf_context_create(o->device, &gated, &ctx));
    if (!o->json)
        verify_print_head(ctx);
    TRY(run_cases(o, ctx, &g, results));
    for (int i = 0; i < verify_case_count; i++)
        right = right && (results[i].right || !results[i].run);
    if (o->json)
        TRY(verify_print_json(ctx, results, log));
    else
        verify_print_foot(results);
fail:
    clf_context_destroy(&ctx);
    free(results);
    return status == CLF_OK && !right ? EXIT_MISSED : (int)exit_of(status);
}

const command cmd_verify = {
    .name = "verify",
    .summary = "checks the device against double precision on the host",
    .details = "Runs a table of cases on the device, every kind, preset, type and path among them, "
               "and compares them with their formulas in double precision on the host. err/tau is "
               "the largest error over its proved bound; above 1 the device is wrong and the exit "
               "code is 1. rows: how many rows of all heads were judged; of long cases the first, "
               "the last and random ones, of features that may be negative those whose terms do "
               "not cancel.",
    .options = k_options,
    .values_size = sizeof(values),
    .run = run,
};
