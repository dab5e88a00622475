/* What must not change a single bit: later rows of a causal head, other heads, a second run, a
 * redraw and back; and results that are exact. NaN and Inf stay where the formula takes them. */
#include <math.h>

#include "inputs.h"
#include "judge.h"
#include "runner.h"

enum {
    B = 2,
    H = 2,
    ROWS = 250,  // five tiles and a tail, in three segments
    D = 16,
    E = 17,
    HEAD = 1  // the head that is changed
};

static trial trial_of(clf_family family, clf_kind kind, bool causal)
{
    return (trial){
        .B = B,
        .H = H,
        .L = ROWS,
        .S = ROWS,
        .D = D,
        .E = E,
        .R = 64,
        .kind = kind,
        .causal = causal,
        .tuning = {.family = family, .segments = 3},
    };
}

/* What a test has in hand. `before` is the result of x as it was first. */
typedef struct scene {
    trial t;
    clf_context *ctx;
    clf_plan *plan;
    tensors x, changed;
    float *before;
} scene;

static int64_t out_count(const trial *t)
{
    return t->B * t->H * t->L * t->E;
}

static void copy_tensors(const trial *t, const tensors *from, const tensors *to)
{
    const size_t heads = (size_t)(t->B * t->H);
    memcpy(to->q, from->q, heads * (size_t)(t->L * t->D) * sizeof(float));
    memcpy(to->k, from->k, heads * (size_t)(t->S * t->D) * sizeof(float));
    memcpy(to->v, from->v, heads * (size_t)(t->S * t->E) * sizeof(float));
}

static scene scene_open(trial t)
{
    scene s = {.t = t, .ctx = trial_context()};
    s.x = tensors_create(&t, trial_seed());
    s.changed = tensors_create(&t, trial_seed());
    s.plan = trial_plan(s.ctx, &t, &s.x);
    s.before = malloc((size_t)out_count(&t) * sizeof *s.before);
    ck_assert_ptr_nonnull(s.before);
    return s;
}

/* Runs x, keeps the result, and makes `changed` a copy of x. */
static void scene_begin(scene *s)
{
    trial_run(s->ctx, s->plan, &s->t, &s->x);
    memcpy(s->before, s->x.out, (size_t)out_count(&s->t) * sizeof *s->before);
    copy_tensors(&s->t, &s->x, &s->changed);
}

static void scene_close(scene *s)
{
    free(s->before);
    clf_plan_destroy(&s->plan);
    tensors_destroy(&s->changed);
    tensors_destroy(&s->x);
    clf_context_destroy(&s->ctx);
}

/* Runs `changed`, of which only rows from `row` on of HEAD differ from x: all that cannot see
 * them must be as before. Bidirectional heads see all rows. */
static void check_unseen(scene *s, int64_t row, const char *what)
{
    const int64_t size = s->t.L * s->t.E;
    trial_run(s->ctx, s->plan, &s->t, &s->changed);
    for (int64_t head = 0; head < s->t.B * s->t.H; head++) {
        const int64_t rows = head != HEAD ? s->t.L : s->t.causal ? row : 0;
        same_bits(s->before + head * size, s->changed.out + head * size, rows * s->t.E, what,
                  &s->t);
    }
    copy_tensors(&s->t, &s->x, &s->changed);
}

static const int64_t k_rows[] = {1, 13, 47, 48, 49, 96, 100, 249};

static void change_later_rows(scene *s)
{
    for (size_t n = 0; n < sizeof k_rows / sizeof k_rows[0]; n++) {
        const int64_t row = k_rows[n], at = HEAD * ROWS + row;
        fill_normal(s->changed.q + at * D, (ROWS - row) * D, trial_seed() + n, 100);
        fill_normal(s->changed.k + at * D, (ROWS - row) * D, trial_seed() + n, 101);
        fill_normal(s->changed.v + at * E, (ROWS - row) * E, trial_seed() + n, 102);
        check_unseen(s, row, "later rows changed");
        set_norm(&s->t, s->changed.k + at * D, 60);
        check_unseen(s, row, "a huge key came later");
    }
}

/* Rows that see the row must not be finite in column e, or in all columns when e < 0. */
static void check_spoilt(const scene *s, int64_t row, int64_t e, const char *what)
{
    for (int64_t i = s->t.causal ? row : 0; i < ROWS; i++) {
        for (int64_t c = 0; c < E; c++) {
            const float out = s->changed.out[(HEAD * ROWS + i) * E + c];
            if (e < 0 || c == e)
                ck_assert_msg(!isfinite(out), "wrong result: %s is hidden in row %d", what, (int)i);
            else
                same_bits(s->before + (HEAD * ROWS + i) * E + c, &out, 1, what, &s->t);
        }
    }
}

static void spoil_one_row(scene *s)
{
    const float odd[] = {NAN, INFINITY, -INFINITY};
    for (size_t n = 0; n < sizeof k_rows / sizeof k_rows[0]; n++) {
        const int64_t row = k_rows[n], at = HEAD * ROWS + row;
        s->changed.k[at * D + 3] = odd[n % 3];
        check_unseen(s, row, "a key that is not finite");
        check_spoilt(s, row, -1, "a key that is not finite");
        s->changed.v[at * E + 16] = odd[n % 3];
        check_unseen(s, row, "a value that is not finite");
        check_spoilt(s, row, 16, "a value that is not finite");
    }
}

static void check_causality(clf_family family, clf_kind kind)
{
    scene s = scene_open(trial_of(family, kind, true));
    fill_mixed(&s.t, &s.x, trial_seed());
    scene_begin(&s);
    change_later_rows(&s);
    spoil_one_row(&s);
    fill_norms(&s.t, &s.x, trial_seed(), DIRECTIONS_MIXED, 0.1, 30);
    scene_begin(&s);
    change_later_rows(&s);
    scene_close(&s);
}

static void check_other_heads(clf_family family)
{
    scene s = scene_open(trial_of(family, CLF_KIND_EXP, false));
    fill_mixed(&s.t, &s.x, trial_seed());
    scene_begin(&s);
    spoil_one_row(&s);
    scene_close(&s);
}

static void check_repeats(clf_family family, bool causal)
{
    scene s = scene_open(trial_of(family, CLF_KIND_EXP, causal));
    const int64_t count = out_count(&s.t);
    clf_projection *other = NULL;
    const clf_projection_params params = {.M = 64, .D = D, .seed = trial_seed() + 1};
    ck_assert_int_eq(clf_projection_create(&params, NULL, &other), CLF_OK);
    fill_mixed(&s.t, &s.x, trial_seed());
    scene_begin(&s);
    trial_run(s.ctx, s.plan, &s.t, &s.x);
    same_bits(s.before, s.x.out, count, "a second run", &s.t);
    ck_assert_int_eq(clf_plan_set_projection(s.plan, other), CLF_OK);
    trial_run(s.ctx, s.plan, &s.t, &s.x);
    ck_assert_msg(memcmp(s.before, s.x.out, (size_t)count * sizeof(float)) != 0,
                  "a redraw changes nothing");
    ck_assert_int_eq(clf_plan_set_projection(s.plan, s.x.projection), CLF_OK);
    trial_run(s.ctx, s.plan, &s.t, &s.x);
    same_bits(s.before, s.x.out, count, "a redraw and back", &s.t);
    clf_plan *again = trial_plan(s.ctx, &s.t, &s.x);
    trial_run(s.ctx, again, &s.t, &s.x);
    same_bits(s.before, s.x.out, count, "a second plan", &s.t);
    clf_plan_destroy(&again);
    clf_projection_destroy(&other);
    scene_close(&s);
}

/* Equal weights and small integers: where the number of keys is a power of two, means are exact. */
static void check_exact_means(clf_family family, bool causal)
{
    trial t = trial_of(family, CLF_KIND_EXP, causal);
    t.L = t.S = 128;
    clf_context *ctx = trial_context();
    tensors x = tensors_create(&t, trial_seed());
    for (int64_t i = 0; i < B * H * t.S * E; i++)
        x.v[i] = (float)(i * 7919 % 31 - 15);
    trial_once(ctx, &t, &x);
    for (int64_t n = 0; n < B * H * t.L * E; n++) {
        const int64_t e = n % E, i = n / E % t.L, first = n / E - i;
        const int64_t keys = causal ? i + 1 : t.S;
        if ((keys & (keys - 1)) != 0)
            continue;
        double sum = 0;
        for (int64_t j = 0; j < keys; j++)
            sum += x.v[(first + j) * E + e];
        const float mean = (float)(sum / (double)keys);
        same_bits(&mean, x.out + n, 1, "the mean of integers", &t);
    }
    tensors_destroy(&x);
    clf_context_destroy(&ctx);
}

/* Values times a power of two give results times it. */
static void check_scaled_values(clf_family family, bool causal)
{
    const float factors[] = {0x1p-20f, 0x1p60f};
    scene s = scene_open(trial_of(family, CLF_KIND_EXP, causal));
    fill_mixed(&s.t, &s.x, trial_seed());
    scene_begin(&s);
    for (int n = 0; n < 2; n++) {
        for (int64_t i = 0; i < B * H * ROWS * E; i++)
            s.changed.v[i] = s.x.v[i] * factors[n];
        trial_run(s.ctx, s.plan, &s.t, &s.changed);
        for (int64_t i = 0; i < out_count(&s.t); i++)
            s.changed.out[i] /= factors[n];
        same_bits(s.before, s.changed.out, out_count(&s.t), "scaled values", &s.t);
    }
    scene_close(&s);
}

#define FAMILY_TESTS(name, family)                                                                 \
    START_TEST(name##_causality_exp)                                                               \
    {                                                                                              \
        check_causality(family, CLF_KIND_EXP);                                                     \
    }                                                                                              \
    END_TEST                                                                                       \
    START_TEST(name##_causality_cosh)                                                              \
    {                                                                                              \
        check_causality(family, CLF_KIND_COSH);                                                    \
    }                                                                                              \
    END_TEST                                                                                       \
    START_TEST(name##_other_heads)                                                                 \
    {                                                                                              \
        check_other_heads(family);                                                                 \
    }                                                                                              \
    END_TEST                                                                                       \
    START_TEST(name##_repeats)                                                                     \
    {                                                                                              \
        check_repeats(family, false);                                                              \
        check_repeats(family, true);                                                               \
    }                                                                                              \
    END_TEST                                                                                       \
    START_TEST(name##_exact_means)                                                                 \
    {                                                                                              \
        check_exact_means(family, false);                                                          \
        check_exact_means(family, true);                                                           \
    }                                                                                              \
    END_TEST                                                                                       \
    START_TEST(name##_scaled_values)                                                               \
    {                                                                                              \
        check_scaled_values(family, false);                                                        \
        check_scaled_values(family, true);                                                         \
    }                                                                                              \
    END_TEST

FAMILY_TESTS(plain, CLF_FAMILY_PLAIN)
FAMILY_TESTS(wide, CLF_FAMILY_WIDE)

RUN_KERNEL_TESTS("bitwise", plain_causality_exp, plain_causality_cosh, plain_other_heads,
                 plain_repeats, plain_exact_means, plain_scaled_values, wide_causality_exp,
                 wide_causality_cosh, wide_other_heads, wide_repeats, wide_exact_means,
                 wide_scaled_values)
