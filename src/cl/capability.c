/* Fills a device record from what the driver answers. Judges nothing: what is usable is decided in
 * device.c, what needs a workaround in quirks.c.
 *
 * Invariant: a query that fails leaves 0, false or "", never an error; every string pointer of a
 * record points into one block, which begins at platform_name, the first row of `texts`. */
#include "device_internal.h"

#include <stdlib.h>
#include <string.h>

#include "cl/quirks.h"
#include "host/log.h"

#define MAX_NUM_SUB_GROUPS 0x105C  // CL_DEVICE_MAX_NUM_SUB_GROUPS of OpenCL 2.1
#define WARP_SIZE          0x4003  // CL_DEVICE_WARP_SIZE_NV
#define WAVEFRONT_WIDTH    0x4043  // CL_DEVICE_WAVEFRONT_WIDTH_AMD

static const struct {
    bool of_platform;
    cl_uint param;
    size_t offset;
} texts[] = {
    {true, CL_PLATFORM_NAME, offsetof(clf_device_info, platform_name)},
    {false, CL_DEVICE_NAME, offsetof(clf_device_info, name)},
    {false, CL_DEVICE_VENDOR, offsetof(clf_device_info, vendor)},
    {false, CL_DEVICE_VERSION, offsetof(clf_device_info, version)},
    {false, CL_DRIVER_VERSION, offsetof(clf_device_info, driver)},
};
enum {
    TEXTS = sizeof texts / sizeof texts[0]
};

enum kind {
    UINT,
    ULONG,
    SIZE,
    BOOL
};

static const struct {
    cl_device_info param;
    enum kind kind;
    size_t offset;
} limits[] = {
    {CL_DEVICE_MAX_COMPUTE_UNITS, UINT, offsetof(clf_device_info, compute_units)},
    {CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, UINT, offsetof(clf_device_info, native_float_width)},
    {CL_DEVICE_GLOBAL_MEM_SIZE, ULONG, offsetof(clf_device_info, global_mem_bytes)},
    {CL_DEVICE_MAX_MEM_ALLOC_SIZE, ULONG, offsetof(clf_device_info, max_alloc_bytes)},
    {CL_DEVICE_LOCAL_MEM_SIZE, ULONG, offsetof(clf_device_info, local_mem_bytes)},
    {CL_DEVICE_MAX_WORK_GROUP_SIZE, SIZE, offsetof(clf_device_info, max_work_group_size)},
    {CL_DEVICE_HOST_UNIFIED_MEMORY, BOOL, offsetof(clf_device_info, host_unified_memory)},
};

bool clfi_has_extension(const char *list, const char *token)
{
    const size_t length = strlen(token);
    for (const char *word = list + strspn(list, " "); *word; word += strspn(word, " ")) {
        const size_t size = strcspn(word, " ");
        if (size == length && memcmp(word, token, size) == 0)
            return true;
        word += size;
    }
    return false;
}

/* Asks the platform for a text when `device` is NULL, else the device. */
static cl_int get_text(cl_platform_id platform, cl_device_id device, cl_uint param, size_t size,
                       char *value, size_t *size_out)
{
    return device ? clGetDeviceInfo(device, param, size, value, size_out)
                  : clGetPlatformInfo(platform, param, size, value, size_out);
}

/* Bytes of the text with its terminator, at least 1. */
static size_t text_size(cl_platform_id platform, cl_device_id device, cl_uint param)
{
    size_t size = 0;
    const cl_int code = get_text(platform, device, param, 0, NULL, &size);
    return code == CL_SUCCESS && size ? size : 1;
}

/* Reads the text into `size` bytes and drops the blanks around it, which some names have. */
static void read_text(cl_platform_id platform, cl_device_id device, cl_uint param, size_t size,
                      char *value)
{
    if (get_text(platform, device, param, size, value, NULL) != CL_SUCCESS)
        value[0] = '\0';
    value[size - 1] = '\0';
    const char *begin = value + strspn(value, " ");
    size_t length = strlen(begin);
    while (length && begin[length - 1] == ' ')
        length--;
    memmove(value, begin, length);
    value[length] = '\0';
}

static clf_status read_texts(clf_device_info *info, const clf_log *log)
{
    size_t sizes[TEXTS];
    size_t total = 0;
    for (int i = 0; i < TEXTS; i++) {
        sizes[i] =
            text_size(info->platform, texts[i].of_platform ? NULL : info->id, texts[i].param);
        total += sizes[i];
    }
    char *block = malloc(total);
    if (!block)
        return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY,
                         "no memory for the %zu bytes of a device's names", total);
    for (int i = 0; i < TEXTS; i++) {
        read_text(info->platform, texts[i].of_platform ? NULL : info->id, texts[i].param, sizes[i],
                  block);
        *(const char **)((char *)info + texts[i].offset) = block;
        block += sizes[i];
    }
    return CLF_OK;
}

/* A number of the driver's, 0 when it does not answer. */
static uint64_t get_number(cl_device_id id, cl_device_info param, enum kind kind)
{
    union {
        cl_uint u;
        cl_ulong ul;
        size_t size;
        cl_bool b;
    } value = {.ul = 0};
    static const size_t sizes[] = {
        [UINT] = sizeof(cl_uint),
        [ULONG] = sizeof(cl_ulong),
        [SIZE] = sizeof(size_t),
        [BOOL] = sizeof(cl_bool),
    };
    if (clGetDeviceInfo(id, param, sizes[kind], &value, NULL) != CL_SUCCESS)
        return 0;
    switch (kind) {
    case UINT:
        return value.u;
    case ULONG:
        return value.ul;
    case SIZE:
        return value.size;
    default:
        return value.b != CL_FALSE;
    }
}

static void read_limits(clf_device_info *info)
{
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        const uint64_t number = get_number(info->id, limits[i].param, limits[i].kind);
        void *field = (char *)info + limits[i].offset;
        switch (limits[i].kind) {
        case UINT:
            *(uint32_t *)field = (uint32_t)number;
            break;
        case BOOL:
            *(bool *)field = number != 0;
            break;
        default:
            *(uint64_t *)field = number;
        }
    }
}

/* A device may have more than three dimensions; its answer is then longer than the record. */
static clf_status read_item_sizes(clf_device_info *info, const clf_log *log)
{
    size_t bytes = 0;
    clGetDeviceInfo(info->id, CL_DEVICE_MAX_WORK_ITEM_SIZES, 0, NULL, &bytes);
    if (bytes < 3 * sizeof(size_t))
        return CLF_OK;
    size_t *sizes = malloc(bytes);
    if (!sizes)
        return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY,
                         "no memory for %zu bytes of work-item sizes", bytes);
    if (clGetDeviceInfo(info->id, CL_DEVICE_MAX_WORK_ITEM_SIZES, bytes, sizes, NULL) == CL_SUCCESS)
        for (int i = 0; i < 3; i++)
            info->max_work_item_sizes[i] = sizes[i];
    free(sizes);
    return CLF_OK;
}

static clf_status read_extensions(clf_device_info *info, const clf_log *log)
{
    const size_t size = text_size(NULL, info->id, CL_DEVICE_EXTENSIONS);
    char *list = malloc(size);
    if (!list)
        return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY,
                         "no memory for %zu bytes of extension names", size);
    read_text(NULL, info->id, CL_DEVICE_EXTENSIONS, size, list);
    info->fp16 = clfi_has_extension(list, "cl_khr_fp16");
    info->fp64 = clfi_has_extension(list, "cl_khr_fp64") ||
                 get_number(info->id, CL_DEVICE_DOUBLE_FP_CONFIG, ULONG) != 0;
    info->subgroups = clfi_has_extension(list, "cl_khr_subgroups") ||
                      clfi_has_extension(list, "cl_intel_subgroups") ||
                      get_number(info->id, MAX_NUM_SUB_GROUPS, UINT) != 0;
    if (clfi_has_extension(list, "cl_nv_device_attribute_query"))
        info->lockstep_width = (uint32_t)get_number(info->id, WARP_SIZE, UINT);
    if (clfi_has_extension(list, "cl_amd_device_attribute_query"))
        info->lockstep_width = (uint32_t)get_number(info->id, WAVEFRONT_WIDTH, UINT);
    free(list);
    return CLF_OK;
}

/* Several types at once, as a simulator may claim, are none of them. */
static clf_device_type read_type(cl_device_id id)
{
    const uint64_t type = get_number(id, CL_DEVICE_TYPE, ULONG);
    switch (type & ~(uint64_t)CL_DEVICE_TYPE_DEFAULT) {
    case CL_DEVICE_TYPE_CPU:
        return CLF_DEVICE_CPU;
    case CL_DEVICE_TYPE_GPU:
        return CLF_DEVICE_GPU;
    case CL_DEVICE_TYPE_ACCELERATOR:
        return CLF_DEVICE_ACCELERATOR;
    default:
        return CLF_DEVICE_OTHER;
    }
}

clf_status clfi_device_info_init(clf_device_info *info, cl_platform_id platform, cl_device_id id,
                                 const clf_log *log)
{
    clf_status status = CLF_OK;
    *info = (clf_device_info){
        .platform = platform, .id = id, .index = -1, .platform_index = -1, .device_index = -1};
    TRY(read_texts(info, log));
    TRY(read_item_sizes(info, log));
    TRY(read_extensions(info, log));
    read_limits(info);
    info->type = read_type(id);
    info->base_align_bytes = get_number(id, CL_DEVICE_MEM_BASE_ADDR_ALIGN, UINT) / 8;
    info->local_mem_dedicated = get_number(id, CL_DEVICE_LOCAL_MEM_TYPE, UINT) == CL_LOCAL;
    info->flushes_denormals = !(get_number(id, CL_DEVICE_SINGLE_FP_CONFIG, ULONG) & CL_FP_DENORM);
    info->emulated = clfi_quirks(info) & CLFI_QUIRK_EMULATED;
    return CLF_OK;
fail:
    clfi_device_info_finish(info);
    return status;
}

void clfi_device_info_finish(clf_device_info *info)
{
    free((void *)info->platform_name);
    *info = (clf_device_info){0};
}
