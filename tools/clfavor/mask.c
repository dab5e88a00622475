/* Key masks. Knows no tensor but by its sizes.
 *
 * Invariant: what is returned has one byte for each key of each batch entry. */
#include "mask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/checked.h"
#include "host/log.h"
#include "host/npy.h"

enum {
    SHAPE_TEXT = 96
};

/* The shape as "[2,5,7]". */
static const char *describe_shape(const clfi_npy *npy, char text[SHAPE_TEXT])
{
    size_t used = 0;
    for (int i = 0; i < npy->ndim; i++)
        used += (size_t)snprintf(text + used, SHAPE_TEXT - used, "%s%lld", i ? "," : "[",
                                 (long long)npy->shape[i]);
    snprintf(text + used, SHAPE_TEXT - used, "]");
    return text;
}

/* Whether all sizes but the first and the last are 1. */
static bool is_thin(const clfi_npy *npy)
{
    for (int i = 1; i + 1 < npy->ndim; i++) {
        if (npy->shape[i] != 1)
            return false;
    }
    return true;
}

static clf_status check_shape(const clfi_npy *npy, const char *path, const clfi_problem *p,
                              const clf_log *log)
{
    char text[SHAPE_TEXT];
    const int64_t keys = npy->shape[npy->ndim - 1];
    const bool per_batch = npy->ndim >= 2 && npy->shape[0] == p->B && is_thin(npy);
    const long long B = p->B, L = p->L, S = p->S;
    if (keys == S && (npy->ndim == 1 || (npy->ndim == 2 && per_batch)))
        return CLF_OK;
    describe_shape(npy, text);
    if (keys == S && per_batch)
        return clfi_fail(log, CLF_ERROR_INVALID_ARGUMENT,
                         "%s has shape %s; write the same mask as [B,S]=[%lld,%lld]", path, text, B,
                         S);
    if (keys == S && npy->shape[npy->ndim - 2] == L)
        return clfi_fail(log, CLF_ERROR_UNSUPPORTED,
                         "%s has shape %s: a general [L,S] mask. The sums over keys are shared by "
                         "all queries, so linear attention cannot honour it; possible are a key "
                         "mask [B,S]=[%lld,%lld] or [S]=[%lld], and --causal",
                         path, text, B, S, S);
    return clfi_fail(log, CLF_ERROR_INVALID_ARGUMENT,
                     "%s has shape %s, but a key mask is [B,S]=[%lld,%lld] or [S]=[%lld]", path,
                     text, B, S, S);
}

clf_status mask_read(const char *path, const clfi_problem *p, const clf_log *log, uint8_t **out)
{
    clf_status status = CLF_OK;
    clfi_npy npy = {0};
    const int64_t counts[] = {p->B, p->S};
    size_t bytes;
    TRY(clfi_npy_read(path, log, &npy));
    REQUIRE(npy.type == CLFI_NPY_U8, log,
            "%s holds %s, but a mask is uint8: 1 for a key that is seen, 0 for one that is not",
            path, clfi_npy_describe(npy.type)->name);
    TRY(check_shape(&npy, path, p, log));
    *out = clfi_product_bytes(counts, 2, 1, &bytes) ? malloc(bytes) : NULL;
    if (!*out) {
        status = clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for a mask of %lld keys",
                           (long long)p->S);
        goto fail;
    }
    for (int64_t b = 0; b < p->B; b++)
        memcpy(*out + b * p->S, (const uint8_t *)npy.data + (npy.ndim == 1 ? 0 : b * p->S),
               (size_t)p->S);
fail:
    clfi_npy_finish(&npy);
    return status;
}
