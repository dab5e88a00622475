/* Prints a survey for people: what is there, what works, what to do. Judges nothing.
 *
 * Invariant: no line has more than 80 columns, and no word stands for a value that is not in the
 * tree. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../clfavor/report.h"
#include "print.h"

enum {
    COLUMN = 12,  // where values begin
    NOTES = 57    // where notes of verdicts begin
};

static const char *text_of(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));
    return text ? text : "";
}

static double real_of(const json_t *object, const char *member)
{
    return json_number_value(json_object_get(object, member));
}

/* report_wrapped, and words that are longer than a line, as paths are, go on in the next one. */
static void wrapped(const char *text, int column, int indent)
{
    const size_t width = (size_t)(REPORT_WIDTH - 1 - indent);
    char *broken = malloc(2 * strlen(text) + 1);
    char *to = broken;
    size_t length = 0;
    for (const char *at = text; broken && *at; at++) {
        length = *at == ' ' || *at == '\n' ? 0 : length + 1;
        if (length > width) {
            *to++ = '\n';
            length = 1;
        }
        *to++ = *at;
    }
    if (broken)
        *to = '\0';
    report_wrapped(stdout, broken ? broken : text, column, indent);
    free(broken);
}

/* "label       text"; nothing for an empty one. */
static void line(const char *label, const char *text)
{
    if (*text)
        wrapped(text, printf("%-*s", COLUMN - 1, label), COLUMN);
}

/* Adds ", word" to a list. */
static void add(char *list, size_t size, const char *word)
{
    const size_t used = strlen(list);
    snprintf(list + used, size - used, "%s%s", used ? ", " : "", word);
}

/* A number of bytes in the largest unit that leaves more than one. */
static void write_bytes(const char *digits, char *text, size_t size)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double bytes = strtod(digits, NULL);
    int unit = 0;
    while (bytes >= 1024 && unit < 4) {
        bytes /= 1024;
        unit++;
    }
    snprintf(text, size, "%.*f %s", bytes < 10 && unit ? 1 : 0, bytes, units[unit]);
}

static void print_loader(const json_t *root)
{
    const json_t *loader = json_object_get(root, "loader");
    char text[512];
    if (json_is_true(json_object_get(loader, "found"))) {
        line("loader", text_of(loader, "path"));
        snprintf(text, sizeof text, "%s %s, %s, %s", text_of(loader, "name"),
                 text_of(loader, "version"), text_of(loader, "vendor"), text_of(loader, "opencl"));
        line("", *text_of(loader, "version") ? text : "");
    } else {
        snprintf(text, sizeof text, "none: %s", text_of(loader, "error"));
        line("loader", text);
    }
}

static void print_environment(const json_t *root)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(root, "environment"), i, one)
    {
        char text[1024];
        snprintf(text, sizeof text, "%s=%s", text_of(one, "name"), text_of(one, "value"));
        line(i ? "" : "variables", text);
    }
}

static void print_drivers(const json_t *root)
{
    const json_t *drivers = json_object_get(root, "drivers");
    const json_t *files = json_object_get(drivers, "files");
    char text[2048];
    size_t i;
    size_t j;
    json_t *one;
    json_t *platform;
    snprintf(text, sizeof text, "%s (%s)%s", text_of(drivers, "folder"), text_of(drivers, "source"),
             json_array_size(files) ? "" : ": no driver");
    line("drivers", text);
    json_array_foreach(files, i, one)
    {
        const char *file = strrchr(text_of(one, "file"), '/');
        size_t used =
            (size_t)snprintf(text, sizeof text, "%s%s%s", file ? file + 1 : text_of(one, "file"),
                             *text_of(one, "file") ? ": " : "", text_of(one, "library"));
        json_array_foreach(json_object_get(one, "platforms"), j, platform)
        {
            if (used < sizeof text)
                used += (size_t)snprintf(text + used, sizeof text - used, "%s%s, %d device%s",
                                         j ? "; " : ", ", text_of(platform, "name"),
                                         (int)real_of(platform, "devices"),
                                         (int)real_of(platform, "devices") == 1 ? "" : "s");
        }
        if (used < sizeof text && *text_of(one, "message"))
            snprintf(text + used, sizeof text - used, ": %s", text_of(one, "message"));
        wrapped(text, printf("  %-11s", text_of(one, "verdict")), 14);
    }
    if (json_array_size(json_object_get(root, "set_aside")) &&
        json_array_size(json_object_get(root, "devices")))
        line("", "The devices below were tried without the drivers that crashed or hung: as things "
                 "are, no program can use them.");
    const json_t *listing = json_object_get(root, "listing");
    if (strcmp(text_of(listing, "verdict"), "ok") != 0) {
        snprintf(text, sizeof text, "the loader %s while it listed the devices: %s",
                 text_of(listing, "verdict"), text_of(listing, "message"));
        line("listing", text);
    }
}

static void print_caches(const json_t *root)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(root, "caches"), i, one)
    {
        char text[512];
        char size[32];
        write_bytes(text_of(one, "bytes"), size, sizeof size);
        snprintf(text, sizeof text, "%s: %s, %d files, %s%s", text_of(one, "owner"),
                 text_of(one, "path"), (int)real_of(one, "files"), size,
                 json_is_true(json_object_get(one, "writable")) ? "" : ", not writable");
        line(i ? "" : "caches", text);
    }
}

/* What the driver tells of the limits that decide what can run. */
static void print_limits(const json_t *device)
{
    static const struct {
        const char *property, *format;
        bool bytes;
    } rows[] = {
        {"compute_units", "%s compute units", false},
        {"global_mem_bytes", "%s", true},
        {"max_alloc_bytes", "%s a buffer", true},
        {"local_mem_bytes", "%s local memory", true},
        {"max_work_group_size", "work-groups up to %s", false},
        {"native_width_float", "float%s", false},
    };
    const json_t *properties = json_object_get(device, "properties");
    char text[512] = "";
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *value = text_of(properties, rows[i].property);
        char size[32];
        char word[128];
        write_bytes(value, size, sizeof size);
        snprintf(word, sizeof word, rows[i].format, rows[i].bytes ? size : value);
        if (*value)
            add(text, sizeof text, word);
    }
    line("  limits", text);
}

static void print_verdicts(const json_t *device)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(device, "verdicts"), i, one)
    {
        if (i == 0)
            printf("\n  what it can do         advertised  compiles  runs right\n");
        const char *note = text_of(one, "note");
        const int column =
            printf("  %-22s %-10s  %-8s  %-*s", text_of(one, "name"), text_of(one, "advertised"),
                   text_of(one, "compiles"), *note ? 10 : 0, text_of(one, "runs"));
        if (*note)
            wrapped(note, column, NOTES);
        else
            printf("\n");
    }
}

static void print_kernel(const json_t *row)
{
    char binary[32] = "-";
    if (!json_is_true(json_object_get(row, "built"))) {
        wrapped(text_of(row, "log"), printf("  %-24s", text_of(row, "file")), 26);
        return;
    }
    if (*text_of(row, "binary_bytes"))
        write_bytes(text_of(row, "binary_bytes"), binary, sizeof binary);
    printf("  %-23s %5.0f %5.0f %6d %8d %7s %7s %8s\n", text_of(row, "file"),
           real_of(row, "first_ms"), real_of(row, "second_ms"),
           (int)real_of(row, "work_group_limit"), (int)real_of(row, "preferred_multiple"),
           text_of(row, "local_bytes"), text_of(row, "private_bytes"), binary);
}

static void print_kernels(const json_t *device)
{
    const json_t *kernels = json_object_get(device, "kernels");
    size_t i;
    json_t *one;
    if (!json_is_object(kernels))
        return;
    if (strcmp(text_of(kernels, "verdict"), "ok") != 0) {
        char text[2048];
        snprintf(text, sizeof text, "%s: %s", text_of(kernels, "verdict"),
                 text_of(kernels, "message"));
        printf("\n");
        line("  kernels", text);
    }
    json_array_foreach(json_object_get(kernels, "rows"), i, one)
    {
        if (i == 0)
            printf("\n  our kernels                ms again  group multiple   local private   "
                   "binary\n");
        print_kernel(one);
    }
}

static void print_bench(const json_t *device)
{
    const json_t *bench = json_object_get(device, "bench");
    size_t i;
    json_t *one;
    if (!json_is_object(bench))
        return;
    printf("\n  bench, %.1f s with its compiler: %s\n", real_of(bench, "seconds"),
           text_of(bench, "verdict"));
    json_array_foreach(json_object_get(bench, "figures"), i, one)
    {
        printf("  %-24s ", text_of(one, "name"));
        if (json_is_number(json_object_get(one, "value")))
            printf("%10.2f %s\n", real_of(one, "value"), text_of(one, "unit"));
        else
            printf("%s\n", text_of(one, "error"));
    }
}

static void print_selftest(const json_t *device)
{
    const json_t *test = json_object_get(device, "selftest");
    char text[2048];
    if (!json_is_object(test))
        return;
    if ((int)real_of(test, "cases") > 0)
        snprintf(text, sizeof text, "%s: %d of %d cases right, worst err/tau %.3g in '%s', %.0f s",
                 text_of(test, "verdict"), (int)real_of(test, "right"), (int)real_of(test, "cases"),
                 real_of(test, "worst_err_tau"), text_of(test, "worst"), real_of(test, "seconds"));
    else
        snprintf(text, sizeof text, "%s: %s", text_of(test, "verdict"), text_of(test, "message"));
    printf("\n");
    line("  self-test", text);
}

static void print_device(const json_t *root, const json_t *device)
{
    const json_t *choice = json_object_get(root, "choice");
    const char *selector = text_of(device, "selector");
    const bool usable = json_is_true(json_object_get(device, "usable"));
    const bool chosen = strcmp(text_of(choice, "selector"), selector) == 0;
    char text[2048];
    snprintf(text, sizeof text, "%s%s, %s", text_of(device, "type"),
             json_is_true(json_object_get(device, "emulated")) ? " in software" : "",
             text_of(device, "name"));
    printf("\n");
    wrapped(text, printf("%-*s", COLUMN - 1, "device"), COLUMN);
    snprintf(text, sizeof text, "%s, %s%s%s", text_of(device, "platform"),
             text_of(device, "version"), *text_of(device, "driver") ? ", driver " : "",
             text_of(device, "driver"));
    line("  platform", text);
    line("  id", text_of(device, "id"));
    const char *taken = text_of(choice, "selector");
    snprintf(text, sizeof text, "--device %s or CLFAVOR_DEVICE=%s%s%s", selector, selector,
             chosen   ? "; taken by itself: "
             : *taken ? "; not taken by itself, but "
                      : "",
             chosen ? text_of(choice, "reason") : taken);
    line("  select", text);
    print_limits(device);
    line("  usable", usable ? "yes" : text_of(device, "why_not"));
    print_verdicts(device);
    print_kernels(device);
    print_bench(device);
    print_selftest(device);
}

static void print_result(const json_t *root)
{
    const int code = (int)json_integer_value(json_object_get(root, "exit_code"));
    const json_t *devices = json_object_get(root, "devices");
    int usable = 0;
    size_t i;
    json_t *one;
    char text[128];
    json_array_foreach(devices, i, one) usable += json_is_true(json_object_get(one, "usable"));
    snprintf(text, sizeof text, "%d of %d device%s usable; exit code %d", usable,
             (int)json_array_size(devices), json_array_size(devices) == 1 ? "" : "s", code);
    printf("\n");
    line("result", text);
    json_array_foreach(json_object_get(root, "hints"), i, one) line("hint", json_string_value(one));
}

void print_human(const json_t *root)
{
    size_t i;
    json_t *one;
    printf("clinfo-probe %s\n\n", text_of(root, "version"));
    print_loader(root);
    print_environment(root);
    print_drivers(root);
    print_caches(root);
    json_array_foreach(json_object_get(root, "devices"), i, one) print_device(root, one);
    if (json_array_size(json_object_get(root, "devices")) == 0)
        line("devices", text_of(json_object_get(root, "choice"), "reason"));
    print_result(root);
}
