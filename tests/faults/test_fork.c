/* A process forked from one that has used OpenCL gets an error from every call, at once; so do
 * forks made while another thread of the parent is in the library. The parent goes on. Before the
 * first use a fork is free to begin. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "api/plan_support.h"

enum {
    HANG_SECONDS = 60,
    FORKS = 20
};

/* What the parent made, and its child gets to see. */
typedef struct inherited {
    kept_log said;
    clf_plan_params params;
    clf_context *ctx;
    clf_plan *plan, *feature_plan;
    clf_projection *projection;
    host_data data;
    clf_run_args args;
    float phi[6 * 53 * 2];
    int32_t exponents[53 * 2];
} inherited;

static void make(inherited *in)
{
    *in = (inherited){
        .params = {.B = 1, .H = 2, .L = 53, .S = 53, .D = 5, .E = 3, .R = 6, .seed = 3}};
    const clf_projection_params draw = {.M = 6, .D = 5};
    in->ctx = open_context(keep(&in->said, CLF_LOG_ERROR));
    in->plan = make_plan(in->ctx, &in->params);
    ck_assert_int_eq(clf_feature_plan_create(in->ctx, &in->params, &in->feature_plan), CLF_OK);
    ck_assert_int_eq(clf_projection_create(&draw, NULL, &in->projection), CLF_OK);
    data_init(&in->data, &in->params);
    in->args = device_args(in->ctx, &in->data, 0);
}

static void unmake(inherited *in)
{
    release_args(&in->args);
    data_finish(&in->data);
    clf_projection_destroy(&in->projection);
    clf_plan_destroy(&in->feature_plan);
    clf_plan_destroy(&in->plan);
    clf_context_destroy(&in->ctx);
}

/* In the child, where Check must not be called. Returns 0, or the number of the line that was
 * wrong, which says more than a message that is lost. */
#define WANT(condition)                                                                            \
    do {                                                                                           \
        if (!(condition))                                                                          \
            return __LINE__;                                                                       \
    } while (0)

static int use_everything(inherited *in)
{
    const clf_log *log = &in->said.log;
    const clf_host_args host = {in->data.q, in->data.k, in->data.v, in->data.out, NULL};
    const clf_feature_args features = {.x = in->args.q, .phi = in->args.out};
    clf_device_list *list = NULL;
    clf_context *ctx = NULL;
    clf_plan *plan = NULL;
    cl_event event = NULL;
    in->said.count = 0;
    WANT(clf_device_list_create(log, &list) == CLF_ERROR_DEVICE && !list);
    WANT(clf_context_create(NULL, log, &ctx) == CLF_ERROR_DEVICE && !ctx);
    WANT(clf_context_wrap(clf_context_cl(in->ctx), clf_context_queue(in->ctx), log, &ctx) ==
         CLF_ERROR_DEVICE);
    WANT(clf_plan_create(in->ctx, &in->params, &plan) == CLF_ERROR_DEVICE && !plan);
    WANT(clf_feature_plan_create(in->ctx, &in->params, &plan) == CLF_ERROR_DEVICE && !plan);
    WANT(clf_plan_run(in->plan, &in->args, &event) == CLF_ERROR_DEVICE && !event);
    WANT(clf_feature_plan_run(in->feature_plan, &features, &event) == CLF_ERROR_DEVICE);
    WANT(clf_plan_run_host(in->plan, &host) == CLF_ERROR_DEVICE);
    WANT(clf_plan_set_projection(in->plan, in->projection) == CLF_ERROR_DEVICE);
    WANT(clf_attention(in->ctx, &in->params, &host) == CLF_ERROR_DEVICE);
    WANT(clf_feature_map(in->ctx, &in->params, in->data.q, in->phi, in->exponents) ==
         CLF_ERROR_DEVICE);
    WANT(in->said.count == 11 && strstr(in->said.text, "fork"));
    WANT(isnan(in->data.out[0]));
    clf_context_destroy(&in->ctx);
    clf_plan_destroy(&in->plan);
    clf_plan_destroy(&in->feature_plan);
    WANT(!in->ctx && !in->plan && !in->feature_plan);
    return 0;
}

/* Runs `use` in a child; its answer is 0 when all went well, a line, or -1 for a signal. */
static int in_child(int (*use)(inherited *in), inherited *in)
{
    fflush(stdout);
    int pipes[2], answer = -1, state = 0;
    ck_assert_int_eq(pipe(pipes), 0);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        alarm(HANG_SECONDS);
        const int line = use(in);
        _exit(write(pipes[1], &line, sizeof line) != sizeof line);
    }
    close(pipes[1]);
    if (read(pipes[0], &answer, sizeof answer) != sizeof answer)
        answer = -1;
    close(pipes[0]);
    ck_assert_int_eq(waitpid(child, &state, 0), child);
    return WIFEXITED(state) && WEXITSTATUS(state) == 0 ? answer : -1;
}

static int use_first(inherited *in)
{
    (void)in;
    clf_device_list *list = NULL;
    const clf_status status = clf_device_list_create(NULL, &list);
    WANT(status == CLF_OK || status == CLF_ERROR_NO_PLATFORM);
    clf_device_list_destroy(&list);
    return 0;
}

START_TEST(a_fork_before_the_first_use_may_begin)
{
    ck_assert_int_eq(in_child(use_first, NULL), 0);
}
END_TEST

START_TEST(a_fork_after_it_gets_errors)
{
    need_device();
    inherited in;
    make(&in);
    const clf_host_args host = {in.data.q, in.data.k, in.data.v, in.data.out, NULL};
    ck_assert_int_eq(in_child(use_everything, &in), 0);
    ck_assert_int_eq(clf_plan_run_host(in.plan, &host), CLF_OK);
    unmake(&in);
}
END_TEST

typedef struct busy {
    inherited *in;
    atomic_bool stop;
} busy;

static void *keep_busy(void *user)
{
    busy *b = user;
    float out[53 * 2 * 3];
    const clf_host_args host = {b->in->data.q, b->in->data.k, b->in->data.v, out, NULL};
    clf_status status = CLF_OK;
    while (status == CLF_OK && !atomic_load(&b->stop))
        status = clf_plan_run_host(b->in->plan, &host);
    return status == CLF_OK ? NULL : b;
}

START_TEST(locks_of_the_parent_stop_no_child)
{
    inherited in;
    make(&in);
    busy b = {.in = &in};
    pthread_t thread;
    void *failed = NULL;
    ck_assert_int_eq(pthread_create(&thread, NULL, keep_busy, &b), 0);
    for (int i = 0; i < FORKS; i++)
        ck_assert_int_eq(in_child(use_everything, &in), 0);
    atomic_store(&b.stop, true);
    ck_assert_int_eq(pthread_join(thread, &failed), 0);
    ck_assert_ptr_null(failed);
    unmake(&in);
}
END_TEST

RUN_TESTS_NO_FORK("fork", a_fork_before_the_first_use_may_begin, a_fork_after_it_gets_errors,
                  locks_of_the_parent_stop_no_child)
