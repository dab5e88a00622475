/* Every kernel on small ragged shapes, in memory that is no larger than it has to be: what tools
 * that watch memory, and devices with small limits, are given to run. Rows that cover all pairs of
 * the conditions; unless CLFAVOR_TEST_FULL=1 only those with another path or number of segments
 * than all before them. Every row of the kernel table is run. A plan that the device refuses is
 * counted, and is a failure unless CLFAVOR_TEST_MAY_REFUSE=1.
 *
 * Each row has a process of its own: Oclgrind takes what it knew of one program for another's that
 * lies in the same place. The parent never calls OpenCL. */
#define _DEFAULT_SOURCE  // MAP_ANONYMOUS
#include <math.h>
#include <sys/mman.h>

#include "inputs.h"
#include "judge.h"
#include "pairwise.h"
#include "plan_internal.h"
#include "runner.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof(table)[0]))

enum {
    MOST_ROWS = 512,
    ROW_SECONDS = 1800
};

/* Paths, each with the kernels that are its own. */
typedef enum form {
    FORM_FUSED,
    FORM_CAUSAL,
    FORM_PRESET,
    FORM_PRESET_CAUSAL,
    FORM_EXACT,
    FORM_EXACT_CAUSAL,
    FORM_FEATURES,
    FORM_CHUNKED,
    FORMS
} form;

static const clf_tuning k_variants[] = {
    {.family = CLF_FAMILY_PLAIN},
    {.family = CLF_FAMILY_WIDE, .vector_width = 16, .tile_rows = 48},
    {.family = CLF_FAMILY_WIDE, .vector_width = 8, .tile_rows = 24},
    {.family = CLF_FAMILY_WIDE,
     .vector_width = 4,
     .tile_rows = 12,
     .project_rows = 3,
     .value_rows = 4,
     .value_vectors = 1,
     .packing = CLF_PACKING_PANELS,
     .prefetch = CLF_PREFETCH_OFF},
};

static const struct {
    int64_t D, E, M;
} k_sizes[] = {{1, 1, 1}, {3, 5, 2}, {7, 5, 13}, {16, 16, 48}, {5, 17, 47}, {17, 15, 49}};

/* Lengths, in tiles and rows beyond. */
static const struct {
    int64_t tiles, rows;
} k_lengths[] = {{0, 1}, {0, 3}, {1, -1}, {1, 0}, {1, 1}, {2, 5}};

static const struct {
    int64_t B, Hkv, group;
    order order;
} k_places[] = {{1, 1, 1, ORDER_BHLD}, {2, 1, 2, ORDER_BLHD}, {1, 2, 3, ORDER_GAPS}};

static const masking k_maskings[] = {MASKING_NONE, MASKING_RANDOM, MASKING_EMPTY};

static const struct {
    clf_dtype in, out;
} k_storages[] = {{CLF_DTYPE_F32, CLF_DTYPE_F32},
                  {CLF_DTYPE_F16, CLF_DTYPE_BF16},
                  {CLF_DTYPE_BF16, CLF_DTYPE_F16}};

enum {
    FORM,
    VARIANT,
    SIZES,
    SEGMENTS,  // one or more, each with kernels of its own
    KIND,
    QUERIES,
    KEYS,
    PLACE,
    MASKING,
    STORAGE,
    FACTORS
};

static bool is_causal(int f)
{
    return f == FORM_CAUSAL || f == FORM_PRESET_CAUSAL || f == FORM_EXACT_CAUSAL;
}

static bool is_possible(int f, int a, int g, int b)
{
    if (f == FORM && g == VARIANT && a == FORM_CHUNKED)
        return k_variants[b].family == CLF_FAMILY_PLAIN;
    return true;
}

static const pairwise k_rows = {
    .factors = FACTORS,
    .levels = {FORMS, COUNT(k_variants), COUNT(k_sizes), 2, CLF_KIND_COUNT, COUNT(k_lengths),
               COUNT(k_lengths), COUNT(k_places), COUNT(k_maskings), COUNT(k_storages)},
    .possible = is_possible,
};

static int64_t length_of(const trial *t, int level)
{
    const int64_t tile = t->tuning.tile_rows ? t->tuning.tile_rows : 48;
    const int64_t tiles = k_lengths[level].tiles + (t->tuning.segments > 1);
    return tiles * tile + k_lengths[level].rows;
}

static trial trial_of(const int *row)
{
    const int f = row[FORM];
    const bool preset = f == FORM_PRESET || f == FORM_PRESET_CAUSAL;
    trial t = {
        .B = k_places[row[PLACE]].B,
        .Hkv = k_places[row[PLACE]].Hkv,
        .H = k_places[row[PLACE]].Hkv * k_places[row[PLACE]].group,
        .D = k_sizes[row[SIZES]].D,
        .E = k_sizes[row[SIZES]].E,
        .kind = preset ? CLF_KIND_EXP : (clf_kind)row[KIND],
        .causal = is_causal(f),
        .preset = preset ? CLF_PRESET_PERFORMER_PYTORCH : CLF_PRESET_NONE,
        .path = f == FORM_CHUNKED                           ? CLF_PATH_CLBLAST
                : f == FORM_EXACT || f == FORM_EXACT_CAUSAL ? CLF_PATH_EXACT
                                                            : CLF_PATH_FUSED,
        .masking = k_maskings[row[MASKING]],
        .q_dtype = k_storages[row[STORAGE]].in,
        .k_dtype = k_storages[row[STORAGE]].in,
        .v_dtype = k_storages[row[STORAGE]].in,
        .out_dtype = k_storages[row[STORAGE]].out,
        .order = k_places[row[PLACE]].order,
    };
    if (f != FORM_CHUNKED) {
        t.tuning = k_variants[row[VARIANT]];
        t.tuning.segments = row[SEGMENTS] + 1;
    }
    const int64_t M = k_sizes[row[SIZES]].M;
    t.R = clf_kind_describe(t.kind)->paired ? 2 * M : M;
    t.L = length_of(&t, row[QUERIES]);
    t.S = t.causal ? t.L : length_of(&t, row[KEYS]);
    if (f == FORM_FEATURES) {  // takes floats alone
        t.order = ORDER_BHLD;
        t.masking = MASKING_NONE;
        t.q_dtype = CLF_DTYPE_F32;
    }
    return t;
}

/* What the processes have seen, in memory that they share. */
static struct seen {
    tally sum;
    int features, refused;
    bool kernel[64];  // by row of the kernel table
} * seen;

/* The rows to run, by variant: one process after the other. */
static int table[COUNT(k_variants)][MOST_ROWS][PAIRWISE_FACTORS], rows[COUNT(k_variants)];

static bool is_set(const char *name)
{
    const char *value = getenv(name);
    return value && strcmp(value, "1") == 0;
}

static void note_kernels(const clf_plan *plan)
{
    for (int i = 0; i < plan->launches; i++)
        seen->kernel[plan->launch[i].row - clfi_kernel_rows] = true;
}

/* Their values are judged in test_features.c. */
static void run_features(clf_context *ctx, const trial *t, const tensors *x,
                         const clf_plan_params *params)
{
    const size_t n = (size_t)(t->B * t->H * t->L), count = n * (size_t)t->R;
    float *phi = malloc(count * sizeof *phi);
    int32_t *exponents = malloc(n * sizeof *exponents);
    ck_assert(phi && exponents);
    ck_assert_int_eq(clf_feature_map(ctx, params, x->q, phi, exponents), CLF_OK);
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(isfinite(phi[i]), "wrong result: %g; %s", (double)phi[i],
                      trial_describe(t).text);
    free(phi);
    free(exponents);
    seen->features++;
}

static void run_row(const int *row, int number)
{
    const bool features = row[FORM] == FORM_FEATURES;
    const trial t = trial_of(row);
    clf_context *ctx = trial_context();
    tensors x = tensors_create(&t, trial_seed());
    fill_mixed(&t, &x, trial_seed() + (uint64_t)number);
    const clf_plan_params params = trial_params(&t, &x);
    clf_plan *plan = NULL;
    const clf_status status = features ? clf_feature_plan_create(ctx, &params, &plan)
                                       : clf_plan_create(ctx, &params, &plan);
    ck_assert_msg(status == CLF_OK || status == CLF_ERROR_UNSUPPORTED, "no plan (%s) for %s",
                  clf_status_string(status), trial_describe(&t).text);
    if (status == CLF_OK) {
        note_kernels(plan);
        if (features) {
            run_features(ctx, &t, &x, &params);
        } else {
            trial_run_host(plan, &t, &x);
            judge(&t, &x, plan, &seen->sum);
        }
    } else {
        seen->refused++;
    }
    clf_plan_destroy(&plan);
    tensors_destroy(&x);
    clf_context_destroy(&ctx);
}

/* One function for each variant, for a loop test tells its function no more than a number. */
#define VARIANT_TEST(name, variant)                                                                \
    START_TEST(name)                                                                               \
    {                                                                                              \
        run_row(table[variant][_i], _i);                                                           \
    }                                                                                              \
    END_TEST
VARIANT_TEST(plain, 0)
VARIANT_TEST(wide_16, 1)
VARIANT_TEST(wide_8, 2)
VARIANT_TEST(wide_4, 3)

/* Chooses the rows of all variants. Returns whether there was room for them. */
static bool make_table(bool full)
{
    static pairwise pairs;
    static bool done[COUNT(k_variants)][FORMS][2];
    int row[PAIRWISE_FACTORS];
    pairs = k_rows;
    while (pairwise_next(&pairs, row)) {
        const int v = row[VARIANT];
        bool *before = &done[v][row[FORM]][row[SEGMENTS]];
        const bool built = CLFI_HAVE_CLBLAST || row[FORM] != FORM_CHUNKED;
        if (!built || (*before && !full))
            continue;
        if (rows[v] == MOST_ROWS)
            return false;
        memcpy(table[v][rows[v]++], row, sizeof row);
        *before = true;
    }
    return true;
}

/* Kernels of the families that were asked for and did not run. */
static int count_missing(bool with_plain, bool with_wide)
{
    int missing = 0;
    for (int i = 0; i < clfi_kernel_row_count; i++) {
        const clfi_kernel_row *row = &clfi_kernel_rows[i];
        const bool asked = row->family == CLF_FAMILY_PLAIN ? with_plain : with_wide;
        const bool built = CLFI_HAVE_CLBLAST || row->stage < CLFI_STAGE_GATHER_KEYS;
        if (asked && built && !seen->kernel[i]) {
            printf("%s was not run\n", row->path);
            missing++;
        }
    }
    return missing;
}

int main(int argc, char **argv)
{
    const TTest *const tests[] = {plain, wide_16, wide_8, wide_4};
    if (!take_seed(argc, argv))
        return EXIT_FAILURE;
    const char *only = getenv("CK_RUN_CASE");
    const bool all = !only || !only[0], full = is_set("CLFAVOR_TEST_FULL");
    seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (seen == MAP_FAILED || clfi_kernel_row_count > COUNT(seen->kernel) || !make_table(full))
        return EXIT_FAILURE;
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    printf("seed %llu\n", (unsigned long long)trial_seed());
    Suite *suite = suite_create("ragged");
    for (int v = 0; v < COUNT(k_variants); v++) {
        TCase *tcase = tcase_create(tests[v]->name);
        tcase_set_timeout(tcase, ROW_SECONDS);
        tcase_add_loop_test(tcase, tests[v], 0, rows[v]);
        suite_add_tcase(suite, tcase);
    }
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_FORK);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner), run = srunner_ntests_run(runner);
    srunner_free(runner);
    printf("ragged: %d of %d rows right, %d of features alone, %d refused\n",
           seen->sum.all.trials + seen->features, seen->sum.all.trials + seen->features + failed,
           seen->features, seen->refused);
    printf("ragged: worst err/tau %.3f at %s\n", seen->sum.all.worst, seen->sum.where.text);
    const int missing =
        count_missing(all || strcmp(only, "plain") == 0, all || strncmp(only, "wide", 4) == 0);
    const bool may_refuse = is_set("CLFAVOR_TEST_MAY_REFUSE");
    return failed || run == 0 || (!may_refuse && (seen->refused || missing)) ? EXIT_FAILURE
                                                                             : EXIT_SUCCESS;
}
