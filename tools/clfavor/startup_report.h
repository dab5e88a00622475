/* The report of `clfavor bench --startup`. */
#ifndef TOOL_STARTUP_REPORT_H
#define TOOL_STARTUP_REPORT_H

#include "startup.h"

/* Prints to standard output what was measured, in the form that the options ask for: a table of 80
 * columns, JSON, or CSV. Errors: OUT_OF_HOST_MEMORY. */
clf_status startup_report(const startup *s, const clf_log *log);

#endif
