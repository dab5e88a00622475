/* Timed runs of a plan. Runs are timed on the host, each from its call until it is done; stages by
 * the device.
 *
 * Invariant: nothing is allocated or copied between the start and the stop of the clock. */
#include "workload.h"

#include <math.h>
#include <stdlib.h>

#include "cl/buffer.h"
#include "cl/error.h"
#include "host/checked.h"
#include "host/clock.h"
#include "host/log.h"
#include "measure.h"
#include "plan_internal.h"

static const double k_sample_seconds = 0.02;

enum {
    MOST_REPEATS = 1000
};

static clf_status create_buffers(clf_context *ctx, const attention *a, const clf_log *log,
                                 workload *w)
{
    const clfi_problem *p = &a->problem;
    const int64_t counts[] = {p->B, p->H, p->L, p->E};
    const array *const inputs[] = {&a->q, &a->k, &a->v};
    static const char *const names[] = {"q", "k", "v"};
    clf_status status = CLF_OK;
    size_t bytes;
    for (int i = 0; i < 3; i++)
        TRY(clfi_buffer_create(ctx, CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR,
                               inputs[i]->count * clf_dtype_size(inputs[i]->dtype),
                               inputs[i]->stored, names[i], &w->tensors[i]));
    REQUIRE(clfi_product_bytes(counts, 4, clf_dtype_size(a->out_dtype), &bytes), log,
            "the result has too many elements");
    TRY(clfi_buffer_create(ctx, CL_MEM_WRITE_ONLY, bytes, NULL, "out", &w->tensors[3]));
fail:
    return status;
}

static clf_run_args run_args(const workload *w, cl_command_queue queue)
{
    return (clf_run_args){
        .q = {w->tensors[0], 0},
        .k = {w->tensors[1], 0},
        .v = {w->tensors[2], 0},
        .out = {w->tensors[3], 0},
        .queue = queue,
    };
}

clf_status workload_time(workload *w, const clf_log *log, double *seconds)
{
    clf_status status = CLF_OK;
    const clf_run_args args = run_args(w, w->queue);
    const double begin = clfi_seconds();
    for (int i = 0; i < w->repeats; i++) {
        TRY(clf_plan_run(w->plan, &args, NULL));
        TRY_CL(log, clFinish(w->queue));
    }
    *seconds = (clfi_seconds() - begin) / w->repeats;
fail:
    return status;
}

/* Adds what a command took. */
static clf_status add_seconds(cl_event event, const clf_log *log, double *seconds)
{
    clf_status status = CLF_OK;
    cl_ulong start, end;
    TRY_CL(log,
           clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_START, sizeof start, &start, NULL));
    TRY_CL(log, clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_END, sizeof end, &end, NULL));
    *seconds += 1e-9 * (double)(end - start);
fail:
    return status;
}

/* One run; `events` [launches] are NULL before and after. */
static clf_status trace_run(workload *w, cl_command_queue queue, cl_event *events, int64_t launches,
                            const clf_log *log, double *seconds)
{
    clf_status status = CLF_OK;
    const clf_run_args args = run_args(w, queue);
    TRY(clfi_plan_run_traced(w->plan, &args, events));
    TRY_CL(log, clFinish(queue));
    for (int64_t i = 0; i < launches; i++)
        TRY(add_seconds(events[i], log, &seconds[i % w->plan->launches]));
fail:
    for (int64_t i = 0; i < launches; i++) {
        if (events[i])
            clReleaseEvent(events[i]);
        events[i] = NULL;
    }
    return status;
}

clf_status workload_time_stages(workload *w, cl_command_queue queue, const clf_log *log,
                                double *seconds)
{
    clf_status status = CLF_OK;
    const int64_t launches = clfi_plan_run_launches(w->plan);
    cl_event *events = calloc((size_t)launches, sizeof *events);
    if (!events)
        return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for %lld events",
                         (long long)launches);
    for (int i = 0; i < w->plan->launches; i++)
        seconds[i] = 0;
    for (int i = 0; i < w->repeats; i++)
        TRY(trace_run(w, queue, events, launches, log, seconds));
    for (int i = 0; i < w->plan->launches; i++)
        seconds[i] /= w->repeats;
fail:
    free(events);
    return status;
}

clf_status workload_create(clf_context *ctx, const attention *a, const clf_log *log, workload *out)
{
    clf_status status = CLF_OK;
    const clf_plan_params params = attention_params(a);
    *out = (workload){.queue = clf_context_queue(ctx)};
    TRY(clf_plan_create(ctx, &params, &out->plan));
    TRY(create_buffers(ctx, a, log, out));
    return CLF_OK;
fail:
    workload_destroy(out);
    return status;
}

clf_status workload_share(const workload *w, const clf_log *log, workload *out)
{
    clf_status status = CLF_OK;
    out->queue = w->queue;
    for (int i = 0; i < 4; i++) {
        TRY_CL(log, clRetainMemObject(w->tensors[i]));
        out->tensors[i] = w->tensors[i];
    }
fail:
    return status;
}

clf_status workload_warm_up(workload *w, const clf_log *log)
{
    clf_status status = CLF_OK;
    double seconds;
    w->repeats = 1;
    for (int i = 0; i < 2; i++)  // the first run also fetches the pages of `out`
        TRY(workload_time(w, log, &seconds));
    w->repeats = (int)fmin(fmax(ceil(k_sample_seconds / fmax(seconds, 1e-9)), 1), MOST_REPEATS);
fail:
    return status;
}

void workload_destroy(workload *w)
{
    clf_plan_destroy(&w->plan);
    for (int i = 0; i < 4; i++) {
        if (w->tensors[i])
            clReleaseMemObject(w->tensors[i]);
    }
    *w = (workload){0};
}
