/* The judgement of kernel results. Runs nothing on a device. */
#include "judge.h"

#include <math.h>

#include "host/ref/ref.h"
#include "plan_internal.h"

enum {
    MOST_TERMS = 4000000,  // exponentials of the reference per trial
    FEWEST_ROWS = 6        // per head
};

/* B_L: the sum of a tile; of the segment's tiles, unless it is compensated; of the segments. */
static double longest_chain(const clf_plan *plan)
{
    const clfi_choice *c = &plan->choice;
    const int64_t tiles = c->compensated ? 2 : c->segment_rows / c->tile;
    return (double)(c->tile + tiles + c->segments);
}

static clfi_problem problem_of(const trial *t, const tensors *x)
{
    return (clfi_problem){
        .B = t->B,
        .H = t->H,
        .L = t->L,
        .S = t->S,
        .D = t->D,
        .E = t->E,
        .R = t->R,
        .kind = t->kind,
        .causal = t->causal,
        .scale = 1 / sqrt((double)t->D),
        .q = x->q,
        .k = x->k,
        .v = x->v,
        .W = clf_projection_data(x->projection),
        .W_heads = clf_projection_heads(x->projection),
    };
}

/* All rows, or the first, the last, those at the borders of a tile and some between, others for
 * each head. Returns how many of index [L]. */
static int64_t choose_rows(const trial *t, int64_t tile, int64_t head, int64_t *index)
{
    const int64_t wanted = MOST_TERMS / (t->B * t->H * t->S * t->R);
    const int64_t part = wanted > FEWEST_ROWS ? wanted : FEWEST_ROWS;
    const int64_t step = (t->L + part - 1) / part;
    int64_t count = 0;
    for (int64_t i = 0; i < t->L; i++) {
        if (i == 0 || i == tile - 1 || i == tile || i == t->L - 1 || i % step == head * 7 % step)
            index[count++] = i;
    }
    return count;
}

static double largest(const float *x, int64_t count)
{
    double most = 0;
    for (int64_t i = 0; i < count; i++)
        most = fmax(most, fabs((double)x[i]));
    return most;
}

static void check_range(const trial *t, const float *out, const float *v, clfi_bound bound)
{
    const double most = largest(v, t->S * t->E) * (1 + bound.tau) + bound.floor;
    for (int64_t i = 0; i < t->L * t->E; i++)
        ck_assert_msg(fabs((double)out[i]) <= most,
                      "wrong result: %g at row %lld, column %lld; no value is above %g; %s", out[i],
                      (long long)(i / t->E), (long long)(i % t->E), most, trial_describe(t).text);
}

/* The reference of one head at some rows. */
typedef struct expected {
    const int64_t *index;
    int64_t count;
    double *out, *magnitude;  // [count, E]
    clfi_bound bound;
} expected;

static void check_rows(const trial *t, const float *out, const expected *ref, tally *sum)
{
    for (int64_t n = 0; n < ref->count * t->E; n++) {
        const int64_t i = ref->index[n / t->E];
        const double error = fabs((double)out[i * t->E + n % t->E] - ref->out[n]);
        const double limit = ref->bound.tau * ref->magnitude[n] + ref->bound.floor;
        ck_assert_msg(error <= limit,
                      "wrong result: row %lld, column %lld is %.9g, not %.9g: error %.3g is %.3g "
                      "times its bound; %s",
                      (long long)i, (long long)(n % t->E), out[i * t->E + n % t->E], ref->out[n],
                      error, error / limit, trial_describe(t).text);
        if (limit > 0 && error / limit > sum->worst) {
            sum->worst = error / limit;
            sum->where = trial_describe(t);
        }
    }
    sum->rows += ref->count;
}

/* How far, in units of their bounds, the rows are from the plain means of what they see. */
static double distance_from_means(const trial *t, const float *v, const expected *ref)
{
    double most = 0;
    for (int64_t n = 0; n < ref->count; n++) {
        const int64_t visible = t->causal ? ref->index[n] + 1 : t->S;
        for (int64_t e = 0; e < t->E; e++) {
            double mean = 0;
            for (int64_t j = 0; j < visible; j++)
                mean += v[j * t->E + e] / (double)visible;
            const double limit = ref->bound.tau * ref->magnitude[n * t->E + e] + ref->bound.floor;
            most = fmax(most, fabs(ref->out[n * t->E + e] - mean) / limit);
        }
    }
    return most;
}

/* The same for the differences between neighbouring rows of the reference. */
static double distance_of_rows(const trial *t, const expected *ref)
{
    double most = 0;
    for (int64_t n = t->E; n < ref->count * t->E; n++) {
        const double limit = ref->bound.tau * ref->magnitude[n] + ref->bound.floor;
        most = fmax(most, fabs(ref->out[n] - ref->out[n - t->E]) / limit);
    }
    return most;
}

static void judge_head(const trial *t, const tensors *x, const clf_plan *plan, int64_t head,
                       bool telling, tally *sum)
{
    const clfi_problem p = problem_of(t, x);
    const float *v = x->v + head * t->S * t->E;
    const float *out = x->out + head * t->L * t->E;
    int64_t *index = malloc((size_t)t->L * sizeof *index);
    ck_assert_ptr_nonnull(index);
    expected ref = {.index = index,
                    .count = choose_rows(t, plan->choice.tile, head, index),
                    .bound = clfi_ref_bound(&p, head / t->H, head % t->H, longest_chain(plan))};
    const size_t room = (size_t)(ref.count * t->E) * sizeof(double);
    ref.out = malloc(room);
    ref.magnitude = malloc(room);
    ck_assert(ref.out && ref.magnitude);
    const clfi_rows rows = {.count = ref.count, .index = index};
    ck_assert_int_eq(clfi_ref_favor(&p, head / t->H, head % t->H, &rows, ref.out, ref.magnitude),
                     CLF_OK);
    check_range(t, out, v, ref.bound);
    check_rows(t, out, &ref, sum);
    if (telling && t->S > 1)
        ck_assert_msg(distance_from_means(t, v, &ref) > 100, "means would pass; %s",
                      trial_describe(t).text);
    if (telling && t->S > 1 && t->R > 2 && ref.count > 1)
        ck_assert_msg(distance_of_rows(t, &ref) > 100, "equal rows would pass; %s",
                      trial_describe(t).text);
    free(ref.magnitude);
    free(ref.out);
    free(index);
}

static void judge_heads(const trial *t, const tensors *x, const clf_plan *plan, bool telling,
                        tally *sum)
{
    for (int64_t head = 0; head < t->B * t->H; head++)
        judge_head(t, x, plan, head, telling, sum);
    sum->trials++;
}

void judge(const trial *t, const tensors *x, const clf_plan *plan, tally *sum)
{
    judge_heads(t, x, plan, false, sum);
}

void judge_telling(const trial *t, const tensors *x, const clf_plan *plan, tally *sum)
{
    judge_heads(t, x, plan, true, sum);
}

void tally_print(const tally *sum, const char *test)
{
    ck_assert_int_gt(sum->rows, 0);
    printf("%s: worst err/tau %.3f of %d trials, %lld rows; %s\n", test, sum->worst, sum->trials,
           (long long)sum->rows, sum->where.text);
}

void same_bits(const float *a, const float *b, int64_t count, const char *what, const trial *t)
{
    for (int64_t i = 0; i < count; i++)
        ck_assert_msg(memcmp(a + i, b + i, sizeof *a) == 0,
                      "wrong result: %s: element %lld is %.9g, not %.9g; %s", what, (long long)i,
                      b[i], a[i], trial_describe(t).text);
}
