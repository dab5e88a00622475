/* The fp64 reference against answers that are known without it. */
#include "ref_support.h"

typedef struct plain_result {
    double out, magnitude, condition;
} plain_result;

/* Attention as in the paper: features in plain exp, then sums. */
static plain_result plain_favor(const clfi_problem *p, int64_t b, int64_t h, int64_t i, int64_t e)
{
    double numerator = 0, denominator = 0, values = 0, terms = 0;
    for (int64_t j = 0; j < (p->causal ? i + 1 : p->S); j++) {
        if (p->mask && !p->mask[b * p->S + j])
            continue;
        const double v = p->v[plain_key(p, b, h, j) * p->E + e];
        for (int64_t r = 0; r < p->R; r++) {
            const double term = plain_feature(p, h, plain_q(p, b, h, i), r) *
                                plain_feature(p, h, p->k + plain_key(p, b, h, j) * p->D, r);
            numerator += term * v;
            denominator += term;
            values += fabs(term * v);
            terms += fabs(term);
        }
    }
    if (denominator == 0)
        return (plain_result){0};
    const double out = numerator / denominator;
    return (plain_result){.out = out,
                          .magnitude = fmax(values, fabs(out) * terms) / fabs(denominator),
                          .condition = fabs(denominator) / terms};
}

/* Every row of every head. Differences count relative to what cancels. */
static void assert_is_formula(fixture *f)
{
    const int64_t L = f->p.L;
    const int64_t E = f->p.E;
    for (int64_t bh = 0; bh < f->p.B * f->p.H; bh++) {
        const int64_t b = bh / f->p.H;
        const int64_t h = bh % f->p.H;
        ck_assert_int_eq(favor(f, b, h), CLF_OK);
        for (int64_t n = 0; n < L * E; n++) {
            const plain_result plain = plain_favor(&f->p, b, h, n / E, n % E);
            const double tolerance = 1e-12 / fmax(plain.condition, 1e-3) * (plain.magnitude + 1);
            ck_assert_double_eq_tol(f->out[n], plain.out, tolerance);
            ck_assert_double_eq_tol(f->magnitude[n], plain.magnitude, tolerance);
            ck_assert_double_eq_tol(f->condition[n / E], plain.condition, 1e-12);
        }
    }
}

START_TEST(favor_is_the_formula)
{
    for (int n = 0; n < CLF_KIND_COUNT * 16; n++) {
        fixture f;
        init(&f, k_small, 1);
        f.p.kind = (clf_kind)(n / 16);
        f.p.causal = n & 1;
        f.p.S = f.p.causal ? f.p.L : f.p.S;
        f.p.W_heads = n & 2 ? 1 : 3;
        f.p.bias = n & 4 ? f.bias : NULL;
        f.p.mask = n & 8 ? f.mask : NULL;
        f.p.kernel_eps = n & 8 ? 0.125 : 0;
        assert_is_formula(&f);
    }
}
END_TEST

START_TEST(deterministic_features_need_no_projection)
{
    for (int n = CLF_KIND_RELU; n < CLF_KIND_COUNT; n++) {
        fixture f;
        init(&f, k_small, 2);
        f.p.kind = (clf_kind)n;
        f.p.deterministic = true;
        f.p.R = f.p.D;
        f.p.W = NULL;
        f.p.W_heads = 0;
        f.p.kernel_eps = 1e-3;
        assert_is_formula(&f);
    }
}
END_TEST

/* What is behind the mask is not looked at; a row that sees no key is 0. */
START_TEST(masked_keys_may_be_anything)
{
    for (int n = 0; n < CLF_KIND_COUNT * 4; n++) {
        fixture f;
        init(&f, k_small, 1);
        f.p.kind = (clf_kind)(n / 4);
        f.p.causal = n & 1;
        f.p.S = f.p.causal ? f.p.L : f.p.S;
        f.p.mask = f.mask;
        f.mask[f.p.S] = 0;  // the first key of the second batch entry
        const bool exact = n & 2;
        ck_assert_int_eq((exact ? softmax : favor)(&f, 1, 2), CLF_OK);
        double before[3][7 * 3];
        memcpy(before[0], f.out, sizeof before[0]);
        memcpy(before[1], f.magnitude, sizeof before[1]);
        memcpy(before[2], f.drift, sizeof before[2]);
        const clfi_bound bound = clfi_ref_bound(&f.p, 1, 2, 5);
        for (int64_t j = 0; j < f.p.S; j++) {
            const int64_t row = plain_key(&f.p, 1, 2, j);
            for (int d = 0; f.mask[f.p.S + j] == 0 && d < 4; d++)
                f.k[row * 4 + d] = NAN;
            for (int e = 0; f.mask[f.p.S + j] == 0 && e < 3; e++)
                f.v[row * 3 + e] = NAN;
        }
        ck_assert_int_eq((exact ? softmax : favor)(&f, 1, 2), CLF_OK);
        ck_assert_mem_eq(before[0], f.out, sizeof before[0]);
        ck_assert_mem_eq(before[1], f.magnitude, sizeof before[1]);
        ck_assert_mem_eq(before[2], f.drift, sizeof before[2]);
        const clfi_bound again = clfi_ref_bound(&f.p, 1, 2, 5);
        ck_assert_mem_eq(&bound, &again, sizeof bound);
        for (int e = 0; f.p.causal && e < 3; e++)
            ck_assert_double_eq(f.out[e], 0);
        ck_assert(f.condition[0] == 0 || !f.p.causal);
        memset(f.mask, 0, sizeof f.mask);
        ck_assert_int_eq((exact ? softmax : favor)(&f, 1, 2), CLF_OK);
        for (int i = 0; i < 7 * 3; i++) {
            ck_assert_double_eq(f.out[i], 0);
            ck_assert_double_eq(f.magnitude[i], 0);
            ck_assert_double_eq(f.drift[i], 0);
            ck_assert_double_eq(f.condition[i / 3], 0);
        }
    }
}
END_TEST

/* Key heads shared by query heads are the same as key heads repeated. */
START_TEST(shared_key_heads_are_repeated_ones)
{
    for (int Hkv = 1; Hkv <= 3; Hkv++) {
        fixture f;
        init(&f, k_small, 1);
        f.p.H = 6;
        f.p.Hkv = Hkv;
        f.p.W_heads = Hkv;
        f.p.bias = f.bias;
        fixture g = f;
        g.p.Hkv = 0;
        g.p.W_heads = 6;
        g.p.q = g.q;
        g.p.k = g.k;
        g.p.v = g.v;
        g.p.W = g.W;
        g.p.bias = g.bias;
        const int64_t sizes[] = {5 * 4, 5 * 3, 6 * 4, 6};
        float *const from[] = {f.k, f.v, f.W, f.bias};
        float *const to[] = {g.k, g.v, g.W, g.bias};
        for (int t = 0; t < 4; t++) {
            for (int64_t head = 0; head < 12; head++)
                memcpy(to[t] + head * sizes[t], from[t] + head * Hkv / 6 * sizes[t],
                       (size_t)sizes[t] * sizeof(float));
        }
        for (int64_t h = 0; h < 12; h++) {
            ck_assert_int_eq(favor(&f, h / 6, h % 6), CLF_OK);
            ck_assert_int_eq(favor(&g, h / 6, h % 6), CLF_OK);
            ck_assert_mem_eq(f.out, g.out, sizeof f.out);
            ck_assert_int_eq(softmax(&f, h / 6, h % 6), CLF_OK);
            ck_assert_int_eq(softmax(&g, h / 6, h % 6), CLF_OK);
            ck_assert_mem_eq(f.out, g.out, sizeof f.out);
            const clfi_bound a = clfi_ref_bound(&f.p, h / 6, h % 6, 9);
            const clfi_bound b = clfi_ref_bound(&g.p, h / 6, h % 6, 9);
            ck_assert_mem_eq(&a, &b, sizeof a);
        }
    }
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
            ck_assert_int_eq((exact ? softmax : favor)(&f, 1, 2), CLF_OK);
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
    ck_assert_int_eq(softmax(&f, 0, 0), CLF_OK);
    /* Logits 0 and 1, then 0 and -3. */
    ck_assert_double_eq_tol(f.out[0], (-1 + 10 * exp(1)) / (1 + exp(1)), 1e-14);
    ck_assert_double_eq_tol(f.magnitude[0], (1 + 10 * exp(1)) / (1 + exp(1)), 1e-14);
    ck_assert_double_eq_tol(f.out[1], (-1 + 10 * exp(-3)) / (1 + exp(-3)), 1e-14);
    f.p.causal = true;
    ck_assert_int_eq(clfi_ref_softmax(&f.p, 0, 0, &f.rows, ONLY(f.out)), CLF_OK);
    ck_assert_double_eq(f.out[0], -1);
    /* The second row sees the second key alone. */
    const uint8_t mask[2] = {0, 1};
    f.p.mask = mask;
    ck_assert_int_eq(softmax(&f, 0, 0), CLF_OK);
    ck_assert_double_eq(f.out[0], 0);
    ck_assert_double_eq(f.condition[0], 0);
    ck_assert_double_eq(f.out[1], 10);
    ck_assert_double_eq(f.condition[1], 1);
    ck_assert_double_eq(f.drift[1], 0);
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
    ck_assert_int_eq(clfi_ref_softmax(&f.p, 0, 0, &f.rows, ONLY(exact)), CLF_OK);
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
        ck_assert_int_eq(clfi_ref_favor(&f.p, 0, 2, &f.rows, ONLY(all)), CLF_OK);
        ck_assert_int_eq(clfi_ref_softmax(&f.p, 0, 2, &f.rows, ONLY(exact)), CLF_OK);
        const int64_t some[] = {0, 3, 5};
        const clfi_rows rows = {.count = 3, .index = some};
        ck_assert_int_eq(clfi_ref_favor(&f.p, 0, 2, &rows, ONLY(f.out)), CLF_OK);
        for (int n = 0; n < 3; n++)
            ck_assert_mem_eq(f.out + 3 * n, all + 3 * some[n], 3 * sizeof *all);
        ck_assert_int_eq(clfi_ref_softmax(&f.p, 0, 2, &rows, ONLY(f.out)), CLF_OK);
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
    ck_assert_int_eq(clfi_ref_favor(&f.p, 1, 2, &f.rows, ONLY(expected)), CLF_OK);
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
    ck_assert_int_eq(clfi_ref_favor(&g.p, 1, 2, &g.rows, ONLY(g.out)), CLF_OK);
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
    /* A bias adds to the argument; functions have no rho, and the errors of a library. */
    f.bias[2] = -0.5f;
    f.p.bias = f.bias;
    memset(f.bias + 3, 0, sizeof f.bias - 3 * sizeof *f.bias);
    f.bias[0] = f.bias[1] = 0.25f;
    bound = clfi_ref_bound(&f.p, 0, 0, 100);
    ck_assert_double_eq(bound.rho, 12.5);
    f.p.bias = NULL;
    f.p.kind = CLF_KIND_SIN;
    bound = clfi_ref_bound(&f.p, 0, 0, 100);
    ck_assert_double_eq(bound.rho, 0);
    ck_assert_double_eq(bound.tau, (2 * 10 + 2 + 24) * 0x1p-24);
    /* Without W the argument is x itself: 12 sqrt(scale). */
    f.p.kind = CLF_KIND_F_EXP;
    f.p.deterministic = true;
    f.p.R = 2;
    ck_assert_double_eq(clfi_ref_bound(&f.p, 0, 0, 100).rho, 6);
    f.p.deterministic = false;
    f.p.R = 4;
    f.p.kind = CLF_KIND_EXP;
    /* Exact attention: |q| = 5, |k| = 12. */
    bound = clfi_ref_softmax_bound(&f.p, 0, 0, 100);
    ck_assert_double_eq(bound.rho, 5 * 12 * 0.25);
    ck_assert_double_eq(bound.tau, (6 * 15 + 2 * 10 + 8) * 0x1p-24);
    ck_assert_double_eq(bound.floor, 3 * 7 * 0x1p-59);
    ck_assert(isnan(clfi_ref_softmax_bound(&f.p, 0, 0, NAN).tau));
    const clfi_judgement judgement = {.magnitude = (double[]){0, 3}, .drift = (double[]){0, 5}};
    ck_assert_double_eq(clfi_ref_limit(&bound, &judgement, 1),
                        bound.tau * 3 + 30 * 0x1p-24 + bound.floor);
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

RUN_TESTS("ref", favor_is_the_formula, deterministic_features_need_no_projection,
          masked_keys_may_be_anything, shared_key_heads_are_repeated_ones, constant_values_come_out,
          one_zero_feature_is_the_plain_average, softmax_by_hand, many_features_are_softmax,
          huge_norms_stay_finite, nan_stays_where_the_formula_puts_it, rows_may_be_few,
          layouts_change_nothing, bound_is_the_formula)
