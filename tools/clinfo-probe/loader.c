/* Forwards OpenCL calls to a loader that dlopen found. The names of the functions are those of
 * CL/cl.h, so that the files of src/cl that enumerate and choose devices are linked unchanged.
 *
 * Invariant: the table of addresses is written once, by loader_open. */
#define _GNU_SOURCE  // dladdr, realpath
#include "loader.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <clfavor/device.h>

#include "../clfavor/report.h"
#include "cl/error.h"

/* What loaders say of themselves; an extension that both common ones have. */
enum {
    ICDL_OCL_VERSION = 1,
    ICDL_VERSION = 2,
    ICDL_NAME = 3,
    ICDL_VENDOR = 4
};

/* Every function that is used: type of the result, name, parameters, arguments, and the result
 * when the loader does not have it. */
#define FUNCTIONS(F)                                                                               \
    F(cl_int, clGetPlatformIDs, (cl_uint a, cl_platform_id * b, cl_uint * c), (a, b, c), NONE)     \
    F(cl_int, clGetPlatformInfo,                                                                   \
      (cl_platform_id a, cl_platform_info b, size_t c, void *d, size_t *e), (a, b, c, d, e), NONE) \
    F(cl_int, clGetDeviceIDs,                                                                      \
      (cl_platform_id a, cl_device_type b, cl_uint c, cl_device_id * d, cl_uint * e),              \
      (a, b, c, d, e), NONE)                                                                       \
    F(cl_int, clGetDeviceInfo, (cl_device_id a, cl_device_info b, size_t c, void *d, size_t *e),   \
      (a, b, c, d, e), NONE)                                                                       \
    F(cl_context, clCreateContext,                                                                 \
      (const cl_context_properties *a, cl_uint b, const cl_device_id *c,                           \
       void(CL_CALLBACK * d)(const char *, const void *, size_t, void *), void *e, cl_int *f),     \
      (a, b, c, d, e, f), NULL)                                                                    \
    F(cl_command_queue, clCreateCommandQueue,                                                      \
      (cl_context a, cl_device_id b, cl_command_queue_properties c, cl_int * d), (a, b, c, d),     \
      NULL)                                                                                        \
    F(cl_program, clCreateProgramWithSource,                                                       \
      (cl_context a, cl_uint b, const char **c, const size_t *d, cl_int *e), (a, b, c, d, e),      \
      NULL)                                                                                        \
    F(cl_int, clBuildProgram,                                                                      \
      (cl_program a, cl_uint b, const cl_device_id *c, const char *d,                              \
       void(CL_CALLBACK * e)(cl_program, void *), void *f),                                        \
      (a, b, c, d, e, f), NONE)                                                                    \
    F(cl_int, clGetProgramBuildInfo,                                                               \
      (cl_program a, cl_device_id b, cl_program_build_info c, size_t d, void *e, size_t *f),       \
      (a, b, c, d, e, f), NONE)                                                                    \
    F(cl_kernel, clCreateKernel, (cl_program a, const char *b, cl_int *c), (a, b, c), NULL)        \
    F(cl_int, clSetKernelArg, (cl_kernel a, cl_uint b, size_t c, const void *d), (a, b, c, d),     \
      NONE)                                                                                        \
    F(cl_int, clGetKernelWorkGroupInfo,                                                            \
      (cl_kernel a, cl_device_id b, cl_kernel_work_group_info c, size_t d, void *e, size_t *f),    \
      (a, b, c, d, e, f), NONE)                                                                    \
    F(cl_mem, clCreateBuffer, (cl_context a, cl_mem_flags b, size_t c, void *d, cl_int *e),        \
      (a, b, c, d, e), NULL)                                                                       \
    F(cl_int, clEnqueueNDRangeKernel,                                                              \
      (cl_command_queue a, cl_kernel b, cl_uint c, const size_t *d, const size_t *e,               \
       const size_t *f, cl_uint g, const cl_event *h, cl_event *i),                                \
      (a, b, c, d, e, f, g, h, i), NONE)                                                           \
    F(cl_int, clEnqueueReadBuffer,                                                                 \
      (cl_command_queue a, cl_mem b, cl_bool c, size_t d, size_t e, void *f, cl_uint g,            \
       const cl_event *h, cl_event *i),                                                            \
      (a, b, c, d, e, f, g, h, i), NONE)                                                           \
    F(cl_int, clEnqueueWriteBuffer,                                                                \
      (cl_command_queue a, cl_mem b, cl_bool c, size_t d, size_t e, const void *f, cl_uint g,      \
       const cl_event *h, cl_event *i),                                                            \
      (a, b, c, d, e, f, g, h, i), NONE)                                                           \
    F(void *, clEnqueueMapBuffer,                                                                  \
      (cl_command_queue a, cl_mem b, cl_bool c, cl_map_flags d, size_t e, size_t f, cl_uint g,     \
       const cl_event *h, cl_event *i, cl_int *j),                                                 \
      (a, b, c, d, e, f, g, h, i, j), NULL)                                                        \
    F(cl_int, clEnqueueUnmapMemObject,                                                             \
      (cl_command_queue a, cl_mem b, void *c, cl_uint d, const cl_event *e, cl_event *f),          \
      (a, b, c, d, e, f), NONE)                                                                    \
    F(cl_int, clFinish, (cl_command_queue a), (a), NONE)                                           \
    F(cl_int, clReleaseMemObject, (cl_mem a), (a), NONE)                                           \
    F(cl_int, clReleaseKernel, (cl_kernel a), (a), NONE)                                           \
    F(cl_int, clReleaseProgram, (cl_program a), (a), NONE)                                         \
    F(cl_int, clReleaseCommandQueue, (cl_command_queue a), (a), NONE)                              \
    F(cl_int, clReleaseContext, (cl_context a), (a), NONE)
#define NONE CLFI_CL_PLATFORM_NOT_FOUND

#define MEMBER(result, name, parameters, arguments, missing) result(CL_API_CALL *name) parameters;
static struct {
    FUNCTIONS(MEMBER)
} calls;

#define FORWARD(result, name, parameters, arguments, missing)                                      \
    result CL_API_CALL name parameters                                                             \
    {                                                                                              \
        return calls.name ? calls.name arguments : missing;                                        \
    }
FUNCTIONS(FORWARD)

static const char *const k_names[] = {
#ifdef __APPLE__
    "/System/Library/Frameworks/OpenCL.framework/OpenCL",
#endif
    "libOpenCL.so.1",
    "libOpenCL.so",
};

/* One of the loader's texts about itself, null when it does not tell. Khronos's loader exports the
 * function, ocl-icd gives it by its name. */
static json_t *ask_loader(void *library, int param)
{
    static const char name[] = "clGetICDLoaderInfoOCLICD";
    cl_int(CL_API_CALL * info)(int, size_t, void *, size_t *) = NULL;
    void *(CL_API_CALL * by_name)(const char *) = NULL;
    char text[256] = "";
    void *address = dlsym(library, "clGetExtensionFunctionAddress");
    memcpy(&by_name, &address, sizeof by_name);
    address = dlsym(library, name);
    if (!address && by_name)
        address = by_name(name);
    memcpy(&info, &address, sizeof info);
    if (!info || info(param, sizeof text - 1, text, NULL) != CL_SUCCESS)
        return json_null();
    return report_text(text);
}

/* The loader's file with its links followed. */
static json_t *find_path(void *library)
{
    Dl_info where = {0};
    char path[PATH_MAX];
    void *address = dlsym(library, "clGetPlatformIDs");
    if (!address || !dladdr(address, &where) || !where.dli_fname)
        return json_string("unknown");
    return report_text(realpath(where.dli_fname, path) ? path : where.dli_fname);
}

static void take_addresses(void *library)
{
#define TAKE(result, name, parameters, arguments, missing)                                         \
    do {                                                                                           \
        void *address = dlsym(library, #name);                                                     \
        memcpy(&calls.name, &address, sizeof calls.name);                                          \
    } while (0);
    FUNCTIONS(TAKE)
}

json_t *loader_open(void)
{
    void *library = NULL;
    json_t *error = NULL;
    for (size_t i = 0; !library && i < sizeof k_names / sizeof k_names[0]; i++) {
        library = dlopen(k_names[i], RTLD_NOW);
        if (!library && !error)
            error = report_text(dlerror());
    }
    if (!library)
        return json_pack("{s:b, s:n, s:n, s:n, s:n, s:n, s:o}", "found", 0, "path", "name",
                         "vendor", "version", "opencl", "error", error);
    json_decref(error);
    take_addresses(library);
    return json_pack("{s:b, s:o, s:o, s:o, s:o, s:o, s:n}", "found", 1, "path", find_path(library),
                     "name", ask_loader(library, ICDL_NAME), "vendor",
                     ask_loader(library, ICDL_VENDOR), "version", ask_loader(library, ICDL_VERSION),
                     "opencl", ask_loader(library, ICDL_OCL_VERSION), "error");
}
