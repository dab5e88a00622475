/* Contexts and programs of the internal commands. Judges nothing. */
#include "program.h"

#include <stdlib.h>
#include <string.h>

#include "cl/embedded.h"
#include "cl/error.h"

extern const struct clfi_embedded probe_kernels[];
extern const size_t probe_kernel_count;

cl_int session_open(const clf_device_info *info, session *out)
{
    const cl_context_properties properties[] = {CL_CONTEXT_PLATFORM,
                                                (cl_context_properties)info->platform, 0};
    cl_int code = CLFI_CL_PLATFORM_NOT_FOUND;
    *out = (session){.info = info};
    out->context = clCreateContext(properties, 1, &info->id, NULL, NULL, &code);
    if (out->context)
        out->queue = clCreateCommandQueue(out->context, info->id, 0, &code);
    if (!out->queue)
        session_close(out);
    return code;
}

void session_close(session *s)
{
    if (s->queue)
        clReleaseCommandQueue(s->queue);
    if (s->context)
        clReleaseContext(s->context);
    *s = (session){0};
}

static const struct clfi_embedded *find(const char *path)
{
    for (size_t i = 0; i < probe_kernel_count; i++)
        if (strcmp(probe_kernels[i].path, path) == 0)
            return &probe_kernels[i];
    return NULL;
}

/* The first line with "error", else the first one that holds anything. */
static void keep_error(const char *text, char *line, size_t size)
{
    const char *at = strstr(text, "error");
    while (at && at > text && at[-1] != '\n')
        at--;
    at = at ? at : text + strspn(text, " \r\n");
    const size_t length = strcspn(at, "\r\n");
    const size_t kept = length < size ? length : size - 1;
    memcpy(line, at, kept);
    line[kept] = '\0';
}

static void read_log(const session *s, cl_program program, char *log, size_t log_size)
{
    size_t size = 0;
    clGetProgramBuildInfo(program, s->info->id, CL_PROGRAM_BUILD_LOG, 0, NULL, &size);
    char *text = calloc(1, size + 1);
    if (text && clGetProgramBuildInfo(program, s->info->id, CL_PROGRAM_BUILD_LOG, size, text,
                                      NULL) == CL_SUCCESS)
        keep_error(text, log, log_size);
    free(text);
}

cl_int program_build(const session *s, const char *path, const char *options, const char *name,
                     cl_program *program, cl_kernel *kernel, char *log, size_t log_size)
{
    const struct clfi_embedded *source = find(path);
    const char *text = source ? source->source : "";
    cl_int code = CL_OUT_OF_HOST_MEMORY;
    *kernel = NULL;
    *program = clCreateProgramWithSource(s->context, 1, &text, NULL, &code);
    if (*program)
        code = clBuildProgram(*program, 1, &s->info->id, options, NULL, NULL);
    if (*program && code != CL_SUCCESS && log)
        read_log(s, *program, log, log_size);
    if (*program && code == CL_SUCCESS)
        *kernel = clCreateKernel(*program, name, &code);
    if (!*kernel) {
        program_release(*program, NULL);
        *program = NULL;
    }
    return code;
}

void program_release(cl_program program, cl_kernel kernel)
{
    if (kernel)
        clReleaseKernel(kernel);
    if (program)
        clReleaseProgram(program);
}
