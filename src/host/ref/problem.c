/* Checks of a reference problem, and what both kinds of attention end with. Makes no weights.
 *
 * Invariant: after a view was made, every row address of the head is one the caller described. */
#include "problem.h"

#include <math.h>

static bool tensor_valid(const float *data, clf_layout layout)
{
    return data && layout.b >= 0 && layout.h >= 0 && layout.l >= 0;
}

static clf_layout written_out(clf_layout layout, int64_t H, int64_t L, int64_t D)
{
    return layout.b || layout.h || layout.l ? layout : clf_layout_bhld(H, L, D);
}

bool clfi_view_init(const clfi_problem *p, int64_t b, int64_t h, bool with_features,
                    clfi_view *view)
{
    if (!p || p->B < 1 || p->H < 1 || p->L < 1 || p->S < 1 || p->D < 1 || p->E < 1)
        return false;
    if (b < 0 || b >= p->B || h < 0 || h >= p->H || (p->causal && p->L != p->S))
        return false;
    if (!(p->scale > 0) || !isfinite(p->scale))
        return false;
    *view = (clfi_view){
        .p = p,
        .q = written_out(p->q_layout, p->H, p->L, p->D),
        .k = written_out(p->k_layout, p->H, p->S, p->D),
        .v = written_out(p->v_layout, p->H, p->S, p->E),
    };
    if (!tensor_valid(p->q, view->q) || !tensor_valid(p->k, view->k) ||
        !tensor_valid(p->v, view->v))
        return false;
    if (!with_features)
        return true;
    if (p->kind != CLF_KIND_EXP && p->kind != CLF_KIND_COSH)
        return false;
    if (p->R < 1 || (p->kind == CLF_KIND_COSH && p->R % 2 != 0))
        return false;
    if (!p->W || (p->W_heads != 1 && p->W_heads != p->H))
        return false;
    view->M = p->kind == CLF_KIND_COSH ? p->R / 2 : p->R;
    view->W = p->W + (p->W_heads == 1 ? 0 : h * view->M * p->D);
    return true;
}

bool clfi_rows_valid(const clfi_rows *rows, int64_t L)
{
    if (!rows || rows->count < 1 || !rows->index)
        return false;
    for (int64_t n = 0; n < rows->count; n++) {
        const int64_t i = rows->index[n];
        if (i < 0 || i >= L || (n > 0 && i <= rows->index[n - 1]))
            return false;
    }
    return true;
}

const float *clfi_row(const float *base, clf_layout layout, int64_t b, int64_t h, int64_t l)
{
    return base + b * layout.b + h * layout.h + l * layout.l;
}

void clfi_weighted_mean(const clfi_view *view, int64_t b, int64_t h, int64_t visible,
                        const double *weights, double *out, double *magnitude)
{
    const int64_t E = view->p->E;
    double total = 0;
    for (int64_t j = 0; j < visible; j++)
        total += weights[j];
    for (int64_t e = 0; e < E; e++) {
        double sum = 0;
        double absolute = 0;
        for (int64_t j = 0; j < visible; j++) {
            const double v = clfi_row(view->p->v, view->v, b, h, j)[e];
            sum += weights[j] * v;
            absolute += weights[j] * fabs(v);
        }
        out[e] = sum / total;
        if (magnitude)
            magnitude[e] = absolute / total;
    }
}
