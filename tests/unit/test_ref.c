/* The fp64 reference against answers that are known without it. */
#include "support.h"

#include <math.h>

#include "host/ref/ref.h"

enum {
    MAX = 4096
};

/* A problem with memory of its own, and every row of it asked for. */
typedef struct fixture {
    clfi_problem p;
    float q[MAX], k[MAX], v[MAX], W[MAX];
    int64_t index[MAX];
    clfi_rows rows;
    double out[MAX], magnitude[MAX];
} fixture;

/* Uniform in [-1, 1), by a multiplier of Knuth's. */
static float next(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (float)(*state >> 40) * 0x1p-23f - 1;
}

static void init(fixture *f, clfi_problem sizes, float size)
{
    memset(f, 0, sizeof *f);
    f->p = sizes;
    f->p.q = f->q;
    f->p.k = f->k;
    f->p.v = f->v;
    f->p.W = f->W;
    uint64_t state = 1;
    for (int i = 0; i < MAX; i++) {
        f->q[i] = size * next(&state);
        f->k[i] = size * next(&state);
        f->v[i] = next(&state);
        f->W[i] = 2 * next(&state);
        f->index[i] = i;
    }
    f->rows = (clfi_rows){.count = sizes.L, .index = f->index};
}

/* Small, everything different, W per head. */
static const clfi_problem k_small = {
    .B = 2, .H = 3, .L = 7, .S = 5, .D = 4, .E = 3, .R = 6, .scale = 0.5, .W_heads = 3};

static clf_status favor(fixture *f, int64_t b, int64_t h)
{
    return clfi_ref_favor(&f->p, b, h, &f->rows, f->out, f->magnitude);
}

/* FAVOR+ as in the paper: features in plain exp, then sums. Right for small norms only. */
static double plain_favor(const clfi_problem *p, int64_t b, int64_t h, int64_t i, int64_t e,
                          bool absolute)
{
    const int64_t M = p->kind == CLF_KIND_COSH ? p->R / 2 : p->R;
    double numerator = 0;
    double denominator = 0;
    for (int64_t j = 0; j < (p->causal ? i + 1 : p->S); j++) {
        const float *q = p->q + ((b * p->H + h) * p->L + i) * p->D;
        const float *k = p->k + ((b * p->H + h) * p->S + j) * p->D;
        const double v = p->v[((b * p->H + h) * p->S + j) * p->E + e];
        double weight = 0;
        for (int64_t r = 0; r < M; r++) {
            const float *w = p->W + ((p->W_heads == 1 ? 0 : h) * M + r) * p->D;
            double qw = 0, kw = 0, qq = 0, kk = 0;
            for (int64_t d = 0; d < p->D; d++) {
                qw += sqrt(p->scale) * q[d] * w[d];
                kw += sqrt(p->scale) * k[d] * w[d];
                qq += p->scale * q[d] * q[d];
                kk += p->scale * k[d] * k[d];
            }
            weight += exp(qw - qq / 2) * exp(kw - kk / 2);
            if (p->kind == CLF_KIND_COSH)
                weight += exp(-qw - qq / 2) * exp(-kw - kk / 2);
        }
        numerator += weight * (absolute ? fabs(v) : v);
        denominator += weight;
    }
    return numerator / denominator;
}

START_TEST(favor_is_the_formula)
{
    for (int n = 0; n < 8; n++) {
        fixture f;
        init(&f, k_small, 1);
        f.p.kind = n & 1 ? CLF_KIND_COSH : CLF_KIND_EXP;
        f.p.causal = n & 2;
        f.p.W_heads = n & 4 ? 1 : 3;
        if (f.p.causal)
            f.p.S = f.p.L;
        for (int64_t bh = 0; bh < 6; bh++) {
            ck_assert_int_eq(favor(&f, bh / 3, bh % 3), CLF_OK);
            for (int64_t n_out = 0; n_out < 7 * 3; n_out++) {
                const int64_t i = n_out / 3;
                const int64_t e = n_out % 3;
                ck_assert_double_eq_tol(f.out[n_out],
                                        plain_favor(&f.p, bh / 3, bh % 3, i, e, false), 1e-13);
                ck_assert_double_eq_tol(f.magnitude[n_out],
                                        plain_favor(&f.p, bh / 3, bh % 3, i, e, true), 1e-13);
            }
        }
    }
}
END_TEST

START_TEST(log_features_are_the_formula)
{
    const float x[2] = {3, 4};
    const float W[4] = {1, 0, 2, -1};
    double log_phi[4];
    /* sqrt(scale) = 0.5: x = (1.5, 2), |x|^2/2 = 3.125, w.x = 1.5 and 1. */
    clfi_ref_log_features(x, W, 2, 2, CLF_KIND_EXP, 0.25, log_phi);
    ck_assert_double_eq(log_phi[0], 1.5 - 3.125);
    ck_assert_double_eq(log_phi[1], 1 - 3.125);
    clfi_ref_log_features(x, W, 2, 4, CLF_KIND_COSH, 0.25, log_phi);
    ck_assert_double_eq(log_phi[0], 1.5 - 3.125);
    ck_assert_double_eq(log_phi[1], 1 - 3.125);
    ck_assert_double_eq(log_phi[2], -1.5 - 3.125);
    ck_assert_double_eq(log_phi[3], -1 - 3.125);
}
END_TEST

START_TEST(constant_values_come_out)
{
    for (int causal = 0; causal < 2; causal++) {
        fixture f;
        init(&f, k_small, 5);
        f.p.causal = causal;
        f.p.S = causal ? f.p.L : f.p.S;
        for (int i = 0; i < MAX; i++)
            f.v[i] = (float)(i % 3) - 1.25f;
        for (int exact = 0; exact < 2; exact++) {
            ck_assert_int_eq((exact ? clfi_ref_softmax : clfi_ref_favor)(&f.p, 1, 2, &f.rows, f.out,
                                                                         f.magnitude),
                             CLF_OK);
            for (int n = 0; n < 7 * 3; n++) {
                ck_assert_double_eq_tol(f.out[n], n % 3 - 1.25, 1e-14);
                ck_assert_double_eq_tol(f.magnitude[n], fabs(n % 3 - 1.25), 1e-14);
            }
        }
    }
}
END_TEST

/* With W = 0 and keys of equal norm every weight is the same. */
START_TEST(one_zero_feature_is_the_plain_average)
{
    for (int causal = 0; causal < 2; causal++) {
        fixture f;
        init(&f,
             (clfi_problem){.B = 1,
                            .H = 1,
                            .L = 6,
                            .S = 6,
                            .D = 4,
                            .E = 2,
                            .R = 1,
                            .scale = 1,
                            .W_heads = 1,
                            .causal = causal},
             1);
        memset(f.W, 0, sizeof f.W);
        for (int i = 0; i < MAX; i++)
            f.k[i] = f.k[i] < 0 ? -1 : 1;
        ck_assert_int_eq(favor(&f, 0, 0), CLF_OK);
        for (int i = 0; i < 6; i++) {
            const int visible = causal ? i + 1 : 6;
            double sum = 0;
            for (int j = 0; j < visible; j++)
                sum += f.v[2 * j + 1];
            ck_assert_double_eq_tol(f.out[2 * i + 1], sum / visible, 1e-15);
        }
    }
}
END_TEST

START_TEST(softmax_by_hand)
{
    fixture f;
    init(&f, (clfi_problem){.B = 1, .H = 1, .L = 2, .S = 2, .D = 1, .E = 1, .scale = 2}, 1);
    f.q[0] = 1;
    f.q[1] = -3;
    f.k[0] = 0;
    f.k[1] = 0.5f;
    f.v[0] = -1;
    f.v[1] = 10;
    ck_assert_int_eq(clfi_ref_softmax(&f.p, 0, 0, &f.rows, f.out, f.magnitude), CLF_OK);
    /* Logits 0 and 1, then 0 and -3. */
    ck_assert_double_eq_tol(f.out[0], (-1 + 10 * exp(1)) / (1 + exp(1)), 1e-14);
    ck_assert_double_eq_tol(f.magnitude[0], (1 + 10 * exp(1)) / (1 + exp(1)), 1e-14);
    ck_assert_double_eq_tol(f.out[1], (-1 + 10 * exp(-3)) / (1 + exp(-3)), 1e-14);
    f.p.causal = true;
    ck_assert_int_eq(clfi_ref_softmax(&f.p, 0, 0, &f.rows, f.out, NULL), CLF_OK);
    ck_assert_double_eq(f.out[0], -1);
}
END_TEST

/* With many features of few dimensions FAVOR+ is softmax; nothing else ties the scale of both. */
START_TEST(many_features_are_softmax)
{
    enum {
        R = 1000000
    };
    fixture f;
    init(&f,
         (clfi_problem){
             .B = 1, .H = 1, .L = 3, .S = 3, .D = 2, .E = 2, .R = R, .scale = 0.7, .W_heads = 1},
         1);
    clf_projection *projection = NULL;
    ck_assert_int_eq(clf_projection_create(&(clf_projection_params){.M = R, .D = 2, .seed = 3},
                                           NULL, &projection),
                     CLF_OK);
    f.p.W = clf_projection_data(projection);
    ck_assert_int_eq(favor(&f, 0, 0), CLF_OK);
    double exact[6];
    ck_assert_int_eq(clfi_ref_softmax(&f.p, 0, 0, &f.rows, exact, NULL), CLF_OK);
    for (int n = 0; n < 6; n++)
        ck_assert_double_eq_tol(f.out[n], exact[n], 3e-3);
    clf_projection_destroy(&projection);
}
END_TEST

/* At such norms every feature is beyond fp64 by itself. The key that wins gives its value. */
START_TEST(huge_norms_stay_finite)
{
    const float sizes[] = {30, 3e3f, 3e18f};
    for (size_t s = 0; s < 3; s++) {
        for (int n = 0; n < 4; n++) {
            fixture f;
            init(&f, k_small, sizes[s]);
            f.p.kind = n & 1 ? CLF_KIND_COSH : CLF_KIND_EXP;
            f.p.causal = n & 2;
            f.p.S = f.p.causal ? f.p.L : f.p.S;
            ck_assert_int_eq(favor(&f, 1, 1), CLF_OK);
            for (int i = 0; i < 7 * 3; i++) {
                ck_assert(isfinite(f.out[i]) && isfinite(f.magnitude[i]));
                ck_assert_double_le(fabs(f.out[i]), f.magnitude[i] * (1 + 1e-14));
                ck_assert_double_le(f.magnitude[i], 1);
            }
        }
    }
    fixture f;
    init(&f, k_small, 3e3f);
    for (int d = 0; d < 4; d++)
        f.k[2 * 4 + d] = 0;
    ck_assert_int_eq(favor(&f, 0, 0), CLF_OK);
    for (int n = 0; n < 7 * 3; n++)
        ck_assert_double_eq(f.out[n], f.v[2 * 3 + n % 3]);
}
END_TEST

/* NaN or Inf in key or value 4: causal rows before it keep their bits, the others follow. */
START_TEST(nan_stays_where_the_formula_puts_it)
{
    const float bad[] = {NAN, INFINITY, -INFINITY};
    for (int n = 0; n < 6; n++) {
        fixture f;
        init(&f, k_small, 1);
        f.p.causal = true;
        f.p.S = f.p.L;
        double before[7 * 3];
        ck_assert_int_eq(favor(&f, 0, 1), CLF_OK);
        memcpy(before, f.out, sizeof before);
        float *tensor = n < 3 ? f.k : f.v;
        const int64_t row = n < 3 ? f.p.D : f.p.E;
        tensor[f.p.S * row + 4 * row + 1] = bad[n % 3];
        ck_assert_int_eq(favor(&f, 0, 1), CLF_OK);
        ck_assert_mem_eq(f.out, before, 4 * 3 * sizeof *before);
        for (int i = 4; i < 7; i++)
            ck_assert(!isfinite(f.out[3 * i + 1]));
        ck_assert_int_eq(favor(&f, 0, 0), CLF_OK);
        for (int i = 0; i < 7 * 3; i++)
            ck_assert(isfinite(f.out[i]));

        f.p.causal = false;
        ck_assert_int_eq(favor(&f, 0, 1), CLF_OK);
        for (int i = 0; i < 7; i++)
            ck_assert(!isfinite(f.out[3 * i + 1]));
    }
    fixture f;
    init(&f, k_small, 1);
    f.q[4] = NAN;
    ck_assert_int_eq(favor(&f, 0, 0), CLF_OK);
    for (int i = 0; i < 7 * 3; i++)
        ck_assert_int_eq(isfinite(f.out[i]) != 0, i / 3 != 1);
}
END_TEST

START_TEST(rows_may_be_few)
{
    for (int causal = 0; causal < 2; causal++) {
        fixture f;
        init(&f, k_small, 2);
        f.p.causal = causal;
        f.p.S = causal ? f.p.L : f.p.S;
        double all[7 * 3], exact[7 * 3];
        ck_assert_int_eq(clfi_ref_favor(&f.p, 0, 2, &f.rows, all, NULL), CLF_OK);
        ck_assert_int_eq(clfi_ref_softmax(&f.p, 0, 2, &f.rows, exact, NULL), CLF_OK);
        const int64_t some[] = {0, 3, 5};
        const clfi_rows rows = {.count = 3, .index = some};
        ck_assert_int_eq(clfi_ref_favor(&f.p, 0, 2, &rows, f.out, f.magnitude), CLF_OK);
        for (int n = 0; n < 3; n++)
            ck_assert_mem_eq(f.out + 3 * n, all + 3 * some[n], 3 * sizeof *all);
        ck_assert_int_eq(clfi_ref_softmax(&f.p, 0, 2, &rows, f.out, f.magnitude), CLF_OK);
        for (int n = 0; n < 3; n++)
            ck_assert_mem_eq(f.out + 3 * n, exact + 3 * some[n], 3 * sizeof *all);
    }
}
END_TEST

/* The same numbers as [B, L, H, D], and with gaps between rows. */
START_TEST(layouts_change_nothing)
{
    fixture f;
    init(&f, k_small, 2);
    double expected[7 * 3];
    ck_assert_int_eq(clfi_ref_favor(&f.p, 1, 2, &f.rows, expected, NULL), CLF_OK);
    fixture g = f;
    g.p.q = g.q;
    g.p.k = g.k;
    g.p.v = g.v;
    g.p.W = g.W;
    g.rows.index = g.index;
    const struct {
        const float *from;
        float *to;
        int64_t rows, size;
        clf_layout *layout;
    } tensors[] = {{f.q, g.q, 7, 4, &g.p.q_layout},
                   {f.k, g.k, 5, 4, &g.p.k_layout},
                   {f.v, g.v, 5, 3, &g.p.v_layout}};
    for (size_t t = 0; t < 3; t++) {
        const int64_t gap = tensors[t].size + 2;
        *tensors[t].layout = clf_layout_blhd(3, tensors[t].rows, gap);
        for (int i = 0; i < MAX; i++)
            tensors[t].to[i] = NAN;
        for (int64_t row = 0; row < 6 * tensors[t].rows; row++) {
            const int64_t l = row % tensors[t].rows;
            const int64_t h = row / tensors[t].rows % 3;
            const int64_t b = row / tensors[t].rows / 3;
            memcpy(tensors[t].to + ((b * tensors[t].rows + l) * 3 + h) * gap,
                   tensors[t].from + row * tensors[t].size,
                   (size_t)tensors[t].size * sizeof(float));
        }
    }
    ck_assert_int_eq(clfi_ref_favor(&g.p, 1, 2, &g.rows, g.out, NULL), CLF_OK);
    ck_assert_mem_eq(g.out, expected, sizeof expected);
    const clfi_bound a = clfi_ref_bound(&f.p, 1, 2, 48);
    const clfi_bound b = clfi_ref_bound(&g.p, 1, 2, 48);
    ck_assert_mem_eq(&a, &b, sizeof a);
}
END_TEST

START_TEST(bound_is_the_formula)
{
    fixture f;
    init(&f,
         (clfi_problem){
             .B = 1, .H = 1, .L = 2, .S = 3, .D = 2, .E = 2, .R = 4, .scale = 0.25, .W_heads = 1},
         0);
    memset(f.v, 0, sizeof f.v);
    memset(f.W, 0, sizeof f.W);
    f.q[2] = 3;
    f.q[3] = -4;
    f.W[6] = -2;
    f.v[5] = -7;
    clfi_bound bound = clfi_ref_bound(&f.p, 0, 0, 100);
    ck_assert_double_eq(bound.rho, 5 * 0.5 * 2);
    ck_assert_double_eq(bound.tau, (6 * 5 + 2 * 10 + 2 + 8) * 0x1p-24);
    ck_assert_double_eq(bound.floor, 4 * 3 * 7 * 0x1p-59);
    f.k[4] = 12;
    bound = clfi_ref_bound(&f.p, 0, 0, 100);
    ck_assert_double_eq(bound.rho, 12);
    /* COSH has half as many rows: the fourth is of no head any more. */
    f.p.kind = CLF_KIND_COSH;
    ck_assert_double_eq(clfi_ref_bound(&f.p, 0, 0, 100).rho, 0);
    f.p.kind = CLF_KIND_EXP;
    /* What is not finite has no output to judge. */
    f.k[5] = NAN;
    f.v[0] = INFINITY;
    bound = clfi_ref_bound(&f.p, 0, 0, 100);
    ck_assert_double_eq(bound.rho, 5);
    ck_assert_double_eq(bound.floor, 4 * 3 * 7 * 0x1p-59);
    ck_assert(isnan(clfi_ref_bound(&f.p, 0, 0, -1).tau));
    ck_assert(isnan(clfi_ref_bound(&f.p, 0, 0, NAN).tau));
    ck_assert(isnan(clfi_ref_bound(NULL, 0, 0, 1).tau));
    ck_assert(isnan(clfi_ref_bound(&f.p, 1, 0, 1).floor));
    ck_assert(isnan(clfi_ref_bound(&f.p, 0, -1, 1).rho));
}
END_TEST

/* Each makes a good problem bad in one place; `softmax` when softmax cares, too. */
static void assert_refused(const fixture *f, int64_t b, int64_t h, bool softmax)
{
    double out[64];
    ck_assert_int_eq(clfi_ref_favor(&f->p, b, h, &f->rows, out, NULL), CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clfi_ref_softmax(&f->p, b, h, &f->rows, out, NULL),
                     softmax ? CLF_ERROR_INVALID_ARGUMENT : CLF_OK);
}

START_TEST(problems_are_checked)
{
    static const size_t sizes[] = {offsetof(clfi_problem, B), offsetof(clfi_problem, H),
                                   offsetof(clfi_problem, L), offsetof(clfi_problem, S),
                                   offsetof(clfi_problem, D), offsetof(clfi_problem, E)};
    static const size_t tensors[] = {offsetof(clfi_problem, q), offsetof(clfi_problem, k),
                                     offsetof(clfi_problem, v)};
    static const size_t layouts[] = {offsetof(clfi_problem, q_layout.l),
                                     offsetof(clfi_problem, k_layout.h),
                                     offsetof(clfi_problem, v_layout.b)};
    const int64_t bad_sizes[] = {0, -1, INT64_MIN};
    const float *const null = NULL;
    fixture f;
    init(&f, k_small, 1);
    const clfi_problem good = f.p;
    for (size_t n = 0; n < sizeof sizes / sizeof sizes[0]; n++) {
        for (size_t i = 0; i < 3; i++) {
            f.p = good;
            memcpy((char *)&f.p + sizes[n], bad_sizes + i, sizeof bad_sizes[i]);
            assert_refused(&f, 0, 0, true);
        }
    }
    for (size_t n = 0; n < 3; n++) {
        f.p = good;
        memcpy((char *)&f.p + tensors[n], &null, sizeof null);
        assert_refused(&f, 0, 0, true);
        f.p = good;
        memcpy((char *)&f.p + layouts[n], bad_sizes + 1, sizeof bad_sizes[1]);
        assert_refused(&f, 0, 0, true);
    }
    const double bad_scales[] = {0, -1, NAN, INFINITY};
    for (size_t i = 0; i < 4; i++) {
        f.p = good;
        f.p.scale = bad_scales[i];
        assert_refused(&f, 0, 0, true);
    }
    f.p = good;
    assert_refused(&f, 2, 0, true);
    assert_refused(&f, -1, 0, true);
    assert_refused(&f, 0, 3, true);
    assert_refused(&f, 0, -1, true);
    f.p.causal = true;
    assert_refused(&f, 0, 0, true);

    f.p = good;
    f.p.R = 0;
    assert_refused(&f, 0, 0, false);
    f.p.R = 5;
    f.p.kind = CLF_KIND_COSH;
    assert_refused(&f, 0, 0, false);
    f.p = good;
    f.p.kind = (clf_kind)2;
    assert_refused(&f, 0, 0, false);
    f.p = good;
    f.p.W = NULL;
    assert_refused(&f, 0, 0, false);
    f.p = good;
    f.p.W_heads = 2;
    assert_refused(&f, 0, 0, false);
}
END_TEST

START_TEST(rows_and_pointers_are_checked)
{
    fixture f;
    init(&f, k_small, 1);
    const int64_t bad_rows[][2] = {{-1, 0}, {0, 7}, {2, 2}, {3, 1}};
    for (size_t i = 0; i < 4; i++) {
        f.rows = (clfi_rows){.count = 2, .index = bad_rows[i]};
        assert_refused(&f, 0, 0, true);
    }
    f.rows = (clfi_rows){.count = 0, .index = f.index};
    assert_refused(&f, 0, 0, true);
    f.rows = (clfi_rows){.count = 1, .index = NULL};
    assert_refused(&f, 0, 0, true);
    f.rows = (clfi_rows){.count = 1, .index = f.index};
    ck_assert_int_eq(clfi_ref_favor(NULL, 0, 0, &f.rows, f.out, NULL), CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clfi_ref_favor(&f.p, 0, 0, NULL, f.out, NULL), CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clfi_ref_favor(&f.p, 0, 0, &f.rows, NULL, NULL), CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clfi_ref_softmax(NULL, 0, 0, &f.rows, f.out, NULL),
                     CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clfi_ref_softmax(&f.p, 0, 0, &f.rows, NULL, NULL), CLF_ERROR_INVALID_ARGUMENT);
    /* More log features than memory can hold. */
    f.p.R = (int64_t)1 << 60;
    ck_assert_int_eq(clfi_ref_favor(&f.p, 0, 0, &f.rows, f.out, NULL),
                     CLF_ERROR_OUT_OF_HOST_MEMORY);
}
END_TEST

RUN_TESTS("ref", favor_is_the_formula, log_features_are_the_formula, constant_values_come_out,
          one_zero_feature_is_the_plain_average, softmax_by_hand, many_features_are_softmax,
          huge_norms_stay_finite, nan_stays_where_the_formula_puts_it, rows_may_be_few,
          layouts_change_nothing, bound_is_the_formula, problems_are_checked,
          rows_and_pointers_are_checked)
