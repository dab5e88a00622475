/* Timed runs of a plan. Times on the host, from the first enqueue to the end of the last run.
 *
 * Invariant: nothing is allocated or copied between the start and the stop of the clock. */
#include "workload.h"

#include <math.h>

#include "attention.h"
#include "cl/buffer.h"
#include "cl/error.h"
#include "host/checked.h"
#include "host/log.h"
#include "measure.h"

static const double k_sample_seconds = 0.02;

enum {
    MOST_REPEATS = 1000
};

static clf_status create_buffers(clf_context *ctx, const clfi_problem *p, const clf_log *log,
                                 workload *w)
{
    const struct {
        const char *name;
        const float *data;
        int64_t rows, columns;
    } tensors[4] = {
        {"q", p->q, p->L, p->D},
        {"k", p->k, p->S, p->D},
        {"v", p->v, p->S, p->E},
        {"out", NULL, p->L, p->E},
    };
    clf_status status = CLF_OK;
    for (int i = 0; i < 4; i++) {
        const int64_t counts[] = {p->B, p->H, tensors[i].rows, tensors[i].columns};
        size_t bytes;
        REQUIRE(clfi_product_bytes(counts, 4, sizeof(float), &bytes), log, "%s is too large",
                tensors[i].name);
        const cl_mem_flags flags =
            tensors[i].data ? CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR : CL_MEM_WRITE_ONLY;
        TRY(clfi_buffer_create(ctx, flags, bytes, tensors[i].data, tensors[i].name,
                               &w->tensors[i]));
    }
fail:
    return status;
}

clf_status workload_time(workload *w, const clf_log *log, double *seconds)
{
    clf_status status = CLF_OK;
    const clf_run_args args = {
        .q = {w->tensors[0], 0},
        .k = {w->tensors[1], 0},
        .v = {w->tensors[2], 0},
        .out = {w->tensors[3], 0},
    };
    const double begin = measure_seconds();
    for (int i = 0; i < w->repeats; i++)
        TRY(clf_plan_run(w->plan, &args, NULL));
    TRY_CL(log, clFinish(w->queue));
    *seconds = (measure_seconds() - begin) / w->repeats;
fail:
    return status;
}

clf_status workload_create(clf_context *ctx, const clfi_problem *p, uint64_t seed,
                           const clf_log *log, workload *out)
{
    clf_status status = CLF_OK;
    clf_projection *projection = NULL;
    workload w = {.queue = clf_context_queue(ctx), .repeats = 1};
    TRY(attention_draw(p, seed, log, &projection));
    const clf_plan_params params = attention_params(p, projection, &(clf_layout){0});
    TRY(clf_plan_create(ctx, &params, &w.plan));
    TRY(create_buffers(ctx, p, log, &w));
    double seconds;
    for (int warm = 0; warm < 2; warm++)  // the first run also fetches the pages of `out`
        TRY(workload_time(&w, log, &seconds));
    w.repeats = (int)fmin(fmax(ceil(k_sample_seconds / fmax(seconds, 1e-9)), 1), MOST_REPEATS);
    clf_projection_destroy(&projection);
    *out = w;
    return CLF_OK;
fail:
    clf_projection_destroy(&projection);
    workload_destroy(&w);
    *out = w;
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
