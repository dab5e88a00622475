/* clfavor demo: real Q, K, V of protein language models, how exact and how fast.
 *
 * Invariant: it fails (exit code 1) when a layer is further from fp64 FAVOR+ than its bound; the
 * distance to exact softmax is shown and explained, never judged. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "choices.h"
#include "commands.h"
#include "compare.h"
#include "exit.h"
#include "host/checked.h"
#include "host/log.h"
#include "measure.h"
#include "report.h"
#include "sweep.h"
#include "tensors.h"

typedef struct values {
    const char *device, *data, *svg;
    choices choices;
} values;

static const option_row k_options[] = {
    {.name = "svg",
     .type = OPTION_TEXT,
     .offset = offsetof(values, svg),
     .argument = "FILE",
     .help = "Receives the chart of the length sweep"},
    CHOICE_ROW_FEATURES(values, "Features, even for pairs (cosh, trig, gaussian-trig)", "256"),
    CHOICE_ROW_KIND(values, "exp"),
    {.name = "data",
     .type = OPTION_TEXT,
     .offset = offsetof(values, data),
     .argument = "DIR",
     .help = "Where the tensors are, if not where they were installed"},
    CHOICE_ROW_DRAW(values),
    CHOICE_ROW_SEED(values),
    OPTION_ROW_DEVICE(values),
    {.name = NULL},
};

/* The layers; q, k and v are NAME_q.npy and so on. */
static const struct {
    const char *name;
    bool causal;
} k_layers[] = {
    {"sapiens_vh_L0", false},   {"sapiens_vh_L3", false},   {"antiberty_vh_L0", false},
    {"antiberty_vh_L3", false}, {"antiberty_vh_L7", false}, {"anarcii_dec_causal_L1", true},
};
enum {
    LAYERS = sizeof k_layers / sizeof k_layers[0],
    SWEEP_LAYER = 2
};

static const char *const k_folders[] = {TOOL_DATA_INSTALLED, TOOL_DATA_SOURCE};

static void make_path(const char *folder, const char *layer, char part, char path[1024])
{
    snprintf(path, 1024, "%s/%s_%c.npy", folder, layer, part);
}

/* The folder that holds the tensors. */
static clf_status find_data(const values *o, const clf_log *log, const char **folder)
{
    *folder = o->data;
    for (size_t i = 0; i < sizeof k_folders / sizeof k_folders[0] && !*folder; i++) {
        char path[1024];
        make_path(k_folders[i], k_layers[0].name, 'q', path);
        if (access(path, R_OK) == 0)
            *folder = k_folders[i];
    }
    if (!*folder)
        return clfi_fail(log, CLF_ERROR_IO,
                         "the tensors are neither in %s nor in %s; --data DIR "
                         "says where they are",
                         k_folders[0], k_folders[1]);
    return CLF_OK;
}

/* Reads a layer; the caller finishes *a, also on failure. */
static clf_status read_layer(const char *folder, int layer, const clf_log *log, attention *a)
{
    char paths[3][1024];
    clfi_npy result;
    for (int i = 0; i < 3; i++)
        make_path(folder, k_layers[layer].name, "qkv"[i], paths[i]);
    const tensor_files files = {.q = paths[0], .k = paths[1], .v = paths[2]};
    return tensors_read(&files, log, a, &result);
}

/* The options' choices for a layer. */
static choices choices_of(const values *o, int layer)
{
    choices c = o->choices;
    c.causal = k_layers[layer].causal;
    return c;
}

static double square_of_sum(const float *x, const float *y, int64_t D)
{
    double sum = 0;
    for (int64_t d = 0; d < D; d++)
        sum += ((double)x[d] + y[d]) * ((double)x[d] + y[d]);
    return sum;
}

/* The median of |q' + k'|^2 over all pairs that see each other, q' = q sqrt(scale). */
static clf_status median_square(const clfi_problem *p, const clf_log *log, double *median)
{
    const int64_t counts[] = {p->B, p->H, p->L, p->S};
    size_t bytes = 0;
    if (!clfi_product_bytes(counts, 4, sizeof(double), &bytes) ||
        bytes / sizeof(double) > (size_t)INT_MAX)
        return clfi_fail(log, CLF_ERROR_INVALID_ARGUMENT,
                         "B=%lld H=%lld L=%lld S=%lld make more than %d pairs", (long long)p->B,
                         (long long)p->H, (long long)p->L, (long long)p->S, INT_MAX);
    double *squares = malloc(bytes);
    if (!squares)
        return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for %zu bytes of norms",
                         bytes);
    int count = 0;
    for (int64_t head = 0; head < p->B * p->H; head++) {
        const int64_t key_head = head / (p->H / p->Hkv);  // B entries of Hkv heads, one by one
        for (int64_t i = 0; i < p->L; i++) {
            const int64_t keys = p->causal ? i + 1 : p->S;
            for (int64_t j = 0; j < keys; j++)
                squares[count++] =
                    p->scale * square_of_sum(p->q + (head * p->L + i) * p->D,
                                             p->k + (key_head * p->S + j) * p->D, p->D);
        }
    }
    *median = measure_quartiles(squares, count).median;
    free(squares);
    return CLF_OK;
}

/* What one layer came to. */
typedef struct layer_errors {
    comparison favor, softmax;  // to FAVOR+ and to softmax, both in double precision
} layer_errors;

static void finish_errors(layer_errors *e)
{
    compare_finish(&e->favor);
    compare_finish(&e->softmax);
}

/* One layer on the device against the references. */
static clf_status run_layer(const values *o, clf_context *ctx, const attention *a,
                            const clf_log *log, layer_errors *errors)
{
    const clf_plan_params params = attention_params(a);
    const clfi_problem exact = attention_exact_problem(a);
    clf_status status = CLF_OK;
    clf_plan *plan = NULL;
    array out = {0};
    compared_rows rows = {0};
    TRY(clf_plan_create(ctx, &params, &plan));
    TRY(attention_run(a, plan, a->out_dtype, log, &out));
    TRY(compare_choose(&a->problem, o->choices.seed, COMPARE_BUDGET, log, &rows));
    TRY(compare_run(&a->problem, &reference_favor, &rows, &out, &a->out_layout,
                    attention_chain(plan), log, &errors->favor));
    TRY(compare_run(&exact, &reference_softmax, &rows, &out, &a->out_layout, 0, log,
                    &errors->softmax));
fail:
    compared_rows_finish(&rows);
    array_finish(&out);
    clf_plan_destroy(&plan);
    return status;
}

static void explain(const values *o, double low, double high)
{
    const clf_kind kind = choices_kind(&o->choices);
    const long long R = o->choices.features;
    char text[512];
    if (choices_oprf(&o->choices) || kind == CLF_KIND_TRIG)
        snprintf(text, sizeof text,
                 "Why the error to softmax is large: a feature estimates exp(q'.k') with a "
                 "variance that %lld features cannot average away where q' and k' are long.",
                 R);
    else if (kind == CLF_KIND_EXP || kind == CLF_KIND_COSH)
        snprintf(text, sizeof text,
                 "Why the error to softmax is large: one positive feature estimates exp(q'.k') "
                 "with a relative variance of about exp(|q'+k'|^2), and the median of |q'+k'|^2 is "
                 "%.0f to %.0f here, so %lld features cannot average it away; models are "
                 "fine-tuned with these features, not converted as they stand.",
                 low, high, R);
    else
        snprintf(text, sizeof text,
                 "Why the error to softmax is large: %s features stand for another kernel than "
                 "exp(q'.k'). It says how far the two attentions are apart, not that one is wrong.",
                 choices_kind_name(&o->choices));
    printf("\n");
    report_wrapped(stdout, text, 0, 0);
}

/* One layer: its line. The median of |q'+k'|^2 goes into *median. */
static clf_status show_layer(const values *o, clf_context *ctx, const char *folder, int layer,
                             const clf_log *log, double *median, bool *right)
{
    const choices c = choices_of(o, layer);
    clf_status status = CLF_OK;
    attention a = {0};
    layer_errors errors = {{0}, {0}};
    progress("layer %d of %d: %s", layer + 1, LAYERS, k_layers[layer].name);
    TRY(read_layer(folder, layer, log, &a));
    TRY(attention_settle(&a, &c, NULL, log));
    TRY(run_layer(o, ctx, &a, log, &errors));  // refuses shapes that do not fit first
    TRY(median_square(&a.problem, log, median));
    progress_clear();
    const clfi_problem *p = &a.problem;
    *right = errors.favor.worst.err_tau <= 1;
    printf("%-22s %2lld %3lld %2lld %-6s %7.1e %7.3g  %7.3g   %7.1f%s\n", k_layers[layer].name,
           (long long)p->H, (long long)p->L, (long long)p->D, p->causal ? "causal" : "",
           errors.favor.error, errors.favor.worst.err_tau, errors.softmax.error, *median,
           *right ? "" : " WRONG");
fail:
    finish_errors(&errors);
    attention_finish(&a);
    return status;
}

/* All layers: a line each. *wrong counts those beyond tau. */
static clf_status show_layers(const values *o, clf_context *ctx, const char *folder,
                              const clf_log *log, int *wrong)
{
    double low = INFINITY;
    double high = 0;
    printf("\nReal q, k, v of protein language models, R=%lld %s features:\n\n",
           (long long)o->choices.features, choices_kind_name(&o->choices));
    printf("                                       error to fp64    error to   median\n"
           "layer                   H   L  D        FAVOR+ err/tau  softmax |q'+k'|^2\n");
    for (int i = 0; i < LAYERS; i++) {
        double median = 0;
        bool right = false;
        const clf_status status = show_layer(o, ctx, folder, i, log, &median, &right);
        if (status != CLF_OK)
            return status;
        *wrong += !right;
        low = fmin(low, median);
        high = fmax(high, median);
    }
    explain(o, low, high);
    return CLF_OK;
}

/* The sweep of lengths, on one layer. */
static clf_status show_sweep(const values *o, clf_context *ctx, const char *folder,
                             const clf_log *log)
{
    const choices c = choices_of(o, SWEEP_LAYER);
    clf_status status = CLF_OK;
    attention layer = {0};
    TRY(read_layer(folder, SWEEP_LAYER, log, &layer));
    TRY(sweep_run(ctx, &layer, &c, k_layers[SWEEP_LAYER].name, o->svg, log));
fail:
    attention_finish(&layer);
    return status;
}

/* Opens the device and says which one and why. */
static clf_status open_device(const char *selector, const clf_log *log, clf_context **out)
{
    clf_status status = CLF_OK;
    clf_device_list *list = NULL;
    const clf_device_info *device;
    char reason[256];
    TRY(clf_device_list_create(log, &list));
    TRY(clf_device_select(list, selector, log, &device, reason, sizeof reason));
    TRY(clf_context_create(selector, log, out));
    report_wrapped(stdout, clf_context_device(*out)->name, printf("device  "), 8);
    report_wrapped(stdout, reason, printf("why     "), 8);
fail:
    clf_device_list_destroy(&list);
    return status;
}

static int run(const void *parsed, const clf_log *log)
{
    const values *o = parsed;
    clf_status status = CLF_OK;
    clf_context *ctx = NULL;
    const char *folder;
    int wrong = 0;
    TRY(choices_check(&o->choices, log));
    TRY(find_data(o, log, &folder));
    TRY(open_device(o->device, log, &ctx));
    TRY(show_layers(o, ctx, folder, log, &wrong));
    TRY(show_sweep(o, ctx, folder, log));
fail:
    clf_context_destroy(&ctx);
    if (wrong)
        clfi_log(log, CLF_LOG_ERROR, "%d of %d layers are beyond the bound tau", wrong, LAYERS);
    return status == CLF_OK && wrong ? EXIT_MISSED : (int)exit_of(status);
}

const command cmd_demo = {
    .name = "demo",
    .summary = "attention of real protein models: how exact, how fast",
    .details = "Runs attention on q, k and v of real protein language models. Shows the error to "
               "FAVOR+ in double precision, which must be within its bound tau, and the error to "
               "exact softmax; then the time per token from 512 to 16384 tokens.",
    .options = k_options,
    .values_size = sizeof(values),
    .run = run,
};
