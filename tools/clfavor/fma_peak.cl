/* The peak of fused multiply-adds: what a kernel can be compared with at this moment.
 *
 *   a_i := fma(a_i, x, y), for 12 independent vectors a_i, n times; y = in[0], x = 1 - y
 *
 * Shapes: in [1], out [global size], one sum per work-item. Work-groups: any size; on a CPU of one
 * item. Local memory: none. 2 * 12 * VW FLOP per item and iteration. Twelve chains cover a latency
 * of four cycles on three units. The values go to y / (1 - x) = 1, so none is denormal. */
#include "vector.clh"

// About passing vectors wider than the machine's: no caller is outside this program.
#ifdef __clang__
#pragma clang diagnostic ignored "-Wpsabi"
#endif

#define CHAINS(F) F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11)
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
