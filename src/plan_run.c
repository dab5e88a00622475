/* Runs of a plan on device memory: sets arguments and enqueues.
 *
 * Invariant: nothing is compiled or waited for. The one query, the size of a buffer, is answered
 * on the host; a kernel that runs past the end of a buffer costs more. All stages of a run are
 * chained by events, so that queues out of order serve. */
#include "plan_internal.h"

#include "cl/buffer.h"
#include "cl/context_internal.h"
#include "cl/error.h"
#include "host/checked.h"

/* Whether `mem` is a buffer of at least this size. */
static clf_status check_bytes(const clf_log *log, const char *name, cl_mem mem, uint64_t need)
{
    clf_status status = CLF_OK;
    size_t bytes = 0;
    REQUIRE(mem, log, "%s is NULL", name);
    REQUIRE(clGetMemObjectInfo(mem, CL_MEM_SIZE, sizeof bytes, &bytes, NULL) == CL_SUCCESS, log,
            "%s is no memory object", name);
    REQUIRE(bytes >= need, log, "%s has %zu bytes, but the plan needs %llu", name, bytes,
            (unsigned long long)need);
fail:
    return status;
}

static clf_status check_tensor(const clf_plan *plan, clfi_tensor tensor, const clf_buffer *buffer)
{
    clf_status status = CLF_OK;
    const clf_log *log = &plan->ctx->log;
    const clfi_view *view = &plan->shape.tensor[tensor];
    int64_t end = 0, bytes = 0;
    REQUIRE(buffer->offset >= 0, log, "%s: offset=%lld is negative", view->name,
            (long long)buffer->offset);
    REQUIRE(clfi_add_i64(buffer->offset, view->span, &end) &&
                clfi_mul_i64(end, (int64_t)sizeof(float), &bytes),
            log, "%s: offset=%lld is beyond memory", view->name, (long long)buffer->offset);
    TRY(check_bytes(log, view->name, buffer->mem, (uint64_t)bytes));
fail:
    return status;
}

static clf_status check_args(const clf_plan *plan, const clf_run_args *args)
{
    clf_status status = CLF_OK;
    const clf_log *log = &plan->ctx->log;
    const clf_buffer *buffers[CLFI_TENSORS] = {&args->q, &args->k, &args->v, &args->out};
    for (int i = 0; i < CLFI_TENSORS; i++)
        TRY(check_tensor(plan, (clfi_tensor)i, buffers[i]));
    if (args->workspace)
        TRY(check_bytes(log, "workspace", args->workspace, plan->choice.workspace_bytes));
    REQUIRE((args->num_wait == 0) == (args->wait == NULL), log,
            "num_wait=%u, but the list of events is %s", (unsigned)args->num_wait,
            args->wait ? "there" : "NULL");
    for (cl_uint i = 0; i < args->num_wait; i++)
        REQUIRE(args->wait[i], log, "wait[%u] is NULL", (unsigned)i);
fail:
    return status;
}

/* All launches of all passes; each waits for the one before it. The lock is held. */
static clf_status enqueue_all(clf_plan *plan, clfi_kernel_args *args, const clf_run_args *run,
                              cl_event *event)
{
    clf_status status = CLF_OK;
    const cl_command_queue queue = run->queue ? run->queue : plan->ctx->queue;
    const int64_t heads = plan->shape.heads, step = plan->choice.heads_per_pass;
    cl_event before = NULL;
    for (int64_t head0 = 0; head0 < heads; head0 += step) {
        const int64_t count = heads - head0 < step ? heads - head0 : step;
        args->head0 = (cl_int)head0;
        for (int i = 0; i < plan->launches; i++) {
            const bool last = head0 + step >= heads && i + 1 == plan->launches;
            cl_event done = NULL;
            status = clfi_plan_enqueue(plan, i, args, (int)count, queue, before ? 1 : run->num_wait,
                                       before ? &before : run->wait, last ? event : &done);
            if (before)
                clReleaseEvent(before);
            before = done;
            if (status != CLF_OK)
                return status;
        }
    }
    return status;
}

clf_status clf_plan_run(clf_plan *plan, const clf_run_args *args, cl_event *event)
{
    clf_status status = CLF_OK;
    if (event)
        *event = NULL;
    REQUIRE(plan, NULL, "plan is NULL");
    REQUIRE(args, &plan->ctx->log, "args is NULL");
    TRY(check_args(plan, args));
    clfi_kernel_args kernel_args;
    clfi_plan_fixed_args(plan, &kernel_args);
    kernel_args.q = args->q.mem;
    kernel_args.k = args->k.mem;
    kernel_args.v = args->v.mem;
    kernel_args.out = args->out.mem;
    kernel_args.q_at = clfi_plan_at(plan, CLFI_Q, args->q.offset);
    kernel_args.k_at = clfi_plan_at(plan, CLFI_K, args->k.offset);
    kernel_args.v_at = clfi_plan_at(plan, CLFI_V, args->v.offset);
    kernel_args.out_at = clfi_plan_at(plan, CLFI_OUT, args->out.offset);

    pthread_mutex_lock(&plan->lock);
    if (!args->workspace && !plan->workspace)
        status = clfi_buffer_create(plan->ctx, CL_MEM_READ_WRITE, plan->choice.workspace_bytes,
                                    NULL, "the plan's workspace", &plan->workspace);
    if (status == CLF_OK) {
        kernel_args.state = args->workspace ? args->workspace : plan->workspace;
        kernel_args.w = plan->w;
        kernel_args.w_head = plan->w_head;
        status = enqueue_all(plan, &kernel_args, args, event);
    }
    pthread_mutex_unlock(&plan->lock);
fail:
    return status;
}
