/* Device images with guards, and one run. Knows nothing of right and wrong values. */
#include "trial.h"

#include <stdint.h>

/* What fills every element that is no data: a NaN, so that reading it shows. */
static const uint32_t k_poison = 0x7fc5a5a5;

enum {
    GUARD = 64  // floats: 256 bytes
};

/* One tensor on the device: `image` is what it was filled with. */
typedef struct placed {
    clf_layout layout;
    int64_t H, rows, columns, count, first, size;
    uint32_t *image;
    cl_mem mem;
} placed;

static void print_message(void *user, clf_log_level level, const char *message)
{
    (void)user;
    (void)level;
    fprintf(stderr, "%s\n", message);
}

clf_context *trial_context(void)
{
    return open_context(&(clf_log){.callback = print_message, .level = CLF_LOG_ERROR});
}

uint64_t trial_seed(void)
{
    const char *text = getenv("CLFAVOR_TEST_SEED");
    return text ? strtoull(text, NULL, 0) : 1;
}

int64_t trial_M(const trial *t)
{
    return t->kind == CLF_KIND_COSH ? t->R / 2 : t->R;
}

trial_name trial_describe(const trial *t)
{
    static const char *const orders[] = {"BHLD", "BLHD", "gaps"};
    static const char *const families[] = {"auto", "plain", "wide"};
    trial_name name;
    snprintf(
        name.text, sizeof name.text,
        "%s vw=%d tile=%d segments=%d %s %s B=%d H=%d L=%d S=%d D=%d E=%d R=%d %s+%d seed=%llu",
        families[t->tuning.family], t->tuning.vector_width, t->tuning.tile_rows, t->tuning.segments,
        t->kind == CLF_KIND_COSH ? "cosh" : "exp", t->causal ? "causal" : "bidirectional",
        (int)t->B, (int)t->H, (int)t->L, (int)t->S, (int)t->D, (int)t->E, (int)t->R,
        orders[t->order], (int)t->offset, (unsigned long long)trial_seed());
    return name;
}

static void *grab(size_t count, size_t size)
{
    void *p = calloc(count, size);
    ck_assert_ptr_nonnull(p);
    return p;
}

tensors tensors_create(const trial *t, uint64_t seed)
{
    const size_t heads = (size_t)(t->B * t->H);
    tensors x = {
        .q = grab(heads * (size_t)(t->L * t->D), sizeof(float)),
        .k = grab(heads * (size_t)(t->S * t->D), sizeof(float)),
        .v = grab(heads * (size_t)(t->S * t->E), sizeof(float)),
        .out = grab(heads * (size_t)(t->L * t->E), sizeof(float)),
    };
    const clf_projection_params params = {
        .M = trial_M(t), .D = t->D, .heads = t->B % 2 ? t->H : 1, .seed = seed};
    ck_assert_int_eq(clf_projection_create(&params, NULL, &x.projection), CLF_OK);
    return x;
}

void tensors_destroy(tensors *x)
{
    free(x->q);
    free(x->k);
    free(x->v);
    free(x->out);
    clf_projection_destroy(&x->projection);
}

/* Zero, the default, for contiguous [B, H, L, D]. */
static clf_layout layout_of(const trial *t, int64_t rows, int64_t columns)
{
    if (t->order == ORDER_BLHD)
        return clf_layout_blhd(t->H, rows, columns);
    if (t->order == ORDER_BHLD)
        return (clf_layout){0};
    const int64_t l = columns + 3;
    const int64_t h = rows * l + 5;
    return (clf_layout){.b = t->H * h + 7, .h = h, .l = l};
}

clf_plan_params trial_params(const trial *t, const tensors *x)
{
    return (clf_plan_params){
        .B = t->B,
        .H = t->H,
        .L = t->L,
        .S = t->S,
        .D = t->D,
        .E = t->E,
        .R = t->R,
        .kind = t->kind,
        .causal = t->causal,
        .q = layout_of(t, t->L, t->D),
        .k = layout_of(t, t->S, t->D),
        .v = layout_of(t, t->S, t->E),
        .out = layout_of(t, t->L, t->E),
        .projection = x->projection,
        .tuning = t->tuning,
    };
}

/* Where row r of the tensor, counted over all heads, begins in the image. */
static size_t row_at(const placed *p, int64_t r)
{
    const int64_t head = r / p->rows;
    return (size_t)(p->first + head / p->H * p->layout.b + head % p->H * p->layout.h +
                    r % p->rows * p->layout.l);
}

/* `data` NULL: an output, poison everywhere. */
static placed place(clf_context *ctx, const trial *t, int64_t rows, int64_t columns,
                    const float *data)
{
    placed p = {.layout = layout_of(t, rows, columns),
                .H = t->H,
                .rows = rows,
                .columns = columns,
                .count = t->B * t->H * rows,
                .first = GUARD + t->offset};
    if (p.layout.l == 0)
        p.layout = clf_layout_bhld(t->H, rows, columns);
    p.size = (int64_t)row_at(&p, p.count - 1) + columns + GUARD;
    p.image = grab((size_t)p.size, sizeof *p.image);
    for (int64_t i = 0; i < p.size; i++)
        p.image[i] = k_poison;
    for (int64_t r = 0; data && r < p.count; r++)
        memcpy(p.image + row_at(&p, r), data + r * columns, (size_t)columns * sizeof *data);
    cl_int code;
    p.mem = clCreateBuffer(clf_context_cl(ctx), CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR,
                           (size_t)p.size * sizeof *p.image, p.image, &code);
    ck_assert_int_eq(code, CL_SUCCESS);
    return p;
}

/* Reads the image back; all of it must be as it was, but for the data when `out` is given. */
static void check_placed(clf_context *ctx, placed *p, const char *name, float *out)
{
    const size_t bytes = (size_t)p->size * sizeof *p->image;
    uint32_t *now = grab((size_t)p->size, sizeof *now);
    ck_assert_int_eq(
        clEnqueueReadBuffer(clf_context_queue(ctx), p->mem, CL_TRUE, 0, bytes, now, 0, NULL, NULL),
        CL_SUCCESS);
    for (int64_t r = 0; out && r < p->count; r++) {
        uint32_t *row = now + row_at(p, r);
        memcpy(out + r * p->columns, row, (size_t)p->columns * sizeof *row);
        memcpy(row, p->image + row_at(p, r), (size_t)p->columns * sizeof *row);
    }
    for (int64_t i = 0; i < p->size; i++)
        ck_assert_msg(now[i] == p->image[i],
                      "wrong result: %s was written at element %lld, of %lld from %lld on", name,
                      (long long)(i - p->first), (long long)(p->size - GUARD - p->first),
                      (long long)p->first);
    free(now);
}

static void finish_placed(placed *p)
{
    free(p->image);
    clReleaseMemObject(p->mem);
}

/* The caller's workspace, a part of a larger buffer full of poison. */
typedef struct guarded {
    cl_mem whole, part;
    size_t before, bytes;
} guarded;

static guarded guard_workspace(clf_context *ctx, size_t bytes)
{
    cl_uint align_bits = 0;
    ck_assert_int_eq(clGetDeviceInfo(clf_context_device(ctx)->id, CL_DEVICE_MEM_BASE_ADDR_ALIGN,
                                     sizeof align_bits, &align_bits, NULL),
                     CL_SUCCESS);
    guarded g = {.bytes = bytes};
    for (g.before = align_bits / 8; g.before < GUARD * sizeof(float);)
        g.before *= 2;
    cl_int code;
    const size_t all = g.before + bytes + GUARD * sizeof(float);
    g.whole = clCreateBuffer(clf_context_cl(ctx), CL_MEM_READ_WRITE, all, NULL, &code);
    ck_assert_int_eq(code, CL_SUCCESS);
    ck_assert_int_eq(clEnqueueFillBuffer(clf_context_queue(ctx), g.whole, &k_poison,
                                         sizeof k_poison, 0,
                                         all / sizeof k_poison * sizeof k_poison, 0, NULL, NULL),
                     CL_SUCCESS);
    g.part = clCreateSubBuffer(g.whole, CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION,
                               &(cl_buffer_region){g.before, bytes}, &code);
    ck_assert_int_eq(code, CL_SUCCESS);
    return g;
}

static void check_workspace(clf_context *ctx, guarded *g)
{
    uint32_t zone[GUARD];
    const size_t at[2] = {g->before - sizeof zone, g->before + g->bytes};
    for (int side = 0; side < 2; side++) {
        ck_assert_int_eq(clEnqueueReadBuffer(clf_context_queue(ctx), g->whole, CL_TRUE, at[side],
                                             sizeof zone, zone, 0, NULL, NULL),
                         CL_SUCCESS);
        for (int i = 0; i < GUARD; i++)
            ck_assert_msg(zone[i] == k_poison, "wrong result: the guard %s the workspace changed",
                          side ? "after" : "before");
    }
    clReleaseMemObject(g->part);
    clReleaseMemObject(g->whole);
}

clf_plan *trial_plan(clf_context *ctx, const trial *t, const tensors *x)
{
    const clf_plan_params params = trial_params(t, x);
    clf_plan *plan = NULL;
    const clf_status status = clf_plan_create(ctx, &params, &plan);
    ck_assert_msg(status == CLF_OK, "no plan (%s) for %s", clf_status_string(status),
                  trial_describe(t).text);
    return plan;
}

void trial_run(clf_context *ctx, clf_plan *plan, const trial *t, const tensors *x)
{
    enum {
        Q,
        K,
        V,
        OUT
    };
    static const char *const names[] = {"q", "k", "v", "out"};
    placed p[4] = {
        place(ctx, t, t->L, t->D, x->q),
        place(ctx, t, t->S, t->D, x->k),
        place(ctx, t, t->S, t->E, x->v),
        place(ctx, t, t->L, t->E, NULL),
    };
    guarded workspace = guard_workspace(ctx, clf_plan_workspace_bytes(plan));
    const clf_run_args args = {
        .q = {p[Q].mem, p[Q].first},
        .k = {p[K].mem, p[K].first},
        .v = {p[V].mem, p[V].first},
        .out = {p[OUT].mem, p[OUT].first},
        .workspace = workspace.part,
    };
    cl_event event = NULL;
    const clf_status status = clf_plan_run(plan, &args, &event);
    ck_assert_msg(status == CLF_OK, "no run (%s) for %s", clf_status_string(status),
                  trial_describe(t).text);
    ck_assert_int_eq(clWaitForEvents(1, &event), CL_SUCCESS);
    clReleaseEvent(event);
    for (int i = Q; i <= OUT; i++) {
        check_placed(ctx, &p[i], names[i], i == OUT ? x->out : NULL);
        finish_placed(&p[i]);
    }
    check_workspace(ctx, &workspace);
}

void trial_once(clf_context *ctx, const trial *t, const tensors *x)
{
    clf_plan *plan = trial_plan(ctx, t, x);
    trial_run(ctx, plan, t, x);
    clf_plan_destroy(&plan);
}
