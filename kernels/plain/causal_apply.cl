// causal_apply, plain: out_i = (phi(q_i) . Sx_i) / (phi(q_i) . z_i) for one segment of one head,
// where Sx_i = sum_{t <= i} phi(k_t) v_t^T and z_i = sum_{t <= i} phi(k_t).
//
// Work: one work-item per (segment, head): get_global_id(0), (1). It walks the rows: each first
// adds its own key to the state in the segment's slot, then reads that state. So a row sees no
// later key, neither in a sum nor in a shift. The first segment starts from nothing, the others
// from what state_scan left in their slots.
// Private memory: E floats. No local memory, no barrier, any work-group size.
// Sums: fp32, key by key into the state, compensated; one chain of R terms for a row. Fixed order:
// the same bits every run.
// Overflow: key features are below 2^33 (the shift s follows the keys), query features below 2^17.
#include "common/plain.clh"

// The key feature with exponent n (the norm's included) and value p 2^n, times the row of values,
// added to row `index` of the state.
CLF_INLINE void clf_key_add(global float *state, global int *shifts, int index, int n, float p,
                            global const float *value)
{
    global float *sx = state + (size_t)index * EP;
    global float *z = state + CLF_SLOT_Z + index;
    global float *sx_error = state + CLF_SLOT_ERROR + (size_t)index * EP;
    global float *z_error = state + CLF_SLOT_ERROR + CLF_ROWS * EP + index;
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
    const float phi = p * clf_pow2_1(n - s);
    for (int e = 0; e < E; e++)
        CLF_ADD_COMPENSATED(sx[e], phi * value[e], sx_error[e]);
    CLF_ADD_COMPENSATED(*z, phi, *z_error);
}

// `compensated` is always 1 here: a chain of single keys needs the error terms.
kernel void causal_apply(global const float *q, long4 q_at, global const float *k, long4 k_at,
                         global const float *v, long4 v_at, global float *out, long4 out_at,
                         global const float *w, long w_head, global float *state,
                         global int *shifts, float2 half_scale, long L, long segment_rows,
                         int segments, int H, int head0, int compensated)
{
    const int segment = get_global_id(0);
    const int head = get_global_id(1);
    if (segment >= segments)
        return;

    q += clf_head(q_at, head0 + head, H);
    k += clf_head(k_at, head0 + head, H);
    v += clf_head(v_at, head0 + head, H);
    out += clf_head(out_at, head0 + head, H);
    w += (size_t)w_head * ((head0 + head) % H);
    const size_t slot = clf_slot(head, segments, segment, compensated);
    state += slot;
    shifts += slot;
    if (segment == 0)
        clf_state_clear(state, shifts, compensated);
    else
        clf_state_clear_error(state, compensated);

    const long begin = segment * segment_rows;
    const long end = min(L, begin + segment_rows);
    for (long t = begin; t < end; t++) {
        global const float *query = q + (size_t)t * (size_t)q_at.w;
        global const float *key = k + (size_t)t * (size_t)k_at.w;
        global const float *value = v + (size_t)t * (size_t)v_at.w;
        float p_g;
        const int n_g = clf_key_norm(key, half_scale, &p_g);
        clf_output row;
        clf_output_clear(&row);
        for (int j = 0; j < M; j++) {
            float f_k, f_q;
            const int n_k = clf_split_1(clf_dot(w + (size_t)j * D, key), &f_k);
            const int n_q = clf_split_1(clf_dot(w + (size_t)j * D, query), &f_q);
            for (int g = 0; g < SIGNS; g++) {
                const int index = g * MP + j;
                clf_key_add(state, shifts, index, SIGN_OF(g, n_k) - n_g,
                            clf_exp2_fraction(SIGN_OF(g, f_k)) * p_g, value);
                clf_output_add(&row, SIGN_OF(g, n_q), SIGN_OF(g, f_q), state, shifts, index);
            }
        }
        clf_output_store(&row, out + (size_t)t * (size_t)out_at.w);
    }
}
