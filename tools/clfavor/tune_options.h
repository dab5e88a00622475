/* The options of `clfavor tune`, and the problems that they describe. */
#ifndef TOOL_TUNE_OPTIONS_H
#define TOOL_TUNE_OPTIONS_H

#include "lines.h"

typedef struct tune_options {
    const char *device, *shape, *lines, *budget, *timeout, *candidates, *import;
    option_choice device_class;              // clfi_classes
    double budget_seconds, timeout_seconds;  // of the texts; 0: not given
    choices choices;
    bool exhaustive, export_results, reset, json;
} tune_options;

extern const option_row tune_option_rows[];

/* Refuses what contradicts itself, and reads the times. Errors: INVALID_ARGUMENT. */
clf_status tune_check(tune_options *o, const clf_log *log);

/* One problem. */
typedef struct tune_case {
    const char *name;  // of a line, or NULL
    const char *kind;  // its name
    clf_plan_params problem;
} tune_case;

/* The lines, or B=1 H=8 L=4096 D=64 R=256 with what the options change. Errors: INVALID_ARGUMENT.
 */
clf_status tune_cases(const tune_options *o, const clf_log *log, tune_case out[LINES_MAX],
                      int *count);

#endif
