/* What `clfavor verify` says of its cases. */
#ifndef TOOL_VERIFY_REPORT_H
#define TOOL_VERIFY_REPORT_H

#include "compare.h"
#include "verify_cases.h"

/* What came of one case. */
typedef struct verify_result {
    int64_t rows, skipped;  // of all heads
    double tau, err_tau;    // err_tau is infinite when no row was judged
    bool wanted;            // by --only
    bool run;               // false for a path that build or device do not have
    bool right;
} verify_result;

void verify_print_head(const clf_context *ctx);
void verify_print_row(const verify_case *c, const verify_result *r);

/* The worst of each kind, type and path, and of all. */
void verify_print_foot(const verify_result *results);

/* Errors: OUT_OF_HOST_MEMORY. */
clf_status verify_print_json(const clf_context *ctx, const verify_result *results,
                             const clf_log *log);

#endif
