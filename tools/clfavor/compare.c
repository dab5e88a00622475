/* Comparison of results with the references. Knows no device.
 *
 * Invariant: an output that is not finite where the reference is counts as an infinite error. */
#include "compare.h"

#include <math.h>
#include <stdlib.h>

#include "host/log.h"
#include "measure.h"
#include "report.h"

/* Exponentials that a reference may take: about a second. */
static const double k_budget = 1e8;

enum {
    FEWEST_ROWS = 3
};

/* `count` of L rows, ascending: the first, the last, and a random choice between. */
static void choose_rows(int64_t L, int64_t count, uint64_t seed, int64_t *index)
{
    int64_t chosen = 0;
    for (int64_t row = 0; row < L && chosen < count; row++) {
        const bool end = row == 0 || row == L - 1;
        const uint64_t left = (uint64_t)(L - 1 - row);           // rows up to the last, itself not
        const uint64_t wanted = (uint64_t)(count - 1 - chosen);  // and places for them
        if (end || measure_uniform(seed, (uint64_t)row, left) < wanted)
            index[chosen++] = row;
    }
}

/* Sums of squares of differences and of references, for relative errors. */
typedef struct sums {
    double favor, favor_ref, softmax, softmax_ref;
} sums;

static double relative(double error, double reference)
{
    return reference > 0 ? sqrt(error / reference) : sqrt(error);
}

/* How far one element is from its reference, in units of its bound. */
static double over_bound(double out, double ref, double limit)
{
    const double error = fabs(out - ref);
    if (!isfinite(ref) || error == 0)
        return 0;
    return isfinite(error) && limit > 0 ? error / limit : INFINITY;
}

typedef struct buffers {
    double *favor, *magnitude, *softmax;
} buffers;

static clf_status compare_head(const clfi_problem *p, const float *out, const clf_layout *layout,
                               const clfi_rows *rows, bool softmax, const buffers *ref,
                               head_error *head, sums *total)
{
    const double chain = 48 + (double)p->S / 48 + 64;  // tiles, and two levels of their sums
    const clfi_bound bound = clfi_ref_bound(p, head->b, head->h, chain);
    sums sum = {0};
    clf_status status = CLF_OK;
    TRY(clfi_ref_favor(p, head->b, head->h, rows, ref->favor, ref->magnitude));
    if (softmax)
        TRY(clfi_ref_softmax(p, head->b, head->h, rows, ref->softmax, NULL));
    head->tau = bound.tau;
    for (int64_t r = 0; r < rows->count; r++) {
        const float *row =
            out + head->b * layout->b + head->h * layout->h + rows->index[r] * layout->l;
        for (int64_t e = 0; e < p->E; e++) {
            const int64_t at = r * p->E + e;
            const double favor = ref->favor[at];
            const double limit = bound.tau * ref->magnitude[at] + bound.floor;
            head->err_tau = fmax(head->err_tau, over_bound(row[e], favor, limit));
            sum.favor += (row[e] - favor) * (row[e] - favor);
            sum.favor_ref += favor * favor;
            if (softmax) {
                sum.softmax += (row[e] - ref->softmax[at]) * (row[e] - ref->softmax[at]);
                sum.softmax_ref += ref->softmax[at] * ref->softmax[at];
            }
        }
    }
    head->favor = relative(sum.favor, sum.favor_ref);
    head->softmax = relative(sum.softmax, sum.softmax_ref);
    total->favor += sum.favor;
    total->favor_ref += sum.favor_ref;
    total->softmax += sum.softmax;
    total->softmax_ref += sum.softmax_ref;
fail:
    return status;
}

/* Compares every head; the buffers hold `rows` rows. */
static clf_status compare_heads(const clfi_problem *p, const float *out, const clf_layout *layout,
                                const clfi_rows *rows, bool softmax, const buffers *ref,
                                const clf_log *log, comparison *c)
{
    sums total = {0};
    for (int64_t i = 0; i < c->count; i++) {
        head_error *head = &c->heads[i];
        *head = (head_error){.b = i / p->H, .h = i % p->H};
        progress("comparing head %lld of %lld on the host", (long long)i + 1, (long long)c->count);
        const clf_status status = compare_head(p, out, layout, rows, softmax, ref, head, &total);
        if (status != CLF_OK)
            return clfi_fail(log, status, "head b=%lld h=%lld has no reference: %s",
                             (long long)head->b, (long long)head->h, clf_status_string(status));
        if (i == 0 || !(head->err_tau <= c->worst.err_tau))
            c->worst = *head;
        if (i == 0 || !(head->softmax <= c->worst_softmax.softmax))
            c->worst_softmax = *head;
    }
    c->total.favor = relative(total.favor, total.favor_ref);
    c->total.softmax = relative(total.softmax, total.softmax_ref);
    c->total.tau = c->worst.tau;
    c->total.err_tau = c->worst.err_tau;
    return CLF_OK;
}

clf_status compare_run(const clfi_problem *p, const float *out, const clf_layout *layout,
                       bool softmax, uint64_t seed, const clf_log *log, comparison *result)
{
    clf_status status = CLF_OK;
    const double affordable =
        k_budget / ((double)p->S * (double)p->R * (double)p->B * (double)p->H);
    comparison c = {.rows = p->L, .all_rows = true, .count = p->B * p->H};
    if (affordable < (double)p->L && p->L > FEWEST_ROWS) {
        c.rows = affordable > FEWEST_ROWS ? (int64_t)affordable : FEWEST_ROWS;
        c.all_rows = false;
    }
    const size_t elements = (size_t)c.rows * (size_t)p->E;
    c.heads = calloc((size_t)c.count, sizeof *c.heads);
    int64_t *index = calloc((size_t)c.rows, sizeof *index);
    double *values = calloc(elements, 3 * sizeof *values);
    if (!c.heads || !index || !values) {
        status = clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY,
                           "no memory to compare %lld rows of %lld heads", (long long)c.rows,
                           (long long)c.count);
        goto fail;
    }
    choose_rows(p->L, c.rows, seed, index);
    const clfi_rows rows = {c.rows, index};
    const buffers ref = {values, values + elements, values + 2 * elements};
    TRY(compare_heads(p, out, layout, &rows, softmax, &ref, log, &c));
    *result = c;
    c.heads = NULL;
fail:
    progress_clear();
    free(values);
    free(index);
    free(c.heads);
    return status;
}

void compare_finish(comparison *c)
{
    free(c->heads);
    *c = (comparison){0};
}
