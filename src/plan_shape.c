/* Validates a problem: sizes, scale and layouts. Knows no device.
 *
 * Invariant: in a valid shape every element offset, and its bytes, fits 63 bits. */
#include "plan_choice.h"

#include <math.h>

#include "host/checked.h"
#include "host/log.h"

#define MAX_ROWS     ((int64_t)1 << 30)
#define MAX_HEADS    (((int64_t)1 << 31) - 1)
#define MAX_FEATURES 65536
#define MAX_SIZE     1024

static clf_status check_size(const char *name, int64_t value, int64_t limit, const clf_log *log)
{
    if (value >= 1 && value <= limit)
        return CLF_OK;
    return clfi_fail(log, CLF_ERROR_INVALID_ARGUMENT, "%s=%lld, but 1 to %lld are possible", name,
                     (long long)value, (long long)limit);
}

static clf_status check_sizes(const clf_plan_params *p, const clf_log *log)
{
    clf_status status = CLF_OK;
    TRY(check_size("B", p->B, MAX_HEADS, log));
    TRY(check_size("H", p->H, MAX_HEADS, log));
    REQUIRE(p->B * p->H <= MAX_HEADS, log, "B=%lld and H=%lld: at most %lld heads in all",
            (long long)p->B, (long long)p->H, (long long)MAX_HEADS);
    TRY(check_size("L", p->L, MAX_ROWS, log));
    TRY(check_size("S", p->S, MAX_ROWS, log));
    TRY(check_size("D", p->D, MAX_SIZE, log));
    TRY(check_size("E", p->E, MAX_SIZE, log));
    TRY(check_size("R", p->R, MAX_FEATURES, log));
    REQUIRE(p->kind == CLF_KIND_EXP || p->kind == CLF_KIND_COSH, log, "unknown kind %d",
            (int)p->kind);
    REQUIRE(p->kind != CLF_KIND_COSH || p->R % 2 == 0, log,
            "R=%lld is odd: cosh features come in pairs", (long long)p->R);
    REQUIRE(!p->causal || p->L == p->S, log, "L=%lld and S=%lld: causal attention needs L = S",
            (long long)p->L, (long long)p->S);
    REQUIRE(isfinite(p->scale) && p->scale >= 0.0f, log,
            "scale=%g: it must be finite and above 0, or 0 for D^(-1/2)", (double)p->scale);
fail:
    return status;
}

/* *span = elements from the first to the last one. */
static bool view_span(const clfi_view *view, int64_t B, int64_t H, int64_t *span)
{
    const int64_t counts[] = {B, H, view->rows};
    const int64_t strides[] = {view->at.b, view->at.h, view->at.l};
    int64_t total = view->width;
    for (int i = 0; i < 3; i++) {
        int64_t step = 0;
        if (!clfi_mul_i64(counts[i] - 1, strides[i], &step) || !clfi_add_i64(total, step, &total))
            return false;
    }
    *span = total;
    return total <= INT64_MAX / (int64_t)sizeof(float) &&
           (uint64_t)total <= SIZE_MAX / sizeof(float);
}

/* Whether no two rows share an element: from the smallest stride up, each must step over all
 * that the smaller ones reach. */
static bool rows_are_disjoint(const clfi_view *view, int64_t B, int64_t H)
{
    const int64_t counts[] = {view->rows, H, B};
    const int64_t strides[] = {view->at.l, view->at.h, view->at.b};
    bool done[] = {view->rows == 1, H == 1, B == 1};
    int64_t reach = view->width;
    for (;;) {
        int next = -1;
        for (int i = 0; i < 3; i++) {
            if (!done[i] && (next < 0 || strides[i] < strides[next]))
                next = i;
        }
        if (next < 0)
            return true;
        if (strides[next] < reach)
            return false;
        reach += strides[next] * (counts[next] - 1);
        done[next] = true;
    }
}

static clf_status resolve(clfi_view *view, clf_layout layout, int64_t B, int64_t H,
                          const clf_log *log)
{
    clf_status status = CLF_OK;
    const bool contiguous = layout.b == 0 && layout.h == 0 && layout.l == 0;
    view->at = contiguous ? clf_layout_bhld(H, view->rows, view->width) : layout;
    const long long b = view->at.b, h = view->at.h, l = view->at.l;
    if (contiguous)
        REQUIRE(b >= 0, log, "%s: B=%lld, H=%lld, %lld rows of %lld are more than memory can hold",
                view->name, (long long)B, (long long)H, (long long)view->rows,
                (long long)view->width);
    REQUIRE(b >= 0 && h >= 0 && l >= 0, log,
            "%s: strides b=%lld h=%lld l=%lld, none may be negative", view->name, b, h, l);
    REQUIRE(l >= view->width, log, "%s: stride l=%lld, but a row has %lld elements", view->name, l,
            (long long)view->width);
    REQUIRE(view_span(view, B, H, &view->span), log,
            "%s: strides b=%lld h=%lld l=%lld reach further than memory can", view->name, b, h, l);
fail:
    return status;
}

clf_status clfi_shape_init(clfi_shape *shape, const clf_plan_params *params, const clf_log *log)
{
    clf_status status = CLF_OK;
    TRY(check_sizes(params, log));
    const clf_plan_params *p = params;
    const int signs = p->kind == CLF_KIND_COSH ? 2 : 1;
    *shape = (clfi_shape){
        .B = p->B,
        .H = p->H,
        .L = p->L,
        .S = p->S,
        .D = p->D,
        .E = p->E,
        .R = p->R,
        .M = p->R / signs,
        .heads = p->B * p->H,
        .signs = signs,
        .causal = p->causal,
        .scale = p->scale > 0.0f ? (double)p->scale : 1.0 / sqrt((double)p->D),
        .tensor = {{.name = "q", .rows = p->L, .width = p->D},
                   {.name = "k", .rows = p->S, .width = p->D},
                   {.name = "v", .rows = p->S, .width = p->E},
                   {.name = "out", .rows = p->L, .width = p->E}},
        .tuning = p->tuning,
    };
    const clf_layout layouts[CLFI_TENSORS] = {p->q, p->k, p->v, p->out};
    for (int i = 0; i < CLFI_TENSORS; i++)
        TRY(resolve(&shape->tensor[i], layouts[i], p->B, p->H, log));
    const clfi_view *out = &shape->tensor[CLFI_OUT];
    REQUIRE(rows_are_disjoint(out, p->B, p->H), log,
            "out: strides b=%lld h=%lld l=%lld let rows of %lld elements overlap",
            (long long)out->at.b, (long long)out->at.h, (long long)out->at.l,
            (long long)out->width);
fail:
    return status;
}
