/* Attention of random tensors: what is measured. */
#ifndef TOOL_DRAWN_H
#define TOOL_DRAWN_H

#include "attention.h"
#include "lines.h"

/* The problem of a line with q, k and v of normal numbers and a projection, all from the seed of
 * its choices. The caller finishes *out, also on failure. Errors: INVALID_ARGUMENT (a tensor is too
 * large to be counted), OUT_OF_HOST_MEMORY, those of attention_settle. */
clf_status drawn_attention(const line *l, const clf_log *log, attention *out);

#endif
