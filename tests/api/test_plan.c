/* Plans and runs: workspaces, queues, events, threads, redraws, destruction. How exact a
 * result is, the kernels' tests judge; here one run is compared with the reference, and the
 * others with each other. The options of plans are in test_plan_options.c. */
#include <pthread.h>
#include <time.h>

#include "plan_reference.h"

START_TEST(one_call_gives_the_reference_and_the_plans_bits)
{
    clf_context *ctx = open_context(NULL);
    for (int causal = 0; causal < 2; causal++) {
        clf_plan_params p = small_problem(causal != 0);
        clf_projection *W = make_projection(&p, p.H, false);
        p.projection = W;
        host_data data;
        data_init(&data, &p);
        const clf_host_args args = host_args(&data);
        ck_assert_int_eq(clf_attention(ctx, &p, &args), CLF_OK);

        clf_plan *plan = make_plan(ctx, &p);
        float *first = noise(data.out_count, 0);
        memcpy(first, data.out, (size_t)data.out_count * sizeof *first);
        run_host(plan, &data);
        assert_same(first, data.out, data.out_count);
        assert_right(plan, &p, &args);
        free(first);
        clf_plan_destroy(&plan);
        clf_projection_destroy(&W);
        data_finish(&data);
    }
    clf_context_destroy(&ctx);
}
END_TEST

START_TEST(own_and_callers_workspace_offsets_and_repeats_give_the_same_bits)
{
    clf_context *ctx = open_context(NULL);
    for (int causal = 0; causal < 2; causal++) {
        const clf_plan_params p = small_problem(causal != 0);
        clf_plan *plan = make_plan(ctx, &p);
        host_data data;
        data_init(&data, &p);
        run_host(plan, &data);
        static const int64_t pads[] = {0, 1, 4};
        for (int i = 0; i < 3; i++) {
            host_data fresh;
            data_init(&fresh, &p);
            clf_run_args args = device_args(ctx, &fresh, pads[i]);
            args.workspace = i ? device_memory(ctx, clf_plan_workspace_bytes(plan)) : NULL;
            for (int repeat = 0; repeat < 3; repeat++) {
                float *out = run_device(ctx, plan, &args, sizeof *out, data.out_count);
                assert_same(out, data.out, data.out_count);
                free(out);
            }
            release_args(&args);
            data_finish(&fresh);
        }
        data_finish(&data);
        clf_plan_destroy(&plan);
    }
    clf_context_destroy(&ctx);
}
END_TEST

START_TEST(a_run_waits_for_its_events)
{
    clf_context *ctx = open_context(NULL);
    const clf_plan_params p = small_problem(false);
    clf_plan *plan = make_plan(ctx, &p);
    host_data data;
    data_init(&data, &p);
    clf_run_args args = device_args(ctx, &data, 0);
    cl_int code = CL_SUCCESS, state = CL_COMPLETE;
    cl_event gate[2], done = NULL;
    for (int i = 0; i < 2; i++) {
        gate[i] = clCreateUserEvent(clf_context_cl(ctx), &code);
        ck_assert_int_eq(code, CL_SUCCESS);
    }
    args.num_wait = 2;
    args.wait = gate;
    ck_assert_int_eq(clf_plan_run(plan, &args, &done), CLF_OK);
    ck_assert_int_eq(clSetUserEventStatus(gate[1], CL_COMPLETE), CL_SUCCESS);
    ck_assert_int_eq(clFlush(clf_context_queue(ctx)), CL_SUCCESS);
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    ck_assert_int_eq(
        clGetEventInfo(done, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof state, &state, NULL),
        CL_SUCCESS);
    ck_assert_int_gt(state, CL_COMPLETE);
    ck_assert_int_eq(clSetUserEventStatus(gate[0], CL_COMPLETE), CL_SUCCESS);
    float *out = noise(data.out_count, 0);
    read_back(ctx, &args.out, done, sizeof *out, data.out_count, out);
    run_host(plan, &data);
    assert_same(out, data.out, data.out_count);
    free(out);
    clReleaseEvent(done);
    clReleaseEvent(gate[0]);
    clReleaseEvent(gate[1]);
    release_args(&args);
    data_finish(&data);
    clf_plan_destroy(&plan);
    clf_context_destroy(&ctx);
}
END_TEST

START_TEST(a_queue_out_of_order_serves)
{
    clf_context *ctx = open_context(NULL), *wrapped = NULL;
    cl_int code = CL_SUCCESS;
    const cl_command_queue queue =
        clCreateCommandQueue(clf_context_cl(ctx), clf_context_device(ctx)->id,
                             CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, &code);
    if (code != CL_SUCCESS) {  // optional for a device
        clf_context_destroy(&ctx);
        return;
    }
    clf_plan_params p = small_problem(true);
    p.tuning.segments = 3;
    host_data data;
    data_init(&data, &p);
    clf_plan *plan = make_plan(ctx, &p);
    run_host(plan, &data);
    clf_run_args args = device_args(ctx, &data, 0);
    args.queue = queue;
    for (int i = 0; i < 20; i++) {
        float *out = run_device(ctx, plan, &args, sizeof *out, data.out_count);
        assert_same(out, data.out, data.out_count);
        free(out);
    }
    clf_plan_destroy(&plan);

    float *before = noise(data.out_count, 0);
    memcpy(before, data.out, (size_t)data.out_count * sizeof *before);
    ck_assert_int_eq(clf_context_wrap(clf_context_cl(ctx), queue, NULL, &wrapped), CLF_OK);
    plan = make_plan(wrapped, &p);
    run_host(plan, &data);
    assert_same(before, data.out, data.out_count);
    free(before);
    release_args(&args);
    data_finish(&data);
    clf_plan_destroy(&plan);
    clf_context_destroy(&wrapped);
    clReleaseCommandQueue(queue);
    clf_context_destroy(&ctx);
}
END_TEST

START_TEST(a_traced_run_has_an_event_of_every_launch)
{
    enum {
        LAUNCHES = 3  // kv_state, state_scan, causal_apply
    };
    clf_context *ctx = open_context(NULL);
    clf_plan_params p = small_problem(true);
    p.tuning.segments = 3;
    host_data data;
    data_init(&data, &p);
    clf_plan *plan = make_plan(ctx, &p);
    run_host(plan, &data);
    clf_run_args args = device_args(ctx, &data, 0);
    cl_event events[LAUNCHES] = {NULL};
    ck_assert_int_eq(clfi_plan_run_launches(plan), LAUNCHES);
    ck_assert_int_eq(clfi_plan_run_traced(plan, &args, events), CLF_OK);
    float *out = noise(data.out_count, 0);
    read_back(ctx, &args.out, events[LAUNCHES - 1], sizeof *out, data.out_count, out);
    assert_same(out, data.out, data.out_count);
    for (int i = 0; i < LAUNCHES; i++) {
        cl_int state = CL_QUEUED;
        ck_assert_int_eq(clGetEventInfo(events[i], CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof state,
                                        &state, NULL),
                         CL_SUCCESS);
        ck_assert_int_eq(state, CL_COMPLETE);
        clReleaseEvent(events[i]);
    }
    free(out);
    release_args(&args);
    data_finish(&data);
    clf_plan_destroy(&plan);
    clf_context_destroy(&ctx);
}
END_TEST

struct worker {
    clf_context *ctx;
    clf_plan *plan;
    clf_run_args args;
    host_data data;
    const float *expected;
    int wrong;
};

static void *work(void *user)
{
    struct worker *w = user;
    const size_t bytes = (size_t)w->data.out_count * sizeof(float);
    for (int i = 0; i < 50; i++) {
        cl_event done = NULL;
        const bool ran = clf_plan_run(w->plan, &w->args, &done) == CLF_OK &&
                         clEnqueueReadBuffer(clf_context_queue(w->ctx), w->args.out.mem, CL_TRUE, 0,
                                             bytes, w->data.out, 1, &done, NULL) == CL_SUCCESS;
        w->wrong += !ran || memcmp(w->data.out, w->expected, bytes) != 0;
        if (done)
            clReleaseEvent(done);
    }
    return NULL;
}

/* Each thread has its own keys and queries, so that mixed arguments give wrong results. */
START_TEST(threads_share_a_plan_with_workspaces_of_their_own)
{
    clf_context *ctx = open_context(NULL);
    clf_plan_params p = small_problem(false);
    clf_plan *plan = make_plan(ctx, &p);
    struct worker workers[2];
    pthread_t threads[2];
    float *expected[2];
    for (int i = 0; i < 2; i++) {
        struct worker *w = &workers[i];
        *w = (struct worker){.ctx = ctx, .plan = plan};
        data_init(&w->data, &p);
        for (int64_t j = 0; i == 1 && j < w->data.k_count; j++)
            w->data.k[j] *= -0.5f;
        run_host(plan, &w->data);
        expected[i] = noise(w->data.out_count, 0);
        memcpy(expected[i], w->data.out, (size_t)w->data.out_count * sizeof(float));
        w->expected = expected[i];
        w->args = device_args(ctx, &w->data, 0);
        w->args.workspace = device_memory(ctx, clf_plan_workspace_bytes(plan));
    }
    ck_assert(differ(expected[0], expected[1], workers[0].data.out_count));
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_int_eq(workers[i].wrong, 0);
        release_args(&workers[i].args);
        data_finish(&workers[i].data);
        free(expected[i]);
    }
    clf_plan_destroy(&plan);
    clf_context_destroy(&ctx);
}
END_TEST

/* The run that waits at the gate was enqueued before the redraw and must keep the old W. */
START_TEST(a_redraw_is_for_later_runs_only)
{
    clf_context *ctx = open_context(NULL);
    const clf_plan_params p = small_problem(false);
    clf_plan *plan = make_plan(ctx, &p);
    host_data data;
    data_init(&data, &p);
    clf_run_args args = device_args(ctx, &data, 0);
    run_host(plan, &data);
    const clf_projection_params draw = {.M = p.R, .D = p.D, .heads = p.H, .seed = 77};
    clf_projection *W = NULL;
    ck_assert_int_eq(clf_projection_create(&draw, NULL, &W), CLF_OK);

    cl_int code = CL_SUCCESS;
    cl_event done = NULL;
    const cl_event gate = clCreateUserEvent(clf_context_cl(ctx), &code);
    ck_assert_int_eq(code, CL_SUCCESS);
    args.num_wait = 1;
    args.wait = &gate;
    ck_assert_int_eq(clf_plan_run(plan, &args, &done), CLF_OK);
    ck_assert_int_eq(clf_plan_set_projection(plan, W), CLF_OK);
    ck_assert_int_eq(clSetUserEventStatus(gate, CL_COMPLETE), CL_SUCCESS);
    float *out = noise(data.out_count, 0);
    read_back(ctx, &args.out, done, sizeof *out, data.out_count, out);
    assert_same(out, data.out, data.out_count);

    run_host(plan, &data);
    ck_assert(differ(out, data.out, data.out_count));
    clf_plan_params fresh = p;
    fresh.projection = W;
    clf_plan *other = make_plan(ctx, &fresh);
    memcpy(out, data.out, (size_t)data.out_count * sizeof *out);
    run_host(other, &data);
    assert_same(out, data.out, data.out_count);
    free(out);
    clReleaseEvent(done);
    clReleaseEvent(gate);
    clf_projection_destroy(&W);
    clf_plan_destroy(&other);
    clf_plan_destroy(&plan);
    release_args(&args);
    data_finish(&data);
    clf_context_destroy(&ctx);
}
END_TEST

START_TEST(any_order_of_destruction_is_right)
{
    clf_context *ctx = open_context(NULL);
    const clf_plan_params one = small_problem(false), two = small_problem(true);
    clf_plan *first = make_plan(ctx, &one), *second = make_plan(ctx, &two);
    host_data data;
    data_init(&data, &two);
    clf_context_destroy(&ctx);
    ck_assert_ptr_null(ctx);
    run_host(second, &data);
    clf_plan_destroy(&first);
    ck_assert_ptr_null(first);
    run_host(second, &data);
    clf_plan_destroy(&second);
    clf_plan_destroy(&second);
    clf_plan_destroy(NULL);
    data_finish(&data);
}
END_TEST

/* A run goes on though its plan and its own workspace were given up. */
START_TEST(a_plan_may_go_while_its_run_is_under_way)
{
    clf_context *ctx = open_context(NULL);
    const clf_plan_params p = small_problem(false);
    clf_plan *plan = make_plan(ctx, &p);
    host_data data;
    data_init(&data, &p);
    clf_run_args args = device_args(ctx, &data, 0);
    run_host(plan, &data);
    cl_int code = CL_SUCCESS;
    cl_event done = NULL;
    const cl_event gate = clCreateUserEvent(clf_context_cl(ctx), &code);
    ck_assert_int_eq(code, CL_SUCCESS);
    args.num_wait = 1;
    args.wait = &gate;
    ck_assert_int_eq(clf_plan_run(plan, &args, &done), CLF_OK);
    clf_plan_destroy(&plan);
    ck_assert_int_eq(clSetUserEventStatus(gate, CL_COMPLETE), CL_SUCCESS);
    float *out = noise(data.out_count, 0);
    read_back(ctx, &args.out, done, sizeof *out, data.out_count, out);
    assert_same(out, data.out, data.out_count);
    free(out);
    clReleaseEvent(done);
    clReleaseEvent(gate);
    release_args(&args);
    data_finish(&data);
    clf_context_destroy(&ctx);
}
END_TEST

START_TEST(heads_in_passes_give_the_same_bits)
{
    clf_context *ctx = open_context(NULL);
    for (int causal = 0; causal < 2; causal++) {
        clf_plan_params p = small_problem(causal != 0);
        p.H = 6;
        p.Hkv = 3;
        p.tuning.segments = 2;
        clf_plan *plan = make_plan(ctx, &p);
        host_data data;
        data_init(&data, &p);
        run_host(plan, &data);
        float *expected = noise(data.out_count, 0);
        memcpy(expected, data.out, (size_t)data.out_count * sizeof *expected);
        plan->choice.states_per_pass = 4;  // of 6, in the memory for 6
        run_host(plan, &data);
        assert_same(expected, data.out, data.out_count);
        free(expected);
        data_finish(&data);
        clf_plan_destroy(&plan);
    }
    clf_context_destroy(&ctx);
}
END_TEST

/* The device of the tests and its twins, as many as one context takes. Returns their number. */
static cl_uint find_twins(cl_device_id ids[4])
{
    clf_context *ctx = open_context(NULL);
    clf_device_list *list = NULL;
    cl_uint count = 0;
    ck_assert_int_eq(clf_device_list_create(NULL, &list), CLF_OK);
    for (int i = 0; i < clf_device_list_count(list) && count < 4; i++) {
        const clf_device_info *one = clf_device_list_get(list, i), *own = clf_context_device(ctx);
        if (one->platform == own->platform && strcmp(one->name, own->name) == 0)
            ids[count++] = one->id;
    }
    clf_device_list_destroy(&list);
    clf_context_destroy(&ctx);
    return count;
}

/* With one device it is one queue; tests/runtimes/run has PoCL make two. */
START_TEST(devices_of_one_context_share_buffers)
{
    cl_device_id ids[4];
    const cl_uint count = find_twins(ids);
    cl_int code = CL_SUCCESS;
    const cl_context cl = clCreateContext(NULL, count, ids, NULL, NULL, &code);
    ck_assert_int_eq(code, CL_SUCCESS);
    const clf_plan_params p = small_problem(true);
    host_data data;
    data_init(&data, &p);
    clf_context *own = open_context(NULL);
    clf_plan *one = make_plan(own, &p);
    run_host(one, &data);
    clf_plan_destroy(&one);
    clf_context_destroy(&own);
    clf_run_args args = {.num_wait = 0};
    for (cl_uint i = 0; i < count; i++) {
        clf_context *ctx = NULL;
        const cl_command_queue queue = clCreateCommandQueue(cl, ids[i], 0, &code);
        ck_assert_int_eq(code, CL_SUCCESS);
        ck_assert_int_eq(clf_context_wrap(cl, queue, NULL, &ctx), CLF_OK);
        ck_assert_ptr_eq(clf_context_device(ctx)->id, ids[i]);
        if (i == 0)
            args = device_args(ctx, &data, 0);
        clReleaseMemObject(args.out.mem);
        args.out = device_copy(ctx, NULL, sizeof(float), data.out_count, 0);
        clf_plan *plan = make_plan(ctx, &p);
        float *out = run_device(ctx, plan, &args, sizeof *out, data.out_count);
        assert_same(out, data.out, data.out_count);
        free(out);
        clf_plan_destroy(&plan);
        clf_context_destroy(&ctx);
        clReleaseCommandQueue(queue);
    }
    printf("%u devices in one context\n", (unsigned)count);
    release_args(&args);
    data_finish(&data);
    clReleaseContext(cl);
}
END_TEST

START_TEST(the_description_says_what_was_chosen)
{
    kept_log kept;
    clf_context *ctx = open_context(keep(&kept, CLF_LOG_INFO));
    clf_plan_params p = small_problem(false);
    p.tuning.segments = 3;
    static const char *const words[] = {"kv_state=plain", "state_scan=plain",
                                        "q_apply=plain",  "segments=3(tuning)",
                                        "D=20",           "R=50"};
    p.tuning.family = CLF_FAMILY_PLAIN;
    clf_plan *plan = make_plan(ctx, &p);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        ck_assert_ptr_nonnull(strstr(clf_plan_describe(plan), words[i]));
    assert_said(&kept, clf_plan_describe(plan));
    clf_plan_destroy(&plan);

    p = small_problem(true);
    p.tuning =
        (clf_tuning){.family = CLF_FAMILY_WIDE, .vector_width = 4, .tile_rows = 24, .segments = 1};
    plan = make_plan(ctx, &p);
    static const char *const others[] = {"causal_apply=wide", "vector_width=4(tuning)",
                                         "tile_rows=24(tuning)", "segments=1(tuning)"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert_ptr_nonnull(strstr(clf_plan_describe(plan), others[i]));
    ck_assert_ptr_null(strstr(clf_plan_describe(plan), "kv_state"));
    clf_plan_destroy(&plan);
    clf_context_destroy(&ctx);
}
END_TEST

RUN_DEVICE_TESTS("plan", one_call_gives_the_reference_and_the_plans_bits,
                 devices_of_one_context_share_buffers,
                 own_and_callers_workspace_offsets_and_repeats_give_the_same_bits,
                 a_run_waits_for_its_events, a_queue_out_of_order_serves,
                 a_traced_run_has_an_event_of_every_launch,
                 threads_share_a_plan_with_workspaces_of_their_own, a_redraw_is_for_later_runs_only,
                 any_order_of_destruction_is_right, a_plan_may_go_while_its_run_is_under_way,
                 heads_in_passes_give_the_same_bits, the_description_says_what_was_chosen)
