/* A result of the device against the host's fp64 references. */
#ifndef TOOL_COMPARE_H
#define TOOL_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

#include "host/ref/ref.h"

/* Errors of one head, over the rows that were compared. */
typedef struct head_error {
    int64_t b, h;
    double favor;    // relative Frobenius error to fp64 FAVOR+ on the same features
    double softmax;  // and to exact softmax; 0 when it was not asked for
    double tau;      // the bound of docs/numerics.md
    double err_tau;  // worst |out - FAVOR+| over tau * magnitude + floor; above 1 is wrong
} head_error;

typedef struct comparison {
    int64_t rows;  // compared rows of each head
    bool all_rows;
    int64_t count;  // heads, B * H
    head_error *heads;
    head_error worst;          // the head of the largest err_tau
    head_error worst_softmax;  // the head of the largest error to softmax
    head_error total;          // favor and softmax over all heads together
} comparison;

/* Compares `out` [B,H,L,E] of `layout` with the references, on all rows when that is affordable,
 * else on the first, the last and random ones. Errors: OUT_OF_HOST_MEMORY. */
clf_status compare_run(const clfi_problem *p, const float *out, const clf_layout *layout,
                       bool softmax, uint64_t seed, const clf_log *log, comparison *result);

void compare_finish(comparison *c);

#endif
