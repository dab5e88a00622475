/* clfavor demo: real Q, K, V of protein language models, how exact and how fast.
 *
 * Invariant: it fails (exit code 1) when a layer is further from fp64 FAVOR+ than its bound; the
 * distance to exact softmax is shown and explained, never judged. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attention.h"
#include "commands.h"
#include "compare.h"
#include "exit.h"
#include "host/checked.h"
#include "host/log.h"
#include "measure.h"
#include "report.h"
#include "svg.h"
#include "tensors.h"
#include "workload.h"

typedef struct values {
    const char *device, *data, *svg;
    int64_t features;
    uint64_t seed;
    int kind;
} values;

static const option_row k_options[] = {
    {.name = "svg",
     .type = OPTION_TEXT,
     .offset = offsetof(values, svg),
     .argument = "FILE",
     .help = "Receives the chart of the length sweep"},
    {.name = "features",
     .type = OPTION_INT,
     .offset = offsetof(values, features),
     .argument = "R",
     .help = "Features, even for cosh",
     .min = 1,
     .max = 65536,
     .fallback = "256"},
    OPTION_ROW_KIND(values),
    {.name = "data",
     .type = OPTION_TEXT,
     .offset = offsetof(values, data),
     .argument = "DIR",
     .help = "Where the tensors are, if not where they were installed"},
    OPTION_ROW_SEED(values),
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

static const int64_t k_lengths[] = {512, 1024, 2048, 4096, 8192, 16384};
enum {
    LENGTHS = sizeof k_lengths / sizeof k_lengths[0],
    ROUNDS = 7
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

static clf_status read_layer(const values *o, const char *folder, int layer, const clf_log *log,
                             tensors *files, clfi_problem *p)
{
    char paths[3][1024];
    for (int i = 0; i < 3; i++)
        make_path(folder, k_layers[layer].name, "qkv"[i], paths[i]);
    *p = (clfi_problem){
        .R = o->features, .kind = (clf_kind)o->kind, .causal = k_layers[layer].causal};
    const clf_status status =
        tensors_read((const char *const[]){paths[0], paths[1], paths[2]}, false, log, files, p);
    if (status == CLF_OK)
        p->scale = 1 / sqrt((double)p->D);
    return status;
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
        for (int64_t i = 0; i < p->L; i++) {
            const int64_t keys = p->causal ? i + 1 : p->S;
            for (int64_t j = 0; j < keys; j++)
                squares[count++] = p->scale * square_of_sum(p->q + (head * p->L + i) * p->D,
                                                            p->k + (head * p->S + j) * p->D, p->D);
        }
    }
    *median = measure_quartiles(squares, count).median;
    free(squares);
    return CLF_OK;
}

/* One layer on the device against the references. */
static clf_status run_layer(const values *o, clf_context *ctx, const clfi_problem *given,
                            const clf_log *log, comparison *errors)
{
    clfi_problem p = *given;
    const clf_layout layout = clf_layout_bhld(p.H, p.L, p.E);
    clf_status status = CLF_OK;
    clf_projection *projection = NULL;
    float *out = malloc((size_t)(p.B * p.H * p.L * p.E) * sizeof *out);
    if (!out)
        return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for a result");
    TRY(attention_draw(&p, o->seed, log, &projection));
    attention_use(&p, projection);
    const clf_plan_params params = attention_params(&p, projection, &layout);
    TRY(clf_attention(ctx, &params, p.q, p.k, p.v, out));
    TRY(compare_run(&p, out, &layout, true, o->seed, log, errors));
fail:
    clf_projection_destroy(&projection);
    free(out);
    return status;
}

static void explain(const values *o, double low, double high)
{
    char text[512];
    snprintf(text, sizeof text,
             "Why the error to softmax is large: one positive feature estimates exp(q'.k') with a "
             "relative variance of about exp(|q'+k'|^2), and the median of |q'+k'|^2 is %.0f to "
             "%.0f here, so %lld features cannot average it away; models are fine-tuned with these "
             "features, not converted as they stand.",
             low, high, (long long)o->features);
    printf("\n");
    report_wrapped(stdout, text, 0, 0);
}

/* All layers: a line each. *wrong counts those beyond tau. */
static clf_status show_layers(const values *o, clf_context *ctx, const char *folder,
                              const clf_log *log, int *wrong)
{
    clf_status status = CLF_OK;
    tensors files = {0};
    comparison errors = {0};
    double low = INFINITY;
    double high = 0;
    printf("\nReal q, k, v of protein language models, R=%lld %s features:\n\n",
           (long long)o->features, k_kind_words[o->kind]);
    printf("                                       error to fp64    error to   median\n"
           "layer                   H   L  D        FAVOR+ err/tau  softmax |q'+k'|^2\n");
    for (int i = 0; i < LAYERS; i++) {
        clfi_problem p;
        double median = 0;
        progress("layer %d of %d: %s", i + 1, LAYERS, k_layers[i].name);
        TRY(read_layer(o, folder, i, log, &files, &p));
        TRY(run_layer(o, ctx, &p, log, &errors));  // refuses shapes that do not fit first
        TRY(median_square(&p, log, &median));
        progress_clear();
        printf("%-22s %2lld %3lld %2lld %-6s %7.1e %7.3g  %7.3g   %7.1f%s\n", k_layers[i].name,
               (long long)p.H, (long long)p.L, (long long)p.D, p.causal ? "causal" : "",
               errors.total.favor, errors.worst.err_tau, errors.total.softmax, median,
               errors.worst.err_tau <= 1 ? "" : " WRONG");
        *wrong += !(errors.worst.err_tau <= 1);
        low = fmin(low, median);
        high = fmax(high, median);
        compare_finish(&errors);
        tensors_finish(&files);
    }
    explain(o, low, high);
fail:
    compare_finish(&errors);
    tensors_finish(&files);
    return status;
}

/* Repeats each head of a contiguous [H, from, columns] tensor along its rows. */
static float *tile_rows(const float *x, int64_t heads, int64_t from, int64_t to, int64_t columns)
{
    float *tiled = malloc((size_t)(heads * to * columns) * sizeof *tiled);
    for (int64_t row = 0; tiled && row < heads * to; row++) {
        const int64_t source = row / to * from + row % to % from;
        memcpy(tiled + row * columns, x + source * columns, (size_t)columns * sizeof *x);
    }
    return tiled;
}

static clf_status create_tiled(clf_context *ctx, const clfi_problem *layer, int64_t L,
                               uint64_t seed, const clf_log *log, workload *work)
{
    const int64_t heads = layer->B * layer->H;
    float *q = tile_rows(layer->q, heads, layer->L, L, layer->D);
    float *k = tile_rows(layer->k, heads, layer->S, L, layer->D);
    float *v = tile_rows(layer->v, heads, layer->S, L, layer->E);
    clf_status status = CLF_OK;
    if (!q || !k || !v) {
        status = clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for L=%lld", (long long)L);
        goto fail;
    }
    clfi_problem p = *layer;
    p.L = p.S = L;
    p.q = q;
    p.k = k;
    p.v = v;
    p.q_layout = p.k_layout = p.v_layout = (clf_layout){0};
    TRY(workload_create(ctx, &p, seed, log, work));
fail:
    free(q);
    free(k);
    free(v);
    return status;
}

static void print_sweep(const svg_point *points)
{
    double largest = 0;
    for (int i = 0; i < LENGTHS; i++)
        largest = fmax(largest, points[i].us_per_token);
    printf("\n   tokens         ms   us/token\n");
    for (int i = 0; i < LENGTHS; i++) {
        char bar[49];
        report_bar(points[i].us_per_token, largest, 48, bar);
        printf("%9lld %10.2f %10.3f %s\n", (long long)points[i].L,
               points[i].us_per_token * (double)points[i].L * 1e-3, points[i].us_per_token, bar);
    }
}

/* Time per token over the length: near a constant, where exact attention would double. */
static clf_status show_sweep(const values *o, clf_context *ctx, const char *folder,
                             const clf_log *log)
{
    clf_status status = CLF_OK;
    tensors files = {0};
    clfi_problem layer;
    workload work[LENGTHS] = {{0}};
    double seconds[LENGTHS][ROUNDS];
    svg_point points[LENGTHS];
    char subtitle[160];
    TRY(read_layer(o, folder, SWEEP_LAYER, log, &files, &layer));
    printf("\n%s tiled along L (H=%lld D=%lld R=%lld), median of %d runs:\n",
           k_layers[SWEEP_LAYER].name, (long long)layer.H, (long long)layer.D, (long long)layer.R,
           ROUNDS);
    for (int i = 0; i < LENGTHS; i++) {
        progress("preparing %lld tokens", (long long)k_lengths[i]);
        TRY(create_tiled(ctx, &layer, k_lengths[i], o->seed, log, &work[i]));
    }
    for (int round = 0; round < ROUNDS; round++) {
        progress("round %d of %d", round + 1, ROUNDS);
        for (int i = 0; i < LENGTHS; i++)
            TRY(workload_time(&work[i], log, &seconds[i][round]));
    }
    progress_clear();
    for (int i = 0; i < LENGTHS; i++) {
        const double median = measure_quartiles(seconds[i], ROUNDS).median;
        points[i] = (svg_point){k_lengths[i], median * 1e6 / (double)k_lengths[i]};
    }
    print_sweep(points);
    if (o->svg) {
        snprintf(subtitle, sizeof subtitle, "%s, H=%lld D=%lld R=%lld, %s",
                 k_layers[SWEEP_LAYER].name, (long long)layer.H, (long long)layer.D,
                 (long long)layer.R, clf_context_device(ctx)->name);
        TRY(svg_write(o->svg, "FAVOR+ attention: time per token", subtitle, points, LENGTHS, log));
        printf("\nchart in %s\n", o->svg);
    }
fail:
    for (int i = 0; i < LENGTHS; i++)
        workload_destroy(&work[i]);
    tensors_finish(&files);
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
    TRY(attention_check_features(o->kind, o->features, log));
    TRY(find_data(o, log, &folder));
    TRY(open_device(o->device, log, &ctx));
    TRY(show_layers(o, ctx, folder, log, &wrong));
    TRY(show_sweep(o, ctx, folder, log));
fail:
    clf_context_destroy(&ctx);
    if (wrong)
        clfi_log(log, CLF_LOG_ERROR, "%d of %d layers are beyond the bound tau", wrong, LAYERS);
    return status == CLF_OK && wrong ? EXIT_ABOVE_TAU : (int)exit_of(status);
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
