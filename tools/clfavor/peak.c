/* Runs fma_peak.cl. Measures, and judges nothing.
 *
 * Invariant: the peak is timed as the attention is, from enqueue to finish on the host's clock,
 * so that their ratio is fair. */
#include "peak.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cl/buffer.h"
#include "cl/embedded.h"
#include "cl/error.h"
#include "cl/program.h"
#include "host/log.h"
#include "measure.h"

extern const struct clfi_embedded tool_kernels[];
extern const size_t tool_kernel_count;

enum {
    CHAINS = 12,  // of fma_peak.cl
    FIRST_ITERATIONS = 1 << 12,
    WIDTHS = 3,
    ROUNDS = 5
};
static const int k_widths[WIDTHS] = {4, 8, 16};
static const double k_launch_seconds = 0.01;

static void log_build(cl_program program, cl_device_id device, const clf_log *log)
{
    size_t size = 0;
    clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, 0, NULL, &size);
    char *text = calloc(size + 1, 1);
    if (text) {
        clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, size, text, NULL);
        clfi_log(log, CLF_LOG_ERROR, "fma_peak.cl did not compile:\n%s", text);
    }
    free(text);
}

static clf_status build(clf_context *ctx, int vector_width, const clf_log *log, peak *p)
{
    clf_status status = CLF_OK;
    const clf_device_info *device = clf_context_device(ctx);
    const struct clfi_embedded *source = &tool_kernels[0];
    char options[32];
    cl_int code;
    snprintf(options, sizeof options, "-cl-std=CL1.2 -DVW=%d", vector_width);
    p->program = clCreateProgramWithSource(clf_context_cl(ctx), 1, (const char *[]){source->source},
                                           &source->length, &code);
    TRY(clfi_cl_check(log, code, "clCreateProgramWithSource()"));
    code = clBuildProgram(p->program, 1, &device->id, options, NULL, NULL);
    if (code != CL_SUCCESS)
        log_build(p->program, device->id, log);
    TRY(clfi_cl_check(log, code, "clBuildProgram()"));
    TRY(clfi_kernel_create(ctx, p->program, "fma_peak", &p->kernel));
fail:
    return status;
}

/* A CPU gets work-groups of one, several per core; others enough items to fill them. */
static void choose_range(const clf_device_info *device, peak *p)
{
    const size_t units = device->compute_units > 0 ? device->compute_units : 1;
    if (device->type == CLF_DEVICE_CPU) {
        p->local = 1;
        p->global = 4 * units;
        return;
    }
    p->local = device->max_work_group_size < 128 ? (size_t)device->max_work_group_size : 128;
    p->local = p->local > 0 ? p->local : 1;
    p->global = 32 * units * p->local;
}

clf_status peak_measure(peak *p, const clf_log *log, double *gflops)
{
    clf_status status = CLF_OK;
    const cl_float x = 0.999f;
    const cl_float y = 0.001f;
    const cl_int iterations = p->iterations;
    TRY_CL(log, clSetKernelArg(p->kernel, 0, sizeof p->out, &p->out));
    TRY_CL(log, clSetKernelArg(p->kernel, 1, sizeof x, &x));
    TRY_CL(log, clSetKernelArg(p->kernel, 2, sizeof y, &y));
    TRY_CL(log, clSetKernelArg(p->kernel, 3, sizeof iterations, &iterations));
    const double begin = measure_seconds();
    TRY_CL(log, clEnqueueNDRangeKernel(p->queue, p->kernel, 1, NULL, &p->global, &p->local, 0, NULL,
                                       NULL));
    TRY_CL(log, clFinish(p->queue));
    const double seconds = measure_seconds() - begin;
    const double flop = 2.0 * CHAINS * p->vector_width * (double)iterations * (double)p->global;
    *gflops = flop / fmax(seconds, 1e-9) * 1e-9;
fail:
    return status;
}

/* Sets the iterations so that a launch takes about 10 ms; the first launch compiles. */
static clf_status calibrate(peak *p, const clf_log *log)
{
    clf_status status = CLF_OK;
    p->iterations = FIRST_ITERATIONS;
    for (int pass = 0; pass < 3; pass++) {
        double gflops;
        TRY(peak_measure(p, log, &gflops));
        const double flop_per_iteration = 2.0 * CHAINS * p->vector_width * (double)p->global;
        const double wanted = k_launch_seconds * gflops * 1e9 / flop_per_iteration;
        p->iterations = (int)fmin(fmax(wanted, FIRST_ITERATIONS), 1 << 28);
    }
fail:
    return status;
}

static void release_kernel(peak *p)
{
    if (p->kernel)
        clReleaseKernel(p->kernel);
    if (p->program)
        clReleaseProgram(p->program);
    p->kernel = NULL;
    p->program = NULL;
}

clf_status peak_create(clf_context *ctx, const clf_log *log, peak *out)
{
    clf_status status = CLF_OK;
    peak base = {.queue = clf_context_queue(ctx)};
    peak candidates[WIDTHS] = {{0}};
    double best[WIDTHS] = {0};
    int fastest = 0;
    *out = (peak){0};
    choose_range(clf_context_device(ctx), &base);
    TRY(clfi_buffer_create(ctx, CL_MEM_WRITE_ONLY, base.global * sizeof(cl_float), NULL,
                           "results of the peak", &base.out));
    for (int i = 0; i < WIDTHS; i++) {
        candidates[i] = base;
        candidates[i].vector_width = k_widths[i];
        TRY(build(ctx, k_widths[i], log, &candidates[i]));
        TRY(calibrate(&candidates[i], log));
    }
    // Turn by turn, and the best of each: other work on the machine must not choose the width.
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < WIDTHS; i++) {
            double gflops;
            TRY(peak_measure(&candidates[i], log, &gflops));
            best[i] = fmax(best[i], gflops);
        }
    }
    for (int i = 1; i < WIDTHS; i++)
        fastest = best[i] > best[fastest] ? i : fastest;
    *out = candidates[fastest];
    candidates[fastest] = (peak){0};
    base.out = NULL;
fail:
    for (int i = 0; i < WIDTHS; i++)
        release_kernel(&candidates[i]);
    peak_destroy(&base);
    return status;
}

void peak_destroy(peak *p)
{
    release_kernel(p);
    if (p->out)
        clReleaseMemObject(p->out);
    *p = (peak){0};
}
