/* The judgement of kernel results. Runs nothing on a device. Loops over elements abort instead of
 * asserting: Check writes a file for every assertion that holds. */
#include "judge.h"

#include <math.h>

#include "host/kinds.h"
#include "host/ref/ref.h"
#include "plan_internal.h"

enum {
    MOST_TERMS = 1000000,  // exponentials of the reference per trial
    FEWEST_ROWS = 6        // per head
};

/* A row whose denominator is a smaller part of its terms is cancellation, not attention. */
static const double k_least_condition = 0.1;

static bool is_exact(const trial *t)
{
    return t->path == CLF_PATH_EXACT;
}

/* Whether a row is a mean, with weights that are not negative. */
static bool is_mean(const trial *t)
{
    return is_exact(t) || (!clf_kind_describe(t->kind)->has_sign && t->kind != CLF_KIND_GELU);
}

static clfi_problem problem_of(const trial *t, const tensors *x)
{
    const clfi_preset_row *preset = clfi_preset(t->preset);
    const bool generalized = clf_kind_describe(t->kind)->generalized;
    clfi_problem p = {
        .B = t->B,
        .H = t->H,
        .Hkv = t->Hkv,
        .L = t->L,
        .S = t->S,
        .D = t->D,
        .E = t->E,
        .R = t->R,
        .kind = t->kind,
        .causal = t->causal,
        .scale = is_exact(t) ? 1 / sqrt((double)t->D)
                             : clfi_default_scale(preset, t->kind, t->D, trial_M(t)),
        .kernel_eps = t->kernel_eps > 0 ? (double)t->kernel_eps
                      : generalized     ? preset->kernel_eps
                                        : 0,
        .deterministic = t->deterministic,
        .preset = t->preset,
        .q = x->q,
        .k = x->k,
        .v = x->v,
        .mask = x->mask,
        .W_heads = 1,
    };
    if (x->projection) {
        p.W = clf_projection_data(x->projection);
        p.bias = clf_projection_bias(x->projection);
        p.W_heads = clf_projection_heads(x->projection);
    }
    return p;
}

/* All rows, or the first, the last, those at the borders of a tile and some between, others for
 * each head. Returns how many of index [L]. */
static int64_t choose_rows(const trial *t, int64_t tile, int64_t head, int64_t *index)
{
    const int64_t wanted = MOST_TERMS / (t->B * t->H * t->S * (is_exact(t) ? t->D : t->R));
    const int64_t part = wanted > FEWEST_ROWS ? wanted : FEWEST_ROWS;
    const int64_t step = (t->L + part - 1) / part;
    int64_t count = 0;
    for (int64_t i = 0; i < t->L; i++) {
        if (i == 0 || i == tile - 1 || i == tile || i == t->L - 1 || i % step == head * 7 % step)
            index[count++] = i;
    }
    return count;
}

/* One head under judgement: where its tensors are, and its reference at some rows. */
typedef struct head_case {
    const trial *t;
    const tensors *x;
    int64_t b;
    const float *v, *out;
    const int64_t *index;
    int64_t count;
    clfi_judgement ref;  // [count, E], [count]
    clfi_bound bound;
} head_case;

/* What element n of the reference allows the result to be off, stored as it is. */
static double limit_of(const head_case *c, int64_t n)
{
    const double limit = clfi_ref_limit(&c->bound, &c->ref, n);
    return limit + clfi_ref_rounding(c->t->out_dtype, fabs(c->ref.out[n]) + limit);
}

static double largest_value(const head_case *c)
{
    double most = 0;
    for (int64_t n = 0; n < c->t->S * c->t->E; n++) {
        if (trial_has_value(c->t, c->x, c->b, n / c->t->E))
            most = fmax(most, fabs((double)c->v[n]));
    }
    return most;
}

static void check_range(const head_case *c)
{
    const trial *t = c->t;
    const double value = largest_value(c) * (1 + c->bound.tau) + c->bound.floor;
    const double most = value + clfi_ref_rounding(t->out_dtype, value);
    for (int64_t i = 0; is_mean(t) && i < t->L * t->E; i++) {
        if (!(fabs((double)c->out[i]) <= most))
            ck_abort_msg("wrong result: %g at row %lld, column %lld; no value is above %g; %s",
                         c->out[i], (long long)(i / t->E), (long long)(i % t->E), most,
                         trial_describe(t).text);
    }
}

/* A row without terms is 0, on the device too. */
static void check_empty(const head_case *c, int64_t n)
{
    const trial *t = c->t;
    for (int64_t e = 0; e < t->E; e++) {
        const float out = c->out[c->index[n] * t->E + e];
        if (out != 0)
            ck_abort_msg("wrong result: row %lld, column %lld is %.9g, but sees nothing; %s",
                         (long long)c->index[n], (long long)e, out, trial_describe(t).text);
    }
}

/* Returns the largest error of row n as a part of its bound. */
static double check_row(const head_case *c, int64_t n)
{
    const trial *t = c->t;
    double worst = 0;
    for (int64_t e = 0; e < t->E; e++) {
        const int64_t at = n * t->E + e;
        const float out = c->out[c->index[n] * t->E + e];
        const double error = fabs((double)out - c->ref.out[at]), limit = limit_of(c, at);
        if (!(error <= limit))
            ck_abort_msg("wrong result: row %lld, column %lld is %.9g, not %.9g: error %.3g is "
                         "%.3g times its bound; %s",
                         (long long)c->index[n], (long long)e, out, c->ref.out[at], error,
                         error / limit, trial_describe(t).text);
        if (limit > 0)
            worst = fmax(worst, error / limit);
    }
    return worst;
}

static bool is_empty(const head_case *c, int64_t n)
{
    for (int64_t e = 0; e < c->t->E; e++) {
        if (c->ref.out[n * c->t->E + e] != 0 || c->ref.magnitude[n * c->t->E + e] != 0)
            return false;
    }
    return c->ref.condition[n] == 0;
}

static void add_score(score *to, const score *from)
{
    to->worst = fmax(to->worst, from->worst);
    to->trials += from->trials;
    to->rows += from->rows;
    to->skipped += from->skipped;
}

static storage storage_of(const trial *t)
{
    const clf_dtype first = t->q_dtype;
    const bool same = t->k_dtype == first && t->v_dtype == first && t->out_dtype == first;
    return same ? (storage)first : STORAGE_MIXED;
}

static void check_rows(const head_case *c, score *sum)
{
    for (int64_t n = 0; n < c->count; n++) {
        if (c->ref.condition[n] > k_least_condition) {
            sum->worst = fmax(sum->worst, check_row(c, n));
            sum->rows++;
        } else if (is_empty(c, n)) {
            check_empty(c, n);
            sum->rows++;
        } else {
            sum->skipped++;
        }
    }
}

/* How far, in units of their bounds, the rows are from the plain means of what they see. */
static double distance_from_means(const head_case *c)
{
    const trial *t = c->t;
    double most = 0;
    for (int64_t n = 0; n < c->count; n++) {
        const int64_t end = t->causal ? c->index[n] + 1 : t->S;
        int64_t visible = 0;
        for (int64_t j = 0; j < end; j++)
            visible += trial_has_value(t, c->x, c->b, j);
        for (int64_t e = 0; visible > 0 && e < t->E; e++) {
            double mean = 0;
            for (int64_t j = 0; j < end; j++) {
                if (trial_has_value(t, c->x, c->b, j))
                    mean += c->v[j * t->E + e] / (double)visible;
            }
            const int64_t at = n * t->E + e;
            most = fmax(most, fabs(c->ref.out[at] - mean) / limit_of(c, at));
        }
    }
    return most;
}

/* The same for the differences between neighbouring rows of the reference. */
static double distance_of_rows(const head_case *c)
{
    const int64_t E = c->t->E;
    double most = 0;
    for (int64_t n = E; n < c->count * E; n++)
        most = fmax(most, fabs(c->ref.out[n] - c->ref.out[n - E]) / limit_of(c, n));
    return most;
}

/* How far a trial is from what simple averages give. */
typedef struct telling {
    double means, rows;
} telling;

static void judge_head(const trial *t, const tensors *x, const clf_plan *plan, int64_t head,
                       telling *tells, score *sum)
{
    const clfi_problem p = problem_of(t, x);
    const int64_t b = head / t->H, h = head % t->H, Hkv = trial_Hkv(t);
    const int64_t key_head = b * Hkv + h / (t->H / Hkv);
    const double chain = (double)plan->choice.chain;
    int64_t *index = malloc((size_t)t->L * sizeof *index);
    ck_assert_ptr_nonnull(index);
    head_case c = {.t = t,
                   .x = x,
                   .b = b,
                   .v = x->v + key_head * t->S * t->E,
                   .out = x->out + head * t->L * t->E,
                   .index = index,
                   .count = choose_rows(t, plan->choice.tile, head, index),
                   .bound = is_exact(t) ? clfi_ref_softmax_bound(&p, b, h, chain)
                                        : clfi_ref_bound(&p, b, h, chain)};
    const int64_t cells = c.count * t->E;
    double *room = calloc((size_t)(3 * cells + c.count), sizeof *room);
    ck_assert_ptr_nonnull(room);
    c.ref = (clfi_judgement){room, room + cells, room + 2 * cells, room + 3 * cells};
    const clfi_rows rows = {.count = c.count, .index = index};
    ck_assert_int_eq(is_exact(t) ? clfi_ref_softmax(&p, b, h, &rows, &c.ref)
                                 : clfi_ref_favor(&p, b, h, &rows, &c.ref),
                     CLF_OK);
    check_range(&c);
    check_rows(&c, sum);
    if (tells) {
        tells->means = fmax(tells->means, distance_from_means(&c));
        tells->rows = fmax(tells->rows, distance_of_rows(&c));
    }
    free(room);
    free(index);
}

static void judge_heads(const trial *t, const tensors *x, const clf_plan *plan, telling *tells,
                        tally *sum)
{
    score now = {.trials = 1};
    for (int64_t head = 0; head < t->B * t->H; head++)
        judge_head(t, x, plan, head, tells, &now);
    if (now.worst >= sum->all.worst)
        sum->where = trial_describe(t);
    add_score(&sum->all, &now);
    add_score(&sum->kind[is_exact(t) ? SCORE_EXACT : t->kind], &now);
    add_score(&sum->storage[storage_of(t)], &now);
}

void judge(const trial *t, const tensors *x, const clf_plan *plan, tally *sum)
{
    judge_heads(t, x, plan, NULL, sum);
}

/* The keys of the batch entry that has most. */
static int64_t most_keys(const trial *t, const tensors *x)
{
    int64_t most = 0;
    for (int64_t b = 0; b < t->B; b++) {
        int64_t keys = 0;
        for (int64_t j = 0; j < t->S; j++)
            keys += trial_has_value(t, x, b, j);
        most = keys > most ? keys : most;
    }
    return most;
}

void judge_telling(const trial *t, const tensors *x, const clf_plan *plan, tally *sum)
{
    telling tells = {0};
    judge_heads(t, x, plan, &tells, sum);
    // Values of 16 bits are a thousand times as coarse as tau.
    const double least = t->out_dtype == CLF_DTYPE_F32 ? 100 : 2;
    if (most_keys(t, x) < 2)
        return;
    ck_assert_msg(tells.means > least, "means would pass (%g); %s", tells.means,
                  trial_describe(t).text);
    if (t->L > 1 && (is_exact(t) || t->R > 2))
        ck_assert_msg(tells.rows > least, "equal rows would pass (%g); %s", tells.rows,
                      trial_describe(t).text);
}

static void print_score(const score *s, const char *test, const char *name)
{
    if (s->trials > 0)
        printf("%s: %-14s worst err/tau %.3f of %d trials, %lld rows, %lld skipped\n", test, name,
               s->worst, s->trials, (long long)s->rows, (long long)s->skipped);
}

void tally_print(const tally *sum, const char *test)
{
    static const char *const storages[] = {"all f32", "all f16", "all bf16", "mixed dtypes"};
    ck_assert_int_gt(sum->all.rows, 0);
    for (int kind = 0; kind < SCORES; kind++) {
        const score *s = &sum->kind[kind];
        const char *name = kind == SCORE_EXACT ? "exact" : clf_kind_describe((clf_kind)kind)->name;
        print_score(s, test, name);
        ck_assert_msg(s->trials == 0 || s->rows > 0, "%s: no row of %s could be judged", test,
                      name);
    }
    for (int n = 0; n < STORAGE_COUNT; n++)
        print_score(&sum->storage[n], test, storages[n]);
    print_score(&sum->all, test, "all");
    printf("%s: worst at %s\n", test, sum->where.text);
}

void same_bits(const float *a, const float *b, int64_t count, const char *what, const trial *t)
{
    for (int64_t i = 0; i < count; i++) {
        if (memcmp(a + i, b + i, sizeof *a) != 0)
            ck_abort_msg("wrong result: %s: element %lld is %.9g, not %.9g; %s", what, (long long)i,
                         b[i], a[i], trial_describe(t).text);
    }
}
