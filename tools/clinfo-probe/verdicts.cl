/* What a device says it can do, tried. One test a build: TEST_... says which.
 *
 *   out[i] = in[i] where the device is right, ~in[i] where it is not
 *
 * Shapes: in [64] small numbers that no compiler knows, in[0] = 1; out [65], out[64] is a figure of
 * the test. Work-groups of LOCAL items, a power of two. Local memory: 8 bytes an item. */
#ifndef LOCAL
#define LOCAL 64
#endif
#define HALF_ONES 0x3c003c00u  // two halves of 1

#ifdef TEST_BASE
// Values go through local memory to another item and back.
uint test(uint x, uint one, local uint *there, local uint *back, global uint *figure)
{
    const uint i = get_local_id(0);
    const uint j = LOCAL - 1 - i;
    there[j] = x;
    barrier(CLK_LOCAL_MEM_FENCE);
    back[j] = there[i];
    barrier(CLK_LOCAL_MEM_FENCE);
    return back[i];
}
#endif

#ifdef TEST_HALF_STORAGE
// Half a unit in the last place is lost, and no more.
uint test(uint x, uint one, local uint *there, local uint *back, global uint *figure)
{
    const uint i = get_local_id(0);
    vstore_half((float)x + 0x1p-12f, 2 * i, (local half *)there);
    const float y = vload_half(2 * i, (local half *)there);
    return y == (float)x ? x : ~x;
}
#endif

#ifdef TEST_HALF
// 2048 + 1 is 2048 in half precision.
#pragma OPENCL EXTENSION cl_khr_fp16 : enable
uint test(uint x, uint one, local uint *there, local uint *back, global uint *figure)
{
    const half h = (half)(float)one;
    const half big = h * (half)2048.0f;
    const half y = (half)(float)x * (half)2.0f + h;
    return big + h == big && (float)y == (float)(2 * x + 1) ? x : ~x;
}
#endif

#ifdef TEST_DOUBLE
// 1 + 2^-40 is not 1 in double precision.
#if __OPENCL_C_VERSION__ < 120
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif
uint test(uint x, uint one, local uint *there, local uint *back, global uint *figure)
{
    const double d = (double)one + 1.0 / 1099511627776.0;
    return d > (double)one && (d - (double)one) * 1099511627776.0 == (double)one ? x : ~x;
}
#endif

#if defined(TEST_REDUCE) || defined(TEST_SHUFFLE)
#ifdef cl_khr_subgroups
#pragma OPENCL EXTENSION cl_khr_subgroups : enable
#endif
#ifdef cl_intel_subgroups
#pragma OPENCL EXTENSION cl_intel_subgroups : enable
#endif
#endif

#ifdef TEST_REDUCE
// The sum of a sub-group, against one by atomics. The figure is its size.
uint test(uint x, uint one, local uint *there, local uint *back, global uint *figure)
{
    there[get_local_id(0)] = 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    atomic_add(&there[get_sub_group_id()], x);
    barrier(CLK_LOCAL_MEM_FENCE);
    *figure = get_max_sub_group_size();
    return sub_group_reduce_add(x) == there[get_sub_group_id()] ? x : ~x;
}
#endif

#ifdef TEST_SHUFFLE
// The value of the next item of a sub-group, against local memory.
#ifdef cl_khr_subgroup_shuffle
#pragma OPENCL EXTENSION cl_khr_subgroup_shuffle : enable
#define SHUFFLE(x, lane) sub_group_shuffle(x, lane)
#else
#define SHUFFLE(x, lane) intel_sub_group_shuffle(x, lane)
#endif
uint test(uint x, uint one, local uint *there, local uint *back, global uint *figure)
{
    const uint lane = get_sub_group_local_id();
    const uint next = (lane + 1) % get_sub_group_size();
    const uint first = get_sub_group_id() * get_max_sub_group_size();
    there[first + lane] = x;
    barrier(CLK_LOCAL_MEM_FENCE);
    *figure = get_max_sub_group_size();
    return SHUFFLE(x, next) == there[first + next] ? x : ~x;
}
#endif

#ifdef TEST_DOT
#pragma OPENCL EXTENSION cl_khr_integer_dot_product : enable
uint test(uint x, uint one, local uint *there, local uint *back, global uint *figure)
{
    const uint a = x | x << 8 | x << 16 | x << 24;
    const uint b = one | one << 9 | one << 18 | one << 27;
    return dot_4x8packed_uu_uint(a, b) == 15 * x ? x : ~x;
}
#endif

#ifdef TEST_FMA
// (1 + 2^-12)^2 - 1 - 2^-11 is 2^-24 with one rounding and 0 with two. The figure: FP_FAST_FMAF.
uint test(uint x, uint one, local uint *there, local uint *back, global uint *figure)
{
    const float a = (float)one + 0x1p-12f;
#ifdef FP_FAST_FMAF
    *figure = 1;
#endif
    return fma(a, a, -1.0f - 0x1p-11f) == 0x1p-24f ? x : ~x;
}
#endif

#ifdef TEST_FIXED
#define ATTRIBUTES __attribute__((reqd_work_group_size(LOCAL, 1, 1)))
uint test(uint x, uint one, local uint *there, local uint *back, global uint *figure)
{
    return get_local_size(0) == LOCAL ? x : ~x;
}
#endif

#ifdef TEST_DENORMAL
uint test(uint x, uint one, local uint *there, local uint *back, global uint *figure)
{
    const uint tiny = 0x00400000u + x;
    return as_uint(as_float(tiny) * (float)one) == tiny ? x : ~x;
}
#endif

#ifdef TEST_NAN
// With the options of the library's own builds.
uint test(uint x, uint one, local uint *there, local uint *back, global uint *figure)
{
    const float y = as_float(0x7fc00000u | x) * (float)one;
    const float infinite = as_float(0x7f800000u * one);
    return y != y && isnan(y) && isinf(infinite) && !(y < infinite) ? x : ~x;
}
#endif

#ifdef TEST_DPAS
// Intel's systolic arrays: a row of ones times ones, K = 16. SUB: the device's least sub-group.
#define ATTRIBUTES __attribute__((intel_reqd_sub_group_size(SUB)))
uint test(uint x, uint one, local uint *there, local uint *back, global uint *figure)
{
    const int8 b = (int8)(HALF_ONES * one);
#if SUB == 8
    const float sum = intel_sub_group_f16_f16_matrix_mad_k16((int)HALF_ONES, b, 0.0f);
#else
    const float sum = intel_sub_group_f16_f16_matrix_mad_k16((short)0x3c00, b, 0.0f);
#endif
    return sum == 16.0f ? x : ~x;
}
#endif

#ifdef TEST_MMA
// NVIDIA's tensor cores by inline PTX: ones times ones, K = 8. Strict C knows __asm__ alone.
#ifdef __NV_CL_C_VERSION
#define ASM asm
#else
#define ASM __asm__
#endif
uint test(uint x, uint one, local uint *there, local uint *back, global uint *figure)
{
    const uint ones = HALF_ONES * one;
    float s0, s1, s2, s3;
    ASM volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 "
                 "{%0,%1,%2,%3}, {%4,%5}, {%6}, {%7,%7,%7,%7};"
                 : "=f"(s0), "=f"(s1), "=f"(s2), "=f"(s3)
                 : "r"(ones), "r"(ones), "r"(ones), "f"(0.0f));
    return s0 == 8.0f && s1 == 8.0f && s2 == 8.0f && s3 == 8.0f ? x : ~x;
}
#endif

#ifdef TEST_MFMA
// AMD's matrix cores of CDNA, wave 64: ones times ones, K = 4.
typedef float float4v __attribute__((ext_vector_type(4)));
uint test(uint x, uint one, local uint *there, local uint *back, global uint *figure)
{
    const float a = (float)one;
    const float4v sum = __builtin_amdgcn_mfma_f32_16x16x4f32(a, a, (float4v)(0.0f), 0, 0, 0);
    return sum.x == 4.0f && sum.y == 4.0f && sum.z == 4.0f && sum.w == 4.0f ? x : ~x;
}
#endif

#ifdef TEST_WMMA
// AMD's matrix instructions of RDNA 3, wave 32: ones times ones, K = 16.
#pragma OPENCL EXTENSION cl_khr_fp16 : enable
uint test(uint x, uint one, local uint *there, local uint *back, global uint *figure)
{
    const half16 ones = (half16)((half)(float)one);
    const float8 sum = __builtin_amdgcn_wmma_f32_16x16x16_f16_w32(ones, ones, (float8)(0.0f));
    return all(sum.lo == (float4)(16.0f)) && all(sum.hi == (float4)(16.0f)) ? x : ~x;
}
#endif

#ifdef TEST_LOOPS
// 2^17 rounds of what is never 0, as no compiler knows. Mesa's llvmpipe leaves after 65535.
uint test(uint x, uint one, local uint *there, local uint *back, global uint *figure)
{
    uint y = x, rounds = 0;
    if (x != one)
        return x;
    for (uint i = 0; i < one << 17; i++) {
        y ^= y << 13;
        y ^= y >> 17;
        y ^= y << 5;
        rounds += y != 0;
    }
    *figure = rounds;
    return rounds == one << 17 ? x : ~x;
}
#endif

#ifndef ATTRIBUTES
#define ATTRIBUTES
#endif
kernel ATTRIBUTES void probe(global const uint *in, global uint *out)
{
    local uint there[LOCAL], back[LOCAL];
    const size_t i = get_global_id(0);
    out[i] = test(in[i], in[0], there, back, &out[64]);
}
