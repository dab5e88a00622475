/* The reference's presets against the formulas of the packages, written as they have them: in
 * plain exp, with factors where the package has them. Right for small norms only. */
#include "ref_support.h"

/* What a package does to a problem, in its own terms. */
typedef struct package {
    clf_preset preset;
    double feature_eps;  // after exp
    bool keeps_padding;  // masks V alone
    bool refuses_masks;
    double causal_eps;  // times the sum of the query's features, in the causal denominator
    double den_eps;
    double guard;  // of softmax features
} package;

static const package k_packages[] = {
    {CLF_PRESET_GOOGLE_JAX, 1e-6, true, false, 0, 0, 1e-6},
    {CLF_PRESET_GOOGLE_TF, 1e-6, false, true, 0, 0, 0},
    {CLF_PRESET_PERFORMER_PYTORCH, 1e-4, true, false, 1e-6, 0, 0},
    {CLF_PRESET_FAST_TRANSFORMERS, 0, false, false, 0, 1e-6, 0},
};

static double largest_argument(const clfi_problem *p, int64_t h, const float *x)
{
    double largest = -INFINITY;
    for (int64_t m = 0; m < p->R; m++)
        largest = fmax(largest, plain_dot(p, h, x, m) + plain_bias(p, h, m));
    return largest;
}

/* Feature r as the package has it, factor and eps included. */
static double feature(const package *from, const clfi_problem *p, int64_t h, const float *x,
                      double largest, int64_t r)
{
    const double phi = plain_feature(p, h, x, r);
    if (plain_generalized(p->kind))
        return phi;
    if (from->preset == CLF_PRESET_FAST_TRANSFORMERS)
        return phi / sqrt((double)p->R);
    return (phi * exp(-largest) + from->feature_eps) / sqrt((double)p->R);
}

static double package_favor(const package *from, const clfi_problem *p, int64_t b, int64_t h,
                            int64_t i, int64_t e)
{
    const float *q = plain_q(p, b, h, i);
    const double q_largest = largest_argument(p, h, q);
    double k_largest = -INFINITY;
    for (int64_t j = 0; j < p->S; j++)
        k_largest = fmax(k_largest, largest_argument(p, h, p->k + plain_key(p, b, h, j) * p->D));
    double numerator = 0;
    double denominator = 0;
    for (int64_t r = 0; r < p->R; r++) {
        const double a = feature(from, p, h, q, q_largest, r);
        denominator += p->causal ? from->causal_eps * a : 0;
        for (int64_t j = 0; j < (p->causal ? i + 1 : p->S); j++) {
            const float *k = p->k + plain_key(p, b, h, j) * p->D;
            const double term = a * feature(from, p, h, k, k_largest, r);
            const bool masked = p->mask && !p->mask[b * p->S + j];
            if (!masked)
                numerator += term * p->v[plain_key(p, b, h, j) * p->E + e];
            if (!masked || from->keeps_padding)
                denominator += term;
        }
    }
    denominator += from->den_eps;
    if (!plain_generalized(p->kind) && fabs(denominator) <= from->guard)
        denominator += 2 * from->guard;
    return denominator == 0 ? 0 : numerator / denominator;
}

static void assert_is_package(const package *from, fixture *f)
{
    for (int64_t bh = 0; bh < f->p.B * f->p.H; bh++) {
        const int64_t b = bh / f->p.H;
        const int64_t h = bh % f->p.H;
        ck_assert_int_eq(favor(f, b, h), CLF_OK);
        for (int64_t n = 0; n < f->p.L * f->p.E; n++) {
            const double plain = package_favor(from, &f->p, b, h, n / f->p.E, n % f->p.E);
            ck_assert_double_eq_tol(f->out[n], plain, 1e-12 * (f->magnitude[n] + 1));
            ck_assert_double_le(fabs(plain), f->magnitude[n] * (1 + 1e-12));
            ck_assert_double_le(f->condition[n / f->p.E], 1);
        }
    }
}

/* Every preset with its softmax kind and generalized ones, bidirectional and causal, padded and
 * not, at norms where eps is nothing and where it is everything. */
START_TEST(presets_are_the_formulas)
{
    static const clf_kind generalized[] = {CLF_KIND_RELU, CLF_KIND_SIGMOID, CLF_KIND_F_EXP};
    for (int n = 0; n < 4 * 4 * 8; n++) {
        const package *from = &k_packages[n / 32];
        const clf_kind softmax_kind =
            from->preset == CLF_PRESET_FAST_TRANSFORMERS ? CLF_KIND_COSH : CLF_KIND_EXP;
        fixture f;
        init(&f, k_small, n & 4 ? 6 : 1);
        f.p.preset = from->preset;
        f.p.kind = n / 8 % 4 == 0 ? softmax_kind : generalized[n / 8 % 4 - 1];
        f.p.causal = n & 1;
        f.p.S = f.p.causal ? f.p.L : f.p.S;
        f.p.mask = n & 2 ? f.mask : NULL;
        f.p.kernel_eps = 1e-3;
        if ((f.p.mask && from->refuses_masks) ||
            (from->preset == CLF_PRESET_GOOGLE_TF && f.p.kind > CLF_KIND_RELU))
            ck_assert_int_eq(favor(&f, 0, 0), CLF_ERROR_INVALID_ARGUMENT);
        else
            assert_is_package(from, &f);
    }
}
END_TEST

/* Masked values are not looked at, though their keys count. */
START_TEST(padded_values_may_be_anything)
{
    fixture f;
    init(&f, k_small, 1);
    f.p.preset = CLF_PRESET_GOOGLE_JAX;
    f.p.mask = f.mask;
    for (int i = 0; i < MAX; i++)
        f.v[i] = f.mask[i / 3 / 15 * 5 + i / 3 % 5] ? f.v[i] : NAN;
    assert_is_package(&k_packages[0], &f);
}
END_TEST

/* The maximum of the keys is that of all: a later key changes earlier rows. */
START_TEST(later_keys_shift_earlier_rows)
{
    fixture f;
    init(&f, k_small, 1);
    f.p.causal = true;
    f.p.S = f.p.L;
    f.p.preset = CLF_PRESET_PERFORMER_PYTORCH;
    const int64_t first[] = {0, 1};
    f.rows = (clfi_rows){.count = 2, .index = first};
    ck_assert_int_eq(favor(&f, 0, 0), CLF_OK);
    const double before = f.out[3];
    for (int d = 0; d < 4; d++)
        f.k[6 * 4 + d] *= 8;
    ck_assert_int_eq(favor(&f, 0, 0), CLF_OK);
    ck_assert_double_ge(fabs(f.out[3] - before), 1e-6);
    ck_assert_double_eq_tol(f.out[3], package_favor(&k_packages[2], &f.p, 0, 0, 1, 0), 1e-12);
}
END_TEST

/* One key and one feature with w = 0: the denominator is (e^(-q^2/2) + eps) (e^(-k^2/2) + eps). */
START_TEST(guards_by_hand)
{
    static const struct {
        float q, k;
        bool guarded, torn;
    } rows[] = {{0, 0, false, false},
                {0, 5, false, false},
                {4, 4, true, false},
                {20, -20, true, false},
                {0, 40, false, true}};
    for (size_t n = 0; n < sizeof rows / sizeof rows[0]; n++) {
        fixture f;
        init(&f, (clfi_problem){.B = 1, .H = 1, .L = 1, .S = 1, .D = 1, .E = 1, .R = 1}, 1);
        f.p.scale = 1;
        f.p.W_heads = 1;
        f.p.preset = CLF_PRESET_GOOGLE_JAX;
        f.W[0] = 0;
        f.q[0] = rows[n].q;
        f.k[0] = rows[n].k;
        f.v[0] = -2;
        const double weight =
            (exp(-0.5 * f.q[0] * f.q[0]) + 1e-6) * (exp(-0.5 * f.k[0] * f.k[0]) + 1e-6);
        const double expected = rows[n].guarded ? -2 * weight / (weight + 2e-6) : -2;
        ck_assert_int_eq(favor(&f, 0, 0), CLF_OK);
        ck_assert_double_eq_tol(f.out[0], expected, 1e-14);
        ck_assert_double_eq(f.condition[0], rows[n].torn ? 0 : 1);
    }
}
END_TEST

/* No norm is too large, and the eps of fast-transformers decides between 0 and no eps at all. */
START_TEST(huge_norms_stay_finite)
{
    for (int n = 0; n < 4 * 2 * 3; n++) {
        fixture f;
        init(&f, k_small, (float[]){30, 3e3f, 3e18f}[n % 3]);
        f.p.preset = k_packages[n / 6].preset;
        f.p.kind = f.p.preset == CLF_PRESET_FAST_TRANSFORMERS ? CLF_KIND_COSH : CLF_KIND_EXP;
        f.p.causal = n / 3 % 2;
        f.p.S = f.p.causal ? f.p.L : f.p.S;
        ck_assert_int_eq(favor(&f, 1, 1), CLF_OK);
        for (int i = 0; i < 7 * 3; i++) {
            ck_assert(isfinite(f.out[i]) && isfinite(f.magnitude[i]));
            ck_assert_double_le(fabs(f.out[i]), f.magnitude[i] * (1 + 1e-14));
            ck_assert_double_le(f.magnitude[i], 1);
        }
    }
    /* w.x beats |x|^2/2: weights far above 1e-6, as if it were not there; then far below it. */
    fixture f;
    init(&f, k_small, 30);
    f.p.kind = CLF_KIND_COSH;
    for (int i = 0; i < MAX; i++)
        f.W[i] *= 200;
    ck_assert_int_eq(favor(&f, 0, 0), CLF_OK);
    double plain[7 * 3];
    memcpy(plain, f.out, sizeof plain);
    f.p.preset = CLF_PRESET_FAST_TRANSFORMERS;
    ck_assert_int_eq(favor(&f, 0, 0), CLF_OK);
    for (int i = 0; i < 7 * 3; i++)
        ck_assert_double_eq_tol(f.out[i], plain[i], 1e-14);
    memset(f.W, 0, sizeof f.W);
    ck_assert_int_eq(favor(&f, 0, 0), CLF_OK);
    for (int i = 0; i < 7 * 3; i++)
        ck_assert_double_le(fabs(f.out[i]), 1e-6);
}
END_TEST

RUN_TESTS("ref-presets", presets_are_the_formulas, padded_values_may_be_anything,
          later_keys_shift_earlier_rows, guards_by_hand, huge_norms_stay_finite)
