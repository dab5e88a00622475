/* Random numbers that are a function of (seed, head, stream, index), the same on every host. */
#ifndef CLFI_RNG_H
#define CLFI_RNG_H

#include <stddef.h>
#include <stdint.h>

/* What the draws are for; streams never overlap. */
typedef enum clfi_stream {
    CLFI_STREAM_DIRECTIONS = 0,
    CLFI_STREAM_NORMS = 1
} clfi_stream;

typedef struct clfi_rng {
    uint64_t seed;
    uint32_t head;
    clfi_stream stream;
} clfi_rng;

/* The index-th block of four words: Philox4x32-10 with key = seed, counter = (index, stream,
 * head), least significant words first. */
void clfi_rng_block(const clfi_rng *rng, uint64_t index, uint32_t words[4]);

/* Standard normal numbers first .. first + count - 1 of the stream. */
void clfi_rng_normal(const clfi_rng *rng, uint64_t first, size_t count, double *out);

#endif
