/* clfavor verify: does this device compute what the formula says?
 *
 * Invariant: the judge is the fp64 reference; a case is right when no element is further from it
 * than tau * magnitude + floor. */
#include <math.h>
#include <stdlib.h>

#include "attention.h"
#include "commands.h"
#include "compare.h"
#include "exit.h"
#include "host/checked.h"
#include "host/log.h"
#include "measure.h"
#include "report.h"

typedef struct values {
    const char *device;
    uint64_t seed;
    bool json;
} values;

static const option_row k_options[] = {
    OPTION_ROW_SEED(values),
    OPTION_ROW_DEVICE(values),
    OPTION_ROW_JSON(values),
    {.name = NULL},
};

/* A shape and how large its rows are: |x|, x = q sqrt(scale), from `first` at row 0 to `last`. */
typedef struct verify_case {
    const char *name;
    int64_t B, H, L, S, D, E, R;
    clf_kind kind;
    bool causal;
    double first, last;
} verify_case;

static const verify_case k_cases[] = {
    {"one of each", 1, 1, 1, 1, 1, 1, 1, CLF_KIND_EXP, false, 1, 1},
    {"primes", 2, 3, 53, 101, 7, 5, 13, CLF_KIND_EXP, false, 2, 2},
    {"primes, causal", 2, 3, 101, 101, 7, 5, 13, CLF_KIND_EXP, true, 2, 2},
    {"primes, cosh", 1, 3, 53, 101, 11, 17, 26, CLF_KIND_COSH, false, 2, 2},
    {"tile - 1", 1, 2, 47, 47, 64, 64, 256, CLF_KIND_EXP, false, 2.8, 2.8},
    {"tile", 1, 2, 48, 48, 64, 64, 256, CLF_KIND_EXP, false, 2.8, 2.8},
    {"tile + 1", 1, 2, 49, 49, 64, 64, 256, CLF_KIND_EXP, false, 2.8, 2.8},
    {"tile - 1, causal", 1, 2, 47, 47, 64, 64, 256, CLF_KIND_EXP, true, 2.8, 2.8},
    {"tile, causal", 1, 2, 48, 48, 64, 64, 256, CLF_KIND_EXP, true, 2.8, 2.8},
    {"tile + 1, causal", 1, 2, 49, 49, 64, 64, 256, CLF_KIND_EXP, true, 2.8, 2.8},
    {"L < S", 1, 2, 33, 700, 64, 64, 256, CLF_KIND_EXP, false, 2.8, 2.8},
    {"L > S", 1, 2, 700, 33, 64, 64, 256, CLF_KIND_EXP, false, 2.8, 2.8},
    {"cosh", 1, 2, 300, 300, 64, 64, 256, CLF_KIND_COSH, false, 2.8, 2.8},
    {"cosh, causal", 1, 2, 300, 300, 64, 64, 256, CLF_KIND_COSH, true, 2.8, 2.8},
    {"norms 30", 1, 2, 300, 300, 64, 64, 256, CLF_KIND_EXP, false, 30, 30},
    {"norms 30, causal", 1, 2, 300, 300, 64, 64, 256, CLF_KIND_EXP, true, 30, 30},
    {"norms 30 to .1, causal", 1, 2, 300, 300, 64, 64, 256, CLF_KIND_EXP, true, 30, 0.1},
    {"long", 1, 2, 16384, 16384, 64, 64, 256, CLF_KIND_EXP, false, 2.8, 2.8},
    {"long, causal", 1, 2, 16384, 16384, 64, 64, 256, CLF_KIND_EXP, true, 2.8, 2.8},
};
enum {
    CASES = sizeof k_cases / sizeof k_cases[0]
};

/* What came of one case. */
typedef struct verify_result {
    int64_t rows;
    double tau, err_tau;
} verify_result;

/* Rows of random direction whose norm after the scaling goes from `first` to `last`. */
static void fill_rows(const verify_case *c, uint64_t seed, uint32_t sequence, int64_t rows,
                      float *x)
{
    const double root = sqrt(1 / sqrt((double)c->D));
    measure_fill_normal(seed, sequence, x, c->B * c->H * rows * c->D);
    for (int64_t i = 0; i < c->B * c->H * rows; i++) {
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

/* Runs on the device and compares; `data` holds q, k, v and out one after the other. */
static clf_status run_filled(clf_context *ctx, clfi_problem *p, uint64_t seed, float *out,
                             const clf_log *log, verify_result *result)
{
    clf_status status = CLF_OK;
    clf_projection *projection = NULL;
    clf_plan *plan = NULL;
    comparison errors = {0};
    const clf_layout layout = clf_layout_bhld(p->H, p->L, p->E);
    TRY(attention_draw(p, seed, log, &projection));
    attention_use(p, projection);
    const clf_plan_params params = attention_params(p, projection, &layout);
    TRY(clf_plan_create(ctx, &params, &plan));
    TRY(clf_plan_run_host(plan, p->q, p->k, p->v, out));
    TRY(compare_run(p, out, &layout, false, seed, log, &errors));
    *result = (verify_result){errors.rows, errors.worst.tau, errors.worst.err_tau};
fail:
    compare_finish(&errors);
    clf_plan_destroy(&plan);
    clf_projection_destroy(&projection);
    return status;
}

static clf_status run_case(clf_context *ctx, const verify_case *c, uint64_t seed,
                           const clf_log *log, verify_result *result)
{
    const int64_t heads = c->B * c->H;
    const int64_t counts[4] = {heads * c->L * c->D, heads * c->S * c->D, heads * c->S * c->E,
                               heads * c->L * c->E};
    float *data = calloc((size_t)(counts[0] + counts[1] + counts[2] + counts[3]), sizeof *data);
    if (!data)
        return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for case '%s'", c->name);
    float *const q = data;
    float *const k = q + counts[0];
    float *const v = k + counts[1];
    fill_rows(c, seed, 0, c->L, q);
    fill_rows(c, seed, 1, c->S, k);
    measure_fill_normal(seed, 2, v, counts[2]);
    clfi_problem p = {
        .B = c->B,
        .H = c->H,
        .L = c->L,
        .S = c->S,
        .D = c->D,
        .E = c->E,
        .R = c->R,
        .kind = c->kind,
        .causal = c->causal,
        .scale = 1 / sqrt((double)c->D),
        .q_layout = clf_layout_bhld(c->H, c->L, c->D),
        .k_layout = clf_layout_bhld(c->H, c->S, c->D),
        .v_layout = clf_layout_bhld(c->H, c->S, c->E),
        .q = q,
        .k = k,
        .v = v,
    };
    const clf_status status = run_filled(ctx, &p, seed, v + counts[2], log, result);
    free(data);
    return status;
}

static clf_status print_json(const clf_context *ctx, const verify_result *results, int worst,
                             const clf_log *log)
{
    const clf_device_info *device = clf_context_device(ctx);
    json_t *cases = json_array();
    for (int i = 0; i < CASES; i++) {
        const verify_case *c = &k_cases[i];
        const verify_result *r = &results[i];
        json_array_append_new(
            cases,
            json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:b, s:I, s:o, s:o, s:b}",
                      "name", c->name, "B", (json_int_t)c->B, "H", (json_int_t)c->H, "L",
                      (json_int_t)c->L, "S", (json_int_t)c->S, "D", (json_int_t)c->D, "E",
                      (json_int_t)c->E, "R", (json_int_t)c->R, "kind", k_kind_words[c->kind],
                      "causal", c->causal, "rows", (json_int_t)r->rows, "tau", report_real(r->tau),
                      "err_tau", report_real(r->err_tau), "right", r->err_tau <= 1));
    }
    return report_json(json_pack("{s:s, s:o, s:o, s:o, s:s, s:o}", "schema", "clfavor-verify/1",
                                 "device", report_text(device->name), "driver",
                                 report_text(device->driver), "worst_err_tau",
                                 report_real(results[worst].err_tau), "worst", k_cases[worst].name,
                                 "cases", cases),
                       log);
}

static void print_head(const clf_context *ctx)
{
    report_wrapped(stdout, clf_context_device(ctx)->name, printf("device  "), 8);
    printf("\ncase                   B H     L     S  D  E   R  rows     tau  err/tau\n");
}

static void print_row(const verify_case *c, const verify_result *r)
{
    printf("%-22s %lld %lld %5lld %5lld %2lld %2lld %3lld %5lld %.1e %8.3g%s\n", c->name,
           (long long)c->B, (long long)c->H, (long long)c->L, (long long)c->S, (long long)c->D,
           (long long)c->E, (long long)c->R, (long long)r->rows, r->tau, r->err_tau,
           r->err_tau <= 1 ? "" : " WRONG");
}

static int run(const void *parsed, const clf_log *log)
{
    const values *o = parsed;
    clf_status status = CLF_OK;
    clf_context *ctx = NULL;
    verify_result results[CASES] = {{0}};
    int worst = 0;
    int wrong = 0;
    TRY(clf_context_create(o->device, log, &ctx));
    if (!o->json)
        print_head(ctx);
    for (int i = 0; i < CASES; i++) {
        progress("case %d of %d: %s", i + 1, CASES, k_cases[i].name);
        TRY(run_case(ctx, &k_cases[i], o->seed, log, &results[i]));
        wrong += !(results[i].err_tau <= 1);
        if (results[i].err_tau > results[worst].err_tau)
            worst = i;
        if (!o->json)
            print_row(&k_cases[i], &results[i]);
    }
    if (o->json)
        TRY(print_json(ctx, results, worst, log));
    else
        printf("\n%d of %d cases within tau; worst err/tau %.3g in '%s'\n", CASES - wrong, CASES,
               results[worst].err_tau, k_cases[worst].name);
    clf_context_destroy(&ctx);
    return wrong ? EXIT_ABOVE_TAU : EXIT_RIGHT;
fail:
    clf_context_destroy(&ctx);
    return exit_of(status);
}

const command cmd_verify = {
    .name = "verify",
    .summary = "checks the device against double precision on the host",
    .details = "Runs a table of shapes on the device and compares them with FAVOR+ in double "
               "precision on the host. err/tau is the largest error over its proved bound; above 1 "
               "the device is wrong and the exit code is 1. rows: how many rows of each head were "
               "compared; of long ones the first, the last and random ones.",
    .options = k_options,
    .values_size = sizeof(values),
    .run = run,
};
