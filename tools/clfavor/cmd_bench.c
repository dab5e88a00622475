/* clfavor bench: time of attention on the device, against the FMA peak of the same moment.
 *
 * Invariant: every sample stands between two measurements of the peak, and the rounds go over
 * all lengths in turn, so that a change of clock frequency hits all of them alike. */
#include <math.h>
#include <stdlib.h>

#include "choices.h"
#include "commands.h"
#include "commit.h"
#include "exit.h"
#include "host/checked.h"
#include "host/log.h"
#include "measure.h"
#include "peak.h"
#include "report.h"
#include "workload.h"

typedef struct values {
    const char *device;
    option_list lengths;
    int64_t heads, head_size, rounds;
    choices choices;
    bool json;
} values;

static const option_row k_options[] = {
    {.name = "lengths",
     .type = OPTION_INTS,
     .offset = offsetof(values, lengths),
     .argument = "L,L,..",
     .help = "Queries, and as many keys; up to 32 lengths",
     .min = 1,
     .max = 1 << 30,
     .fallback = "1024,4096,16384"},
    {.name = "heads",
     .type = OPTION_INT,
     .offset = offsetof(values, heads),
     .argument = "H",
     .help = "Heads",
     .min = 1,
     .max = 65536,
     .fallback = "8"},
    {.name = "head-size",
     .type = OPTION_INT,
     .offset = offsetof(values, head_size),
     .argument = "D",
     .help = "Head size and value size",
     .min = 1,
     .max = 1024,
     .fallback = "64"},
    CHOICE_ROW_FEATURES(values,
                        "Features, even for pairs (cosh, trig, gaussian-trig); without it "
                        "256",
                        NULL),
    CHOICE_ROW_KIND(values, "exp"),
    CHOICE_ROW_DTYPE(values, "What q, k, v and the result are stored as", "f32"),
    CHOICE_ROW_PATH(values),
    CHOICE_ROW_CAUSAL(values),
    {.name = "rounds",
     .type = OPTION_INT,
     .offset = offsetof(values, rounds),
     .argument = "N",
     .help = "Samples of each length",
     .min = 1,
     .max = 10000,
     .fallback = "11"},
    CHOICE_ROW_DRAW(values),
    CHOICE_ROW_SEED(values),
    OPTION_ROW_DEVICE(values),
    OPTION_ROW_JSON(values),
    {.name = NULL},
};

/* One length and its samples. */
typedef struct series {
    int64_t L, R;
    workload work;
    double *ms;        // [rounds]
    double *fraction;  // [rounds]
    quartiles time;
    double median_fraction;
} series;

typedef struct bench {
    const values *options;
    clf_context *ctx;
    peak fma;
    int count;
    series at[OPTION_LIST_MAX];
    double *gflops;  // [rounds * count] of the peak
    quartiles peak_gflops;
} bench;

/* FLOP of a forward pass, multiply-add = 2 (docs/math.md, section 2). The chunk of a causal pass
 * counts as 48 rows, whatever the kernel takes: all kernels are held to the same work. */
static double count_flop(const values *o, const series *s)
{
    const double C = 48;
    const double D = (double)o->head_size;
    const double E = D;
    const double R = (double)s->R;
    const double M = clf_kind_describe(choices_kind(&o->choices))->paired ? R / 2 : R;
    const double rows = (double)s->L;
    const double features = 2 * rows * M * D;  // of the queries, and again of the keys
    const double products = 2 * rows * R * E;  // K^T V, and again Q times that
    const double triangle = o->choices.causal ? C * (R + E) * rows : 0;
    const double keys = o->choices.causal ? (rows + 1) / 2 : rows;  // that a row sees
    const double exact = 2 * rows * keys * (D + E);
    return (double)o->heads * (o->choices.path.index == CLF_PATH_EXACT
                                   ? exact
                                   : 2 * features + 2 * products + triangle);
}

/* A tensor of random values: a block of normal numbers, repeated. */
static clf_status fill(const values *o, uint32_t sequence, int64_t L, const clf_log *log,
                       array *out)
{
    enum {
        PERIOD = 65521  // a prime, so that rows differ
    };
    clf_status status = CLF_OK;
    const int64_t counts[] = {o->heads, L, o->head_size};
    void *data = NULL;
    size_t bytes;
    REQUIRE(clfi_product_bytes(counts, 3, sizeof(float), &bytes), log,
            "--lengths %lld with --heads %lld and --head-size %lld overflows", (long long)L,
            (long long)o->heads, (long long)o->head_size);
    const size_t count = bytes / sizeof(float);
    data = malloc(bytes);
    if (!data)
        return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY,
                         "no memory for a tensor of %zu bytes of length %lld", bytes, (long long)L);
    float *random = data;
    const size_t fresh = count < PERIOD ? count : PERIOD;
    measure_fill_normal(o->choices.seed, sequence, random, (int64_t)fresh);
    for (size_t i = fresh; i < count; i++)
        random[i] = random[i - fresh];
    TRY(array_take(&data, CLF_DTYPE_F32, (clf_dtype)o->choices.dtype.index, count, log, out));
fail:
    return status;
}

/* Random q, k, v of one length. */
static clf_status create_series(bench *b, series *s, const clf_log *log)
{
    const values *o = b->options;
    const clf_layout layout = clf_layout_bhld(o->heads, s->L, o->head_size);
    clf_status status = CLF_OK;
    array x[3] = {{0}};
    attention a = {
        .problem = {.B = 1,
                    .H = o->heads,
                    .Hkv = o->heads,
                    .L = s->L,
                    .S = s->L,
                    .D = o->head_size,
                    .E = o->head_size,
                    .q_layout = layout,
                    .k_layout = layout,
                    .v_layout = layout},
        .out_dtype = (clf_dtype)o->choices.dtype.index,
        .out_layout = layout,
    };
    s->ms = calloc((size_t)o->rounds, sizeof *s->ms);
    s->fraction = calloc((size_t)o->rounds, sizeof *s->fraction);
    if (!s->ms || !s->fraction)
        return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for %lld rounds",
                         (long long)o->rounds);
    for (int i = 0; i < 3; i++)
        TRY(fill(o, (uint32_t)i, s->L, log, &x[i]));
    attention_set_tensors(&a, &x[0], &x[1], &x[2]);
    TRY(attention_settle(&a, &o->choices, NULL, log));
    s->R = a.problem.R;
    TRY(workload_create(b->ctx, &a, log, &s->work));
fail:
    for (int i = 0; i < 3; i++)
        array_finish(&x[i]);
    attention_finish(&a);
    return status;
}

/* One sample of one length between two of the peak. */
static clf_status sample(bench *b, int which, int round, const clf_log *log)
{
    series *s = &b->at[which];
    clf_status status = CLF_OK;
    double before;
    double after;
    double seconds;
    TRY(peak_measure(&b->fma, log, &before));
    TRY(workload_time(&s->work, log, &seconds));
    TRY(peak_measure(&b->fma, log, &after));
    const double peak_now = (before + after) / 2;
    s->ms[round] = seconds * 1e3;
    s->fraction[round] = count_flop(b->options, s) / seconds * 1e-9 / peak_now;
    b->gflops[round * b->count + which] = peak_now;
fail:
    return status;
}

static clf_status measure(bench *b, const clf_log *log)
{
    const int rounds = (int)b->options->rounds;
    clf_status status = CLF_OK;
    progress("measuring the FMA peak");
    TRY(clf_context_create(b->options->device, log, &b->ctx));
    TRY(peak_create(b->ctx, log, &b->fma));
    b->count = b->options->lengths.count;
    b->gflops = calloc((size_t)rounds * (size_t)b->count, sizeof *b->gflops);
    if (!b->gflops)
        return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for %d rounds", rounds);
    for (int i = 0; i < b->count; i++) {
        b->at[i].L = b->options->lengths.at[i];
        progress("preparing L=%lld", (long long)b->at[i].L);
        TRY(create_series(b, &b->at[i], log));
    }
    for (int round = 0; round < rounds; round++) {
        progress("round %d of %d", round + 1, rounds);
        for (int i = 0; i < b->count; i++)
            TRY(sample(b, i, round, log));
    }
    for (int i = 0; i < b->count; i++) {
        b->at[i].time = measure_quartiles(b->at[i].ms, rounds);
        b->at[i].median_fraction = measure_quartiles(b->at[i].fraction, rounds).median;
    }
    b->peak_gflops = measure_quartiles(b->gflops, rounds * b->count);
fail:
    progress_clear();
    return status;
}

static double gflops_of(const bench *b, const series *s)
{
    return count_flop(b->options, s) / s->time.median * 1e-6;
}

static json_t *series_json(const bench *b, const series *s)
{
    const values *o = b->options;
    return json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:b, s:s, s:s, s:s, s:s, s:o, s:o, "
        "s:o, s:o, s:o, s:I, s:o}",
        "B", (json_int_t)1, "H", (json_int_t)o->heads, "L", (json_int_t)s->L, "S", (json_int_t)s->L,
        "D", (json_int_t)o->head_size, "E", (json_int_t)o->head_size, "R", (json_int_t)s->R,
        "dtype", clf_dtype_name((clf_dtype)o->choices.dtype.index), "causal", o->choices.causal,
        "kind", choices_kind_name(&o->choices), "path", attention_path_name(s->work.plan), "stage",
        "total", "direction", "forward", "median_ms", report_real(s->time.median), "q1_ms",
        report_real(s->time.q1), "q3_ms", report_real(s->time.q3), "gflops",
        report_real(gflops_of(b, s)), "fraction_of_peak", report_real(s->median_fraction),
        "workspace_bytes", (json_int_t)clf_plan_workspace_bytes(s->work.plan), "plan",
        report_text(clf_plan_describe(s->work.plan)));
}

static clf_status print_json(const bench *b, const clf_log *log)
{
    const clf_device_info *device = clf_context_device(b->ctx);
    json_t *results = json_array();
    for (int i = 0; i < b->count; i++)
        json_array_append_new(results, series_json(b, &b->at[i]));
    return report_json(json_pack("{s:s, s:o, s:o, s:s, s:o}", "schema", "clfavor-bench/1", "device",
                                 report_text(device->name), "driver", report_text(device->driver),
                                 "commit", TOOL_COMMIT, "results", results),
                       log);
}

static void print_text(const bench *b)
{
    const values *o = b->options;
    const clf_device_info *device = clf_context_device(b->ctx);
    report_wrapped(stdout, device->name, printf("device  "), 8);
    report_wrapped(stdout, device->driver, printf("driver  "), 8);
    printf("commit  %s\n", TOOL_COMMIT);
    char features[32] = "";
    if (b->at[0].R)
        snprintf(features, sizeof features, " R=%lld", (long long)b->at[0].R);
    printf("shape   B=1 H=%lld D=E=%lld%s %s%s %s, %lld rounds\n", (long long)o->heads,
           (long long)o->head_size, features, choices_kind_name(&o->choices),
           o->choices.causal ? " causal" : "", clf_dtype_name((clf_dtype)o->choices.dtype.index),
           (long long)o->rounds);
    printf("peak    %.1f GFLOP/s of FMA in float%d, quartiles %.1f to %.1f\n\n",
           b->peak_gflops.median, b->fma.vector_width, b->peak_gflops.q1, b->peak_gflops.q3);
    printf("         L        ms  quartiles              us/token  GFLOP/s  of peak\n");
    for (int i = 0; i < b->count; i++) {
        const series *s = &b->at[i];
        char range[32];
        snprintf(range, sizeof range, "%.3f to %.3f", s->time.q1, s->time.q3);
        printf("%10lld %9.3f  %-22s %8.3f  %7.1f  %7.3f\n", (long long)s->L, s->time.median, range,
               s->time.median * 1e3 / (double)s->L, gflops_of(b, s), s->median_fraction);
    }
    const clf_plan *plan = b->at[b->count - 1].work.plan;
    printf("\nplan at L=%lld, workspace %.1f MiB:\n", (long long)b->at[b->count - 1].L,
           (double)clf_plan_workspace_bytes(plan) / (1 << 20));
    report_wrapped(stdout, clf_plan_describe(plan), 0, 2);
}

static int run(const void *parsed, const clf_log *log)
{
    clf_status status = CLF_OK;
    bench b = {.options = parsed};
    TRY(choices_check(&b.options->choices, log));
    TRY(measure(&b, log));
    if (b.options->json)
        TRY(print_json(&b, log));
    else
        print_text(&b);
fail:
    for (int i = 0; i < OPTION_LIST_MAX; i++) {
        workload_destroy(&b.at[i].work);
        free(b.at[i].ms);
        free(b.at[i].fraction);
    }
    free(b.gflops);
    peak_destroy(&b.fma);
    clf_context_destroy(&b.ctx);
    return exit_of(status);
}

const command cmd_bench = {
    .name = "bench",
    .summary = "times attention against the device's FMA peak",
    .details = "Times attention on random q, k and v that lie on the device. Each sample stands "
               "between two runs of a kernel of pure fused multiply-adds; 'of peak' is the median "
               "of the ratios. FLOP are those of the formulas: per head 2 M D (L + S) for the "
               "features, 2 R E (L + S) for the products, and 48 (R + E) L for a causal triangle; "
               "of exact softmax 2 (D + E) for each query and key that it sees.",
    .options = k_options,
    .values_size = sizeof(values),
    .run = run,
};
