/* Sizes beyond the table of shapes: many features, large heads, more heads than one pass takes,
 * as many segments as there may be, segments whose sums are compensated; and other tiles, vector
 * widths and numbers of segments for one problem. */
#include "inputs.h"
#include "judge.h"
#include "plan_internal.h"
#include "runner.h"

static void run_trial(clf_context *ctx, const trial *t, tally *sum, clfi_choice *choice)
{
    tensors x = tensors_create(t, trial_seed());
    fill_mixed(t, &x, trial_seed());
    clf_plan *plan = trial_plan(ctx, t, &x);
    trial_run(ctx, plan, t, &x);
    judge(t, &x, plan, sum);
    *choice = plan->choice;
    clf_plan_destroy(&plan);
    tensors_destroy(&x);
}

static const clf_family k_families[] = {CLF_FAMILY_PLAIN, CLF_FAMILY_WIDE};

/* Both families, bidirectional and causal when L = S. */
static void run_both(trial t, const char *name, bool (*right)(const clfi_choice *))
{
    clf_context *ctx = trial_context();
    tally sum = {0};
    for (int causal = 0; causal <= (t.L == t.S); causal++) {
        for (int n = 0; n < 2; n++) {
            clfi_choice choice;
            t.tuning.family = k_families[n];
            t.causal = causal;
            run_trial(ctx, &t, &sum, &choice);
            ck_assert_msg(right(&choice), "the plan is not what this test is about; %s",
                          trial_describe(&t).text);
        }
    }
    tally_print(&sum, name);
    clf_context_destroy(&ctx);
}

static bool any(const clfi_choice *choice)
{
    return choice->segments >= 1;
}

static bool is_compensated(const clfi_choice *choice)
{
    return choice->compensated && choice->segments == 1;
}

static bool has_passes(const clfi_choice *choice)
{
    return choice->states_per_pass < 32800;
}

static bool has_all_segments(const clfi_choice *choice)
{
    return choice->segments == CLFI_MAX_SEGMENTS;
}

START_TEST(long_segments)
{
    const trial cross = {
        .B = 1, .H = 1, .L = 48, .S = 32768, .D = 16, .E = 16, .R = 32, .tuning = {.segments = 1}};
    run_both(cross, "long segments", is_compensated);
}
END_TEST

START_TEST(long_causal_segments)
{
    const trial causal = {.B = 1,
                          .H = 1,
                          .L = 16384,
                          .S = 16384,
                          .D = 16,
                          .E = 16,
                          .R = 32,
                          .tuning = {.segments = 1}};
    run_both(causal, "long causal segments", is_compensated);
}
END_TEST

START_TEST(many_segments)
{
    const trial t = {.B = 1,
                     .H = 2,
                     .L = 64 * 48 - 5,
                     .S = 64 * 48 - 5,
                     .D = 16,
                     .E = 16,
                     .R = 32,
                     .tuning = {.segments = 64}};
    run_both(t, "64 segments", has_all_segments);
}
END_TEST

START_TEST(many_heads)
{
    const trial t = {.B = 2, .H = 16400, .L = 2, .S = 2, .D = 1, .E = 1, .R = 2};
    run_both(t, "two passes of heads", has_passes);
}
END_TEST

START_TEST(large_sizes)
{
    static const struct {
        int64_t D, E, R;
    } sizes[] = {{512, 512, 4096}, {1024, 1024, 48}};
    for (int n = 0; n < 2; n++) {
        const trial t = {
            .B = 1, .H = 1, .L = 61, .S = 61, .D = sizes[n].D, .E = sizes[n].E, .R = sizes[n].R};
        run_both(t, "large sizes", any);
    }
}
END_TEST

START_TEST(tiles_and_segments)
{
    static const clf_tuning tunings[] = {
        {.family = CLF_FAMILY_PLAIN},
        {.family = CLF_FAMILY_WIDE, .vector_width = 4, .tile_rows = 24},
        {.family = CLF_FAMILY_WIDE, .vector_width = 16, .tile_rows = 96},
    };
    static const int segments[] = {1, 2, 3, 7};
    clf_context *ctx = trial_context();
    tally sum = {0};
    for (int n = 0; n < 24; n++) {
        trial t = {.B = 1,
                   .H = 1,
                   .L = 1341,
                   .S = 1341,
                   .D = 16,
                   .E = 16,
                   .R = 32,
                   .causal = n / 12,
                   .tuning = tunings[n % 3]};
        t.tuning.segments = segments[n / 3 % 4];
        clfi_choice choice;
        run_trial(ctx, &t, &sum, &choice);
        ck_assert_int_eq(choice.segments, segments[n / 3 % 4]);
    }
    tally_print(&sum, "tiles and segments");
    clf_context_destroy(&ctx);
}
END_TEST

RUN_KERNEL_TESTS("limits", long_segments, long_causal_segments, many_segments, many_heads,
                 large_sizes, tiles_and_segments)
