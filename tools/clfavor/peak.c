/* Runs fma_peak.cl, copy_peak.cl and empty_launch.cl. Measures, and judges nothing.
 *
 * Invariant: a peak is timed as the attention is, from enqueue to finish on the host's clock, so
 * that their ratio is fair. */
#include "peak.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cl/buffer.h"
#include "cl/embedded.h"
#include "cl/error.h"
#include "cl/program.h"
#include "host/clock.h"
#include "host/log.h"
#include "measure.h"

extern const struct clfi_embedded tool_kernels[];
extern const size_t tool_kernel_count;

enum {
    FIRST_ITERATIONS = 1 << 12,
    MOST_LAUNCHES = 10000,
    WIDEST = 16,
    ROUNDS = 5,
    SHORT_ROUNDS = 101,
    SHORTER = 10  // than k_seconds: below the time slice of a busy machine
};
static const int k_widths[PEAK_WIDTHS] = {4, 8, WIDEST};
static const double k_seconds = 0.01;           // of a measurement
static const size_t k_copy_bytes = 64u << 20u;  // more than the last cache of most devices
static const float k_fill = 0.001f;             // of `in`; fma_peak.cl says why

/* How a measurement repeats its work until it is long enough. */
typedef enum repetition {
    BY_LOOPS,     // in the kernel
    BY_LAUNCHES,  // one after the other
    BY_WAITS      // launches, each waited for
} repetition;

static const struct {
    const char *file, *kernel;
    int widths;
    repetition repeated;
} k_rows[PEAK_COUNT] = {
    [PEAK_FMA] = {"fma_peak.cl", "fma_peak", PEAK_WIDTHS, BY_LOOPS},
    [PEAK_COPY] = {"copy_peak.cl", "copy_peak", PEAK_WIDTHS, BY_LAUNCHES},
    [PEAK_LAUNCH] = {"empty_launch.cl", "empty_launch", 1, BY_WAITS},
};

static void log_build(const char *file, cl_program program, cl_device_id device, const clf_log *log)
{
    size_t size = 0;
    clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, 0, NULL, &size);
    char *text = calloc(size + 1, 1);
    if (text) {
        clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, size, text, NULL);
        clfi_log(log, CLF_LOG_ERROR, "%s did not compile:\n%s", file, text);
    }
    free(text);
}

static const struct clfi_embedded *find_source(const char *file)
{
    size_t i = 0;
    while (i + 1 < tool_kernel_count && strcmp(tool_kernels[i].path, file) != 0)
        i++;
    return &tool_kernels[i];
}

static clf_status build(clf_context *ctx, const clf_log *log, peak *p)
{
    clf_status status = CLF_OK;
    const clf_device_info *device = clf_context_device(ctx);
    const struct clfi_embedded *source = find_source(k_rows[p->kind].file);
    char options[32];
    cl_int code;
    snprintf(options, sizeof options, "-cl-std=CL1.2 -DVW=%d", p->vector_width);
    p->program = clCreateProgramWithSource(clf_context_cl(ctx), 1, (const char *[]){source->source},
                                           &source->length, &code);
    TRY(clfi_cl_check(log, code, "clCreateProgramWithSource()"));
    code = clBuildProgram(p->program, 1, &device->id, options, NULL, NULL);
    if (code != CL_SUCCESS)
        log_build(source->path, p->program, device->id, log);
    TRY(clfi_cl_check(log, code, "clBuildProgram()"));
    TRY(clfi_kernel_create(ctx, p->program, k_rows[p->kind].kernel, &p->kernel));
fail:
    return status;
}

/* A CPU gets work-groups of one, several per core; others enough items to fill them. */
static void choose_range(const clf_device_info *device, peak *p)
{
    const size_t units = device->compute_units > 0 ? device->compute_units : 1;
    p->local = p->global = 1;
    if (p->kind == PEAK_LAUNCH)
        return;
    if (device->type == CLF_DEVICE_CPU) {
        p->global = 4 * units;
        return;
    }
    p->local = device->max_work_group_size < 128 ? (size_t)device->max_work_group_size : 128;
    p->local = p->local > 0 ? p->local : 1;
    p->global = 32 * units * p->local;
}

/* Whole vectors of any width for each work-group, at most an eighth of what a buffer may have. */
static size_t copy_bytes(const clf_device_info *device, const peak *p)
{
    const size_t step = p->global / p->local * WIDEST * sizeof(cl_float);
    const uint64_t limit = device->max_alloc_bytes / 8;
    const size_t wanted = limit && limit < k_copy_bytes ? (size_t)limit : k_copy_bytes;
    return wanted > step ? wanted - wanted % step : step;
}

static clf_status create_buffers(clf_context *ctx, const clf_log *log, peak *p)
{
    clf_status status = CLF_OK;
    size_t in = sizeof(cl_float), out = p->global * sizeof(cl_float);
    if (p->kind == PEAK_COPY)
        in = out = p->bytes = copy_bytes(clf_context_device(ctx), p);
    TRY(clfi_buffer_create(ctx, CL_MEM_READ_ONLY, in, NULL, "input of the peak", &p->in));
    TRY(clfi_buffer_create(ctx, CL_MEM_WRITE_ONLY, out, NULL, "results of the peak", &p->out));
    TRY_CL(log, clEnqueueFillBuffer(p->queue, p->in, &k_fill, sizeof k_fill, 0, in, 0, NULL, NULL));
    TRY_CL(log, clFinish(p->queue));
fail:
    return status;
}

/* Independent vectors of fma_peak.cl. */
static double chains(int vector_width)
{
    return vector_width == WIDEST ? 24 : 12;
}

/* What a measurement does: FLOP, bytes or launches. */
static double work_of(const peak *p)
{
    switch (p->kind) {
    case PEAK_FMA:
        return 2.0 * chains(p->vector_width) * p->vector_width * (double)p->n * (double)p->global;
    case PEAK_COPY:
        return 2.0 * (double)p->bytes * p->launches;
    default:
        return p->launches;
    }
}

static clf_status measure(peak *p, const clf_log *log, double *seconds)
{
    clf_status status = CLF_OK;
    const cl_int n = p->n;
    TRY_CL(log, clSetKernelArg(p->kernel, 0, sizeof p->in, &p->in));
    TRY_CL(log, clSetKernelArg(p->kernel, 1, sizeof p->out, &p->out));
    TRY_CL(log, clSetKernelArg(p->kernel, 2, sizeof n, &n));
    const double begin = clfi_seconds();
    for (int i = 0; i < p->launches; i++) {
        TRY_CL(log, clEnqueueNDRangeKernel(p->queue, p->kernel, 1, NULL, &p->global, &p->local, 0,
                                           NULL, NULL));
        if (k_rows[p->kind].repeated == BY_WAITS)
            TRY_CL(log, clFinish(p->queue));
    }
    TRY_CL(log, clFinish(p->queue));
    *seconds = fmax(clfi_seconds() - begin, 1e-9);
fail:
    return status;
}

clf_status peak_measure(peak *p, const clf_log *log, double *per_second)
{
    double seconds = 1;
    const clf_status status = measure(p, log, &seconds);
    *per_second = work_of(p) / seconds;
    return status;
}

/* Sets how often the work is repeated; the first launch compiles. */
static clf_status calibrate(peak *p, const clf_log *log)
{
    clf_status status = CLF_OK;
    const bool loops = k_rows[p->kind].repeated == BY_LOOPS;
    p->launches = 1;
    p->n =
        loops
            ? FIRST_ITERATIONS
            : (int)(p->bytes / sizeof(cl_float) / (size_t)p->vector_width / (p->global / p->local));
    for (int pass = 0; pass < 3; pass++) {
        double seconds;
        TRY(measure(p, log, &seconds));
        const double times = k_seconds / seconds;
        if (loops)
            p->n = (int)fmin(fmax(times * p->n, FIRST_ITERATIONS), 1 << 28);
        else
            p->launches = (int)fmin(fmax(round(times * p->launches), 1), MOST_LAUNCHES);
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

/* The fastest, turn by turn and the best of each: other work on the machine must not choose. */
static clf_status choose_fastest(peak *candidates, int count, const clf_log *log, int *fastest)
{
    clf_status status = CLF_OK;
    double best[PEAK_WIDTHS] = {0};
    *fastest = 0;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < count; i++) {
            double rate;
            TRY(peak_measure(&candidates[i], log, &rate));
            best[i] = fmax(best[i], rate);
        }
    }
    for (int i = 1; i < count; i++)
        *fastest = best[i] > best[*fastest] ? i : *fastest;
fail:
    return status;
}

/* A candidate of each width, all on the buffers of `base`. */
static clf_status create_candidates(clf_context *ctx, const peak *base, const clf_log *log,
                                    peak candidates[PEAK_WIDTHS])
{
    clf_status status = CLF_OK;
    for (int i = 0; i < k_rows[base->kind].widths; i++) {
        candidates[i] = *base;
        candidates[i].vector_width = k_widths[i];
        TRY(build(ctx, log, &candidates[i]));
        TRY(calibrate(&candidates[i], log));
    }
fail:
    return status;
}

clf_status peak_create(clf_context *ctx, peak_kind kind, const clf_log *log, peak *out)
{
    clf_status status = CLF_OK;
    peak base = {.kind = kind, .queue = clf_context_queue(ctx)};
    peak candidates[PEAK_WIDTHS] = {{0}};
    int fastest;
    *out = (peak){0};
    choose_range(clf_context_device(ctx), &base);
    TRY(create_buffers(ctx, log, &base));
    TRY(create_candidates(ctx, &base, log, candidates));
    TRY(choose_fastest(candidates, k_rows[kind].widths, log, &fastest));
    *out = candidates[fastest];
    candidates[fastest] = (peak){0};
    base.in = base.out = NULL;
fail:
    for (int i = 0; i < PEAK_WIDTHS; i++)
        release_kernel(&candidates[i]);
    peak_destroy(&base);
    return status;
}

clf_status peak_compare_widths(clf_context *ctx, const clf_log *log, double gains[PEAK_WIDTHS - 1])
{
    clf_status status = CLF_OK;
    peak base = {.kind = PEAK_FMA, .queue = clf_context_queue(ctx), .global = 1, .local = 1};
    peak candidates[PEAK_WIDTHS] = {{0}};
    double rates[PEAK_WIDTHS], ratios[PEAK_WIDTHS - 1][SHORT_ROUNDS];
    TRY(create_buffers(ctx, log, &base));
    TRY(create_candidates(ctx, &base, log, candidates));
    for (int i = 0; i < PEAK_WIDTHS; i++)
        candidates[i].n /= SHORTER;
    for (int round = 0; round < SHORT_ROUNDS; round++) {
        for (int i = 0; i < PEAK_WIDTHS; i++) {
            TRY(peak_measure(&candidates[i], log, &rates[i]));
            if (i > 0)
                ratios[i - 1][round] = rates[i] / rates[i - 1];
        }
    }
    for (int i = 0; i + 1 < PEAK_WIDTHS; i++)
        gains[i] = measure_quartiles(ratios[i], SHORT_ROUNDS).median;
fail:
    for (int i = 0; i < PEAK_WIDTHS; i++)
        release_kernel(&candidates[i]);
    peak_destroy(&base);
    return status;
}

void peak_destroy(peak *p)
{
    release_kernel(p);
    if (p->in)
        clReleaseMemObject(p->in);
    if (p->out)
        clReleaseMemObject(p->out);
    *p = (peak){0};
}
