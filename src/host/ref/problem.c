/* Checks of a reference problem. Makes no features and no weights.
 *
 * Invariant: a view that was made is of a problem that makes sense in every field it uses. */
#include "problem.h"

#include <math.h>
#include <stddef.h>

static bool tensor_valid(const float *data, clf_layout layout)
{
    return data && layout.b >= 0 && layout.h >= 0 && layout.l >= 0;
}

static clfi_matrix matrix_of(const float *data, clf_layout layout, clf_layout contiguous, int64_t b,
                             int64_t h)
{
    if (layout.b == 0 && layout.h == 0 && layout.l == 0)
        layout = contiguous;
    return (clfi_matrix){.first = data + b * layout.b + h * layout.h, .stride = layout.l};
}

static bool shape_valid(const clfi_problem *p)
{
    if (p->B < 1 || p->H < 1 || p->L < 1 || p->S < 1 || p->D < 1 || p->E < 1)
        return false;
    if (p->Hkv < 0 || (p->Hkv > 0 && p->H % p->Hkv != 0))
        return false;
    return !p->causal || p->L == p->S;
}

static bool features_valid(const clfi_problem *p, int64_t Hkv)
{
    const clfi_kind_row *kind = clfi_kind(p->kind);
    const clfi_preset_row *preset = clfi_preset(p->preset);
    if (!kind || !preset || !clfi_preset_has(preset, p->kind))
        return false;
    if (p->mask && preset->padding == CLFI_PADDING_REFUSED)
        return false;
    if (p->R < 1 || (kind->info.paired && p->R % 2 != 0))
        return false;
    if (!(p->kernel_eps >= 0) || !isfinite(p->kernel_eps))
        return false;
    if (p->deterministic)
        return kind->info.generalized && p->R == p->D;
    return p->W && (p->W_heads == 1 || p->W_heads == Hkv);
}

void clfi_view_set_features(clfi_view *view, const clfi_problem *p, const float *W,
                            const float *bias)
{
    view->p = p;
    view->kind = clfi_kind(p->kind);
    view->preset = clfi_preset(p->preset);
    view->M = view->kind->info.paired ? p->R / 2 : p->R;
    view->W = p->deterministic ? NULL : W;
    view->bias = p->deterministic ? NULL : bias;
}

bool clfi_view_init(const clfi_problem *p, int64_t b, int64_t h, bool with_features,
                    clfi_view *view)
{
    if (!p || !shape_valid(p) || b < 0 || b >= p->B || h < 0 || h >= p->H)
        return false;
    if (!(p->scale > 0) || !isfinite(p->scale))
        return false;
    if (!tensor_valid(p->q, p->q_layout) || !tensor_valid(p->k, p->k_layout) ||
        !tensor_valid(p->v, p->v_layout))
        return false;
    const int64_t Hkv = p->Hkv > 0 ? p->Hkv : p->H;
    if (with_features && !features_valid(p, Hkv))
        return false;
    const int64_t key_head = h / (p->H / Hkv);
    *view = (clfi_view){
        .p = p,
        .preset = clfi_preset(CLF_PRESET_NONE),
        .q = matrix_of(p->q, p->q_layout, clf_layout_bhld(p->H, p->L, p->D), b, h),
        .k = matrix_of(p->k, p->k_layout, clf_layout_bhld(Hkv, p->S, p->D), b, key_head),
        .v = matrix_of(p->v, p->v_layout, clf_layout_bhld(Hkv, p->S, p->E), b, key_head),
        .mask = p->mask ? p->mask + b * p->S : NULL,
    };
    if (!with_features)
        return true;
    const int64_t M = clfi_kind(p->kind)->info.paired ? p->R / 2 : p->R;
    const int64_t W_head = p->W_heads == 1 ? 0 : key_head;
    clfi_view_set_features(view, p, p->W ? p->W + W_head * M * p->D : NULL,
                           p->bias ? p->bias + W_head * M : NULL);
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

const float *clfi_row(clfi_matrix matrix, int64_t row)
{
    return matrix.first + row * matrix.stride;
}

bool clfi_has_value(const clfi_view *view, int64_t j)
{
    return !view->mask || view->mask[j] != 0;
}

bool clfi_has_key(const clfi_view *view, int64_t j)
{
    return clfi_has_value(view, j) || view->preset->padding == CLFI_PADDING_VALUES;
}
