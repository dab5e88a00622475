// softmax, plain: out_i = sum_j w_ij v_j / sum_j w_ij with w_ij = exp(scale q_i.k_j), exactly, for
// a run of rows of one head; over the keys that the mask leaves, with CAUSAL over keys j <= i.
//
// Work: one work-item per (run of `run_rows` rows, query head): get_global_id(0), (1). It walks the
// keys; the shift c of a row follows its largest score online. K and V of a key that is masked or
// later than the row are never read.
// Private memory: 2 E floats. No local memory, no barrier, any work-group size.
// Sums: fp32, key by key, compensated. Fixed order: the same bits every run.
// Overflow: weights are below sqrt(2), denominators above sqrt(1/2).
#include "common/plain.clh"
#include "common/softmax.clh"

CLF_INLINE float clf_score(global const clf_type(Q_DTYPE) *query,
                           global const clf_type(K_DTYPE) *key, float score_scale)
{
    float u = 0.0f;
    for (int d = 0; d < D; d++)
        u = fma(score_scale * clf_load(Q_DTYPE)(query, d), clf_load(K_DTYPE)(key, d), u);
    return u;
}

kernel void softmax(global const clf_type(Q_DTYPE) *q, long4 q_at,
                    global const clf_type(K_DTYPE) *k, long4 k_at,
                    global const clf_type(V_DTYPE) *v, long4 v_at,
                    global clf_type(OUT_DTYPE) *out, long4 out_at, global const uchar *mask,
                    long2 mask_at, float score_scale, long L, long S, long run_rows, int4 heads)
{
    const int head = heads.w + get_global_id(1);
    float sum[E + 1], error[E + 1];  // the numerators, then the denominator, both times 2^-c

    q += clf_query_at(q_at, head, heads);
    k += clf_key_at(k_at, head, heads);
    v += clf_key_at(v_at, head, heads);
    out += clf_query_at(out_at, head, heads);
    mask += MASK ? clf_mask_at(mask_at, head, heads) : 0;

    const long begin = get_global_id(0) * run_rows;
    const long end = min(L, begin + run_rows);
    for (long t = begin; t < end; t++) {
        float c = CLF_NO_SCORE;
        for (int e = 0; e <= E; e++)
            sum[e] = error[e] = 0.0f;
        const long visible = CAUSAL ? t + 1 : S;
        for (long j = 0; j < visible; j++) {
            if (MASK && mask[j] == 0)
                continue;
            const float u = clf_score(q + (size_t)t * (size_t)q_at.w,
                                      k + (size_t)j * (size_t)k_at.w, score_scale);
            if (rint(u) > c) {
                const float factor = clf_weight_1(c - rint(u));
                c = rint(u);
                for (int e = 0; e <= E; e++) {
                    sum[e] *= factor;
                    error[e] *= factor;
                }
            }
            const float weight = clf_weight_1(u - c);
            global const clf_type(V_DTYPE) *value = v + (size_t)j * (size_t)v_at.w;
            for (int e = 0; e < E; e++)
                CLF_ADD_COMPENSATED(sum[e], weight * clf_load(V_DTYPE)(value, e), error[e]);
            CLF_ADD_COMPENSATED(sum[E], weight, error[E]);
        }
        global clf_type(OUT_DTYPE) *row = out + (size_t)t * (size_t)out_at.w;
        for (int e = 0; e < E; e++)
            clf_store(OUT_DTYPE)(sum[E] == 0.0f ? 0.0f : sum[e] / sum[E], row, e);
    }
}
