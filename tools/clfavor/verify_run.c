/* The tensors of a case, and the judgement of a plan's result. Prints nothing but progress.
 *
 * Invariant: the judge is the fp64 reference, which gets the rounded inputs and the same W. */
#include "verify_run.h"

#include <math.h>
#include <stdlib.h>

#include "host/kinds.h"
#include "host/log.h"
#include "measure.h"

/* Rows of random direction whose norm after the scaling goes from c->first to c->last. */
static void fill_rows(const verify_case *c, uint64_t seed, uint32_t sequence, int64_t heads,
                      int64_t rows, float *x)
{
    const double root = sqrt(1 / sqrt((double)c->D));
    measure_fill_normal(seed, sequence, x, heads * rows * c->D);
    for (int64_t i = 0; i < heads * rows; i++) {
        const double part = rows > 1 ? (double)(i % rows) / (double)(rows - 1) : 0;
        const double wanted = c->first * pow(c->last / c->first, part);
        double square = 0;
        for (int64_t d = 0; d < c->D; d++)
            square += (double)x[i * c->D + d] * x[i * c->D + d];
        const double factor = square > 0 ? wanted / (root * sqrt(square)) : 0;
        for (int64_t d = 0; d < c->D; d++)
            x[i * c->D + d] = (float)(x[i * c->D + d] * factor);
    }
}

/* Masks two keys of five, and puts NaN where nobody may look: in values, and in keys but for
 * presets that mask values alone. */
static void mask_keys(const verify_case *c, uint8_t *mask, float *k, float *v)
{
    const bool keys = clfi_preset(c->preset)->padding == CLFI_PADDING_KEYS;
    for (int64_t b = 0; b < c->B; b++) {
        for (int64_t j = 0; j < c->S; j++)
            mask[b * c->S + j] = (j + b) % 5 >= 2;
    }
    for (int64_t row = 0; row < c->B * c->Hkv * c->S; row++) {
        if (mask[row / (c->Hkv * c->S) * c->S + row % c->S])
            continue;
        v[row * c->E] = NAN;
        if (keys)
            k[row * c->D] = NAN;
    }
}

static clf_status make_tensors(const verify_case *c, uint64_t seed, const clf_log *log,
                               attention *a)
{
    clf_status status = CLF_OK;
    const int64_t heads = c->B * c->H;
    const int64_t key_heads = c->B * c->Hkv;
    const int64_t counts[3] = {heads * c->L * c->D, key_heads * c->S * c->D,
                               key_heads * c->S * c->E};
    void *data[3] = {NULL};
    array x[3] = {{0}};
    for (int i = 0; i < 3; i++)
        data[i] = malloc((size_t)counts[i] * sizeof(float));
    a->mask = c->masked ? malloc((size_t)(c->B * c->S)) : NULL;
    if (!data[0] || !data[1] || !data[2] || (c->masked && !a->mask)) {
        status = clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for case '%s'", c->name);
        goto fail;
    }
    fill_rows(c, seed, 0, heads, c->L, data[0]);
    fill_rows(c, seed, 1, key_heads, c->S, data[1]);
    measure_fill_normal(seed, 2, data[2], counts[2]);
    if (c->masked)
        mask_keys(c, a->mask, data[1], data[2]);
    a->problem.mask = a->mask;
    const clf_dtype dtypes[3] = {c->q, c->k, c->v};
    for (int i = 0; i < 3; i++)
        TRY(array_take(&data[i], CLF_DTYPE_F32, dtypes[i], (size_t)counts[i], log, &x[i]));
    attention_set_tensors(a, &x[0], &x[1], &x[2]);
fail:
    for (int i = 0; i < 3; i++) {
        free(data[i]);
        array_finish(&x[i]);
    }
    return status;
}

clf_status verify_make(const verify_case *c, uint64_t seed, const clf_log *log, attention *a)
{
    clf_status status = CLF_OK;
    const choices chosen = {
        .kind = {true, c->kind},
        .draw = {c->draw != CLF_PROJECTION_ORTHOGONAL, (int)c->draw},
        .preset = {true, c->preset},
        .path = {true, c->path},
        .features = c->deterministic ? 0 : c->R,
        .kernel_eps = {c->kernel_eps > 0, c->kernel_eps},
        .deterministic = c->deterministic,
        .causal = c->causal,
        .seed = seed,
    };
    a->problem = (clfi_problem){
        .B = c->B,
        .H = c->H,
        .Hkv = c->Hkv,
        .L = c->L,
        .S = c->S,
        .D = c->D,
        .E = c->E,
        .q_layout = clf_layout_bhld(c->H, c->L, c->D),
        .k_layout = clf_layout_bhld(c->Hkv, c->S, c->D),
        .v_layout = clf_layout_bhld(c->Hkv, c->S, c->E),
    };
    a->out_dtype = c->out;
    a->out_layout = clf_layout_bhld(c->H, c->L, c->E);
    TRY(make_tensors(c, seed, log, a));
    TRY(attention_settle(a, &chosen, NULL, log));
fail:
    return status;
}

/* The problem that the heads of the last key head of the last batch entry are by themselves. W is
 * shared by all heads. */
static clfi_problem last_heads(const clfi_problem *p, array *out, const clf_layout *at)
{
    clfi_problem last = *p;
    const int64_t group = p->H / p->Hkv, b = p->B - 1, h = p->H - group, hkv = p->Hkv - 1;
    last.B = last.Hkv = 1;
    last.H = group;
    last.q += b * p->q_layout.b + h * p->q_layout.h;
    last.k += b * p->k_layout.b + hkv * p->k_layout.h;
    last.v += b * p->v_layout.b + hkv * p->v_layout.h;
    if (last.mask)
        last.mask += b * p->S;
    out->values += b * at->b + h * at->h;
    return last;
}

clf_status verify_judge(const attention *a, clf_plan *plan, uint64_t seed, double budget, bool last,
                        const clf_log *log, verify_result *result)
{
    clf_status status = CLF_OK;
    const bool exact = a->choices.path.index == CLF_PATH_EXACT;
    array out = {0};
    compared_rows rows = {0};
    comparison errors = {0};
    TRY(attention_run(a, plan, a->out_dtype, log, &out));
    array part = out;
    const clfi_problem p = last ? last_heads(&a->problem, &part, &a->out_layout) : a->problem;
    TRY(compare_choose(&p, seed, budget, log, &rows));
    TRY(compare_run(&p, exact ? &reference_softmax : &reference_favor, &rows, &part, &a->out_layout,
                    attention_chain(plan), log, &errors));
    result->rows = errors.judged;
    result->skipped = errors.skipped;
    result->tau = errors.worst.tau;
    result->err_tau = errors.judged ? errors.worst.err_tau : INFINITY;
    result->right = result->err_tau <= 1;
fail:
    compare_finish(&errors);
    compared_rows_finish(&rows);
    array_finish(&out);
    return status;
}
