/* What `clfavor bench` measures: a series of rounds for each line. */
#ifndef TOOL_BENCH_H
#define TOOL_BENCH_H

#include "bench_options.h"
#include "bench_other.h"
#include "measure.h"
#include "peak.h"
#include "plan_internal.h"
#include "workload.h"

/* A run of a plan as a whole, or one of its stages. */
typedef struct bench_row {
    const char *stage;        // "total", "kv_state", ..
    int64_t launches;         // of a run; 0: unknown
    double flop;              // of a run; NAN: its work is something else
    double *ms, *fractions;   // [rounds]; of the FMA peak of that moment
    quartiles time;           // ms
    double fraction_of_peak;  // median
} bench_row;

/* One line. */
typedef struct bench_series {
    line line;
    int64_t R;
    workload work;
    int rows;
    bench_row row[1 + CLFI_MAX_STAGES];  // the total, and the stages in their order
    double *copy_fractions;              // [rounds]
    double fraction_of_copy;  // median: q, k, v and out once, against a copy of that moment
    bench_other other;
} bench_series;

typedef struct bench {
    bench_options options;
    clf_context *ctx;
    cl_command_queue profiling;  // a queue that times its commands
    peak peak[PEAK_COUNT];
    double *rates[PEAK_COUNT];   // [rounds * count]
    quartiles rate[PEAK_COUNT];  // a second
    int count;
    bench_series at[LINES_MAX];
    int slower;             // lines that are slower than their other plan
    double geometric_mean;  // of the ratios; NAN without --against
} bench;

/* Measures the lines [count] of `b`, of which only options and count are set. Errors: those of
 * clf_context_create, clf_plan_create and clf_plan_run, DEVICE, DEVICE_MEMORY,
 * OUT_OF_HOST_MEMORY. The caller finishes `b`, also on failure. */
clf_status bench_measure(bench *b, const line *lines, const clf_log *log);

/* Median rate of a row's work, NAN for one without FLOP. */
double bench_gflops(const bench_row *row);

/* Microseconds of an empty launch. */
quartiles bench_launch_us(const bench *b);

void bench_finish(bench *b);

#endif
