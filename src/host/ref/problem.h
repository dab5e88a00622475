/* x. */
#ifndef CLFI_REF_PROBLEM_H
#define CLFI_REF_PROBLEM_H

#include "ref.h"

/* A problem whose layouts are written out. */
typedef struct clfi_view {
    const clfi_problem *p;
    clf_layout q, k, v;
    int64_t M;
    const float *W;  // of the head in question
} clfi_view;

/* Checks everything but the contents of the tensors; W is looked at only when `with_features`.
 * False: the problem or the head makes no sense. */
bool clfi_view_init(const clfi_problem *p, int64_t b, int64_t h, bool with_features,
                    clfi_view *view);

/* Whether the rows are ascending and inside [0, L). */
bool clfi_rows_valid(const clfi_rows *rows, int64_t L);

/* The first element of row l of head (b, h). */
const float *clfi_row(const float *base, clf_layout layout, int64_t b, int64_t h, int64_t l);

/* The mean of the first `visible` values of the head, weighted: out [E]; magnitude [E] is that of
 * the absolute values and may be NULL. */
void clfi_weighted_mean(const clfi_view *view, int64_t b, int64_t h, int64_t visible,
                        const double *weights, double *out, double *magnitude);

#endif
