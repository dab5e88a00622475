/* The options of `clfavor bench`, which the processes that it starts are given as well. */
#ifndef TOOL_BENCH_OPTIONS_H
#define TOOL_BENCH_OPTIONS_H

#include "lines.h"

typedef struct bench_options {
    const char *device;
    const char *lines;  // NULL: `lengths` and the shape
    option_list lengths;
    int64_t batch, heads, head_size, value_size;
    int64_t rounds;
    int64_t vector_width;   // 0: the plan's choice
    option_choice against;  // by against_lookup
    choices choices;
    bool json, csv, no_stages, startup;
} bench_options;

extern const option_row bench_option_rows[];

/* The parsed options with the defaults that depend on others. */
bench_options bench_options_settle(const bench_options *parsed);

/* The lines that settled options ask for. Errors: INVALID_ARGUMENT (choices that contradict each
 * other, a name that no line has). */
clf_status bench_options_lines(const bench_options *o, const clf_log *log, line out[LINES_MAX],
                               int *count);

#endif
