// state_scan, wide: merges the states of a head's segments, all of them into slot 0 or, if
// `exclusive`, those before each segment into its slot. The formula is in common/state.clh.
//
// Work: one work-item (local size 1) per (JB state rows, head): get_global_id(0), (1).
// Private memory: 2 EP floats. No local memory, no barrier.
// Sums: fp32, a chain of `segments` terms. Fixed order: the same bits every run.
// Overflow: none; the factors are powers of two <= 1.
#include "common/state.clh"
#include "common/wide.clh"

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
state_scan(global float *state, global int *shifts, int segments, int exclusive, int compensated)
{
    const int begin = get_global_id(0) * JB;
    const size_t slot = clf_slot(get_global_id(1), segments, 0, compensated);
    // Rows beyond M too: causal_apply adds to whole register tiles of the last slot.
    for (int i = begin; i < begin + JB; i++)
        clf_state_scan(state + slot, shifts + slot, i, segments, exclusive, compensated);
}
