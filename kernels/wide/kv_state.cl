// kv_state, wide: the state of one segment of one head's keys.
//
//   Sx [R, E] = sum_t phi(k_t) v_t^T,  z [R] = sum_t phi(k_t),  both times 2^-s
//
// Work: one work-item (local size 1) per (segment, head): get_global_id(0), (1).
// Per tile of TILE keys and block of JB projections: project, make features in place, add
// F V to the state; features never leave the private scratch.
// Private memory: (D + EP + SIGNS JB) TILE floats. No local memory, no barrier.
// Sums: fp32; a tile's from zero in registers, tiles into the state, compensated when a segment
// has many tiles. Fixed order: the same bits every run.
// Overflow: key features are below 2^33 (the shift s follows the keys, common/exp2.clh).
#include "common/wide_sums.clh"

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
kv_state(global const float *k, long4 k_at, global const float *v, long4 v_at,
         global const float *w, long w_head, global float *state, global int *shifts,
         float2 half_scale, long S, long segment_rows, int segments, int H, int head0,
         int compensated)
{
    const int segment = get_global_id(0);
    const int head = get_global_id(1);
    float kt[D * TILE] CLF_ALIGNED;
    float values[TILE * EP] CLF_ALIGNED;
    float f_tile[SIGNS * PLANE] CLF_ALIGNED;
    int ng[TILE] CLF_ALIGNED;
    float pg[TILE] CLF_ALIGNED;

    k += clf_head(k_at, head0 + head, H);
    v += clf_head(v_at, head0 + head, H);
    w += (size_t)w_head * ((head0 + head) % H);
    const size_t slot = clf_slot(head, segments, segment, compensated);
    state += slot;
    shifts += slot;
    clf_state_clear(state, shifts, compensated);
    clf_fill(f_tile, SIGNS * PLANE, 0.0f);

    const long begin = segment * segment_rows;
    const long end = min(S, begin + segment_rows);
    for (long t = begin; t < end; t += TILE) {
        const int rows = (int)min((long)TILE, end - t);
        clf_stage_transposed(kt, k + (size_t)t * (size_t)k_at.w, k_at.w, rows);
        clf_stage(values, v + (size_t)t * (size_t)v_at.w, v_at.w, rows);
        clf_key_norms(ng, pg, kt, rows, half_scale);
        for (int j0 = 0; j0 < M; j0 += JB) {
            const int features = min(JB, M - j0);
            int raise = t == begin;
            do {
                clf_project(f_tile, w + (size_t)j0 * D, kt, features);
                if (raise)
                    clf_raise_keys(f_tile, features, j0, ng, state, shifts, compensated);
                raise = clf_key_features(f_tile, features, j0, ng, pg, shifts);
            } while (raise);
            clf_state_add(state, f_tile, features, j0, values, 0, TILE, compensated);
        }
    }
}
