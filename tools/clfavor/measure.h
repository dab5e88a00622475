/* Quantiles and random test data for the commands that measure. */
#ifndef TOOL_MEASURE_H
#define TOOL_MEASURE_H

#include <stdint.h>

typedef struct quartiles {
    double q1, median, q3;
} quartiles;

/* Sorts `values`, count >= 1, and interpolates between neighbours. */
quartiles measure_quartiles(double *values, int count);

/* Fills `values` with standard normal numbers, a function of (seed, sequence, place). */
void measure_fill_normal(uint64_t seed, uint32_t sequence, float *values, int64_t count);

/* The index-th of such integers, uniform in [0, n), n >= 1. */
uint64_t measure_uniform(uint64_t seed, uint64_t index, uint64_t n);

#endif
