/* Prints the measurements of `clfavor bench`: the tables of 80 columns are made here. Measures
 * nothing.
 *
 * Invariant: CSV is made of the JSON, so both have the same fields. */
#include "bench_report.h"

#include <math.h>

#include "against.h"
#include "bench_json.h"
#include "commit.h"
#include "csv.h"
#include "report.h"

static void print_peaks(const bench *b)
{
    const quartiles fma = b->rate[PEAK_FMA], copy = b->rate[PEAK_COPY], launch = bench_launch_us(b);
    printf("peak    %.1f GFLOP/s of FMA in float%d, quartiles %.1f to %.1f\n", fma.median * 1e-9,
           b->peak[PEAK_FMA].vector_width, fma.q1 * 1e-9, fma.q3 * 1e-9);
    printf("copy    %.2f GB/s, read and written in float%d, quartiles %.2f to %.2f\n",
           copy.median * 1e-9, b->peak[PEAK_COPY].vector_width, copy.q1 * 1e-9, copy.q3 * 1e-9);
    printf("launch  %.2f us of an empty kernel, quartiles %.2f to %.2f\n", launch.median, launch.q1,
           launch.q3);
}

/* What was measured: the shape, or which lines have theirs. */
static void print_shape(const bench *b)
{
    const bench_options *o = &b->options;
    char shape[LINE_SHAPE];
    line_shape(&b->at[0].line, b->at[0].R, shape);
    if (o->lines)
        printf("lines   %d for '%s', %lld rounds\n", b->count, o->lines, (long long)o->rounds);
    else
        printf("shape   %s, %lld rounds\n", shape, (long long)o->rounds);
}

static void print_header(const bench *b)
{
    const clf_device_info *device = clf_context_device(b->ctx);
    report_wrapped(stdout, device->name, printf("device  "), 8);
    report_wrapped(stdout, device->driver, printf("driver  "), 8);
    printf("commit  %s\n", TOOL_COMMIT);
    print_shape(b);
    print_peaks(b);
}

/* The name of a row in 23 columns: of a length and its stages, or of a named line and its. */
static void write_name(const bench_series *s, const bench_row *row, char text[LINE_LABEL])
{
    const bool total = row == &s->row[0];
    if (s->line.name)
        snprintf(text, LINE_LABEL, "%s%s", total ? "" : "  ", total ? s->line.name : row->stage);
    else if (total)
        snprintf(text, LINE_LABEL, "%8lld  %s", (long long)s->line.L, row->stage);
    else
        snprintf(text, LINE_LABEL, "%11s%s", "", row->stage);
}

static void print_row(const bench_series *s, const bench_row *row)
{
    const double tokens = (double)s->line.B * (double)s->line.L;
    const double ms[] = {row->time.median, row->time.q1, row->time.q3};
    char text[3][16], name[LINE_LABEL];
    for (int i = 0; i < 3; i++)
        report_ms(ms[i], text[i]);
    write_name(s, row, name);
    printf("%-23s %s  %s to %s %9.3f", name, text[0], text[1], text[2],
           row->time.median * 1e3 / tokens);
    if (isfinite(row->flop))
        printf(" %8.1f  %7.3f", bench_gflops(row), row->fraction_of_peak);
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

/* Each line against its other plan. */
static void print_against(const bench *b)
{
    printf("\nagainst %s: ratio is its time over this plan's, above 1 this one is faster\n"
           "%-23s other ms   ratio         quartiles\n",
           against_word(b->options.against.index), b->options.lines ? "line" : "length");
    for (int i = 0; i < b->count; i++) {
        const bench_other *o = &b->at[i].other;
        const char *verdict = bench_other_verdict(o);
        char label[LINE_LABEL], ms[16] = "-", spread[32] = "-";
        line_label(&b->at[i].line, label);
        if (o->timed) {
            report_ms(o->median_ms, ms);
            snprintf(spread, sizeof spread, "%.3f to %.3f", o->ratio.q1, o->ratio.q3);
        }
        printf("%-23s %8s %7.3f %17s", label, ms, o->ratio.median, spread);
        printf("%s%s\n", verdict ? "  " : "", verdict ? verdict : "");
    }
    printf("%-23s %16.3f\n", "geometric mean", b->geometric_mean);
}

static void print_plan(const bench *b)
{
    const bench_series *last = &b->at[b->count - 1];
    char label[LINE_LABEL];
    line_label(&last->line, label);
    printf("\nplan %s %s, workspace %.1f MiB:\n", last->line.name ? "of" : "at", label,
           (double)clf_plan_workspace_bytes(last->work.plan) / (1 << 20));
    report_wrapped(stdout, clf_plan_describe(last->work.plan), 0, 2);
    if (last->other.timed) {
        printf("against:\n");
        report_wrapped(stdout, clf_plan_describe(last->other.work.plan), 0, 2);
    }
}

static void print_text(const bench *b)
{
    print_header(b);
    printf("\n%s             ms           quartiles  us/token  GFLOP/s  of peak\n",
           b->options.lines ? "line            " : "       L  stage ");
    for (int i = 0; i < b->count; i++) {
        for (int j = 0; j < b->at[i].rows; j++)
            print_row(&b->at[i], &b->at[i].row[j]);
    }
    print_traffic(b);
    if (b->options.against.given)
        print_against(b);
    print_plan(b);
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
