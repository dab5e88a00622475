// feature_map, plain: the features of a run of rows of one head, each row with its exponent.
//
//   phi [R] 2^exponent = norm phi(x), for example norm exp(+-w.x sqrt(scale) - |x|^2 scale/2)
//
// Work: one work-item per (run of `run_rows` rows, head): get_global_id(0), (1). The projections
// wait in phi until the row's largest is known.
// Private memory: nothing to speak of. No local memory, no barrier, any work-group size.
// Overflow: none with shifts: a row's largest feature is between norm/2 and 4 norm, the others
// below; kinds without shifts are as large as f makes them.
#include "common/feature_row.clh"
#include "common/plain.clh"

kernel void feature_map(global const clf_type(Q_DTYPE) *x, long4 x_at, global const float *w,
                        long w_head, global float *phi, long phi_at, global int *exponents,
                        long exponents_at, float2 half_scale, float4 eps, float norm, long L,
                        long run_rows, int4 heads)
{
    const int head = clf_state_query_head(heads, 0) + get_global_id(1);
    x += clf_query_at(x_at, head, heads);
    w += clf_w_at(w_head, head, heads);
    phi += (size_t)phi_at + (size_t)head * (size_t)L * (SIGNS * M);
    exponents += (size_t)exponents_at + (size_t)head * (size_t)L;

    const long begin = get_global_id(0) * run_rows;
    const long end = min(L, begin + run_rows);
    for (long t = begin; t < end; t++) {
        global const clf_type(Q_DTYPE) *row = x + (size_t)t * (size_t)x_at.w;
        global float *features = phi + (size_t)t * (SIGNS * M);
        clf_terms terms;
        clf_norm_q(row, half_scale, &terms);
        for (int j = 0; j < M; j++)
            features[j] = clf_project_q(w + (size_t)j * WD, row, j);
        exponents[t] = clf_feature_row(features, norm * terms.p, eps.x) - terms.n;
    }
}
