/* The lazy thresholds of the kernels, CLF_WINDOW and CLF_QUERY_WINDOW, change no bit: every
 * rescaling is by a power of two. CLFAVOR_TEST_KERNELS names kernels with another threshold, which
 * are compared with the library's own. (A causal head of the wide family is cut at other rows when
 * CLF_WINDOW changes, so its sums are grouped otherwise; that is judged by the bound, elsewhere.)
 */
#include "inputs.h"
#include "judge.h"
#include "runner.h"

static void check_window(clf_kind kind, clf_family family, bool causal)
{
    const char *other = getenv("CLFAVOR_TEST_KERNELS");
    ck_assert_msg(other != NULL, "CLFAVOR_TEST_KERNELS is not set");
    const trial t = {
        .B = 1,
        .H = 2,
        .L = 150,
        .S = 150,
        .D = 16,
        .E = 17,
        .R = 256,
        .kind = kind,
        .causal = causal,
        .tuning = {.family = family, .segments = 1},
    };
    clf_context *ctx = trial_context();
    tensors x = tensors_create(&t, trial_seed());
    tensors y = tensors_create(&t, trial_seed());
    fill_norms(&t, &x, trial_seed(), DIRECTIONS_MIXED, 0.5, 4);
    fill_norms(&t, &y, trial_seed(), DIRECTIONS_MIXED, 0.5, 4);
    trial_once(ctx, &t, &x);
    setenv("CLFAVOR_KERNEL_DIR", other, 1);
    trial_once(ctx, &t, &y);
    unsetenv("CLFAVOR_KERNEL_DIR");
    same_bits(x.out, y.out, t.B * t.H * t.L * t.E, "another threshold", &t);
    tensors_destroy(&y);
    tensors_destroy(&x);
    clf_context_destroy(&ctx);
}

START_TEST(bidirectional)
{
    check_window(CLF_KIND_EXP, CLF_FAMILY_PLAIN, false);
    check_window(CLF_KIND_COSH, CLF_FAMILY_PLAIN, false);
    check_window(CLF_KIND_EXP, CLF_FAMILY_WIDE, false);
    check_window(CLF_KIND_COSH, CLF_FAMILY_WIDE, false);
}
END_TEST

START_TEST(causal_plain)
{
    check_window(CLF_KIND_EXP, CLF_FAMILY_PLAIN, true);
}
END_TEST

START_TEST(causal_wide)
{
    check_window(CLF_KIND_EXP, CLF_FAMILY_WIDE, true);
}
END_TEST

RUN_KERNEL_TESTS("windows", bidirectional, causal_plain, causal_wide)
