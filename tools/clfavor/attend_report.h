/* What `clfavor attend` says of a result. */
#ifndef TOOL_ATTEND_REPORT_H
#define TOOL_ATTEND_REPORT_H

#include "attention.h"
#include "compare.h"

/* The comparisons of a result. Path exact has the first one alone, with exact softmax. */
typedef struct attend_errors {
    compared_rows rows;     // of all but `device`
    comparison result;      // the result against its own formula in double precision
    comparison softmax;     // and against exact softmax in double precision
    comparison device;      // and against exact softmax on the device, all rows
    comparison device_own;  // exact softmax on the device against double precision
} attend_errors;

typedef struct attend_result {
    const attention *what;
    const clf_context *ctx;
    const clf_plan *plan;
    const char *path;             // of the file; NULL: none was written
    const attend_errors *errors;  // NULL: nothing was compared
} attend_result;

void attend_print_text(const attend_result *r);

/* Errors: OUT_OF_HOST_MEMORY. */
clf_status attend_print_json(const attend_result *r, const clf_log *log);

#endif
