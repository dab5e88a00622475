/* Every kernel variant, feature kind and option on every kind of shape: lengths around the tile,
 * tails of D, E and R, several heads, groups of them and segments, masks, dtypes, offsets and
 * strides. By default in rows that cover all pairs of the conditions that kernels are compiled for,
 * each run on several rows of those that cover all pairs of the others; with CLFAVOR_TEST_FULL=1 in
 * the full product of sizes and shapes (suite kernels-full). */
#include "inputs.h"
#include "judge.h"
#include "kernels.h"
#include "pairwise.h"
#include "runner.h"

static const clf_tuning k_variants[] = {
    {.family = CLF_FAMILY_PLAIN},
    {.family = CLF_FAMILY_WIDE, .vector_width = 16, .tile_rows = 48},
    {.family = CLF_FAMILY_WIDE, .vector_width = 8, .tile_rows = 48},
    {.family = CLF_FAMILY_WIDE, .vector_width = 4, .tile_rows = 12},
    {.family = CLF_FAMILY_WIDE, .vector_width = 16, .tile_rows = 96},
    {.family = CLF_FAMILY_WIDE,
     .vector_width = 8,
     .tile_rows = 72,
     .project_rows = 3,
     .value_rows = 12,
     .value_vectors = 1,
     .packing = CLF_PACKING_PANELS,
     .prefetch = CLF_PREFETCH_OFF},
};

static const struct {
    int64_t D, E, M;
} k_sizes[] = {{1, 1, 1},    {7, 5, 13},   {15, 17, 47}, {16, 16, 48},
               {17, 15, 49}, {5, 81, 101}, {64, 64, 256}};

/* Lengths, in tiles and rows beyond: the second and last are prime. */
static const struct {
    int64_t tiles, rows;
} k_lengths[] = {{0, 1}, {0, 13}, {1, -1}, {1, 0}, {1, 1}, {3, 0}, {0, 509}};

/* Those of what is cut into segments, when there are to be several. */
static const struct {
    int64_t tiles, rows;
} k_long_lengths[] = {{1, 1}, {2, -1}, {3, 0}, {0, 509}};

/* One segment needs no state_scan, and no kv_state when causal. */
static const int k_segments[] = {1, 3};

/* What a kind may have beside its name; the first goes with all of them. */
typedef enum option {
    OPTION_NONE,
    OPTION_BIAS,
    OPTION_STRUCTURED,
    OPTION_STRUCTURED_BIAS,
    OPTION_EPS,           // generalized kinds
    OPTION_DETERMINISTIC  // generalized kinds
} option;
enum {
    OPTIONS = 6
};

static const struct {
    int64_t B, Hkv;
    order order;
    int64_t offset;
} k_places[] = {
    {1, 1, ORDER_BHLD, 0}, {2, 3, ORDER_BLHD, 1}, {1, 2, ORDER_GAPS, 4}, {3, 1, ORDER_BHLD, 1}};

/* Query heads of a key head; 0: four of the only one. */
static const int64_t k_groups[] = {1, 2, 3, 0};

static const masking k_maskings[] = {MASKING_ALL, MASKING_RANDOM, MASKING_ONE_KEY, MASKING_EMPTY};

static const struct {
    clf_dtype q, k, v, out;
} k_storages[] = {
    {CLF_DTYPE_F32, CLF_DTYPE_F32, CLF_DTYPE_F32, CLF_DTYPE_F32},
    {CLF_DTYPE_F16, CLF_DTYPE_F16, CLF_DTYPE_F16, CLF_DTYPE_F16},
    {CLF_DTYPE_BF16, CLF_DTYPE_BF16, CLF_DTYPE_BF16, CLF_DTYPE_BF16},
    {CLF_DTYPE_F16, CLF_DTYPE_BF16, CLF_DTYPE_F32, CLF_DTYPE_BF16},
    {CLF_DTYPE_F32, CLF_DTYPE_F16, CLF_DTYPE_BF16, CLF_DTYPE_F32},
};

#define COUNT(table) ((int)(sizeof(table) / sizeof(table)[0]))

/* What kernels are compiled for. */
enum {
    FORM,  // plain, wide, plain causal, wide causal
    VARIANT,
    SIZES,
    SEGMENTS,
    KIND,
    OPTION,
    MASKED,
    STORAGE,
    FORMS = 4
};

/* What they are run on: several of these rows for each row of the above. */
enum {
    QUERIES,
    KEYS,  // as many as queries when causal
    PLACE,
    GROUP,
    MASKING,  // when masked
    TRIALS = 3
};

static bool is_wide(int form)
{
    return form % 2;
}

static bool is_causal(int form)
{
    return form / 2;
}

static bool is_possible(int f, int a, int g, int b)
{
    if (f == FORM && g == VARIANT)
        return is_wide(a) == (k_variants[b].family == CLF_FAMILY_WIDE);
    if (f == SIZES && g == OPTION)  // one entry of a product of transforms may be 0
        return k_sizes[a].D > 1 || (b != OPTION_STRUCTURED && b != OPTION_STRUCTURED_BIAS);
    if (f == KIND && g == OPTION)
        return b < OPTION_EPS || clf_kind_describe((clf_kind)a)->generalized;
    return true;
}

static const pairwise k_builds = {
    .factors = STORAGE + 1,
    .levels = {FORMS, COUNT(k_variants), COUNT(k_sizes), COUNT(k_segments), CLF_KIND_COUNT, OPTIONS,
               2, COUNT(k_storages)},
    .possible = is_possible,
};

static const pairwise k_runs = {
    .factors = MASKING + 1,
    .levels = {COUNT(k_lengths), COUNT(k_lengths), COUNT(k_places), COUNT(k_groups),
               COUNT(k_maskings)},
};

static int64_t length_of(const trial *t, int level, bool cut)
{
    const int64_t tile = t->tuning.tile_rows ? t->tuning.tile_rows : 48;
    const int n = level % COUNT(k_long_lengths);
    if (cut && t->tuning.segments > 1)
        return k_long_lengths[n].tiles * tile + k_long_lengths[n].rows;
    return k_lengths[level].tiles * tile + k_lengths[level].rows;
}

static trial build_of(const int build[PAIRWISE_FACTORS])
{
    trial t = {
        .D = k_sizes[build[SIZES]].D,
        .E = k_sizes[build[SIZES]].E,
        .kind = (clf_kind)build[KIND],
        .bias = build[OPTION] == OPTION_BIAS || build[OPTION] == OPTION_STRUCTURED_BIAS,
        .draw = build[OPTION] == OPTION_STRUCTURED || build[OPTION] == OPTION_STRUCTURED_BIAS
                    ? CLF_PROJECTION_STRUCTURED
                    : CLF_PROJECTION_ORTHOGONAL,
        .kernel_eps = build[OPTION] == OPTION_EPS ? 0.03f : 0,
        .deterministic = build[OPTION] == OPTION_DETERMINISTIC,
        .causal = is_causal(build[FORM]),
        .q_dtype = k_storages[build[STORAGE]].q,
        .k_dtype = k_storages[build[STORAGE]].k,
        .v_dtype = k_storages[build[STORAGE]].v,
        .out_dtype = k_storages[build[STORAGE]].out,
        .tuning = k_variants[build[VARIANT]],
    };
    t.tuning.segments = k_segments[build[SEGMENTS]];
    const int64_t M = k_sizes[build[SIZES]].M;
    t.R = t.deterministic ? t.D : clf_kind_describe(t.kind)->paired ? 2 * M : M;
    return t;
}

static void set_run(trial *t, const int run[PAIRWISE_FACTORS], bool masked)
{
    const int64_t group = k_groups[run[GROUP]];
    t->B = k_places[run[PLACE]].B;
    t->Hkv = group ? k_places[run[PLACE]].Hkv : 1;
    t->H = group ? t->Hkv * group : 4;
    t->L = length_of(t, run[QUERIES], t->causal);
    t->S = t->causal ? t->L : length_of(t, run[KEYS], true);
    t->masking = masked ? k_maskings[run[MASKING]] : MASKING_NONE;
    t->order = k_places[run[PLACE]].order;
    t->offset = k_places[run[PLACE]].offset;
}

static void run_trial(clf_context *ctx, const trial *t, tally *sum)
{
    const uint64_t seed = trial_seed() + (uint64_t)sum->all.trials;
    tensors x = tensors_create(t, seed);
    fill_mixed(t, &x, seed);
    clf_plan *plan = trial_plan(ctx, t, &x);
    trial_run(ctx, plan, t, &x);
    judge_telling(t, &x, plan, sum);
    clf_plan_destroy(&plan);
    tensors_destroy(&x);
}

/* Gives the conditions of a build that are not of sizes the levels whose turn it is. */
static void take_turns(int build[PAIRWISE_FACTORS], int turn)
{
    for (int f = KIND; f <= STORAGE; f++) {
        build[f] = turn % k_builds.levels[f];
        turn /= 2;  // out of step with each other
    }
    if (!is_possible(KIND, build[KIND], OPTION, build[OPTION]))
        build[OPTION] = OPTION_NONE;
}

/* Every shape there is with the sizes of a build, whose other conditions take turns. */
static void run_all(clf_context *ctx, const int build[PAIRWISE_FACTORS], tally *sum)
{
    int run[PAIRWISE_FACTORS] = {0};
    do {
        if (is_causal(build[FORM]) && run[KEYS] > 0)
            continue;
        int chosen[PAIRWISE_FACTORS];
        memcpy(chosen, build, sizeof chosen);
        take_turns(chosen, sum->all.trials);
        trial t = build_of(chosen);
        set_run(&t, run, chosen[MASKED]);
        run_trial(ctx, &t, sum);
    } while (product_next(&k_runs, run));
}

/* The next rows of `runs`, from its first again after the last. */
static void run_some(clf_context *ctx, const int build[PAIRWISE_FACTORS], pairwise *runs,
                     tally *sum)
{
    for (int n = 0; n < TRIALS; n++) {
        int run[PAIRWISE_FACTORS];
        if (!pairwise_next(runs, run)) {
            *runs = k_runs;
            ck_assert(pairwise_next(runs, run));
        }
        trial t = build_of(build);
        set_run(&t, run, build[MASKED]);
        run_trial(ctx, &t, sum);
    }
}

/* The trials of one variant: pairs of all that is compiled, and of all that it is run on; or, when
 * the environment asks for all, the full product of sizes and shapes. */
static void run_shapes(int variant, const char *name)
{
    const char *full = getenv("CLFAVOR_TEST_FULL");
    const bool all = full && strcmp(full, "1") == 0;
    clf_context *ctx = trial_context();
    pairwise *builds = malloc(3 * sizeof *builds), *runs = builds + 1;
    ck_assert_ptr_nonnull(builds);
    builds[0] = k_builds;
    runs[0] = runs[1] = k_runs;
    const pairwise sizes = {
        .factors = SEGMENTS + 1,
        .levels = {FORMS, COUNT(k_variants), COUNT(k_sizes), COUNT(k_segments)}};
    tally sum = {0};
    int row[PAIRWISE_FACTORS] = {0};
    for (bool more = all || pairwise_next(builds, row); more;
         more = all ? product_next(&sizes, row) : pairwise_next(builds, row)) {
        if (row[VARIANT] != variant || !is_possible(FORM, row[FORM], VARIANT, variant))
            continue;
        if (all)
            run_all(ctx, row, &sum);
        else
            run_some(ctx, row, &runs[is_causal(row[FORM])], &sum);
    }
    tally_print(&sum, name);
    free(builds);
    clf_context_destroy(&ctx);
}

START_TEST(plain)
{
    run_shapes(0, "shapes plain");
}
END_TEST

START_TEST(wide_16)
{
    run_shapes(1, "shapes wide_16");
}
END_TEST

START_TEST(wide_8)
{
    run_shapes(2, "shapes wide_8");
}
END_TEST

START_TEST(wide_4)
{
    run_shapes(3, "shapes wide_4");
}
END_TEST

START_TEST(wide_16_tile_96)
{
    run_shapes(4, "shapes wide_16_tile_96");
}
END_TEST

START_TEST(wide_8_tuned)
{
    run_shapes(5, "shapes wide_8_tuned");
}
END_TEST

/* A family that joins the table of kernels must join the variants here. */
START_TEST(every_family)
{
    for (int i = 0; i < clfi_kernel_row_count; i++) {
        int n = 0;
        while (n < COUNT(k_variants) && k_variants[n].family != clfi_kernel_rows[i].family)
            n++;
        ck_assert_msg(n < COUNT(k_variants), "no shapes for %s", clfi_kernel_rows[i].path);
    }
}
END_TEST

RUN_KERNEL_TESTS("shapes", every_family, plain, wide_16, wide_8, wide_4, wide_16_tile_96,
                 wide_8_tuned)
