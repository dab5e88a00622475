// q_apply, plain: out_i = (phi(q_i) . Sx) / (phi(q_i) . z) for a run of rows of one head.
//
// Work: one work-item per (run of `run_rows` rows, head): get_global_id(0), (1). A feature is used
// as soon as it is made; the shift c of a row follows its features online.
// Private memory: E floats. No local memory, no barrier, any work-group size.
// Sums: fp32, one chain of R terms. Fixed order: the same bits every run.
// Overflow: query features are below 2^17.
#include "common/plain.clh"

kernel void q_apply(global const float *q, long4 q_at, global float *out, long4 out_at,
                    global const float *w, long w_head, global const float *state,
                    global const int *shifts, long L, long run_rows, int segments, int H, int head0,
                    int compensated)
{
    const int head = get_global_id(1);
    q += clf_head(q_at, head0 + head, H);
    out += clf_head(out_at, head0 + head, H);
    w += (size_t)w_head * ((head0 + head) % H);
    const size_t slot = clf_slot(head, segments, 0, compensated);
    state += slot;
    shifts += slot;

    const long begin = get_global_id(0) * run_rows;
    const long end = min(L, begin + run_rows);
    for (long t = begin; t < end; t++) {
        global const float *query = q + (size_t)t * (size_t)q_at.w;
        clf_output row;
        clf_output_clear(&row);
        for (int j = 0; j < M; j++) {
            float f;
            const int n = clf_split_1(clf_dot(w + (size_t)j * D, query), &f);
            for (int g = 0; g < SIGNS; g++)
                clf_output_add(&row, SIGN_OF(g, n), SIGN_OF(g, f), state, shifts, g * MP + j);
        }
        clf_output_store(&row, out + (size_t)t * (size_t)out_at.w);
    }
}
