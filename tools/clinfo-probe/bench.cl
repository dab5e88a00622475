/* What --bench times: nothing, chains of fma, and three ways to 2^x or e^x.
 *
 *   fma   a_i := fma(a_i, x, y), for 12 independent vectors, `iterations` times: 24 VW FLOP each
 *   exp   a_i := f(a_i) - y, for 4 independent vectors: 4 VW values each
 *
 * Shapes: out [global size], one sum an item. Any work-group size, no local memory. Values stay
 * near 0, so that none is denormal or infinite. */
#ifndef VW
#define VW 4  // floats in a vector: 1, 4, 8 or 16
#endif
#ifndef WAY
#define WAY 0  // to the exponential: 0 exp, 1 native_exp, 2 the library's
#endif

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#if VW == 1
#define FLOATV float
#define SUM(v) (v)
#elif VW == 4 || VW == 8 || VW == 16
#define FLOATV PASTE(float, VW)
#define INTV PASTE(int, VW)
#define SUM(v) ((v).s0 + (v).s1 + (v).s2 + (v).s3)
#else
#error "VW must be 1, 4, 8 or 16"
#endif

kernel void empty(global float *out, float x, float y, int iterations)
{
}

#define FMAS(F) F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11)
#define EXPS(F) F(0) F(1) F(2) F(3)
#define START(i) FLOATV a##i = (FLOATV)(start + (float)i * 0.01f);
#define FMA(i) a##i = fma(a##i, vx, vy);
#define TAKE(i) sum += a##i;

kernel void chains(global float *out, float x, float y, int iterations)
{
    const FLOATV vx = (FLOATV)(x);
    const FLOATV vy = (FLOATV)(y);
    const float start = (float)(get_global_id(0) % 64) * 0.001f;
    FMAS(START)
    for (int n = 0; n < iterations; n++) {
        FMAS(FMA)
    }
    FLOATV sum = (FLOATV)(0.0f);
    FMAS(TAKE)
    out[get_global_id(0)] = SUM(sum);
}

#if VW > 1
#if WAY == 0
#define POWER(v) exp(v)
#elif WAY == 1
#define POWER(v) native_exp(v)
#else
#include "kernels/common/exp2.clh"
CLF_DEFINE_EXP2(_v, FLOATV, INTV, PASTE(convert_, INTV), PASTE(as_, FLOATV))
static inline __attribute__((always_inline)) FLOATV power(FLOATV u)
{
    FLOATV f;
    const INTV n = clf_split_v(u, &f);
    const FLOATV f2 = f * f;
    return fma(f, clf_odd_v(f2), clf_even_v(f2)) * clf_pow2_v(n);
}
#define POWER(v) power(v)
#endif
#define EXP(i) a##i = POWER(a##i) - vy;

kernel void powers(global float *out, float x, float y, int iterations)
{
    const FLOATV vy = (FLOATV)(1.0f);
    const float start = (float)(get_global_id(0) % 64) * -0.001f - x;
    EXPS(START)
    for (int n = 0; n < iterations; n++) {
        EXPS(EXP)
    }
    FLOATV sum = (FLOATV)(0.0f);
    EXPS(TAKE)
    out[get_global_id(0)] = SUM(sum);
}
#endif
