/* The internal command that enumerates as the library does: the same files of src/cl say which
 * devices are usable, in which order, and which one is taken.
 *
 * Invariant: platforms and devices are numbered as the loader gives them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <clfavor/device.h>

#include "../clfavor/report.h"
#include "cl/device_internal.h"
#include "internal.h"
#include "loader.h"
#include "properties.h"

/* The longest list of platforms or devices that is asked for: a broken driver may tell any. */
enum {
    MANY = 4096
};

/* What the library said while it enumerated. */
typedef struct notes {
    json_t *skipped;  // "P:D": why
    char error[512];  // the last one
} notes;

/* Keeps the reasons in "device P:D (...) is skipped: reason". */
static void take_note(void *user, clf_log_level level, const char *message)
{
    notes *n = user;
    static const char mark[] = " is skipped: ";
    int platform;
    int device;
    const char *reason = strstr(message, mark);
    if (level == CLF_LOG_ERROR)
        snprintf(n->error, sizeof n->error, "%s", message);
    if (reason && sscanf(message, "device %d:%d ", &platform, &device) == 2) {
        char key[32];
        snprintf(key, sizeof key, "%d:%d", platform, device);
        json_object_set_new(n->skipped, key, report_text(reason + strlen(mark)));
    }
}

static json_t *platform_text(cl_platform_id platform, cl_platform_info param)
{
    char text[256] = "";
    const cl_int code = clGetPlatformInfo(platform, param, sizeof text - 1, text, NULL);
    return code == CL_SUCCESS ? report_text(text) : json_string("");
}

/* The device's record in the library's list, or NULL when it is skipped there. */
static const clf_device_info *find(const clf_device_list *list, int platform, int device)
{
    for (int i = 0; i < clf_device_list_count(list); i++) {
        const clf_device_info *info = clf_device_list_get(list, i);
        if (info->platform_index == platform && info->device_index == device)
            return info;
    }
    return NULL;
}

static json_t *identity(const char *selector, cl_platform_id platform, cl_device_id id)
{
    static const struct {
        const char *name;
        cl_device_info param;
    } texts[] = {
        {"name", CL_DEVICE_NAME},
        {"vendor", CL_DEVICE_VENDOR},
        {"version", CL_DEVICE_VERSION},
        {"driver", CL_DRIVER_VERSION},
    };
    json_t *device = json_pack("{s:s, s:o}", "selector", selector, "platform",
                               platform_text(platform, CL_PLATFORM_NAME));
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char text[512];
        properties_text(id, texts[i].param, text, sizeof text);
        size_t length = strlen(text);
        while (length && text[length - 1] == ' ')
            text[--length] = '\0';
        json_object_set_new(device, texts[i].name, report_text(text + strspn(text, " ")));
    }
    return device;
}

static void answer_device(int p, cl_platform_id platform, int d, cl_device_id id, bool full,
                          const clf_device_list *list, const notes *n)
{
    static const char *const types[] = {
        [CLF_DEVICE_CPU] = "CPU",
        [CLF_DEVICE_GPU] = "GPU",
        [CLF_DEVICE_ACCELERATOR] = "accelerator",
        [CLF_DEVICE_OTHER] = "other",
    };
    char selector[32];
    snprintf(selector, sizeof selector, "%d:%d", p, d);
    json_t *device = identity(selector, platform, id);
    const clf_device_info *info = find(list, p, d);
    json_t *reason = json_object_get(n->skipped, selector);
    json_object_update_new(device, json_pack("{s:o, s:s, s:b, s:O?, s:o}", "index",
                                             info ? json_integer(info->index) : json_null(), "type",
                                             info ? types[info->type] : "other", "emulated",
                                             info && info->emulated, "why_not", reason,
                                             "properties", properties_read(id, full)));
    internal_answer(json_pack("{s:o}", "device", device));
}

static void answer_platform(int p, cl_platform_id platform, bool full, const clf_device_list *list,
                            const notes *n)
{
    static const struct {
        const char *name;
        cl_platform_info param;
    } texts[] = {
        {"name", CL_PLATFORM_NAME},
        {"vendor", CL_PLATFORM_VENDOR},
        {"version", CL_PLATFORM_VERSION},
        {"profile", CL_PLATFORM_PROFILE},
    };
    cl_device_id *ids = calloc(MANY, sizeof *ids);
    cl_uint count = 0;
    const cl_int code = ids ? clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, MANY, ids, &count)
                            : CL_OUT_OF_HOST_MEMORY;
    count = code != CL_SUCCESS ? 0 : count < MANY ? count : MANY;
    json_t *value = json_pack("{s:i, s:i, s:o}", "index", p, "devices", (int)count, "error",
                              code == CL_SUCCESS ? json_null() : properties_error(code));
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        json_object_set_new(value, texts[i].name, platform_text(platform, texts[i].param));
    internal_answer(json_pack("{s:o}", "platform", value));
    for (cl_uint d = 0; d < count; d++)
        answer_device(p, platform, (int)d, ids[d], full, list, n);
    free(ids);
}

/* Which device would be taken, and why, or why none. */
static void answer_choice(const clf_device_list *list, const clf_log *log, const notes *n)
{
    const clf_device_info *chosen = NULL;
    char reason[512] = "";
    char selector[32] = "";
    clf_device_select(list, NULL, log, &chosen, reason, sizeof reason);
    if (chosen)
        snprintf(selector, sizeof selector, "%d:%d", chosen->platform_index, chosen->device_index);
    internal_answer(json_pack("{s:{s:s?, s:o}}", "choice", "selector", chosen ? selector : NULL,
                              "reason", report_text(chosen ? reason : n->error)));
}

/* Answers: the loader, then each platform and its devices, then the choice. */
int listing_internal(int argc, char **argv)
{
    (void)argc;
    const bool full = strcmp(argv[0], "full") == 0;
    notes n = {.skipped = json_object()};
    const clf_log log = {take_note, &n, CLF_LOG_DEBUG};
    clf_device_list *list = NULL;
    cl_platform_id *platforms = calloc(MANY, sizeof *platforms);
    cl_uint count = 0;
    internal_answer(json_pack("{s:o}", "loader", loader_open()));
    clf_device_list_create(&log, &list);
    if (!platforms || clGetPlatformIDs(MANY, platforms, &count) != CL_SUCCESS)
        count = 0;
    for (cl_uint p = 0; p < count && p < MANY; p++)
        answer_platform((int)p, platforms[p], full, list, &n);
    if (list)
        answer_choice(list, &log, &n);
    else
        internal_answer(
            json_pack("{s:{s:n, s:o}}", "choice", "selector", "reason", report_text(n.error)));
    clf_device_list_destroy(&list);
    free(platforms);
    json_decref(n.skipped);
    return 0;
}
