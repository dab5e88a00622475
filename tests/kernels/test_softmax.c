/* Exact attention against softmax in fp64: shapes around the tile, masks, groups of heads, dtypes,
 * norms, and what a row must not see. */
#include "inputs.h"

#include <math.h>

#include "judge.h"
#include "runner.h"

static const clf_tuning k_variants[] = {
    {.family = CLF_FAMILY_PLAIN},
    {.family = CLF_FAMILY_WIDE, .vector_width = 16, .tile_rows = 48},
    {.family = CLF_FAMILY_WIDE, .vector_width = 8, .tile_rows = 24},
    {.family = CLF_FAMILY_WIDE, .vector_width = 4, .tile_rows = 12},
};

static const struct {
    int64_t B, H, Hkv, L, S, D, E;
    bool causal;
    masking masking;
    clf_dtype q, k, v, out;
    order order;
    int64_t offset;
} k_shapes[] = {
    {1, 1, 1, 1, 1, 1, 1, .causal = false},
    {2, 3, 3, 47, 101, 7, 5, .order = ORDER_BLHD, .offset = 1},
    {1, 4, 2, 49, 48, 16, 16, .masking = MASKING_RANDOM},
    {2, 2, 1, 13, 301, 64, 64, .masking = MASKING_EMPTY, .order = ORDER_GAPS},
    {1, 6, 2, 96, 97, 15, 81, .masking = MASKING_ONE_KEY, .q = CLF_DTYPE_F16,
     .out = CLF_DTYPE_BF16},
    {1, 2, 2, 33, 95, 17, 15, .k = CLF_DTYPE_BF16, .v = CLF_DTYPE_F16, .out = CLF_DTYPE_F16},
    {1, 2, 2, 101, 101, 16, 17, .causal = true},
    {2, 4, 1, 145, 145, 7, 5, .causal = true, .masking = MASKING_RANDOM, .order = ORDER_BLHD},
    {2, 2, 2, 48, 48, 64, 64, .causal = true, .masking = MASKING_EMPTY, .offset = 3},
    {1, 2, 1, 509, 509, 16, 16, .causal = true, .q = CLF_DTYPE_BF16, .v = CLF_DTYPE_BF16},
};

enum {
    VARIANTS = sizeof k_variants / sizeof k_variants[0],
    SHAPES = sizeof k_shapes / sizeof k_shapes[0]
};

static trial shape_of(int n, const clf_tuning *tuning)
{
    return (trial){
        .B = k_shapes[n].B,
        .H = k_shapes[n].H,
        .Hkv = k_shapes[n].Hkv,
        .L = k_shapes[n].L,
        .S = k_shapes[n].S,
        .D = k_shapes[n].D,
        .E = k_shapes[n].E,
        .R = 2,
        .causal = k_shapes[n].causal,
        .masking = k_shapes[n].masking,
        .path = CLF_PATH_EXACT,
        .q_dtype = k_shapes[n].q,
        .k_dtype = k_shapes[n].k,
        .v_dtype = k_shapes[n].v,
        .out_dtype = k_shapes[n].out,
        .order = k_shapes[n].order,
        .offset = k_shapes[n].offset,
        .tuning = *tuning,
    };
}

static void run_shapes(int variant, const char *name)
{
    clf_context *ctx = trial_context();
    tally sum = {0};
    for (int n = 0; n < SHAPES; n++) {
        const trial t = shape_of(n, &k_variants[variant]);
        tensors x = tensors_create(&t, trial_seed());
        fill_mixed(&t, &x, trial_seed() + (uint64_t)n);
        clf_plan *plan = trial_plan(ctx, &t, &x);
        trial_run(ctx, plan, &t, &x);
        judge_telling(&t, &x, plan, &sum);
        clf_plan_destroy(&plan);
        tensors_destroy(&x);
    }
    tally_print(&sum, name);
    clf_context_destroy(&ctx);
}

START_TEST(plain)
{
    run_shapes(0, "softmax plain");
}
END_TEST

START_TEST(wide_16)
{
    run_shapes(1, "softmax wide_16");
}
END_TEST

START_TEST(wide_8)
{
    run_shapes(2, "softmax wide_8");
}
END_TEST

START_TEST(wide_4)
{
    run_shapes(3, "softmax wide_4");
}
END_TEST

static trial plain_trial(clf_family family, bool causal)
{
    return (trial){.B = 1,
                   .H = 2,
                   .L = 150,
                   .S = 150,
                   .D = 16,
                   .E = 17,
                   .R = 2,
                   .causal = causal,
                   .path = CLF_PATH_EXACT,
                   .tuning = {.family = family}};
}

/* Norms that go up, down and far beyond what exp() of a float can bear. */
START_TEST(norms)
{
    static const double ends[][2] = {{0.5, 0.5}, {30, 30}, {0.1, 30}, {30, 0.1}, {1e4, 1e4}};
    clf_context *ctx = trial_context();
    tally sum = {0};
    for (int n = 0; n < 4; n++) {
        const trial t = plain_trial(n % 2 ? CLF_FAMILY_WIDE : CLF_FAMILY_PLAIN, n / 2);
        tensors x = tensors_create(&t, trial_seed());
        clf_plan *plan = trial_plan(ctx, &t, &x);
        for (int way = DIRECTIONS_RANDOM; way <= DIRECTIONS_MIXED; way++) {
            for (size_t e = 0; e < sizeof ends / sizeof ends[0]; e++) {
                fill_norms(&t, &x, trial_seed(), (directions)way, ends[e][0], ends[e][1]);
                trial_run(ctx, plan, &t, &x);
                judge(&t, &x, plan, &sum);
            }
        }
        clf_plan_destroy(&plan);
        tensors_destroy(&x);
    }
    tally_print(&sum, "softmax norms");
    clf_context_destroy(&ctx);
}
END_TEST

/* Fills rows `from` and later of q, k and v of every head. */
static void spoil_rows(const trial *t, const tensors *x, int64_t from, float value)
{
    for (int64_t head = 0; head < t->B * t->H; head++) {
        for (int64_t j = from; j < t->S; j++) {
            for (int64_t d = 0; d < t->D; d++)
                x->q[(head * t->S + j) * t->D + d] = x->k[(head * t->S + j) * t->D + d] = value;
            for (int64_t e = 0; e < t->E; e++)
                x->v[(head * t->S + j) * t->E + e] = value;
        }
    }
}

/* Rows keep their bits whatever comes after them. */
START_TEST(causality)
{
    static const int64_t borders[] = {1, 47, 48, 49, 53, 101};
    static const float spoils[] = {NAN, INFINITY, 3e38f};
    clf_context *ctx = trial_context();
    for (int family = CLF_FAMILY_PLAIN; family <= CLF_FAMILY_WIDE; family++) {
        const trial t = plain_trial((clf_family)family, true);
        tensors x = tensors_create(&t, trial_seed());
        clf_plan *plan = trial_plan(ctx, &t, &x);
        fill_mixed(&t, &x, trial_seed());
        trial_run(ctx, plan, &t, &x);
        const int64_t row = t.E, rows = t.L * t.E;
        float *before = malloc((size_t)(2 * rows) * sizeof *before);
        ck_assert_ptr_nonnull(before);
        memcpy(before, x.out, (size_t)(2 * rows) * sizeof *before);
        for (int n = 0; n < 18; n++) {
            fill_mixed(&t, &x, trial_seed());
            spoil_rows(&t, &x, borders[n % 6], spoils[n / 6]);
            trial_run(ctx, plan, &t, &x);
            for (int head = 0; head < 2; head++)
                same_bits(before + head * rows, x.out + head * rows, borders[n % 6] * row,
                          "a row before what changed", &t);
        }
        free(before);
        clf_plan_destroy(&plan);
        tensors_destroy(&x);
    }
    clf_context_destroy(&ctx);
}
END_TEST

RUN_KERNEL_TESTS("softmax", plain, wide_16, wide_8, wide_4, norms, causality)
