// One bug a kernel: what Oclgrind must report before its silence means anything (planted.py).
// 64 work-items in groups of 16; `in` holds 64 numbers, `out` has room for 64 and holds nothing,
// `scratch` has room for 16.

kernel void clean(global const float *in, global float *out, local float *scratch)
{
    const int i = get_global_id(0), l = get_local_id(0);
    scratch[l] = in[i];
    barrier(CLK_LOCAL_MEM_FENCE);
    out[i] = scratch[l ^ 1];
}

kernel void global_read(global const float *in, global float *out, local float *scratch)
{
    const int i = get_global_id(0);
    out[i] = in[i + 1];
}

kernel void global_write(global const float *in, global float *out, local float *scratch)
{
    const int i = get_global_id(0);
    out[i + 1] = in[i];
}

kernel void static_local_write(global const float *in, global float *out, local float *scratch)
{
    local float fixed[16];
    const int i = get_global_id(0), l = get_local_id(0);
    fixed[l + 1] = in[i];
    barrier(CLK_LOCAL_MEM_FENCE);
    out[i] = fixed[l];
}

kernel void dynamic_local_write(global const float *in, global float *out, local float *scratch)
{
    const int i = get_global_id(0), l = get_local_id(0);
    scratch[l + 1] = in[i];
    barrier(CLK_LOCAL_MEM_FENCE);
    out[i] = scratch[15];
}

kernel void private_write(global const float *in, global float *out, local float *scratch)
{
    const int i = get_global_id(0);
    float row[4] = {0.0f};
    row[(int)in[0] + i] = 1.0f;
    out[i] = row[0];
}

kernel void local_race(global const float *in, global float *out, local float *scratch)
{
    const int i = get_global_id(0), l = get_local_id(0);
    scratch[l] = in[i];
    out[i] = scratch[l ^ 1];
}

kernel void global_race(global const float *in, global float *out, local float *scratch)
{
    out[0] = (float)get_global_id(0);
}

kernel void divergent_barrier(global const float *in, global float *out, local float *scratch)
{
    const int i = get_global_id(0), l = get_local_id(0);
    scratch[l] = in[i];
    if (l < 8)
        barrier(CLK_LOCAL_MEM_FENCE);
    out[i] = scratch[l];
}

kernel void uninitialized_local(global const float *in, global float *out, local float *scratch)
{
    out[get_global_id(0)] = scratch[get_local_id(0)];
}

kernel void uninitialized_private(global const float *in, global float *out, local float *scratch)
{
    const int i = get_global_id(0);
    float row[4];
    row[i % 2] = in[i];
    out[i] = row[3];
}

kernel void uninitialized_buffer(global const float *in, global float *out, local float *scratch)
{
    const int i = get_global_id(0);
    if (out[i] > 0.0f)
        out[i] = in[i];
}

kernel void misaligned_store(global const float *in, global float *out, local float *scratch)
{
    const int i = get_global_id(0);
    if (i == 0)
        *(global float4 *)(out + 1) = (float4)(in[0]);
}
