/* The peak of fused multiply-adds: what a kernel can be compared with at this moment.
 *
 *   a_i := fma(a_i, x, y), for C independent vectors a_i, n times; y = in[0], x = 1 - y
 *
 * Shapes: in [1], out [global size], one sum per work-item. Work-groups: any size; on a CPU of one
 * item. Local memory: none. 2 C VW FLOP per item and iteration. C = 12 chains cover a latency of
 * four cycles on three units. Of vectors of 16 there are 24: a device that has such registers has
 * 32 of them, and one that has not is slowed down by what it must keep in memory. The values go to
 * y / (1 - x) = 1, so none is denormal. */
#include "vector.clh"

// About passing vectors wider than the machine's: no caller is outside this program.
#ifdef __clang__
#pragma clang diagnostic ignored "-Wpsabi"
#endif

#define TWELVE(F) F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11)
#if VW == 16
#define CHAINS(F) TWELVE(F) F(12) F(13) F(14) F(15) F(16) F(17) F(18) F(19) F(20) F(21) F(22) F(23)
#else
#define CHAINS(F) TWELVE(F)
#endif
#define START(i) FLOATV a##i = (FLOATV)(start + i);
#define STEP(i) a##i = fma(a##i, x, y);
#define TAKE(i) sum += a##i;

kernel void fma_peak(global const float *in, global float *out, int n)
{
    const FLOATV x = (FLOATV)(1.0f - in[0]);
    const FLOATV y = (FLOATV)(in[0]);
    const float start = (float)get_global_id(0);
    CHAINS(START)
    for (int i = 0; i < n; i++) {
        CHAINS(STEP)
    }
    FLOATV sum = (FLOATV)(0.0f);
    CHAINS(TAKE)
    float parts[VW];
    VSTOREV(sum, 0, parts);
    float total = 0.0f;
    for (int i = 0; i < VW; i++)
        total += parts[i];
    out[get_global_id(0)] = total;
}
