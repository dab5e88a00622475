/* The internal command behind --bench: a few figures of a device in about two seconds, not counting
 * its compiler. Each is the best of what fits into a window of time, as what disturbs a measurement
 * only makes it slower; launches are given as median and 95th percentile.
 *
 * Invariant: a figure is answered as soon as it is known; what failed is told as null. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cl/error.h"
#include "host/clock.h"
#include "internal.h"
#include "program.h"

enum {
    MAX_LAUNCHES = 4096,
    COPY_BYTES = 64 << 20,
    FMA_FLOP = 24,  // of a vector lane and iteration, bench.cl
    EXP_VALUES = 4
};

static const double k_window = 0.14;   // seconds for a figure
static const double k_launch = 0.012;  // for one launch of it

static void answer(const char *name, double value, const char *unit, cl_int code)
{
    internal_answer(json_pack("{s:s, s:o, s:s, s:s?}", "name", name, "value",
                              code == CL_SUCCESS ? json_real(value) : json_null(), "unit", unit,
                              "error", code == CL_SUCCESS ? NULL : clfi_cl_error_name(code)));
}

/* A kernel of bench.cl with its arguments and its range. */
typedef struct load {
    cl_program program;
    cl_kernel kernel;
    cl_mem out;
    size_t global, local;
} load;

static void load_finish(load *l)
{
    program_release(l->program, l->kernel);
    if (l->out)
        clReleaseMemObject(l->out);
    *l = (load){0};
}

/* A CPU gets work-groups of one item, several a core; others enough items to fill them. */
static cl_int load_init(const session *s, const char *name, const char *options, load *l)
{
    const cl_float x = 0.5f;
    const cl_float y = 0.25f;
    const size_t units = s->info->compute_units ? s->info->compute_units : 1;
    const size_t most = s->info->max_work_group_size ? s->info->max_work_group_size : 1;
    *l = (load){.local = s->info->type == CLF_DEVICE_CPU ? 1 : most < 128 ? most : 128};
    l->global = s->info->type == CLF_DEVICE_CPU ? 4 * units : 32 * units * l->local;
    cl_int code = program_build(s, "tools/clinfo-probe/bench.cl", options, name, &l->program,
                                &l->kernel, NULL, 0);
    if (code == CL_SUCCESS)
        l->out = clCreateBuffer(s->context, CL_MEM_WRITE_ONLY, l->global * sizeof(cl_float), NULL,
                                &code);
    if (code == CL_SUCCESS)
        code = clSetKernelArg(l->kernel, 0, sizeof l->out, &l->out);
    if (code == CL_SUCCESS)
        code = clSetKernelArg(l->kernel, 1, sizeof x, &x);
    if (code == CL_SUCCESS)
        code = clSetKernelArg(l->kernel, 2, sizeof y, &y);
    if (code != CL_SUCCESS)
        load_finish(l);
    return code;
}

/* Seconds from enqueue to finish. */
static cl_int launch(const session *s, const load *l, cl_int iterations, double *seconds)
{
    cl_int code = clSetKernelArg(l->kernel, 3, sizeof iterations, &iterations);
    const double begin = clfi_seconds();
    if (code == CL_SUCCESS)
        code = clEnqueueNDRangeKernel(s->queue, l->kernel, 1, NULL, &l->global, &l->local, 0, NULL,
                                      NULL);
    if (code == CL_SUCCESS)
        code = clFinish(s->queue);
    *seconds = clfi_seconds() - begin;
    return code;
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void time_launches(const session *s)
{
    load l;
    int count = 0;
    double first;
    double *at = calloc(MAX_LAUNCHES, sizeof *at);
    cl_int code = at ? load_init(s, "empty", "-cl-std=CL1.2", &l) : CL_OUT_OF_HOST_MEMORY;
    if (code == CL_SUCCESS) {
        code = launch(s, &l, 0, &first);  // compiles
        const double end = clfi_seconds() + k_window;
        while (code == CL_SUCCESS && count < MAX_LAUNCHES && (count == 0 || clfi_seconds() < end))
            code = launch(s, &l, 0, &at[count++]);
        load_finish(&l);
        qsort(at, (size_t)count, sizeof *at, compare_doubles);
    }
    answer("launch, median", count ? at[count / 2] * 1e6 : 0, "us", code);
    answer("launch, 95th percentile", count ? at[count * 95 / 100] * 1e6 : 0, "us", code);
    free(at);
}

/* Billions of `work` a second, a lane and iteration, of a kernel. */
static void time_kernel(const session *s, const char *figure, const char *kernel, int width,
                        int way, double work, const char *unit)
{
    load l;
    char options[64];
    double best = 0;
    snprintf(options, sizeof options, "-cl-std=CL1.2 -DVW=%d -DWAY=%d", width, way);
    cl_int code = load_init(s, kernel, options, &l);
    if (code == CL_SUCCESS) {
        double seconds;
        cl_int iterations = 16;
        code = launch(s, &l, iterations, &seconds);  // compiles
        const double end = clfi_seconds() + k_window;
        while (code == CL_SUCCESS && clfi_seconds() < end) {
            code = launch(s, &l, iterations, &seconds);
            const double rate = work * width * (double)l.global * iterations / seconds * 1e-9;
            best = rate > best ? rate : best;
            if (seconds < k_launch && iterations < 1 << 26)
                iterations *= seconds < k_launch / 8 ? 4 : 2;
        }
        load_finish(&l);
    }
    answer(figure, best, unit, code);
}

typedef cl_int transfer(const session *s, cl_mem buffer, void *host, size_t bytes);

static cl_int write_buffer(const session *s, cl_mem buffer, void *host, size_t bytes)
{
    return clEnqueueWriteBuffer(s->queue, buffer, CL_TRUE, 0, bytes, host, 0, NULL, NULL);
}

static cl_int read_buffer(const session *s, cl_mem buffer, void *host, size_t bytes)
{
    return clEnqueueReadBuffer(s->queue, buffer, CL_TRUE, 0, bytes, host, 0, NULL, NULL);
}

/* Maps for reading and for writing, and unmaps. */
static cl_int map_buffer(const session *s, cl_mem buffer, void *host, size_t bytes)
{
    (void)host;
    cl_int code;
    void *mapped = clEnqueueMapBuffer(s->queue, buffer, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 0,
                                      bytes, 0, NULL, NULL, &code);
    if (code == CL_SUCCESS)
        code = clEnqueueUnmapMemObject(s->queue, buffer, mapped, 0, NULL, NULL);
    return code == CL_SUCCESS ? clFinish(s->queue) : code;
}

static void time_transfers(const session *s)
{
    static const struct {
        const char *name;
        transfer *run;
    } rows[] = {
        {"copy to the device", write_buffer},
        {"copy from the device", read_buffer},
        {"map and unmap", map_buffer},
    };
    const uint64_t most = s->info->max_alloc_bytes / 4;
    const size_t bytes = most && most < COPY_BYTES ? (size_t)most : COPY_BYTES;
    cl_int created = CL_OUT_OF_HOST_MEMORY;
    void *host = malloc(bytes);
    cl_mem buffer =
        host ? clCreateBuffer(s->context, CL_MEM_READ_WRITE, bytes, NULL, &created) : NULL;
    if (host)
        memset(host, 1, bytes);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double best = 0;
        cl_int code = created == CL_SUCCESS ? rows[i].run(s, buffer, host, bytes) : created;
        const double end = clfi_seconds() + k_window;
        while (code == CL_SUCCESS && (best == 0 || clfi_seconds() < end)) {
            const double begin = clfi_seconds();
            code = rows[i].run(s, buffer, host, bytes);
            const double rate = (double)bytes / (clfi_seconds() - begin) * 1e-9;
            best = rate > best ? rate : best;
        }
        answer(rows[i].name, best, "GB/s", code);
    }
    if (buffer)
        clReleaseMemObject(buffer);
    free(host);
}

/* The largest buffer that can be made and whose last byte can be written, halving from the limit
 * that the device tells. */
static void try_largest(const session *s)
{
    const char byte = 1;
    cl_int code = CL_INVALID_BUFFER_SIZE;
    size_t bytes = (size_t)s->info->max_alloc_bytes;
    for (; bytes; bytes /= 2) {
        const cl_mem buffer = clCreateBuffer(s->context, CL_MEM_READ_WRITE, bytes, NULL, &code);
        if (buffer) {
            code =
                clEnqueueWriteBuffer(s->queue, buffer, CL_TRUE, bytes - 1, 1, &byte, 0, NULL, NULL);
            clReleaseMemObject(buffer);
        }
        if (code == CL_SUCCESS)
            break;
    }
    answer("largest buffer", (double)bytes / (1 << 30), "GiB", code);
}

int bench_internal(int argc, char **argv)
{
    (void)argc;
    static const struct {
        const char *name, *kernel;
        int width, way;
        double work;
        const char *unit;
    } rows[] = {
        {"fma, float", "chains", 1, 0, FMA_FLOP, "GFLOP/s"},
        {"fma, float4", "chains", 4, 0, FMA_FLOP, "GFLOP/s"},
        {"fma, float8", "chains", 8, 0, FMA_FLOP, "GFLOP/s"},
        {"fma, float16", "chains", 16, 0, FMA_FLOP, "GFLOP/s"},
        {"exp", "powers", 8, 0, EXP_VALUES, "Gop/s"},
        {"native_exp", "powers", 8, 1, EXP_VALUES, "Gop/s"},
        {"exp of this library", "powers", 8, 2, EXP_VALUES, "Gop/s"},
    };
    clf_device_list *list = NULL;
    session s;
    const clf_device_info *info = internal_device(argv[0], &list);
    const cl_int code = info ? session_open(info, &s) : CL_DEVICE_NOT_FOUND;
    if (code != CL_SUCCESS) {
        answer("context", 0, "", code);
        return 0;
    }
    time_launches(&s);
    time_transfers(&s);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        time_kernel(&s, rows[i].name, rows[i].kernel, rows[i].width, rows[i].way, rows[i].work,
                    rows[i].unit);
    try_largest(&s);
    session_close(&s);
    return 0;
}
