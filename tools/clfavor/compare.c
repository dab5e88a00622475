/* Comparison of results with the references. Knows no device.
 *
 * Invariant: an output that is not finite where the reference is counts as an infinite error. */
#include "compare.h"

#include <math.h>
#include <stdlib.h>

#include "host/log.h"
#include "measure.h"
#include "report.h"

/* Below this part of the sum of its terms' sizes a signed denominator is noise (docs/numerics.md).
 */
static const double k_noise = 0.1;

enum {
    FEWEST_ROWS = 3
};

const reference reference_favor = {clfi_ref_favor, clfi_ref_bound};
const reference reference_softmax = {clfi_ref_softmax, clfi_ref_softmax_bound};

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

clf_status compare_choose(const clfi_problem *p, uint64_t seed, double budget, const clf_log *log,
                          compared_rows *out)
{
    const double terms = (double)p->S * (double)(p->R > p->D ? p->R : p->D);
    const double affordable = budget / (terms * (double)p->B * (double)p->H);
    int64_t count = p->L;
    if (affordable < (double)p->L && p->L > FEWEST_ROWS)
        count = affordable > FEWEST_ROWS ? (int64_t)affordable : FEWEST_ROWS;
    int64_t *index = calloc((size_t)count, sizeof *index);
    if (!index)
        return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for %lld rows",
                         (long long)count);
    choose_rows(p->L, count, seed, index);
    *out = (compared_rows){{count, index}, count == p->L, index};
    return CLF_OK;
}

void compared_rows_finish(compared_rows *rows)
{
    free(rows->index);
    *rows = (compared_rows){0};
}

/* Sums of squares of differences and of references, for relative errors. */
typedef struct sums {
    double error, reference;
} sums;

static double relative(sums s)
{
    return s.reference > 0 ? sqrt(s.error / s.reference) : sqrt(s.error);
}

static void add(sums *s, double out, double ref)
{
    s->error += (out - ref) * (out - ref);
    s->reference += ref * ref;
}

/* How far one element is from its reference, in units of its bound; `stored` is what storing it may
 * have added. */
static double over_bound(double out, double ref, double limit, double stored)
{
    const double error = fabs(out - ref) - stored;
    if (!isfinite(ref) || error <= 0)
        return 0;
    return isfinite(error) && limit > 0 ? error / limit : INFINITY;
}

/* Whether the mask leaves row i of a batch entry no key: such a row is 0, and that is no noise. */
static bool sees_nothing(const clfi_problem *p, int64_t b, int64_t i)
{
    const int64_t end = p->causal ? i + 1 : p->S;
    if (!p->mask)
        return false;
    for (int64_t j = 0; j < end; j++) {
        if (p->mask[b * p->S + j])
            return false;
    }
    return true;
}

/* A result and what it is held against. */
typedef struct contest {
    const clfi_problem *p;
    const reference *ref;
    const clfi_rows *rows;
    const array *out;
    const clf_layout *layout;
    double chain;
    clfi_judgement judgement;  // of the head in hand
} contest;

static const float *row_of(const array *x, const clf_layout *at, int64_t b, int64_t h, int64_t i)
{
    return x->values + b * at->b + h * at->h + i * at->l;
}

/* Compares the n-th row. */
static void compare_row(const contest *c, const clfi_bound *bound, int64_t n, head_error *head,
                        sums *sum)
{
    const int64_t E = c->p->E;
    const float *row = row_of(c->out, c->layout, head->b, head->h, c->rows->index[n]);
    for (int64_t e = 0; e < E; e++) {
        const double ref = c->judgement.out[n * E + e];
        const double limit = clfi_ref_limit(bound, &c->judgement, n * E + e);
        const double stored = clfi_ref_rounding(c->out->dtype, fabs(ref) + limit);
        head->err_tau = fmax(head->err_tau, over_bound(row[e], ref, limit, stored));
        add(sum, row[e], ref);
    }
}

static clf_status compare_head(const contest *c, head_error *head, sums *total, comparison *result)
{
    const clfi_bound bound = c->ref->bound(c->p, head->b, head->h, c->chain);
    sums sum = {0};
    const clf_status status = c->ref->evaluate(c->p, head->b, head->h, c->rows, &c->judgement);
    if (status != CLF_OK)
        return status;
    head->tau = bound.tau;
    for (int64_t n = 0; n < c->rows->count; n++) {
        if (c->judgement.condition[n] > k_noise || sees_nothing(c->p, head->b, c->rows->index[n])) {
            compare_row(c, &bound, n, head, &sum);
            result->judged++;
        } else {
            result->skipped++;
        }
    }
    head->error = relative(sum);
    total->error += sum.error;
    total->reference += sum.reference;
    return CLF_OK;
}

/* Keeps the heads that stand out. */
static void note(comparison *c, int64_t i)
{
    const head_error *head = &c->heads[i];
    if (i == 0 || !(head->err_tau <= c->worst.err_tau))
        c->worst = *head;
    if (i == 0 || !(head->error <= c->largest.error))
        c->largest = *head;
}

static clf_status allocate_heads(const clfi_problem *p, const clf_log *log, comparison *c)
{
    *c = (comparison){.count = p->B * p->H};
    c->heads = calloc((size_t)c->count, sizeof *c->heads);
    if (!c->heads)
        return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory to compare %lld heads",
                         (long long)c->count);
    for (int64_t i = 0; i < c->count; i++)
        c->heads[i] = (head_error){.b = i / p->H, .h = i % p->H};
    return CLF_OK;
}

clf_status compare_run(const clfi_problem *p, const reference *ref, const compared_rows *rows,
                       const array *out, const clf_layout *layout, double chain, const clf_log *log,
                       comparison *result)
{
    clf_status status = CLF_OK;
    sums total = {0};
    const size_t count = (size_t)rows->rows.count;
    const size_t elements = count * (size_t)p->E;
    double *values = calloc(3 * elements + count, sizeof *values);
    if (!values)
        return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory to compare %zu rows", count);
    const contest c = {p,
                       ref,
                       &rows->rows,
                       out,
                       layout,
                       chain,
                       {values, values + elements, values + 2 * elements, values + 3 * elements}};
    TRY(allocate_heads(p, log, result));
    for (int64_t i = 0; i < result->count; i++) {
        head_error *head = &result->heads[i];
        progress("comparing head %lld of %lld on the host", (long long)i + 1,
                 (long long)result->count);
        status = compare_head(&c, head, &total, result);
        if (status != CLF_OK) {
            status = clfi_fail(log, status, "head b=%lld h=%lld has no reference: %s",
                               (long long)head->b, (long long)head->h, clf_status_string(status));
            goto fail;
        }
        note(result, i);
    }
    result->error = relative(total);
fail:
    progress_clear();
    if (status != CLF_OK)
        compare_finish(result);
    free(values);
    return status;
}

clf_status compare_results(const clfi_problem *p, const array *out, const array *with,
                           const clf_layout *layout, const clf_log *log, comparison *result)
{
    sums total = {0};
    const clf_status status = allocate_heads(p, log, result);
    if (status != CLF_OK)
        return status;
    for (int64_t i = 0; i < result->count; i++) {
        head_error *head = &result->heads[i];
        sums sum = {0};
        for (int64_t n = 0; n < p->L * p->E; n++)
            add(&sum, row_of(out, layout, head->b, head->h, n / p->E)[n % p->E],
                row_of(with, layout, head->b, head->h, n / p->E)[n % p->E]);
        head->error = relative(sum);
        total.error += sum.error;
        total.reference += sum.reference;
        note(result, i);
    }
    result->judged = result->count * p->L;
    result->error = relative(total);
    return CLF_OK;
}

void compare_finish(comparison *c)
{
    free(c->heads);
    *c = (comparison){0};
}
