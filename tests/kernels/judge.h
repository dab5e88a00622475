/* Right or wrong, by the fp64 reference and the bound of docs/numerics.md; and bit for bit.
 *
 * Invariant: every message of a wrong value begins with "wrong result:", so that a test of broken
 * kernels can tell it from any other failure. */
#ifndef KERNELS_JUDGE_H
#define KERNELS_JUDGE_H

#include "trial.h"

/* What a test has seen so far. */
typedef struct tally {
    double worst;  // error as a part of its bound
    trial_name where;
    int trials;
    int64_t rows;
} tally;

/* Holds x->out against the reference: all elements finite and no larger than the values they are
 * means of; |out - ref| <= tau magnitude + floor on all rows of all heads, or on some where that
 * would take long. `plan` tells the summation chain. */
void judge(const trial *t, const tensors *x, const clf_plan *plan, tally *sum);

/* As judge; and the reference must not be what simple averages would give as well. */
void judge_telling(const trial *t, const tensors *x, const clf_plan *plan, tally *sum);

/* Prints the tally in one line. */
void tally_print(const tally *sum, const char *test);

/* Asserts that `count` floats are equal bit for bit; `what` says which. */
void same_bits(const float *a, const float *b, int64_t count, const char *what, const trial *t);

#endif
