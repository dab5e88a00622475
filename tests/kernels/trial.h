/* One attention problem as the kernel tests see it: sizes, kind and options, how its tensors are
 * stored and lie in memory, what kernels to force; the tensors themselves; and one run on the
 * device with every byte that is not of the result under guard.
 *
 * Invariant: host tensors are contiguous [B, H, L, D] floats whatever is on the device. */
#ifndef KERNELS_TRIAL_H
#define KERNELS_TRIAL_H

#include <clfavor/attention.h>

#include "support/device.h"

typedef enum order {
    ORDER_BHLD = 0,
    ORDER_BLHD,
    ORDER_GAPS  // [B, H, L, D] with unused elements after each row, head and batch entry
} order;

/* Which keys of a batch entry stay. */
typedef enum masking {
    MASKING_NONE = 0,
    MASKING_ALL,      // a mask that removes none
    MASKING_RANDOM,   // about 70 %
    MASKING_ONE_KEY,  // one in the middle
    MASKING_EMPTY     // of the last entry none, of the others about 70 %
} masking;

typedef struct trial {
    int64_t B, H, L, S, D, E, R;
    int64_t Hkv;  // 0: H
    clf_kind kind;
    clf_projection_kind draw;
    float kernel_eps;
    bool causal, deterministic;
    bool bias;  // the projection has one
    masking masking;
    clf_preset preset;
    clf_path path;
    clf_dtype q_dtype, k_dtype, v_dtype, out_dtype;
    clf_tuning tuning;
    order order;     // of all four tensors
    int64_t offset;  // elements before each tensor, beyond the guard
} trial;

typedef struct tensors {
    float *q, *k, *v;            // owned, filled by the caller
    float *out;                  // owned, what the device wrote
    uint8_t *mask;               // owned, [B, S]; NULL without one
    clf_projection *projection;  // owned, NULL when there is none
} tensors;

/* The seed of all random inputs: --seed, else CLFAVOR_TEST_SEED, else 1. */
uint64_t trial_seed(void);

/* A context on the device of the tests; the library's errors go to stderr. */
clf_context *trial_context(void);

/* The trial in one line, in a buffer of the caller. */
typedef struct trial_name {
    char text[384];
} trial_name;
trial_name trial_describe(const trial *t);

/* Projections: R, or R/2 for pairs. */
int64_t trial_M(const trial *t);

/* Key heads. */
int64_t trial_Hkv(const trial *t);

/* Elements of a tensor. */
int64_t trial_q_count(const trial *t);
int64_t trial_k_count(const trial *t);
int64_t trial_v_count(const trial *t);
int64_t trial_out_count(const trial *t);

/* Whether key j of batch entry b counts in the numerator. */
bool trial_has_value(const trial *t, const tensors *x, int64_t b, int64_t j);

/* Tensors of the trial's sizes with the mask made and W drawn: one per key head when `t->B` is
 * odd, else shared. */
tensors tensors_create(const trial *t, uint64_t seed);
void tensors_destroy(tensors *x);

/* Copies q, k and v. */
void tensors_copy(const trial *t, const tensors *from, const tensors *to);

/* The parameters of the trial's plan, with the projection of `x`. */
clf_plan_params trial_params(const trial *t, const tensors *x);

/* Creates the plan, and fails the test with the library's message when that fails. */
clf_plan *trial_plan(clf_context *ctx, const trial *t, const tensors *x);

/* Runs the plan into x->out. Inputs are rounded to what the device gets to read, in x as well.
 * Inputs and workspace hold NaN wherever they hold no data, and every element beside the result
 * must be as it was. Finiteness of the result is judged elsewhere. */
void trial_run(clf_context *ctx, clf_plan *plan, const trial *t, const tensors *x);

/* The same on host memory, without guards: the library's buffers are as large as they need to be,
 * `out` and workspace hold nothing, and what watches memory from outside sees all of it. */
void trial_run_host(clf_plan *plan, const trial *t, const tensors *x);

/* Plan, run, destroy. */
void trial_once(clf_context *ctx, const trial *t, const tensors *x);

#endif
