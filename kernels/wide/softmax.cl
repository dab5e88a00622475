// softmax, wide: out_i = sum_j w_ij v_j / sum_j w_ij with w_ij = exp(scale q_i.k_j), exactly, for a
// run of rows of one head; over the keys that the mask leaves, with CAUSAL over keys j <= i.
//
// Work: one work-item (local size 1) per (run of `run_rows` rows, query head).
// Per tile of TILE rows and JB live keys: scores U = K Q^T, weights in place, P^T V to the tile's
// numerators. The shift c of a row follows its largest score online. Masked keys are not taken
// into a key tile; their K and V are never read. K and V of a tile share one buffer in turn.
//
// Past only: in the tiles at the diagonal a row's score with a later key is replaced before it is
// used, and its sum ends at the last key it sees: a NaN in a later key or value never reaches it.
//
// Private memory: (D + EP + JB) TILE + max(D, EP) JB floats. No local memory, no barrier.
// Sums: fp32; a key tile's from zero in registers, then added to the row's: a chain of JB + S / JB
// terms. A row's order is that of its keys, whatever its place in a tile. Fixed order: the same
// bits every run.
// Overflow: weights are below sqrt(2), denominators above sqrt(1/2).
#include "common/softmax.clh"
#include "common/wide_sums.clh"

#define KEY_FLOATS (JB * (D > EP ? D : EP))  // a tile of keys, and later of their values

CLF_DEFINE_WEIGHT(_v, floatv, as_floatv, as_intv)

CLF_DEFINE_PRODUCT(clf_product_scores, private, private, PR, PV)
CLF_DEFINE_PRODUCT(clf_product_weights, private, private, UR, UV)
#if TV > 0
CLF_DEFINE_PRODUCT(clf_product_weights_tail, private, private, UR, TV)
#endif

// Fills `position` with the next live keys from *next on, at most JB; returns their number. Called,
// not inlined: inlined, Intel's CPU compiler (2026.2) loses a row of scores, for example of 5 keys.
CLF_CALL int clf_next_keys(private long *position, private long *next, long end,
                           global const uchar *mask)
{
    int keys = 0;
    long j = *next;
    for (; j < end && keys < JB; j++) {
        if (MASK == CLF_MASK_NONE || mask[j] != 0)
            position[keys++] = j;
    }
    *next = j;
    return keys;
}

// Declares, for rows stored as DTYPE, with a name that ends in N:
//   clf_gather_N(t, x, stride, position, keys)  the rows at `position` as [keys][PITCH]; 0 beyond
//     their WIDTH.
#define CLF_DEFINE_GATHER(N, DTYPE, WIDTH, PITCH)                                                  \
    CLF_INLINE void clf_gather##N(private float *t, global const clf_type(DTYPE) * x, long stride, \
                                  private const long *position, int keys)                          \
    {                                                                                              \
        for (int j = 0; j < keys; j++) {                                                           \
            global const clf_type(DTYPE) *row = x + (size_t)position[j] * (size_t)stride;          \
            int i = 0;                                                                             \
            for (; i + VW <= WIDTH; i += VW)                                                       \
                STOREV(clf_loadv(DTYPE)(row + i), t + j * PITCH + i);                              \
            for (; i < WIDTH; i++)                                                                 \
                t[j * PITCH + i] = clf_load(DTYPE)(row, i);                                        \
            for (; i < PITCH; i++)                                                                 \
                t[j * PITCH + i] = 0.0f;                                                           \
        }                                                                                          \
    }

CLF_DEFINE_GATHER(_k, K_DTYPE, D, D)
CLF_DEFINE_GATHER(_v, V_DTYPE, E, EP)

// U [keys][TILE] = K Q^T, for `keys` rounded up to PR: what lies beyond them is not used.
CLF_INLINE void clf_scores(private float *u, private const float *k, private const float *qt,
                           int keys)
{
    for (int t = 0; t < TILE; t += PV * VW) {
        for (int j = 0; j < keys; j += PR) {
            floatv acc[PR][PV];
#pragma unroll
            for (int r = 0; r < PR; r++) {
#pragma unroll
                for (int v = 0; v < PV; v++)
                    acc[r][v] = (floatv)(0.0f);
            }
            clf_product_scores(acc, k + j * D, D, 1, qt + t, TILE, 0, D);
#pragma unroll
            for (int r = 0; r < PR; r++) {
#pragma unroll
                for (int v = 0; v < PV; v++)
                    STORE_ALIGNED(acc[r][v], u + (j + r) * TILE + t + v * VW);
            }
        }
    }
}

// How many of the tile's keys each row from `row` on sees.
CLF_INLINE void clf_count_seen(private int *seen, private const long *position, int keys, long row)
{
    int n = 0;
    for (int t = 0; t < TILE; t++) {
        while (CAUSAL && n < keys && position[n] <= row + t)
            n++;
        seen[t] = CAUSAL ? n : keys;
    }
}

// Replaces the scores of keys that a row does not see.
CLF_INLINE void clf_hide(private float *u, private const int *seen, int keys)
{
    for (int t = 0; t < TILE && seen[t] < keys; t++) {
        for (int j = seen[t]; j < keys; j++)
            u[j * TILE + t] = -INFINITY;
    }
}

// Weights over the scores in place, after each row's shift c was raised to its largest exponent;
// den is brought to the new shift, and `factor` [TILE] receives what brings the numerators there.
CLF_INLINE void clf_weights(private float *u, int keys, private float *c, private float *factor,
                            private float *den)
{
    for (int t = 0; t < TILE; t += VW) {
        const floatv old = LOADV(c + t);
        floatv top = old, sum = (floatv)(0.0f);
        for (int j = 0; j < keys; j++) {
            const floatv score = LOADV(u + j * TILE + t);
            top = score > top ? score : top;
        }
        const floatv now = rint(top);
        for (int j = 0; j < keys; j++) {
            const floatv weight = clf_weight_v(LOADV(u + j * TILE + t) - now);
            STORE_ALIGNED(weight, u + j * TILE + t);
            sum += weight;
        }
        const floatv change = clf_weight_v(old - now);
        STOREV(fma(LOADV(den + t), change, sum), den + t);
        STOREV(change, factor + t);
        STOREV(now, c + t);
    }
}

// Rows t .. t + UR of num, columns e .. : the keys that all of the rows see, then the few that
// only later ones of them see.
#define CLF_WEIGHTS_TILE(PRODUCT, COLS)                                                            \
    {                                                                                              \
        floatv acc[UR][COLS];                                                                      \
        _Pragma("unroll") for (int r = 0; r < UR; r++)                                             \
        {                                                                                          \
            _Pragma("unroll") for (int v = 0; v < COLS; v++)                                       \
                acc[r][v] = (floatv)(0.0f);                                                        \
        }                                                                                          \
        PRODUCT(acc, p + t, 1, TILE, values + e, EP, 0, seen[t]);                                  \
        for (int j = seen[t]; CAUSAL && j < seen[t + UR - 1]; j++) {                               \
            _Pragma("unroll") for (int r = 1; r < UR; r++)                                         \
            {                                                                                      \
                const floatv x = (floatv)(p[j * TILE + t + r]);                                    \
                _Pragma("unroll") for (int v = 0; v < COLS; v++)                                   \
                {                                                                                  \
                    if (j < seen[t + r])                                                           \
                        acc[r][v] = fma(x, LOADV(values + j * EP + e + v * VW), acc[r][v]);        \
                }                                                                                  \
            }                                                                                      \
        }                                                                                          \
        _Pragma("unroll") for (int r = 0; r < UR; r++)                                             \
        {                                                                                          \
            const floatv x = (floatv)(factor[t + r]);                                              \
            _Pragma("unroll") for (int v = 0; v < COLS; v++)                                       \
            {                                                                                      \
                private float *n = num + (t + r) * EP + e + v * VW;                                \
                STORE_ALIGNED(fma(LOADV(n), x, acc[r][v]), n);                                     \
            }                                                                                      \
        }                                                                                          \
    }

// num = factor num + P^T V, each row over the keys it sees; P [keys][TILE].
CLF_INLINE void clf_add_values(private float *num, private const float *factor,
                               private const float *p, private const float *values,
                               private const int *seen)
{
    for (int t = 0; t < TILE; t += UR) {
        int e = 0;
        for (; e + UV * VW <= EP; e += UV * VW)
            CLF_WEIGHTS_TILE(clf_product_weights, UV)
#if TV > 0
        CLF_WEIGHTS_TILE(clf_product_weights_tail, TV)
#endif
    }
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
softmax(global const clf_type(Q_DTYPE) *q, long4 q_at, global const clf_type(K_DTYPE) *k,
        long4 k_at, global const clf_type(V_DTYPE) *v, long4 v_at, global clf_type(OUT_DTYPE) *out,
        long4 out_at, global const uchar *mask, long2 mask_at, float score_scale, long L, long S,
        long run_rows, int4 heads)
{
    const int head = heads.w + get_global_id(1);
    clf_inputs in;
    float num[TILE * EP] CLF_ALIGNED;
    float keys_or_values[KEY_FLOATS] CLF_ALIGNED;
    float u[JB * TILE] CLF_ALIGNED;
    float c[TILE] CLF_ALIGNED, den[TILE] CLF_ALIGNED, factor[TILE] CLF_ALIGNED;
    int live[TILE] CLF_ALIGNED, seen[TILE] CLF_ALIGNED;
    long position[JB] CLF_ALIGNED;

    q += clf_query_at(q_at, head, heads);
    k += clf_key_at(k_at, head, heads);
    v += clf_key_at(v_at, head, heads);
    out += clf_query_at(out_at, head, heads);
    mask += MASK ? clf_mask_at(mask_at, head, heads) : 0;
    clf_fill(keys_or_values, KEY_FLOATS, 0.0f);

    const long begin = get_global_id(0) * run_rows;
    const long end = min(L, begin + run_rows);
    for (long row = begin; row < end; row += TILE) {
        const int rows = (int)min((long)TILE, end - row);
        clf_live_rows(live, rows, 0);
        clf_stage_q(&in, q + (size_t)row * (size_t)q_at.w, q_at.w, live, TILE);
        for (int i = 0; i < D * TILE; i++)
            in.x[i] *= score_scale;
        clf_fill(num, TILE * EP, 0.0f);
        clf_fill(den, TILE, 0.0f);
        clf_fill(c, TILE, CLF_NO_SCORE);
        const long visible = CAUSAL ? row + rows : S;
        for (long next = 0; next < visible;) {
            const int keys = clf_next_keys(position, &next, visible, mask);
            clf_gather_k(keys_or_values, k, k_at.w, position, keys);
            clf_scores(u, keys_or_values, in.x, keys);
            clf_count_seen(seen, position, keys, row);
            clf_hide(u, seen, keys);
            clf_weights(u, keys, c, factor, den);
            clf_gather_v(keys_or_values, v, v_at.w, position, keys);
            clf_add_values(num, factor, u, keys_or_values, seen);
        }
        clf_store_rows(out + (size_t)row * (size_t)out_at.w, out_at.w, num, den, rows);
    }
}
