/* Enumerates the devices of all platforms. What a device can do is read in capability.c, which one
 * is taken is decided in select.c.
 *
 * Invariant: platforms and devices are numbered as the loader gives them, skipped ones included,
 * so that P:D means the same as in other OpenCL tools; flat indices count usable devices only. */
#include <clfavor/device.h>

#include <stdio.h>
#include <stdlib.h>

#include "cl/device_internal.h"
#include "cl/error.h"
#include "cl/process.h"
#include "host/env.h"

struct clf_device_list {
    clf_device_info *infos;
    int count;
};

/* Why a device cannot serve, or NULL. */
static const char *unusable(const clf_device_info *info)
{
    cl_bool available = CL_TRUE;
    cl_bool compiler = CL_TRUE;
    clGetDeviceInfo(info->id, CL_DEVICE_AVAILABLE, sizeof available, &available, NULL);
    clGetDeviceInfo(info->id, CL_DEVICE_COMPILER_AVAILABLE, sizeof compiler, &compiler, NULL);
    if (!available)
        return "it is not available";
    if (!compiler)
        return "it has no compiler";
    int major = 0;
    int minor = 0;
    if (sscanf(info->version, "OpenCL %d.%d", &major, &minor) != 2)
        return "it tells no OpenCL version";
    if (major < 1 || (major == 1 && minor < 2))
        return "it is older than OpenCL 1.2";
    return NULL;
}

/* Appends device D of platform P to the list, which has room, when it is usable. */
static clf_status add_device(clf_device_list *list, int platform_index, cl_platform_id platform,
                             int device_index, cl_device_id id, const clf_log *log)
{
    clf_status status = CLF_OK;
    clf_device_info *info = &list->infos[list->count];
    TRY(clfi_device_info_init(info, platform, id, log));
    const char *reason = unusable(info);
    if (reason) {
        clfi_log(log, CLF_LOG_DEBUG, "device %d:%d (%s, %s) is skipped: %s", platform_index,
                 device_index, info->name, info->version, reason);
        clfi_device_info_finish(info);
        return CLF_OK;
    }
    info->index = list->count;
    info->platform_index = platform_index;
    info->device_index = device_index;
    list->count++;
    return CLF_OK;
fail:
    return status;
}

static void log_skipped_platform(const clf_log *log, int index, cl_platform_id platform,
                                 cl_int code)
{
    char name[128] = "";
    clGetPlatformInfo(platform, CL_PLATFORM_NAME, sizeof name, name, NULL);
    name[sizeof name - 1] = '\0';
    clfi_log(log, CLF_LOG_DEBUG, "platform %d (%s) is skipped: %s (%d)", index, name,
             code == CL_SUCCESS ? "it has no device" : clfi_cl_error_name(code), (int)code);
}

static clf_status add_platform(clf_device_list *list, int index, cl_platform_id platform,
                               const clf_log *log)
{
    clf_status status = CLF_OK;
    cl_device_id *ids = NULL;
    cl_uint count = 0;
    cl_int code = clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, NULL, &count);
    if (code != CL_SUCCESS || !count) {
        log_skipped_platform(log, index, platform, code);
        return CLF_OK;
    }
    ids = calloc(count, sizeof *ids);
    clf_device_info *infos =
        ids ? realloc(list->infos, ((size_t)list->count + count) * sizeof *infos) : NULL;
    if (infos)
        list->infos = infos;
    if (!ids || !infos) {
        status = clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY,
                           "no memory for the %u devices of platform %d", count, index);
        goto fail;
    }
    code = clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, count, ids, NULL);
    if (code != CL_SUCCESS) {
        log_skipped_platform(log, index, platform, code);
        count = 0;
    }
    for (cl_uint d = 0; d < count; d++)
        TRY(add_device(list, index, platform, (int)d, ids[d], log));
fail:
    free(ids);
    return status;
}

/* *ids is an array of *count >= 1 platforms that the caller frees. */
static clf_status get_platforms(const clf_log *log, cl_platform_id **ids, cl_uint *count)
{
    cl_int code = clGetPlatformIDs(0, NULL, count);
    if (code == CL_SUCCESS && *count) {
        *ids = calloc(*count, sizeof **ids);
        code = *ids ? clGetPlatformIDs(*count, *ids, NULL) : CL_OUT_OF_HOST_MEMORY;
    }
    if (code == CL_OUT_OF_HOST_MEMORY)
        return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for the OpenCL platforms");
    if (code != CL_SUCCESS || !*count)
        return clfi_fail(log, CLF_ERROR_NO_PLATFORM,
                         "no OpenCL platform (%s, %d): install a driver, for CPUs for example "
                         "PoCL (Debian: pocl-opencl-icd)",
                         clfi_cl_error_name(code), (int)code);
    return CLF_OK;
}

clf_status clf_device_list_create(const clf_log *log, clf_device_list **out)
{
    clf_status status = CLF_OK;
    clf_device_list *list = NULL;
    cl_platform_id *platforms = NULL;
    cl_uint count = 0;
    REQUIRE(out, log, "clf_device_list_create: out is NULL");
    *out = NULL;
    TRY(clfi_process_check(log));
    TRY(get_platforms(log, &platforms, &count));
    list = calloc(1, sizeof *list);
    if (!list) {
        status = clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for a device list");
        goto fail;
    }
    for (cl_uint p = 0; p < count; p++)
        TRY(add_platform(list, (int)p, platforms[p], log));
    free(platforms);
    *out = list;
    return CLF_OK;
fail:
    free(platforms);
    clf_device_list_destroy(&list);
    return status;
}

int clf_device_list_count(const clf_device_list *list)
{
    return list ? list->count : 0;
}

const clf_device_info *clf_device_list_get(const clf_device_list *list, int index)
{
    return list && index >= 0 && index < list->count ? &list->infos[index] : NULL;
}

clf_status clf_device_select(const clf_device_list *list, const char *selector, const clf_log *log,
                             const clf_device_info **out, char *reason, size_t reason_size)
{
    clf_status status = CLF_OK;
    const char *source = "device";
    if (out)
        *out = NULL;
    REQUIRE(list, log, "clf_device_select: list is NULL");
    REQUIRE(out, log, "clf_device_select: out is NULL");
    if (!selector || !selector[0]) {
        selector = clfi_env_device();
        source = "CLFAVOR_DEVICE";
    }
    TRY(clfi_device_choose(list->infos, list->count, selector, source, log, out, reason,
                           reason_size));
fail:
    return status;
}

void clf_device_list_destroy(clf_device_list **list)
{
    if (!list || !*list)
        return;
    for (int i = 0; i < (*list)->count; i++)
        clfi_device_info_finish(&(*list)->infos[i]);
    free((*list)->infos);
    free(*list);
    *list = NULL;
}
