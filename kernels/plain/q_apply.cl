// q_apply, plain: out_i = (phi(q_i) . Sx) / (phi(q_i) . z) for a run of rows of one head.
//
// Work: one work-item per (run of `run_rows` rows, query head): get_global_id(0), (1). A feature is
// used as soon as it is made; the shift c of a row follows its features online.
// Private memory: E floats. No local memory, no barrier, any work-group size.
// Sums: fp32, one chain of R terms. Fixed order: the same bits every run.
// Overflow: query features are below 2^17; kinds without shifts are as large as f makes them.
#include "common/plain.clh"

kernel void q_apply(global const clf_type(Q_DTYPE) *q, long4 q_at,
                    global clf_type(OUT_DTYPE) *out, long4 out_at, global const float *w,
                    long w_head, global const float *state, global const int *shifts,
                    float2 half_scale, float4 eps, long L, long run_rows, int segments, int4 heads,
                    int compensated)
{
    const int head = clf_state_query_head(heads, 0) + get_global_id(1);
    q += clf_query_at(q_at, head, heads);
    out += clf_query_at(out_at, head, heads);
    w += clf_w_at(w_head, head, heads);
    const size_t slot = clf_slot(get_global_id(1) / heads.z, segments, 0, compensated);
    state += slot;
    shifts += slot;

    const long begin = get_global_id(0) * run_rows;
    const long end = min(L, begin + run_rows);
    for (long t = begin; t < end; t++) {
        global const clf_type(Q_DTYPE) *query = q + (size_t)t * (size_t)q_at.w;
        clf_terms terms;
        clf_output row;
        clf_query_begin(&terms, query, w, half_scale);
        clf_output_clear(&row);
        for (int j = 0; j < M; j++) {
            float m[SIGNS];
            int n[SIGNS];
            clf_row_features(clf_project_q(w + (size_t)j * WD, query, j), &terms, 0, eps, m, n);
            for (int g = 0; g < SIGNS; g++)
                clf_output_add(&row, m[g], n[g], state, shifts, g * MP + j, eps);
        }
        clf_output_store(&row, &terms, out + (size_t)t * (size_t)out_at.w, eps);
    }
}
