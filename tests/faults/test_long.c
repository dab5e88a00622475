/* One head of a million rows: right, by the fp64 reference on sampled rows, and with the workspace
 * of a much shorter one. */
#include "kernels/inputs.h"
#include "kernels/judge.h"
#include "kernels/runner.h"

static size_t workspace_of(clf_context *ctx, trial t, int64_t rows)
{
    t.L = t.S = rows;
    const tensors none = {.projection = NULL};
    clf_plan *plan = trial_plan(ctx, &t, &none);
    const size_t bytes = clf_plan_workspace_bytes(plan);
    clf_plan_destroy(&plan);
    return bytes;
}

/* Both families, L = S = 2^20. */
static void run_long(bool causal)
{
    clf_context *ctx = trial_context();
    tally sum = {0};
    for (int family = CLF_FAMILY_PLAIN; family <= CLF_FAMILY_WIDE; family++) {
        const trial t = {.B = 1,
                         .H = 1,
                         .L = 1048576,
                         .S = 1048576,
                         .D = 16,
                         .E = 16,
                         .R = 32,
                         .causal = causal,
                         .tuning = {.family = (clf_family)family}};
        const size_t bytes = workspace_of(ctx, t, t.L);
        printf("family %d, %s: workspace %zu bytes\n", family, causal ? "causal" : "bidirectional",
               bytes);
        ck_assert_uint_eq(bytes, workspace_of(ctx, t, 65536));
        tensors x = tensors_create(&t, trial_seed());
        fill_mixed(&t, &x, trial_seed());
        clf_plan *plan = trial_plan(ctx, &t, &x);
        trial_run(ctx, plan, &t, &x);
        judge(&t, &x, plan, &sum);
        clf_plan_destroy(&plan);
        tensors_destroy(&x);
    }
    tally_print(&sum, causal ? "a million rows, causal" : "a million rows");
    clf_context_destroy(&ctx);
}

START_TEST(bidirectional)
{
    run_long(false);
}
END_TEST

START_TEST(causal)
{
    run_long(true);
}
END_TEST

RUN_KERNEL_TESTS("long", bidirectional, causal)
