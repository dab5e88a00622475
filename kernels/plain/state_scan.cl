// state_scan, plain: merges the states of a head's segments, all of them into slot 0 or, if
// `exclusive`, those before each segment into its slot. The formula is in common/state.clh.
//
// Work: one work-item per (state row, head): get_global_id(0), (1).
// Private memory: 2 EP floats. No local memory, no barrier, any work-group size.
// Sums: fp32, a chain of `segments` terms. Fixed order: the same bits every run.
// Overflow: none; the factors are powers of two <= 1.
#include "common/state.clh"

kernel void state_scan(global float *state, global int *shifts, int segments, int exclusive,
                       int compensated)
{
    const int index = get_global_id(0);
    const size_t slot = clf_slot(get_global_id(1), segments, 0, compensated);
    if (index < CLF_ROWS && index % MP < M)
        clf_state_scan(state + slot, shifts + slot, index, segments, exclusive, compensated);
}
