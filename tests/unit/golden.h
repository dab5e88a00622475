/* The bits of W that every host, compiler and optimisation level must give. Shared by the unit
 * test and by the program that runs on other hosts; no other dependency than the library.
 *
 * Invariant: a changed hash is a changed W for every seed a user has written down. */
#ifndef GOLDEN_H
#define GOLDEN_H

#include <stdint.h>
#include <string.h>

#include <clfavor/features.h>

#include "host/qr.h"
#include "host/rng.h"

#define GOLDEN_SEED 0xcbf29ce484222325u

/* FNV-1a 64 over the low `bytes` bytes of a number, the least significant first on every host. */
static inline uint64_t golden_step(uint64_t hash, uint64_t number, int bytes)
{
    for (int b = 0; b < bytes; b++)
        hash = (hash ^ (number >> 8 * b & 0xff)) * 0x100000001b3u;
    return hash;
}

static inline uint64_t golden_hash(const float *values, int64_t count)
{
    uint64_t hash = GOLDEN_SEED;
    for (int64_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, values + i, sizeof bits);
        hash = golden_step(hash, bits, sizeof bits);
    }
    return hash;
}

/* The doubles that W is rounded from: normal numbers, then orthonormal rows of them. A fused
 * multiply-add changes these at once, but an fp32 value only once in many million. */
static inline uint64_t golden_doubles(void)
{
    enum {
        SIZE = 48
    };
    static double values[2 * SIZE * SIZE];
    double work[SIZE];
    const clfi_rng rng = {.seed = 11};
    clfi_rng_normal(&rng, 0, SIZE * SIZE, values);
    memcpy(values + SIZE * SIZE, values, SIZE * SIZE * sizeof *values);
    clfi_qr_rows(values + SIZE * SIZE, SIZE, SIZE, work);
    uint64_t hash = GOLDEN_SEED;
    for (int i = 0; i < 2 * SIZE * SIZE; i++) {
        uint64_t bits;
        memcpy(&bits, values + i, sizeof bits);
        hash = golden_step(hash, bits, sizeof bits);
    }
    return hash;
}

static const uint64_t k_golden_doubles = 0x35e767314ca19687u;

static const struct golden_row {
    clf_projection_params params;
    uint64_t hash;
} k_golden[] = {
    {{.M = 256, .D = 64, .seed = 0}, 0xfc67f106a61134e0u},
    {{.M = 256, .D = 64, .heads = 8, .seed = 1}, 0x42e194e1b6c015a3u},
    {{.M = 100, .D = 32, .heads = 3, .seed = 0xfedcba9876543210u}, 0x207c0bc6340d3da7u},
    {{.M = 1, .D = 1, .seed = 7}, 0x6143458ca1b1b8efu},
    {{.M = 5, .D = 7, .heads = 2, .seed = 7}, 0xb5735cbfc8de1b35u},
    {{.M = 33, .D = 17, .seed = 2, .norms = CLF_NORMS_SQRT_D}, 0x165b1be90559e014u},
    {{.M = 64, .D = 16, .heads = 2, .seed = 3, .kind = CLF_PROJECTION_IID}, 0x51f40241a2b6f48au},
    {{.M = 20, .D = 9, .seed = 4, .kind = CLF_PROJECTION_IID, .norms = CLF_NORMS_SQRT_D},
     0x9fa098be31396a74u},
    {{.M = 300, .D = 257, .seed = 5}, 0x36f6d5a56072e4a7u},
    {{.M = 3, .D = 1, .seed = 6, .kind = CLF_PROJECTION_STRUCTURED}, 0x453cb9fbdf167607u},
    {{.M = 100, .D = 48, .heads = 2, .seed = 6, .kind = CLF_PROJECTION_STRUCTURED},
     0x31602c023400675cu},
    {{.M = 64, .D = 32, .seed = 7, .kind = CLF_PROJECTION_STRUCTURED, .norms = CLF_NORMS_SQRT_D},
     0x22ddaaaf7b7b5baau},
};
enum {
    GOLDEN_ROWS = sizeof k_golden / sizeof k_golden[0]
};

#endif
