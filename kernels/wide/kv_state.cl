// kv_state, wide: the state of one segment of one head's keys.
//
//   Sx [R, E] = sum_t phi(k_t) v_t^T,  z [R] = sum_t phi(k_t),  both times 2^-s
//
// Work: one work-item (local size 1) per (segment, state): get_global_id(0), (1).
// Per tile of TILE keys and block of JB projections: project, make features in place, add
// F V to the state; features never leave the private scratch.
// Private memory: (X + EP + SIGNS JB) TILE floats, X = XD or 2 DP. No local memory, no barrier.
// Sums: fp32; a tile's from zero in registers, tiles into the state, compensated when a segment
// has many tiles. Fixed order: the same bits every run.
// Overflow: key features are below 2^33 (the shift s follows the keys, common/exp2.clh); kinds
// without shifts are as large as f makes them.
#include "common/wide_sums.clh"

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
kv_state(global const clf_type(K_DTYPE) *k, long4 k_at, global const clf_type(V_DTYPE) *v,
         long4 v_at, global const uchar *mask, long2 mask_at, global const float *w, long w_head,
         global float *state, global int *shifts, long peaks_at, float2 half_scale, float4 eps,
         long S, long segment_rows, int segments, int4 heads, int compensated)
{
    const int segment = get_global_id(0);
    const int state_head = get_global_id(1);
    const int head = clf_state_query_head(heads, state_head);
    clf_inputs in;
    float values[TILE * EP] CLF_ALIGNED;
    float f_tile[SIGNS * PLANE] CLF_ALIGNED;
    int live[TILE] CLF_ALIGNED, live_values[TILE] CLF_ALIGNED;
    clf_terms keys;

    k += clf_key_at(k_at, head, heads);
    v += clf_key_at(v_at, head, heads);
    mask += MASK ? clf_mask_at(mask_at, head, heads) : 0;
    w += clf_w_at(w_head, head, heads);
    if (STABILISED)
        clf_use_peaks(&keys, state + peaks_at + (size_t)state_head * CLF_PEAKS);
    const size_t slot = clf_slot(state_head, segments, segment, compensated);
    state += slot;
    shifts += slot;
    clf_state_clear(state, shifts, compensated);
    clf_fill(f_tile, SIGNS * PLANE, 0.0f);

    const long begin = segment * segment_rows;
    const long end = min(S, begin + segment_rows);
    for (long t = begin; t < end; t += TILE) {
        const int rows = (int)min((long)TILE, end - t);
        const int next = (int)min((long)TILE, end - t - TILE), reach = clf_reach(rows);
        clf_live_rows(live, rows, MASK == CLF_MASK_KEYS ? mask + t : 0);
        clf_live_rows(live_values, rows, MASK ? mask + t : 0);
        clf_stage_k(&in, k + (size_t)t * (size_t)k_at.w, k_at.w, live, reach);
        clf_stage_v(values, v + (size_t)t * (size_t)v_at.w, v_at.w, live_values);
        clf_find_norms(&keys, &in, half_scale, live);
        for (int j0 = 0; j0 < M; j0 += JB) {
            const int features = min(JB, M - j0);
            CLF_PREFETCH_ROWS(k + (size_t)(t + TILE) * (size_t)k_at.w, k_at.w, D, next, j0);
            CLF_PREFETCH_ROWS(v + (size_t)(t + TILE) * (size_t)v_at.w, v_at.w, E, next, j0);
            int raise = SHIFTED && t == begin;
            do {
                clf_project(f_tile, w, &in, j0, features);
                if (raise)
                    clf_raise_keys(f_tile, features, j0, reach, &keys, state, shifts, eps,
                                   compensated);
                raise = clf_key_features(f_tile, features, j0, reach, &keys, shifts, eps);
            } while (raise);
            clf_state_add(state, f_tile, features, j0, values, 0, reach, compensated);
        }
    }
}
