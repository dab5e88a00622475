/* FAVOR+ in fp64, in log space, term by term. Shares nothing with a kernel: no feature is ever
 * exponentiated on its own, so no norm is too large for it.
 *
 * Invariant: the largest term of every row is exp(0) = 1, or all are 0, and NaN or Inf goes where
 * the formula takes it and nowhere else. */
#include "ref.h"

#include <math.h>
#include <stdlib.h>

#include "../checked.h"
#include "../log.h"
#include "judge.h"
#include "preset.h"

/* Terms below e^-64 = 1.6e-28 of the row's largest are left out: 2^35 of them are under the
 * rounding of fp64. NaN is not below anything. */
static const double k_smallest = -64;

/* Functions are computed without shifts in fp32: below this a sum of their products is rounding. */
static const double k_smallest_sum = 0x1p-100;

/* What the rows of a head share, and the row in question. */
typedef struct head_work {
    clfi_view view;
    int64_t keys, seen;  // keys in the tables, and how many of them the row sees
    clfi_share *shares;  // [keys], ascending in `key`
    clfi_features k;     // [keys, R]
    clfi_features q;     // [R]
    double *peak;        // [R]: the largest log|phi| of the keys seen
} head_work;

/* The sum over features of |a_r b_r| e^-largest. */
static double product(const double *log_a, const double *log_b, double largest, int64_t R)
{
    double sum = 0;
    for (int64_t r = 0; r < R; r++) {
        const double x = log_a[r] + log_b[r] - largest;
        if (!(x < k_smallest))
            sum += exp(x);
    }
    return sum;
}

static void weigh(clfi_features q, clfi_features k, double largest, int64_t R, clfi_share *share)
{
    share->weight = 0;
    share->absolute = 0;
    for (int64_t r = 0; r < R; r++) {
        const double x = q.log_phi[r] + k.log_phi[r] - largest;
        if (x < k_smallest)
            continue;
        const double term = exp(x);
        share->weight += q.sign[r] * k.sign[r] * term;
        share->absolute += term;
    }
    share->drift = 0;
    if (q.log_drift)
        share->drift = product(q.log_drift, k.log_phi, largest, R) +
                       product(q.log_phi, k.log_drift, largest, R);
}

/* Lets the row see the keys up to `last`. NaN raises no peak. */
static void see_keys(head_work *work, int64_t last)
{
    const int64_t R = work->view.p->R;
    while (work->seen < work->keys && work->shares[work->seen].key <= last) {
        for (int64_t r = 0; r < R; r++)
            work->peak[r] = fmax(work->peak[r], work->k.log_phi[work->seen * R + r]);
        work->seen++;
    }
}

/* The log of the row's largest term; 0 when all are 0. */
static double largest_term(const head_work *work)
{
    double largest = -INFINITY;
    for (int64_t r = 0; r < work->view.p->R; r++)
        largest = fmax(largest, work->q.log_phi[r] + work->peak[r]);
    return largest == -INFINITY ? 0 : largest;
}

static double condition_of(const clfi_view *view, double denominator, double absolute,
                           double largest)
{
    const double size = fabs(denominator);
    if (!(absolute > 0))
        return 0;
    if (view->kind->map == CLFI_MAP_FUNCTION && log(size) + largest < log(k_smallest_sum))
        return 0;
    return fmin(1, size / absolute);
}

static void judge_row(head_work *work, int64_t i, int64_t n, const clfi_judgement *judgement)
{
    const clfi_view *view = &work->view;
    const int64_t R = view->p->R;
    see_keys(work, view->p->causal ? i : view->p->S - 1);
    clfi_preset_features(view, clfi_row(view->q, i), clfi_preset_shift(view, view->q, i, i + 1),
                         work->q);
    const double largest = largest_term(work);
    double sum = 0;
    double absolute = 0;
    for (int64_t j = 0; j < work->seen; j++) {
        clfi_share *share = work->shares + j;
        weigh(work->q, clfi_features_at(work->k, j, R), largest, R, share);
        sum += share->weight;
        absolute += share->absolute;
    }
    bool torn;
    const double denominator = clfi_preset_denominator(view, work->q, sum, largest, &torn);
    const double condition = torn ? 0 : condition_of(view, denominator, absolute, largest);
    clfi_judge_row(view, work->shares, work->seen, denominator, condition, n, judgement);
}

static void head_finish(head_work *work)
{
    free(work->peak);
    free(work->shares);
    clfi_features_finish(&work->q);
    clfi_features_finish(&work->k);
}

/* Fills in the tables of the keys before `end` that the mask leaves. */
static clf_status head_init(const clfi_view *view, int64_t end, bool with_drift, head_work *work)
{
    const int64_t R = view->p->R;
    clf_status status;
    *work = (head_work){.view = *view};
    TRY(clfi_features_create(end, R, with_drift, &work->k));
    TRY(clfi_features_create(1, R, with_drift, &work->q));
    size_t bytes;
    status = CLF_ERROR_OUT_OF_HOST_MEMORY;
    if (!clfi_product_bytes(&end, 1, sizeof *work->shares, &bytes))
        goto fail;
    work->shares = malloc(bytes);
    work->peak = malloc((size_t)R * sizeof *work->peak);
    if (!work->shares || !work->peak)
        goto fail;
    for (int64_t r = 0; r < R; r++)
        work->peak[r] = -INFINITY;
    const double shift = clfi_preset_shift(view, view->k, 0, view->p->S);
    for (int64_t j = 0; j < end; j++) {
        if (!clfi_has_key(view, j))
            continue;
        clfi_preset_features(view, clfi_row(view->k, j), shift,
                             clfi_features_at(work->k, work->keys, R));
        work->shares[work->keys++].key = j;
    }
    return CLF_OK;
fail:
    head_finish(work);
    return status;
}

clf_status clfi_ref_favor(const clfi_problem *p, int64_t b, int64_t h, const clfi_rows *rows,
                          const clfi_judgement *judgement)
{
    clfi_view view;
    if (!clfi_view_init(p, b, h, true, &view) || !clfi_rows_valid(rows, p->L) || !judgement ||
        !judgement->out)
        return CLF_ERROR_INVALID_ARGUMENT;
    const int64_t end = p->causal ? rows->index[rows->count - 1] + 1 : p->S;
    head_work work;
    const bool with_drift = judgement->drift && view.kind->map != CLFI_MAP_EXP;
    const clf_status status = head_init(&view, end, with_drift, &work);
    if (status != CLF_OK)
        return status;
    for (int64_t n = 0; n < rows->count; n++)
        judge_row(&work, rows->index[n], n, judgement);
    head_finish(&work);
    return CLF_OK;
}
