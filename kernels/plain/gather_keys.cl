// gather_keys, plain: a chunk of one head's keys and values as GEMM takes them, and the norms of
// the keys.
//
// Work: one work-item per row of the chunk: get_global_id(0). Rows beyond S and masked ones are
// zeros, in Y's column of ones as well; what lies there is not looked at.
// Private memory: nothing to speak of. No local memory, no barrier, any work-group size.
// Overflow: none beyond |k|^2 itself.
#include "common/chunk.clh"

kernel void gather_keys(global const clf_type(K_DTYPE) *k, long4 k_at,
                        global const clf_type(V_DTYPE) *v, long4 v_at, global const uchar *mask,
                        long2 mask_at, global const float *w, long w_head, global float *work,
                        global int *work_int, long8 parts, float2 half_scale, long S, long first,
                        int rows, int4 heads)
{
    const int r = get_global_id(0);
    const int head = heads.w;
    const long t = first + r;
    if (r >= rows)
        return;
    int there = t < S;
    if (MASK && there)
        there = mask[clf_mask_at(mask_at, head, heads) + (size_t)t] != 0;
    k += clf_key_at(k_at, head, heads) + (size_t)t * (size_t)k_at.w;
    v += clf_key_at(v_at, head, heads) + (size_t)t * (size_t)v_at.w;

    clf_gather_k(k, there, w + clf_w_at(w_head, head, heads), work + CLF_AT_X + (size_t)r * XD);
    global float *y = work + CLF_AT_Y + (size_t)r * EP;
    for (int e = 0; e < E; e++)
        y[e] = there ? clf_load(V_DTYPE)(v, e) : 0.0f;
    y[E] = there;

    clf_terms terms = {.n = CLF_NO_ROW, .p = 0.0f};
    if (there)
        clf_norm_k(k, half_scale, &terms);
    work[CLF_AT_NORM + r] = terms.p;
    work_int[CLF_AT_POWER + r] = terms.n;
}
