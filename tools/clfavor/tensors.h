/* Q, K and V from .npy files, checked against each other. */
#ifndef TOOL_TENSORS_H
#define TOOL_TENSORS_H

#include <stdbool.h>

#include "host/npy.h"
#include "host/ref/ref.h"

typedef struct tensors {
    clfi_npy q, k, v;
} tensors;

/* Reads three files of [L,D], [H,L,D] or [B,H,L,D] (with `blhd`: [B,L,H,D]) and sets the sizes,
 * layouts and pointers of `problem`; its other members are left alone.
 * Errors: those of clfi_npy_read; INVALID_ARGUMENT for shapes that disagree, with both values. */
clf_status tensors_read(const char *const paths[3], bool blhd, const clf_log *log, tensors *out,
                        clfi_problem *problem);

/* The shape of the result: that of q with the last size of v. Returns the number of dimensions. */
int tensors_out_shape(const tensors *t, int64_t shape[CLFI_NPY_MAX_DIMS]);

void tensors_finish(tensors *t);

/* Reads a projection [M,D] or [H,M,D] for `problem`, and sets its R, W and W_heads.
 * R_given is 0 or what the user asked for. The caller owns *out. */
struct clf_projection;
clf_status tensors_read_projection(const char *path, int64_t R_given, const char *q_path,
                                   const clf_log *log, clfi_problem *problem,
                                   struct clf_projection **out);

#endif
