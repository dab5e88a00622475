// gather_queries, plain: a chunk of one head's queries as GEMM takes them.
//
// Work: one work-item per row of the chunk: get_global_id(0). Rows beyond L are zeros.
// Private memory: nothing to speak of. No local memory, no barrier, any work-group size.
// Overflow: none.
#include "common/chunk.clh"

kernel void gather_queries(global const clf_type(Q_DTYPE) *q, long4 q_at, global const float *w,
                           long w_head, global float *work, long8 parts, long L, long first,
                           int rows, int4 heads)
{
    const int r = get_global_id(0);
    const int head = heads.w;
    const long t = first + r;
    if (r >= rows)
        return;
    q += clf_query_at(q_at, head, heads) + (size_t)t * (size_t)q_at.w;
    clf_gather_q(q, t < L, w + clf_w_at(w_head, head, heads),
                 work + CLF_AT_X + (size_t)r * XD);
}
