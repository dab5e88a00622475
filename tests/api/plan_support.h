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
    const int64_t heads = p->B * p->H;
    *data = (host_data){.q_count = heads * p->L * p->D,
                        .k_count = heads * p->S * p->D,
                        .v_count = heads * p->S * p->E,
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

/* A buffer with `pad` elements of NaN before and after the data. */
static inline clf_buffer device_copy(clf_context *ctx, const float *x, int64_t count, int64_t pad)
{
    const size_t total = (size_t)(count + 2 * pad);
    float *padded = malloc(total * sizeof *padded);
    ck_assert_ptr_nonnull(padded);
    fill_nan(padded, (int64_t)total);
    memcpy(padded + pad, x, (size_t)count * sizeof *x);
    const clf_buffer buffer = {.mem = device_memory(ctx, total * sizeof *padded), .offset = pad};
    ck_assert_int_eq(clEnqueueWriteBuffer(clf_context_queue(ctx), buffer.mem, CL_TRUE, 0,
                                          total * sizeof *padded, padded, 0, NULL, NULL),
                     CL_SUCCESS);
    free(padded);
    return buffer;
}

static inline clf_run_args device_args(clf_context *ctx, const host_data *data, int64_t pad)
{
    return (clf_run_args){.q = device_copy(ctx, data->q, data->q_count, pad),
                          .k = device_copy(ctx, data->k, data->k_count, pad),
                          .v = device_copy(ctx, data->v, data->v_count, pad),
                          .out = device_copy(ctx, data->out, data->out_count, pad)};
}

static inline void release_args(clf_run_args *args)
{
    clReleaseMemObject(args->q.mem);
    clReleaseMemObject(args->k.mem);
    clReleaseMemObject(args->v.mem);
    clReleaseMemObject(args->out.mem);
    if (args->workspace)
        clReleaseMemObject(args->workspace);
}

/* Reads `out` once `event` is complete, and asserts that the padding is as it was. */
static inline void read_out(clf_context *ctx, const clf_run_args *args, cl_event event,
                            int64_t count, float *out)
{
    const int64_t pad = args->out.offset, total = count + 2 * pad;
    float *image = malloc((size_t)total * sizeof *image);
    ck_assert_ptr_nonnull(image);
    ck_assert_int_eq(clEnqueueReadBuffer(clf_context_queue(ctx), args->out.mem, CL_TRUE, 0,
                                         (size_t)total * sizeof *image, image, event ? 1 : 0,
                                         event ? &event : NULL, NULL),
                     CL_SUCCESS);
    for (int64_t i = 0; i < pad; i++)
        ck_assert(isnan(image[i]) && isnan(image[pad + count + i]));
    memcpy(out, image + pad, (size_t)count * sizeof *out);
    free(image);
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
