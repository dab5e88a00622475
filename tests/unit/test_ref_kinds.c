/* The reference's features against values that are known without it, and its judgement of
 * rounding against what rounding does. Attention as a whole is in test_ref.c. */
#include "ref_support.h"

#include "host/ref/functions.h"

START_TEST(log_features_are_the_formula)
{
    const float x[2] = {3, 4};
    const float W[4] = {1, 0, 2, -1};
    const float bias[2] = {0.5f, 0};
    double log_phi[4], sign[4];
    /* sqrt(scale) = 0.5: x = (1.5, 2), |x|^2/2 = 3.125, w.x = 1.5 and 1. */
    clfi_problem p = {.D = 2, .R = 2, .scale = 0.25};
    clfi_ref_features(&p, W, NULL, x, log_phi, sign);
    ck_assert_double_eq(log_phi[0], 1.5 - 3.125);
    ck_assert_double_eq(log_phi[1], 1 - 3.125);
    ck_assert_double_eq(sign[1], 1);
    p.kind = CLF_KIND_GAUSSIAN;
    clfi_ref_features(&p, W, bias, x, log_phi, sign);
    ck_assert_double_eq(log_phi[0], 2 - 6.25);
    ck_assert_double_eq(log_phi[1], 1 - 6.25);
    p.kind = CLF_KIND_COSH;
    p.R = 4;
    clfi_ref_features(&p, W, bias, x, log_phi, sign);
    ck_assert_double_eq(log_phi[0], 2 - 3.125);
    ck_assert_double_eq(log_phi[1], 1 - 3.125);
    ck_assert_double_eq(log_phi[2], -1 - 3.125);
    ck_assert_double_eq(log_phi[3], -1 - 3.125);
    p.kind = CLF_KIND_TRIG;
    clfi_ref_features(&p, W, bias, x, log_phi, sign);
    ck_assert_double_eq_tol(log_phi[0], log(0.41614683654714239) + 3.125, 1e-14);
    ck_assert_double_eq(sign[0], -1);
    ck_assert_double_eq_tol(log_phi[2], log(0.90929742682568170) + 3.125, 1e-14);
    ck_assert_double_eq(sign[2], 1);
    p.kind = CLF_KIND_GAUSSIAN_TRIG;
    clfi_ref_features(&p, W, bias, x, log_phi, sign);
    ck_assert_double_eq_tol(log_phi[1], log(0.54030230586813972), 1e-14);
}
END_TEST

/* Values from tables of these functions. */
START_TEST(functions_are_themselves)
{
    static const struct {
        clf_kind kind;
        float u;
        double f;
    } rows[] = {
        {CLF_KIND_RELU, 1.5f, 1.5},
        {CLF_KIND_RELU, -1.5f, 0},
        {CLF_KIND_F_EXP, 1, 2.71828182845904524},
        {CLF_KIND_SIGMOID, 0, 0.5},
        {CLF_KIND_SIGMOID, 2, 0.88079707797788244},
        {CLF_KIND_SIGMOID, -2, 0.11920292202211756},
        {CLF_KIND_TANH, -1, -0.76159415595576489},
        {CLF_KIND_GELU, 1, 0.84134474606854295},
        {CLF_KIND_GELU, -1, -0.15865525393145705},
        {CLF_KIND_GELU, -8, -8 * 6.2209605742717841e-16},
        {CLF_KIND_ABS, -3, 3},
        {CLF_KIND_COS, 1, 0.54030230586813972},
        {CLF_KIND_SIN, -1, -0.84147098480789651},
        {CLF_KIND_IDENTITY, -2.5f, -2.5},
        {CLF_KIND_SQUARE, -3, 9},
        {CLF_KIND_REQU, 3, 9},
        {CLF_KIND_REQU, -3, 0},
        {CLF_KIND_ELU1, 2, 3},
        {CLF_KIND_ELU1, 0, 1},
        {CLF_KIND_ELU1, -1, 0.36787944117144232},
    };
    for (size_t n = 0; n < sizeof rows / sizeof rows[0]; n++) {
        for (int eps = 0; eps < 2; eps++) {
            const clfi_problem p = {.D = 1,
                                    .R = 1,
                                    .scale = 1,
                                    .kind = rows[n].kind,
                                    .kernel_eps = eps ? 0.125 : 0,
                                    .deterministic = n % 2};
            const float one = 1;
            double log_phi, sign;
            clfi_ref_features(&p, &one, NULL, &rows[n].u, &log_phi, &sign);
            const double expected = rows[n].f + p.kernel_eps;
            ck_assert_double_eq_tol(sign * exp(log_phi), expected, 1e-14 * fabs(expected) + 1e-30);
        }
    }
}
END_TEST

/* exp(u) + eps where neither exp(u) nor its square is a number any more. */
START_TEST(huge_exponentials_stay_finite)
{
    clfi_problem p = {.D = 1, .R = 1, .scale = 1, .kind = CLF_KIND_F_EXP, .deterministic = true};
    const float u[] = {2000, -2000};
    double log_phi, sign;
    clfi_ref_features(&p, NULL, NULL, &u[1], &log_phi, &sign);
    ck_assert_double_eq(log_phi, -2000);
    p.kernel_eps = 1e-3;
    clfi_ref_features(&p, NULL, NULL, &u[0], &log_phi, &sign);
    ck_assert_double_eq(log_phi, 2000);
    clfi_ref_features(&p, NULL, NULL, &u[1], &log_phi, &sign);
    ck_assert_double_eq_tol(log_phi, log(1e-3), 1e-14);
}
END_TEST

/* The mean of phi_r(x) phi_r(y) over many random projections is the kernel that the kind is for:
 * exp(x.y), or exp(-|x-y|^2/2) of the Gaussian kinds. */
START_TEST(features_estimate_their_kernel)
{
    enum {
        M = 100000
    };
    static double log_phi[2][2 * M], sign[2][2 * M];
    const float x[2][3] = {{0.5f, -0.25f, 0.75f}, {0.25f, 0.5f, 0.5f}};
    clf_projection *projection = NULL;
    const clf_projection_params params = {.M = M, .D = 3, .seed = 5, .kind = CLF_PROJECTION_IID};
    ck_assert_int_eq(clf_projection_create(&params, NULL, &projection), CLF_OK);
    const double product = (0.125 - 0.125 + 0.375) * 2;
    const double distance = (0.0625 + 0.5625 + 0.0625) * 2;
    for (int kind = 0; kind <= CLF_KIND_GAUSSIAN_TRIG; kind++) {
        const clfi_problem p = {.D = 3,
                                .R = plain_paired((clf_kind)kind) ? 2 * M : M,
                                .scale = 2,
                                .kind = (clf_kind)kind};
        for (int n = 0; n < 2; n++)
            clfi_ref_features(&p, clf_projection_data(projection), NULL, x[n], log_phi[n], sign[n]);
        double mean = 0;
        for (int64_t r = 0; r < p.R; r++)
            mean += sign[0][r] * sign[1][r] * exp(log_phi[0][r] + log_phi[1][r]);
        const bool trigonometric = kind == CLF_KIND_TRIG || kind == CLF_KIND_GAUSSIAN_TRIG;
        mean /= trigonometric ? M : (double)p.R;
        const bool gaussian = kind == CLF_KIND_GAUSSIAN || kind == CLF_KIND_GAUSSIAN_TRIG;
        const double kernel = gaussian ? exp(-distance / 2) : exp(product);
        printf("kind %d: %.4f for %.4f\n", kind, mean, kernel);
        ck_assert_double_eq_tol(mean / kernel, 1, 0.05);
    }
    clf_projection_destroy(&projection);
}
END_TEST

/* One query, one key, one feature: out is v, and drift what the slopes say. */
START_TEST(drift_by_hand)
{
    static const struct {
        clf_kind kind;
        double drift;  // of q = 0.5 and k = 2, per |v|
    } rows[] = {
        /* 2 (|f'(u)| |u| + error) / |f| for q and for k */
        {CLF_KIND_EXP, 0},
        {CLF_KIND_F_EXP, 0},
        {CLF_KIND_IDENTITY, 2 * (1 + 1)},
        {CLF_KIND_RELU, 2 * (1 + 1)},
        {CLF_KIND_SQUARE, 2 * (2 + 2)},
        {CLF_KIND_SIGMOID, 2 * (0.5 * 0.37754066879814541 + 2 * 0.11920292202211756)},
        {CLF_KIND_COS, 2 * ((0.47942553860420301 * 0.5 + 1) / 0.87758256189037276 +
                            (0.90929742682568170 * 2 + 1) / 0.41614683654714239)},
        {CLF_KIND_ELU1, 2 * (0.5 / 1.5 + 2 / 3.0)},
    };
    for (size_t n = 0; n < sizeof rows / sizeof rows[0]; n++) {
        fixture f;
        const clfi_problem sizes = {.B = 1, .H = 1, .L = 1, .S = 1, .D = 1, .E = 1, .R = 1};
        init(&f, sizes, 1);
        f.p.kind = rows[n].kind;
        f.p.scale = 1;
        f.p.W_heads = 1;
        f.W[0] = -1;
        f.q[0] = -0.5f;
        f.k[0] = -2;
        f.v[0] = -3;
        ck_assert_int_eq(favor(&f, 0, 0), CLF_OK);
        ck_assert_double_eq(f.out[0], -3);
        ck_assert_double_eq_tol(f.magnitude[0], 3, 1e-14);
        ck_assert_double_eq_tol(f.drift[0], 3 * rows[n].drift, 1e-5 * rows[n].drift + 1e-30);
        ck_assert_double_eq(f.condition[0], 1);
    }
}
END_TEST

/* What a slope at u alone does not show: a kink beside it, a tail that cancels, what is 0 in fp32.
 */
START_TEST(drift_beside_the_slope)
{
    ck_assert_double_eq_tol(clfi_function_drift(CLF_KIND_RELU, -1e-7, 1), 1, 1e-12);
    ck_assert_double_le(clfi_function_drift(CLF_KIND_RELU, -1e-5, 1), 0x1p-104);
    ck_assert_double_ge(clfi_function_drift(CLF_KIND_RELU, -1e-5, 1), 0x1p-104);
    ck_assert_double_eq_tol(clfi_function_drift(CLF_KIND_GELU, -10, 1), 1.5 * 10, 1e-12);
    ck_assert_double_eq_tol(clfi_function_drift(CLF_KIND_SQUARE, 0, 1), 12 * 0x1p-24, 1e-12);
    /* An eps that cancels f: 16 u of it. |f| + eps = 0.125, q and k alike. */
    fixture f;
    init(&f, (clfi_problem){.B = 1, .H = 1, .L = 1, .S = 1, .D = 1, .E = 1, .R = 1, .scale = 1}, 1);
    f.p.kind = CLF_KIND_IDENTITY;
    f.p.deterministic = true;
    f.p.kernel_eps = 0.25;
    f.q[0] = -0.125f;
    f.k[0] = -0.125f;
    f.v[0] = 1;
    ck_assert_int_eq(favor(&f, 0, 0), CLF_OK);
    ck_assert_double_eq_tol(f.drift[0], 2 * 2 * (0.125 + 3 * 0.25) / 0.125, 1e-12);
}
END_TEST

/* Two features of opposite sign cancel by half: 1/2 of B is left. */
START_TEST(condition_by_hand)
{
    fixture f;
    init(&f, (clfi_problem){.B = 1, .H = 1, .L = 1, .S = 1, .D = 1, .E = 1, .R = 2, .scale = 1}, 1);
    f.p.kind = CLF_KIND_IDENTITY;
    f.p.W_heads = 1;
    f.p.bias = f.bias;
    f.q[0] = 1;
    f.k[0] = 2;
    f.v[0] = 1;
    f.W[0] = 1;
    f.bias[0] = 0;  // 1 * 2
    f.W[1] = 1;
    f.bias[1] = -1.5f;  // -0.5 * 0.5: den = 1.75, B = 2.25
    ck_assert_int_eq(favor(&f, 0, 0), CLF_OK);
    ck_assert_double_eq_tol(f.condition[0], 1.75 / 2.25, 1e-14);
    ck_assert_double_eq_tol(f.out[0], 1, 1e-14);
    ck_assert_double_eq_tol(f.magnitude[0], 2.25 / 1.75, 1e-14);
    /* In fp32 such products are 0, or not. */
    f.p.bias = NULL;
    f.q[0] = 1e-20f;
    f.k[0] = 1e-20f;
    ck_assert_int_eq(favor(&f, 0, 0), CLF_OK);
    ck_assert_double_eq_tol(f.out[0], 1, 1e-14);
    ck_assert_double_eq(f.condition[0], 0);
    /* Features that are 0 give 0. */
    f.p.kind = CLF_KIND_RELU;
    f.q[0] = -1;
    ck_assert_int_eq(favor(&f, 0, 0), CLF_OK);
    ck_assert_double_eq(f.out[0], 0);
    ck_assert_double_eq(f.condition[0], 0);
}
END_TEST

static float function_f32(clf_kind kind, float u)
{
    switch (kind) {
    case CLF_KIND_SIGMOID:
        return 1 / (1 + expf(-u));
    case CLF_KIND_TANH:
        return tanhf(u);
    case CLF_KIND_GELU:
        return 0.5f * u * (1 + erff(u * 0.70710678f));
    case CLF_KIND_COS:
    case CLF_KIND_GAUSSIAN_TRIG:
        return cosf(u);
    case CLF_KIND_SIN:
        return sinf(u);
    case CLF_KIND_ELU1:
        return u > 0 ? u + 1 : expf(u);
    case CLF_KIND_SQUARE:
        return u * u;
    case CLF_KIND_ABS:
        return fabsf(u);
    case CLF_KIND_RELU:
        return fmaxf(u, 0);
    case CLF_KIND_REQU:
        return fmaxf(u, 0) * fmaxf(u, 0);
    default:
        return u;
    }
}

/* Attention in plain fp32, kinds that need no shift: W gets the scale, as kernels have it. */
static float favor_f32(const clfi_problem *p, int64_t i, int64_t e, float planted)
{
    const bool pair = p->kind == CLF_KIND_GAUSSIAN_TRIG;
    const int64_t M = pair ? p->R / 2 : p->R;
    float numerator = 0, denominator = 0;
    for (int64_t j = 0; j < p->S; j++) {
        float weight = 0;
        for (int64_t r = 0; r < p->R; r++) {
            const bool sine = pair && r >= M;
            const clf_kind kind = sine ? CLF_KIND_SIN : p->kind;
            float q = 0, k = 0;
            for (int64_t d = 0; d < p->D; d++) {
                const float w = p->W[r % M * p->D + d] * sqrtf((float)p->scale);
                q += w * p->q[i * p->D + d];
                k += w * p->k[j * p->D + d];
            }
            const float eps = (float)p->kernel_eps;
            const float change = r == 0 ? planted : 0;
            weight += (function_f32(kind, q + p->bias[r % M] + change) + eps) *
                      (function_f32(kind, k + p->bias[r % M]) + eps);
        }
        numerator += weight * p->v[j * p->E + e];
        denominator += weight;
    }
    return denominator == 0 ? 0 : numerator / denominator;
}

/* The worst error of fp32 in units of its limit, over rows whose denominator does not cancel. */
static double worst_ratio(fixture *f, float planted)
{
    double worst = 0;
    ck_assert_int_eq(favor(f, 0, 0), CLF_OK);
    const clfi_bound bound = clfi_ref_bound(&f->p, 0, 0, (double)f->p.S);
    const clfi_judgement judgement = {.magnitude = f->magnitude, .drift = f->drift};
    for (int64_t n = 0; n < f->p.L * f->p.E; n++) {
        if (f->condition[n / f->p.E] <= 0.1)
            continue;
        const float out = favor_f32(&f->p, n / f->p.E, n % f->p.E, planted);
        worst = fmax(worst, fabs(out - f->out[n]) / clfi_ref_limit(&bound, &judgement, n));
    }
    return worst;
}

/* Honest fp32 is within the limit, an argument that is wrong by 1% is not. */
START_TEST(limits_hold_for_plain_arithmetic)
{
    const clfi_problem sizes = {
        .B = 1, .H = 1, .L = 40, .S = 30, .D = 8, .E = 4, .R = 16, .scale = 0.35, .W_heads = 1};
    for (int n = CLF_KIND_GAUSSIAN_TRIG; n < CLF_KIND_COUNT; n++) {
        double worst = 0;
        double planted = 0;
        if (n == CLF_KIND_F_EXP)
            continue;
        for (int variant = 0; variant < 6; variant++) {
            fixture f;
            init(&f, sizes, (float[]){0.1f, 1, 10}[variant % 3]);
            f.p.kind = (clf_kind)n;
            f.p.bias = f.bias;
            f.p.kernel_eps = variant < 3 || n == CLF_KIND_GAUSSIAN_TRIG ? 0 : 1e-3;
            worst = fmax(worst, worst_ratio(&f, 0));
            planted = fmax(planted, worst_ratio(&f, 0.01f));
        }
        printf("kind %d: worst err/limit %.3f, planted %.1f\n", n, worst, planted);
        ck_assert_double_le(worst, 0.7);
        ck_assert_double_ge(planted, 10);
    }
}
END_TEST

RUN_TESTS("ref-kinds", log_features_are_the_formula, functions_are_themselves,
          huge_exponentials_stay_finite, features_estimate_their_kernel, drift_by_hand,
          drift_beside_the_slope, condition_by_hand, limits_hold_for_plain_arithmetic)
