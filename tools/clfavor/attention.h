/* Steps that every command which runs attention has in common. */
#ifndef TOOL_ATTENTION_H
#define TOOL_ATTENTION_H

#include <clfavor/attention.h>

#include "host/ref/ref.h"

/* Refuses an odd --features R with --kind cosh (a clf_kind). Errors: INVALID_ARGUMENT. */
clf_status attention_check_features(int kind, int64_t R, const clf_log *log);

/* Draws the orthogonal projection of one head size for the problem's R and kind. The caller owns
 * *out. Errors: those of clf_projection_create. */
clf_status attention_draw(const clfi_problem *p, uint64_t seed, const clf_log *log,
                          clf_projection **out);

/* Points the problem at a projection, which must outlive it. */
void attention_use(clfi_problem *p, const clf_projection *projection);

/* The plan's parameters of a problem; `out` is the layout of the result. */
clf_plan_params attention_params(const clfi_problem *p, const clf_projection *projection,
                                 const clf_layout *out);

#endif
