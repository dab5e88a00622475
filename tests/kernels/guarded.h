/* Memory on the device in which every byte that is no data is under guard. Knows bytes, no
 * numbers: what an element means is the caller's business.
 *
 * Invariant: what is no data holds a NaN of every dtype, so that reading it shows, and must hold
 * the same bits afterwards, so that writing it shows. */
#ifndef KERNELS_GUARDED_H
#define KERNELS_GUARDED_H

#include <clfavor/attention.h>

/* A tensor [B, H, rows, columns] of `size` bytes an element. */
typedef struct tensor_form {
    int64_t B, H, rows, columns;
    size_t size;
    clf_layout layout;  // zero: contiguous
    int64_t offset;     // elements before the tensor, beyond the guard
} tensor_form;

typedef struct placed {
    tensor_form form;
    int64_t first, elements;  // where the tensor begins in the memory, and all that it holds
    unsigned char *image;     // what it was filled with
    cl_mem mem;
} placed;

/* Memory for a tensor. `data`, contiguous, goes into it; NULL for an output. */
placed place(clf_context *ctx, const tensor_form *form, const void *data);

clf_buffer placed_buffer(const placed *p);

/* All of it must be as it was, but for the data when `out` is given, which receives them,
 * contiguous. Then releases everything. `name` is used in messages. */
void placed_finish(clf_context *ctx, placed *p, const char *name, void *out);

/* A part of a larger buffer, all of it filled; `part` is NULL when it has no bytes. */
typedef struct guarded {
    cl_mem whole, part;
    size_t before, bytes;
} guarded;

guarded guard_bytes(clf_context *ctx, size_t bytes);

/* Checks what lies around the part, and releases both. */
void guarded_finish(clf_context *ctx, guarded *g);

#endif
