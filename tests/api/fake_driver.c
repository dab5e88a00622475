/* An OpenCL driver whose platforms are the odd ones of the field: without devices, failing, with
 * devices that cannot be used, and one with a device that hardly answers. Runs nothing.
 *
 * Invariant: the only usable device is FAKE / silent; with FAKE_NO_DEVICE there is none. Where the
 * environment has FAKE_EXTENSIONS, it lists those, and tells the widths that two of them ask for.
 */
#include <stdlib.h>
#include <string.h>

#include <clfavor/device.h>

#include <CL/cl_ext.h>
#include <CL/cl_icd.h>

struct _cl_platform_id {
    const cl_icd_dispatch *dispatch;
    const char *name;
    cl_int code;  // what clGetDeviceIDs answers
    int first, count;
};

struct _cl_device_id {
    const cl_icd_dispatch *dispatch;
    const char *name;
    const char *version;
    cl_bool available, compiler;
};

static cl_int CL_API_CALL get_platform_ids(cl_uint room, cl_platform_id *ids, cl_uint *count);
static cl_int CL_API_CALL get_platform_info(cl_platform_id platform, cl_platform_info param,
                                            size_t room, void *value, size_t *size);
static cl_int CL_API_CALL get_device_ids(cl_platform_id platform, cl_device_type type, cl_uint room,
                                         cl_device_id *ids, cl_uint *count);
static cl_int CL_API_CALL get_device_info(cl_device_id device, cl_device_info param, size_t room,
                                          void *value, size_t *size);

static const cl_icd_dispatch calls = {
    .clGetPlatformIDs = get_platform_ids,
    .clGetPlatformInfo = get_platform_info,
    .clGetDeviceIDs = get_device_ids,
    .clGetDeviceInfo = get_device_info,
};

static struct _cl_device_id devices[] = {
    {&calls, "old", "OpenCL 1.1 fake", CL_TRUE, CL_TRUE},
    {&calls, "gone", "OpenCL 1.2 fake", CL_FALSE, CL_TRUE},
    {&calls, "dumb", "OpenCL 1.2 fake", CL_TRUE, CL_FALSE},
    {&calls, "odd", "1.2", CL_TRUE, CL_TRUE},
    {&calls, "  silent ", "OpenCL 3.0", CL_TRUE, CL_TRUE},
};

static struct _cl_platform_id platforms[] = {
    {&calls, "EMPTY", CL_DEVICE_NOT_FOUND, 0, 0},
    {&calls, "ZERO", CL_SUCCESS, 0, 0},
    {&calls, "BROKEN", CL_OUT_OF_RESOURCES, 0, 1},
#ifndef FAKE_NO_DEVICE
    {&calls, "FAKE", CL_SUCCESS, 0, 5},
#endif
};
enum {
    PLATFORMS = sizeof platforms / sizeof platforms[0]
};

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

static cl_int CL_API_CALL get_platform_ids(cl_uint room, cl_platform_id *ids, cl_uint *count)
{
    for (cl_uint i = 0; ids && i < room && i < PLATFORMS; i++)
        ids[i] = &platforms[i];
    if (count)
        *count = PLATFORMS;
    return CL_SUCCESS;
}

static cl_int CL_API_CALL get_platform_info(cl_platform_id platform, cl_platform_info param,
                                            size_t room, void *value, size_t *size)
{
    const char *text = param == CL_PLATFORM_NAME             ? platform->name
                       : param == CL_PLATFORM_EXTENSIONS     ? "cl_khr_icd"
                       : param == CL_PLATFORM_ICD_SUFFIX_KHR ? "FAKE"
                       : param == CL_PLATFORM_VERSION        ? "OpenCL 1.2 fake"
                       : param == CL_PLATFORM_PROFILE        ? "FULL_PROFILE"
                                                             : "fake";
    return answer(text, strlen(text) + 1, room, value, size);
}

static cl_int CL_API_CALL get_device_ids(cl_platform_id platform, cl_device_type type, cl_uint room,
                                         cl_device_id *ids, cl_uint *count)
{
    (void)type;
    for (cl_uint i = 0; ids && i < room && i < (cl_uint)platform->count; i++)
        ids[i] = &devices[platform->first + (int)i];
    if (count)
        *count = (cl_uint)platform->count;
    return platform->code;
}

static cl_int CL_API_CALL get_device_info(cl_device_id device, cl_device_info param, size_t room,
                                          void *value, size_t *size)
{
    static const cl_uint warp = 32, wavefront = 64;
    const char *extensions = getenv("FAKE_EXTENSIONS");
    switch (param) {
    case CL_DEVICE_NAME:
        return answer(device->name, strlen(device->name) + 1, room, value, size);
    case CL_DEVICE_VERSION:
        return answer(device->version, strlen(device->version) + 1, room, value, size);
    case CL_DEVICE_AVAILABLE:
        return answer(&device->available, sizeof(cl_bool), room, value, size);
    case CL_DEVICE_COMPILER_AVAILABLE:
        return answer(&device->compiler, sizeof(cl_bool), room, value, size);
    case CL_DEVICE_EXTENSIONS:
        return extensions ? answer(extensions, strlen(extensions) + 1, room, value, size)
                          : CL_INVALID_VALUE;
    case CL_DEVICE_WARP_SIZE_NV:
        return answer(&warp, sizeof warp, room, value, size);
    case CL_DEVICE_WAVEFRONT_WIDTH_AMD:
        return answer(&wavefront, sizeof wavefront, room, value, size);
    default:
        return CL_INVALID_VALUE;
    }
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
