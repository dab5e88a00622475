// feature_map, wide: the features of a run of rows of one head, each row with its exponent.
//
//   phi [R] 2^exponent = norm exp(+-w.x sqrt(scale) - |x|^2 scale/2), plus features, then minus
//
// Work: one work-item (local size 1) per (run of `run_rows` rows, head): get_global_id(0), (1).
// Per tile of TILE rows: project block by block; the projections wait in phi until each row's
// largest is known.
// Private memory: (D + JB) TILE floats. No local memory, no barrier.
// Overflow: none; a row's largest feature is between norm/2 and 2 norm, the others below.
#include "common/feature_row.clh"
#include "common/wide.clh"

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
feature_map(global const float *x, long4 x_at, global const float *w, long w_head,
            global float *phi, global int *exponents, float2 half_scale, float norm, long L,
            long run_rows, int H, int head0)
{
    const int head = head0 + get_global_id(1);
    float xt[D * TILE] CLF_ALIGNED;
    float u[PLANE] CLF_ALIGNED;
    int ng[TILE] CLF_ALIGNED;
    float pg[TILE] CLF_ALIGNED;

    x += clf_head(x_at, head, H);
    w += (size_t)w_head * (head % H);
    phi += (size_t)head * (size_t)L * (SIGNS * M);
    exponents += (size_t)head * (size_t)L;

    const long begin = get_global_id(0) * run_rows;
    const long end = min(L, begin + run_rows);
    for (long t = begin; t < end; t += TILE) {
        const int rows = (int)min((long)TILE, end - t);
        global float *features = phi + (size_t)t * (SIGNS * M);
        clf_stage_transposed(xt, x + (size_t)t * (size_t)x_at.w, x_at.w, rows);
        clf_key_norms(ng, pg, xt, rows, half_scale);
        for (int j0 = 0; j0 < M; j0 += JB) {
            const int count = min(JB, M - j0);
            clf_project(u, w + (size_t)j0 * D, xt, count);
            for (int i = 0; i < rows; i++) {
                for (int j = 0; j < count; j++)
                    features[(size_t)i * (SIGNS * M) + j0 + j] = u[j * TILE + i];
            }
        }
        for (int i = 0; i < rows; i++)
            exponents[t + i] =
                clf_feature_row(features + (size_t)i * (SIGNS * M), norm * pg[i]) - ng[i];
    }
}
