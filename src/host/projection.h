/* What a projection is made of, for the files that make one. */
#ifndef CLFI_PROJECTION_H
#define CLFI_PROJECTION_H

#include <clfavor/features.h>

struct clf_projection {
    int64_t heads, M, D;
    float *W;       // [heads, M, D]
    float *bias;    // [heads, M] or NULL
    int64_t n;      // rows of a block of a structured W, 0 for others; for them alone:
    float *signs;   // [heads, 3, M rounded up to n]: the diagonals D3, D2, D1
    double *scale;  // [heads, M]: what the rows of H D1 H D2 H D3 are multiplied by
};

/* The size n of the blocks of a structured W, for the D that a projection may have. */
int64_t clfi_structured_block(int64_t D);

/* Signs of one head: 3 times M rounded up to n. */
int64_t clfi_structured_signs(int64_t M, int64_t n);

/* Checks the sizes and allocates W, the bias when there is one, and what a structured W with
 * blocks of n rows has (n = 0: none); the values are not set. */
clf_status clfi_projection_allocate(int64_t heads, int64_t M, int64_t D, int64_t n, bool with_bias,
                                    const clf_log *log, clf_projection **out);

#endif
