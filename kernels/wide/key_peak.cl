// key_peak, wide: the largest projection u = w.x + b over a part of the keys of one head, masked
// ones included, as compatibility presets want it.
//
// Work: one work-item (local size 1) per (part of `peak_rows` keys, state); CLF_PEAKS parts.
// Private memory: (X + JB) TILE floats, X = XD or 2 DP. No local memory, no barrier.
// Overflow: none; a part without keys is -infinity.
#include "common/wide_inputs.clh"

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
key_peak(global const clf_type(K_DTYPE) *k, long4 k_at, global const float *w, long w_head,
         global float *state, long peaks_at, long S, long peak_rows, int4 heads)
{
    const int part = get_global_id(0);
    const int state_head = get_global_id(1);
    const int head = clf_state_query_head(heads, state_head);
    clf_inputs in;
    float u[PLANE] CLF_ALIGNED;
    int live[TILE] CLF_ALIGNED;
    clf_terms keys;

    k += clf_key_at(k_at, head, heads);
    w += clf_w_at(w_head, head, heads);
    float peak = -INFINITY;
    const long end = min(S, (part + 1) * peak_rows);
    for (long t = part * peak_rows; t < end; t += TILE) {
        const int rows = (int)min((long)TILE, end - t);
        clf_live_rows(live, rows, 0);
        clf_stage_k(&in, k + (size_t)t * (size_t)k_at.w, k_at.w, live, clf_reach(rows));
        clf_find_peaks(&keys, u, w, &in);
        for (int i = 0; i < rows; i++)
            peak = fmax(peak, keys.peak[i]);
    }
    state[peaks_at + (size_t)state_head * CLF_PEAKS + part] = peak;
}
