/* clfavor devices: what OpenCL devices there are and which one would be used. */
#include <clfavor/device.h>

#include "commands.h"
#include "exit.h"
#include "host/log.h"
#include "report.h"

typedef struct values {
    const char *device;
    bool json;
} values;

static const option_row k_options[] = {
    OPTION_ROW_DEVICE(values),
    OPTION_ROW_JSON(values),
    {.name = NULL},
};

static const char *const k_types[] = {
    [CLF_DEVICE_CPU] = "CPU",
    [CLF_DEVICE_GPU] = "GPU",
    [CLF_DEVICE_ACCELERATOR] = "accelerator",
    [CLF_DEVICE_OTHER] = "other",
};

static json_t *device_json(const clf_device_info *d, const clf_device_info *chosen)
{
    return json_pack(
        "{s:i, s:i, s:i, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:b, "
        "s:b, s:b, s:b}",
        "index", d->index, "platform_index", d->platform_index, "device_index", d->device_index,
        "type", k_types[d->type], "emulated", d->emulated, "name", report_text(d->name), "vendor",
        report_text(d->vendor), "platform", report_text(d->platform_name), "version",
        report_text(d->version), "driver", report_text(d->driver), "compute_units",
        (json_int_t)d->compute_units, "native_float_width", (json_int_t)d->native_float_width,
        "global_mem_bytes", (json_int_t)d->global_mem_bytes, "max_alloc_bytes",
        (json_int_t)d->max_alloc_bytes, "local_mem_bytes", (json_int_t)d->local_mem_bytes,
        "max_work_group_size", (json_int_t)d->max_work_group_size, "fp16", d->fp16, "fp64", d->fp64,
        "subgroups", d->subgroups, "chosen", d == chosen);
}

static clf_status print_json(const clf_device_list *list, const clf_device_info *chosen,
                             const char *reason, const clf_log *log)
{
    json_t *devices = json_array();
    for (int i = 0; i < clf_device_list_count(list); i++)
        json_array_append_new(devices, device_json(clf_device_list_get(list, i), chosen));
    return report_json(json_pack("{s:s, s:o, s:i, s:o}", "schema", "clfavor-devices/1", "devices",
                                 devices, "chosen", chosen->index, "reason", report_text(reason)),
                       log);
}

/* Two lines a device: names of devices and platforms alone may fill one. */
static void print_text(const clf_device_list *list, const clf_device_info *chosen,
                       const char *reason)
{
    enum {
        NAME_COLUMN = 43,
        PLATFORM_COLUMN = 9
    };
    printf("  index  P:D    type          CUs     GiB  name\n");
    for (int i = 0; i < clf_device_list_count(list); i++) {
        const clf_device_info *d = clf_device_list_get(list, i);
        char text[512];
        snprintf(text, sizeof text, "%d:%d", d->platform_index, d->device_index);
        const int column = printf("%c %5d  %-5s  %-11s  %4u  %6.1f  ", d == chosen ? '*' : ' ',
                                  d->index, text, k_types[d->type], (unsigned)d->compute_units,
                                  (double)d->global_mem_bytes / (1 << 30));
        report_wrapped(stdout, d->name, column, NAME_COLUMN);
        snprintf(text, sizeof text, "%s, driver %s", d->platform_name, d->driver);
        report_wrapped(stdout, text, 0, PLATFORM_COLUMN);
    }
    report_wrapped(stdout, reason, printf("\n* ") - 1, 2);
}

static int run(const void *parsed, const clf_log *log)
{
    const values *o = parsed;
    clf_status status = CLF_OK;
    clf_device_list *list = NULL;
    const clf_device_info *chosen;
    char reason[256];
    TRY(clf_device_list_create(log, &list));
    TRY(clf_device_select(list, o->device, log, &chosen, reason, sizeof reason));
    if (o->json)
        TRY(print_json(list, chosen, reason, log));
    else
        print_text(list, chosen, reason);
fail:
    clf_device_list_destroy(&list);
    return exit_of(status);
}

const command cmd_devices = {
    .name = "devices",
    .summary = "lists the OpenCL devices and says which one is used",
    .details = "Lists the devices of all OpenCL platforms. A star marks the one that is used, with "
               "the reason.",
    .options = k_options,
    .values_size = sizeof(values),
    .run = run,
};
