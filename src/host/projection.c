/* Projections as objects: checks, memory and access. The numbers come from draw.c.
 *
 * Invariant: every value of a projection is finite. */
#include "projection.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "draw.h"
#include "log.h"

#define MAX_M     ((int64_t)1 << 20)
#define MAX_D     ((int64_t)1 << 15)
#define MAX_TOTAL ((int64_t)1 << 31)

/* Memory for rows x columns values, or NULL. */
static void *allocate(int64_t rows, int64_t columns, size_t size)
{
    const int64_t sizes[] = {rows, columns};
    size_t bytes = 0;
    return clfi_product_bytes(sizes, 2, size, &bytes) ? malloc(bytes) : NULL;
}

int64_t clfi_structured_block(int64_t D)
{
    int64_t n = 8;
    while (n < D && n < MAX_D)
        n *= 2;
    return n;
}

int64_t clfi_structured_signs(int64_t M, int64_t n)
{
    return 3 * ((M + n - 1) / n) * n;
}

/* Copies `count` values that must be finite; `name` is what messages call them. */
static clf_status copy_finite(const float *from, int64_t count, const char *name,
                              const clf_log *log, float *to)
{
    clf_status status = CLF_OK;
    for (int64_t i = 0; i < count; i++)
        REQUIRE(isfinite(from[i]), log, "%s[%lld]=%g is not finite", name, (long long)i,
                (double)from[i]);
    memcpy(to, from, (size_t)count * sizeof *from);
fail:
    return status;
}

clf_status clfi_projection_allocate(int64_t heads, int64_t M, int64_t D, int64_t n, bool with_bias,
                                    const clf_log *log, clf_projection **out)
{
    clf_status status = CLF_OK;
    clf_projection *projection = NULL;
    REQUIRE(M >= 1 && M <= MAX_M, log, "M=%lld projections, but 1 to %lld are possible",
            (long long)M, (long long)MAX_M);
    REQUIRE(D >= 1 && D <= MAX_D, log, "D=%lld columns of W, but 1 to %lld are possible",
            (long long)D, (long long)MAX_D);
    int64_t total = 0;
    REQUIRE(heads >= 1 && clfi_mul_i64(M * D, heads, &total) && total <= MAX_TOTAL, log,
            "heads=%lld with M=%lld and D=%lld: W must have 1 to %lld values", (long long)heads,
            (long long)M, (long long)D, (long long)MAX_TOTAL);

    projection = calloc(1, sizeof *projection);
    if (projection) {
        projection->W = allocate(heads, M * D, sizeof(float));
        projection->bias = with_bias ? allocate(heads, M, sizeof(float)) : NULL;
        projection->signs = n ? allocate(heads, clfi_structured_signs(M, n), sizeof(float)) : NULL;
        projection->scale = n ? allocate(heads, M, sizeof(double)) : NULL;
    }
    if (!projection || !projection->W || (with_bias && !projection->bias) ||
        (n && (!projection->signs || !projection->scale))) {
        status = clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for W of %lld values",
                           (long long)total);
        goto fail;
    }
    projection->heads = heads;
    projection->M = M;
    projection->D = D;
    projection->n = n;
    *out = projection;
    return CLF_OK;
fail:
    clf_projection_destroy(&projection);
    return status;
}

const char *clf_projection_kind_name(clf_projection_kind kind)
{
    static const char *const names[CLF_PROJECTION_KIND_COUNT] = {"orthogonal", "iid", "structured"};
    return (int)kind >= 0 && kind < CLF_PROJECTION_KIND_COUNT ? names[kind] : NULL;
}

clf_status clf_projection_create(const clf_projection_params *params, const clf_log *log,
                                 clf_projection **out)
{
    clf_status status = CLF_OK;
    clf_projection *projection = NULL;
    double *scratch = NULL;
    REQUIRE(out, log, "out is NULL");
    *out = NULL;
    REQUIRE(params, log, "params is NULL");
    REQUIRE(clf_projection_kind_name(params->kind), log, "unknown projection kind %d",
            (int)params->kind);
    REQUIRE(params->norms == CLF_NORMS_CHI || params->norms == CLF_NORMS_SQRT_D, log,
            "unknown row norms %d", (int)params->norms);
    const int64_t heads = params->heads == 0 ? 1 : params->heads;
    const bool structured = params->kind == CLF_PROJECTION_STRUCTURED;
    const int64_t n = structured ? clfi_structured_block(params->D) : 0;
    TRY(clfi_projection_allocate(heads, params->M, params->D, n, false, log, &projection));

    scratch = allocate(1, clfi_draw_scratch(params->M, params->D), sizeof(double));
    if (!scratch) {
        status =
            clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory to draw W of M=%lld D=%lld",
                      (long long)params->M, (long long)params->D);
        goto fail;
    }
    for (int64_t h = 0; h < heads; h++) {
        if (structured)
            clfi_draw_structured(params, (uint32_t)h, scratch, projection);
        else
            clfi_draw(params, (uint32_t)h, scratch, projection->W + h * params->M * params->D);
    }
    free(scratch);
    *out = projection;
    return CLF_OK;
fail:
    clf_projection_destroy(&projection);
    return status;
}

clf_status clf_projection_import(const float *W, const float *bias, int64_t heads, int64_t M,
                                 int64_t D, const clf_log *log, clf_projection **out)
{
    clf_status status = CLF_OK;
    clf_projection *projection = NULL;
    REQUIRE(out, log, "out is NULL");
    *out = NULL;
    REQUIRE(W, log, "W is NULL");
    TRY(clfi_projection_allocate(heads, M, D, 0, bias != NULL, log, &projection));
    TRY(copy_finite(W, heads * M * D, "W", log, projection->W));
    if (bias)
        TRY(copy_finite(bias, heads * M, "bias", log, projection->bias));
    *out = projection;
    return CLF_OK;
fail:
    clf_projection_destroy(&projection);
    return status;
}

const float *clf_projection_data(const clf_projection *projection)
{
    return projection ? projection->W : NULL;
}

const float *clf_projection_bias(const clf_projection *projection)
{
    return projection ? projection->bias : NULL;
}

int64_t clf_projection_heads(const clf_projection *projection)
{
    return projection ? projection->heads : 0;
}

int64_t clf_projection_rows(const clf_projection *projection)
{
    return projection ? projection->M : 0;
}

int64_t clf_projection_columns(const clf_projection *projection)
{
    return projection ? projection->D : 0;
}

void clf_projection_destroy(clf_projection **projection)
{
    if (!projection || !*projection)
        return;
    free((*projection)->W);
    free((*projection)->bias);
    free((*projection)->signs);
    free((*projection)->scale);
    free(*projection);
    *projection = NULL;
}
