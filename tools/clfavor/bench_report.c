/* Prints the measurements of `clfavor bench`. Computes nothing but rates.
 *
 * Invariant: CSV is made of the JSON, so both have the same fields. */
#include "bench_report.h"

#include <math.h>

#include "commit.h"
#include "csv.h"
#include "report.h"

static double gflops_of(const bench_row *row)
{
    return row->flop / row->time.median * 1e-6;
}

/* Microseconds of an empty launch. */
static quartiles launch_us(const bench *b)
{
    const quartiles rate = b->rate[PEAK_LAUNCH];
    return (quartiles){.q1 = 1e6 / rate.q3, .median = 1e6 / rate.median, .q3 = 1e6 / rate.q1};
}

static json_t *quartiles_json(quartiles q, double unit)
{
    return json_pack("{s:o, s:o, s:o}", "median", report_real(q.median / unit), "q1",
                     report_real(q.q1 / unit), "q3", report_real(q.q3 / unit));
}

static json_t *row_json(const bench *b, const bench_series *s, const bench_row *row)
{
    const bench_options *o = &b->options;
    const bool total = row == &s->row[0];
    return json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:b, s:s, s:s, s:s, s:o, s:s, s:o, s:o, s:o, "
        "s:o, s:o, s:o, s:I, s:o}",
        "B", (json_int_t)o->batch, "H", (json_int_t)o->heads, "L", (json_int_t)s->L, "S",
        (json_int_t)s->L, "D", (json_int_t)o->head_size, "E", (json_int_t)o->value_size, "R",
        (json_int_t)s->R, "dtype", clf_dtype_name((clf_dtype)o->choices.dtype.index), "causal",
        o->choices.causal, "kind", choices_kind_name(&o->choices), "path",
        attention_path_name(s->work.plan), "stage", row->stage, "launches",
        row->launches ? json_integer(row->launches) : json_null(), "direction", "forward",
        "median_ms", report_real(row->time.median), "q1_ms", report_real(row->time.q1), "q3_ms",
        report_real(row->time.q3), "gflops", report_real(gflops_of(row)), "fraction_of_peak",
        report_real(row->fraction_of_peak), "fraction_of_copy",
        report_real(total ? s->fraction_of_copy : NAN), "workspace_bytes",
        (json_int_t)clf_plan_workspace_bytes(s->work.plan), "plan",
        report_text(clf_plan_describe(s->work.plan)));
}

static json_t *bench_json(const bench *b)
{
    const bench_options *o = &b->options;
    const clf_device_info *device = clf_context_device(b->ctx);
    json_t *results = json_array();
    for (int i = 0; i < b->count; i++) {
        for (int j = 0; j < b->at[i].rows; j++)
            json_array_append_new(results, row_json(b, &b->at[i], &b->at[i].row[j]));
    }
    return json_pack("{s:s, s:o, s:o, s:s, s:o, s:I, s:o, s:o, s:o, s:o}", "schema",
                     "clfavor-bench/1", "device", report_text(device->name), "driver",
                     report_text(device->driver), "commit", TOOL_COMMIT, "seed",
                     json_sprintf("%llu", (unsigned long long)o->choices.seed), "rounds",
                     (json_int_t)o->rounds, "peak_gflops", quartiles_json(b->rate[PEAK_FMA], 1e9),
                     "copy_gbs", quartiles_json(b->rate[PEAK_COPY], 1e9), "empty_launch_us",
                     report_real(launch_us(b).median), "results", results);
}

static void print_peaks(const bench *b)
{
    const quartiles fma = b->rate[PEAK_FMA], copy = b->rate[PEAK_COPY], launch = launch_us(b);
    printf("peak    %.1f GFLOP/s of FMA in float%d, quartiles %.1f to %.1f\n", fma.median * 1e-9,
           b->peak[PEAK_FMA].vector_width, fma.q1 * 1e-9, fma.q3 * 1e-9);
    printf("copy    %.2f GB/s, read and written in float%d, quartiles %.2f to %.2f\n",
           copy.median * 1e-9, b->peak[PEAK_COPY].vector_width, copy.q1 * 1e-9, copy.q3 * 1e-9);
    printf("launch  %.2f us of an empty kernel, quartiles %.2f to %.2f\n", launch.median, launch.q1,
           launch.q3);
}

static void print_header(const bench *b)
{
    const bench_options *o = &b->options;
    const clf_device_info *device = clf_context_device(b->ctx);
    char features[32] = "";
    report_wrapped(stdout, device->name, printf("device  "), 8);
    report_wrapped(stdout, device->driver, printf("driver  "), 8);
    printf("commit  %s\n", TOOL_COMMIT);
    if (b->at[0].R)
        snprintf(features, sizeof features, " R=%lld", (long long)b->at[0].R);
    printf("shape   B=%lld H=%lld D=%lld E=%lld%s %s%s %s, %lld rounds\n", (long long)o->batch,
           (long long)o->heads, (long long)o->head_size, (long long)o->value_size, features,
           choices_kind_name(&o->choices), o->choices.causal ? " causal" : "",
           clf_dtype_name((clf_dtype)o->choices.dtype.index), (long long)o->rounds);
    print_peaks(b);
}

/* A time in 7 columns, as far as there is room with three decimals. */
static void write_ms(double ms, char text[16])
{
    snprintf(text, 16, "%7.*f", ms < 999.9995 ? 3 : ms < 99999.95 ? 1 : 0, ms);
}

static void print_row(const bench *b, const bench_series *s, const bench_row *row)
{
    const double tokens = (double)b->options.batch * (double)s->L;
    const double ms[] = {row->time.median, row->time.q1, row->time.q3};
    const bool total = row == &s->row[0];
    char text[3][16], L[24] = "";
    for (int i = 0; i < 3; i++)
        write_ms(ms[i], text[i]);
    if (total)
        snprintf(L, sizeof L, "%lld", (long long)s->L);
    printf("%8s  %s%-*s %s  %s to %s %9.3f", L, total ? "" : " ", total ? 13 : 12, row->stage,
           text[0], text[1], text[2], row->time.median * 1e3 / tokens);
    if (isfinite(row->flop))
        printf(" %8.1f  %7.3f", gflops_of(row), row->fraction_of_peak);
    printf("\n");
}

static void print_traffic(const bench *b)
{
    double least = b->at[0].fraction_of_copy, most = least;
    for (int i = 1; i < b->count; i++) {
        least = fmin(least, b->at[i].fraction_of_copy);
        most = fmax(most, b->at[i].fraction_of_copy);
    }
    printf("\nq, k, v and out, moved once each, take %.2g", least);
    if (b->count > 1)
        printf(" to %.2g", most);
    printf(" of the copy's bandwidth.\n");
}

static void print_text(const bench *b)
{
    const bench_series *longest = &b->at[b->count - 1];
    const clf_plan *plan = longest->work.plan;
    print_header(b);
    printf("\n       L  stage              ms           quartiles  us/token  GFLOP/s  of peak\n");
    for (int i = 0; i < b->count; i++) {
        for (int j = 0; j < b->at[i].rows; j++)
            print_row(b, &b->at[i], &b->at[i].row[j]);
    }
    print_traffic(b);
    printf("\nplan at L=%lld, workspace %.1f MiB:\n", (long long)longest->L,
           (double)clf_plan_workspace_bytes(plan) / (1 << 20));
    report_wrapped(stdout, clf_plan_describe(plan), 0, 2);
}

clf_status bench_report(const bench *b, const clf_log *log)
{
    if (b->options.json)
        return report_json(bench_json(b), log);
    if (b->options.csv)
        return csv_print(bench_json(b), "results", log);
    print_text(b);
    return CLF_OK;
}
