/* An OpenCL driver with one usable device, which ends its process or stops it:
 *
 *   DIES_IN   platforms, devices, listing (all that is asked but names), context or nothing
 *   DIES_BY   crashing(), hanging() or leaving()
 *
 * Invariant: until it dies it answers as a right driver. */
#define _XOPEN_SOURCE 700
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <clfavor/device.h>

#include <CL/cl_ext.h>
#include <CL/cl_icd.h>

enum {
    nothing,
    platforms,
    devices,
    listing,
    context
};

struct _cl_platform_id {
    const cl_icd_dispatch *dispatch;
};
struct _cl_device_id {
    const cl_icd_dispatch *dispatch;
};

__attribute__((unused)) static void crashing(void)
{
    raise(SIGSEGV);
}

__attribute__((unused)) static void hanging(void)
{
    for (;;)
        pause();
}

/* As PoCL does when its cache cannot be written. */
__attribute__((unused)) static void leaving(void)
{
    exit(1);
}

static void die(int place)
{
    if (place == DIES_IN)
        DIES_BY();
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

static cl_int CL_API_CALL get_platform_info(cl_platform_id platform, cl_platform_info param,
                                            size_t room, void *value, size_t *size)
{
    (void)platform;
    return answer_text(param == CL_PLATFORM_EXTENSIONS ? "cl_khr_icd"
                       : param == CL_PLATFORM_VERSION  ? "OpenCL 1.2 bad"
                       : param == CL_PLATFORM_PROFILE  ? "FULL_PROFILE"
                                                       : "BAD",
                       room, value, size);
}

static cl_int CL_API_CALL get_device_info(cl_device_id device, cl_device_info param, size_t room,
                                          void *value, size_t *size)
{
    const cl_bool yes = CL_TRUE;
    (void)device;
    die(devices);
    if (param != CL_DEVICE_NAME)
        die(listing);
    switch (param) {
    case CL_DEVICE_NAME:
        return answer_text("bad device", room, value, size);
    case CL_DEVICE_VERSION:
        return answer_text("OpenCL 1.2 bad", room, value, size);
    case CL_DEVICE_AVAILABLE:
    case CL_DEVICE_COMPILER_AVAILABLE:
        return answer(&yes, sizeof yes, room, value, size);
    default:
        return CL_INVALID_VALUE;
    }
}

static cl_context CL_API_CALL create_context(
    const cl_context_properties *properties, cl_uint count, const cl_device_id *ids,
    void(CL_CALLBACK *notify)(const char *, const void *, size_t, void *), void *user, cl_int *code)
{
    (void)properties;
    (void)count;
    (void)ids;
    (void)notify;
    (void)user;
    die(context);
    if (code)
        *code = CL_OUT_OF_RESOURCES;
    return NULL;
}

static cl_int CL_API_CALL get_platform_ids(cl_uint room, cl_platform_id *ids, cl_uint *count);
static cl_int CL_API_CALL get_device_ids(cl_platform_id platform, cl_device_type type, cl_uint room,
                                         cl_device_id *ids, cl_uint *count);

static const cl_icd_dispatch calls = {
    .clGetPlatformIDs = get_platform_ids,
    .clGetPlatformInfo = get_platform_info,
    .clGetDeviceIDs = get_device_ids,
    .clGetDeviceInfo = get_device_info,
    .clCreateContext = create_context,
};

static struct _cl_platform_id the_platform = {&calls};
static struct _cl_device_id the_device = {&calls};

static cl_int CL_API_CALL get_platform_ids(cl_uint room, cl_platform_id *ids, cl_uint *count)
{
    die(platforms);
    if (ids && room)
        ids[0] = &the_platform;
    if (count)
        *count = 1;
    return CL_SUCCESS;
}

static cl_int CL_API_CALL get_device_ids(cl_platform_id platform, cl_device_type type, cl_uint room,
                                         cl_device_id *ids, cl_uint *count)
{
    (void)platform;
    (void)type;
    if (ids && room)
        ids[0] = &the_device;
    if (count)
        *count = 1;
    return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clIcdGetPlatformIDsKHR(cl_uint room, cl_platform_id *ids,
                                                       cl_uint *count)
{
    return get_platform_ids(room, ids, count);
}

CL_API_ENTRY void *CL_API_CALL clGetExtensionFunctionAddress(const char *name)
{
    union {
        cl_int(CL_API_CALL *ids)(cl_uint, cl_platform_id *, cl_uint *);
        cl_int(CL_API_CALL *info)(cl_platform_id, cl_platform_info, size_t, void *, size_t *);
        void *address;
    } entry = {.address = NULL};
    if (strcmp(name, "clIcdGetPlatformIDsKHR") == 0)
        entry.ids = get_platform_ids;
    if (strcmp(name, "clGetPlatformInfo") == 0)
        entry.info = get_platform_info;
    return entry.address;
}
