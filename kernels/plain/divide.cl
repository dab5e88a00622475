// divide, plain: out_i = numerators by denominator for a chunk of one head's queries.
//
// Work: one work-item per row of the chunk: get_global_id(0). A row that saw no key is 0.
// Private memory: nothing to speak of. No local memory, no barrier, any work-group size.
// Overflow: none that the sums do not have.
#include "common/chunk.clh"

kernel void divide(global const float *work, long8 parts, global clf_type(OUT_DTYPE) *out,
                   long4 out_at, long L, long first, int rows, int4 heads)
{
    const int r = get_global_id(0);
    const long t = first + r;
    if (r >= rows || t >= L)
        return;
    global const float *y = work + CLF_AT_Y + (size_t)r * EP;
    const float den = y[E];
    out += clf_query_at(out_at, heads.w, heads) + (size_t)t * (size_t)out_at.w;
    for (int e = 0; e < E; e++)
        clf_store(OUT_DTYPE)(den == 0.0f ? 0.0f : y[e] / den, out, e);
}
