/* Stored features: by the call, by a plan on device memory, and what both refuse. */
#include "host/ref/ref.h"
#include "plan_support.h"

/* A problem of one tensor x. */
static clf_plan_params feature_problem(clf_kind kind)
{
    clf_plan_params p = small_problem(false);
    p.S = p.E = 0;
    p.kind = kind;
    return p;
}

static int64_t row_count(const clf_plan_params *p)
{
    return p->B * p->H * p->L;
}

typedef struct features {
    float *phi;
    int32_t *exponents;
} features;

static features features_init(const clf_plan_params *p)
{
    const features f = {.phi = noise(row_count(p) * p->R, 0),
                        .exponents = calloc((size_t)row_count(p), sizeof(int32_t))};
    ck_assert_ptr_nonnull(f.exponents);
    return f;
}

static void features_finish(features *f)
{
    free(f->phi);
    free(f->exponents);
}

/* Against the fp64 reference; exponentials to a part of themselves, else of the row's largest. */
static void assert_features_are_right(const clf_plan_params *p, const float *x, const features *f)
{
    const clf_projection *W = p->projection;
    const bool generalized = clf_kind_describe(p->kind)->generalized;
    const bool trig = !generalized && clf_kind_describe(p->kind)->has_sign;
    const int64_t M = W ? clf_projection_rows(W) : 0, heads = W ? clf_projection_heads(W) : 1;
    const clfi_problem problem = {.D = p->D,
                                  .R = p->R,
                                  .kind = p->kind,
                                  .scale = 1.0 / sqrt((double)p->D),
                                  .kernel_eps = (double)p->kernel_eps,
                                  .deterministic = p->deterministic};
    const double norm = generalized ? 0 : -0.5 * log((double)(trig ? M : p->R));
    double expected[50], sign[50];
    ck_assert_int_le(p->R, 50);
    for (int64_t t = 0; t < row_count(p); t++) {
        const int64_t w = heads > 1 ? t / p->L % p->H / (p->H / heads) : 0;
        const float *bias = W ? clf_projection_bias(W) : NULL;
        clfi_ref_features(&problem, W ? clf_projection_data(W) + w * M * p->D : NULL,
                          bias ? bias + w * M : NULL, x + t * p->D, expected, sign);
        double largest = 0;
        for (int64_t j = 0; j < p->R; j++) {
            expected[j] = sign[j] * exp(expected[j] + norm);
            largest = fmax(largest, fabs(expected[j]));
        }
        for (int64_t j = 0; j < p->R; j++) {
            const double y = ldexp((double)f->phi[t * p->R + j], f->exponents[t]);
            const double limit = 1e-5 * (generalized || trig ? largest : fabs(expected[j]));
            ck_assert_msg(fabs(y - expected[j]) <= limit, "%s row %d feature %d: %.9g, not %.9g",
                          clf_kind_describe(p->kind)->name, (int)t, (int)j, y, expected[j]);
        }
    }
}

START_TEST(stored_features_are_those_of_the_reference)
{
    static const struct {
        clf_kind kind;
        int64_t heads;  // of W; 0: deterministic
        bool biased;
        float kernel_eps;
    } cases[] = {
        {CLF_KIND_EXP, 1, false, 0},    {CLF_KIND_EXP, 2, true, 0},
        {CLF_KIND_COSH, 1, false, 0},   {CLF_KIND_COSH, 6, true, 0},
        {CLF_KIND_TRIG, 2, false, 0},   {CLF_KIND_GAUSSIAN_TRIG, 1, true, 0},
        {CLF_KIND_RELU, 1, true, 0.5f}, {CLF_KIND_ELU1, 0, false, 0},
    };
    clf_context *ctx = open_context(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        clf_plan_params p = feature_problem(cases[i].kind);
        p.H = 6;
        p.Hkv = cases[i].heads > 1 ? cases[i].heads : 0;
        p.kernel_eps = cases[i].kernel_eps;
        p.deterministic = cases[i].heads == 0;
        p.R = p.deterministic ? p.D : p.R;
        clf_projection *W =
            p.deterministic ? NULL : make_projection(&p, cases[i].heads, cases[i].biased);
        p.projection = W;
        float *x = noise(row_count(&p) * p.D, 1);
        for (int family = CLF_FAMILY_PLAIN; family <= CLF_FAMILY_WIDE; family++) {
            p.tuning.family = (clf_family)family;
            features f = features_init(&p);
            ck_assert_int_eq(clf_feature_map(ctx, &p, x, f.phi, f.exponents), CLF_OK);
            assert_features_are_right(&p, x, &f);
            features_finish(&f);
        }
        free(x);
        clf_projection_destroy(&W);
    }
    clf_context_destroy(&ctx);
}
END_TEST

/* x of fp16 with a gap after each row, read at an offset; everything written at offsets too. */
START_TEST(a_feature_plan_gives_the_bits_of_the_call_at_any_offset)
{
    enum {
        PAD = 5
    };
    clf_context *ctx = open_context(NULL);
    for (int kind = CLF_KIND_EXP; kind <= CLF_KIND_COSH; kind++) {
        clf_plan_params p = feature_problem((clf_kind)kind);
        p.q_dtype = CLF_DTYPE_F16;
        p.q = clf_layout_bhld(p.H, p.L, p.D + 3);
        const int64_t rows = row_count(&p), count = rows * (p.D + 3);
        float *x = noise(count, 1);
        uint16_t *halves = malloc((size_t)count * sizeof *halves);
        ck_assert_ptr_nonnull(halves);
        clf_convert(x, CLF_DTYPE_F32, halves, CLF_DTYPE_F16, (size_t)count);
        features call = features_init(&p), run = features_init(&p);
        ck_assert_int_eq(clf_feature_map(ctx, &p, halves, call.phi, call.exponents), CLF_OK);

        clf_plan *plan = NULL;
        cl_event done = NULL;
        ck_assert_int_eq(clf_feature_plan_create(ctx, &p, &plan), CLF_OK);
        const clf_feature_args args = {
            .x = device_copy(ctx, halves, sizeof *halves, count - 3, PAD),
            .phi = device_copy(ctx, NULL, sizeof(float), rows * p.R, PAD),
            .exponents = device_copy(ctx, NULL, sizeof(int32_t), rows, PAD)};
        for (int repeat = 0; repeat < 2; repeat++) {
            ck_assert_int_eq(clf_feature_plan_run(plan, &args, &done), CLF_OK);
            read_back(ctx, &args.phi, done, sizeof(float), rows * p.R, run.phi);
            read_back(ctx, &args.exponents, done, sizeof(int32_t), rows, run.exponents);
            clReleaseEvent(done);
            assert_same(call.phi, run.phi, rows * p.R);
            ck_assert_mem_eq(call.exponents, run.exponents, (size_t)rows * sizeof(int32_t));
        }
        clReleaseMemObject(args.x.mem);
        clReleaseMemObject(args.phi.mem);
        clReleaseMemObject(args.exponents.mem);
        clf_plan_destroy(&plan);
        features_finish(&call);
        features_finish(&run);
        free(halves);
        free(x);
    }
    clf_context_destroy(&ctx);
}
END_TEST

static void assert_feature_run_refused(clf_plan *plan, kept_log *kept, const clf_feature_args *args,
                                       const char *text)
{
    cl_event event = (cl_event)(void *)kept;
    kept->count = 0;
    ck_assert_int_eq(clf_feature_plan_run(plan, args, &event), CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_ptr_null(event);
    ck_assert_int_eq(kept->count, 1);
    assert_said(kept, text);
}

START_TEST(arguments_of_feature_runs_are_refused_by_name)
{
    static const char *const names[] = {"x", "phi", "exponents"};
    kept_log kept;
    clf_context *ctx = open_context(keep(&kept, CLF_LOG_ERROR));
    const clf_plan_params p = feature_problem(CLF_KIND_EXP);
    const int64_t rows = row_count(&p);
    clf_plan *plan = NULL;
    ck_assert_int_eq(clf_feature_plan_create(ctx, &p, &plan), CLF_OK);
    const clf_feature_args good = {.x = device_copy(ctx, NULL, sizeof(float), rows * p.D, 0),
                                   .phi = device_copy(ctx, NULL, sizeof(float), rows * p.R, 0),
                                   .exponents = device_copy(ctx, NULL, sizeof(int32_t), rows, 0)};
    for (int i = 0; i < 3; i++) {
        clf_feature_args args = good;
        clf_buffer *const buffer = i == 0 ? &args.x : i == 1 ? &args.phi : &args.exponents;
        const cl_mem mem = buffer->mem;
        char text[64];
        buffer->mem = NULL;
        snprintf(text, sizeof text, "%s is NULL", names[i]);
        assert_feature_run_refused(plan, &kept, &args, text);
        *buffer = (clf_buffer){.mem = mem, .offset = -1};
        snprintf(text, sizeof text, "%s: offset=-1 is negative", names[i]);
        assert_feature_run_refused(plan, &kept, &args, text);
        buffer->offset = INT64_MAX;
        snprintf(text, sizeof text, "%s: offset=9223372036854775807 is beyond memory", names[i]);
        assert_feature_run_refused(plan, &kept, &args, text);
        buffer->offset = 1;
        snprintf(text, sizeof text, "%s has ", names[i]);
        assert_feature_run_refused(plan, &kept, &args, text);
    }
    clf_feature_args args = good;
    args.num_wait = 1;
    assert_feature_run_refused(plan, &kept, &args, "num_wait=1, but the list of events is NULL");
    assert_feature_run_refused(plan, &kept, NULL, "args is NULL");
    ck_assert_int_eq(clf_feature_plan_run(NULL, &good, NULL), CLF_ERROR_INVALID_ARGUMENT);
    clReleaseMemObject(good.x.mem);
    clReleaseMemObject(good.phi.mem);
    clReleaseMemObject(good.exponents.mem);
    clf_plan_destroy(&plan);
    clf_context_destroy(&ctx);
}
END_TEST

START_TEST(plans_of_features_and_of_attention_are_not_mixed_up)
{
    kept_log kept;
    clf_context *ctx = open_context(keep(&kept, CLF_LOG_ERROR));
    const clf_plan_params p = small_problem(false);
    host_data data;
    data_init(&data, &p);
    clf_run_args args = device_args(ctx, &data, 0);
    const clf_host_args host = host_args(&data);
    clf_plan *attention = make_plan(ctx, &p), *plan = NULL;
    ck_assert_int_eq(clf_feature_plan_create(ctx, &p, &plan), CLF_OK);
    assert_run_refused(plan, &kept, &args,
                       "the plan makes features: run it with clf_feature_plan_run");
    ck_assert_int_eq(clf_plan_run_host(plan, &host), CLF_ERROR_INVALID_ARGUMENT);
    assert_said(&kept, "the plan makes features: see clf_feature_map");
    const clf_feature_args feature_args = {.x = args.q, .phi = args.k, .exponents = args.v};
    assert_feature_run_refused(attention, &kept, &feature_args,
                               "the plan makes attention: run it with clf_plan_run");
    clf_plan_destroy(&plan);
    clf_plan_destroy(&attention);
    release_args(&args);
    data_finish(&data);
    clf_context_destroy(&ctx);
}
END_TEST

static void assert_map_refused(clf_context *ctx, kept_log *kept, const clf_plan_params *p,
                               const char *text)
{
    clf_plan *plan = (clf_plan *)(void *)kept;
    kept->count = 0;
    ck_assert_int_eq(clf_feature_plan_create(ctx, p, &plan), CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_ptr_null(plan);
    ck_assert_int_eq(kept->count, 1);
    assert_said(kept, text);
}

START_TEST(what_has_no_stored_features_is_refused_by_name)
{
    kept_log kept;
    clf_context *ctx = open_context(keep(&kept, CLF_LOG_ERROR));
    clf_plan_params p = feature_problem(CLF_KIND_EXP);
    features f = features_init(&p);
    float *x = noise(row_count(&p) * p.D, 1);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(clf_feature_map(ctx, &p, i == 0 ? NULL : x, i == 1 ? NULL : f.phi,
                                         i == 2 ? NULL : f.exponents),
                         CLF_ERROR_INVALID_ARGUMENT);
        assert_said(&kept, "x, phi or exponents is NULL");
    }
    ck_assert_int_eq(clf_feature_map(NULL, &p, x, f.phi, f.exponents), CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clf_feature_plan_create(ctx, &p, NULL), CLF_ERROR_INVALID_ARGUMENT);
    assert_said(&kept, "out is NULL");
    assert_map_refused(ctx, &kept, NULL, "params is NULL");

    p.path = CLF_PATH_EXACT;
    assert_map_refused(ctx, &kept, &p,
                       "path 3 (exact): features are made by the kernels of the fused path");
    p.path = CLF_PATH_CLBLAST;
    assert_map_refused(ctx, &kept, &p, "path 2 (clblast): features are made by");
    p.path = CLF_PATH_COUNT;
    assert_map_refused(ctx, &kept, &p, "(unknown)");
    p.path = CLF_PATH_AUTO;
    p.preset = CLF_PRESET_GOOGLE_JAX;
    assert_map_refused(ctx, &kept, &p,
                       "preset google-jax: its features depend on all keys and are not stored");
    p.preset = CLF_PRESET_NONE;
    p.R = 0;
    assert_map_refused(ctx, &kept, &p, "R=0, but 1 to 65536 are possible");
    p.R = 50;
    p.D = 1025;
    assert_map_refused(ctx, &kept, &p, "D=1025, but 1 to 1024 are possible");
    free(x);
    features_finish(&f);
    clf_context_destroy(&ctx);
}
END_TEST

RUN_DEVICE_TESTS("plan features", stored_features_are_those_of_the_reference,
                 a_feature_plan_gives_the_bits_of_the_call_at_any_offset,
                 arguments_of_feature_runs_are_refused_by_name,
                 plans_of_features_and_of_attention_are_not_mixed_up,
                 what_has_no_stored_features_is_refused_by_name)
