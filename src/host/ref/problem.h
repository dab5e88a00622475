/* A checked problem, seen from one head: where its rows are, which keys count, and the rows of its
 * kind and preset. Makes no features and no weights.
 *
 * Invariant: after a view was made, every row address of the head is one the caller described. */
#ifndef CLFI_REF_PROBLEM_H
#define CLFI_REF_PROBLEM_H

#include "../kinds.h"
#include "ref.h"

/* Rows of floats, `stride` apart. */
typedef struct clfi_matrix {
    const float *first;
    int64_t stride;
} clfi_matrix;

typedef struct clfi_view {
    const clfi_problem *p;
    const clfi_kind_row *kind;      // NULL for exact attention
    const clfi_preset_row *preset;  // that of CLF_PRESET_NONE for exact attention
    clfi_matrix q, k, v;            // of the query head, and of the key head it uses
    const uint8_t *mask;            // [S] of the batch entry, or NULL
    int64_t M;
    const float *W, *bias;  // [M, D] and [M] of the head; NULL when deterministic, bias also
                            // when there is none
} clfi_view;

/* Checks everything but the contents of the tensors; what only features need is looked at only
 * when `with_features`. False: the problem or the head makes no sense. */
bool clfi_view_init(const clfi_problem *p, int64_t b, int64_t h, bool with_features,
                    clfi_view *view);

/* Sets what features need, from the W and bias of one head. */
void clfi_view_set_features(clfi_view *view, const clfi_problem *p, const float *W,
                            const float *bias);

/* Whether the rows are ascending and inside [0, L). */
bool clfi_rows_valid(const clfi_rows *rows, int64_t L);

const float *clfi_row(clfi_matrix matrix, int64_t row);

/* Whether value j may be looked at, and counts in the numerator. */
bool clfi_has_value(const clfi_view *view, int64_t j);

/* Whether key j may be looked at, and counts in the denominator. */
bool clfi_has_key(const clfi_view *view, int64_t j);

#endif
