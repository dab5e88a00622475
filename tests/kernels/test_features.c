/* The features themselves, in log space against the reference, up to |x| = 30. */
#include <math.h>

#include "host/ref/ref.h"
#include "inputs.h"
#include "plan_internal.h"
#include "runner.h"

/* Features further than this below the largest of their row may be flushed to 0. */
static const double k_window = 120;

static void check_row(const trial *t, const double *want, const float *phi, int32_t exponent,
                      double tolerance, double *worst)
{
    double most = -INFINITY;
    for (int64_t r = 0; r < t->R; r++)
        most = fmax(most, want[r]);
    for (int64_t r = 0; r < t->R; r++) {
        if (phi[r] == 0 && want[r] < most - k_window)
            continue;
        const double error = fabs((log2((double)phi[r]) + exponent - want[r]) * log(2.0));
        ck_assert_msg(error <= tolerance,
                      "wrong result: feature %d is 2^%.9g, not 2^%.9g: error %.3g is above %.3g; "
                      "%s",
                      (int)r, log2((double)phi[r]) + exponent, want[r], error, tolerance,
                      trial_describe(t).text);
        *worst = fmax(*worst, error / tolerance);
    }
}

/* The reference of every row, in base 2 and with the factor R^(-1/2). */
static double check_features(const trial *t, const tensors *x, const float *phi,
                             const int32_t *exponents)
{
    const int64_t size = trial_M(t) * t->D;
    const bool shared = clf_projection_heads(x->projection) == 1;
    double worst = 0;
    double *want = malloc((size_t)t->R * sizeof *want);
    ck_assert_ptr_nonnull(want);
    for (int64_t i = 0; i < t->B * t->H * t->L; i++) {
        const int64_t h = i / t->L % t->H;
        const float *W = clf_projection_data(x->projection) + (shared ? 0 : h * size);
        double square = 0;
        for (int64_t d = 0; d < t->D; d++)
            square += (double)x->q[i * t->D + d] * x->q[i * t->D + d] / sqrt((double)t->D);
        double longest = 0;
        for (int64_t j = 0; j < trial_M(t); j++) {
            double w = 0;
            for (int64_t d = 0; d < t->D; d++)
                w += (double)W[j * t->D + d] * W[j * t->D + d];
            longest = fmax(longest, sqrt(w));
        }
        clfi_ref_log_features(x->q + i * t->D, W, t->D, t->R, t->kind, 1 / sqrt((double)t->D),
                              want);
        for (int64_t r = 0; r < t->R; r++)
            want[r] = want[r] / log(2.0) - 0.5 * log2((double)t->R);
        check_row(t, want, phi + i * t->R, exponents[i], ldexp(6 * sqrt(square) * longest + 8, -24),
                  &worst);
    }
    free(want);
    return worst;
}

static void run_features(trial t, uint64_t seed, double norm, double *worst)
{
    clf_context *ctx = trial_context();
    tensors x = tensors_create(&t, seed);
    if (norm > 0)
        fill_norms(&t, &x, seed, DIRECTIONS_RANDOM, norm, norm);
    else
        fill_mixed(&t, &x, seed);
    const int64_t rows = t.B * t.H * t.L;
    float *phi = calloc((size_t)(rows * t.R), sizeof *phi);
    int32_t *exponents = calloc((size_t)rows, sizeof *exponents);
    ck_assert(phi && exponents);
    const clf_plan_params params = trial_params(&t, &x);
    ck_assert_int_eq(clfi_feature_map(ctx, &params, x.q, phi, exponents), CLF_OK);
    *worst = fmax(*worst, check_features(&t, &x, phi, exponents));
    free(exponents);
    free(phi);
    tensors_destroy(&x);
    clf_context_destroy(&ctx);
}

static void run_family(clf_family family, const char *name)
{
    static const struct {
        int64_t B, H, L, D, M;
    } sizes[] = {{1, 1, 1, 1, 1}, {3, 2, 49, 7, 13}, {2, 2, 95, 64, 101}};
    static const double norms[] = {0, 0.1, 8, 30};
    double worst = 0;
    for (int n = 0; n < 24; n++) {
        const clf_kind kind = n / 3 % 2 ? CLF_KIND_COSH : CLF_KIND_EXP;
        const int64_t M = sizes[n % 3].M;
        const trial t = {.B = sizes[n % 3].B,
                         .H = sizes[n % 3].H,
                         .L = sizes[n % 3].L,
                         .S = sizes[n % 3].L,
                         .D = sizes[n % 3].D,
                         .E = 1,
                         .R = kind == CLF_KIND_COSH ? 2 * M : M,
                         .kind = kind,
                         .tuning = {.family = family}};
        run_features(t, trial_seed(), norms[n / 6], &worst);
    }
    printf("features, %s: worst err/tolerance %.3f\n", name, worst);
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

RUN_KERNEL_TESTS("features", plain, wide)
