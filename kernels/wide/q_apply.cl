// q_apply, wide: out_i = (phi(q_i) . Sx) / (phi(q_i) . z) for a run of rows of one head.
//
// Work: one work-item (local size 1) per (run of `run_rows` rows, head).
// Per tile of TILE rows and block of JB projections: project, make features in place, add F^T Sx
// to the tile's numerators. The shift c of a row follows its features online.
// Private memory: (D + EP + SIGNS JB) TILE floats. No local memory, no barrier.
// Sums: fp32, one chain of R terms. Fixed order: the same bits every run.
// Overflow: query features are below 2^17.
#include "common/wide_sums.clh"

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
q_apply(global const float *q, long4 q_at, global float *out, long4 out_at, global const float *w,
        long w_head, global const float *state, global const int *shifts, long L, long run_rows,
        int segments, int H, int head0, int compensated)
{
    const int head = get_global_id(1);
    float qt[D * TILE] CLF_ALIGNED;
    float num[TILE * EP] CLF_ALIGNED;
    float f_tile[SIGNS * PLANE] CLF_ALIGNED;
    float den[TILE] CLF_ALIGNED;
    float factor[TILE] CLF_ALIGNED;
    int c[TILE] CLF_ALIGNED;

    q += clf_head(q_at, head0 + head, H);
    out += clf_head(out_at, head0 + head, H);
    w += (size_t)w_head * ((head0 + head) % H);
    const size_t slot = clf_slot(head, segments, 0, compensated);
    state += slot;
    shifts += slot;

    const long begin = get_global_id(0) * run_rows;
    const long end = min(L, begin + run_rows);
    for (long t = begin; t < end; t += TILE) {
        const int rows = (int)min((long)TILE, end - t);
        clf_stage_transposed(qt, q + (size_t)t * (size_t)q_at.w, q_at.w, rows);
        clf_fill(num, TILE * EP, 0.0f);
        clf_fill(den, TILE, 0.0f);
        for (int i = 0; i < TILE; i++)
            c[i] = 2 * CLF_NO_KEY;
        for (int j0 = 0; j0 < M; j0 += JB) {
            const int features = min(JB, M - j0);
            int raise = j0 == 0;
            do {
                clf_project(f_tile, w + (size_t)j0 * D, qt, features);
                if (raise && clf_raise_queries(f_tile, features, j0, c, factor, shifts)) {
                    clf_scale_rows(num, EP, factor);
                    for (int i = 0; i < TILE; i++)
                        den[i] *= factor[i];
                }
                raise = clf_query_features(f_tile, features, j0, c, den, state, shifts);
            } while (raise);
            clf_apply(num, f_tile, features, j0, state, 0, TILE);
        }
        clf_store_rows(out + (size_t)t * (size_t)out_at.w, out_at.w, num, den, rows);
    }
}
