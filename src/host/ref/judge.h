/* The end of every row: the mean of the values, and what is known of its error. */
#ifndef CLFI_REF_JUDGE_H
#define CLFI_REF_JUDGE_H

#include "problem.h"

/* What one key has in a row: the sums over features of phi_i phi_j, of its absolute value and of
 * its drift, all in one unit of the row's own. */
typedef struct clfi_share {
    int64_t key;
    double weight, absolute, drift;
} clfi_share;

/* Writes row n of the judgement from `count` shares, their denominator and the condition. */
void clfi_judge_row(const clfi_view *view, const clfi_share *shares, int64_t count,
                    double denominator, double condition, int64_t n,
                    const clfi_judgement *judgement);

#endif
