// kv_state, plain: the state of one segment of one head's keys.
//
//   Sx [R, E] = sum_t phi(k_t) v_t^T,  z [R] = sum_t phi(k_t),  both times 2^-s
//
// Work: one work-item per (state row, segment, head): get_global_id(0), (1), (2). It walks the
// segment's keys; the norm of a key is found again by every row, at 9 D operations beside D + E.
// Private memory: 3 EP floats. No local memory, no barrier, any work-group size.
// Sums: fp32; of PLAIN_TILE keys from zero, these into the totals, compensated. Fixed order: the
// same bits every run.
// Overflow: key features are below 2^33 (the shift s follows the keys, common/exp2.clh).
#include "common/plain.clh"

kernel void kv_state(global const float *k, long4 k_at, global const float *v, long4 v_at,
                     global const float *w, long w_head, global float *state, global int *shifts,
                     float2 half_scale, long S, long segment_rows, int segments, int H, int head0,
                     int compensated)
{
    const int index = get_global_id(0);
    const int segment = get_global_id(1);
    const int head = get_global_id(2);
    const int g = index / MP;
    const int j = index % MP;
    if (index >= CLF_ROWS || j >= M)
        return;

    k += clf_head(k_at, head0 + head, H);
    v += clf_head(v_at, head0 + head, H);
    w += (size_t)w_head * ((head0 + head) % H) + (size_t)j * D;
    const size_t slot = clf_slot(head, segments, segment, compensated);
    clf_state_row total;
    float tile[EP + 1], error[EP + 1];
    clf_row_clear(&total);
    for (int e = 0; e <= EP; e++)
        tile[e] = error[e] = 0.0f;

    const long begin = segment * segment_rows;
    const long end = min(S, begin + segment_rows);
    for (long t = begin; t < end; t++) {
        global const float *key = k + (size_t)t * (size_t)k_at.w;
        global const float *value = v + (size_t)t * (size_t)v_at.w;
        float p_g, f;
        const int n_g = clf_key_norm(key, half_scale, &p_g);
        const int n_u = clf_split_1(clf_dot(w, key), &f);
        const int n = SIGN_OF(g, n_u) - n_g;
        if (n > total.s + CLF_WINDOW) {
            const float factor = clf_pow2_1(total.s - (n + CLF_WINDOW));
            total.s = n + CLF_WINDOW;
            for (int e = 0; e <= EP; e++) {
                total.sum[e] *= factor;
                error[e] *= factor;
                tile[e] *= factor;
            }
        }
        const float phi = clf_exp2_fraction(SIGN_OF(g, f)) * p_g * clf_pow2_1(n - total.s);
        for (int e = 0; e < E; e++)
            tile[e] = fma(phi, value[e], tile[e]);
        tile[EP] += phi;
        if ((t - begin) % PLAIN_TILE == PLAIN_TILE - 1 || t == end - 1) {
            for (int e = 0; e <= EP; e++) {
                CLF_ADD_COMPENSATED(total.sum[e], tile[e], error[e]);
                tile[e] = 0.0f;
            }
        }
    }
    clf_row_store(&total, state + slot, shifts + slot, index);
}
