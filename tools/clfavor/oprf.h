/* The projection of FAVOR++ for given queries and keys. */
#ifndef TOOL_OPRF_H
#define TOOL_OPRF_H

#include "attention.h"

/* Puts FAVOR++ of a->projection in its place, with the A that was chosen, or without one with that
 * of least variance for each key head; a->A then says which. Errors: INVALID_ARGUMENT (queries or
 * keys that are not finite have no best A), OUT_OF_HOST_MEMORY, those of clf_projection_oprf. */
clf_status oprf_apply(attention *a, const clf_log *log);

#endif
