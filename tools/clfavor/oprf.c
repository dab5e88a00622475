/* FAVOR++ in the tool: A from the option, or from the data. Draws nothing.
 *
 * Invariant: masked keys, which may hold anything, are not looked at. */
#include "oprf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host/checked.h"
#include "host/log.h"

/* The keys of a head that the mask leaves, as rows [count, D]; returns how many. */
static int64_t gather_keys(const clfi_problem *p, int64_t b, int64_t key_head, float *keys)
{
    const float *from = p->k + b * p->k_layout.b + key_head * p->k_layout.h;
    int64_t count = 0;
    for (int64_t j = 0; j < p->S; j++) {
        if (!p->mask || p->mask[b * p->S + j])
            memcpy(keys + count++ * p->D, from + j * p->k_layout.l, (size_t)p->D * sizeof *keys);
    }
    return count;
}

/* The mean of |x + y|^2 over batch, query heads and pairs of a key head; 0 where there is no pair.
 * `keys` has room for [S, D]. */
static double mean_square_of(const clfi_problem *p, int64_t key_head, float *keys)
{
    const int64_t group = p->H / p->Hkv;
    double sum = 0;
    int64_t terms = 0;
    for (int64_t b = 0; b < p->B; b++) {
        const int64_t count = gather_keys(p, b, key_head, keys);
        for (int64_t h = key_head * group; count && h < (key_head + 1) * group; h++, terms++)
            sum += clf_oprf_mean_square(p->q + b * p->q_layout.b + h * p->q_layout.h, p->L,
                                        p->q_layout.l, keys, count, p->D, p->D, p->scale);
    }
    return terms ? sum / (double)terms : 0;
}

/* The A of least variance of every key head. */
static clf_status find_optima(const clfi_problem *p, const clf_log *log, double *A)
{
    clf_status status = CLF_OK;
    const int64_t counts[] = {p->S, p->D};
    size_t bytes = 0;
    float *keys = clfi_product_bytes(counts, 2, sizeof *keys, &bytes) ? malloc(bytes) : NULL;
    if (!keys)
        return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for %lld keys",
                         (long long)p->S);
    for (int64_t h = 0; h < p->Hkv; h++) {
        A[h] = clf_oprf_optimum(mean_square_of(p, h, keys), p->D);
        REQUIRE(isfinite(A[h]), log,
                "key head %lld has no best A: q or k holds NaN, infinite or huge values; --A gives "
                "one",
                (long long)h);
    }
fail:
    free(keys);
    return status;
}

clf_status oprf_apply(attention *a, const clf_log *log)
{
    clf_status status = CLF_OK;
    clf_projection *projection = NULL;
    const bool given = a->choices.A.given;
    a->A_count = given ? 1 : a->problem.Hkv;
    a->A = calloc((size_t)a->A_count, sizeof *a->A);
    if (!a->A)
        return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for A of %lld heads",
                         (long long)a->A_count);
    if (given)
        a->A[0] = a->choices.A.value;
    else
        TRY(find_optima(&a->problem, log, a->A));
    TRY(clf_projection_oprf(a->projection, a->A, a->A_count, log, &projection));
    clf_projection_destroy(&a->projection);
    a->projection = projection;
fail:
    return status;
}
