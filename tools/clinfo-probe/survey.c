/* Puts the answers of children together and judges them. Loads no OpenCL.
 *
 * Invariant: a device is usable when the library would take it, a kernel ran right on it, and
 * nothing that was asked for made its driver crash or refuse our kernels. */
#include "survey.h"

#include <stdio.h>
#include <string.h>

#include <clfavor/version.h>

#include "../clfavor/exit.h"
#include "../clfavor/report.h"
#include "../common/child.h"
#include "drivers.h"
#include "facts.h"
#include "hints.h"
#include "internal.h"
#include "tool.h"
#include "verdicts.h"

/* A run of clfavor prints its JSON at its end: it may take that many times the timeout. */
enum {
    PATIENCE = 20
};

static const char *text_of(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));
    return text ? text : "";
}

static bool is_lost(const char *verdict)
{
    return strcmp(verdict, "crashed") == 0 || strcmp(verdict, "hung") == 0;
}

/* Asks the loader, in a child: loader, listing, platforms, devices and choice. */
static void enumerate(const survey_options *o, json_t *root)
{
    child_result result;
    json_t *platforms = json_array();
    json_t *devices = json_array();
    internal_run(o->self, "listing", o->full ? "full" : "public", NULL, o->timeout, &result);
    json_t *lines = child_lines(&result);
    size_t i;
    json_t *line;
    json_object_set_new(
        root, "listing",
        json_pack("{s:s, s:o}", "verdict",
                  strcmp(child_word(&result), "done") == 0 ? "ok" : child_word(&result), "message",
                  child_message(&result)));
    json_object_set_new(root, "platforms", platforms);
    json_object_set_new(root, "devices", devices);
    json_object_set_new(root, "choice", json_null());
    json_object_set_new(root, "loader", json_null());
    json_array_foreach(lines, i, line)
    {
        if (json_object_get(line, "platform"))
            json_array_append(platforms, json_object_get(line, "platform"));
        else if (json_object_get(line, "device"))
            json_array_append(devices, json_object_get(line, "device"));
        else
            json_object_update(root, line);
    }
    json_decref(lines);
    child_finish(&result);
}

static void add_part(char *id, size_t size, const char *title, const char *part)
{
    const size_t used = strlen(id);
    if (*part)
        snprintf(id + used, size - used, " / %s%s", title, part);
}

/* What stays the same for a device from host to host and from boot to boot: names, driver and,
 * where the driver tells it, the place on the bus. Twins are numbered. */
static void add_id(json_t *devices, size_t at)
{
    json_t *device = json_array_get(devices, at);
    const json_t *properties = json_object_get(device, "properties");
    char id[1024];
    int twins = 1;
    snprintf(id, sizeof id, "%s / %s", text_of(device, "platform"), text_of(device, "name"));
    add_part(id, sizeof id, "driver ", text_of(device, "driver"));
    add_part(id, sizeof id, "pci ", text_of(properties, "pci"));
    add_part(id, sizeof id, "uuid ", text_of(properties, "uuid"));
    for (size_t i = 0; i < at; i++) {
        const char *other = text_of(json_array_get(devices, i), "id");
        const size_t length = strlen(id);
        twins += strncmp(other, id, length) == 0 && (!other[length] || other[length] == '#');
    }
    if (twins > 1)
        snprintf(id + strlen(id), sizeof id - strlen(id), "#%d", twins);
    json_object_set_new(device, "id", report_text(id));
}

/* Why a device cannot be used, or NULL. `skipped` is what the library says. */
static json_t *find_fault(const json_t *device, const json_t *skipped)
{
    const char *kernels = text_of(json_object_get(device, "kernels"), "verdict");
    const char *selftest = text_of(json_object_get(device, "selftest"), "verdict");
    const json_t *first = json_array_get(json_object_get(device, "verdicts"), 0);
    if (json_is_string(skipped))
        return json_string(json_string_value(skipped));
    if (!json_is_integer(json_object_get(device, "index")))
        return json_string("the library does not list it");
    if (!verdicts_sound(json_object_get(device, "verdicts")))
        return json_sprintf("a plain kernel: compiles %s, runs %s%s%s", text_of(first, "compiles"),
                            text_of(first, "runs"), *text_of(first, "note") ? ": " : "",
                            text_of(first, "note"));
    if (is_lost(kernels) || strcmp(kernels, "failed") == 0)
        return json_sprintf("building our kernels: %s", kernels);
    if (*selftest && strcmp(selftest, "ok") != 0)
        return json_sprintf("self-test: %s", selftest);
    return json_null();
}

/* Everything about one device. Returns whether a child of it crashed. */
static bool examine(const survey_options *o, json_t *device)
{
    const char *selector = text_of(device, "selector");
    const bool listed = json_is_integer(json_object_get(device, "index"));
    bool crashed = false;
    json_t *skipped = json_incref(json_object_get(device, "why_not"));
    json_t *verdicts =
        listed ? verdicts_try(o->self, selector, o->timeout, &crashed) : json_array();
    const bool sound = verdicts_sound(verdicts);
    json_object_set_new(device, "verdicts", verdicts);
    json_t *kernels = json_null();
    json_t *selftest = json_null();
    json_t *bench = json_null();
    if (sound && o->kernels && o->tool) {
        progress("%s: building our kernels", selector);
        kernels = tool_kernels(o->tool, selector, o->timeout * PATIENCE);
    }
    if (sound && o->bench) {
        progress("%s: bench", selector);
        child_result result;
        internal_run(o->self, "bench", selector, NULL, o->timeout, &result);
        bench = json_pack("{s:s, s:o, s:o, s:o}", "verdict",
                          strcmp(child_word(&result), "done") == 0 ? "ok" : child_word(&result),
                          "message", child_message(&result), "seconds", json_real(result.seconds),
                          "figures", child_lines(&result));
        child_finish(&result);
    }
    if (sound && o->selftest) {
        progress("%s: self-test", selector);
        selftest = tool_selftest(o->tool, selector, o->timeout * PATIENCE);
    }
    progress_clear();
    crashed = crashed || is_lost(text_of(kernels, "verdict")) ||
              is_lost(text_of(bench, "verdict")) || is_lost(text_of(selftest, "verdict"));
    json_object_set_new(device, "kernels", kernels);
    json_object_set_new(device, "bench", bench);
    json_object_set_new(device, "selftest", selftest);
    json_t *fault = find_fault(device, skipped);
    json_object_set_new(device, "usable", json_boolean(json_is_null(fault)));
    json_object_set_new(device, "why_not", fault);
    json_decref(skipped);
    return crashed;
}

/* The first that fits, in this order. */
static int judge(const json_t *root, bool crashed)
{
    const json_t *devices = json_object_get(root, "devices");
    const json_t *files = json_object_get(json_object_get(root, "drivers"), "files");
    bool wrong = false;
    bool usable = false;
    size_t i;
    json_t *one;
    crashed = crashed || is_lost(text_of(json_object_get(root, "listing"), "verdict"));
    json_array_foreach(files, i, one) crashed = crashed || is_lost(text_of(one, "verdict"));
    json_array_foreach(devices, i, one)
    {
        const char *selftest = text_of(json_object_get(one, "selftest"), "verdict");
        wrong = wrong || (*selftest && strcmp(selftest, "ok") != 0);
        usable = usable || json_is_true(json_object_get(one, "usable"));
    }
    if (wrong)
        return EXIT_SELF_TEST;
    // Devices that no program can use while a bad driver is there are not usable as things are.
    if (usable && json_array_size(json_object_get(root, "set_aside")) == 0)
        return EXIT_RIGHT;
    if (crashed)
        return EXIT_CRASHED;
    return json_array_size(json_object_get(root, "platforms")) ? EXIT_NO_DEVICE : EXIT_NO_PLATFORM;
}

json_t *survey(const survey_options *o)
{
    json_t *root = json_pack("{s:s, s:s, s:o}", "schema", "clinfo-probe/1", "version",
                             clf_version_string(), "environment", facts_environment());
    bool crashed = false;
    char folder[DRIVERS_FOLDER];
    progress("opening each driver");
    json_t *drivers = drivers_try(o->self, o->timeout);
    json_object_set_new(root, "drivers", drivers);
    json_object_set_new(root, "set_aside", drivers_set_aside(drivers, folder));
    progress("asking the loader");
    enumerate(o, root);
    progress_clear();
    json_t *devices = json_object_get(root, "devices");
    for (size_t i = 0; i < json_array_size(devices); i++) {
        add_id(devices, i);
        crashed = examine(o, json_array_get(devices, i)) || crashed;
    }
    drivers_restore(drivers, folder);
    json_object_set_new(root, "caches", facts_caches());
    json_object_set_new(root, "exit_code", json_integer(judge(root, crashed)));
    json_object_set_new(root, "hints", hints_find(root, o->tool != NULL));
    if (!o->full)
        facts_hide_names(root);
    return root;
}
