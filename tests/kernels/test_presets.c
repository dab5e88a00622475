/* Presets of other implementations: against the fp64 reference, and against what the packages
 * themselves put out (tests/data/presets). */
#include "inputs.h"
#include "judge.h"
#include "plan_internal.h"
#include "runner.h"
#include "support/recorded.h"

/* The packages' own error in fp32, relative to max|v|: 8e-7 at worst against the formulas in fp64
 * (docs/presets.md). */
static const double k_package_error = 1e-6;

static trial trial_of(clf_family family, clf_preset preset, clf_kind kind, bool causal)
{
    const bool paired = clf_kind_describe(kind)->paired;
    return (trial){
        .B = 2,
        .H = 2,
        .Hkv = 1,
        .L = causal ? 101 : 77,
        .S = 101,
        .D = 16,
        .E = 17,
        .R = paired ? 100 : 50,
        .kind = kind,
        .preset = preset,
        .causal = causal,
        .masking = preset == CLF_PRESET_GOOGLE_TF ? MASKING_NONE : MASKING_RANDOM,
        .tuning = {.family = family, .segments = 2},
    };
}

/* Moderate values; and norms at which the packages themselves overflow or vanish in fp32. */
static void run_trial(clf_context *ctx, const trial *t, tally *sum)
{
    tensors x = tensors_create(t, trial_seed());
    clf_plan *plan = trial_plan(ctx, t, &x);
    fill_mixed(t, &x, trial_seed());
    trial_run(ctx, plan, t, &x);
    judge(t, &x, plan, sum);
    fill_norms(t, &x, trial_seed(), DIRECTIONS_MIXED, 0.5, 30);
    trial_run(ctx, plan, t, &x);
    judge(t, &x, plan, sum);
    clf_plan_destroy(&plan);
    tensors_destroy(&x);
}

static void run_preset(clf_preset preset)
{
    static const clf_family families[] = {CLF_FAMILY_PLAIN, CLF_FAMILY_WIDE};
    const clf_kind kinds[] = {clfi_preset(preset)->softmax_kind, CLF_KIND_RELU, CLF_KIND_F_EXP};
    clf_context *ctx = trial_context();
    tally sum = {0};
    for (int n = 0; n < 12; n++) {
        const trial t = trial_of(families[n % 2], preset, kinds[n / 4], n / 2 % 2);
        if (clfi_preset_has(clfi_preset(preset), t.kind))
            run_trial(ctx, &t, &sum);
    }
    tally_print(&sum, clf_preset_name(preset));
    clf_context_destroy(&ctx);
}

START_TEST(google_jax)
{
    run_preset(CLF_PRESET_GOOGLE_JAX);
}
END_TEST

START_TEST(google_tf)
{
    run_preset(CLF_PRESET_GOOGLE_TF);
}
END_TEST

START_TEST(performer_pytorch)
{
    run_preset(CLF_PRESET_PERFORMER_PYTORCH);
}
END_TEST

START_TEST(fast_transformers)
{
    run_preset(CLF_PRESET_FAST_TRANSFORMERS);
}
END_TEST

/* What the recorded cases have shown so far. */
typedef struct comparison {
    clf_context *ctx;
    double worst[CLF_PRESET_COUNT];  // difference to the package, relative to max|v|
} comparison;

static clf_plan *plan_of(clf_context *ctx, const recorded *c)
{
    const clfi_problem *p = &c->problem;
    clf_plan_params params = {.B = p->B,
                              .H = p->H,
                              .L = p->L,
                              .S = p->S,
                              .D = p->D,
                              .E = p->E,
                              .R = p->R,
                              .kind = p->kind,
                              .causal = p->causal,
                              .deterministic = p->deterministic,
                              .mask = p->mask ? CLF_MASK_KEYS : CLF_MASK_NONE,
                              .preset = p->preset};
    clf_projection *W = NULL;
    if (!p->deterministic)
        ck_assert_int_eq(clf_projection_import(p->W, NULL, 1, c->W.shape[0], p->D, NULL, &W),
                         CLF_OK);
    params.projection = W;
    clf_plan *plan = NULL;
    ck_assert_int_eq(clf_plan_create(ctx, &params, &plan), CLF_OK);
    clf_projection_destroy(&W);
    return plan;
}

/* Rows [L, E] of a head against the package, within the reference's bound and its own error. */
static double compare_head(const recorded *c, const clf_plan *plan, const float *out, int64_t head,
                           const char *name)
{
    const clfi_problem *p = &c->problem;
    int64_t index[128];
    double ref[128 * 8], magnitude[128 * 8], drift[128 * 8], condition[128];
    ck_assert(p->L <= 128 && p->E <= 8);
    for (int i = 0; i < 128; i++)
        index[i] = i;
    const clfi_rows rows = {.count = p->L, .index = index};
    const clfi_judgement judgement = {ref, magnitude, drift, condition};
    const int64_t b = head / p->H, h = head % p->H;
    ck_assert_int_eq(clfi_ref_favor(p, b, h, &rows, &judgement), CLF_OK);
    const clfi_bound bound = clfi_ref_bound(p, b, h, (double)plan->choice.chain);
    double worst = 0;
    for (int64_t n = 0; n < p->L * p->E; n++) {
        const double difference = fabs((double)out[n] - c->out[head * p->L * p->E + n]);
        const double limit = clfi_ref_limit(&bound, &judgement, n) + k_package_error * c->unit;
        if (condition[n / p->E] <= 0 && ref[n] != 0)
            continue;
        ck_assert_msg(difference <= limit,
                      "wrong result: %s, head %lld, element %lld: %g, the package has %g", name,
                      (long long)head, (long long)n, out[n], c->out[head * p->L * p->E + n]);
        worst = fmax(worst, difference / c->unit);
    }
    return worst;
}

static void compare_case(const char *name, const recorded *c, void *user)
{
    comparison *all = user;
    const clfi_problem *p = &c->problem;
    clf_plan *plan = plan_of(all->ctx, c);
    float *out = malloc((size_t)(p->B * p->H * p->L * p->E) * sizeof *out);
    ck_assert_ptr_nonnull(out);
    const clf_host_args args = {.q = p->q, .k = p->k, .v = p->v, .out = out, .mask = p->mask};
    ck_assert_int_eq(clf_plan_run_host(plan, &args), CLF_OK);
    double *worst = &all->worst[p->preset];
    for (int64_t head = 0; head < p->B * p->H; head++)
        *worst = fmax(*worst, compare_head(c, plan, out + head * p->L * p->E, head, name));
    free(out);
    clf_plan_destroy(&plan);
}

START_TEST(packages)
{
    comparison all = {.ctx = trial_context()};
    ck_assert_int_ge(recorded_each(compare_case, &all), 40);
    for (int n = CLF_PRESET_NONE + 1; n < CLF_PRESET_COUNT; n++)
        printf("%s: worst difference to the package %.1e of max|v|\n",
               clf_preset_name((clf_preset)n), all.worst[n]);
    clf_context_destroy(&all.ctx);
}
END_TEST

RUN_KERNEL_TESTS("presets", google_jax, google_tf, performer_pytorch, fast_transformers, packages)
