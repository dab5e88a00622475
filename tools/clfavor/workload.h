/* A plan with its tensors on the device, to be run and timed many times. */
#ifndef TOOL_WORKLOAD_H
#define TOOL_WORKLOAD_H

#include "attention.h"

typedef struct workload {
    clf_plan *plan;
    cl_command_queue queue;  // borrowed from the context
    cl_mem tensors[4];       // q, k, v, out
    int repeats;             // runs per measurement, so that it is long enough for the clock
} workload;

/* Makes the plan, copies q, k and v (contiguous, no mask) to the device, and runs once. `a` may go
 * afterwards. Errors: those of clf_plan_create and clf_plan_run. */
clf_status workload_create(clf_context *ctx, const attention *a, const clf_log *log, workload *out);

/* Runs `repeats` times, waits, and gives the seconds of one run. Errors: those of clf_plan_run. */
clf_status workload_time(workload *w, const clf_log *log, double *seconds);

void workload_destroy(workload *w);

#endif
