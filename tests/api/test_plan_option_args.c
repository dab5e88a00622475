/* The options of plans: values that are none, options that do not go together, and what a run must
 * be given for them. Each refusal says one sentence that names the thing, the value and the limit.
 */
#include "plan_support.h"

#define FIELD(name) offsetof(clf_plan_params, name)

START_TEST(values_that_are_none_are_refused)
{
    static const struct {
        size_t offset;
        int beyond;  // the last value
        const char *text;
    } cases[] = {
        {FIELD(kind), CLF_KIND_COUNT, "unknown kind "},
        {FIELD(preset), CLF_PRESET_COUNT, "unknown preset "},
        {FIELD(mask), CLF_MASK_GENERAL + 1, "unknown mask "},
        {FIELD(path), CLF_PATH_COUNT, "unknown path "},
        {FIELD(q_dtype), CLF_DTYPE_COUNT, "q: unknown dtype "},
        {FIELD(k_dtype), CLF_DTYPE_COUNT, "k: unknown dtype "},
        {FIELD(v_dtype), CLF_DTYPE_COUNT, "v: unknown dtype "},
        {FIELD(out_dtype), CLF_DTYPE_COUNT, "out: unknown dtype "},
    };
    kept_log kept;
    clf_context *ctx = open_context(keep(&kept, CLF_LOG_ERROR));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const int values[] = {cases[i].beyond, -1, INT32_MAX, INT32_MIN};
        for (int j = 0; j < 4; j++) {
            clf_plan_params p = small_problem(false);
            char text[64];
            snprintf(text, sizeof text, "%s%d", cases[i].text, values[j]);
            memcpy((char *)&p + cases[i].offset, &values[j], sizeof values[j]);
            assert_refused(ctx, &kept, &p, CLF_ERROR_INVALID_ARGUMENT, text);
        }
    }
    clf_context_destroy(&ctx);
}
END_TEST

START_TEST(a_general_mask_is_refused_by_name_on_every_path)
{
    kept_log kept;
    clf_context *ctx = open_context(keep(&kept, CLF_LOG_ERROR));
    for (int path = 0; path < CLF_PATH_COUNT; path++) {
        clf_plan_params p = small_problem(false);
        p.mask = CLF_MASK_GENERAL;
        p.path = (clf_path)path;
        assert_refused(ctx, &kept, &p, CLF_ERROR_UNSUPPORTED, "a general [L, S] mask");
        assert_said(&kept, "key masks [B, S] and causal are possible");
    }
    clf_context_destroy(&ctx);
}
END_TEST

START_TEST(kernel_eps_has_a_range_and_is_for_generalized_kinds)
{
    static const struct {
        float eps;
        const char *text;
    } cases[] = {
        {-1e-3f, "kernel_eps=-0.001, but 0 and 2^-100 to 2^100 are possible"},
        {0x1.fffffep-101f, "kernel_eps=7.88861e-31, but"},
        {0x1.000002p100f, "kernel_eps=1.26765e+30, but"},
        {INFINITY, "kernel_eps=inf, but"},
        {-INFINITY, "kernel_eps=-inf, but"},
        {NAN, "kernel_eps=nan, but"},
    };
    kept_log kept;
    clf_context *ctx = open_context(keep(&kept, CLF_LOG_ERROR));
    clf_plan_params p = small_problem(false);
    p.kind = CLF_KIND_RELU;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        p.kernel_eps = cases[i].eps;
        assert_refused(ctx, &kept, &p, CLF_ERROR_INVALID_ARGUMENT, cases[i].text);
    }
    static const float limits[] = {0x1p-100f, 0x1p100f};
    for (int i = 0; i < 2; i++) {
        p.kernel_eps = limits[i];
        clf_plan *plan = make_plan(ctx, &p);
        clf_plan_destroy(&plan);
    }
    for (int kind = 0; kind < CLF_KIND_COUNT; kind++) {
        const clf_kind_info *info = clf_kind_describe((clf_kind)kind);
        char text[96];
        p.kind = (clf_kind)kind;
        p.kernel_eps = 0.25f;
        snprintf(text, sizeof text, "kernel_eps=0.25 is for generalized kinds, not for %s",
                 info->name);
        if (!info->generalized)
            assert_refused(ctx, &kept, &p, CLF_ERROR_INVALID_ARGUMENT, text);
    }
    clf_context_destroy(&ctx);
}
END_TEST

START_TEST(options_that_do_not_go_together_are_refused_by_name)
{
    static const struct {
        clf_kind kind;
        clf_preset preset;
        clf_mask mask;
        bool deterministic;
        int64_t R;
        const char *text;
    } cases[] = {
        {CLF_KIND_COSH, 0, 0, false, 51, "R=51 is odd: cosh features come in pairs"},
        {CLF_KIND_TRIG, 0, 0, false, 51, "R=51 is odd: trig features come in pairs"},
        {CLF_KIND_GAUSSIAN_TRIG, 0, 0, false, 1, "R=1 is odd: gaussian-trig features"},
        {CLF_KIND_RELU, 0, 0, true, 50, "R=50, but deterministic features are as many as D=20"},
        {CLF_KIND_EXP, 0, 0, true, 20,
         "deterministic features are of generalized kinds, not of exp"},
        {CLF_KIND_GAUSSIAN, 0, 0, true, 20, "of generalized kinds, not of gaussian"},
        {CLF_KIND_COSH, CLF_PRESET_GOOGLE_JAX, 0, false, 50, "preset google-jax has no kind cosh"},
        {CLF_KIND_TRIG, CLF_PRESET_PERFORMER_PYTORCH, 0, false, 50,
         "preset performer-pytorch has no kind trig"},
        {CLF_KIND_EXP, CLF_PRESET_FAST_TRANSFORMERS, 0, false, 50,
         "preset fast-transformers has no kind exp"},
        {CLF_KIND_ELU1, CLF_PRESET_GOOGLE_TF, 0, false, 50, "preset google-tf has no kind elu1"},
        {CLF_KIND_EXP, CLF_PRESET_GOOGLE_TF, CLF_MASK_KEYS, false, 50,
         "preset google-tf has no key mask"},
    };
    kept_log kept;
    clf_context *ctx = open_context(keep(&kept, CLF_LOG_ERROR));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        clf_plan_params p = small_problem(false);
        p.kind = cases[i].kind;
        p.preset = cases[i].preset;
        p.mask = cases[i].mask;
        p.deterministic = cases[i].deterministic;
        p.R = cases[i].R;
        assert_refused(ctx, &kept, &p, CLF_ERROR_INVALID_ARGUMENT, cases[i].text);
    }
    clf_plan_params p = small_problem(false);
    p.kind = CLF_KIND_RELU;
    p.R = p.D;
    p.deterministic = true;
    clf_projection *W = make_projection(&p, 1, false);
    p.projection = W;
    assert_refused(ctx, &kept, &p, CLF_ERROR_INVALID_ARGUMENT,
                   "deterministic features take no projection, but one is given");
    clf_projection_destroy(&W);
    clf_context_destroy(&ctx);
}
END_TEST

/* A plan that refuses a projection goes on with the one it has. */
static void assert_projection_refused(clf_plan *plan, kept_log *kept, const clf_projection *W,
                                      const char *text)
{
    kept->count = 0;
    ck_assert_int_eq(clf_plan_set_projection(plan, W), CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(kept->count, 1);
    assert_said(kept, text);
}

START_TEST(a_redraw_keeps_the_rules_of_the_plan)
{
    static const char *const texts[] = {"has a bias, but the plan was made without one",
                                        "has no bias, but the plan was made with one"};
    kept_log kept;
    clf_context *ctx = open_context(keep(&kept, CLF_LOG_ERROR));
    clf_plan_params p = small_problem(false);
    clf_projection *W[] = {make_projection(&p, 1, false), make_projection(&p, 1, true)};
    for (int biased = 0; biased < 2; biased++) {
        p.projection = W[biased];
        host_data data;
        data_init(&data, &p);
        clf_plan *plan = make_plan(ctx, &p);
        run_host(plan, &data);
        float *before = noise(data.out_count, 0);
        memcpy(before, data.out, (size_t)data.out_count * sizeof *before);
        assert_projection_refused(plan, &kept, W[!biased], texts[biased]);
        run_host(plan, &data);
        assert_same(before, data.out, data.out_count);
        ck_assert_int_eq(clf_plan_set_projection(plan, W[biased]), CLF_OK);
        free(before);
        clf_plan_destroy(&plan);
        data_finish(&data);
    }
    p = small_problem(false);
    p.path = CLF_PATH_EXACT;
    clf_plan *plan = make_plan(ctx, &p);
    assert_projection_refused(plan, &kept, W[0], "the plan has no projection to be replaced");
    clf_plan_destroy(&plan);
    p = small_problem(false);
    p.kind = CLF_KIND_RELU;
    p.R = p.D;
    p.deterministic = true;
    plan = make_plan(ctx, &p);
    assert_projection_refused(plan, &kept, W[0], "the plan has no projection to be replaced");
    clf_plan_destroy(&plan);
    clf_projection_destroy(&W[0]);
    clf_projection_destroy(&W[1]);
    clf_context_destroy(&ctx);
}
END_TEST

START_TEST(a_run_has_a_mask_when_its_plan_has_one)
{
    kept_log kept;
    clf_context *ctx = open_context(keep(&kept, CLF_LOG_ERROR));
    clf_plan_params p = small_problem(false);
    host_data data;
    data_init(&data, &p);
    const int64_t count = p.B * p.S;
    uint8_t *ones = malloc((size_t)count);
    ck_assert_ptr_nonnull(ones);
    memset(ones, 1, (size_t)count);
    clf_host_args host = host_args(&data);
    clf_run_args args = device_args(ctx, &data, 0);
    const clf_buffer mask = device_copy(ctx, ones, 1, count, 0);

    clf_plan *plan = make_plan(ctx, &p);
    args.mask = mask;
    assert_run_refused(plan, &kept, &args, "a mask is given, but the plan has none");
    host.mask = ones;
    ck_assert_int_eq(clf_plan_run_host(plan, &host), CLF_ERROR_INVALID_ARGUMENT);
    assert_said(&kept, "the plan has no mask, but one is given");
    clf_plan_destroy(&plan);

    p.mask = CLF_MASK_KEYS;
    plan = make_plan(ctx, &p);
    args.mask = (clf_buffer){.mem = NULL};
    assert_run_refused(plan, &kept, &args, "mask is NULL");
    args.mask = (clf_buffer){.mem = mask.mem, .offset = -1};
    assert_run_refused(plan, &kept, &args, "mask: offset=-1 is negative");
    args.mask.offset = 1;
    assert_run_refused(plan, &kept, &args, "mask has 202 bytes, but the plan needs 203");
    host.mask = NULL;
    ck_assert_int_eq(clf_plan_run_host(plan, &host), CLF_ERROR_INVALID_ARGUMENT);
    assert_said(&kept, "the plan has a mask, but none is given");
    for (int64_t i = 0; i < data.out_count; i++)
        ck_assert(isnan(data.out[i]));
    args.mask = mask;
    ck_assert_int_eq(clf_plan_run(plan, &args, NULL), CLF_OK);
    ck_assert_int_eq(clFinish(clf_context_queue(ctx)), CL_SUCCESS);
    clf_plan_destroy(&plan);
    release_args(&args);
    free(ones);
    data_finish(&data);
    clf_context_destroy(&ctx);
}
END_TEST

/* What counts for features alone is not looked at, however wrong. */
START_TEST(exact_attention_ignores_all_of_the_features)
{
    clf_context *ctx = open_context(NULL);
    clf_plan_params p = small_problem(false);
    clf_projection *W = make_projection(&p, 1, false);
    host_data data;
    data_init(&data, &p);
    p.path = CLF_PATH_EXACT;
    p.R = 0;
    clf_plan *plan = make_plan(ctx, &p);
    run_host(plan, &data);
    float *expected = noise(data.out_count, 0);
    memcpy(expected, data.out, (size_t)data.out_count * sizeof *expected);
    clf_plan_destroy(&plan);

    const clf_plan_params clean = p;
    p.R = INT64_MIN;
    p.kind = (clf_kind)-7;
    p.preset = (clf_preset)99;
    p.kernel_eps = NAN;
    p.deterministic = true;
    p.projection = W;
    p.seed = 1234;
    plan = make_plan(ctx, &p);
    run_host(plan, &data);
    assert_same(expected, data.out, data.out_count);
    clf_plan_destroy(&plan);

    p = clean;
    p.preset = CLF_PRESET_GOOGLE_TF;  // which has neither the kind nor masks
    p.kind = CLF_KIND_COSH;
    p.mask = CLF_MASK_KEYS;
    plan = make_plan(ctx, &p);
    ck_assert_ptr_null(strstr(clf_plan_describe(plan), "preset"));
    clf_plan_destroy(&plan);
    free(expected);
    clf_projection_destroy(&W);
    data_finish(&data);
    clf_context_destroy(&ctx);
}
END_TEST

RUN_DEVICE_TESTS("plan options' arguments", values_that_are_none_are_refused,
                 a_general_mask_is_refused_by_name_on_every_path,
                 kernel_eps_has_a_range_and_is_for_generalized_kinds,
                 options_that_do_not_go_together_are_refused_by_name,
                 a_redraw_keeps_the_rules_of_the_plan, a_run_has_a_mask_when_its_plan_has_one,
                 exact_attention_ignores_all_of_the_features)
