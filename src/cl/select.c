/* Which device a selector names, and which is best. Works on records alone: calls no OpenCL
 * function and reads no environment.
 *
 * Invariant: the order of devices is total (the flat index decides last), so that the same
 * records and selector give the same device whatever the order of platforms. */
#include "device_internal.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/log.h"

/* Room for one device in words; a longer label is cut. */
enum {
    LABEL_SIZE = 512
};

enum form {
    ANY,
    INDEX,
    PAIR,
    TYPE,
    TEXT
};

/* A selector that was read. */
struct query {
    enum form form;
    int first;   // INDEX: the flat index, PAIR: the platform, TYPE: the type
    int second;  // PAIR: the device
    const char *text;
    const char *source;
};

static const char *const misfits[] = {
    [INDEX] = "no device has this flat index",
    [PAIR] = "no device has this platform and device number",
    [TYPE] = "no device is of this type",
    [TEXT] = "no platform, vendor or device name contains it",
};

static const char *const types[] = {
    [CLF_DEVICE_CPU] = "cpu",
    [CLF_DEVICE_GPU] = "gpu",
    [CLF_DEVICE_ACCELERATOR] = "accelerator",
};

#define DEFAULT_ORDER "by the default order (hardware GPUs, CPUs, others, emulated devices)"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool begins_with(const char *text, const char *part)
{
    while (*part && lower(*text) == lower(*part)) {
        text++;
        part++;
    }
    return !*part;
}

bool clfi_contains(const char *text, const char *part)
{
    do {
        if (begins_with(text, part))
            return true;
    } while (*text++);
    return false;
}

static void write_label(const clf_device_info *info, char label[LABEL_SIZE])
{
    snprintf(label, LABEL_SIZE, "%s / %s / %s", info->platform_name, info->vendor, info->name);
}

/* Reads a number of decimal digits and returns what follows it, NULL when there is no digit. A
 * number too big for an int becomes INT_MAX, an index that no device has. */
static const char *read_index(const char *text, int *value)
{
    if (*text < '0' || *text > '9')
        return NULL;
    *value = 0;
    for (; *text >= '0' && *text <= '9'; text++) {
        const int digit = *text - '0';
        *value = *value > (INT_MAX - digit) / 10 ? INT_MAX : *value * 10 + digit;
    }
    return text;
}

static struct query read_selector(const char *selector, const char *source)
{
    struct query query = {.form = ANY, .text = selector, .source = source};
    if (!selector || !selector[0])
        return query;
    const char *rest = read_index(selector, &query.first);
    if (rest && !*rest) {
        query.form = INDEX;
        return query;
    }
    rest = rest && *rest == ':' ? read_index(rest + 1, &query.second) : NULL;
    if (rest && !*rest) {
        query.form = PAIR;
        return query;
    }
    query.form = TEXT;
    for (int i = 0; i < (int)(sizeof types / sizeof types[0]); i++)
        if (strlen(selector) == strlen(types[i]) && begins_with(selector, types[i])) {
            query.form = TYPE;
            query.first = i;
        }
    return query;
}

static bool fits(const clf_device_info *info, const struct query *query)
{
    char label[LABEL_SIZE];
    switch (query->form) {
    case INDEX:
        return info->index == query->first;
    case PAIR:
        return info->platform_index == query->first && info->device_index == query->second;
    case TYPE:
        return (int)info->type == query->first;
    case TEXT:
        write_label(info, label);
        return clfi_contains(label, query->text);
    default:
        return true;
    }
}

static int rank(const clf_device_info *info)
{
    if (info->emulated)
        return 3;
    if (info->type == CLF_DEVICE_GPU)
        return 0;
    return info->type == CLF_DEVICE_CPU ? 1 : 2;
}

static bool is_better(const clf_device_info *a, const clf_device_info *b)
{
    if (rank(a) != rank(b))
        return rank(a) < rank(b);
    if (a->compute_units != b->compute_units)
        return a->compute_units > b->compute_units;
    const int names = strcmp(a->name, b->name);
    return names ? names < 0 : a->index < b->index;
}

/* Logs a failure and the devices it is about: those that fit, or all when `query` is NULL. */
static clf_status refuse(const clf_device_info *infos, int count, const struct query *query,
                         const clf_log *log, clf_status status, const char *message)
{
    char *list = malloc((size_t)count * (LABEL_SIZE + 64));
    size_t used = 0;
    for (int i = 0; list && i < count; i++) {
        const clf_device_info *info = &infos[i];
        char label[LABEL_SIZE];
        write_label(info, label);
        if (!query || fits(info, query))
            used +=
                (size_t)snprintf(list + used, LABEL_SIZE + 64, "%s%d (%d:%d) %s", used ? "; " : "",
                                 info->index, info->platform_index, info->device_index, label);
    }
    clfi_fail(log, status, "%s: %s", message, list ? list : "(no memory for their names)");
    free(list);
    return status;
}

static void explain(const clf_device_info *info, const struct query *query, int fitting,
                    char *reason, size_t reason_size)
{
    char label[LABEL_SIZE];
    char selector[LABEL_SIZE] = "";
    char why[128];
    const bool any = query->form == ANY;
    write_label(info, label);
    if (!any)
        snprintf(selector, sizeof selector, "%s \"%s\": ", query->source, query->text);
    if (fitting == 1)
        snprintf(why, sizeof why, "the only device%s", any ? "" : " that fits");
    else
        snprintf(why, sizeof why, "best of %d devices%s " DEFAULT_ORDER, fitting,
                 any ? "" : " that fit");
    if (reason && reason_size)
        snprintf(reason, reason_size, "%s: %s%s", label, selector, why);
}

clf_status clfi_device_choose(const clf_device_info *infos, int count, const char *selector,
                              const char *source, const clf_log *log, const clf_device_info **out,
                              char *reason, size_t reason_size)
{
    char message[LABEL_SIZE];
    const struct query query = read_selector(selector, source);
    const clf_device_info *best = NULL;
    int fitting = 0;
    *out = NULL;
    if (reason && reason_size)
        reason[0] = '\0';
    if (count == 0)
        return clfi_fail(log, CLF_ERROR_NO_DEVICE,
                         "no usable OpenCL device on any platform (DEBUG messages say why each was "
                         "skipped)");
    for (int i = 0; i < count; i++)
        if (fits(&infos[i], &query)) {
            best = !best || is_better(&infos[i], best) ? &infos[i] : best;
            fitting++;
        }
    if (fitting == 0) {
        snprintf(message, sizeof message, "%s \"%s\": %s; there are", source, selector,
                 misfits[query.form]);
        return refuse(infos, count, NULL, log, CLF_ERROR_INVALID_ARGUMENT, message);
    }
    if (fitting > 1 && query.form == TEXT) {
        snprintf(message, sizeof message,
                 "%s \"%s\" fits %d devices, choose one by its index or a longer text", source,
                 selector, fitting);
        return refuse(infos, count, &query, log, CLF_ERROR_AMBIGUOUS_DEVICE, message);
    }
    explain(best, &query, fitting, reason, reason_size);
    *out = best;
    return CLF_OK;
}
