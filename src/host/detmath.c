/* Elementary functions from + - * / alone, in fp64. No libm, no fused multiply-add: compile with
 * -ffp-contract=off. Not for every argument, only for those the random draws make.
 *
 * Invariant: each line is one IEEE operation after the other, so the bits are the same wherever
 * double is evaluated as double. */
#include "detmath.h"

#include <float.h>
#include <stdint.h>
#include <string.h>

#if FLT_EVAL_METHOD != 0
#error "the bits of W need doubles that are evaluated as doubles (on i386: -msse2 -mfpmath=sse)"
#endif

/* ln(2) in two parts; the first has 32 bits, so its products with exponents are exact. */
static const double k_ln2_high = 0x1.62e42fefp-1;
static const double k_ln2_low = 0x1.473de6af278edp-34;

static const double k_two_pi = 0x1.921fb54442d18p+2;

/* Series, highest power of the square first. */
static const double k_atanh[] = {2.0 / 23, 2.0 / 21, 2.0 / 19, 2.0 / 17, 2.0 / 15, 2.0 / 13,
                                 2.0 / 11, 2.0 / 9,  2.0 / 7,  2.0 / 5,  2.0 / 3};
static const double k_sine[] = {
    1 / 355687428096000.0, -1 / 1307674368000.0, 1 / 6227020800.0, -1 / 39916800.0,
    1 / 362880.0,          -1 / 5040.0,          1 / 120.0,        -1 / 6.0};
static const double k_cosine[] = {
    -1 / 6402373705728000.0, 1 / 20922789888000.0, -1 / 87178291200.0, 1 / 479001600.0,
    -1 / 3628800.0,          1 / 40320.0,          -1 / 720.0,         1 / 24.0};

#define SERIES(coefficients, z)                                                                    \
    horner((coefficients), (int)(sizeof(coefficients) / sizeof(coefficients)[0]), (z))

static double horner(const double *coefficients, int count, double z)
{
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum = sum * z + coefficients[i];
    return sum;
}

/* x = m 2^e with m in [sqrt(1/2), sqrt(2)). */
static double split(double x, int *e)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    *e = (int)(bits >> 52) - 1023;
    bits = (bits & 0xfffffffffffffULL) | 0x3ff0000000000000ULL;
    double m;
    memcpy(&m, &bits, sizeof m);
    if (m > 1.4142135623730951) {
        m *= 0.5;
        *e += 1;
    }
    return m;
}

/* With f = m - 1, s = f / (2 + f) and z = s^2:
 *   ln(m) = 2 atanh(s) = f - f^2/2 + s (f^2/2 + z (2/3 + 2/5 z + 2/7 z^2 + ...)).
 * f - f^2/2 is kept apart until the end: it carries the digits. */
double clfi_det_log(double x)
{
    int e;
    const double f = split(x, &e) - 1;
    const double s = f / (2 + f);
    const double z = s * s;
    const double half_square = 0.5 * f * f;
    const double tail = s * (half_square + z * SERIES(k_atanh, z));
    return e * k_ln2_high - ((half_square - (tail + e * k_ln2_low)) - f);
}

/* sin(x) and cos(x) for |x| <= pi/4 by their series. */
static double sine_series(double x)
{
    const double z = x * x;
    return x + x * (z * SERIES(k_sine, z));
}

/* What 1 - z/2 loses in rounding is put back. */
static double cosine_series(double x)
{
    const double z = x * x;
    const double half = 0.5 * z;
    const double whole = 1 - half;
    return whole + (((1 - whole) - half) + z * (z * SERIES(k_cosine, z)));
}

/* The quarter turn is taken off exactly, so only the product with 2 pi rounds. */
void clfi_det_cos_sin(double turn, double *cosine, double *sine)
{
    const int quarter = (int)(turn * 4 + 0.5);
    const double rest = turn - quarter * 0.25;
    const double x = rest * k_two_pi;
    const double c = cosine_series(x);
    const double s = sine_series(x);
    const double cosines[4] = {c, -s, -c, s};
    const double sines[4] = {s, c, -s, -c};
    *cosine = cosines[quarter & 3];
    *sine = sines[quarter & 3];
}
