/* Programs from the embedded kernels. Everything here is Safe. */
#ifndef CLFI_PROGRAM_H
#define CLFI_PROGRAM_H

#include <clfavor/context.h>

/* Builds one program of n >= 1 kernel files for the context's device, each with one kernel of the
 * file's name ("wide/kv_state.cl" has kv_state).
 * `options` ("-DD=64 -DE=64"; may be "") must be composed from integers; -cl-std=CL1.2 is added.
 * A program that the context has built before, or that an earlier process has kept on disk
 * (disk.h), is taken instead. Kernels of one program may be made and used by any number of plans.
 * With CLFAVOR_KERNEL_DIR the files and what they include are read from there, each time: they may
 * have changed.
 * On a failed build the log gets the end of the build log line by line, then one message that
 * names files, options and OpenCL's error.
 * Errors: BUILD, OUT_OF_HOST_MEMORY, DEVICE; with CLFAVOR_KERNEL_DIR also IO (a file cannot be
 * read) and INVALID_ARGUMENT (a path no compiler option can carry). The caller releases *out
 * with clReleaseProgram. Blocking. */
clf_status clfi_program_build(clf_context *ctx, const char *const *paths, int n,
                              const char *options, cl_program *out);

/* The same without any cache of ours, and all else equal: to measure what a build costs. */
clf_status clfi_program_compile(clf_context *ctx, const char *const *paths, int n,
                                const char *options, cl_program *out);

/* Keeps the binary of a program of clfi_program_build for later processes, where that is wanted and
 * it is not there yet. To be called after the first launches: drivers compile as late as in
 * clCreateKernel (Mali) or at the first launch (PoCL), and what they have compiled by then is in
 * the binary. Failures are told as DEBUG. Blocking. */
void clfi_program_keep(clf_context *ctx, cl_program program);

/* The kernel `name` of a built program. A cl_kernel is for one thread at a time: its arguments
 * are state. Errors: as of clfi_cl_status. The caller releases *out with clReleaseKernel. */
clf_status clfi_kernel_create(clf_context *ctx, cl_program program, const char *name,
                              cl_kernel *out);

#endif
