/* Results of a device against the host's fp64 references, and against each other. */
#ifndef TOOL_COMPARE_H
#define TOOL_COMPARE_H

#include "attention.h"

/* Errors of one head, over the rows that were compared. */
typedef struct head_error {
    int64_t b, h;
    double error;    // relative Frobenius error
    double tau;      // the bound of docs/numerics.md
    double err_tau;  // worst error of an element, less what storing it may add, over the bound of
                     // that element; above 1 is wrong
} head_error;

typedef struct comparison {
    int64_t judged, skipped;  // rows of all heads; skipped: |den| <= 0.1 sum|terms|, noise
    int64_t count;            // heads, B * H
    head_error *heads;
    head_error worst;    // the head of the largest err_tau
    head_error largest;  // the head of the largest error
    double error;        // over all heads together
} comparison;

/* Which rows of every head are compared. */
typedef struct compared_rows {
    clfi_rows rows;
    bool all;
    int64_t *index;  // owned; rows.index
} compared_rows;

/* Exponentials that a reference takes in about a second. */
#define COMPARE_BUDGET 1e8

/* All rows when a reference of at most `budget` exponentials can have them, else the first, the
 * last and random ones. Errors: OUT_OF_HOST_MEMORY. */
clf_status compare_choose(const clfi_problem *p, uint64_t seed, double budget, const clf_log *log,
                          compared_rows *out);

void compared_rows_finish(compared_rows *rows);

/* A reference and its bound. */
typedef struct reference {
    clf_status (*evaluate)(const clfi_problem *p, int64_t b, int64_t h, const clfi_rows *rows,
                           const clfi_judgement *judgement);
    clfi_bound (*bound)(const clfi_problem *p, int64_t b, int64_t h, double chain);
} reference;

extern const reference reference_favor;
extern const reference reference_softmax;

/* Compares a result `out` [B,H,L,E] with a reference; `chain` is that of its plan.
 * Errors: OUT_OF_HOST_MEMORY. */
clf_status compare_run(const clfi_problem *p, const reference *ref, const compared_rows *rows,
                       const array *out, const clf_layout *layout, double chain, const clf_log *log,
                       comparison *result);

/* Compares all rows of two results; only errors are set. Errors: OUT_OF_HOST_MEMORY. */
clf_status compare_results(const clfi_problem *p, const array *out, const array *with,
                           const clf_layout *layout, const clf_log *log, comparison *result);

void compare_finish(comparison *c);

#endif
