/* Runs of a plan on device memory: sets arguments and enqueues.
 *
 * Invariant: nothing is compiled or waited for. The one query, the size of a buffer, is answered
 * on the host; a kernel that runs past the end of a buffer costs more. All stages of a run are
 * chained by events, so that queues out of order serve. */
#include "plan_internal.h"

#include "cl/buffer.h"
#include "cl/context_internal.h"
#include "cl/error.h"
#include "cl/process.h"
#include "host/checked.h"

/* Whether `mem` is a buffer of at least this size. */
static clf_status check_bytes(const clf_log *log, const char *name, cl_mem mem, uint64_t need)
{
    clf_status status = CLF_OK;
    size_t bytes = 0;
    REQUIRE(mem, log, "%s is NULL", name);
    const cl_int code = clGetMemObjectInfo(mem, CL_MEM_SIZE, sizeof bytes, &bytes, NULL);
    REQUIRE(code != CL_INVALID_MEM_OBJECT, log, "%s is no memory object", name);
    TRY(clfi_cl_check(log, code, "clGetMemObjectInfo"));
    REQUIRE(bytes >= need, log, "%s has %zu bytes, but the plan needs %llu", name, bytes,
            (unsigned long long)need);
fail:
    return status;
}

clf_status clfi_check_buffer(const clf_log *log, const char *name, const clf_buffer *buffer,
                             int64_t elements, size_t element_bytes)
{
    clf_status status = CLF_OK;
    int64_t end = 0, bytes = 0;
    REQUIRE(buffer->offset >= 0, log, "%s: offset=%lld is negative", name,
            (long long)buffer->offset);
    REQUIRE(clfi_add_i64(buffer->offset, elements, &end) &&
                clfi_mul_i64(end, (int64_t)element_bytes, &bytes),
            log, "%s: offset=%lld is beyond memory", name, (long long)buffer->offset);
    TRY(check_bytes(log, name, buffer->mem, (uint64_t)bytes));
fail:
    return status;
}

clf_status clfi_check_wait(const clf_log *log, cl_uint num_wait, const cl_event *wait)
{
    clf_status status = CLF_OK;
    REQUIRE((num_wait == 0) == (wait == NULL), log, "num_wait=%u, but the list of events is %s",
            (unsigned)num_wait, wait ? "there" : "NULL");
    for (cl_uint i = 0; i < num_wait; i++)
        REQUIRE(wait[i], log, "wait[%u] is NULL", (unsigned)i);
fail:
    return status;
}

static clf_status check_args(const clf_plan *plan, const clf_run_args *args)
{
    clf_status status = CLF_OK;
    const clf_log *log = &plan->ctx->log;
    const clfi_shape *s = &plan->shape;
    const clf_buffer *buffers[CLFI_TENSORS] = {&args->q, &args->k, &args->v, &args->out};
    for (int i = 0; i < CLFI_TENSORS; i++)
        TRY(clfi_check_buffer(log, s->tensor[i].name, buffers[i], s->tensor[i].span,
                              clf_dtype_size(s->tensor[i].dtype)));
    REQUIRE(s->mask == CLF_MASK_KEYS || !args->mask.mem, log,
            "a mask is given, but the plan has none");
    if (s->mask == CLF_MASK_KEYS)
        TRY(clfi_check_buffer(log, "mask", &args->mask, s->B * s->S, 1));
    if (args->workspace)
        TRY(check_bytes(log, "workspace", args->workspace, plan->choice.workspace_bytes));
    TRY(clfi_check_wait(log, args->num_wait, args->wait));
fail:
    return status;
}

/* Enqueues all launches for all passes. `events` (may be NULL) receives one of every launch, and
 * `event` nothing then. */
static clf_status enqueue_chain(const clf_plan *plan, clfi_kernel_args *args,
                                cl_command_queue queue, cl_uint num_wait, const cl_event *wait,
                                cl_event *event, cl_event *events)
{
    clf_status status = CLF_OK;
    const int64_t states = plan->choice.states, step = plan->choice.states_per_pass;
    cl_event before = NULL;
    for (int64_t first = 0; first < states; first += step) {
        const int64_t count = states - first < step ? states - first : step;
        args->heads.s[3] = (cl_int)first;
        for (int i = 0; i < plan->launches; i++) {
            const bool last = first + step >= states && i + 1 == plan->launches;
            cl_event done = NULL;
            status = clfi_plan_enqueue(plan, i, args, (int)count, queue, before ? 1 : num_wait,
                                       before ? &before : wait, last && !events ? event : &done);
            if (before && !events)
                clReleaseEvent(before);
            before = done;
            if (status != CLF_OK)
                return status;
            if (events)
                *events++ = done;
        }
    }
    return status;
}

clf_status clfi_plan_enqueue_all(const clf_plan *plan, clfi_kernel_args *args,
                                 cl_command_queue queue, cl_uint num_wait, const cl_event *wait,
                                 cl_event *event)
{
    return enqueue_chain(plan, args, queue, num_wait, wait, event, NULL);
}

int64_t clfi_plan_run_launches(const clf_plan *plan)
{
    if (plan->enqueue != clfi_plan_enqueue_all)
        return 0;
    return clfi_ceil_div(plan->choice.states, plan->choice.states_per_pass) * plan->launches;
}

/* A run. `events` as in enqueue_chain; without it the plan's own way of enqueueing is taken. */
static clf_status run(clf_plan *plan, const clf_run_args *args, cl_event *event, cl_event *events)
{
    clf_status status = CLF_OK;
    const clf_log *log = &plan->ctx->log;
    REQUIRE(args, log, "args is NULL");
    REQUIRE(!plan->features, log, "the plan makes features: run it with clf_feature_plan_run");
    TRY(clfi_process_check(log));
    TRY(check_args(plan, args));
    clfi_kernel_args kernel_args;
    clfi_plan_fixed_args(plan, &kernel_args);
    kernel_args.q = args->q.mem;
    kernel_args.k = args->k.mem;
    kernel_args.v = args->v.mem;
    kernel_args.out = args->out.mem;
    kernel_args.mask = args->mask.mem;
    kernel_args.q_at = clfi_plan_at(plan, CLFI_Q, args->q.offset);
    kernel_args.k_at = clfi_plan_at(plan, CLFI_K, args->k.offset);
    kernel_args.v_at = clfi_plan_at(plan, CLFI_V, args->v.offset);
    kernel_args.out_at = clfi_plan_at(plan, CLFI_OUT, args->out.offset);
    kernel_args.mask_at = (cl_long2){{args->mask.offset, plan->shape.S}};

    pthread_mutex_lock(&plan->lock);
    if (!args->workspace && !plan->workspace && plan->choice.workspace_bytes)
        status = clfi_buffer_create(plan->ctx, CL_MEM_READ_WRITE, plan->choice.workspace_bytes,
                                    NULL, "the plan's workspace", &plan->workspace);
    if (status == CLF_OK) {
        kernel_args.state = args->workspace ? args->workspace : plan->workspace;
        kernel_args.w = plan->w;
        kernel_args.w_head = plan->w_head;
        const cl_command_queue queue = args->queue ? args->queue : plan->ctx->queue;
        status =
            events
                ? enqueue_chain(plan, &kernel_args, queue, args->num_wait, args->wait, NULL, events)
                : plan->enqueue(plan, &kernel_args, queue, args->num_wait, args->wait, event);
    }
    pthread_mutex_unlock(&plan->lock);
fail:
    return status;
}

clf_status clf_plan_run(clf_plan *plan, const clf_run_args *args, cl_event *event)
{
    clf_status status = CLF_OK;
    if (event)
        *event = NULL;
    REQUIRE(plan, NULL, "plan is NULL");
    status = run(plan, args, event, NULL);
    if (status != CLF_OK && event && *event) {  // what came after the last stage failed
        clReleaseEvent(*event);
        *event = NULL;
    }
fail:
    return status;
}

clf_status clfi_plan_run_traced(clf_plan *plan, const clf_run_args *args, cl_event *events)
{
    return run(plan, args, NULL, events);
}
