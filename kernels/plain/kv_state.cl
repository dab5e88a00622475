// kv_state, plain: the state of one segment of one head's keys.
//
//   Sx [R, E] = sum_t phi(k_t) v_t^T,  z [R] = sum_t phi(k_t),  both times 2^-s
//
// Work: one work-item per (state row, segment, state): get_global_id(0), (1), (2). It walks the
// segment's keys; the norm of a key is found again by every row, at 9 D operations beside D + E.
// Private memory: 3 EP floats. No local memory, no barrier, any work-group size.
// Sums: fp32; of PLAIN_TILE keys from zero, these into the totals, compensated. Fixed order: the
// same bits every run.
// Overflow: key features are below 2^33 (the shift s follows the keys, common/exp2.clh); kinds
// without shifts are as large as f makes them.
#include "common/plain.clh"

kernel void kv_state(global const clf_type(K_DTYPE) *k, long4 k_at,
                     global const clf_type(V_DTYPE) *v, long4 v_at, global const uchar *mask,
                     long2 mask_at, global const float *w, long w_head, global float *state,
                     global int *shifts, long peaks_at, float2 half_scale, float4 eps, long S,
                     long segment_rows, int segments, int4 heads, int compensated)
{
    const int index = get_global_id(0);
    const int segment = get_global_id(1);
    const int state_head = get_global_id(2);
    const int head = clf_state_query_head(heads, state_head);
    const int g = index / MP;
    const int j = index % MP;
    if (index >= CLF_ROWS || j >= M)
        return;

    k += clf_key_at(k_at, head, heads);
    v += clf_key_at(v_at, head, heads);
    mask += MASK ? clf_mask_at(mask_at, head, heads) : 0;
    w += clf_w_at(w_head, head, heads) + (size_t)j * WD;
    clf_terms terms = {.peak = clf_peak(state + peaks_at + (size_t)state_head * CLF_PEAKS)};
    const size_t slot = clf_slot(state_head, segments, segment, compensated);
    clf_state_row total;
    float tile[EP + 1], error[EP + 1];
    clf_row_clear(&total);
    for (int e = 0; e <= EP; e++)
        tile[e] = error[e] = 0.0f;

    const long begin = segment * segment_rows;
    const long end = min(S, begin + segment_rows);
    for (long t = begin; t < end; t++) {
        const int masked = MASK && mask[t] == 0;
        const int counts = MASK == CLF_MASK_VALUES ? 1 : !masked;
        if (counts) {
            global const clf_type(K_DTYPE) *key = k + (size_t)t * (size_t)k_at.w;
            global const clf_type(V_DTYPE) *value = v + (size_t)t * (size_t)v_at.w;
            float m[SIGNS];
            int n[SIGNS];
            clf_norm_k(key, half_scale, &terms);
            clf_row_features(clf_project_k(w, key, j), &terms, 1, eps, m, n);
            if (SHIFTED && n[g] > total.s + CLF_WINDOW) {
                const float factor = clf_pow2_1(total.s - (n[g] + CLF_WINDOW));
                total.s = n[g] + CLF_WINDOW;
                for (int e = 0; e <= EP; e++) {
                    total.sum[e] *= factor;
                    error[e] *= factor;
                    tile[e] *= factor;
                }
            }
            const float phi = SHIFTED ? m[g] * clf_pow2_1(n[g] - total.s) : m[g];
            for (int e = 0; !masked && e < E; e++)
                tile[e] = fma(phi, clf_load(V_DTYPE)(value, e), tile[e]);
            tile[EP] += phi;
        }
        if ((t - begin) % PLAIN_TILE == PLAIN_TILE - 1 || t == end - 1) {
            for (int e = 0; e <= EP; e++) {
                CLF_ADD_COMPENSATED(total.sum[e], tile[e], error[e]);
                tile[e] = 0.0f;
            }
        }
    }
    clf_row_store(&total, state + slot, shifts + slot, index);
}
