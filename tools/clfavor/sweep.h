/* How the time per token changes with the length: near a constant, where exact attention would
 * double with every step. */
#ifndef TOOL_SWEEP_H
#define TOOL_SWEEP_H

#include "attention.h"

/* Repeats the rows of a layer (contiguous, no mask) to lengths from 512 to 16384, times attention
 * and prints the times; `svg` receives the chart unless it is NULL. `name` is that of the layer.
 * Errors: those of clf_plan_create, clf_plan_run and svg_write. */
clf_status sweep_run(clf_context *ctx, const attention *layer, const choices *c, const char *name,
                     const char *svg, const clf_log *log);

#endif
