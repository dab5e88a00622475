/* The peak of fused multiply-adds: what a kernel can be compared with at this moment.
 *
 *   a_i := fma(a_i, x, y), for 12 independent vectors a_i, `iterations` times
 *
 * Shapes: out [global size], one sum per work-item. Work-groups: any size; on a CPU of one item.
 * Local memory: none. 2 * 12 * VW FLOP per item and iteration. Twelve chains cover a latency of
 * four cycles on three units. The values go to y / (1 - x), so none is denormal. */
#ifndef VW
#define VW 16  // floats in a vector: 4, 8 or 16
#endif
#if VW != 4 && VW != 8 && VW != 16
#error "VW must be 4, 8 or 16"
#endif

// About passing vectors wider than the machine's: no caller is outside this program.
#ifdef __clang__
#pragma clang diagnostic ignored "-Wpsabi"
#endif

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define FLOATV PASTE(float, VW)
#define VSTOREV PASTE(vstore, VW)

#define CHAINS(F) F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11)
#define START(i) FLOATV a##i = (FLOATV)(start + i);
#define STEP(i) a##i = fma(a##i, vx, vy);
#define TAKE(i) sum += a##i;

kernel void fma_peak(global float *out, float x, float y, int iterations)
{
    const FLOATV vx = (FLOATV)(x);
    const FLOATV vy = (FLOATV)(y);
    const float start = (float)get_global_id(0);
    CHAINS(START)
    for (int n = 0; n < iterations; n++) {
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
