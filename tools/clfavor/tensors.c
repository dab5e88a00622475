/* Input files of attention. Transposes nothing: other layouts become strides.
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

static clf_status read_tensor(const char *path, bool blhd, const clf_log *log, clfi_npy *npy)
{
    clf_status status = CLF_OK;
    TRY(clfi_npy_read(path, log, npy));
    REQUIRE(npy->type != CLFI_NPY_U8, log,
            "%s holds uint8, as a mask does, but a tensor is float32, float16 or bfloat16", path);
    REQUIRE(!blhd || npy->ndim == 4, log,
            "--layout blhd needs 4 dimensions [B,L,H,D], but %s has %d", path, npy->ndim);
    REQUIRE(npy->ndim >= 2, log,
            "%s has 1 dimension, but a tensor has 2 to 4: [L,D], [H,L,D] or [B,H,L,D]", path);
fail:
    return status;
}

/* Sizes of the problem from those of the files. */
static clf_status agree(const tensor_files *f, const clfi_npy npy[3], const clf_log *log,
                        clfi_problem *problem)
{
    clf_status status = CLF_OK;
    const char *const paths[3] = {f->q, f->k, f->v};
    const sizes q = sizes_of(&npy[0], f->blhd);
    const sizes k = sizes_of(&npy[1], f->blhd);
    const sizes v = sizes_of(&npy[2], f->blhd);
    const struct {
        const char *name;
        int a, b;  // which files
        int64_t in_a, in_b;
    } pairs[] = {
        {"dimensions", 0, 1, npy[0].ndim, npy[1].ndim},
        {"dimensions", 0, 2, npy[0].ndim, npy[2].ndim},
        {"B", 0, 1, q.B, k.B},
        {"B", 0, 2, q.B, v.B},
        {"H", 1, 2, k.H, v.H},
        {"D", 0, 1, q.columns, k.columns},
        {"S", 1, 2, k.rows, v.rows},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        REQUIRE(pairs[i].in_a == pairs[i].in_b, log, "%s=%lld of %s but %s=%lld of %s",
                pairs[i].name, (long long)pairs[i].in_a, paths[pairs[i].a], pairs[i].name,
                (long long)pairs[i].in_b, paths[pairs[i].b]);
    REQUIRE(q.H % k.H == 0, log, "H=%lld of %s is no multiple of H=%lld of %s", (long long)q.H,
            f->q, (long long)k.H, f->k);
    problem->B = q.B;
    problem->H = q.H;
    problem->Hkv = k.H;
    problem->L = q.rows;
    problem->S = k.rows;
    problem->D = q.columns;
    problem->E = v.columns;
    problem->q_layout = layout_of(&q, f->blhd);
    problem->k_layout = layout_of(&k, f->blhd);
    problem->v_layout = layout_of(&v, f->blhd);
fail:
    return status;
}

/* Moves the values of a file into an array. */
static clf_status take(clfi_npy *npy, option_choice dtype, const clf_log *log, array *out)
{
    size_t count = 1;
    for (int i = 0; i < npy->ndim; i++)
        count *= (size_t)npy->shape[i];
    const clf_dtype own = (clf_dtype)npy->type;
    return array_take(&npy->data, own, dtype.given ? (clf_dtype)dtype.index : own, count, log, out);
}

clf_status tensors_read(const tensor_files *f, const clf_log *log, attention *a, clfi_npy *result)
{
    clf_status status = CLF_OK;
    const char *const paths[3] = {f->q, f->k, f->v};
    clfi_npy npy[3] = {{0}};
    array x[3] = {{0}};
    for (int i = 0; i < 3; i++)
        TRY(read_tensor(paths[i], f->blhd, log, &npy[i]));
    TRY(agree(f, npy, log, &a->problem));
    for (int i = 0; i < 3; i++)
        TRY(take(&npy[i], f->dtype, log, &x[i]));
    attention_set_tensors(a, &x[0], &x[1], &x[2]);
    const clfi_problem *p = &a->problem;
    a->out_dtype = a->q.dtype;
    a->out_layout = f->blhd ? clf_layout_blhd(p->H, p->L, p->E) : clf_layout_bhld(p->H, p->L, p->E);
    *result = npy[0];
    result->type = (clfi_npy_type)a->out_dtype;
    result->shape[result->ndim - 1] = p->E;
fail:
    for (int i = 0; i < 3; i++) {
        clfi_npy_finish(&npy[i]);
        array_finish(&x[i]);
    }
    return status;
}

/* How many of `columns` values are not finite. */
static int64_t count_bad(const float *row, int64_t columns)
{
    int64_t bad = 0;
    for (int64_t i = 0; i < columns; i++)
        bad += !isfinite(row[i]);
    return bad;
}

void tensors_warn(const tensor_files *f, const attention *a, const clf_log *log)
{
    const clfi_problem *p = &a->problem;
    const struct {
        const char *path;
        const array *values;
        const clf_layout *at;
        int64_t H, rows, columns;
        const uint8_t *mask;
    } tensors[] = {
        {f->q, &a->q, &p->q_layout, p->H, p->L, p->D, NULL},
        {f->k, &a->k, &p->k_layout, p->Hkv, p->S, p->D, a->mask},
        {f->v, &a->v, &p->v_layout, p->Hkv, p->S, p->E, a->mask},
    };
    for (size_t i = 0; i < sizeof tensors / sizeof tensors[0]; i++) {
        const clf_layout *at = tensors[i].at;
        int64_t bad = 0;
        for (int64_t row = 0; row < p->B * tensors[i].H * tensors[i].rows; row++) {
            const int64_t l = row % tensors[i].rows;
            const int64_t h = row / tensors[i].rows % tensors[i].H;
            const int64_t b = row / tensors[i].rows / tensors[i].H;
            if (!tensors[i].mask || tensors[i].mask[b * p->S + l])
                bad += count_bad(tensors[i].values->values + b * at->b + h * at->h + l * at->l,
                                 tensors[i].columns);
        }
        if (bad)
            clfi_log(log, CLF_LOG_WARNING, "%s holds %lld values that are NaN or infinite as %s",
                     tensors[i].path, (long long)bad, clf_dtype_name(tensors[i].values->dtype));
    }
}
