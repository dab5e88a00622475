/* Validates a problem: sizes, scale and layouts. Knows no device.
 *
 * Invariant: in a valid shape every element offset, and its bytes, fits 63 bits. */
#include "plan_choice.h"

#include <math.h>

#include "host/checked.h"
#include "host/log.h"
#include "host/projection.h"

#define MAX_ROWS     ((int64_t)1 << 30)
#define MAX_HEADS    (((int64_t)1 << 31) - 1)
#define MAX_FEATURES 65536

static clf_status check_size(const char *name, int64_t value, int64_t limit, const clf_log *log)
{
    if (value >= 1 && value <= limit)
        return CLF_OK;
    return clfi_fail(log, CLF_ERROR_INVALID_ARGUMENT, "%s=%lld, but 1 to %lld are possible", name,
                     (long long)value, (long long)limit);
}

/* `limit` is that of D and E. */
static clf_status check_sizes(const clf_plan_params *p, int64_t limit, const clf_log *log)
{
    clf_status status = CLF_OK;
    TRY(check_size("B", p->B, MAX_HEADS, log));
    TRY(check_size("H", p->H, MAX_HEADS, log));
    REQUIRE(p->B * p->H <= MAX_HEADS, log, "B=%lld and H=%lld: at most %lld heads in all",
            (long long)p->B, (long long)p->H, (long long)MAX_HEADS);
    REQUIRE(p->Hkv >= 0 && (p->Hkv == 0 || p->H % p->Hkv == 0), log,
            "Hkv=%lld key heads do not divide H=%lld query heads", (long long)p->Hkv,
            (long long)p->H);
    TRY(check_size("L", p->L, MAX_ROWS, log));
    TRY(check_size("S", p->S, MAX_ROWS, log));
    TRY(check_size("D", p->D, limit, log));
    TRY(check_size("E", p->E, limit, log));
    REQUIRE(!p->causal || p->L == p->S, log, "L=%lld and S=%lld: causal attention needs L = S",
            (long long)p->L, (long long)p->S);
    REQUIRE(isfinite(p->scale) && p->scale >= 0.0f, log,
            "scale=%g: it must be finite and above 0, or 0 for the default", (double)p->scale);
fail:
    return status;
}

static clf_status check_mask(const clf_plan_params *p, const clf_log *log)
{
    clf_status status = CLF_OK;
    if (p->mask == CLF_MASK_GENERAL)
        return clfi_fail(log, CLF_ERROR_UNSUPPORTED,
                         "a general [L, S] mask: the sums over keys are shared by all queries; "
                         "key masks [B, S] and causal are possible");
    REQUIRE(p->mask == CLF_MASK_NONE || p->mask == CLF_MASK_KEYS, log, "unknown mask %d",
            (int)p->mask);
fail:
    return status;
}

/* Kind, preset and what goes with them; nothing of it counts for exact attention. */
static clf_status check_features(const clf_plan_params *p, const clf_log *log)
{
    clf_status status = CLF_OK;
    const clfi_kind_row *kind = clfi_kind(p->kind);
    const clfi_preset_row *preset = clfi_preset(p->preset);
    REQUIRE(kind, log, "unknown kind %d", (int)p->kind);
    REQUIRE(preset, log, "unknown preset %d", (int)p->preset);
    REQUIRE(clfi_preset_has(preset, p->kind), log, "preset %s has no kind %s", preset->name,
            kind->info.name);
    TRY(check_size("R", p->R, MAX_FEATURES, log));
    REQUIRE(!kind->info.paired || p->R % 2 == 0, log, "R=%lld is odd: %s features come in pairs",
            (long long)p->R, kind->info.name);
    const float eps = p->kernel_eps;
    REQUIRE(eps == 0.0f || (eps >= 0x1p-100f && eps <= 0x1p100f), log,
            "kernel_eps=%g, but 0 and 2^-100 to 2^100 are possible", (double)eps);
    REQUIRE(eps == 0.0f || kind->info.generalized, log,
            "kernel_eps=%g is for generalized kinds, not for %s", (double)eps, kind->info.name);
    REQUIRE(!p->deterministic || kind->info.generalized, log,
            "deterministic features are of generalized kinds, not of %s", kind->info.name);
    REQUIRE(!p->deterministic || p->R == p->D, log,
            "R=%lld, but deterministic features are as many as D=%lld", (long long)p->R,
            (long long)p->D);
    REQUIRE(!p->deterministic || !p->projection, log,
            "deterministic features take no projection, but one is given");
    REQUIRE(clf_projection_kind_name(p->draw), log, "unknown projection kind draw=%d",
            (int)p->draw);
    REQUIRE(preset->padding != CLFI_PADDING_REFUSED || p->mask == CLF_MASK_NONE, log,
            "preset %s has no key mask", preset->name);
fail:
    return status;
}

/* *span = elements from the first to the last one. */
static bool view_span(const clfi_view *view, int64_t B, int64_t *span)
{
    const int64_t counts[] = {B, view->H, view->rows};
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
static bool rows_are_disjoint(const clfi_view *view, int64_t B)
{
    const int64_t H = view->H;
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

static clf_status resolve(clfi_view *view, clf_layout layout, int64_t B, const clf_log *log)
{
    clf_status status = CLF_OK;
    const int64_t H = view->H;
    REQUIRE(clf_dtype_size(view->dtype), log, "%s: unknown dtype %d", view->name, (int)view->dtype);
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
    REQUIRE(view_span(view, B, &view->span), log,
            "%s: strides b=%lld h=%lld l=%lld reach further than memory can", view->name, b, h, l);
fail:
    return status;
}

static clf_status resolve_all(clfi_shape *shape, const clf_plan_params *p, const clf_log *log)
{
    clf_status status = CLF_OK;
    const clf_layout layouts[CLFI_TENSORS] = {p->q, p->k, p->v, p->out};
    const clfi_view views[CLFI_TENSORS] = {
        {.name = "q", .dtype = p->q_dtype, .H = p->H, .rows = p->L, .width = p->D},
        {.name = "k", .dtype = p->k_dtype, .H = shape->Hkv, .rows = p->S, .width = p->D},
        {.name = "v", .dtype = p->v_dtype, .H = shape->Hkv, .rows = p->S, .width = p->E},
        {.name = "out", .dtype = p->out_dtype, .H = p->H, .rows = p->L, .width = p->E}};
    for (int i = 0; i < CLFI_TENSORS; i++) {
        shape->tensor[i] = views[i];
        TRY(resolve(&shape->tensor[i], layouts[i], p->B, log));
    }
    const clfi_view *out = &shape->tensor[CLFI_OUT];
    REQUIRE(rows_are_disjoint(out, p->B), log,
            "out: strides b=%lld h=%lld l=%lld let rows of %lld elements overlap",
            (long long)out->at.b, (long long)out->at.h, (long long)out->at.l,
            (long long)out->width);
fail:
    return status;
}

/* The blocks of a structured W, 0 for another or none. */
static int64_t structured_block(const clf_plan_params *p)
{
    if (p->projection)
        return p->projection->n;
    const bool drawn = p->draw == CLF_PROJECTION_STRUCTURED && !p->deterministic;
    return drawn ? clfi_structured_block(p->D) : 0;
}

/* What follows from the kind, the preset and the projection. */
static void set_features(clfi_shape *s, const clf_plan_params *p)
{
    const clfi_kind_row *kind = clfi_kind(p->kind);
    const clfi_preset_row *preset = clfi_preset(p->preset);
    s->kind = p->kind;
    s->kind_row = kind;
    s->preset = preset;
    s->R = p->R;
    s->biased = p->projection && clf_projection_bias(p->projection);
    s->deterministic = p->deterministic;
    s->rows = kind->info.paired ? p->R / 2 : p->R;
    // exp(-u + b) is not the reciprocal of exp(u + b): such a pair is made as two.
    s->signs = kind->info.paired && !(s->biased && kind->map == CLFI_MAP_EXP) ? 2 : 1;
    s->M = p->R / s->signs;
    s->WD = p->deterministic ? 1 : p->D + (s->biased ? 1 : 0);
    s->n = s->M == s->rows ? structured_block(p) : 0;
    s->stabilised = preset->feature_eps > 0 && !kind->info.generalized;
    s->den_eps = preset->den_eps > 0;
    s->kernel_eps = p->kernel_eps > 0.0f     ? (double)p->kernel_eps
                    : kind->info.generalized ? preset->kernel_eps
                                             : 0;
    s->scale = p->scale > 0.0f
                   ? (double)p->scale
                   : clfi_default_scale(preset, p->kind, p->D, p->deterministic ? 1 : s->rows);
}

/* AUTO is the fused path, or that of CLBlast where it alone can serve. Its workspace is larger than
 * a fused state, so memory never speaks for it. */
static clf_path choose_path(const clf_plan_params *p, const char *refusal, const char **from)
{
    const bool large = p->D > CLFI_FUSED_SIZE || p->E > CLFI_FUSED_SIZE;
    const bool chunked = large && !refusal;
    *from = p->path != CLF_PATH_AUTO ? "asked_for" : chunked ? "too_large_to_be_fused" : "default";
    if (p->path != CLF_PATH_AUTO)
        return p->path;
    return chunked ? CLF_PATH_CLBLAST : CLF_PATH_FUSED;
}

clf_status clfi_shape_init(clfi_shape *shape, const clf_plan_params *p, const clf_log *log)
{
    clf_status status = CLF_OK;
    const char *refusal = clfi_chunks_refusal(p), *path_from;
    const clf_path path = choose_path(p, refusal, &path_from);
    TRY(check_sizes(p, path == CLF_PATH_CLBLAST ? CLFI_CHUNKED_SIZE : CLFI_FUSED_SIZE, log));
    TRY(check_mask(p, log));
    REQUIRE(clf_path_name(p->path), log, "unknown path %d", (int)p->path);
    REQUIRE(p->lookup >= CLF_LOOKUP_ALL && p->lookup <= CLF_LOOKUP_NONE, log, "unknown lookup %d",
            (int)p->lookup);
    *shape = (clfi_shape){
        .B = p->B,
        .H = p->H,
        .Hkv = p->Hkv ? p->Hkv : p->H,
        .L = p->L,
        .S = p->S,
        .D = p->D,
        .E = p->E,
        .causal = p->causal,
        .mask = p->mask,
        .path = path,
        .path_from = path_from,
        .tuning = p->tuning,
        .tuning_from = "tuning",
    };
    shape->group = shape->H / shape->Hkv;
    if (path == CLF_PATH_EXACT) {
        shape->scale = p->scale > 0.0f ? (double)p->scale : 1.0 / sqrt((double)p->D);
        shape->WD = shape->D;
        shape->signs = 1;
    } else {
        TRY(check_features(p, log));
        set_features(shape, p);
    }
    TRY(resolve_all(shape, p, log));
    if (path == CLF_PATH_CLBLAST && refusal)
        return clfi_fail(log, CLF_ERROR_UNSUPPORTED, "path=clblast: %s", refusal);
fail:
    return status;
}
