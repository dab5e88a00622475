// key_features, plain: the projections of a chunk of keys become features, in place.
//
//   F_tj = phi_j(k_t) 2^-s_j, and 0 where no key is
//
// Work: one work-item per projection: get_global_id(0), which makes one column of F, or the two of
// a pair. It first finds the largest exponent of its column in the chunk; a shift s_j that is
// exceeded by more than the window is set 32 above that exponent, and row j of Sx (z in it) is
// rescaled by the exact power of two.
// Private memory: nothing to speak of. No local memory, no barrier, any work-group size.
// Overflow: key features are below 2^33; kinds without shifts are as large as f makes them.
#include "common/chunk.clh"

// Raises shift and row of one state row. A head's first chunk finds no state before it.
CLF_INLINE void clf_raise_row(global float *row, global int *shift, int top, int first)
{
    const int s = first ? CLF_NO_KEY : *shift;
    const int raised = top > s + CLF_WINDOW ? top + CLF_WINDOW : s;
    const float factor = clf_pow2_1(s - raised);
    for (int e = 0; !first && raised > s && e <= E; e++)
        row[e] *= factor;
    *shift = raised;
}

kernel void key_features(global float *work, global int *work_int, long8 parts, float4 eps,
                         long first, int rows)
{
    const int j = get_global_id(0);
    if (j >= M)
        return;
    global float *column = work + CLF_AT_F + j;
    global const float *norm = work + CLF_AT_NORM;
    global const int *power = work_int + CLF_AT_POWER;
    global int *shifts = work_int + CLF_AT_SHIFTS + j;
    clf_terms terms;
    float m[SIGNS];
    int n[SIGNS], top[SIGNS];

    for (int g = 0; g < SIGNS; g++)
        top[g] = CLF_NO_KEY;
    for (int r = 0; SHIFTED && r < rows; r++) {
        terms.n = power[r];
        terms.p = norm[r];
        clf_row_features(column[(size_t)r * R], &terms, 1, eps, m, n);
        for (int g = 0; g < SIGNS && terms.n != CLF_NO_ROW; g++)
            top[g] = max(top[g], n[g]);
    }
    for (int g = 0; SHIFTED && g < SIGNS; g++)
        clf_raise_row(work + CLF_AT_STATE + (size_t)(g * M + j) * EP, shifts + g * M, top[g],
                      first == 0);
    for (int r = 0; r < rows; r++) {
        global float *f = column + (size_t)r * R;
        terms.n = power[r];
        terms.p = norm[r];
        clf_row_features(*f, &terms, 1, eps, m, n);
        for (int g = 0; g < SIGNS; g++) {
            const float phi = SHIFTED ? m[g] * clf_pow2_1(n[g] - shifts[g * M]) : m[g];
            f[g * M] = terms.n == CLF_NO_ROW ? 0.0f : phi;
        }
    }
}
