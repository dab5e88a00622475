// feature_map, plain: the features of a run of rows of one head, each row with its exponent.
//
//   phi [R] 2^exponent = norm exp(+-w.x sqrt(scale) - |x|^2 scale/2), plus features, then minus
//
// Work: one work-item per (run of `run_rows` rows, head): get_global_id(0), (1). The projections
// wait in phi until the row's largest is known.
// Private memory: nothing to speak of. No local memory, no barrier, any work-group size.
// Overflow: none; a row's largest feature is between norm/2 and 2 norm, the others below.
#include "common/feature_row.clh"
#include "common/plain.clh"

kernel void feature_map(global const float *x, long4 x_at, global const float *w, long w_head,
                        global float *phi, global int *exponents, float2 half_scale, float norm,
                        long L, long run_rows, int H, int head0)
{
    const int head = head0 + get_global_id(1);
    x += clf_head(x_at, head, H);
    w += (size_t)w_head * (head % H);
    phi += (size_t)head * (size_t)L * (SIGNS * M);
    exponents += (size_t)head * (size_t)L;

    const long begin = get_global_id(0) * run_rows;
    const long end = min(L, begin + run_rows);
    for (long t = begin; t < end; t++) {
        global const float *row = x + (size_t)t * (size_t)x_at.w;
        global float *features = phi + (size_t)t * (SIGNS * M);
        float p_g;
        const int n_g = clf_key_norm(row, half_scale, &p_g);
        for (int j = 0; j < M; j++)
            features[j] = clf_dot(w + (size_t)j * D, row);
        exponents[t] = clf_feature_row(features, norm * p_g) - n_g;
    }
}
