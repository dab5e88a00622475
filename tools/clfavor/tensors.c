/* Input files of attention. Copies nothing: other layouts become strides.
 *
 * Invariant: after success every size of the problem agrees over the files. */
#include "tensors.h"

#include <math.h>
#include <string.h>

#include "host/log.h"

/* A file's sizes as [B, H, rows, columns]; missing ones are 1. */
typedef struct sizes {
    int64_t B, H, rows, columns;
} sizes;

static sizes sizes_of(const clfi_npy *npy, bool blhd)
{
    int64_t full[CLFI_NPY_MAX_DIMS] = {1, 1, 1, 1};
    memcpy(full + CLFI_NPY_MAX_DIMS - npy->ndim, npy->shape,
           (size_t)npy->ndim * sizeof npy->shape[0]);
    const sizes s = {full[0], full[blhd ? 2 : 1], full[blhd ? 1 : 2], full[3]};
    return s;
}

static clf_layout layout_of(const sizes *s, bool blhd)
{
    return blhd ? clf_layout_blhd(s->H, s->rows, s->columns)
                : clf_layout_bhld(s->H, s->rows, s->columns);
}

static void warn_not_finite(const clfi_npy *npy, const char *path, const clf_log *log)
{
    int64_t count = 1;
    int64_t bad = 0;
    for (int i = 0; i < npy->ndim; i++)
        count *= npy->shape[i];
    for (int64_t i = 0; i < count; i++)
        bad += !isfinite(npy->data[i]);
    if (bad)
        clfi_log(log, CLF_LOG_WARNING, "%s holds %lld values that are NaN or infinite", path,
                 (long long)bad);
}

static clf_status check_rank(const clfi_npy *npy, const char *path, bool blhd, const clf_log *log)
{
    if (blhd && npy->ndim != 4)
        return clfi_fail(log, CLF_ERROR_INVALID_ARGUMENT,
                         "--layout blhd needs 4 dimensions [B,L,H,D], but %s has %d", path,
                         npy->ndim);
    if (npy->ndim < 2)
        return clfi_fail(log, CLF_ERROR_INVALID_ARGUMENT,
                         "%s has 1 dimension, but a tensor has 2 to 4: [L,D], [H,L,D] or [B,H,L,D]",
                         path);
    return CLF_OK;
}

clf_status tensors_read(const char *const paths[3], bool blhd, const clf_log *log, tensors *out,
                        clfi_problem *problem)
{
    clf_status status = CLF_OK;
    *out = (tensors){0};
    clfi_npy *const files[3] = {&out->q, &out->k, &out->v};
    for (int i = 0; i < 3; i++) {
        TRY(clfi_npy_read(paths[i], log, files[i]));
        TRY(check_rank(files[i], paths[i], blhd, log));
        warn_not_finite(files[i], paths[i], log);
    }
    const sizes q = sizes_of(&out->q, blhd);
    const sizes k = sizes_of(&out->k, blhd);
    const sizes v = sizes_of(&out->v, blhd);
    const struct {
        const char *name;
        int a, b;  // which files
        int64_t in_a, in_b;
    } pairs[] = {
        {"dimensions", 0, 1, out->q.ndim, out->k.ndim},
        {"dimensions", 0, 2, out->q.ndim, out->v.ndim},
        {"B", 0, 1, q.B, k.B},
        {"B", 0, 2, q.B, v.B},
        {"H", 0, 1, q.H, k.H},
        {"H", 0, 2, q.H, v.H},
        {"D", 0, 1, q.columns, k.columns},
        {"S", 1, 2, k.rows, v.rows},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        REQUIRE(pairs[i].in_a == pairs[i].in_b, log, "%s=%lld of %s but %s=%lld of %s",
                pairs[i].name, (long long)pairs[i].in_a, paths[pairs[i].a], pairs[i].name,
                (long long)pairs[i].in_b, paths[pairs[i].b]);
    problem->B = q.B;
    problem->H = q.H;
    problem->L = q.rows;
    problem->S = k.rows;
    problem->D = q.columns;
    problem->E = v.columns;
    problem->q_layout = layout_of(&q, blhd);
    problem->k_layout = layout_of(&k, blhd);
    problem->v_layout = layout_of(&v, blhd);
    problem->q = out->q.data;
    problem->k = out->k.data;
    problem->v = out->v.data;
    return CLF_OK;
fail:
    tensors_finish(out);
    return status;
}

int tensors_out_shape(const tensors *t, int64_t shape[CLFI_NPY_MAX_DIMS])
{
    memcpy(shape, t->q.shape, sizeof t->q.shape);
    shape[t->q.ndim - 1] = t->v.shape[t->v.ndim - 1];
    return t->q.ndim;
}

void tensors_finish(tensors *t)
{
    clfi_npy_finish(&t->q);
    clfi_npy_finish(&t->k);
    clfi_npy_finish(&t->v);
}

clf_status tensors_read_projection(const char *path, int64_t R_given, const char *q_path,
                                   const clf_log *log, clfi_problem *problem, clf_projection **out)
{
    clf_status status = CLF_OK;
    clfi_npy npy = {0};
    *out = NULL;
    TRY(clfi_npy_read(path, log, &npy));
    REQUIRE(npy.ndim == 2 || npy.ndim == 3, log,
            "%s has %d dimensions, but a projection has 2 or 3: [M,D] or [H,M,D]", path, npy.ndim);
    const int64_t heads = npy.ndim == 3 ? npy.shape[0] : 1;
    const int64_t M = npy.shape[npy.ndim - 2];
    const int64_t D = npy.shape[npy.ndim - 1];
    REQUIRE(D == problem->D, log, "D=%lld of %s but D=%lld of %s", (long long)D, path,
            (long long)problem->D, q_path);
    REQUIRE(heads == 1 || heads == problem->H, log, "H=%lld of %s but H=%lld of %s",
            (long long)heads, path, (long long)problem->H, q_path);
    REQUIRE(M <= 65536, log, "M=%lld of %s is above 65536", (long long)M, path);
    const int64_t R = problem->kind == CLF_KIND_COSH ? 2 * M : M;
    REQUIRE(!R_given || R_given == R, log, "--features %lld but M=%lld of %s gives %lld features",
            (long long)R_given, (long long)M, path, (long long)R);
    problem->R = R;
    TRY(clf_projection_import(npy.data, heads, M, D, log, out));
fail:
    clfi_npy_finish(&npy);
    return status;
}
