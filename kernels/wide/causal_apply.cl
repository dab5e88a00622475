// causal_apply, wide: one segment of one head, tile by tile.
//
//   out_i = (phi(q_i) . Sx_i) / (phi(q_i) . z_i), sums over keys j <= i
//         = (tril(F_q^T F_k) V + F_q^T Sx) / (the same with V = 1);  then Sx += F_k V
//
// Work: one work-item (local size 1) per (segment, state): get_global_id(0), (1). Segment 0 starts
// from nothing, any other from the prefix that state_scan left in its slot; the slot then carries
// the state. The SHARE query heads of a state go through each tile together: the work on keys is
// done once.
//
// Past only: within a block of features the rows of a tile are taken in blocks [r0, r1) that
// share their shifts s. At r0 a shift is raised to 32 above row r0's key where that key exceeds
// it (or there was none); the block ends before the first row that would exceed a shift again.
// So every shift was set by a key that all rows of the block see: a denominator is at least
// 2^-34 and no row depends on a later one. A tile is first tried as one block, which is nearly
// always right; after BLOCKS blocks its remaining rows are walked one by one.
//
// Private memory: (X + EP + SIGNS JB + SHARE (X + EP + SIGNS JB + TILE)) TILE floats, X = XD or
// 2 DP. No local memory, no barrier.
// Sums: fp32; a tile's from zero in registers. Fixed order: the same bits every run.
// Overflow: key features are below 2^33, query features below 2^17; kinds without shifts are as
// large as f makes them, and need no blocks.
#include "common/wide_triangle.clh"
#include "common/wide_walk.clh"

#define BLOCKS 4  // blocks of rows in a tile before its rest is walked

// First row after r0 whose key exceeds a shift; U_k is the projection.
CLF_CALL int clf_block_end(private const float *uk, int features, int j0,
                             private const clf_terms *keys, global const int *shifts, float4 eps,
                             int r0, int rows)
{
    float m[SIGNS];
    int n[SIGNS];
    int end = rows;
    for (int j = 0; j < features; j++) {
        for (int t = r0 + 1; t < end; t++) {
            clf_features_1(uk[j * TILE + t], eps.x, m, n);
            for (int g = 0; g < SIGNS; g++) {
                if (n[g] - keys->n[t] > shifts[CLF_SLOT_S + g * MP + j0 + j] + CLF_WINDOW)
                    end = t;
            }
        }
    }
    return end;
}

// Raises the shifts that row t exceeds; returns how far the block that starts there reaches.
CLF_CALL int clf_block_begin(private const float *uk, int features, int j0,
                               private const clf_terms *keys, global float *state,
                               global int *shifts, float4 eps, int t, int rows, int compensated)
{
    float m[SIGNS];
    int n[SIGNS];
    for (int j = 0; j < features; j++) {
        clf_features_1(uk[j * TILE + t], eps.x, m, n);
        for (int g = 0; g < SIGNS; g++) {
            const int row = g * MP + j0 + j;
            const int n_k = n[g] - keys->n[t];
            if (n_k > shifts[CLF_SLOT_S + row] + CLF_WINDOW)
                clf_state_raise(state, shifts, row, n_k + CLF_WINDOW, compensated);
        }
    }
    return clf_block_end(uk, features, j0, keys, shifts, eps, t, rows);
}

// Makes the features of rows outside [r0, r1) exactly 0, whatever they were.
CLF_CALL void clf_keep_rows(private float *f_tile, int features, int r0, int r1)
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

// A tile of rows of one query head under way: inputs, features (or projections), numerators,
// denominators, the triangle, the shift of each row.
typedef struct {
    clf_inputs in;
    float f[SIGNS * PLANE] CLF_ALIGNED;
    float num[TILE * EP] CLF_ALIGNED;
    float a[TILE * TILE] CLF_ALIGNED;
    float den[TILE] CLF_ALIGNED;
    int c[TILE] CLF_ALIGNED;
    clf_terms terms;
} clf_queries;

// Stages the rows at q, sums at zero.
CLF_CALL void clf_queries_begin(private clf_queries *x, global const clf_type(Q_DTYPE) *q,
                                  long stride, int rows, global const float *w, float2 half_scale)
{
    int live[TILE] CLF_ALIGNED;
    clf_live_rows(live, rows, 0);
    clf_stage_q(&x->in, q, stride, live, clf_reach(rows));
    if (STABILISED || DEN_EPS)
        clf_find_norms(&x->terms, &x->in, half_scale, live);
    if (STABILISED)
        clf_find_peaks(&x->terms, x->f, w, &x->in);
    clf_fill(x->f, SIGNS * PLANE, 0.0f);
    clf_fill(x->num, TILE * EP, 0.0f);
    clf_fill(x->a, TILE * TILE, 0.0f);
    clf_fill(x->den, TILE, 0.0f);
    for (int t = 0; t < TILE; t++)
        x->c[t] = SHIFTED ? 2 * CLF_NO_KEY : 0;
}

// Rows [r0, r1) against the state and the key features fk of the same rows; `part`: they are not
// the whole tile. Rows outside take no part: their shift is out of reach and their sums are put
// back.
CLF_CALL void clf_queries_block(private clf_queries *x, private const float *fk,
                                  global const float *w, int features, int j0, int r0, int r1,
                                  int part, global const float *state, global const int *shifts,
                                  float4 eps)
{
    float factor[TILE] CLF_ALIGNED;
    float den[TILE] CLF_ALIGNED;
    int c[TILE] CLF_ALIGNED;
    for (int t = 0; t < TILE; t++) {
        c[t] = part && (t < r0 || t >= r1) ? -2 * CLF_NO_KEY : x->c[t];
        den[t] = x->den[t];
    }
    const int reach = x->in.reach;
    int raise = SHIFTED && j0 == 0;
    do {
        clf_project(x->f, w, &x->in, j0, features);
        if (raise && clf_raise_queries(x->f, features, j0, reach, c, factor, shifts, eps)) {
            clf_scale_rows(x->num, EP, factor, reach);
            clf_scale_rows(x->a, TILE, factor, reach);
            for (int t = 0; t < reach; t++)
                den[t] *= factor[t];
        }
        raise =
            clf_query_features(x->f, features, j0, reach, &x->terms, c, den, state, shifts, eps);
    } while (raise);
    for (int t = 0; t < TILE; t++) {
        if (!part || (t >= r0 && t < r1)) {
            x->c[t] = c[t];
            x->den[t] = den[t];
        }
    }
    if (part)
        clf_keep_rows(x->f, features, r0, r1);
    clf_apply(x->num, x->f, features, j0, state, r0, part ? r1 : clf_whole(reach));
    clf_triangle_add(x->a, x->f, fk, features, reach);
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
causal_apply(global const clf_type(Q_DTYPE) *q, long4 q_at, global const clf_type(K_DTYPE) *k,
             long4 k_at, global const clf_type(V_DTYPE) *v, long4 v_at,
             global clf_type(OUT_DTYPE) *out, long4 out_at, global const uchar *mask,
             long2 mask_at, global const float *w, long w_head, global float *state,
             global int *shifts, long peaks_at, float2 half_scale, float4 eps, long L,
             long segment_rows, int segments, int4 heads, int compensated)
{
    const int segment = get_global_id(0);
    const int state_head = get_global_id(1);
    const int head = clf_state_query_head(heads, state_head);
    clf_inputs in;
    float values[TILE * EP] CLF_ALIGNED;
    float fk[SIGNS * PLANE] CLF_ALIGNED;
    int live[TILE] CLF_ALIGNED, live_values[TILE] CLF_ALIGNED;
    clf_terms keys;
    clf_queries queries[SHARE];

    k += clf_key_at(k_at, head, heads);
    v += clf_key_at(v_at, head, heads);
    mask += MASK ? clf_mask_at(mask_at, head, heads) : 0;
    w += clf_w_at(w_head, head, heads);
    if (STABILISED)
        clf_use_peaks(&keys, state + peaks_at + (size_t)state_head * CLF_PEAKS);
    const size_t slot = clf_slot(state_head, segments, segment, compensated);
    state += slot;
    shifts += slot;
    if (segment == 0)
        clf_state_clear(state, shifts, compensated);
    else
        clf_state_clear_error(state, compensated);
    clf_fill(fk, SIGNS * PLANE, 0.0f);

    const long begin = segment * segment_rows;
    const long end = min(L, begin + segment_rows);
    for (long row = begin; row < end; row += TILE) {
        const int rows = (int)min((long)TILE, end - row);
        const int next = (int)min((long)TILE, end - row - TILE), reach = clf_reach(rows);
        clf_live_rows(live, rows, MASK == CLF_MASK_KEYS ? mask + row : 0);
        clf_live_rows(live_values, rows, MASK ? mask + row : 0);
        clf_stage_k(&in, k + (size_t)row * (size_t)k_at.w, k_at.w, live, reach);
        clf_stage_v(values, v + (size_t)row * (size_t)v_at.w, v_at.w, live_values);
        clf_find_norms(&keys, &in, half_scale, live);
        for (int i = 0; i < SHARE; i++)
            clf_queries_begin(&queries[i],
                              q + clf_query_at(q_at, head + i, heads) +
                                  (size_t)row * (size_t)q_at.w,
                              q_at.w, rows, w, half_scale);

        for (int j0 = 0; j0 < M; j0 += JB) {
            const int features = min(JB, M - j0);
            CLF_PREFETCH_ROWS(k + (size_t)(row + TILE) * (size_t)k_at.w, k_at.w, D, next, j0);
            CLF_PREFETCH_ROWS(v + (size_t)(row + TILE) * (size_t)v_at.w, v_at.w, E, next, j0);
            for (int i = 0; i < SHARE; i++) {
                CLF_PREFETCH_ROWS(q + clf_query_at(q_at, head + i, heads) +
                                      (size_t)(row + TILE) * (size_t)q_at.w,
                                  q_at.w, D, next, j0);
                CLF_PREFETCH_ROWS(out + clf_query_at(out_at, head + i, heads) +
                                      (size_t)row * (size_t)out_at.w,
                                  out_at.w, E, rows, j0);
            }
            int r0 = 0, r1 = reach, blocks = 0;
            int search = SHIFTED && row == begin;  // whether the block's end has to be found
            while (r0 < rows && blocks < BLOCKS) {
                clf_project(fk, w, &in, j0, features);
                if (search)
                    r1 = clf_block_begin(fk, features, j0, &keys, state, shifts, eps, r0, rows,
                                         compensated);
                const int over = clf_key_features(fk, features, j0, reach, &keys, shifts, eps);
                if (over && !search) {
                    search = 1;
                    continue;
                }
                const int part = SHIFTED && (r0 > 0 || r1 < rows);
                if (part)
                    clf_keep_rows(fk, features, r0, r1);
                for (int i = 0; i < SHARE; i++)
                    clf_queries_block(&queries[i], fk, w, features, j0, r0, r1, part, state, shifts,
                                      eps);
                const int t1 = part ? r1 : reach;
                clf_state_add(state, fk, features, j0, values, r0, t1, compensated);
                r0 = t1;
                search = SHIFTED;
                blocks++;
            }
            if (SHIFTED && r0 < rows) {
                clf_project(fk, w, &in, j0, features);
                for (int i = 0; i < SHARE; i++)
                    clf_project(queries[i].f, w, &queries[i].in, j0, features);
                for (int t = r0; t < rows; t++) {
                    clf_walk_key(fk, features, j0, t, &keys, values, state, shifts, eps,
                                 compensated);
                    for (int i = 0; i < SHARE; i++)
                        clf_walk_query(queries[i].f, features, j0, t, queries[i].c, queries[i].num,
                                       queries[i].den, queries[i].a, state, shifts, eps);
                }
            }
        }
        for (int i = 0; i < SHARE; i++) {
            private clf_queries *x = &queries[i];
            clf_triangle_apply(x->num, x->den, x->a, values, reach);
            clf_finish_denominators(x->den, &x->terms, x->c, eps, reach);
            clf_store_rows(out + clf_query_at(out_at, head + i, heads) +
                               (size_t)row * (size_t)out_at.w,
                           out_at.w, x->num, x->den, rows);
        }
    }
}
