/* Right or wrong, by the fp64 reference and the bound of docs/numerics.md; and bit for bit.
 *
 * Invariant: every message of a wrong value begins with "wrong result:", so that a test of broken
 * kernels can tell it from any other failure. */
#ifndef KERNELS_JUDGE_H
#define KERNELS_JUDGE_H

#include "trial.h"

/* Which tensors are stored how. */
typedef enum storage {
    STORAGE_F32 = 0,
    STORAGE_F16,
    STORAGE_BF16,
    STORAGE_MIXED,
    STORAGE_COUNT
} storage;

/* What was seen of a class of trials. */
typedef struct score {
    double worst;  // error as a part of its bound
    int trials;
    int64_t rows, skipped;  // judged, and those whose denominator is noise
} score;

enum {
    SCORE_EXACT = CLF_KIND_COUNT,  // exact attention, beside the kinds
    SCORES
};

/* What a test has seen so far. */
typedef struct tally {
    score all, kind[SCORES], storage[STORAGE_COUNT];
    trial_name where;  // of the worst
} tally;

/* Holds x->out against the reference: elements no larger than the values they are means of, unless
 * features have signs; |out - ref| <= the bound, and what its dtype rounds, on all rows of all
 * heads, or on some where that would take long. Rows whose denominator is below a tenth of its
 * terms are skipped and counted. `plan` tells the summation chain. */
void judge(const trial *t, const tensors *x, const clf_plan *plan, tally *sum);

/* As judge; and the reference must not be what simple averages would give as well. */
void judge_telling(const trial *t, const tensors *x, const clf_plan *plan, tally *sum);

/* Prints the tally, and fails when all rows of some kind were skipped. */
void tally_print(const tally *sum, const char *test);

/* Asserts that `count` floats are equal bit for bit; `what` says which. */
void same_bits(const float *a, const float *b, int64_t count, const char *what, const trial *t);

#endif
