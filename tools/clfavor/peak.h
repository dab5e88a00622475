/* The FMA peak of a device at this moment. */
#ifndef TOOL_PEAK_H
#define TOOL_PEAK_H

#include <clfavor/context.h>

typedef struct peak {
    cl_command_queue queue;  // borrowed
    cl_program program;
    cl_kernel kernel;
    cl_mem out;
    size_t global, local;
    int vector_width;  // the width that was the fastest
    int iterations;    // so that a launch takes about 10 ms
} peak;

/* Builds the kernel for each vector width and keeps the fastest. One thread at a time per
 * object. Errors: BUILD (its log goes to `log`), DEVICE, DEVICE_MEMORY. */
clf_status peak_create(clf_context *ctx, const clf_log *log, peak *out);

/* Runs it once and waits. *gflops is of the time from enqueue to finish. Errors: DEVICE. */
clf_status peak_measure(peak *p, const clf_log *log, double *gflops);

void peak_destroy(peak *p);

#endif
