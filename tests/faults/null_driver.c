/* An OpenCL driver whose kernels do nothing, for the host side of the library without a device.
 * Buffers are memory that is copied in and out; all commands are complete when they return. What a
 * driver may assume of its caller is checked: a wrong handle, a kernel with a gap in its arguments
 * or a group that does not divide the grid ends the process.
 *
 * Invariant: every object is a block of its own, freed with its last reference, so that
 * AddressSanitizer sees each use after that. */
#include "null_driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CL/cl_ext.h>
#include <CL/cl_icd.h>

#include "entries.h"

#define CODE_PROTOTYPE(name, object, step, parameters, arguments)                                  \
    static cl_int CL_API_CALL null_##name parameters;
#define OBJECT_PROTOTYPE(type, name, object, parameters, arguments)                                \
    static type CL_API_CALL null_##name parameters;
#define COMMAND_PROTOTYPE(name, parameters, arguments)                                             \
    static cl_int CL_API_CALL null_##name parameters;
CODE_ENTRIES(CODE_PROTOTYPE)
OBJECT_ENTRIES(OBJECT_PROTOTYPE)
COMMAND_ENTRIES(COMMAND_PROTOTYPE)

#define CODE_MEMBER(name, object, step, parameters, arguments)   .name = null_##name,
#define OBJECT_MEMBER(type, name, object, parameters, arguments) .name = null_##name,
#define COMMAND_MEMBER(name, parameters, arguments)              .name = null_##name,
static const cl_icd_dispatch functions = {CODE_ENTRIES(CODE_MEMBER) OBJECT_ENTRIES(OBJECT_MEMBER)
                                              COMMAND_ENTRIES(COMMAND_MEMBER)};

enum {
    MOST_BYTES = 1 << 22,  // of a buffer
    MOST_ARGUMENTS = 32
};

/* Every object; loaders look for the table of functions at its beginning. */
typedef struct thing {
    const cl_icd_dispatch *functions;
    enum object kind;
    int references;
    cl_context context;    // of a queue
    unsigned char *bytes;  // of a buffer
    size_t size;
    cl_uint set;  // arguments of a kernel that were set, a bit each
} thing;

struct _cl_platform_id {
    const cl_icd_dispatch *functions;
};
struct _cl_device_id {
    const cl_icd_dispatch *functions;
};
static struct _cl_platform_id platform_of_all = {&functions};
static struct _cl_device_id device_of_all = {&functions};

null_device null_driver_device = {.type = CL_DEVICE_TYPE_CPU,
                                  .compute_units = 2,
                                  .native_float_width = 8,
                                  .global_mem_bytes = 1 << 28,
                                  .max_alloc_bytes = MOST_BYTES,
                                  .max_work_group_size = 64};

static void demand(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "null driver: %s\n", what);
        abort();
    }
}

/* The object behind a handle of the caller's. */
static thing *take(void *handle, enum object kind)
{
    thing *t = handle;
    demand(t && t->functions == &functions && t->kind == kind && t->references > 0,
           "a handle of another kind");
    return t;
}

static void *make(enum object kind, cl_int *code)
{
    thing *t = calloc(1, sizeof *t);
    if (t)
        *t = (thing){.functions = &functions, .kind = kind, .references = 1};
    if (code)
        *code = t ? CL_SUCCESS : CL_OUT_OF_HOST_MEMORY;
    return t;
}

static cl_int retain(void *handle, enum object kind)
{
    take(handle, kind)->references++;
    return CL_SUCCESS;
}

static cl_int release(void *handle, enum object kind)
{
    thing *t = take(handle, kind);
    if (--t->references == 0) {
        free(t->bytes);
        free(t);
    }
    return CL_SUCCESS;
}

static cl_int answer(const void *from, size_t bytes, size_t room, void *value, size_t *size)
{
    if (value && room < bytes)
        return CL_INVALID_VALUE;
    if (value)
        memcpy(value, from, bytes);
    if (size)
        *size = bytes;
    return CL_SUCCESS;
}

static cl_int answer_text(const char *text, size_t room, void *value, size_t *size)
{
    return answer(text, strlen(text) + 1, room, value, size);
}

/* The event of a command that is complete. */
static cl_int complete(cl_uint num_wait, const cl_event *wait, cl_event *event)
{
    cl_int code = CL_SUCCESS;
    demand((num_wait > 0) == (wait != NULL), "a wait list that is not there");
    for (cl_uint i = 0; i < num_wait; i++)
        take(wait[i], OBJECT_EVENT);
    if (event)
        *event = make(OBJECT_EVENT, &code);
    return code;
}

/* --- platform, device, context ---------------------------------------------------------------- */

static cl_int CL_API_CALL null_clGetPlatformIDs(cl_uint room, cl_platform_id *ids, cl_uint *count)
{
    if (ids && room > 0)
        ids[0] = &platform_of_all;
    if (count)
        *count = 1;
    return CL_SUCCESS;
}

static cl_int CL_API_CALL null_clGetPlatformInfo(cl_platform_id platform, cl_platform_info param,
                                                 size_t room, void *value, size_t *size)
{
    demand(platform == &platform_of_all, "another platform");
    return answer_text(param == CL_PLATFORM_EXTENSIONS ? "cl_khr_icd"
                       : param == CL_PLATFORM_VERSION  ? "OpenCL 1.2 null"
                       : param == CL_PLATFORM_PROFILE  ? "FULL_PROFILE"
                                                       : "NULL",
                       room, value, size);
}

static cl_int CL_API_CALL null_clGetDeviceIDs(cl_platform_id platform, cl_device_type type,
                                              cl_uint room, cl_device_id *ids, cl_uint *count)
{
    (void)type;
    demand(platform == &platform_of_all, "another platform");
    if (ids && room > 0)
        ids[0] = &device_of_all;
    if (count)
        *count = 1;
    return CL_SUCCESS;
}

static cl_int CL_API_CALL null_clGetDeviceInfo(cl_device_id device, cl_device_info param,
                                               size_t room, void *value, size_t *size)
{
    static const cl_bool yes = CL_TRUE;
    static cl_platform_id platform = &platform_of_all;
    const null_device *d = &null_driver_device;
    const size_t items[3] = {d->max_work_group_size, d->max_work_group_size,
                             d->max_work_group_size};
    const struct {
        cl_device_info param;
        const void *value;
        size_t bytes;
    } answers[] = {
        {CL_DEVICE_TYPE, &d->type, sizeof d->type},
        {CL_DEVICE_PLATFORM, &platform, sizeof platform},
        {CL_DEVICE_AVAILABLE, &yes, sizeof yes},
        {CL_DEVICE_COMPILER_AVAILABLE, &yes, sizeof yes},
        {CL_DEVICE_MAX_COMPUTE_UNITS, &d->compute_units, sizeof d->compute_units},
        {CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, &d->native_float_width, sizeof d->native_float_width},
        {CL_DEVICE_GLOBAL_MEM_SIZE, &d->global_mem_bytes, sizeof d->global_mem_bytes},
        {CL_DEVICE_MAX_MEM_ALLOC_SIZE, &d->max_alloc_bytes, sizeof d->max_alloc_bytes},
        {CL_DEVICE_MAX_WORK_GROUP_SIZE, &d->max_work_group_size, sizeof d->max_work_group_size},
        {CL_DEVICE_MAX_WORK_ITEM_SIZES, items, sizeof items},
    };
    demand(device == &device_of_all, "another device");
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        if (answers[i].param == param)
            return answer(answers[i].value, answers[i].bytes, room, value, size);
    }
    return param == CL_DEVICE_NAME      ? answer_text("null", room, value, size)
           : param == CL_DEVICE_VERSION ? answer_text("OpenCL 1.2 null", room, value, size)
                                        : CL_INVALID_VALUE;
}

static cl_context CL_API_CALL null_clCreateContext(
    const cl_context_properties *properties, cl_uint count, const cl_device_id *devices,
    void(CL_CALLBACK *notify)(const char *, const void *, size_t, void *), void *user, cl_int *code)
{
    (void)notify;
    (void)user;
    demand(properties && count == 1 && devices[0] == &device_of_all, "a context of no device");
    return make(OBJECT_CONTEXT, code);
}

static cl_int CL_API_CALL null_clRetainContext(cl_context context)
{
    return retain(context, OBJECT_CONTEXT);
}

static cl_int CL_API_CALL null_clReleaseContext(cl_context context)
{
    return release(context, OBJECT_CONTEXT);
}

/* --- queues ----------------------------------------------------------------------------------- */

static cl_command_queue CL_API_CALL null_clCreateCommandQueue(
    cl_context context, cl_device_id device, cl_command_queue_properties properties, cl_int *code)
{
    (void)properties;
    take(context, OBJECT_CONTEXT);
    demand(device == &device_of_all, "another device");
    thing *t = make(OBJECT_QUEUE, code);
    if (t)
        t->context = context;
    return (cl_command_queue)t;
}

static cl_int CL_API_CALL null_clRetainCommandQueue(cl_command_queue queue)
{
    return retain(queue, OBJECT_QUEUE);
}

static cl_int CL_API_CALL null_clReleaseCommandQueue(cl_command_queue queue)
{
    return release(queue, OBJECT_QUEUE);
}

static cl_int CL_API_CALL null_clGetCommandQueueInfo(cl_command_queue queue,
                                                     cl_command_queue_info param, size_t room,
                                                     void *value, size_t *size)
{
    static cl_device_id device = &device_of_all;
    const thing *t = take(queue, OBJECT_QUEUE);
    switch (param) {
    case CL_QUEUE_CONTEXT:
        return answer(&t->context, sizeof t->context, room, value, size);
    case CL_QUEUE_DEVICE:
        return answer(&device, sizeof device, room, value, size);
    default:
        return CL_INVALID_VALUE;
    }
}

static cl_int CL_API_CALL null_clFlush(cl_command_queue queue)
{
    take(queue, OBJECT_QUEUE);
    return CL_SUCCESS;
}

static cl_int CL_API_CALL null_clFinish(cl_command_queue queue)
{
    take(queue, OBJECT_QUEUE);
    return CL_SUCCESS;
}

/* --- events ----------------------------------------------------------------------------------- */

static cl_event CL_API_CALL null_clCreateUserEvent(cl_context context, cl_int *code)
{
    take(context, OBJECT_CONTEXT);
    return make(OBJECT_EVENT, code);
}

static cl_int CL_API_CALL null_clSetUserEventStatus(cl_event event, cl_int state)
{
    (void)state;
    take(event, OBJECT_EVENT);
    return CL_SUCCESS;
}

static cl_int CL_API_CALL null_clReleaseEvent(cl_event event)
{
    return release(event, OBJECT_EVENT);
}

static cl_int CL_API_CALL null_clWaitForEvents(cl_uint count, const cl_event *events)
{
    return complete(count, events, NULL);
}

/* --- buffers ---------------------------------------------------------------------------------- */

static cl_mem CL_API_CALL null_clCreateBuffer(cl_context context, cl_mem_flags flags, size_t size,
                                              void *host, cl_int *code)
{
    take(context, OBJECT_CONTEXT);
    demand(size > 0 && ((flags & CL_MEM_COPY_HOST_PTR) != 0) == (host != NULL), "an odd buffer");
    unsigned char *bytes = size <= MOST_BYTES ? calloc(1, size) : NULL;
    thing *t = bytes ? make(OBJECT_MEMORY, NULL) : NULL;
    *code = t ? CL_SUCCESS : CL_MEM_OBJECT_ALLOCATION_FAILURE;
    if (!t) {
        free(bytes);
        return NULL;
    }
    if (host)
        memcpy(bytes, host, size);
    t->bytes = bytes;
    t->size = size;
    return (cl_mem)t;
}

static cl_int CL_API_CALL null_clReleaseMemObject(cl_mem mem)
{
    return release(mem, OBJECT_MEMORY);
}

static cl_int CL_API_CALL null_clGetMemObjectInfo(cl_mem mem, cl_mem_info param, size_t room,
                                                  void *value, size_t *size)
{
    const thing *t = take(mem, OBJECT_MEMORY);
    return param == CL_MEM_SIZE ? answer(&t->size, sizeof t->size, room, value, size)
                                : CL_INVALID_VALUE;
}

/* The bytes of a buffer, all of which must be there. */
static unsigned char *range(cl_mem mem, size_t at, size_t size)
{
    const thing *t = take(mem, OBJECT_MEMORY);
    demand(size > 0 && at <= t->size && size <= t->size - at, "a copy beyond a buffer");
    return t->bytes + at;
}

static cl_int CL_API_CALL null_clEnqueueReadBuffer(cl_command_queue queue, cl_mem mem,
                                                   cl_bool blocking, size_t at, size_t size,
                                                   void *to, cl_uint num_wait, const cl_event *wait,
                                                   cl_event *event)
{
    (void)blocking;
    take(queue, OBJECT_QUEUE);
    memcpy(to, range(mem, at, size), size);
    return complete(num_wait, wait, event);
}

static cl_int CL_API_CALL null_clEnqueueWriteBuffer(cl_command_queue queue, cl_mem mem,
                                                    cl_bool blocking, size_t at, size_t size,
                                                    const void *from, cl_uint num_wait,
                                                    const cl_event *wait, cl_event *event)
{
    (void)blocking;
    take(queue, OBJECT_QUEUE);
    memcpy(range(mem, at, size), from, size);
    return complete(num_wait, wait, event);
}

static cl_int CL_API_CALL null_clEnqueueCopyBuffer(cl_command_queue queue, cl_mem from, cl_mem to,
                                                   size_t from_at, size_t to_at, size_t size,
                                                   cl_uint num_wait, const cl_event *wait,
                                                   cl_event *event)
{
    take(queue, OBJECT_QUEUE);
    memmove(range(to, to_at, size), range(from, from_at, size), size);
    return complete(num_wait, wait, event);
}

/* --- programs and kernels --------------------------------------------------------------------- */

static cl_program CL_API_CALL null_clCreateProgramWithSource(cl_context context, cl_uint count,
                                                             const char **texts,
                                                             const size_t *lengths, cl_int *code)
{
    take(context, OBJECT_CONTEXT);
    for (cl_uint i = 0; i < count; i++)
        demand((lengths && lengths[i]) || strlen(texts[i]) > 0, "an empty source");
    return make(OBJECT_PROGRAM, code);
}

static cl_program CL_API_CALL null_clCreateProgramWithBinary(cl_context context, cl_uint count,
                                                             const cl_device_id *devices,
                                                             const size_t *lengths,
                                                             const unsigned char **binaries,
                                                             cl_int *states, cl_int *code)
{
    (void)count;
    (void)devices;
    (void)lengths;
    (void)binaries;
    (void)states;
    take(context, OBJECT_CONTEXT);
    *code = CL_INVALID_BINARY;
    return NULL;
}

static cl_int CL_API_CALL null_clRetainProgram(cl_program program)
{
    return retain(program, OBJECT_PROGRAM);
}

static cl_int CL_API_CALL null_clReleaseProgram(cl_program program)
{
    return release(program, OBJECT_PROGRAM);
}

static cl_int CL_API_CALL null_clBuildProgram(cl_program program, cl_uint count,
                                              const cl_device_id *devices, const char *options,
                                              void(CL_CALLBACK *notify)(cl_program, void *),
                                              void *user)
{
    (void)notify;
    (void)user;
    take(program, OBJECT_PROGRAM);
    demand(count == 1 && devices[0] == &device_of_all && strlen(options) > 0, "an odd build");
    return CL_SUCCESS;
}

static cl_int CL_API_CALL null_clGetProgramInfo(cl_program program, cl_program_info param,
                                                size_t room, void *value, size_t *size)
{
    (void)param;
    (void)room;
    (void)value;
    (void)size;
    take(program, OBJECT_PROGRAM);
    return CL_INVALID_VALUE;
}

static cl_int CL_API_CALL null_clGetProgramBuildInfo(cl_program program, cl_device_id device,
                                                     cl_program_build_info param, size_t room,
                                                     void *value, size_t *size)
{
    take(program, OBJECT_PROGRAM);
    demand(device == &device_of_all, "another device");
    return param == CL_PROGRAM_BUILD_LOG ? answer_text("one line\nanother\n", room, value, size)
                                         : CL_INVALID_VALUE;
}

static cl_kernel CL_API_CALL null_clCreateKernel(cl_program program, const char *name, cl_int *code)
{
    take(program, OBJECT_PROGRAM);
    demand(strlen(name) > 0, "a kernel without a name");
    return make(OBJECT_KERNEL, code);
}

static cl_int CL_API_CALL null_clReleaseKernel(cl_kernel kernel)
{
    return release(kernel, OBJECT_KERNEL);
}

static cl_int CL_API_CALL null_clSetKernelArg(cl_kernel kernel, cl_uint index, size_t size,
                                              const void *value)
{
    thing *t = take(kernel, OBJECT_KERNEL);
    unsigned char copy[128];
    demand(index < MOST_ARGUMENTS && size <= sizeof copy, "an odd argument");
    if (value)
        memcpy(copy, value, size);
    t->set |= (cl_uint)1 << index;
    return CL_SUCCESS;
}

static cl_int CL_API_CALL null_clGetKernelWorkGroupInfo(cl_kernel kernel, cl_device_id device,
                                                        cl_kernel_work_group_info param,
                                                        size_t room, void *value, size_t *size)
{
    take(kernel, OBJECT_KERNEL);
    demand(device == &device_of_all, "another device");
    return param == CL_KERNEL_WORK_GROUP_SIZE
               ? answer(&null_driver_device.max_work_group_size, sizeof(size_t), room, value, size)
               : CL_INVALID_VALUE;
}

static cl_int CL_API_CALL null_clEnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel,
                                                      cl_uint dims, const size_t *offset,
                                                      const size_t *global, const size_t *local,
                                                      cl_uint num_wait, const cl_event *wait,
                                                      cl_event *event)
{
    const thing *t = take(kernel, OBJECT_KERNEL);
    take(queue, OBJECT_QUEUE);
    demand(!offset && (t->set & (t->set + 1)) == 0, "a kernel with a gap in its arguments");
    size_t group = 1;
    for (cl_uint i = 0; i < dims; i++) {
        demand(global[i] > 0 && local[i] > 0 && global[i] % local[i] == 0, "an odd grid");
        group *= local[i];
    }
    const size_t most = null_driver_device.max_work_group_size;
    demand(!most || group <= most, "too large a group");
    return complete(num_wait, wait, event);
}

static cl_int CL_API_CALL null_clEnqueueBarrierWithWaitList(cl_command_queue queue,
                                                            cl_uint num_wait, const cl_event *wait,
                                                            cl_event *event)
{
    take(queue, OBJECT_QUEUE);
    return complete(num_wait, wait, event);
}

/* --- what the loader asks for ----------------------------------------------------------------- */

CL_API_ENTRY __attribute__((visibility("default"))) cl_int CL_API_CALL
clIcdGetPlatformIDsKHR(cl_uint room, cl_platform_id *ids, cl_uint *count)
{
    return null_clGetPlatformIDs(room, ids, count);
}

CL_API_ENTRY __attribute__((visibility("default"))) void *CL_API_CALL
clGetExtensionFunctionAddress(const char *name)
{
    union {
        cl_int(CL_API_CALL *ids)(cl_uint, cl_platform_id *, cl_uint *);
        cl_int(CL_API_CALL *info)(cl_platform_id, cl_platform_info, size_t, void *, size_t *);
        void *address;
    } entry = {.address = NULL};
    if (strcmp(name, "clIcdGetPlatformIDsKHR") == 0)
        entry.ids = null_clGetPlatformIDs;
    if (strcmp(name, "clGetPlatformInfo") == 0)
        entry.info = null_clGetPlatformInfo;
    return entry.address;
}
