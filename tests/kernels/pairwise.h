/* Rows of factor levels such that every pair of levels of any two factors occurs in some row: far
 * fewer than the full product, and enough for bugs that need two conditions at once. */
#ifndef KERNELS_PAIRWISE_H
#define KERNELS_PAIRWISE_H

#include <stdbool.h>

enum {
    PAIRWISE_FACTORS = 12,
    PAIRWISE_LEVELS = 96  // of all factors together
};

typedef struct pairwise {
    int factors;
    int rows;  // so far
    int levels[PAIRWISE_FACTORS];
    /* Whether level a of factor f goes with level b of factor g, f < g; NULL: always. For every
     * possible pair there must be a row without impossible ones, and it is found by taking the
     * factors in their order. */
    bool (*possible)(int f, int a, int g, int b);
    bool seen[PAIRWISE_LEVELS][PAIRWISE_LEVELS];  // pairs of levels, numbered over all factors
} pairwise;

/* The next row, one level per factor, all pairs of it possible; false when every possible pair has
 * occurred. `p` begins zeroed but for factors, levels and the rule. Deterministic. */
bool pairwise_next(pairwise *p, int row[PAIRWISE_FACTORS]);

/* The next row of the full product, impossible ones included, `row` beginning at zeros; false after
 * the last. */
bool product_next(const pairwise *p, int row[PAIRWISE_FACTORS]);

#endif
