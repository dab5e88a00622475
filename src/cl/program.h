/* Programs from the embedded kernels. Everything here is Safe. */
#ifndef CLFI_PROGRAM_H
#define CLFI_PROGRAM_H

#include <clfavor/context.h>

/* Builds one program of n >= 1 kernel files ("wide/kv_state.cl") for the context's device.
 * `options` ("-DD=64 -DE=64"; may be "") must be composed from integers; -cl-std=CL1.2 is added.
 * With CLFAVOR_KERNEL_DIR the files and what they include are read from there.
 * On a failed build the log gets the end of the build log line by line, then one message that
 * names files, options and OpenCL's error.
 * Errors: BUILD, OUT_OF_HOST_MEMORY, DEVICE; with CLFAVOR_KERNEL_DIR also IO (a file cannot be
 * read) and INVALID_ARGUMENT (a path no compiler option can carry). The caller releases *out
 * with clReleaseProgram. Blocking. */
clf_status clfi_program_build(clf_context *ctx, const char *const *paths, int n,
                              const char *options, cl_program *out);

/* The kernel `name` of a built program. A cl_kernel is for one thread at a time: its arguments
 * are state. Errors: as of clfi_cl_status. The caller releases *out with clReleaseKernel. */
clf_status clfi_kernel_create(clf_context *ctx, cl_program program, const char *name,
                              cl_kernel *out);

#endif
