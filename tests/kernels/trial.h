/* One attention problem as the kernel tests see it: sizes, how its tensors lie in memory, what
 * kernels to force; the tensors themselves; and one run on the device with every byte that is not
 * of the result under guard.
 *
 * Invariant: host tensors are contiguous [B, H, L, D] whatever the layout on the device. */
#ifndef KERNELS_TRIAL_H
#define KERNELS_TRIAL_H

#include <clfavor/attention.h>

#include "support/device.h"

typedef enum order {
    ORDER_BHLD = 0,
    ORDER_BLHD,
    ORDER_GAPS  // [B, H, L, D] with unused elements after each row, head and batch entry
} order;

typedef struct trial {
    int64_t B, H, L, S, D, E, R;
    clf_kind kind;
    bool causal;
    clf_tuning tuning;
    order order;     // of all four tensors
    int64_t offset;  // elements before each tensor, beyond the guard
} trial;

typedef struct tensors {
    float *q, *k, *v;  // owned, filled by the caller
    float *out;        // owned, what the device wrote
    clf_projection *projection;
} tensors;

/* The seed of all random inputs: --seed, else CLFAVOR_TEST_SEED, else 1. */
uint64_t trial_seed(void);

/* A context on the device of the tests; the library's errors go to stderr. */
clf_context *trial_context(void);

/* The trial in one line, in a buffer of the caller. */
typedef struct trial_name {
    char text[256];
} trial_name;
trial_name trial_describe(const trial *t);

/* Projections: R, or R/2 for pairs. */
int64_t trial_M(const trial *t);

/* Tensors of the trial's sizes with W drawn: one per head when `t->B` is odd, else shared. */
tensors tensors_create(const trial *t, uint64_t seed);
void tensors_destroy(tensors *x);

/* The parameters of the trial's plan, with the projection of `x`. */
clf_plan_params trial_params(const trial *t, const tensors *x);

/* Creates the plan, and fails the test with the library's message when that fails. */
clf_plan *trial_plan(clf_context *ctx, const trial *t, const tensors *x);

/* Runs the plan into x->out: inputs and workspace hold NaN wherever they hold no data, and every
 * element beside the result must be as it was. Finiteness of the result is judged elsewhere. */
void trial_run(clf_context *ctx, clf_plan *plan, const trial *t, const tensors *x);

/* Plan, run, destroy. */
void trial_once(clf_context *ctx, const trial *t, const tensors *x);

#endif
