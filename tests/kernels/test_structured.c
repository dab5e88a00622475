/* Structured projections: every size of their transforms, against the dense W that they stand for;
 * redraws; and where W is applied as a dense one. */
#include "inputs.h"
#include "judge.h"
#include "runner.h"

#include <string.h>

/* Blocks of 8 to 1024 rows: D as large as them, and just above half of that. */
static const struct {
    int64_t D;
    bool causal;
} k_heads[] = {{1, false},  {8, true},   {9, false},   {17, true},  {32, false},  {33, true},
               {65, false}, {128, true}, {129, false}, {256, true}, {257, false}, {512, false}};

#define COUNT(table) ((int)(sizeof(table) / sizeof(table)[0]))

static trial trial_of(int64_t D, bool causal)
{
    return (trial){
        .B = 1,
        .H = 2,
        .L = 71,
        .S = causal ? 71 : 68,
        .D = D,
        .E = 9,
        .R = 150,
        .kind = CLF_KIND_EXP,
        .draw = CLF_PROJECTION_STRUCTURED,
        .causal = causal,
    };
}

static bool is_structured(const clf_plan *plan)
{
    return strstr(clf_plan_describe(plan), "projection=structured ") != NULL;
}

/* A trial whose plan must apply W by transforms. */
static void run_structured(clf_context *ctx, const trial *t, uint64_t seed, tally *sum)
{
    tensors x = tensors_create(t, seed);
    fill_mixed(t, &x, seed);
    clf_plan *plan = trial_plan(ctx, t, &x);
    ck_assert(is_structured(plan));
    trial_run(ctx, plan, t, &x);
    judge_telling(t, &x, plan, sum);
    clf_plan_destroy(&plan);
    tensors_destroy(&x);
}

/* Every size, or every `step`-th, on kernels with vectors of `width` floats. */
static void run_sizes(int width, int step, const char *name)
{
    clf_context *ctx = trial_context();
    tally sum = {0};
    for (int i = 0; i < COUNT(k_heads); i += step) {
        trial t = trial_of(k_heads[i].D, k_heads[i].causal);
        t.tuning = (clf_tuning){.family = CLF_FAMILY_WIDE, .vector_width = width};
        run_structured(ctx, &t, trial_seed() + (uint64_t)i, &sum);
    }
    tally_print(&sum, name);
    clf_context_destroy(&ctx);
}

START_TEST(sizes_16)
{
    run_sizes(16, 1, "structured sizes, vectors of 16");
}
END_TEST

START_TEST(sizes_8)
{
    run_sizes(8, 3, "structured sizes, vectors of 8");
}
END_TEST

/* The largest block there is, with a tile that leaves room for it. */
START_TEST(size_1024)
{
    clf_context *ctx = trial_context();
    tally sum = {0};
    trial t = trial_of(1024, false);
    t.tuning = (clf_tuning){.family = CLF_FAMILY_WIDE, .vector_width = 8, .tile_rows = 24};
    run_structured(ctx, &t, trial_seed(), &sum);
    tally_print(&sum, "structured size 1024");
    clf_context_destroy(&ctx);
}
END_TEST

/* FAVOR++ has a bias for each row. */
START_TEST(bias)
{
    clf_context *ctx = trial_context();
    tally sum = {0};
    for (int i = 0; i < 2; i++) {
        trial t = trial_of(40, i);
        t.bias = true;
        run_structured(ctx, &t, 9, &sum);
    }
    tally_print(&sum, "structured with a bias");
    clf_context_destroy(&ctx);
}
END_TEST

/* The seed alone gives the W that the caller would draw. */
START_TEST(drawn_by_the_plan)
{
    clf_context *ctx = trial_context();
    trial t = trial_of(20, false);
    t.B = 2;  // one W for all heads
    const int64_t count = trial_out_count(&t);
    tensors x = tensors_create(&t, 5);
    fill_mixed(&t, &x, 5);
    float *first = malloc((size_t)count * sizeof *first);
    ck_assert_ptr_nonnull(first);
    for (int pass = 0; pass < 2; pass++) {
        clf_plan_params params = trial_params(&t, &x);
        clf_plan *plan = NULL;
        if (pass == 1) {
            params.projection = NULL;
            params.draw = CLF_PROJECTION_STRUCTURED;
            params.seed = 5;
        }
        ck_assert_int_eq(clf_plan_create(ctx, &params, &plan), CLF_OK);
        trial_run(ctx, plan, &t, &x);
        if (pass == 0)
            memcpy(first, x.out, (size_t)count * sizeof *first);
        clf_plan_destroy(&plan);
    }
    ck_assert_int_eq(memcmp(first, x.out, (size_t)count * sizeof *first), 0);
    free(first);
    tensors_destroy(&x);
    clf_context_destroy(&ctx);
}
END_TEST

/* A redraw, right; a dense W in its place, refused and nothing changed. */
START_TEST(redraws)
{
    clf_context *ctx = trial_context();
    const trial t = trial_of(40, true);
    tensors x = tensors_create(&t, 6), y = tensors_create(&t, 7);
    fill_mixed(&t, &x, 6);
    tensors_copy(&t, &x, &y);
    clf_plan *plan = trial_plan(ctx, &t, &x);
    clf_projection *dense = NULL;
    ck_assert_int_eq(clf_projection_import(clf_projection_data(x.projection), NULL,
                                           clf_projection_heads(x.projection), t.R, t.D, NULL,
                                           &dense),
                     CLF_OK);
    tally sum = {0};
    ck_assert_int_eq(clf_plan_set_projection(plan, y.projection), CLF_OK);
    ck_assert_int_eq(clf_plan_set_projection(plan, dense), CLF_ERROR_INVALID_ARGUMENT);
    trial_run(ctx, plan, &t, &y);
    judge_telling(&t, &y, plan, &sum);
    tally_print(&sum, "structured redraw");
    clf_projection_destroy(&dense);
    clf_plan_destroy(&plan);
    tensors_destroy(&x);
    tensors_destroy(&y);
    clf_context_destroy(&ctx);
}
END_TEST

/* The plain family, a pair that a bias makes two of, and what leaves no room for transforms take
 * the dense W. */
START_TEST(dense_where_it_must_be)
{
    clf_context *ctx = trial_context();
    trial plain = trial_of(24, true), pair = trial_of(24, false), large = trial_of(1024, true);
    plain.tuning.family = CLF_FAMILY_PLAIN;
    pair.kind = CLF_KIND_COSH;
    pair.bias = true;
    large.E = 1024;
    const trial trials[] = {plain, pair, large};
    tally sum = {0};
    for (int i = 0; i < COUNT(trials); i++) {
        tensors x = tensors_create(&trials[i], 8);
        fill_mixed(&trials[i], &x, 8);
        clf_plan *plan = trial_plan(ctx, &trials[i], &x);
        ck_assert(!is_structured(plan));
        trial_run(ctx, plan, &trials[i], &x);
        judge_telling(&trials[i], &x, plan, &sum);
        clf_plan_destroy(&plan);
        tensors_destroy(&x);
    }
    tally_print(&sum, "structured as dense");
    clf_context_destroy(&ctx);
}
END_TEST

RUN_KERNEL_TESTS("structured", sizes_16, sizes_8, size_1024, bias, drawn_by_the_plan, redraws,
                 dense_where_it_must_be)
