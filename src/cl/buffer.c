/* Device memory with the limit checked first: drivers differ in what they do above it, and no
 * driver's message names sizes.
 *
 * Invariant: no buffer is larger than the device says one may be. */
#include "buffer.h"

#include "cl/context_internal.h"
#include "cl/error.h"
#include "cl/process.h"

static double mebibytes(uint64_t bytes)
{
    return (double)bytes / (1024.0 * 1024.0);
}

clf_status clfi_buffer_create(clf_context *ctx, cl_mem_flags flags, size_t bytes, const void *host,
                              const char *what, cl_mem *out)
{
    *out = NULL;
    const clf_status status = clfi_process_check(&ctx->log);
    if (status != CLF_OK)
        return status;
    const uint64_t limit = ctx->device.max_alloc_bytes;
    if (limit && bytes > limit)
        return clfi_fail(&ctx->log, CLF_ERROR_DEVICE_MEMORY,
                         "%s needs %.1f MiB, device %s allows %.1f MiB in one buffer", what,
                         mebibytes(bytes), ctx->device.name, mebibytes(limit));
    cl_int code = CL_SUCCESS;
    const cl_mem mem = clCreateBuffer(ctx->context, flags, bytes, (void *)host, &code);
    if (code != CL_SUCCESS)
        return clfi_fail(&ctx->log, clfi_cl_status(code), "%s of %.1f MiB on device %s: %s (%d)",
                         what, mebibytes(bytes), ctx->device.name, clfi_cl_error_name(code),
                         (int)code);
    *out = mem;
    return CLF_OK;
}
