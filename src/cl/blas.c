/* Calls of CLBlast under a lock, and its status codes in our words.
 *
 * The lock is the one variable of this library that is no constant: the cache it guards is one for
 * the process as well. It cannot guard a caller's own calls of CLBlast. */
#include "blas.h"

#include <pthread.h>

#include <clblast_c.h>

#include "cl/error.h"

static pthread_mutex_t k_lock = PTHREAD_MUTEX_INITIALIZER;

/* CLBlast's codes are OpenCL's above -1000, and its own below. */
static clf_status check(const clf_log *log, CLBlastStatusCode code, const clfi_gemm *gemm)
{
    if (code == CLBlastSuccess)
        return CLF_OK;
    const clf_status status = code > -1000 ? clfi_cl_status((cl_int)code) : CLF_ERROR_DEVICE;
    return clfi_fail(log, status, "CLBlast: product of [%lld, %lld] and [%lld, %lld]: code %d (%s)",
                     (long long)gemm->m, (long long)gemm->k, (long long)gemm->k, (long long)gemm->n,
                     (int)code,
                     code > -1000 ? clfi_cl_error_name((cl_int)code) : "see clblast_c.h");
}

static CLBlastTranspose transpose(const clfi_matrix *matrix)
{
    return matrix->transposed ? CLBlastTransposeYes : CLBlastTransposeNo;
}

/* Its kernels count elements in int. */
static clf_status check_reach(const clf_log *log, const clfi_gemm *g)
{
    const clfi_matrix *matrices[] = {&g->a, &g->b, &g->c};
    const int64_t rows[] = {g->a.transposed ? g->k : g->m, g->b.transposed ? g->n : g->k, g->m};
    for (int i = 0; i < 3; i++) {
        const int64_t end = matrices[i]->at + rows[i] * matrices[i]->stride;
        if (end > INT32_MAX)
            return clfi_fail(log, CLF_ERROR_UNSUPPORTED,
                             "CLBlast: a matrix of %lld rows ends at element %lld, the limit is %d",
                             (long long)rows[i], (long long)end, INT32_MAX);
    }
    return CLF_OK;
}

clf_status clfi_blas_temp_bytes(const clf_log *log, const clfi_gemm *gemm, cl_command_queue queue,
                                size_t *bytes)
{
    clf_status status = CLF_OK;
    const clfi_gemm *g = gemm;
    TRY(check_reach(log, g));
    pthread_mutex_lock(&k_lock);
    const CLBlastStatusCode code = CLBlastSGemmTempBufferSize(
        CLBlastLayoutRowMajor, transpose(&g->a), transpose(&g->b), (size_t)g->m, (size_t)g->n,
        (size_t)g->k, (size_t)g->a.at, (size_t)g->a.stride, (size_t)g->b.at, (size_t)g->b.stride,
        (size_t)g->c.at, (size_t)g->c.stride, &queue, bytes);
    pthread_mutex_unlock(&k_lock);
    TRY(check(log, code, g));
fail:
    return status;
}

clf_status clfi_blas_multiply(const clf_log *log, const clfi_gemm *gemm, cl_mem temp,
                              cl_command_queue queue)
{
    clf_status status = CLF_OK;
    const clfi_gemm *g = gemm;
    TRY(check_reach(log, g));
    pthread_mutex_lock(&k_lock);
    const CLBlastStatusCode code = CLBlastSgemmWithTempBuffer(
        CLBlastLayoutRowMajor, transpose(&g->a), transpose(&g->b), (size_t)g->m, (size_t)g->n,
        (size_t)g->k, 1.0f, g->a.mem, (size_t)g->a.at, (size_t)g->a.stride, g->b.mem,
        (size_t)g->b.at, (size_t)g->b.stride, g->beta, g->c.mem, (size_t)g->c.at,
        (size_t)g->c.stride, &queue, NULL, temp);
    pthread_mutex_unlock(&k_lock);
    TRY(check(log, code, g));
fail:
    return status;
}
