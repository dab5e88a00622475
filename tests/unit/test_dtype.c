/* Storage types: every pattern of 16 bits, rounding at and around every midpoint, and any float,
 * against arithmetic on doubles. */
#include "support.h"

#include <math.h>

#include <clfavor/tensor.h>

#include "host/rng.h"

/* A format of 16 bits: `digits` of significand with the hidden one, a bias of exponents. */
typedef struct format {
    clf_dtype dtype;
    int digits, bias;
    uint16_t infinite, quiet;
} format;

static const format k_formats[] = {
    {CLF_DTYPE_F16, 11, 15, 0x7c00, 0x0200},
    {CLF_DTYPE_BF16, 8, 127, 0x7f80, 0x0040},
};

enum {
    FORMATS = sizeof k_formats / sizeof k_formats[0]
};

/* The value of a pattern below that of infinity, as the formula reads; of infinity's own pattern,
 * the number that would come next. */
static double value_of(const format *f, uint16_t pattern)
{
    const int hidden = 1 << (f->digits - 1);
    const int exponent = pattern / hidden;
    const int fraction = pattern % hidden;
    const int unit = 1 - f->bias - (f->digits - 1);
    return exponent ? ldexp(hidden + fraction, exponent - 1 + unit) : ldexp(fraction, unit);
}

static uint16_t narrow(const format *f, float value)
{
    uint16_t pattern;
    clf_convert(&value, CLF_DTYPE_F32, &pattern, f->dtype, 1);
    return pattern;
}

START_TEST(every_pattern_is_widened_exactly_and_comes_back)
{
    enum {
        COUNT = 65536
    };
    static uint16_t patterns[COUNT], back[COUNT];
    static float wide[COUNT];
    for (int i = 0; i < COUNT; i++)
        patterns[i] = (uint16_t)i;
    for (int n = 0; n < FORMATS; n++) {
        const format *f = &k_formats[n];
        clf_convert(patterns, f->dtype, wide, CLF_DTYPE_F32, COUNT);
        clf_convert(wide, CLF_DTYPE_F32, back, f->dtype, COUNT);
        for (int i = 0; i < COUNT; i++) {
            const uint16_t magnitude = i & 0x7fff;
            ck_assert_int_eq(!!signbit(wide[i]), i >> 15);
            if (magnitude > f->infinite) {
                uint32_t bits;
                memcpy(&bits, wide + i, sizeof bits);
                ck_assert(isnan(wide[i]) && (bits & 0x00400000));
                ck_assert_uint_eq(back[i], i | f->quiet);
                continue;
            }
            const double right = magnitude < f->infinite ? value_of(f, magnitude) : INFINITY;
            ck_assert_msg(fabs((double)wide[i]) == right, "%s 0x%04x gave %a",
                          clf_dtype_name(f->dtype), i, (double)wide[i]);
            ck_assert_uint_eq(back[i], i);
        }
    }
}
END_TEST

/* Between every two neighbours, and between the largest number and the infinite. */
START_TEST(midpoints_go_to_even)
{
    for (int n = 0; n < FORMATS; n++) {
        const format *f = &k_formats[n];
        for (uint16_t low = 0; low < f->infinite; low++) {
            const uint16_t high = (uint16_t)(low + 1);
            const float middle = (float)((value_of(f, low) + value_of(f, high)) / 2);
            const uint16_t even = low % 2 ? high : low;
            ck_assert_uint_eq(narrow(f, middle), even);
            ck_assert_uint_eq(narrow(f, nextafterf(middle, 0)), low);
            ck_assert_uint_eq(narrow(f, nextafterf(middle, INFINITY)), high);
            ck_assert_uint_eq(narrow(f, -middle), even | 0x8000);
            ck_assert_uint_eq(narrow(f, -nextafterf(middle, 0)), low | 0x8000);
            ck_assert_uint_eq(narrow(f, -nextafterf(middle, INFINITY)), high | 0x8000);
        }
    }
}
END_TEST

/* The nearest number of the format, on doubles; nearbyint goes to even. */
static double rounded(const format *f, double value)
{
    if (value == 0 || isinf(value))
        return value;
    const int least = 1 - f->bias;
    const int exponent = ilogb(value) < least ? least : ilogb(value);
    const int unit = exponent - (f->digits - 1);
    const double nearest = ldexp(nearbyint(ldexp(value, -unit)), unit);
    return fabs(nearest) < value_of(f, f->infinite) ? nearest : copysign(INFINITY, value);
}

static void assert_rounded(const format *f, float value)
{
    const uint16_t pattern = narrow(f, value);
    float back;
    clf_convert(&pattern, f->dtype, &back, CLF_DTYPE_F32, 1);
    if (isnan(value)) {
        ck_assert(isnan(back));
        return;
    }
    const double right = rounded(f, value);
    ck_assert_msg((double)back == right && !signbit(back) == !signbit(value),
                  "%s of %a gave %a, right is %a", clf_dtype_name(f->dtype), (double)value,
                  (double)back, right);
}

START_TEST(any_float_is_rounded_to_nearest)
{
    const clfi_rng rng = {.seed = 3};
    for (uint64_t i = 0; i < 300000; i++) {
        uint32_t words[4];
        clfi_rng_block(&rng, i, words);
        /* Any bits, and exponents where float16 has its own ends. */
        words[1] = (words[1] & 0x807fffff) | (100 + words[1] % 45) << 23;
        for (int n = 0; n < FORMATS; n++) {
            for (int w = 0; w < 2; w++) {
                float value;
                memcpy(&value, words + w, sizeof value);
                assert_rounded(&k_formats[n], value);
            }
        }
    }
}
END_TEST

START_TEST(corners)
{
    const format *half = &k_formats[0];
    const format *upper = &k_formats[1];
    ck_assert_uint_eq(narrow(half, 65504), 0x7bff);
    ck_assert_uint_eq(narrow(half, 65519.996f), 0x7bff);
    ck_assert_uint_eq(narrow(half, 65520), 0x7c00);
    ck_assert_uint_eq(narrow(half, 0x1p-25f), 0);
    ck_assert_uint_eq(narrow(half, -0x1.000002p-25f), 0x8001);
    ck_assert_uint_eq(narrow(half, 0x1p-149f), 0);
    ck_assert_uint_eq(narrow(upper, 0x1.fffffep127f), 0x7f80);
    ck_assert_uint_eq(narrow(upper, 0x1p-149f), 0);
    /* A NaN that is signalling, with its payload in the bits that are cut off. */
    const uint32_t signalling = 0xff800001;
    uint16_t pattern;
    clf_convert(&signalling, CLF_DTYPE_F32, &pattern, CLF_DTYPE_F16, 1);
    ck_assert_uint_eq(pattern, 0xfe00);
    clf_convert(&signalling, CLF_DTYPE_F32, &pattern, CLF_DTYPE_BF16, 1);
    ck_assert_uint_eq(pattern, 0xffc0);
}
END_TEST

START_TEST(narrow_types_convert_into_each_other)
{
    for (int from = 0; from < FORMATS; from++) {
        for (int i = 0; i < 65536; i++) {
            const uint16_t pattern = (uint16_t)i;
            uint16_t direct, same;
            float wide;
            clf_convert(&pattern, k_formats[from].dtype, &wide, CLF_DTYPE_F32, 1);
            clf_convert(&pattern, k_formats[from].dtype, &direct, k_formats[!from].dtype, 1);
            clf_convert(&pattern, k_formats[from].dtype, &same, k_formats[from].dtype, 1);
            ck_assert_uint_eq(direct, narrow(&k_formats[!from], wide));
            ck_assert(same == pattern || isnan(wide));
        }
    }
}
END_TEST

START_TEST(types_have_names_and_sizes)
{
    ck_assert_str_eq(clf_dtype_name(CLF_DTYPE_F32), "f32");
    ck_assert_str_eq(clf_dtype_name(CLF_DTYPE_F16), "f16");
    ck_assert_str_eq(clf_dtype_name(CLF_DTYPE_BF16), "bf16");
    ck_assert_uint_eq(clf_dtype_size(CLF_DTYPE_F32), 4);
    ck_assert_uint_eq(clf_dtype_size(CLF_DTYPE_F16), 2);
    ck_assert_uint_eq(clf_dtype_size(CLF_DTYPE_BF16), 2);
}
END_TEST

START_TEST(what_is_no_type_is_refused)
{
    const int bad[] = {-1, CLF_DTYPE_COUNT, 2147483647, -2147483647 - 1};
    const float one = 1;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const clf_dtype dtype = (clf_dtype)bad[i];
        float untouched = 5;
        ck_assert_ptr_null(clf_dtype_name(dtype));
        ck_assert_uint_eq(clf_dtype_size(dtype), 0);
        clf_convert(&one, dtype, &untouched, CLF_DTYPE_F32, 1);
        clf_convert(&one, CLF_DTYPE_F32, &untouched, dtype, 1);
        ck_assert_float_eq(untouched, 5);
    }
    clf_convert(NULL, CLF_DTYPE_F32, NULL, CLF_DTYPE_F16, 0);
}
END_TEST

RUN_TESTS("dtype", every_pattern_is_widened_exactly_and_comes_back, midpoints_go_to_even,
          any_float_is_rounded_to_nearest, corners, narrow_types_convert_into_each_other,
          types_have_names_and_sizes, what_is_no_type_is_refused)
