// key_peak, plain: the largest projection u = w.x + b over a part of the keys of one head, masked
// ones included, as compatibility presets want it.
//
// Work: one work-item per (part of `peak_rows` keys, state): get_global_id(0), (1); there are
// CLF_PEAKS parts.
// No private memory to speak of, no local memory, no barrier, any work-group size.
// Overflow: none; a part without keys is -infinity.
#include "common/plain.clh"

kernel void key_peak(global const clf_type(K_DTYPE) *k, long4 k_at, global const float *w,
                     long w_head, global float *state, long peaks_at, long S, long peak_rows,
                     int4 heads)
{
    const int part = get_global_id(0);
    const int state_head = get_global_id(1);
    const int head = clf_state_query_head(heads, state_head);
    if (part >= CLF_PEAKS)
        return;
    k += clf_key_at(k_at, head, heads);
    w += clf_w_at(w_head, head, heads);
    float peak = -INFINITY;
    const long end = min(S, (part + 1) * peak_rows);
    for (long t = part * peak_rows; t < end; t++) {
        for (int j = 0; j < M; j++)
            peak = fmax(peak, clf_project_k(w + (size_t)j * WD, k + (size_t)t * (size_t)k_at.w, j));
    }
    state[peaks_at + (size_t)state_head * CLF_PEAKS + part] = peak;
}
