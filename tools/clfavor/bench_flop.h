/* The work of a run, by the formulas of docs/math.md, section 2. */
#ifndef TOOL_BENCH_FLOP_H
#define TOOL_BENCH_FLOP_H

#include "bench.h"

/* FLOP of a forward pass, multiply-add = 2. */
double bench_flop_total(const clf_plan *plan);

/* FLOP that a stage has to do; NAN for one whose work is not multiply-adds. A causal head that is
 * cut goes twice over the keys of all segments but the last, so stages can do more than the total
 * counts. */
double bench_flop_stage(const clf_plan *plan, clfi_stage stage);

/* Bytes of q, k, v and out, each once: no run can move less. */
double bench_bytes(const clf_plan *plan);

#endif
