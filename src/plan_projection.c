/* W on the device.
 *
 * Invariant: the device holds fp32 of W sqrt(scale) times the constant of the kind's function
 * (log2(e) of exp, 1/(2 pi) of cos and sin), rounded once, rows padded with zeros to MP per head;
 * kernels need no scale for q.k and work in powers of two, or in turns. A bias is the last column.
 * Rows may lie in panels.
 * Of a structured W, where kernels apply it as such, it holds the signs of D3, D2 and D1, what the
 * rows are multiplied by [MP], and the biases [MP] (kernels/common/wide_hadamard.clh).
 */
#include "plan_internal.h"

#include <math.h>
#include <stdlib.h>

#include "cl/buffer.h"
#include "cl/context_internal.h"
#include "host/checked.h"
#include "host/log.h"
#include "host/projection.h"

static clf_status check_fit(const clf_plan *plan, const clf_projection *projection)
{
    clf_status status = CLF_OK;
    const clf_log *log = &plan->ctx->log;
    const clfi_shape *s = &plan->shape;
    const int64_t heads = clf_projection_heads(projection);
    REQUIRE(clf_projection_rows(projection) == s->rows, log,
            "the projection has %lld rows, but R=%lld needs %lld",
            (long long)clf_projection_rows(projection), (long long)s->R, (long long)s->rows);
    REQUIRE(clf_projection_columns(projection) == s->D, log,
            "the projection has %lld columns, but D=%lld",
            (long long)clf_projection_columns(projection), (long long)s->D);
    REQUIRE(heads == 1 || heads == s->Hkv, log,
            "the projection has %lld heads, but 1 or Hkv=%lld fit", (long long)heads,
            (long long)s->Hkv);
    REQUIRE(s->biased == (clf_projection_bias(projection) != NULL), log,
            "the projection has %s bias, but the plan was made %s one", s->biased ? "no" : "a",
            s->biased ? "with" : "without");
    REQUIRE(plan->choice.DP == 0 || projection->n == plan->choice.DP, log,
            "the plan was made for a structured projection, but this one is not");
fail:
    return status;
}

/* What the kernel's function of u takes beside u. */
static double map_factor(const clfi_shape *s)
{
    const double log2_e = 1.44269504088896340736, per_turn = 0.15915494309189533577;
    if (s->kind_row->map == CLFI_MAP_EXP)
        return log2_e;
    const bool turns =
        s->kind_row->map == CLFI_MAP_TRIG || s->kind == CLF_KIND_COS || s->kind == CLF_KIND_SIN;
    return turns ? per_turn : 1.0;
}

/* Where column d of row m of W is: in row-major order, or in panels of project_rows rows, each of
 * them column by column. */
static int64_t place(const clf_plan *plan, int64_t m, int64_t d)
{
    const int64_t PR = plan->choice.project_rows, WD = plan->shape.WD;
    return plan->choice.panels ? m / PR * PR * WD + d * PR + m % PR : m * WD + d;
}

/* W of one head from W [rows, D] and bias [rows], which is NULL without one: into [MP, WD]. Rows
 * beyond `rows` are those of the minus sign of a pair that is made as two. */
static clf_status scale_head(const clf_plan *plan, const float *W, const float *bias, float *to)
{
    clf_status status = CLF_OK;
    const clfi_shape *s = &plan->shape;
    const double factor = map_factor(s), root = sqrt(s->scale);
    for (int64_t m = 0; m < s->M; m++) {
        const double sign = m < s->rows ? 1 : -1;
        const int64_t row = m % s->rows;
        for (int64_t d = 0; d < s->WD; d++) {
            float *at = &to[place(plan, m, d)];
            *at = (float)(d < s->D ? W[row * s->D + d] * sign * factor * root : bias[row] * factor);
            REQUIRE(isfinite(*at), &plan->ctx->log,
                    "row %lld of the projection times scale=%g is beyond a float", (long long)row,
                    s->scale);
        }
    }
fail:
    return status;
}

/* The same from a structured W: signs, rows' scales [MP], biases [MP]. A power of two moves from
 * the scales to each of the three diagonals, so that no transform makes values grow. */
static clf_status scale_structured_head(const clf_plan *plan, const clf_projection *from, int64_t h,
                                        float *to)
{
    clf_status status = CLF_OK;
    const clfi_shape *s = &plan->shape;
    const double factor = map_factor(s), root = sqrt(s->scale);
    const int64_t signs = clfi_structured_signs(s->M, from->n);
    const double *scale = from->scale + h * s->M;
    float *scales = to + signs, *biases = scales + plan->choice.MP;
    float down = 1;
    while (down * down * (float)from->n >= 4)
        down /= 2;
    for (int64_t i = 0; i < signs; i++)
        to[i] = down * from->signs[h * signs + i];
    for (int64_t m = 0; m < s->M; m++) {
        scales[m] = (float)(scale[m] * factor * root / ((double)down * down * down));
        biases[m] = from->bias ? (float)(from->bias[h * s->M + m] * factor) : 0.0f;
        REQUIRE(isfinite(scales[m]) && isfinite(biases[m]), &plan->ctx->log,
                "row %lld of the projection times scale=%g is beyond a float", (long long)m,
                s->scale);
    }
fail:
    return status;
}

/* Floats of W of one head. */
static int64_t head_floats(const clf_plan *plan)
{
    const clfi_shape *s = &plan->shape;
    const clfi_choice *c = &plan->choice;
    return c->DP ? clfi_structured_signs(s->M, c->DP) + 2 * c->MP : c->MP * s->WD;
}

/* Memory for W of `heads` heads, zeros. */
static float *allocate(const clf_plan *plan, int64_t heads, size_t *bytes)
{
    const int64_t sizes[] = {heads, head_floats(plan)};
    return clfi_product_bytes(sizes, 2, sizeof(float), bytes) ? calloc(1, *bytes) : NULL;
}

/* W of head h. */
static clf_status write_head(const clf_plan *plan, const clf_projection *from, int64_t h, float *to)
{
    const clfi_shape *s = &plan->shape;
    if (plan->choice.DP)
        return scale_structured_head(plan, from, h, to);
    return scale_head(plan, from->W + h * s->rows * s->D,
                      from->bias ? from->bias + h * s->rows : NULL, to);
}

clf_status clfi_plan_upload(const clf_plan *plan, const clf_projection *projection, cl_mem *out,
                            cl_long *w_head)
{
    clf_status status = CLF_OK;
    const clf_log *log = &plan->ctx->log;
    const clfi_shape *s = &plan->shape;
    int64_t heads = 1;
    size_t bytes = 0;
    float *scaled = NULL;
    if (!s->deterministic) {
        TRY(check_fit(plan, projection));
        heads = clf_projection_heads(projection);
    }
    scaled = allocate(plan, heads, &bytes);
    if (!scaled) {
        status = clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY,
                           "no memory for W of heads=%lld M=%lld D=%lld", (long long)heads,
                           (long long)s->M, (long long)s->D);
        goto fail;
    }
    for (int64_t j = 0; s->deterministic && j < s->M; j++)
        scaled[j] = (float)(map_factor(s) * sqrt(s->scale));
    for (int64_t h = 0; !s->deterministic && h < heads; h++)
        TRY(write_head(plan, projection, h, scaled + h * head_floats(plan)));
    TRY(clfi_buffer_create(plan->ctx, CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR, bytes, scaled,
                           "the projection", out));
    *w_head = heads > 1 ? head_floats(plan) : 0;
fail:
    free(scaled);
    return status;
}

clf_status clf_plan_set_projection(clf_plan *plan, const clf_projection *projection)
{
    clf_status status = CLF_OK;
    cl_mem w = NULL;
    cl_long w_head = 0;
    REQUIRE(plan, NULL, "plan is NULL");
    REQUIRE(projection, &plan->ctx->log, "projection is NULL");
    REQUIRE(plan->w && !plan->shape.deterministic, &plan->ctx->log,
            "the plan has no projection to be replaced");
    TRY(clfi_plan_upload(plan, projection, &w, &w_head));
    pthread_mutex_lock(&plan->lock);
    const cl_mem old = plan->w;
    plan->w = w;
    plan->w_head = w_head;
    clfi_plan_write_description(plan);
    pthread_mutex_unlock(&plan->lock);
    // Runs that are under way keep the memory: it goes when the last command that uses it is done.
    clReleaseMemObject(old);
fail:
    return status;
}
