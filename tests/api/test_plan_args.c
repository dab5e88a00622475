/* The sizes and tensors of the calls on plans: NULL, zero, negative, overflowing, disagreeing. Each
 * refusal leaves the objects as they were and says one sentence with the value in it. Options are
 * in test_plan_option_args.c. */
#include "plan_support.h"

/* One field set to one value; the message must hold the text. */
struct bad {
    size_t offset;
    int64_t value;
    const char *text;
};

#define FIELD(name, value, text)                                                                   \
    {                                                                                              \
        offsetof(clf_plan_params, name), (value), (text)                                           \
    }

START_TEST(sizes_and_strides_are_refused_by_name)
{
    static const struct bad cases[] = {
        FIELD(B, 0, "B=0"),
        FIELD(B, -1, "B=-1"),
        FIELD(B, INT64_MAX, "B=9223372036854775807"),
        FIELD(B, INT64_C(1000000000), "B=1000000000 and H=3"),
        FIELD(H, 0, "H=0"),
        FIELD(H, INT64_MIN, "H=-9223372036854775808"),
        FIELD(Hkv, 2, "Hkv=2 key heads do not divide H=3 query heads"),
        FIELD(Hkv, 6, "Hkv=6 key heads do not divide H=3"),
        FIELD(Hkv, -1, "Hkv=-1 key heads"),
        FIELD(Hkv, INT64_MIN, "Hkv=-9223372036854775808 key heads"),
        FIELD(L, 0, "L=0"),
        FIELD(L, INT64_C(1) << 31, "L=2147483648"),
        FIELD(S, -7, "S=-7"),
        FIELD(S, INT64_MAX, "S=9223372036854775807"),
        FIELD(D, 0, "D=0"),
        FIELD(D, 1025, "D=1025, but 1 to 1024"),
        FIELD(E, -1, "E=-1"),
        FIELD(E, 1025, "E=1025, but 1 to 1024"),
        FIELD(R, 0, "R=0"),
        FIELD(R, 65537, "R=65537, but 1 to 65536"),
        FIELD(q.l, 19, "q: stride l=19, but a row has 20"),
        FIELD(q.b, -1, "q: strides b=-1"),
        FIELD(k.h, -4, "k: strides b=0 h=-4"),
        FIELD(k.b, 7, "k: stride l=0"),
        FIELD(v.l, INT64_MAX, "v: strides"),
        FIELD(v.l, INT64_C(1) << 56, "reach further than memory can"),
        FIELD(out.l, 12, "let rows of 12 elements overlap"),
        FIELD(out.l, 11, "out: stride l=11, but a row has 12"),
    };
    kept_log kept;
    clf_context *ctx = open_context(keep(&kept, CLF_LOG_ERROR));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        clf_plan_params p = small_problem(false);
        p.path = CLF_PATH_FUSED;  // that of CLBlast takes larger D and E
        memcpy((char *)&p + cases[i].offset, &cases[i].value, sizeof cases[i].value);
        assert_refused(ctx, &kept, &p, CLF_ERROR_INVALID_ARGUMENT, cases[i].text);
    }
    clf_plan_params p = small_problem(false);
    p.B = 46341;
    p.H = 46341;
    assert_refused(ctx, &kept, &p, CLF_ERROR_INVALID_ARGUMENT, "B=46341 and H=46341");
    p = small_problem(false);
    p.q = clf_layout_blhd(0, 1, 1);
    assert_refused(ctx, &kept, &p, CLF_ERROR_INVALID_ARGUMENT, "q: strides b=-1");
    clf_context_destroy(&ctx);
}
END_TEST

START_TEST(what_disagrees_is_refused_by_name)
{
    kept_log kept;
    clf_context *ctx = open_context(keep(&kept, CLF_LOG_ERROR));
    clf_plan_params p = small_problem(false);
    p.causal = true;
    assert_refused(ctx, &kept, &p, CLF_ERROR_INVALID_ARGUMENT,
                   "L=53 and S=101: causal attention needs L = S");
    static const float scales[] = {-1.0f, INFINITY, NAN};
    for (int i = 0; i < 3; i++) {
        p = small_problem(false);
        p.scale = scales[i];
        assert_refused(ctx, &kept, &p, CLF_ERROR_INVALID_ARGUMENT, "scale=");
    }
    p = small_problem(false);
    p.tuning.segments = 65;
    assert_refused(ctx, &kept, &p, CLF_ERROR_INVALID_ARGUMENT, "tuning.segments=65");
    clf_context_destroy(&ctx);
}
END_TEST

START_TEST(a_projection_must_fit)
{
    static const struct {
        int64_t heads, M, D;
        const char *text;
    } cases[] = {{1, 49, 20, "49 rows, but R=50 needs 50"},
                 {1, 50, 21, "21 columns, but D=20"},
                 {2, 50, 20, "2 heads, but 1 or Hkv=3 fit"},
                 {6, 50, 20, "6 heads, but 1 or Hkv=3 fit"}};
    kept_log kept;
    clf_context *ctx = open_context(keep(&kept, CLF_LOG_ERROR));
    clf_plan_params p = small_problem(false);
    clf_plan *plan = make_plan(ctx, &p);
    clf_projection *W = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const clf_projection_params draw = {
            .heads = cases[i].heads, .M = cases[i].M, .D = cases[i].D};
        ck_assert_int_eq(clf_projection_create(&draw, NULL, &W), CLF_OK);
        p.projection = W;
        assert_refused(ctx, &kept, &p, CLF_ERROR_INVALID_ARGUMENT, cases[i].text);
        ck_assert_int_eq(clf_plan_set_projection(plan, W), CLF_ERROR_INVALID_ARGUMENT);
        assert_said(&kept, cases[i].text);
        clf_projection_destroy(&W);
    }
    float *huge = noise(50 * 20, 1);
    huge[7] = 3e38f;
    ck_assert_int_eq(clf_projection_import(huge, NULL, 1, 50, 20, NULL, &W), CLF_OK);
    p.projection = W;
    p.scale = 4.0f;
    assert_refused(ctx, &kept, &p, CLF_ERROR_INVALID_ARGUMENT, "beyond a float");
    clf_projection_destroy(&W);
    free(huge);
    ck_assert_int_eq(clf_plan_set_projection(plan, NULL), CLF_ERROR_INVALID_ARGUMENT);
    assert_said(&kept, "projection is NULL");
    clf_plan_destroy(&plan);
    clf_context_destroy(&ctx);
}
END_TEST

START_TEST(null_is_refused_everywhere)
{
    kept_log kept;
    clf_context *ctx = open_context(keep(&kept, CLF_LOG_ERROR));
    const clf_plan_params p = small_problem(false);
    host_data data;
    data_init(&data, &p);
    clf_plan *plan = NULL;
    ck_assert_int_eq(clf_plan_create(ctx, &p, NULL), CLF_ERROR_INVALID_ARGUMENT);
    assert_said(&kept, "out is NULL");
    ck_assert_int_eq(clf_plan_create(NULL, &p, &plan), CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clf_plan_create(ctx, NULL, &plan), CLF_ERROR_INVALID_ARGUMENT);
    assert_said(&kept, "params is NULL");
    ck_assert_ptr_null(plan);
    ck_assert_uint_eq(clf_plan_workspace_bytes(NULL), 0);
    ck_assert_str_eq(clf_plan_describe(NULL), "");
    clf_plan_params_init(NULL);
    ck_assert_int_eq(clf_plan_set_projection(NULL, NULL), CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clf_plan_run(NULL, NULL, NULL), CLF_ERROR_INVALID_ARGUMENT);
    const clf_host_args good = host_args(&data);
    ck_assert_int_eq(clf_plan_run_host(NULL, &good), CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clf_attention(NULL, &p, &good), CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clf_attention(ctx, NULL, &good), CLF_ERROR_INVALID_ARGUMENT);
    assert_said(&kept, "params is NULL");
    ck_assert_int_eq(clf_attention(ctx, &p, NULL), CLF_ERROR_INVALID_ARGUMENT);
    assert_said(&kept, "args is NULL");

    plan = make_plan(ctx, &p);
    static const char *const names[] = {"q is NULL", "k is NULL", "v is NULL", "out is NULL"};
    for (int i = 0; i < 4; i++) {
        clf_host_args args = {.q = i == 0 ? NULL : data.q,
                              .k = i == 1 ? NULL : data.k,
                              .v = i == 2 ? NULL : data.v,
                              .out = i == 3 ? NULL : data.out};
        ck_assert_int_eq(clf_plan_run_host(plan, &args), CLF_ERROR_INVALID_ARGUMENT);
        assert_said(&kept, names[i]);
    }
    for (int64_t i = 0; i < data.out_count; i++)
        ck_assert(isnan(data.out[i]));
    clf_plan_destroy(&plan);
    data_finish(&data);
    clf_context_destroy(&ctx);
}
END_TEST

START_TEST(run_arguments_are_refused_by_name)
{
    static const char *const names[] = {"q", "k", "v", "out"};
    kept_log kept;
    clf_context *ctx = open_context(keep(&kept, CLF_LOG_ERROR));
    const clf_plan_params p = small_problem(false);
    host_data data;
    data_init(&data, &p);
    clf_plan *plan = make_plan(ctx, &p);
    clf_run_args good = device_args(ctx, &data, 0);
    for (int i = 0; i < 4; i++) {
        clf_run_args args = good;
        clf_buffer *const buffers[] = {&args.q, &args.k, &args.v, &args.out};
        const cl_mem mem = buffers[i]->mem;
        char text[64];
        buffers[i]->mem = NULL;
        snprintf(text, sizeof text, "%s is NULL", names[i]);
        assert_run_refused(plan, &kept, &args, text);
        buffers[i]->mem = mem;
        buffers[i]->offset = -1;
        snprintf(text, sizeof text, "%s: offset=-1 is negative", names[i]);
        assert_run_refused(plan, &kept, &args, text);
        buffers[i]->offset = INT64_MAX;
        snprintf(text, sizeof text, "%s: offset=9223372036854775807 is beyond", names[i]);
        assert_run_refused(plan, &kept, &args, text);
        buffers[i]->offset = 1;
        snprintf(text, sizeof text, "%s has ", names[i]);
        assert_run_refused(plan, &kept, &args, text);
    }
    clf_run_args args = good;
    args.workspace = device_memory(ctx, clf_plan_workspace_bytes(plan) - 1);
    assert_run_refused(plan, &kept, &args, "workspace has ");
    clReleaseMemObject(args.workspace);
    args = good;
    args.num_wait = 1;
    assert_run_refused(plan, &kept, &args, "num_wait=1, but the list of events is NULL");
    const cl_event none = NULL;
    args.wait = &none;
    assert_run_refused(plan, &kept, &args, "wait[0] is NULL");
    args.num_wait = 0;
    assert_run_refused(plan, &kept, &args, "num_wait=0, but the list of events is there");
    assert_run_refused(plan, &kept, NULL, "args is NULL");

    // After all that the plan still works, without an event too.
    ck_assert_int_eq(clf_plan_run(plan, &good, NULL), CLF_OK);
    read_back(ctx, &good.out, NULL, sizeof(float), data.out_count, data.out);
    for (int64_t i = 0; i < data.out_count; i++)
        ck_assert(isfinite(data.out[i]));
    clf_plan_destroy(&plan);
    release_args(&good);
    data_finish(&data);
    clf_context_destroy(&ctx);
}
END_TEST

START_TEST(init_makes_the_defaults)
{
    clf_plan_params params, zero = {0};
    memset(&params, 0xff, sizeof params);
    memset(&zero, 0, sizeof zero);
    clf_plan_params_init(&params);
    ck_assert_int_eq(params.B + params.R + params.out.l + (int64_t)params.seed, 0);
    ck_assert_ptr_null(params.projection);
    ck_assert(params.scale == zero.scale && params.causal == zero.causal);
    ck_assert_int_eq(params.tuning.segments + (int)params.tuning.family, 0);
}
END_TEST

RUN_DEVICE_TESTS("plan arguments", sizes_and_strides_are_refused_by_name,
                 what_disagrees_is_refused_by_name, a_projection_must_fit,
                 null_is_refused_everywhere, run_arguments_are_refused_by_name,
                 init_makes_the_defaults)
