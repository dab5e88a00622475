/* Norms from .1 to 30, in the patterns that break a stabiliser: finite and within the bound in
 * both families, every kind that has a stabiliser and both directions of time. Signed kinds are
 * held to what docs/numerics.md promises of them: rows whose denominator is no noise. */
#include "inputs.h"
#include "judge.h"
#include "runner.h"

static const struct {
    directions way;
    double first, last;  // |x| of the first and the last row
} k_patterns[] = {
    {DIRECTIONS_RANDOM, 0.5, 0.5}, {DIRECTIONS_RANDOM, 2, 2},   {DIRECTIONS_MIXED, 8, 8},
    {DIRECTIONS_OPPOSED, 8, 8},    {DIRECTIONS_RANDOM, 30, 30}, {DIRECTIONS_ALIGNED, 30, 30},
    {DIRECTIONS_OPPOSED, 30, 30},  {DIRECTIONS_MIXED, 30, 30},  {DIRECTIONS_RANDOM, 30, 0.1},
    {DIRECTIONS_ALIGNED, 30, 0.1}, {DIRECTIONS_MIXED, 30, 0.1}, {DIRECTIONS_RANDOM, 0.1, 30},
    {DIRECTIONS_ALIGNED, 0.1, 30}, {DIRECTIONS_MIXED, 0.1, 30},
};

enum {
    PATTERNS = sizeof k_patterns / sizeof k_patterns[0],
    HUGE_KEYS = 4,
    HUGE_NORMS = 4,
    ROWS = 150,  // three tiles and a tail; two segments of two
    D = 64
};

static const int64_t k_huge_at[HUGE_KEYS] = {0, 47, 48, 149};
// Beyond 30 tau says little, but the result must stay finite. In the last two a key's |x|^2/2 has
// no fraction left in fp64, so the signs of trigonometric features are beyond the reference.
static const double k_huge_norms[HUGE_NORMS] = {30, 1e4, 1e8, 1e12};

static trial trial_of(clf_family family, clf_kind kind, bool causal)
{
    return (trial){
        .B = 1,
        .H = 2,
        .L = ROWS,
        .S = ROWS,
        .D = D,
        .E = D,
        .R = clf_kind_describe(kind)->paired ? 512 : 256,
        .kind = kind,
        .causal = causal,
        .tuning = {.family = family, .segments = 2},
    };
}

/* The same, smaller: norms do not care for sizes. */
static trial small_trial_of(clf_family family, clf_kind kind, bool causal, float kernel_eps)
{
    trial t = trial_of(family, kind, causal);
    t.D = 16;
    t.E = 17;
    t.R = clf_kind_describe(kind)->paired ? 100 : 50;
    t.kernel_eps = kernel_eps;
    return t;
}

static void run_patterns(const trial *t, const char *name)
{
    clf_context *ctx = trial_context();
    tensors x = tensors_create(t, trial_seed());
    clf_plan *plan = trial_plan(ctx, t, &x);
    tally sum = {0};
    for (int n = 0; n < PATTERNS; n++) {
        fill_norms(t, &x, trial_seed() + (uint64_t)n, k_patterns[n].way, k_patterns[n].first,
                   k_patterns[n].last);
        trial_run(ctx, plan, t, &x);
        judge(t, &x, plan, &sum);
    }
    const int huge_norms = clf_kind_describe(t->kind)->has_sign ? 2 : HUGE_NORMS;
    for (int n = 0; n < HUGE_KEYS * huge_norms; n++) {
        fill_norms(t, &x, trial_seed(), DIRECTIONS_RANDOM, 0.1, 0.1);
        for (int64_t head = 0; head < t->B * t->H; head++)
            set_norm(t, x.k + (head * ROWS + k_huge_at[n % HUGE_KEYS]) * t->D,
                     k_huge_norms[n / HUGE_KEYS]);
        trial_run(ctx, plan, t, &x);
        judge(t, &x, plan, &sum);
    }
    tally_print(&sum, name);
    clf_plan_destroy(&plan);
    tensors_destroy(&x);
    clf_context_destroy(&ctx);
}

#define PATTERN_TEST(name, family, kind, causal)                                                   \
    START_TEST(name)                                                                               \
    {                                                                                              \
        const trial t = trial_of(CLF_FAMILY_##family, CLF_KIND_##kind, causal);                    \
        run_patterns(&t, #name);                                                                   \
    }                                                                                              \
    END_TEST

PATTERN_TEST(plain_exp, PLAIN, EXP, false)
PATTERN_TEST(plain_cosh, PLAIN, COSH, false)
PATTERN_TEST(plain_exp_causal, PLAIN, EXP, true)
PATTERN_TEST(plain_cosh_causal, PLAIN, COSH, true)
PATTERN_TEST(wide_exp, WIDE, EXP, false)
PATTERN_TEST(wide_cosh, WIDE, COSH, false)
PATTERN_TEST(wide_exp_causal, WIDE, EXP, true)
PATTERN_TEST(wide_cosh_causal, WIDE, COSH, true)

#define SMALL_TEST(name, family, kind, causal, eps)                                                \
    START_TEST(name)                                                                               \
    {                                                                                              \
        const trial t = small_trial_of(CLF_FAMILY_##family, CLF_KIND_##kind, causal, eps);         \
        run_patterns(&t, #name);                                                                   \
    }                                                                                              \
    END_TEST

#define SMALL_TESTS(kind, KIND, eps)                                                               \
    SMALL_TEST(plain_##kind, PLAIN, KIND, false, eps)                                              \
    SMALL_TEST(plain_##kind##_causal, PLAIN, KIND, true, eps)                                      \
    SMALL_TEST(wide_##kind, WIDE, KIND, false, eps)                                                \
    SMALL_TEST(wide_##kind##_causal, WIDE, KIND, true, eps)

SMALL_TESTS(gaussian, GAUSSIAN, 0)
SMALL_TESTS(trig, TRIG, 0)
SMALL_TESTS(f_exp, F_EXP, 0)
SMALL_TESTS(f_exp_eps, F_EXP, 0.01f)
SMALL_TESTS(relu, RELU, 0)

#define SMALL_NAMES(kind) plain_##kind, plain_##kind##_causal, wide_##kind, wide_##kind##_causal

RUN_KERNEL_TESTS("norms", plain_exp, plain_cosh, plain_exp_causal, plain_cosh_causal, wide_exp,
                 wide_cosh, wide_exp_causal, wide_cosh_causal, SMALL_NAMES(gaussian),
                 SMALL_NAMES(trig), SMALL_NAMES(f_exp), SMALL_NAMES(f_exp_eps), SMALL_NAMES(relu))
