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

/* Makes the plan, and copies q, k and v (contiguous, no mask) to the device. `a` may go afterwards.
 * Errors: those of clf_plan_create. */
clf_status workload_create(clf_context *ctx, const attention *a, const clf_log *log, workload *out);

/* Runs it twice, and sets how often a measurement repeats; before the first one. Errors: those of
 * clf_plan_run. */
clf_status workload_warm_up(workload *w, const clf_log *log);

/* Makes a workload of w's tensors and of the plan that `out` has, of the same problem. Errors:
 * DEVICE; the plan stays. */
clf_status workload_share(const workload *w, const clf_log *log, workload *out);

/* Runs `repeats` times, waiting for each, and gives the seconds of one run. Errors: those of
 * clf_plan_run. */
clf_status workload_time(workload *w, const clf_log *log, double *seconds);

/* Runs as often on `queue`, which times its commands (CL_QUEUE_PROFILING_ENABLE), one run after the
 * other, and gives the seconds of each stage of a run, by the device's clock, without what lies
 * between them. `seconds` is [plan->launches]; not for a plan of the CLBlast path. Errors: those of
 * clf_plan_run, OUT_OF_HOST_MEMORY. */
clf_status workload_time_stages(workload *w, cl_command_queue queue, const clf_log *log,
                                double *seconds);

void workload_destroy(workload *w);

#endif
