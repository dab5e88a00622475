/* Q, K and V from .npy files, checked against each other. */
#ifndef TOOL_TENSORS_H
#define TOOL_TENSORS_H

#include <stdbool.h>

#include "attention.h"
#include "host/npy.h"

/* How the files are read. */
typedef struct tensor_files {
    const char *q, *k, *v;
    bool blhd;            // 4 dimensions are [B,L,H,D]
    option_choice dtype;  // what all are rounded to, and the result is; not given: q, k and v as
                          // their files have it, the result as q
} tensor_files;

/* Reads three files of [L,D], [H,L,D] or [B,H,L,D] (with `blhd`: [B,L,H,D]); k and v may have
 * fewer heads than q. Sets the sizes, layouts and tensors of `a`, and the shape of the result: that
 * of q with the last size of v. Errors: those of clfi_npy_read; INVALID_ARGUMENT for shapes that
 * disagree, with both values. */
clf_status tensors_read(const tensor_files *files, const clf_log *log, attention *a,
                        clfi_npy *result);

/* Warns of values that are NaN or infinite; keys and values that are masked may be so. */
void tensors_warn(const tensor_files *files, const attention *a, const clf_log *log);

#endif
