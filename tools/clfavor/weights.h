/* W and its bias from .npy files. */
#ifndef TOOL_WEIGHTS_H
#define TOOL_WEIGHTS_H

#include "attention.h"

/* Reads the projection [M,D] or [Hkv,M,D], and the bias [M] or [Hkv,M] if there is one, of any
 * float dtype, for a problem whose sizes are known. The caller owns *out; NULL without a file.
 * Errors: those of clfi_npy_read and clf_projection_import; INVALID_ARGUMENT for shapes that do not
 * fit, with both values. */
clf_status weights_read(const choices *c, const clfi_problem *p, const clf_log *log,
                        clf_projection **out);

#endif
