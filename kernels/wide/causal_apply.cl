// causal_apply, wide: one segment of one head, tile by tile.
//
//   out_i = (phi(q_i) . Sx_i) / (phi(q_i) . z_i), sums over keys j <= i
//         = (tril(F_q^T F_k) V + F_q^T Sx) / (the same with V = 1);  then Sx += F_k V
//
// Work: one work-item (local size 1) per (segment, head). Segment 0 starts from nothing, any
// other from the prefix that state_scan left in its slot; the slot then carries the state.
//
// Past only: within a block of features the rows of a tile are taken in blocks [r0, r1) that
// share their shifts s. At r0 a shift is raised to 32 above row r0's key where that key exceeds
// it (or there was none); the block ends before the first row that would exceed a shift again.
// So every shift was set by a key that all rows of the block see: a denominator is at least
// 2^-34 and no row depends on a later one. A tile is first tried as one block, which is nearly
// always right; after BLOCKS blocks its remaining rows are walked one by one.
//
// Private memory: (2 D + 2 EP + 2 SIGNS JB + TILE) TILE floats. No local memory, no barrier.
// Sums: fp32; a tile's from zero in registers. Fixed order: the same bits every run.
// Overflow: key features are below 2^33, query features below 2^17.
#include "common/wide_triangle.clh"
#include "common/wide_walk.clh"

#define BLOCKS 4  // blocks of rows in a tile before its rest is walked

// First row after r0 whose key exceeds a shift; U_k is the projection.
CLF_INLINE int clf_block_end(private const float *uk, int features, int j0, private const int *ng,
                             global const int *shifts, int r0, int rows)
{
    int end = rows;
    for (int g = 0; g < SIGNS; g++) {
        for (int j = 0; j < features; j++) {
            const int limit = shifts[CLF_SLOT_S + g * MP + j0 + j] + CLF_WINDOW;
            for (int t = r0 + 1; t < end; t++) {
                float f;
                const int n = clf_split_1(SIGN_OF(g, uk[j * TILE + t]), &f) - ng[t];
                if (n > limit)
                    end = t;
            }
        }
    }
    return end;
}

// Raises the shifts that row t exceeds; returns how far the block that starts there reaches.
CLF_INLINE int clf_block_begin(private const float *uk, int features, int j0, private const int *ng,
                               global float *state, global int *shifts, int t, int rows,
                               int compensated)
{
    for (int g = 0; g < SIGNS; g++) {
        for (int j = 0; j < features; j++) {
            const int row = g * MP + j0 + j;
            float f;
            const int n = clf_split_1(SIGN_OF(g, uk[j * TILE + t]), &f) - ng[t];
            if (n > shifts[CLF_SLOT_S + row] + CLF_WINDOW)
                clf_state_raise(state, shifts, row, n + CLF_WINDOW, compensated);
        }
    }
    return clf_block_end(uk, features, j0, ng, shifts, t, rows);
}

// Makes the features of rows outside [r0, r1) exactly 0, whatever they were.
CLF_INLINE void clf_keep_rows(private float *f_tile, int features, int r0, int r1)
{
    for (int g = 0; g < SIGNS; g++) {
        for (int j = 0; j < features; j++) {
            for (int t = 0; t < TILE; t++) {
                if (t < r0 || t >= r1)
                    f_tile[g * PLANE + j * TILE + t] = 0.0f;
            }
        }
    }
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
causal_apply(global const float *q, long4 q_at, global const float *k, long4 k_at,
             global const float *v, long4 v_at, global float *out, long4 out_at,
             global const float *w, long w_head, global float *state, global int *shifts,
             float2 half_scale, long L, long segment_rows, int segments, int H, int head0,
             int compensated)
{
    const int segment = get_global_id(0);
    const int head = get_global_id(1);
    float qt[D * TILE] CLF_ALIGNED;
    float kt[D * TILE] CLF_ALIGNED;
    float values[TILE * EP] CLF_ALIGNED;
    float num[TILE * EP] CLF_ALIGNED;
    float fq[SIGNS * PLANE] CLF_ALIGNED;
    float fk[SIGNS * PLANE] CLF_ALIGNED;
    float a[TILE * TILE] CLF_ALIGNED;
    float den[TILE] CLF_ALIGNED;
    float factor[TILE] CLF_ALIGNED;
    float pg[TILE] CLF_ALIGNED;
    int ng[TILE] CLF_ALIGNED;
    int c[TILE] CLF_ALIGNED;

    q += clf_head(q_at, head0 + head, H);
    k += clf_head(k_at, head0 + head, H);
    v += clf_head(v_at, head0 + head, H);
    out += clf_head(out_at, head0 + head, H);
    w += (size_t)w_head * ((head0 + head) % H);
    const size_t slot = clf_slot(head, segments, segment, compensated);
    state += slot;
    shifts += slot;
    if (segment == 0)
        clf_state_clear(state, shifts, compensated);
    else
        clf_state_clear_error(state, compensated);
    clf_fill(fq, SIGNS * PLANE, 0.0f);
    clf_fill(fk, SIGNS * PLANE, 0.0f);

    const long begin = segment * segment_rows;
    const long end = min(L, begin + segment_rows);
    for (long row = begin; row < end; row += TILE) {
        const int rows = (int)min((long)TILE, end - row);
        clf_stage_transposed(qt, q + (size_t)row * (size_t)q_at.w, q_at.w, rows);
        clf_stage_transposed(kt, k + (size_t)row * (size_t)k_at.w, k_at.w, rows);
        clf_stage(values, v + (size_t)row * (size_t)v_at.w, v_at.w, rows);
        clf_key_norms(ng, pg, kt, rows, half_scale);
        clf_fill(num, TILE * EP, 0.0f);
        clf_fill(a, TILE * TILE, 0.0f);
        clf_fill(den, TILE, 0.0f);
        for (int t = 0; t < TILE; t++)
            c[t] = 2 * CLF_NO_KEY;

        for (int j0 = 0; j0 < M; j0 += JB) {
            const int features = min(JB, M - j0);
            global const float *w_block = w + (size_t)j0 * D;
            int r0 = 0, r1 = TILE, blocks = 0;
            int search = row == begin;  // whether the block's end has to be found
            while (r0 < rows && blocks < BLOCKS) {
                clf_project(fk, w_block, kt, features);
                if (search)
                    r1 =
                        clf_block_begin(fk, features, j0, ng, state, shifts, r0, rows, compensated);
                const int over = clf_key_features(fk, features, j0, ng, pg, shifts);
                if (over && !search) {
                    search = 1;
                    continue;
                }
                const int part = r0 > 0 || r1 < rows;
                // Rows outside the block take no part: their shift is out of reach and their
                // sums are put back.
                int c_block[TILE] CLF_ALIGNED;
                float den_block[TILE] CLF_ALIGNED;
                for (int t = 0; t < TILE; t++) {
                    c_block[t] = part && (t < r0 || t >= r1) ? -2 * CLF_NO_KEY : c[t];
                    den_block[t] = den[t];
                }
                int raise = j0 == 0;
                do {
                    clf_project(fq, w_block, qt, features);
                    if (raise && clf_raise_queries(fq, features, j0, c_block, factor, shifts)) {
                        clf_scale_rows(num, EP, factor);
                        clf_scale_rows(a, TILE, factor);
                        for (int t = 0; t < TILE; t++)
                            den_block[t] *= factor[t];
                    }
                    raise = clf_query_features(fq, features, j0, c_block, den_block, state, shifts);
                } while (raise);
                for (int t = 0; t < TILE; t++) {
                    if (!part || (t >= r0 && t < r1)) {
                        c[t] = c_block[t];
                        den[t] = den_block[t];
                    }
                }
                if (part) {
                    clf_keep_rows(fk, features, r0, r1);
                    clf_keep_rows(fq, features, r0, r1);
                }
                const int t1 = part ? r1 : TILE;
                clf_apply(num, fq, features, j0, state, r0, t1);
                clf_triangle_add(a, fq, fk, features);
                clf_state_add(state, fk, features, j0, values, r0, t1, compensated);
                r0 = r1;
                search = 1;
                blocks++;
            }
            if (r0 < rows) {
                clf_project(fk, w_block, kt, features);
                clf_project(fq, w_block, qt, features);
                for (int t = r0; t < rows; t++)
                    clf_walk_row(fq, fk, features, j0, t, ng, pg, values, c, num, den, a, state,
                                 shifts, compensated);
            }
        }
        clf_triangle_apply(num, den, a, values);
        clf_store_rows(out + (size_t)row * (size_t)out_at.w, out_at.w, num, den, rows);
    }
}
