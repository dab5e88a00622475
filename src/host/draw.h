/* The draw of W for one head, the same bits on every host. */
#ifndef CLFI_DRAW_H
#define CLFI_DRAW_H

#include "projection.h"

/* Doubles of scratch memory that a draw of M x D needs; the sizes are within the limits. */
int64_t clfi_draw_scratch(int64_t M, int64_t D);

/* W [M, D] of one head. The params are valid; `scratch` holds clfi_draw_scratch(M, D) doubles. */
void clfi_draw(const clf_projection_params *params, uint32_t head, double *scratch, float *W);

/* The same for a structured W: one head of W, signs and scale. */
void clfi_draw_structured(const clf_projection_params *params, uint32_t head, double *scratch,
                          clf_projection *projection);

#endif
