/* The three ways an element is stored, and conversion between them by integer arithmetic, so that
 * no rounding or flushing mode of the caller has a say. Knows nothing of shapes.
 *
 * Invariant: every conversion goes through fp32, which holds all three exactly, and rounds at
 * most once. */
#include <clfavor/tensor.h>

#include <string.h>

#define SIGN     0x80000000u
#define INFINITE 0x7f800000u  // fp32 magnitudes above are NaN
#define QUIET    0x00400000u

/* bits / 2^shift, to nearest, ties to even. */
static uint32_t shift_even(uint32_t bits, unsigned shift)
{
    return (bits + (1u << (shift - 1)) - 1 + (bits >> shift & 1)) >> shift;
}

static uint32_t quiet(uint32_t bits)
{
    return (bits & ~SIGN) > INFINITE ? bits | QUIET : bits;
}

static uint32_t load_f32(const unsigned char *from)
{
    uint32_t bits;
    memcpy(&bits, from, sizeof bits);
    return bits;
}

static void store_f32(uint32_t bits, unsigned char *to)
{
    memcpy(to, &bits, sizeof bits);
}

static uint32_t load_f16(const unsigned char *from)
{
    uint16_t half;
    memcpy(&half, from, sizeof half);
    const uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    const uint32_t rest = half & 0x7fff;
    if (rest >= 0x7c00)
        return sign | INFINITE | (rest & 0x3ff) << 13;
    if (rest >= 0x0400)
        return sign | ((rest << 13) + ((127u - 15) << 23));
    const float value = (float)rest * 0x1p-24f;
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return sign | bits;
}

static void store_f16(uint32_t bits, unsigned char *to)
{
    const uint32_t magnitude = bits & ~SIGN;
    const uint32_t exponent = magnitude >> 23;
    uint32_t half = 0;  // below 2^-25: rounds to 0
    if (magnitude > INFINITE)
        half = 0x7c00 | (magnitude >> 13 & 0x3ff);
    else if (magnitude >= 0x477ff000)  // 65520, half way from 65504 to 2^16
        half = 0x7c00;
    else if (exponent >= 127 - 14)
        half = shift_even(magnitude - ((127u - 15) << 23), 13);
    else if (exponent >= 127 - 25)  // a multiple of 2^-24 is left
        half = shift_even((magnitude & 0x007fffff) | 0x00800000, 126 - exponent);
    const uint16_t stored = (uint16_t)((bits >> 16 & 0x8000) | half);
    memcpy(to, &stored, sizeof stored);
}

static uint32_t load_bf16(const unsigned char *from)
{
    uint16_t upper;
    memcpy(&upper, from, sizeof upper);
    return (uint32_t)upper << 16;
}

static void store_bf16(uint32_t bits, unsigned char *to)
{
    const int nan = (bits & ~SIGN) > INFINITE;
    const uint16_t stored = (uint16_t)(nan ? bits >> 16 : shift_even(bits, 16));
    memcpy(to, &stored, sizeof stored);
}

/* The rows of clf_dtype. load gives the bits of a float, store takes them; NaNs are quiet. */
static const struct {
    const char *name;
    size_t size;
    uint32_t (*load)(const unsigned char *from);
    void (*store)(uint32_t bits, unsigned char *to);
} k_rows[CLF_DTYPE_COUNT] = {
    [CLF_DTYPE_F32] = {"f32", 4, load_f32, store_f32},
    [CLF_DTYPE_F16] = {"f16", 2, load_f16, store_f16},
    [CLF_DTYPE_BF16] = {"bf16", 2, load_bf16, store_bf16},
};

static int known(clf_dtype dtype)
{
    return (int)dtype >= 0 && dtype < CLF_DTYPE_COUNT;
}

const char *clf_dtype_name(clf_dtype dtype)
{
    return known(dtype) ? k_rows[dtype].name : NULL;
}

size_t clf_dtype_size(clf_dtype dtype)
{
    return known(dtype) ? k_rows[dtype].size : 0;
}

void clf_convert(const void *from, clf_dtype from_dtype, void *to, clf_dtype to_dtype, size_t count)
{
    if (!known(from_dtype) || !known(to_dtype))
        return;
    const size_t from_size = k_rows[from_dtype].size;
    const size_t to_size = k_rows[to_dtype].size;
    const unsigned char *source = from;
    unsigned char *target = to;
    for (size_t i = 0; i < count; i++, source += from_size, target += to_size)
        k_rows[to_dtype].store(quiet(k_rows[from_dtype].load(source)), target);
}
