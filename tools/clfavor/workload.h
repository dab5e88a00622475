/* A plan with its tensors on the device, to be run and timed many times. */
#ifndef TOOL_WORKLOAD_H
#define TOOL_WORKLOAD_H

#include <clfavor/attention.h>

#include "host/ref/ref.h"

typedef struct workload {
    clf_plan *plan;
    cl_command_queue queue;  // borrowed from the context
    cl_mem tensors[4];       // q, k, v, out
    int repeats;             // runs per measurement, so that it is long enough for the clock
} workload;

/* Makes the plan, copies q, k and v of `p` (contiguous) to the device, and runs once. The
 * problem's arrays may go afterwards. Errors: those of clf_plan_create and clf_plan_run. */
clf_status workload_create(clf_context *ctx, const clfi_problem *p, uint64_t seed,
                           const clf_log *log, workload *out);

/* Runs `repeats` times, waits, and gives the seconds of one run. Errors: those of clf_plan_run. */
clf_status workload_time(workload *w, const clf_log *log, double *seconds);

void workload_destroy(workload *w);

#endif
