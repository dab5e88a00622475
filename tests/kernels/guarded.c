/* Device images with guards. */
#include "guarded.h"

#include <stdint.h>

#include "support/device.h"

/* 0x7fe5 is a NaN as f16 and bf16, 0x7fe57fe5 one as f32. */
static const unsigned char k_poison[2] = {0xe5, 0x7f};

enum {
    GUARD = 64,         // elements before and after a tensor
    GUARD_BYTES = 256,  // around a workspace
    POISONS = 2
};

static unsigned char *poisoned(size_t bytes)
{
    unsigned char *p = malloc(bytes ? bytes : 1);
    ck_assert_ptr_nonnull(p);
    for (size_t i = 0; i < bytes; i++)
        p[i] = k_poison[i % POISONS];
    return p;
}

/* Where row r of the tensor, counted over all heads, begins in the image, in elements. */
static int64_t row_at(const placed *p, int64_t r)
{
    const tensor_form *f = &p->form;
    const int64_t head = r / f->rows;
    return p->first + head / f->H * f->layout.b + head % f->H * f->layout.h +
           r % f->rows * f->layout.l;
}

placed place(clf_context *ctx, const tensor_form *form, const void *data)
{
    placed p = {.form = *form, .first = GUARD + form->offset};
    if (form->layout.l == 0)
        p.form.layout = clf_layout_bhld(form->H, form->rows, form->columns);
    const int64_t rows = form->B * form->H * form->rows;
    const size_t row_bytes = (size_t)form->columns * form->size;
    p.elements = row_at(&p, rows - 1) + form->columns + GUARD;
    const size_t bytes = (size_t)p.elements * form->size;
    p.image = poisoned(bytes);
    for (int64_t r = 0; data && r < rows; r++)
        memcpy(p.image + (size_t)row_at(&p, r) * form->size,
               (const char *)data + (size_t)r * row_bytes, row_bytes);
    cl_int code;
    p.mem = clCreateBuffer(clf_context_cl(ctx), CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR, bytes,
                           p.image, &code);
    ck_assert_int_eq(code, CL_SUCCESS);
    return p;
}

clf_buffer placed_buffer(const placed *p)
{
    return (clf_buffer){.mem = p->mem, .offset = p->first};
}

void placed_finish(clf_context *ctx, placed *p, const char *name, void *out)
{
    const size_t size = p->form.size, bytes = (size_t)p->elements * size;
    const size_t row_bytes = (size_t)p->form.columns * size;
    unsigned char *now = poisoned(bytes);
    ck_assert_int_eq(
        clEnqueueReadBuffer(clf_context_queue(ctx), p->mem, CL_TRUE, 0, bytes, now, 0, NULL, NULL),
        CL_SUCCESS);
    for (int64_t r = 0; out && r < p->form.B * p->form.H * p->form.rows; r++) {
        const size_t at = (size_t)row_at(p, r) * size;
        memcpy((char *)out + (size_t)r * row_bytes, now + at, row_bytes);
        memcpy(now + at, p->image + at, row_bytes);
    }
    for (size_t i = 0; i < bytes; i++) {
        if (now[i] != p->image[i])
            ck_abort_msg("wrong result: %s was written at element %lld, of %lld from %lld on", name,
                         (long long)((int64_t)(i / size) - p->first),
                         (long long)(p->elements - GUARD - p->first), (long long)p->first);
    }
    free(now);
    free(p->image);
    clReleaseMemObject(p->mem);
}

guarded guard_bytes(clf_context *ctx, size_t bytes)
{
    cl_uint align_bits = 0;
    ck_assert_int_eq(clGetDeviceInfo(clf_context_device(ctx)->id, CL_DEVICE_MEM_BASE_ADDR_ALIGN,
                                     sizeof align_bits, &align_bits, NULL),
                     CL_SUCCESS);
    guarded g = {.bytes = bytes};
    if (bytes == 0)
        return g;
    for (g.before = align_bits / 8; g.before < GUARD_BYTES;)
        g.before *= 2;
    const size_t all = g.before + bytes + GUARD_BYTES;
    unsigned char *image = poisoned(all);
    cl_int code;
    g.whole = clCreateBuffer(clf_context_cl(ctx), CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR, all,
                             image, &code);
    free(image);
    ck_assert_int_eq(code, CL_SUCCESS);
    g.part = clCreateSubBuffer(g.whole, CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION,
                               &(cl_buffer_region){g.before, bytes}, &code);
    ck_assert_int_eq(code, CL_SUCCESS);
    return g;
}

void guarded_finish(clf_context *ctx, guarded *g)
{
    unsigned char zone[GUARD_BYTES];
    const size_t at[2] = {g->before - sizeof zone, g->before + g->bytes};
    for (int side = 0; g->part && side < 2; side++) {
        ck_assert_int_eq(clEnqueueReadBuffer(clf_context_queue(ctx), g->whole, CL_TRUE, at[side],
                                             sizeof zone, zone, 0, NULL, NULL),
                         CL_SUCCESS);
        for (size_t i = 0; i < sizeof zone; i++)
            ck_assert_msg(zone[i] == k_poison[(at[side] + i) % POISONS],
                          "wrong result: the guard %s the workspace changed",
                          side ? "after" : "before");
    }
    if (!g->part)
        return;
    clReleaseMemObject(g->part);
    clReleaseMemObject(g->whole);
}
