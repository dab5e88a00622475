/* A key mask from a .npy file. */
#ifndef TOOL_MASK_H
#define TOOL_MASK_H

#include "host/ref/ref.h"

/* Reads uint8 [B,S], or [S] for all batch entries, into [B,S]; the caller frees *out. A shape that
 * fits [B,S] is one, whatever else it might be. Errors: those of clfi_npy_read; UNSUPPORTED for a
 * general mask [L,S]; INVALID_ARGUMENT for any other shape, with both sizes. */
clf_status mask_read(const char *path, const clfi_problem *p, const clf_log *log, uint8_t **out);

#endif
