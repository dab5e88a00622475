// query_features, plain: the projections of a chunk of queries become features, in place, times
// what the state's shifts ask for.
//
//   F_tj = phi_j(q_t) 2^(s_j - c_t), c_t the largest exponent of the row
//
// Work: one work-item per row of the chunk: get_global_id(0).
// Private memory: nothing to speak of. No local memory, no barrier, any work-group size.
// Overflow: features are below 2; kinds without shifts are as large as f makes them.
#include "common/chunk.clh"

kernel void query_features(global float *work, global const int *work_int, long8 parts, float4 eps,
                           int rows)
{
    const int r = get_global_id(0);
    if (r >= rows)
        return;
    global float *row = work + CLF_AT_F + (size_t)r * R;
    global const int *shifts = work_int + CLF_AT_SHIFTS;
    const clf_terms terms = {.n = 0, .p = 1.0f};
    float m[SIGNS];
    int n[SIGNS];
    int c = 2 * CLF_NO_KEY;
    for (int j = 0; SHIFTED && j < M; j++) {
        clf_row_features(row[j], &terms, 0, eps, m, n);
        for (int g = 0; g < SIGNS; g++)
            c = max(c, n[g] + shifts[g * M + j]);
    }
    for (int j = 0; j < M; j++) {
        clf_row_features(row[j], &terms, 0, eps, m, n);
        for (int g = 0; g < SIGNS; g++)
            row[g * M + j] = SHIFTED ? m[g] * clf_pow2_1(n[g] + shifts[g * M + j] - c) : m[g];
    }
}
