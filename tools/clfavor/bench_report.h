/* The report of `clfavor bench`. */
#ifndef TOOL_BENCH_REPORT_H
#define TOOL_BENCH_REPORT_H

#include "bench.h"

/* Prints to standard output what was measured, in the form that the options ask for: a table of 80
 * columns, JSON, or CSV. Errors: OUT_OF_HOST_MEMORY. */
clf_status bench_report(const bench *b, const clf_log *log);

#endif
