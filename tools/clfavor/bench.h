/* What `clfavor bench` measures: a series of rounds for each length. */
#ifndef TOOL_BENCH_H
#define TOOL_BENCH_H

#include "choices.h"
#include "measure.h"
#include "peak.h"
#include "plan_internal.h"
#include "workload.h"

typedef struct bench_options {
    const char *device;
    option_list lengths;
    int64_t batch, heads, head_size, value_size, rounds;
    int64_t vector_width;  // 0: the plan's choice
    choices choices;
    bool json, csv, no_stages;
} bench_options;

/* A run of a plan as a whole, or one of its stages. */
typedef struct bench_row {
    const char *stage;        // "total", "kv_state", ..
    int64_t launches;         // of a run; 0: unknown
    double flop;              // of a run; NAN: its work is something else
    double *ms, *fractions;   // [rounds]; of the FMA peak of that moment
    quartiles time;           // ms
    double fraction_of_peak;  // median
} bench_row;

/* One length. */
typedef struct bench_series {
    int64_t L, R;
    workload work;
    int rows;
    bench_row row[1 + CLFI_MAX_STAGES];  // the total, and the stages in their order
    double *copy_fractions;              // [rounds]
    double fraction_of_copy;  // median: q, k, v and out once, against a copy of that moment
} bench_series;

typedef struct bench {
    bench_options options;  // value_size is not 0
    clf_context *ctx;
    cl_command_queue profiling;  // a queue that times its commands
    peak peak[PEAK_COUNT];
    double *rates[PEAK_COUNT];   // [rounds * count]
    quartiles rate[PEAK_COUNT];  // a second
    int count;
    bench_series at[OPTION_LIST_MAX];
} bench;

/* Measures all series of `b`, of which only the options are set. Errors: those of
 * clf_context_create, clf_plan_create and clf_plan_run, DEVICE, DEVICE_MEMORY,
 * OUT_OF_HOST_MEMORY. The caller finishes `b`, also on failure. */
clf_status bench_measure(bench *b, const clf_log *log);

void bench_finish(bench *b);

#endif
