/* Queries, keys and values of published protein models, at their own scale: finite and within the
 * bound in both families and kinds. CLFAVOR_TEST_DATA names the directory of the tensors. */
#include "host/npy.h"
#include "judge.h"
#include "runner.h"

static const struct {
    const char *name;
    bool causal;
} k_layers[] = {
    {"sapiens_vh_L0", false},   {"sapiens_vh_L3", false},   {"antiberty_vh_L0", false},
    {"antiberty_vh_L3", false}, {"antiberty_vh_L7", false}, {"anarcii_dec_causal_L1", true},
};

enum {
    LAYERS = sizeof k_layers / sizeof k_layers[0],
    R = 256
};

static clfi_npy read_tensor(const char *layer, char which)
{
    const char *directory = getenv("CLFAVOR_TEST_DATA");
    ck_assert_msg(directory != NULL, "CLFAVOR_TEST_DATA is not set");
    char path[4096];
    snprintf(path, sizeof path, "%s/%s_%c.npy", directory, layer, which);
    kept_log kept;
    clfi_npy npy;
    ck_assert_msg(clfi_npy_read(path, keep(&kept, CLF_LOG_ERROR), &npy) == CLF_OK, "%s", kept.text);
    ck_assert_int_eq(npy.ndim, 3);
    return npy;
}

static void run_layer(clf_context *ctx, clf_family family, clf_kind kind, int layer, tally *sum)
{
    clfi_npy q = read_tensor(k_layers[layer].name, 'q');
    clfi_npy k = read_tensor(k_layers[layer].name, 'k');
    clfi_npy v = read_tensor(k_layers[layer].name, 'v');
    const trial t = {
        .B = 1,
        .H = q.shape[0],
        .L = q.shape[1],
        .S = k.shape[1],
        .D = q.shape[2],
        .E = v.shape[2],
        .R = R,
        .kind = kind,
        .causal = k_layers[layer].causal,
        .tuning = {.family = family},
    };
    tensors x = tensors_create(&t, trial_seed());
    tensors real = x;
    real.q = q.data;
    real.k = k.data;
    real.v = v.data;
    clf_plan *plan = trial_plan(ctx, &t, &real);
    trial_run(ctx, plan, &t, &real);
    judge_telling(&t, &real, plan, sum);
    clf_plan_destroy(&plan);
    tensors_destroy(&x);
    clfi_npy_finish(&q);
    clfi_npy_finish(&k);
    clfi_npy_finish(&v);
}

static void run_layers(clf_family family, clf_kind kind, const char *name)
{
    clf_context *ctx = trial_context();
    tally sum = {0};
    for (int layer = 0; layer < LAYERS; layer++)
        run_layer(ctx, family, kind, layer, &sum);
    tally_print(&sum, name);
    clf_context_destroy(&ctx);
}

START_TEST(plain_exp)
{
    run_layers(CLF_FAMILY_PLAIN, CLF_KIND_EXP, "real, plain, exp");
}
END_TEST

START_TEST(plain_cosh)
{
    run_layers(CLF_FAMILY_PLAIN, CLF_KIND_COSH, "real, plain, cosh");
}
END_TEST

START_TEST(wide_exp)
{
    run_layers(CLF_FAMILY_WIDE, CLF_KIND_EXP, "real, wide, exp");
}
END_TEST

START_TEST(wide_cosh)
{
    run_layers(CLF_FAMILY_WIDE, CLF_KIND_COSH, "real, wide, cosh");
}
END_TEST

RUN_KERNEL_TESTS("real", plain_exp, plain_cosh, wide_exp, wide_cosh)
