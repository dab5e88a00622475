/* What the tests of plans share: a small problem with its data on host and device.
 *
 * Invariant: the data are a function of the shape alone; `out` starts as NaN. */
#ifndef PLAN_SUPPORT_H
#define PLAN_SUPPORT_H

#include <math.h>

#include <clfavor/attention.h>

#include "support/device.h"

/* A problem whose sizes are no multiple of anything. */
static inline clf_plan_params small_problem(bool causal)
{
    return (clf_plan_params){.B = 2,
                             .H = 3,
                             .L = causal ? 101 : 53,
                             .S = 101,
                             .D = 20,
                             .E = 12,
                             .R = 50,
                             .causal = causal,
                             .seed = 5};
}

typedef struct host_data {
    int64_t q_count, k_count, v_count, out_count;
    float *q, *k, *v, *out;
} host_data;

static inline float *noise(int64_t count, uint32_t state)
{
    float *x = malloc((size_t)count * sizeof *x);
    ck_assert_ptr_nonnull(x);
    for (int64_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        x[i] = (float)(state >> 8) / 4194304.0f - 2.0f;
    }
    return x;
}

static inline void fill_nan(float *x, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        x[i] = NAN;
}

static inline void data_init(host_data *data, const clf_plan_params *p)
{
    const int64_t heads = p->B * p->H, key_heads = p->B * (p->Hkv ? p->Hkv : p->H);
    *data = (host_data){.q_count = heads * p->L * p->D,
                        .k_count = key_heads * p->S * p->D,
                        .v_count = key_heads * p->S * p->E,
                        .out_count = heads * p->L * p->E};
    data->q = noise(data->q_count, 1);
    data->k = noise(data->k_count, 2);
    data->v = noise(data->v_count, 3);
    data->out = noise(data->out_count, 4);
    fill_nan(data->out, data->out_count);
}

static inline void data_finish(host_data *data)
{
    free(data->q);
    free(data->k);
    free(data->v);
    free(data->out);
}

static inline clf_host_args host_args(const host_data *data)
{
    return (clf_host_args){.q = data->q, .k = data->k, .v = data->v, .out = data->out};
}

/* W of `heads` heads, with a bias or not, that fits the parameters. */
static inline clf_projection *make_projection(const clf_plan_params *p, int64_t heads, bool biased)
{
    const int64_t M = clf_kind_describe(p->kind)->paired ? p->R / 2 : p->R;
    const clf_projection_params draw = {.M = M, .D = p->D, .heads = heads, .seed = 9};
    clf_projection *W = NULL, *with = NULL;
    ck_assert_int_eq(clf_projection_create(&draw, NULL, &W), CLF_OK);
    if (!biased)
        return W;
    float *bias = noise(heads * M, 7);
    ck_assert_int_eq(
        clf_projection_import(clf_projection_data(W), bias, heads, M, p->D, NULL, &with), CLF_OK);
    clf_projection_destroy(&W);
    free(bias);
    return with;
}

static inline clf_plan *make_plan(clf_context *ctx, const clf_plan_params *params)
{
    clf_plan *plan = NULL;
    ck_assert_int_eq(clf_plan_create(ctx, params, &plan), CLF_OK);
    ck_assert_ptr_nonnull(plan);
    return plan;
}

static inline cl_mem device_memory(clf_context *ctx, size_t bytes)
{
    cl_int code = CL_SUCCESS;
    const cl_mem mem = clCreateBuffer(clf_context_cl(ctx), CL_MEM_READ_WRITE, bytes, NULL, &code);
    ck_assert_int_eq(code, CL_SUCCESS);
    return mem;
}

/* A buffer with `pad` elements before and after the data, of bytes 0xff: NaN in every dtype. `x`
 * NULL: the data too. */
static inline clf_buffer device_copy(clf_context *ctx, const void *x, size_t size, int64_t count,
                                     int64_t pad)
{
    const size_t total = (size_t)(count + 2 * pad) * size;
    char *padded = malloc(total);
    ck_assert_ptr_nonnull(padded);
    memset(padded, 0xff, total);
    if (x)
        memcpy(padded + (size_t)pad * size, x, (size_t)count * size);
    const clf_buffer buffer = {.mem = device_memory(ctx, total), .offset = pad};
    ck_assert_int_eq(clEnqueueWriteBuffer(clf_context_queue(ctx), buffer.mem, CL_TRUE, 0, total,
                                          padded, 0, NULL, NULL),
                     CL_SUCCESS);
    free(padded);
    return buffer;
}

/* Reads such a buffer once `event` (NULL: what is enqueued) is complete, and asserts that the
 * padding is as it was. */
static inline void read_back(clf_context *ctx, const clf_buffer *buffer, cl_event event,
                             size_t size, int64_t count, void *x)
{
    const size_t pad = (size_t)buffer->offset * size, bytes = (size_t)count * size;
    unsigned char *image = malloc(bytes + 2 * pad);
    ck_assert_ptr_nonnull(image);
    ck_assert_int_eq(clEnqueueReadBuffer(clf_context_queue(ctx), buffer->mem, CL_TRUE, 0,
                                         bytes + 2 * pad, image, event ? 1 : 0,
                                         event ? &event : NULL, NULL),
                     CL_SUCCESS);
    for (size_t i = 0; i < pad; i++)
        ck_assert(image[i] == 0xff && image[pad + bytes + i] == 0xff);
    memcpy(x, image + pad, bytes);
    free(image);
}

static inline clf_run_args device_args(clf_context *ctx, const host_data *data, int64_t pad)
{
    const size_t size = sizeof(float);
    return (clf_run_args){.q = device_copy(ctx, data->q, size, data->q_count, pad),
                          .k = device_copy(ctx, data->k, size, data->k_count, pad),
                          .v = device_copy(ctx, data->v, size, data->v_count, pad),
                          .out = device_copy(ctx, NULL, size, data->out_count, pad)};
}

static inline void release_args(clf_run_args *args)
{
    clReleaseMemObject(args->q.mem);
    clReleaseMemObject(args->k.mem);
    clReleaseMemObject(args->v.mem);
    clReleaseMemObject(args->out.mem);
    if (args->mask.mem)
        clReleaseMemObject(args->mask.mem);
    if (args->workspace)
        clReleaseMemObject(args->workspace);
}

/* Runs on the device and reads `out` into a new array of `count` elements. */
static inline void *run_device(clf_context *ctx, clf_plan *plan, const clf_run_args *args,
                               size_t size, int64_t count)
{
    void *out = malloc((size_t)count * size);
    cl_event done = NULL;
    ck_assert_ptr_nonnull(out);
    ck_assert_int_eq(clf_plan_run(plan, args, &done), CLF_OK);
    ck_assert_ptr_nonnull(done);
    read_back(ctx, &args->out, done, size, count, out);
    clReleaseEvent(done);
    return out;
}

/* The answer of clf_plan_run_host into data->out. */
static inline void run_host(clf_plan *plan, host_data *data)
{
    const clf_host_args args = host_args(data);
    fill_nan(data->out, data->out_count);
    ck_assert_int_eq(clf_plan_run_host(plan, &args), CLF_OK);
    for (int64_t i = 0; i < data->out_count; i++)
        ck_assert(isfinite(data->out[i]));
}

/* Asserts that no plan is made, with one message that holds `text`. */
static inline void assert_refused(clf_context *ctx, kept_log *kept, const clf_plan_params *p,
                                  clf_status status, const char *text)
{
    clf_plan *plan = (clf_plan *)(void *)kept;
    kept->count = 0;
    ck_assert_msg(clf_plan_create(ctx, p, &plan) == status, "'%s': not refused", text);
    ck_assert_ptr_null(plan);
    ck_assert_int_eq(kept->count, 1);
    assert_said(kept, text);
}

static inline void assert_run_refused(clf_plan *plan, kept_log *kept, const clf_run_args *args,
                                      const char *text)
{
    cl_event event = (cl_event)(void *)kept;
    kept->count = 0;
    ck_assert_int_eq(clf_plan_run(plan, args, &event), CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_ptr_null(event);
    ck_assert_int_eq(kept->count, 1);
    assert_said(kept, text);
}

/* The same bits, and every one of them a number. */
static inline void assert_same(const float *x, const float *y, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        ck_assert_msg(x[i] == y[i], "element %lld: %a and %a", (long long)i, (double)x[i],
                      (double)y[i]);
}

static inline bool differ(const float *x, const float *y, int64_t count)
{
    return memcmp(x, y, (size_t)count * sizeof *x) != 0;
}

#endif
