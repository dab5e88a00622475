// q_apply, wide: out_i = (phi(q_i) . Sx) / (phi(q_i) . z) for a run of rows of one head.
//
// Work: one work-item (local size 1) per (run of `run_rows` rows, query head).
// Per tile of TILE rows and block of JB projections: project, make features in place, add F^T Sx
// to the tile's numerators. The shift c of a row follows its features online.
// Private memory: (X + EP + SIGNS JB) TILE floats, X = XD or 2 DP. No local memory, no barrier.
// Sums: fp32, one chain of R terms. Fixed order: the same bits every run.
// Overflow: query features are below 2^17; kinds without shifts are as large as f makes them.
#include "common/wide_sums.clh"

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
q_apply(global const clf_type(Q_DTYPE) *q, long4 q_at, global clf_type(OUT_DTYPE) *out,
        long4 out_at, global const float *w, long w_head, global const float *state,
        global const int *shifts, float2 half_scale, float4 eps, long L, long run_rows,
        int segments, int4 heads, int compensated)
{
    const int head = clf_state_query_head(heads, 0) + get_global_id(1);
    clf_inputs in;
    float num[TILE * EP] CLF_ALIGNED;
    float f_tile[SIGNS * PLANE] CLF_ALIGNED;
    float den[TILE] CLF_ALIGNED;
    float factor[TILE] CLF_ALIGNED;
    int c[TILE] CLF_ALIGNED, live[TILE] CLF_ALIGNED;
    clf_terms queries;

    q += clf_query_at(q_at, head, heads);
    out += clf_query_at(out_at, head, heads);
    w += clf_w_at(w_head, head, heads);
    const size_t slot = clf_slot(get_global_id(1) / heads.z, segments, 0, compensated);
    state += slot;
    shifts += slot;
    clf_fill(f_tile, SIGNS * PLANE, 0.0f);

    const long begin = get_global_id(0) * run_rows;
    const long end = min(L, begin + run_rows);
    for (long t = begin; t < end; t += TILE) {
        const int rows = (int)min((long)TILE, end - t);
        const int next = (int)min((long)TILE, end - t - TILE), reach = clf_reach(rows);
        clf_live_rows(live, rows, 0);
        clf_stage_q(&in, q + (size_t)t * (size_t)q_at.w, q_at.w, live, reach);
        if (STABILISED || DEN_EPS)
            clf_find_norms(&queries, &in, half_scale, live);
        if (STABILISED)
            clf_find_peaks(&queries, f_tile, w, &in);
        clf_fill(num, TILE * EP, 0.0f);
        clf_fill(den, TILE, 0.0f);
        for (int i = 0; i < TILE; i++)
            c[i] = SHIFTED ? 2 * CLF_NO_KEY : 0;
        for (int j0 = 0; j0 < M; j0 += JB) {
            const int features = min(JB, M - j0);
            CLF_PREFETCH_ROWS(q + (size_t)(t + TILE) * (size_t)q_at.w, q_at.w, D, next, j0);
            CLF_PREFETCH_ROWS(out + (size_t)t * (size_t)out_at.w, out_at.w, E, rows, j0);
            int raise = SHIFTED && j0 == 0;
            do {
                clf_project(f_tile, w, &in, j0, features);
                if (raise &&
                    clf_raise_queries(f_tile, features, j0, reach, c, factor, shifts, eps)) {
                    clf_scale_rows(num, EP, factor, reach);
                    for (int i = 0; i < reach; i++)
                        den[i] *= factor[i];
                }
                raise = clf_query_features(f_tile, features, j0, reach, &queries, c, den, state,
                                           shifts, eps);
            } while (raise);
            clf_apply(num, f_tile, features, j0, state, 0, clf_whole(reach));
        }
        clf_finish_denominators(den, &queries, c, eps, reach);
        clf_store_rows(out + (size_t)t * (size_t)out_at.w, out_at.w, num, den, rows);
    }
}
