/* Rows of factor levels such that every pair of levels of any two factors occurs in some row: far
 * fewer than the full product, and enough for bugs that need two conditions at once. */
#ifndef KERNELS_PAIRWISE_H
#define KERNELS_PAIRWISE_H

#include <stdbool.h>

enum {
    PAIRWISE_FACTORS = 8,
    PAIRWISE_LEVELS = 64  // of all factors together
};

typedef struct pairwise {
    int factors;
    int rows;  // so far
    int levels[PAIRWISE_FACTORS];
    bool seen[PAIRWISE_LEVELS][PAIRWISE_LEVELS];  // pairs of levels, numbered over all factors
} pairwise;

/* The next row, one level per factor; false when every pair has occurred. `p` begins zeroed but
 * for factors and levels. Deterministic. */
bool pairwise_next(pairwise *p, int row[PAIRWISE_FACTORS]);

/* The next row of the full product, `row` beginning at zeros; false after the last. */
bool product_next(const pairwise *p, int row[PAIRWISE_FACTORS]);

#endif
