/* Runs of the unfused path (kernels/common/chunk.clh has the formulas): head by head, chunk by
 * chunk, one command after the other.
 *
 * Invariant: every product of a kind has the same sizes in every chunk, for the rows beyond the
 * end are zeros; what the warm run has compiled is all there is. CLBlast takes no events: commands
 * are kept in order by barriers, so that queues out of order serve too. */
#include "plan_clblast.h"

#include "cl/blas.h"
#include "cl/buffer.h"
#include "cl/context_internal.h"
#include "cl/error.h"

/* The launches of the plan, in the order of plan.c. */
enum {
    GATHER_KEYS = 0,
    KEY_FEATURES,
    GATHER_QUERIES,
    QUERY_FEATURES,
    DIVIDE
};

/* A run under way. */
typedef struct clfi_run {
    const clf_plan *plan;
    clfi_kernel_args *args;
    cl_command_queue queue;
} clfi_run;

static clfi_matrix part(const clfi_run *run, clfi_part which, int64_t stride)
{
    return (clfi_matrix){run->args->state, run->plan->choice.part_at[which], stride, false};
}

static clfi_matrix transposed(clfi_matrix matrix)
{
    matrix.transposed = true;
    return matrix;
}

/* U = X W^T, with W of the query head at work. */
static clfi_gemm project(const clfi_run *run, int64_t rows)
{
    const clfi_shape *s = &run->plan->shape;
    const int64_t key_head = run->args->heads.s[3] % s->H / s->group;
    const clfi_matrix w = {run->args->w, run->args->w_head * key_head, s->WD, true};
    return (clfi_gemm){
        .m = rows,
        .n = s->M,
        .k = s->WD,
        .a = part(run, CLFI_PART_X, s->WD),
        .b = w,
        .c = part(run, CLFI_PART_F, s->R),
    };
}

/* Sx += F^T Y, or = for the first chunk. */
static clfi_gemm accumulate(const clfi_run *run, bool first)
{
    const clfi_shape *s = &run->plan->shape;
    const int64_t EP = run->plan->choice.EP;
    return (clfi_gemm){
        .m = s->R,
        .n = s->E + 1,
        .k = run->plan->choice.key_rows,
        .a = transposed(part(run, CLFI_PART_F, s->R)),
        .b = part(run, CLFI_PART_Y, EP),
        .c = part(run, CLFI_PART_STATE, EP),
        .beta = first ? 0.0f : 1.0f,
    };
}

/* Y = F Sx. */
static clfi_gemm apply(const clfi_run *run)
{
    const clfi_shape *s = &run->plan->shape;
    const int64_t EP = run->plan->choice.EP;
    return (clfi_gemm){
        .m = run->plan->choice.query_rows,
        .n = s->E + 1,
        .k = s->R,
        .a = part(run, CLFI_PART_F, s->R),
        .b = part(run, CLFI_PART_STATE, EP),
        .c = part(run, CLFI_PART_Y, EP),
    };
}

/* All that follows waits for all that was enqueued, and for `wait`. */
static clf_status barrier(const clfi_run *run, cl_uint num_wait, const cl_event *wait)
{
    clf_status status = CLF_OK;
    TRY_CL(&run->plan->ctx->log, clEnqueueBarrierWithWaitList(run->queue, num_wait, wait, NULL));
fail:
    return status;
}

static clf_status launch(const clfi_run *run, int i, cl_event *event)
{
    clf_status status = CLF_OK;
    TRY(clfi_plan_enqueue(run->plan, i, run->args, 1, run->queue, 0, NULL, event));
    TRY(barrier(run, 0, NULL));
fail:
    return status;
}

static clf_status multiply(const clfi_run *run, clfi_gemm gemm)
{
    clf_status status = CLF_OK;
    TRY(clfi_blas_multiply(&run->plan->ctx->log, &gemm, run->args->state, run->queue));
    TRY(barrier(run, 0, NULL));
fail:
    return status;
}

/* Adds the chunk of keys that begins at `first` to the state. */
static clf_status add_keys(const clfi_run *run, int64_t first)
{
    clf_status status = CLF_OK;
    const int64_t rows = run->plan->choice.key_rows;
    run->args->chunk_first = first;
    run->args->chunk_rows = (cl_int)rows;
    TRY(launch(run, GATHER_KEYS, NULL));
    if (!run->plan->shape.deterministic)
        TRY(multiply(run, project(run, rows)));
    TRY(launch(run, KEY_FEATURES, NULL));
    TRY(multiply(run, accumulate(run, first == 0)));
fail:
    return status;
}

/* Makes the output rows of the chunk of queries that begins at `first`. */
static clf_status apply_queries(const clfi_run *run, int64_t first, cl_event *event)
{
    clf_status status = CLF_OK;
    const int64_t rows = run->plan->choice.query_rows;
    run->args->chunk_first = first;
    run->args->chunk_rows = (cl_int)rows;
    TRY(launch(run, GATHER_QUERIES, NULL));
    if (!run->plan->shape.deterministic)
        TRY(multiply(run, project(run, rows)));
    TRY(launch(run, QUERY_FEATURES, NULL));
    TRY(multiply(run, apply(run)));
    TRY(launch(run, DIVIDE, event));
fail:
    return status;
}

/* All heads; the state of a key head serves its query heads. The lock is held. */
static clf_status enqueue(const clf_plan *plan, clfi_kernel_args *args, cl_command_queue queue,
                          cl_uint num_wait, const cl_event *wait, cl_event *event)
{
    clf_status status = CLF_OK;
    const clfi_shape *s = &plan->shape;
    const clfi_choice *c = &plan->choice;
    const clfi_run run = {plan, args, queue};
    const int64_t heads = s->B * s->H;
    if (num_wait)
        TRY(barrier(&run, num_wait, wait));
    for (int64_t head = 0; head < heads; head++) {
        args->heads.s[3] = (cl_int)head;
        for (int64_t t = 0; head % s->group == 0 && t < s->S; t += c->key_rows)
            TRY(add_keys(&run, t));
        for (int64_t t = 0; t < s->L; t += c->query_rows) {
            const bool last = head + 1 == heads && t + c->query_rows >= s->L;
            TRY(apply_queries(&run, t, last ? event : NULL));
        }
    }
fail:
    return status;
}

/* The most that one of the products needs. An offset of W never makes it less. */
static clf_status temp_bytes(const clfi_run *run, size_t *most)
{
    clf_status status = CLF_OK;
    const clfi_choice *c = &run->plan->choice;
    clfi_gemm gemms[] = {project(run, c->key_rows), project(run, c->query_rows),
                         accumulate(run, true), apply(run)};
    *most = 0;
    for (size_t i = run->plan->shape.deterministic ? 2 : 0; i < sizeof gemms / sizeof *gemms; i++) {
        size_t bytes = 0;
        gemms[i].a.at = gemms[i].b.at = gemms[i].c.at = 1;
        TRY(clfi_blas_temp_bytes(&run->plan->ctx->log, &gemms[i], run->queue, &bytes));
        *most = bytes > *most ? bytes : *most;
    }
fail:
    return status;
}

/* Arguments of a run of no rows, of the last head: its W lies furthest. */
static void warm_args(const clf_plan *plan, cl_mem work, clfi_kernel_args *args)
{
    clfi_plan_fixed_args(plan, args);
    args->q = args->k = args->v = args->out = args->mask = args->state = work;
    args->w = plan->w;
    args->w_head = plan->w_head;
    args->heads.s[3] = (cl_int)(plan->shape.B * plan->shape.H - 1);
    args->L = args->S = 0;
}

clf_status clfi_clblast_open(clf_plan *plan)
{
    clf_status status = CLF_OK;
    clf_context *ctx = plan->ctx;
    cl_mem work = NULL;
    clfi_kernel_args args;
    const clfi_run run = {plan, &args, ctx->queue};
    size_t temp = 0;
    warm_args(plan, NULL, &args);
    TRY(temp_bytes(&run, &temp));
    TRY(clfi_chunks_place(&plan->shape, &ctx->device, temp, &ctx->log, &plan->choice));
    TRY(clfi_buffer_create(ctx, CL_MEM_READ_WRITE, plan->choice.workspace_bytes, NULL,
                           "the workspace", &work));
    warm_args(plan, work, &args);
    // The second chunk reads the state, which is another kernel of CLBlast.
    for (int64_t t = 0; t < 2 && t * plan->choice.key_rows < plan->shape.S; t++)
        TRY(add_keys(&run, t));
    TRY(apply_queries(&run, 0, NULL));
    TRY_CL(&ctx->log, clFinish(ctx->queue));
    plan->enqueue = enqueue;
fail:
    if (work)
        clReleaseMemObject(work);
    return status;
}
