/* Eight threads at once: each with a context of its own; on one context, each with a plan of its
 * own; on one plan, each with a workspace and an `out` of its own. Every result is the one that one
 * thread alone gets, bit for bit. A build with -Db_sanitize=thread looks for races. */
#include <pthread.h>

#include "api/plan_support.h"

enum {
    THREADS = 8
};

/* A thread's part. What it was not given it makes. */
typedef struct worker {
    pthread_t thread;
    clf_context *ctx;
    clf_plan *plan;
    const host_data *data;  // read only; `out` is what one thread alone got
    int calls, done, wrong;
    clf_status status;
} worker;

static int calls(void)
{
    const char *full = getenv("CLFAVOR_TEST_FULL");
    return full && strcmp(full, "1") == 0 ? 1000 : 50;
}

static clf_plan_params problem(void)
{
    return (clf_plan_params){
        .B = 1, .H = 2, .L = 53, .S = 53, .D = 5, .E = 3, .R = 6, .causal = true, .seed = 3};
}

/* Runs into buffers of the thread's own until one call fails. Asserts nothing: Check counts in the
 * main thread. */
static void run_on_device(worker *w, clf_context *ctx, clf_plan *plan)
{
    const size_t bytes = (size_t)w->data->out_count * sizeof(float);
    clf_run_args args = device_args(ctx, w->data, 0);
    args.workspace = device_memory(ctx, clf_plan_workspace_bytes(plan));
    float *out = malloc(bytes);
    cl_event done = NULL;
    while (out && w->done < w->calls) {
        w->status = clf_plan_run(plan, &args, &done);
        if (w->status != CLF_OK)
            break;
        const cl_int code = clEnqueueReadBuffer(clf_context_queue(ctx), args.out.mem, CL_TRUE, 0,
                                                bytes, out, 1, &done, NULL);
        clReleaseEvent(done);
        w->wrong += code != CL_SUCCESS || memcmp(out, w->data->out, bytes) != 0;
        w->done++;
    }
    free(out);
    release_args(&args);
}

static void *work(void *user)
{
    worker *w = user;
    clf_context *own_ctx = NULL;
    clf_plan *own_plan = NULL;
    const clf_plan_params p = problem();
    if (!w->ctx)
        w->status = clf_context_create(NULL, NULL, &own_ctx);
    clf_context *ctx = w->ctx ? w->ctx : own_ctx;
    if (w->status == CLF_OK && !w->plan)
        w->status = clf_plan_create(ctx, &p, &own_plan);
    if (w->status == CLF_OK)
        run_on_device(w, ctx, w->plan ? w->plan : own_plan);
    clf_context_destroy(&own_ctx);
    clf_plan_destroy(&own_plan);
    return NULL;
}

static void run_together(bool share_context, bool share_plan)
{
    clf_context *ctx = open_context(NULL);
    const clf_plan_params p = problem();
    clf_plan *plan = make_plan(ctx, &p);
    host_data data;
    data_init(&data, &p);
    const clf_host_args args = {data.q, data.k, data.v, data.out, NULL};
    ck_assert_int_eq(clf_plan_run_host(plan, &args), CLF_OK);
    worker workers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (worker){.ctx = share_context ? ctx : NULL,
                              .plan = share_plan ? plan : NULL,
                              .data = &data,
                              .calls = calls()};
        ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(workers[i].thread, NULL);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(workers[i].status, CLF_OK);
        ck_assert_int_eq(workers[i].done, workers[i].calls);
        ck_assert_int_eq(workers[i].wrong, 0);
    }
    printf("%d threads x %d calls, %s context, %s plan: right\n", THREADS, calls(),
           share_context ? "one" : "own", share_plan ? "one" : "own");
    data_finish(&data);
    clf_context_destroy(&ctx);
    clf_plan_destroy(&plan);
}

START_TEST(contexts_of_their_own)
{
    run_together(false, false);
}
END_TEST

START_TEST(one_context)
{
    run_together(true, false);
}
END_TEST

START_TEST(one_plan)
{
    run_together(true, true);
}
END_TEST

RUN_DEVICE_TESTS("threads", contexts_of_their_own, one_context, one_plan)
