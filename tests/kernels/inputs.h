/* Inputs that can fail a test: rows of very different norms, values that cancel, outliers.
 * Everything is a function of the trial and the seed. |x| is the norm after the scaling,
 * x = q D^(-1/4). */
#ifndef KERNELS_INPUTS_H
#define KERNELS_INPUTS_H

#include "trial.h"

/* What tells random tensors of one seed apart. */
enum {
    STREAM_Q,
    STREAM_K,
    STREAM_V,
    STREAM_SIGNS,  // and the two after it
    STREAM_MASK = 6,
    STREAM_BIAS,
    STREAM_DIRECTION
};

/* Which way the rows of q and k point. */
typedef enum directions {
    DIRECTIONS_RANDOM = 0,
    DIRECTIONS_ALIGNED,  // all rows along one direction
    DIRECTIONS_OPPOSED,  // keys along it, queries against it
    DIRECTIONS_MIXED     // keys and queries along it or against it, at random
} directions;

/* Standard normal numbers. */
void fill_normal(float *x, int64_t count, uint64_t seed, uint32_t stream);

/* Scales a row of D floats so that |x| = norm. */
void set_norm(const trial *t, float *row, double norm);

/* Gives the keys that the mask removes, and their values, this value; a preset that looks at the
 * keys of padding keeps them. */
void fill_masked(const trial *t, const tensors *x, float value);

/* Rows mostly of normal numbers, some ten times smaller, some three times larger; values in pairs
 * that nearly cancel, some a hundred times larger. Masked keys and their values
 * are NaN, here and below. Rows of kinds whose features have signs lean to one side, or all
 * denominators would be noise. */
void fill_mixed(const trial *t, const tensors *x, uint64_t seed);

/* Rows that point `way`, whose norms go from `first` at row 0 to `last`, queries and keys alike;
 * values as in fill_mixed. */
void fill_norms(const trial *t, const tensors *x, uint64_t seed, directions way, double first,
                double last);

#endif
