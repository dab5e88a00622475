/* Device memory. Everything here is Safe. */
#ifndef CLFI_BUFFER_H
#define CLFI_BUFFER_H

#include <clfavor/context.h>

/* A buffer of `bytes` >= 1. `host` is what `flags` need: the contents to copy with
 * CL_MEM_COPY_HOST_PTR, else NULL. `what` names the buffer in messages: "workspace".
 * Errors: DEVICE_MEMORY (above the device's limit for one buffer: the message gives both sizes;
 * or the device refuses), OUT_OF_HOST_MEMORY, DEVICE. The caller releases *out with
 * clReleaseMemObject. */
clf_status clfi_buffer_create(clf_context *ctx, cl_mem_flags flags, size_t bytes, const void *host,
                              const char *what, cl_mem *out);

#endif
