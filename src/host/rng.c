/* Philox integers of Random123 and normal numbers from them by Box and Muller. Keeps no state.
 *
 * Invariant: a number depends on its place alone, not on what was drawn before it. */
#include "rng.h"

#include <math.h>

#include <Random123/philox.h>

#include "detmath.h"

void clfi_rng_block(const clfi_rng *rng, uint64_t index, uint32_t words[4])
{
    const philox4x32_ctr_t counter = {
        {(uint32_t)index, (uint32_t)(index >> 32), (uint32_t)rng->stream, rng->head}};
    const philox4x32_key_t key = {{(uint32_t)rng->seed, (uint32_t)(rng->seed >> 32)}};
    const philox4x32_ctr_t random = philox4x32(counter, key);
    for (int i = 0; i < 4; i++)
        words[i] = random.v[i];
}

/* 53 random bits as an integer below 2^53. */
static double bits53(uint32_t low, uint32_t high)
{
    return (double)(((uint64_t)high << 32 | low) >> 11);
}

/* Two independent normal numbers from one block: the radius from a number in (0, 1], so that its
 * logarithm is finite, and the angle from one in [0, 1). */
static void normal_pair(const clfi_rng *rng, uint64_t index, double pair[2])
{
    uint32_t words[4];
    clfi_rng_block(rng, index, words);
    const double u = (bits53(words[0], words[1]) + 1) * 0x1p-53;
    const double turn = bits53(words[2], words[3]) * 0x1p-53;
    const double radius = sqrt(-2 * clfi_det_log(u));
    double cosine;
    double sine;
    clfi_det_cos_sin(turn, &cosine, &sine);
    pair[0] = radius * cosine;
    pair[1] = radius * sine;
}

void clfi_rng_normal(const clfi_rng *rng, uint64_t first, size_t count, double *out)
{
    double pair[2];
    for (size_t i = 0; i < count; i++) {
        const uint64_t n = first + i;
        if (i == 0 || n % 2 == 0)
            normal_pair(rng, n / 2, pair);
        out[i] = pair[n % 2];
    }
}
