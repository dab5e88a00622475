/* One small program on one device, for the internal commands that run kernels. */
#ifndef PROBE_PROGRAM_H
#define PROBE_PROGRAM_H

#include <clfavor/device.h>

typedef struct session {
    const clf_device_info *info;
    cl_context context;
    cl_command_queue queue;
} session;

/* A context and a queue. The code of the call that failed. */
cl_int session_open(const clf_device_info *info, session *out);
void session_close(session *s);

/* Builds kernel `name` of the embedded file `path`. The program goes with the kernel: both are
 * released by program_release. A failed build leaves the first line of its log that tells of an
 * error in `log`, which may be NULL. */
cl_int program_build(const session *s, const char *path, const char *options, const char *name,
                     cl_program *program, cl_kernel *kernel, char *log, size_t log_size);
void program_release(cl_program program, cl_kernel kernel);

#endif
