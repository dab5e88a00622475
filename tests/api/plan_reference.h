/* Holds the result of a plan against the fp64 reference and the bound of docs/numerics.md.
 *
 * Invariant: every element is judged. For positive features only: signed ones may be noise. */
#ifndef PLAN_REFERENCE_H
#define PLAN_REFERENCE_H

#include "host/ref/ref.h"
#include "plan_internal.h"
#include "plan_support.h"

static inline float *as_floats(const void *x, clf_dtype dtype, int64_t count)
{
    float *y = malloc((size_t)count * sizeof *y);
    ck_assert_ptr_nonnull(y);
    clf_convert(x, dtype, y, CLF_DTYPE_F32, (size_t)count);
    return y;
}

/* One head of `out` [B,H,L,E], contiguous. */
static inline void assert_head_is_right(const clf_plan *plan, const clfi_problem *problem,
                                        const float *out, int64_t b, int64_t h)
{
    enum {
        ROWS = 101,
        WIDTH = 12
    };
    const bool exact = plan->shape.path == CLF_PATH_EXACT;
    const int64_t L = problem->L, E = problem->E;
    int64_t index[ROWS];
    double ref[ROWS * WIDTH], magnitude[ROWS * WIDTH], drift[ROWS * WIDTH], condition[ROWS];
    ck_assert(L <= ROWS && E <= WIDTH);
    for (int64_t i = 0; i < L; i++)
        index[i] = i;
    const clfi_rows rows = {.count = L, .index = index};
    const clfi_judgement judgement = {ref, magnitude, drift, condition};
    ck_assert_int_eq((exact ? clfi_ref_softmax : clfi_ref_favor)(problem, b, h, &rows, &judgement),
                     CLF_OK);
    const clfi_bound bound = (exact ? clfi_ref_softmax_bound
                                    : clfi_ref_bound)(problem, b, h, (double)plan->choice.chain);
    for (int64_t i = 0; i < L * E; i++) {
        const double x = out[(b * problem->H + h) * L * E + i];
        const double limit = clfi_ref_limit(&bound, &judgement, i) +
                             clfi_ref_rounding(plan->shape.tensor[CLFI_OUT].dtype, ref[i]);
        ck_assert_msg(fabs(x - ref[i]) <= limit,
                      "b=%d h=%d row %d element %d: %.9g, not %.9g; error %.3g is above %.3g",
                      (int)b, (int)h, (int)(i / E), (int)(i % E), x, ref[i], fabs(x - ref[i]),
                      limit);
    }
}

/* Asserts that args->out is right. Contiguous tensors of the small problem's L and E at most, any
 * dtypes; a projection must be given unless the path is exact. */
static inline void assert_right(const clf_plan *plan, const clf_plan_params *p,
                                const clf_host_args *args)
{
    const int64_t heads = p->B * p->H, key_heads = p->B * plan->shape.Hkv;
    float *q = as_floats(args->q, p->q_dtype, heads * p->L * p->D);
    float *k = as_floats(args->k, p->k_dtype, key_heads * p->S * p->D);
    float *v = as_floats(args->v, p->v_dtype, key_heads * p->S * p->E);
    float *out = as_floats(args->out, p->out_dtype, heads * p->L * p->E);
    clfi_problem problem = {.B = p->B,
                            .H = p->H,
                            .Hkv = p->Hkv,
                            .L = p->L,
                            .S = p->S,
                            .D = p->D,
                            .E = p->E,
                            .R = p->R,
                            .kind = p->kind,
                            .causal = p->causal,
                            .scale = plan->shape.scale,
                            .kernel_eps = plan->shape.kernel_eps,
                            .preset = p->preset,
                            .q = q,
                            .k = k,
                            .v = v,
                            .mask = args->mask};
    if (p->path != CLF_PATH_EXACT) {
        problem.W = clf_projection_data(p->projection);
        problem.bias = clf_projection_bias(p->projection);
        problem.W_heads = clf_projection_heads(p->projection);
    }
    for (int64_t head = 0; head < heads; head++)
        assert_head_is_right(plan, &problem, out, head / p->H, head % p->H);
    free(q);
    free(k);
    free(v);
    free(out);
}

#endif
