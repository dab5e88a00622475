/* What a device can do at this moment, by kernels that do one thing: fused multiply-adds, a copy
 * of memory larger than caches, nothing at all. */
#ifndef TOOL_PEAK_H
#define TOOL_PEAK_H

#include <clfavor/context.h>

typedef enum peak_kind {
    PEAK_FMA = 0,  // FLOP a second
    PEAK_COPY,     // bytes a second, those read and those written
    PEAK_LAUNCH,   // empty launches a second, each waited for before the next
    PEAK_COUNT
} peak_kind;

enum {
    PEAK_WIDTHS = 3  // 4, 8 and 16 floats a vector
};

typedef struct peak {
    peak_kind kind;
    cl_command_queue queue;  // borrowed
    cl_program program;
    cl_kernel kernel;
    cl_mem in, out;
    size_t global, local;
    size_t bytes;      // that a launch copies
    int vector_width;  // the width that was the fastest
    int n;             // the kernel's argument
    int launches;      // of a measurement
} peak;

/* Builds the kernel for each vector width, keeps the fastest, and sets how often a measurement
 * repeats, so that it takes about 10 ms. One thread at a time per object. Errors: BUILD (its log
 * goes to `log`), DEVICE, DEVICE_MEMORY. */
clf_status peak_create(clf_context *ctx, peak_kind kind, const clf_log *log, peak *out);

/* Measures once, from enqueue to finish. Errors: DEVICE. */
clf_status peak_measure(peak *p, const clf_log *log, double *per_second);

/* What doubling the vectors brings, in one work-item: the medians of the rates of PEAK_FMA with
 * vectors of 8 over those with vectors of 4, and of 16 over 8, each pair measured one right after
 * the other, so that other work on the machine does not decide. Errors: those of peak_create. */
clf_status peak_compare_widths(clf_context *ctx, const clf_log *log, double gains[PEAK_WIDTHS - 1]);

void peak_destroy(peak *p);

#endif
