// feature_map, wide: the features of a run of rows of one head, each row with its exponent.
//
//   phi [R] 2^exponent = norm phi(x), for example norm exp(+-w.x sqrt(scale) - |x|^2 scale/2)
//
// Work: one work-item (local size 1) per (run of `run_rows` rows, head): get_global_id(0), (1).
// Per tile of TILE rows: project block by block; the projections wait in phi until each row's
// largest is known.
// Private memory: (X + JB) TILE floats, X = XD or 2 DP. No local memory, no barrier.
// Overflow: none with shifts: a row's largest feature is between norm/2 and 4 norm, the others
// below; kinds without shifts are as large as f makes them.
#include "common/feature_row.clh"
#include "common/wide_inputs.clh"

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
feature_map(global const clf_type(Q_DTYPE) *x, long4 x_at, global const float *w, long w_head,
            global float *phi, long phi_at, global int *exponents, long exponents_at,
            float2 half_scale, float4 eps, float norm, long L, long run_rows, int4 heads)
{
    const int head = clf_state_query_head(heads, 0) + get_global_id(1);
    clf_inputs in;
    float u[PLANE] CLF_ALIGNED;
    int live[TILE] CLF_ALIGNED;
    clf_terms terms;

    x += clf_query_at(x_at, head, heads);
    w += clf_w_at(w_head, head, heads);
    phi += (size_t)phi_at + (size_t)head * (size_t)L * (SIGNS * M);
    exponents += (size_t)exponents_at + (size_t)head * (size_t)L;

    const long begin = get_global_id(0) * run_rows;
    const long end = min(L, begin + run_rows);
    for (long t = begin; t < end; t += TILE) {
        const int rows = (int)min((long)TILE, end - t);
        global float *features = phi + (size_t)t * (SIGNS * M);
        clf_live_rows(live, rows, 0);
        clf_stage_q(&in, x + (size_t)t * (size_t)x_at.w, x_at.w, live, clf_reach(rows));
        clf_find_norms(&terms, &in, half_scale, live);
        for (int j0 = 0; j0 < M; j0 += JB) {
            const int count = min(JB, M - j0);
            clf_project(u, w, &in, j0, count);
            for (int i = 0; i < rows; i++) {
                for (int j = 0; j < count; j++)
                    features[(size_t)i * (SIGNS * M) + j0 + j] = u[j * TILE + i];
            }
        }
        for (int i = 0; i < rows; i++)
            exponents[t + i] = clf_feature_row(features + (size_t)i * (SIGNS * M),
                                               norm * terms.p[i], eps.x) -
                               terms.n[i];
    }
}
