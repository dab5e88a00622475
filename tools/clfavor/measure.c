/* Small helpers of measurements. The random numbers are for test data and for the choice of rows,
 * never for a projection.
 *
 * Invariant: one seed gives the same numbers on every host. */
#include "measure.h"

#include <math.h>
#include <stdlib.h>

#include "host/rng.h"

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(const double *sorted, int count, double part)
{
    const double place = part * (count - 1);
    const int below = (int)place;
    const int above = below + 1 < count ? below + 1 : below;
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

quartiles measure_quartiles(double *values, int count)
{
    qsort(values, (size_t)count, sizeof values[0], compare_doubles);
    return (quartiles){quantile(values, count, 0.25), quantile(values, count, 0.5),
                       quantile(values, count, 0.75)};
}

/* Beyond every head of a projection, so that test data and W of one seed are independent. */
enum {
    FIRST_SEQUENCE = 0x7f000000,
    ROWS_SEQUENCE = 0x7fffffff
};

void measure_fill_normal(uint64_t seed, uint32_t sequence, float *values, int64_t count)
{
    enum {
        BLOCK = 256
    };
    const clfi_rng rng = {.seed = seed, .head = FIRST_SEQUENCE + sequence};
    double block[BLOCK];
    for (int64_t done = 0; done < count;) {
        const int64_t n = count - done < BLOCK ? count - done : BLOCK;
        clfi_rng_normal(&rng, (uint64_t)done, (size_t)n, block);
        for (int64_t i = 0; i < n; i++)
            values[done + i] = (float)block[i];
        done += n;
    }
}

uint64_t measure_uniform(uint64_t seed, uint64_t index, uint64_t n)
{
    const clfi_rng rng = {.seed = seed, .head = ROWS_SEQUENCE};
    uint32_t words[4];
    clfi_rng_block(&rng, index, words);
    return ((uint64_t)words[1] << 32 | words[0]) % n;
}
