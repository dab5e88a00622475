/* Weights of a projection from files. Draws nothing.
 *
 * Invariant: W and bias are of the same rows and of the same heads. */
#include "weights.h"

#include "host/log.h"
#include "host/npy.h"

enum {
    MOST_ROWS = 65536
};

/* Reads floats of any dtype; `npy` keeps the shape. */
static clf_status read_floats(const char *path, const clf_log *log, clfi_npy *npy, array *out)
{
    clf_status status = CLF_OK;
    size_t count = 1;
    TRY(clfi_npy_read(path, log, npy));
    REQUIRE(npy->type != CLFI_NPY_U8, log,
            "%s holds uint8, but weights are float32, float16 or bfloat16", path);
    for (int i = 0; i < npy->ndim; i++)
        count *= (size_t)npy->shape[i];
    TRY(array_take(&npy->data, (clf_dtype)npy->type, CLF_DTYPE_F32, count, log, out));
fail:
    if (status != CLF_OK)
        clfi_npy_finish(npy);
    return status;
}

/* Reads the bias of a projection of [heads, M]. */
static clf_status read_bias(const choices *c, int64_t heads, int64_t M, const clf_log *log,
                            array *out)
{
    clf_status status = CLF_OK;
    clfi_npy npy = {0};
    TRY(read_floats(c->bias, log, &npy, out));
    REQUIRE(npy.ndim <= 2, log, "%s has %d dimensions, but a bias has 1 or 2: [M] or [Hkv,M]",
            c->bias, npy.ndim);
    const int64_t own = npy.ndim == 2 ? npy.shape[0] : 1;
    const int64_t rows = npy.shape[npy.ndim - 1];
    REQUIRE(rows == M, log, "M=%lld of %s but M=%lld of %s", (long long)rows, c->bias, (long long)M,
            c->projection);
    REQUIRE(own == heads, log, "Hkv=%lld of %s but Hkv=%lld of %s", (long long)own, c->bias,
            (long long)heads, c->projection);
fail:
    return status;
}

clf_status weights_read(const choices *c, const clfi_problem *p, const clf_log *log,
                        clf_projection **out)
{
    clf_status status = CLF_OK;
    const char *path = c->projection;
    clfi_npy npy = {0};
    array W = {0};
    array bias = {0};
    *out = NULL;
    if (!path)
        return CLF_OK;
    TRY(read_floats(path, log, &npy, &W));
    REQUIRE(npy.ndim == 2 || npy.ndim == 3, log,
            "%s has %d dimension%s, but a projection has 2 or 3: [M,D] or [Hkv,M,D]", path,
            npy.ndim, npy.ndim == 1 ? "" : "s");
    const int64_t heads = npy.ndim == 3 ? npy.shape[0] : 1;
    const int64_t M = npy.shape[npy.ndim - 2];
    const int64_t D = npy.shape[npy.ndim - 1];
    REQUIRE(D == p->D, log, "D=%lld of %s but D=%lld of the queries", (long long)D, path,
            (long long)p->D);
    REQUIRE(heads == 1 || heads == p->Hkv, log, "Hkv=%lld of %s but Hkv=%lld of the keys",
            (long long)heads, path, (long long)p->Hkv);
    REQUIRE(M <= MOST_ROWS, log, "M=%lld of %s is above %d", (long long)M, path, MOST_ROWS);
    if (c->bias)
        TRY(read_bias(c, heads, M, log, &bias));
    TRY(clf_projection_import(W.values, bias.values, heads, M, D, log, out));
fail:
    array_finish(&W);
    array_finish(&bias);
    return status;
}
