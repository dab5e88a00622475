/* CLBlast: the only door to it. Built where CLBlast is.
 *
 * Invariant: one call of CLBlast at a time in the process, by a lock: before 1.6.1 its cache of
 * programs races (https://github.com/CNugteren/CLBlast/issues/486). Everything here is Safe. */
#ifndef CLFI_BLAS_H
#define CLFI_BLAS_H

#include <clfavor/context.h>

/* A row-major matrix inside a buffer of floats. */
typedef struct clfi_matrix {
    cl_mem mem;
    int64_t at, stride;  // elements: the first one, and from row to row
    bool transposed;     // as it enters the product
} clfi_matrix;

/* c [m, n] = a [m, k] b [k, n] + beta c. With beta 0, c is not read. */
typedef struct clfi_gemm {
    int64_t m, n, k;
    clfi_matrix a, b, c;
    float beta;
} clfi_gemm;

/* Bytes that the product needs at the beginning of a buffer of its caller's; 0 for none.
 * Errors: UNSUPPORTED (a matrix ends beyond 2^31 elements), and as of clfi_blas_multiply. */
clf_status clfi_blas_temp_bytes(const clf_log *log, const clfi_gemm *gemm, cl_command_queue queue,
                                size_t *bytes);

/* Enqueues the product. What is on an out-of-order queue before it must be kept apart by a barrier,
 * what comes after it too. `temp` has the bytes above, and more than 0 in any case. The first
 * call of a context compiles. Errors: as of clfi_cl_status; DEVICE for what only CLBlast says. */
clf_status clfi_blas_multiply(const clf_log *log, const clfi_gemm *gemm, cl_mem temp,
                              cl_command_queue queue);

#endif
