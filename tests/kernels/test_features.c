/* The features themselves, of every kind, in log space against the reference, up to |x| = 30; and
 * on device memory, at offsets, in every dtype. */
#include <math.h>

#include "guarded.h"
#include "host/kinds.h"
#include "host/ref/functions.h"
#include "host/ref/ref.h"
#include "inputs.h"
#include "judge.h"
#include "runner.h"

/* Features further than this below the largest of their row may be flushed to 0, in base 2. */
static const double k_window = 120;

/* What the reference knows of a row. */
typedef struct expected {
    double *log_phi, *sign;  // [R]; in base 2, with the factor of stored features
    double *slack;           // [M]: absolute error of f where it is not relative, as phi
    double tolerance;        // relative
} expected;

static double norm_of(const float *x, int64_t D, double scale)
{
    double square = 0;
    for (int64_t d = 0; d < D; d++)
        square += (double)x[d] * x[d] * scale;
    return sqrt(square);
}

/* |w_m| |x| + |b_m|: what relative errors in u_m multiply. */
static double size_of(const trial *t, const float *W, const float *bias, const float *x, int64_t m)
{
    const double scale = 1 / sqrt((double)t->D);
    if (t->deterministic)
        return fabs(x[m] * sqrt(scale));
    return norm_of(x, t->D, scale) * norm_of(W + m * t->D, t->D, 1) + (bias ? fabs(bias[m]) : 0);
}

static double argument_of(const trial *t, const float *W, const float *bias, const float *x,
                          int64_t m)
{
    const double root = pow((double)t->D, -0.25);
    if (t->deterministic)
        return x[m] * root;
    double u = bias ? bias[m] : 0;
    for (int64_t d = 0; d < t->D; d++)
        u += W[m * t->D + d] * (x[d] * root);
    return u;
}

static void expect_row(const trial *t, const float *W, const float *bias, const float *x,
                       const expected *want, double *tolerance)
{
    const clfi_kind_row *kind = clfi_kind(t->kind);
    const clfi_problem p = {.D = t->D,
                            .R = t->R,
                            .kind = t->kind,
                            .scale = 1 / sqrt((double)t->D),
                            .kernel_eps = t->kernel_eps,
                            .deterministic = t->deterministic};
    clfi_ref_features(&p, W, bias, x, want->log_phi, want->sign);
    const int64_t M = trial_M(t);
    const double factor = kind->info.generalized       ? 1
                          : kind->map == CLFI_MAP_TRIG ? pow((double)M, -0.5)
                                                       : pow((double)t->R, -0.5);
    for (int64_t r = 0; r < t->R; r++)
        want->log_phi[r] = want->log_phi[r] / log(2.0) + log2(factor);
    // exp(norm) is common to the row, and its error is one of all features.
    const double norm = norm_of(x, t->D, p.scale);
    double largest = 0;
    for (int64_t m = 0; m < M; m++) {
        const double size = size_of(t, W, bias, x, m);
        largest = fmax(largest, size);
        const double u = argument_of(t, W, bias, x, m);
        const double drift = kind->map == CLFI_MAP_EXP ? 0
                             : kind->map == CLFI_MAP_TRIG
                                 ? size + 1
                                 : clfi_function_drift(t->kind, u, size) + 3 * t->kernel_eps;
        const double log_norm = -kind->norms * norm * norm / 2 / log(2.0) + log2(factor);
        want->slack[m] = log2(6 * 0x1p-24 * drift) + log_norm;
    }
    *tolerance = ldexp(kind->map == CLFI_MAP_EXP ? 6 * largest + 8 : 24, -24);
}

/* Feature r is m 2^exponent; the wanted one is sign 2^log_phi, give or take tolerance and slack.
 * All is compared in units of the row's largest. */
static void check_row(const trial *t, const expected *want, double tolerance, const float *phi,
                      int32_t exponent, double *worst)
{
    double most = -INFINITY;
    for (int64_t r = 0; r < t->R; r++)
        most = fmax(most, want->log_phi[r]);
    if (most == -INFINITY)
        most = exponent;
    const int64_t M = trial_M(t);
    const bool exponential = clfi_kind(t->kind)->map == CLFI_MAP_EXP;
    for (int64_t r = 0; r < t->R; r++) {
        // An exponential is right relative to itself, however small, until it is flushed.
        const double unit = exponential ? want->log_phi[r] : most;
        if (exponential && phi[r] == 0 && want->log_phi[r] < most - k_window)
            continue;
        const double have =
            phi[r] == 0 ? 0 : copysign(exp2(log2(fabs((double)phi[r])) + exponent - unit), phi[r]);
        const double wanted = want->sign[r] * exp2(want->log_phi[r] - unit);
        const double slack = exponential ? 0 : exp2(want->slack[r % M] - unit);
        const double limit = tolerance * fabs(wanted) + slack + 0x1p-120;
        const double error = fabs(have - wanted);
        if (!(error <= limit))
            ck_abort_msg("wrong result: feature %d is %.9g, not %.9g, times 2^%.9g: error %.3g is "
                         "above %.3g; %s",
                         (int)r, have, wanted, unit, error, limit, trial_describe(t).text);
        *worst = fmax(*worst, error / limit);
    }
}

static double check_features(const trial *t, const tensors *x, const float *phi,
                             const int32_t *exponents)
{
    const int64_t M = trial_M(t), rows = t->B * t->H * t->L;
    const bool shared = !x->projection || clf_projection_heads(x->projection) == 1;
    const float *all_W = clf_projection_data(x->projection);
    const float *all_bias = clf_projection_bias(x->projection);
    double worst = 0, tolerance = 0;
    double *room = malloc((size_t)(3 * t->R) * sizeof *room);
    ck_assert_ptr_nonnull(room);
    const expected want = {.log_phi = room, .sign = room + t->R, .slack = room + 2 * t->R};
    for (int64_t i = 0; i < rows; i++) {
        const int64_t h = shared ? 0 : i / t->L % t->H / (t->H / trial_Hkv(t));
        expect_row(t, all_W ? all_W + h * M * t->D : NULL, all_bias ? all_bias + h * M : NULL,
                   x->q + i * t->D, &want, &tolerance);
        check_row(t, &want, tolerance, phi + i * t->R, exponents[i], &worst);
    }
    free(room);
    return worst;
}

/* A feature plan on device memory, all of it under guard. */
static void run_on_device(clf_context *ctx, const trial *t, const tensors *x, float *phi,
                          int32_t *exponents)
{
    const int64_t rows = t->B * t->H * t->L;
    const clf_plan_params params = trial_params(t, x);
    clf_plan *plan = NULL;
    ck_assert_int_eq(clf_feature_plan_create(ctx, &params, &plan), CLF_OK);
    const size_t size = clf_dtype_size(t->q_dtype);
    void *stored = calloc((size_t)trial_q_count(t), size);
    ck_assert_ptr_nonnull(stored);
    clf_convert(x->q, CLF_DTYPE_F32, stored, t->q_dtype, (size_t)trial_q_count(t));
    clf_convert(stored, t->q_dtype, x->q, CLF_DTYPE_F32, (size_t)trial_q_count(t));
    const tensor_form x_form = {.B = t->B,
                                .H = t->H,
                                .rows = t->L,
                                .columns = t->D,
                                .size = size,
                                .layout = params.q,
                                .offset = t->offset};
    const tensor_form phi_form = {
        .B = 1, .H = 1, .rows = rows, .columns = t->R, .size = sizeof(float), .offset = t->offset};
    const tensor_form exponent_form = {
        .B = 1, .H = 1, .rows = 1, .columns = rows, .size = sizeof(int32_t), .offset = t->offset};
    placed on_x = place(ctx, &x_form, stored), on_phi = place(ctx, &phi_form, NULL),
           on_exponents = place(ctx, &exponent_form, NULL);
    const clf_feature_args args = {.x = placed_buffer(&on_x),
                                   .phi = placed_buffer(&on_phi),
                                   .exponents = placed_buffer(&on_exponents)};
    cl_event event = NULL;
    ck_assert_int_eq(clf_feature_plan_run(plan, &args, &event), CLF_OK);
    ck_assert_int_eq(clWaitForEvents(1, &event), CL_SUCCESS);
    clReleaseEvent(event);
    placed_finish(ctx, &on_x, "x", NULL);
    placed_finish(ctx, &on_phi, "phi", phi);
    placed_finish(ctx, &on_exponents, "exponents", exponents);
    free(stored);
    clf_plan_destroy(&plan);
}

static void run_features(clf_context *ctx, const trial *t, double norm, double *worst)
{
    tensors x = tensors_create(t, trial_seed());
    if (norm > 0)
        fill_norms(t, &x, trial_seed(), DIRECTIONS_RANDOM, norm, norm);
    else
        fill_mixed(t, &x, trial_seed());
    const int64_t rows = t->B * t->H * t->L;
    float *phi = calloc((size_t)(rows * t->R), sizeof *phi);
    int32_t *exponents = calloc((size_t)rows, sizeof *exponents);
    ck_assert(phi && exponents);
    run_on_device(ctx, t, &x, phi, exponents);
    *worst = fmax(*worst, check_features(t, &x, phi, exponents));
    free(exponents);
    free(phi);
    tensors_destroy(&x);
}

/* Sizes take turns over the kinds, options over the sizes; every kind at every norm. */
static void run_family(clf_family family, const char *name)
{
    static const struct {
        int64_t B, Hkv, group, L, D, M;
        order order;
    } sizes[] = {{1, 1, 1, 1, 1, 1, ORDER_BHLD},
                 {3, 2, 2, 49, 7, 13, ORDER_GAPS},
                 {2, 2, 1, 95, 64, 101, ORDER_BLHD}};
    static const double norms[] = {0, 0.1, 8, 30};
    clf_context *ctx = trial_context();
    for (int n = 0; n < 2 * CLF_KIND_COUNT; n++) {
        const clf_kind kind = (clf_kind)(n / 2);
        const clf_kind_info *info = clf_kind_describe(kind);
        const int s = n % 2 ? 1 + n / 2 % 2 : n / 2 % 3;
        trial t = {.B = sizes[s].B,
                   .H = sizes[s].Hkv * sizes[s].group,
                   .Hkv = sizes[s].Hkv,
                   .L = sizes[s].L,
                   .S = sizes[s].L,
                   .D = sizes[s].D,
                   .E = 1,
                   .R = info->paired ? 2 * sizes[s].M : sizes[s].M,
                   .kind = kind,
                   .bias = n % 2,
                   .kernel_eps = info->generalized && n % 2 ? 0.01f : 0,
                   .q_dtype = (clf_dtype)(n % CLF_DTYPE_COUNT),
                   .order = sizes[s].order,
                   .offset = n % 3,
                   .tuning = {.family = family}};
        t.deterministic = info->generalized && n % 4 == 2;
        t.R = t.deterministic ? t.D : t.R;
        double worst = 0;
        for (size_t i = 0; i < sizeof norms / sizeof norms[0]; i++)
            run_features(ctx, &t, norms[i], &worst);
        printf("features, %s: %-14s worst err/tolerance %.3f\n", name, info->name, worst);
    }
    clf_context_destroy(&ctx);
}

START_TEST(plain)
{
    run_family(CLF_FAMILY_PLAIN, "plain");
}
END_TEST

START_TEST(wide)
{
    run_family(CLF_FAMILY_WIDE, "wide");
}
END_TEST

/* The call on host memory gives the same bits. */
START_TEST(on_the_host)
{
    const trial t = {.B = 1, .H = 2, .L = 7, .S = 7, .D = 5, .E = 1, .R = 6, .kind = CLF_KIND_COSH};
    clf_context *ctx = trial_context();
    tensors x = tensors_create(&t, trial_seed());
    fill_mixed(&t, &x, trial_seed());
    float phi[2][14 * 6];
    int32_t exponents[2][14];
    const clf_plan_params params = trial_params(&t, &x);
    run_on_device(ctx, &t, &x, phi[0], exponents[0]);
    ck_assert_int_eq(clf_feature_map(ctx, &params, x.q, phi[1], exponents[1]), CLF_OK);
    same_bits(phi[0], phi[1], 14 * 6, "clf_feature_map", &t);
    ck_assert_mem_eq(exponents[0], exponents[1], sizeof exponents[0]);
    tensors_destroy(&x);
    clf_context_destroy(&ctx);
}
END_TEST

RUN_KERNEL_TESTS("features", plain, wide, on_the_host)
