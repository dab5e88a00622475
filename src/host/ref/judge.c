/* The mean of the values of a row, and the sums its error is measured by. Makes no weights.
 *
 * Invariant: values that the mask removes are not looked at. */
#include "judge.h"

#include <math.h>

/* Sums over the keys of a row, for one column of v. */
typedef struct column {
    double numerator, absolute, drift;
} column;

static column sum_column(const clfi_view *view, const clfi_share *shares, int64_t count, int64_t e)
{
    column sum = {0};
    for (int64_t n = 0; n < count; n++) {
        const clfi_share *s = shares + n;
        if (!clfi_has_value(view, s->key))
            continue;
        const double v = clfi_row(view->v, s->key)[e];
        sum.numerator += s->weight * v;
        sum.absolute += s->absolute * fabs(v);
        sum.drift += s->drift * fabs(v);
    }
    return sum;
}

static void store(double *to, int64_t at, double value)
{
    if (to)
        to[at] = value;
}

void clfi_judge_row(const clfi_view *view, const clfi_share *shares, int64_t count,
                    double denominator, double condition, int64_t n,
                    const clfi_judgement *judgement)
{
    const int64_t E = view->p->E;
    column ones = {0};
    for (int64_t j = 0; j < count; j++) {
        ones.absolute += shares[j].absolute;
        ones.drift += shares[j].drift;
    }
    const bool dead = denominator == 0;
    const double size = fabs(denominator);
    for (int64_t e = 0; e < E; e++) {
        const column sum = sum_column(view, shares, count, e);
        const double out = dead ? 0 : sum.numerator / denominator;
        /* An error of the denominator moves the row by |out| times it. */
        const double through = fabs(out) * ones.absolute;
        const double absolute = sum.absolute > through ? sum.absolute : through;
        const double drift = sum.drift + fabs(out) * ones.drift;
        store(judgement->out, n * E + e, out);
        store(judgement->magnitude, n * E + e, dead ? 0 : absolute / size);
        store(judgement->drift, n * E + e, dead ? 0 : drift / size);
    }
    store(judgement->condition, n, condition);
}
