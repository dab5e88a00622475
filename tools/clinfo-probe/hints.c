/* Advice from a survey: which package, which variable, which group. A table of conditions.
 *
 * Invariant: a hint is given only for what the survey shows. */
#include "hints.h"

#include <string.h>

#include "../clfavor/exit.h"
#include "facts.h"

/* What the conditions look at. */
typedef struct view {
    const json_t *root;
    int code;
    bool tool, loader;
    size_t platforms, devices, files;
} view;

static const char *text_of(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));
    return text ? text : "";
}

static bool any_driver(const view *v, const char *verdict)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(json_object_get(v->root, "drivers"), "files"), i, one)
    {
        if (strcmp(text_of(one, "verdict"), verdict) == 0)
            return true;
    }
    return false;
}

static bool any_variable(const view *v, const char *name)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(v->root, "environment"), i, one)
    {
        if (strcmp(text_of(one, "name"), name) == 0)
            return true;
    }
    return false;
}

static bool no_loader(const view *v)
{
    return !v->loader;
}

static bool folder_changed(const view *v)
{
    return !v->files &&
           strcmp(text_of(json_object_get(v->root, "drivers"), "source"), "default") != 0;
}

static bool no_driver(const view *v)
{
    return !v->platforms && !v->files;
}

static bool no_device(const view *v)
{
    return v->code == EXIT_NO_PLATFORM || v->code == EXIT_NO_DEVICE;
}

static bool closed(const view *v)
{
    json_t *files = facts_closed_devices();
    const bool any = json_array_size(files) > 0 && v->code != EXIT_RIGHT;
    json_decref(files);
    return any;
}

static bool rusticl_off(const view *v)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(v->root, "platforms"), i, one)
    {
        if (strcmp(text_of(one, "name"), "rusticl") == 0 &&
            !json_integer_value(json_object_get(one, "devices")))
            return !any_variable(v, "RUSTICL_ENABLE");
    }
    return false;
}

static bool cuts_loops(const view *v)
{
    size_t i, j;
    json_t *device, *row;
    json_array_foreach(json_object_get(v->root, "devices"), i, device)
    {
        json_array_foreach(json_object_get(device, "verdicts"), j, row)
        {
            if (strcmp(text_of(row, "name"), "long loops") == 0 &&
                strcmp(text_of(row, "runs"), "wrong") == 0)
                return true;
        }
    }
    return false;
}

static bool bad_driver(const view *v)
{
    const char *listing = text_of(json_object_get(v->root, "listing"), "verdict");
    return any_driver(v, "crashed") || any_driver(v, "hung") || strcmp(listing, "ok") != 0;
}

static bool broken_driver(const view *v)
{
    return any_driver(v, "unloadable") || any_driver(v, "unreadable");
}

static bool no_tool(const view *v)
{
    return !v->tool;
}

static const struct {
    bool (*applies)(const view *v);
    const char *text;
} k_hints[] = {
    {no_loader, "There is no OpenCL loader: install ocl-icd-libopencl1 (Debian, Ubuntu), ocl-icd "
                "(Fedora, Arch) or opencl-icd-loader."},
    {folder_changed, "The variable above replaces /etc/OpenCL/vendors; without it the system's "
                     "drivers are looked for."},
    {no_driver,
     "There is no OpenCL driver. Debian's packages: any CPU: pocl-opencl-icd. Intel GPU: "
     "intel-opencl-icd. AMD GPU: mesa-opencl-icd (rusticl), or AMD's own "
     "rocm-opencl-runtime. NVIDIA: nvidia-opencl-icd (non-free)."},
    {no_device, "Where no GPU can be used, pocl-opencl-icd (PoCL) makes every CPU a device."},
    {closed, "This user may not open the GPU's files under /dev: become a member of the groups "
             "render and video, then log in again."},
    {rusticl_off, "Mesa's rusticl shows devices only when RUSTICL_ENABLE names their driver, as "
                  "RUSTICL_ENABLE=radeonsi, iris or llvmpipe."},
    {bad_driver, "A driver that crashes or hangs takes every OpenCL program with it. Remove its "
                 ".icd file, or set OCL_ICD_VENDORS to a folder with only the others."},
    {broken_driver, "An .icd file that names no library that can be loaded is left over from a "
                    "package, or its package lacks a dependency."},
    {cuts_loops, "A device leaves long loops early, without a word: results of programs that loop "
                 "often are wrong. This library refuses to run what would be; for a CPU "
                 "pocl-opencl-icd is the better device."},
    {no_tool, "clfavor was not found beside this program or in PATH: our kernels were not built. "
              "--clfavor FILE names it."},
};

json_t *hints_find(const json_t *root, bool tool)
{
    const view v = {
        .root = root,
        .code = (int)json_integer_value(json_object_get(root, "exit_code")),
        .tool = tool,
        .loader = json_is_true(json_object_get(json_object_get(root, "loader"), "found")),
        .platforms = json_array_size(json_object_get(root, "platforms")),
        .devices = json_array_size(json_object_get(root, "devices")),
        .files = json_array_size(json_object_get(json_object_get(root, "drivers"), "files")),
    };
    json_t *hints = json_array();
    for (size_t i = 0; i < sizeof k_hints / sizeof k_hints[0]; i++)
        if (k_hints[i].applies(&v))
            json_array_append_new(hints, json_string(k_hints[i].text));
    return hints;
}
