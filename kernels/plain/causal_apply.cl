// causal_apply, plain: out_i = (phi(q_i) . Sx_i) / (phi(q_i) . z_i) for one segment of one head,
// where Sx_i = sum_{t <= i} phi(k_t) v_t^T and z_i = sum_{t <= i} phi(k_t).
//
// Work: one work-item per (segment, state): get_global_id(0), (1). It walks the rows: each first
// adds its key to the state in the segment's slot; then the rows of the SHARE query heads read that
// state. So a row sees no later key, neither in a sum nor in a shift. The first segment starts from
// nothing, the others from what state_scan left in their slots.
// Private memory: SHARE E floats. No local memory, no barrier, any work-group size.
// Sums: fp32, key by key into the state, compensated; one chain of R terms for a row. Fixed order:
// the same bits every run.
// Overflow: key features are below 2^33 (the shift s follows the keys), query features below 2^17;
// kinds without shifts are as large as f makes them.
#include "common/plain.clh"

// The key feature m 2^n times the row of values, added to row `index` of the state; a key whose
// value is masked counts in z alone.
CLF_INLINE void clf_key_add(global float *state, global int *shifts, int index, float m, int n,
                            global const clf_type(V_DTYPE) *value, int masked)
{
    global float *sx = state + (size_t)index * EP;
    global float *z = state + CLF_SLOT_Z + index;
    global float *sx_error = state + CLF_SLOT_ERROR + (size_t)index * EP;
    global float *z_error = state + CLF_SLOT_ERROR + CLF_ROWS * EP + index;
    if (SHIFTED) {
        int s = shifts[CLF_SLOT_S + index];
        if (n > s + CLF_WINDOW) {
            const float factor = clf_pow2_1(s - (n + CLF_WINDOW));
            s = n + CLF_WINDOW;
            shifts[CLF_SLOT_S + index] = s;
            for (int e = 0; e < E; e++) {
                sx[e] *= factor;
                sx_error[e] *= factor;
            }
            *z *= factor;
            *z_error *= factor;
        }
        m *= clf_pow2_1(n - s);
    }
    for (int e = 0; !masked && e < E; e++)
        CLF_ADD_COMPENSATED(sx[e], m * clf_load(V_DTYPE)(value, e), sx_error[e]);
    CLF_ADD_COMPENSATED(*z, m, *z_error);
}

// `compensated` is always 1 here: a chain of single keys needs the error terms.
kernel void causal_apply(global const clf_type(Q_DTYPE) *q, long4 q_at,
                         global const clf_type(K_DTYPE) *k, long4 k_at,
                         global const clf_type(V_DTYPE) *v, long4 v_at,
                         global clf_type(OUT_DTYPE) *out, long4 out_at, global const uchar *mask,
                         long2 mask_at, global const float *w, long w_head, global float *state,
                         global int *shifts, long peaks_at, float2 half_scale, float4 eps, long L,
                         long segment_rows, int segments, int4 heads, int compensated)
{
    const int segment = get_global_id(0);
    const int state_head = get_global_id(1);
    const int head = clf_state_query_head(heads, state_head);
    if (segment >= segments)
        return;

    k += clf_key_at(k_at, head, heads);
    v += clf_key_at(v_at, head, heads);
    mask += MASK ? clf_mask_at(mask_at, head, heads) : 0;
    w += clf_w_at(w_head, head, heads);
    clf_terms key_terms = {.peak = clf_peak(state + peaks_at + (size_t)state_head * CLF_PEAKS)};
    const size_t slot = clf_slot(state_head, segments, segment, compensated);
    state += slot;
    shifts += slot;
    if (segment == 0)
        clf_state_clear(state, shifts, compensated);
    else
        clf_state_clear_error(state, compensated);

    const long begin = segment * segment_rows;
    const long end = min(L, begin + segment_rows);
    for (long t = begin; t < end; t++) {
        global const clf_type(K_DTYPE) *key = k + (size_t)t * (size_t)k_at.w;
        global const clf_type(V_DTYPE) *value = v + (size_t)t * (size_t)v_at.w;
        const int masked = MASK && mask[t] == 0;
        const int counts = MASK == CLF_MASK_VALUES ? 1 : !masked;
        global const clf_type(Q_DTYPE) *query[SHARE];
        clf_terms terms[SHARE];
        clf_output row[SHARE];
        if (counts)
            clf_norm_k(key, half_scale, &key_terms);
        for (int i = 0; i < SHARE; i++) {
            query[i] = q + clf_query_at(q_at, head + i, heads) + (size_t)t * (size_t)q_at.w;
            clf_query_begin(&terms[i], query[i], w, half_scale);
            clf_output_clear(&row[i]);
        }
        for (int j = 0; j < M; j++) {
            float m[SIGNS];
            int n[SIGNS];
            global const float *w_j = w + (size_t)j * WD;
            if (counts)
                clf_row_features(clf_project_k(w_j, key, j), &key_terms, 1, eps, m, n);
            for (int g = 0; counts && g < SIGNS; g++)
                clf_key_add(state, shifts, g * MP + j, m[g], n[g], value, masked);
            for (int i = 0; i < SHARE; i++) {
                clf_row_features(clf_project_q(w_j, query[i], j), &terms[i], 0, eps, m, n);
                for (int g = 0; g < SIGNS; g++)
                    clf_output_add(&row[i], m[g], n[g], state, shifts, g * MP + j, eps);
            }
        }
        for (int i = 0; i < SHARE; i++)
            clf_output_store(&row[i], &terms[i],
                             out + clf_query_at(out_at, head + i, heads) +
                                 (size_t)t * (size_t)out_at.w,
                             eps);
    }
}
