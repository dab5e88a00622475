/* clfavor verify: does this device compute what the formula says?
 *
 * Invariant: the judge is the fp64 reference; a case is right when some rows were judged and no
 * element of them is further from it than its bound. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "choices.h"
#include "commands.h"
#include "exit.h"
#include "host/kinds.h"
#include "host/log.h"
#include "measure.h"
#include "report.h"
#include "verify_report.h"

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

/* Rows of random direction whose norm after the scaling goes from c->first to c->last. */
static void fill_rows(const verify_case *c, uint64_t seed, uint32_t sequence, int64_t heads,
                      int64_t rows, float *x)
{
    const double root = sqrt(1 / sqrt((double)c->D));
    measure_fill_normal(seed, sequence, x, heads * rows * c->D);
    for (int64_t i = 0; i < heads * rows; i++) {
        const double part = rows > 1 ? (double)(i % rows) / (double)(rows - 1) : 0;
        const double wanted = c->first * pow(c->last / c->first, part);
        double square = 0;
        for (int64_t d = 0; d < c->D; d++)
            square += (double)x[i * c->D + d] * x[i * c->D + d];
        const double factor = square > 0 ? wanted / (root * sqrt(square)) : 0;
        for (int64_t d = 0; d < c->D; d++)
            x[i * c->D + d] = (float)(x[i * c->D + d] * factor);
    }
}

/* Masks two keys of five, and puts NaN where nobody may look: in values, and in keys but for
 * presets that mask values alone. */
static void mask_keys(const verify_case *c, uint8_t *mask, float *k, float *v)
{
    const bool keys = clfi_preset(c->preset)->padding == CLFI_PADDING_KEYS;
    for (int64_t b = 0; b < c->B; b++) {
        for (int64_t j = 0; j < c->S; j++)
            mask[b * c->S + j] = (j + b) % 5 >= 2;
    }
    for (int64_t row = 0; row < c->B * c->Hkv * c->S; row++) {
        if (mask[row / (c->Hkv * c->S) * c->S + row % c->S])
            continue;
        v[row * c->E] = NAN;
        if (keys)
            k[row * c->D] = NAN;
    }
}

static clf_status make_tensors(const verify_case *c, uint64_t seed, const clf_log *log,
                               attention *a)
{
    clf_status status = CLF_OK;
    const int64_t heads = c->B * c->H;
    const int64_t key_heads = c->B * c->Hkv;
    const int64_t counts[3] = {heads * c->L * c->D, key_heads * c->S * c->D,
                               key_heads * c->S * c->E};
    void *data[3] = {NULL};
    array x[3] = {{0}};
    for (int i = 0; i < 3; i++)
        data[i] = malloc((size_t)counts[i] * sizeof(float));
    a->mask = c->masked ? malloc((size_t)(c->B * c->S)) : NULL;
    if (!data[0] || !data[1] || !data[2] || (c->masked && !a->mask)) {
        status = clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for case '%s'", c->name);
        goto fail;
    }
    fill_rows(c, seed, 0, heads, c->L, data[0]);
    fill_rows(c, seed, 1, key_heads, c->S, data[1]);
    measure_fill_normal(seed, 2, data[2], counts[2]);
    if (c->masked)
        mask_keys(c, a->mask, data[1], data[2]);
    a->problem.mask = a->mask;
    const clf_dtype dtypes[3] = {c->q, c->k, c->v};
    for (int i = 0; i < 3; i++)
        TRY(array_take(&data[i], CLF_DTYPE_F32, dtypes[i], (size_t)counts[i], log, &x[i]));
    attention_set_tensors(a, &x[0], &x[1], &x[2]);
fail:
    for (int i = 0; i < 3; i++) {
        free(data[i]);
        array_finish(&x[i]);
    }
    return status;
}

/* The problem of a case. */
static clf_status make_problem(const verify_case *c, uint64_t seed, const clf_log *log,
                               attention *a)
{
    clf_status status = CLF_OK;
    const choices chosen = {
        .kind = {true, c->kind},
        .draw = {c->draw != CLF_PROJECTION_ORTHOGONAL, (int)c->draw},
        .preset = {true, c->preset},
        .path = {true, c->path},
        .features = c->deterministic ? 0 : c->R,
        .kernel_eps = {c->kernel_eps > 0, c->kernel_eps},
        .deterministic = c->deterministic,
        .causal = c->causal,
        .seed = seed,
    };
    a->problem = (clfi_problem){
        .B = c->B,
        .H = c->H,
        .Hkv = c->Hkv,
        .L = c->L,
        .S = c->S,
        .D = c->D,
        .E = c->E,
        .q_layout = clf_layout_bhld(c->H, c->L, c->D),
        .k_layout = clf_layout_bhld(c->Hkv, c->S, c->D),
        .v_layout = clf_layout_bhld(c->Hkv, c->S, c->E),
    };
    a->out_dtype = c->out;
    a->out_layout = clf_layout_bhld(c->H, c->L, c->E);
    TRY(make_tensors(c, seed, log, a));
    TRY(attention_settle(a, &chosen, NULL, log));
fail:
    return status;
}

/* Runs a plan of the case and compares. */
static clf_status judge_case(const attention *a, clf_plan *plan, uint64_t seed, const clf_log *log,
                             verify_result *result)
{
    clf_status status = CLF_OK;
    const bool exact = a->choices.path.index == CLF_PATH_EXACT;
    array out = {0};
    compared_rows rows = {0};
    comparison errors = {0};
    TRY(attention_run(a, plan, a->out_dtype, log, &out));
    TRY(compare_choose(&a->problem, seed, log, &rows));
    TRY(compare_run(&a->problem, exact ? &reference_softmax : &reference_favor, &rows, &out,
                    &a->out_layout, attention_chain(plan), log, &errors));
    result->rows = errors.judged;
    result->skipped = errors.skipped;
    result->tau = errors.worst.tau;
    result->err_tau = errors.judged ? errors.worst.err_tau : INFINITY;
    result->right = result->err_tau <= 1;
fail:
    compare_finish(&errors);
    compared_rows_finish(&rows);
    array_finish(&out);
    return status;
}

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
    TRY(make_problem(c, seed, g->log, &a));
    const clf_plan_params params = attention_params(&a);
    g->shut = c->path == CLF_PATH_CLBLAST;
    status = clf_plan_create(ctx, &params, &plan);
    result->run = !(g->shut && status == CLF_ERROR_UNSUPPORTED);
    g->shut = false;
    if (!result->run)
        status = CLF_OK;
    else if (status == CLF_OK)
        TRY(judge_case(&a, plan, seed, g->log, result));
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
