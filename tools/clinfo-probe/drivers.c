/* Which drivers there are, and whether each can be opened. The child talks to the driver's library
 * itself, without a loader, so that one bad driver says nothing about another.
 *
 * Invariant: no driver's code runs in the parent. */
#define _XOPEN_SOURCE 700  // mkdtemp
#include "drivers.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../clfavor/report.h"
#include "cl/error.h"
#include "internal.h"

#define DEFAULT_FOLDER "/etc/OpenCL/vendors"

/* The first entries of a platform's table of functions; their order is fixed by cl_khr_icd. */
typedef struct dispatch {
    cl_int(CL_API_CALL *get_platform_ids)(cl_uint, cl_platform_id *, cl_uint *);
    cl_int(CL_API_CALL *get_platform_info)(cl_platform_id, cl_platform_info, size_t, void *,
                                           size_t *);
    cl_int(CL_API_CALL *get_device_ids)(cl_platform_id, cl_device_type, cl_uint, cl_device_id *,
                                        cl_uint *);
    cl_int(CL_API_CALL *get_device_info)(cl_device_id, cl_device_info, size_t, void *, size_t *);
} dispatch;

struct _cl_platform_id {
    const dispatch *table;
};

typedef cl_int(CL_API_CALL *get_ids)(cl_uint, cl_platform_id *, cl_uint *);

/* The function by which a driver gives its platforms, or NULL. */
static get_ids find_entry(void *library)
{
    static const char name[] = "clIcdGetPlatformIDsKHR";
    void *(CL_API_CALL * by_name)(const char *) = NULL;
    get_ids entry = NULL;
    void *address = dlsym(library, "clGetExtensionFunctionAddress");
    memcpy(&by_name, &address, sizeof by_name);
    address = by_name ? by_name(name) : NULL;
    if (!address)
        address = dlsym(library, name);
    memcpy(&entry, &address, sizeof entry);
    return entry;
}

static json_t *platform_text(cl_platform_id platform, cl_platform_info param)
{
    char text[256] = "";
    platform->table->get_platform_info(platform, param, sizeof text - 1, text, NULL);
    return report_text(text);
}

/* Counts the devices and asks each for its name, which makes a driver look at it. */
static cl_uint count_devices(cl_platform_id platform)
{
    const dispatch *table = platform->table;
    cl_uint count = 0;
    if (table->get_device_ids(platform, CL_DEVICE_TYPE_ALL, 0, NULL, &count) != CL_SUCCESS)
        return 0;
    cl_device_id *ids = calloc(count + 1, sizeof *ids);
    if (!ids || table->get_device_ids(platform, CL_DEVICE_TYPE_ALL, count, ids, NULL) != CL_SUCCESS)
        count = 0;
    for (cl_uint i = 0; i < count; i++) {
        char name[256];
        table->get_device_info(ids[i], CL_DEVICE_NAME, sizeof name, name, NULL);
    }
    free(ids);
    return count;
}

static int refuse(const char *verdict, const char *message)
{
    internal_answer(json_pack("{s:s, s:o}", "verdict", verdict, "message", report_text(message)));
    return 0;
}

/* One answer for each platform, then the verdict. */
int driver_internal(int argc, char **argv)
{
    (void)argc;
    void *library = dlopen(argv[0], RTLD_NOW);
    if (!library)
        return refuse("unloadable", dlerror());
    const get_ids entry = find_entry(library);
    if (!entry)
        return refuse("unloadable", "it has no clIcdGetPlatformIDsKHR: it is no OpenCL driver");
    cl_uint count = 0;
    cl_uint devices = 0;
    const cl_int code = entry(0, NULL, &count);
    cl_platform_id *ids = code == CL_SUCCESS ? calloc(count + 1, sizeof *ids) : NULL;
    if (!ids || count == 0 || entry(count, ids, NULL) != CL_SUCCESS) {
        free(ids);
        return refuse("no platform", clfi_cl_error_name(code));
    }
    for (cl_uint i = 0; i < count; i++) {
        const cl_uint has = count_devices(ids[i]);
        devices += has;
        internal_answer(json_pack("{s:o, s:o, s:i}", "name",
                                  platform_text(ids[i], CL_PLATFORM_NAME), "version",
                                  platform_text(ids[i], CL_PLATFORM_VERSION), "devices", (int)has));
    }
    free(ids);
    internal_answer(json_pack("{s:s, s:n}", "verdict", devices ? "ok" : "no device", "message"));
    return 0;
}

/* Adds a file that was read; `file` may be NULL for a library that is named by itself. */
static void try_library(json_t *files, const char *file, const char *library, const char *self,
                        double silence)
{
    child_result result;
    internal_run(self, "driver", library, NULL, silence, &result);
    json_t *lines = child_lines(&result);
    json_t *last = json_array_get(lines, json_array_size(lines) - 1);
    json_t *verdict = json_object_get(last, "verdict");
    json_t *message = verdict ? json_incref(json_object_get(last, "message")) : NULL;
    verdict = verdict ? json_incref(verdict) : json_string(child_word(&result));
    if (message)
        json_array_remove(lines, json_array_size(lines) - 1);
    else
        message = child_message(&result);
    json_array_append_new(files, json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "file",
                                           file ? report_text(file) : json_null(), "library",
                                           report_text(library), "verdict", verdict, "message",
                                           message, "platforms", lines, "ms",
                                           json_integer((json_int_t)(result.seconds * 1e3))));
    child_finish(&result);
}

/* An .icd file holds the name of a library in its first line. */
static void try_file(json_t *files, const char *path, const char *self, double silence)
{
    char line[1024] = "";
    FILE *file = fopen(path, "r");
    const int error = errno;
    if (file && !fgets(line, sizeof line, file))
        line[0] = '\0';
    if (file)
        fclose(file);
    line[strcspn(line, "\r\n")] = '\0';
    const size_t begin = strspn(line, " \t");
    if (line[begin]) {
        try_library(files, path, line + begin, self, silence);
        return;
    }
    json_array_append_new(
        files, json_pack("{s:o, s:n, s:s, s:s, s:[], s:i}", "file", report_text(path), "library",
                         "verdict", "unreadable", "message",
                         file ? "its first line is empty" : strerror(error), "platforms", "ms", 0));
}

static int is_icd(const struct dirent *entry)
{
    const size_t length = strlen(entry->d_name);
    return length > 4 && strcmp(entry->d_name + length - 4, ".icd") == 0;
}

static void try_folder(json_t *files, const char *folder, const char *self, double silence)
{
    struct dirent **entries = NULL;
    const int count = scandir(folder, &entries, is_icd, alphasort);
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        try_file(files, path, self, silence);
        free(entries[i]);
    }
    free(entries);
}

/* What OCL_ICD_VENDORS may be: a folder, an .icd file (without a slash: in the usual folder first)
 * or a library. */
static void try_place(json_t *files, const char *place, const char *self, double silence)
{
    struct stat info;
    char usual[4096];
    const size_t length = strlen(place);
    if (stat(place, &info) == 0 && S_ISDIR(info.st_mode)) {
        try_folder(files, place, self, silence);
    } else if (length > 4 && strcmp(place + length - 4, ".icd") == 0) {
        snprintf(usual, sizeof usual, DEFAULT_FOLDER "/%s", place);
        const bool found = !strchr(place, '/') && stat(usual, &info) == 0;
        try_file(files, found ? usual : place, self, silence);
    } else if (stat(place, &info) == 0) {
        try_library(files, NULL, place, self, silence);
    }
}

/* Libraries with colons between them. */
static void try_list(json_t *files, const char *list, const char *self, double silence)
{
    char name[4096];
    while (*list) {
        const size_t length = strcspn(list, ":");
        snprintf(name, sizeof name, "%.*s", (int)length, list);
        if (length)
            try_place(files, name, self, silence);
        list += length + (list[length] == ':');
    }
}

/* The variables that say where drivers are; the first that is set counts. */
static const char *const k_variables[] = {"OCL_ICD_VENDORS", "OPENCL_VENDOR_PATH"};
static const char k_more[] = "OCL_ICD_FILENAMES";

static const char *get_variable(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

json_t *drivers_try(const char *self, double silence)
{
    const char *place = DEFAULT_FOLDER;
    const char *source = "default";
    json_t *files = json_array();
    for (int i = 1; i >= 0; i--) {
        if (get_variable(k_variables[i])) {
            place = get_variable(k_variables[i]);
            source = k_variables[i];
        }
    }
    try_place(files, place, self, silence);
    if (get_variable(k_more))
        try_list(files, get_variable(k_more), self, silence);
    return json_pack("{s:o, s:s, s:o}", "folder", report_text(place), "source", source, "files",
                     files);
}

static const char *text_of(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));
    return text ? text : "";
}

static bool is_bad(const json_t *file)
{
    const char *verdict = text_of(file, "verdict");
    return strcmp(verdict, "crashed") == 0 || strcmp(verdict, "hung") == 0;
}

static void write_driver(const char *folder, size_t number, const char *library)
{
    char path[DRIVERS_FOLDER + 32];
    snprintf(path, sizeof path, "%s/%zu.icd", folder, number);
    FILE *file = fopen(path, "w");
    if (!file)
        return;
    fprintf(file, "%s\n", library);
    fclose(file);
}

json_t *drivers_set_aside(const json_t *drivers, char folder[DRIVERS_FOLDER])
{
    const json_t *files = json_object_get(drivers, "files");
    json_t *bad = json_array();
    const char *parent = get_variable("TMPDIR");
    size_t i;
    json_t *file;
    folder[0] = '\0';
    json_array_foreach(files, i, file)
    {
        const char *name = text_of(file, "file");
        if (is_bad(file))
            json_array_append_new(bad, report_text(*name ? name : text_of(file, "library")));
    }
    if (json_array_size(bad) == 0)
        return bad;
    snprintf(folder, DRIVERS_FOLDER, "%s/clinfo-probe-XXXXXX", parent ? parent : "/tmp");
    if (!mkdtemp(folder)) {
        folder[0] = '\0';
        json_array_clear(bad);
        return bad;
    }
    json_array_foreach(files, i, file)
    {
        if (strcmp(text_of(file, "verdict"), "ok") == 0)
            write_driver(folder, i, text_of(file, "library"));
    }
    setenv(k_variables[0], folder, 1);
    unsetenv(k_more);
    return bad;
}

void drivers_restore(const json_t *drivers, const char *folder)
{
    const size_t count = json_array_size(json_object_get(drivers, "files"));
    char path[DRIVERS_FOLDER + 32];
    if (!*folder)
        return;
    for (size_t i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%zu.icd", folder, i);
        unlink(path);
    }
    rmdir(folder);
}
