/* The bandwidth of a copy: what the tensors of a run can be compared with at this moment.
 *
 *   out := in
 *
 * Shapes: in and out [work-groups, n, VW]. Work-groups: any size; on a CPU of one item. A group
 * copies n vectors that lie side by side, so neighbouring items touch neighbouring vectors and a
 * lone item walks straight on. Local memory: none. */
#include "vector.clh"

kernel void copy_peak(global const FLOATV *in, global FLOATV *out, int n)
{
    const size_t first = get_group_id(0) * (size_t)n;
    for (int i = get_local_id(0); i < n; i += get_local_size(0))
        out[first + i] = in[first + i];
}
