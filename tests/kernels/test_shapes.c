/* Every kernel variant on every kind of shape: lengths around the tile, tails of D, E and R,
 * several heads and segments, offsets and strides. By default in rows that cover all pairs of
 * conditions; with CLFAVOR_TEST_FULL=1 in the full product (suite kernels-full). */
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
};

static const struct {
    int64_t D, E, M;
} k_sizes[] = {{1, 1, 1},    {7, 5, 13},   {15, 17, 47}, {16, 16, 48},
               {17, 15, 49}, {5, 81, 101}, {64, 64, 256}};

/* Lengths, in tiles and rows beyond: the second and last are prime. */
static const struct {
    int64_t tiles, rows;
} k_lengths[] = {{0, 1}, {0, 13}, {1, -1}, {1, 0}, {1, 1}, {3, 0}, {0, 509}};

static const int k_segments[] = {0, 1, 3};

static const struct {
    int64_t B, H;
    order order;
    int64_t offset;
} k_places[] = {
    {1, 1, ORDER_BHLD, 0}, {2, 3, ORDER_BLHD, 1}, {1, 2, ORDER_GAPS, 4}, {3, 1, ORDER_BHLD, 1}};

#define COUNT(table) ((int)(sizeof(table) / sizeof(table)[0]))

enum {
    VARIANT,
    SIZES,
    QUERIES,
    KEYS,
    KIND,
    SEGMENTS,
    PLACE
};

/* A key length beyond the table means causal. */
static const pairwise k_factors = {
    .factors = 7,
    .levels = {COUNT(k_variants), COUNT(k_sizes), COUNT(k_lengths), COUNT(k_lengths) + 1, 2,
               COUNT(k_segments), COUNT(k_places)},
};

static int64_t length_of(int level, int64_t tile)
{
    return k_lengths[level].tiles * tile + k_lengths[level].rows;
}

static trial trial_of(const int row[PAIRWISE_FACTORS])
{
    const int64_t M = k_sizes[row[SIZES]].M;
    const bool causal = row[KEYS] == COUNT(k_lengths);
    trial t = {
        .B = k_places[row[PLACE]].B,
        .H = k_places[row[PLACE]].H,
        .D = k_sizes[row[SIZES]].D,
        .E = k_sizes[row[SIZES]].E,
        .R = row[KIND] ? 2 * M : M,
        .kind = row[KIND] ? CLF_KIND_COSH : CLF_KIND_EXP,
        .causal = causal,
        .tuning = k_variants[row[VARIANT]],
        .order = k_places[row[PLACE]].order,
        .offset = k_places[row[PLACE]].offset,
    };
    const int64_t tile = t.tuning.tile_rows ? t.tuning.tile_rows : 48;
    t.tuning.segments = k_segments[row[SEGMENTS]];
    t.L = length_of(row[QUERIES], tile);
    t.S = causal ? t.L : length_of(row[KEYS], tile);
    return t;
}

/* The trials of one variant: pairs of all factors; or, when the environment asks for all, the full
 * product of all but the places, which take turns. */
static void run_shapes(int variant, const char *name)
{
    const char *full = getenv("CLFAVOR_TEST_FULL");
    const bool all = full && strcmp(full, "1") == 0;
    clf_context *ctx = trial_context();
    pairwise *rows = malloc(sizeof *rows);
    ck_assert_ptr_nonnull(rows);
    *rows = k_factors;
    if (all)
        rows->levels[PLACE] = 1;
    tally sum = {0};
    int row[PAIRWISE_FACTORS] = {0};
    for (bool more = all || pairwise_next(rows, row); more;
         more = all ? product_next(rows, row) : pairwise_next(rows, row)) {
        if (row[VARIANT] != variant)
            continue;
        if (all)
            row[PLACE] = sum.trials % COUNT(k_places);
        const trial t = trial_of(row);
        tensors x = tensors_create(&t, trial_seed());
        fill_mixed(&t, &x, trial_seed() + (uint64_t)sum.trials);
        clf_plan *plan = trial_plan(ctx, &t, &x);
        trial_run(ctx, plan, &t, &x);
        judge_telling(&t, &x, plan, &sum);
        clf_plan_destroy(&plan);
        tensors_destroy(&x);
    }
    tally_print(&sum, name);
    free(rows);
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

RUN_KERNEL_TESTS("shapes", every_family, plain, wide_16, wide_8, wide_4, wide_16_tile_96)
