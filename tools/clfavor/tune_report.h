/* What `clfavor tune` shows while it searches, and what comes of it. */
#ifndef TOOL_TUNE_REPORT_H
#define TOOL_TUNE_REPORT_H

#include <clfavor/tune.h>

#include "tune_options.h"

/* Redraws the line of progress. */
void tune_print_progress(const clf_tune_progress *p);

/* What is known before the first search. */
void tune_print_head(const clf_context *ctx);

/* The result of one problem. */
void tune_print(const tune_case *c, const clf_tune_report *report, bool interrupted);

/* The same of all as JSON. Errors: OUT_OF_HOST_MEMORY. */
clf_status tune_print_json(const clf_context *ctx, const tune_case *cases,
                           const clf_tune_report *reports, int count, bool interrupted,
                           const clf_log *log);

#endif
