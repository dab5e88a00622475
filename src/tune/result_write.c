/* Results and classes of devices to JSON. Judges nothing.
 *
 * Invariant: whatever is written is text of printable ASCII, and is read again by result_read.c
 * when its numbers are possible. */
#include "tune/result_json.h"

#include <math.h>
#include <string.h>

#include "host/text.h"
#include "tune/timestamp.h"

#define IDENTITY(member)                                                                           \
    {                                                                                              \
#member, offsetof(clfi_key, identity.member), sizeof((clfi_key *)NULL)->identity.member    \
    }
#define KEY(member)                                                                                \
    {                                                                                              \
#member, offsetof(clfi_key, member), sizeof((clfi_key *)NULL)->member                      \
    }
const clfi_text_row clfi_key_texts[CLFI_KEY_TEXTS] = {
    IDENTITY(platform), IDENTITY(device), IDENTITY(driver), IDENTITY(target),
    KEY(kernels),       KEY(dtype),       KEY(shape),
};

const char *const clfi_verdict_names[] = {"correct",     "compile",     "runtime", "timeout",
                                          "correctness", "constraints", NULL};
const char *const clfi_origin_names[] = {"tuned", "imported", NULL};
const char *const clfi_ratio_names[3] = {"ratio_q1", "ratio", "ratio_q3"};

const char *clfi_verdict_name(clfi_verdict verdict)
{
    return clfi_verdict_names[verdict];
}

static json_t *text_json(const char *text)
{
    char clean[256];
    clfi_printable(clean, sizeof clean, text);
    return json_string(clean);
}

static json_t *number_json(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

/* What was handed over as *value may be NULL; the array is, too, then. */
static json_t *append(json_t *array, json_t *value)
{
    if (array && json_array_append_new(array, value) == 0)
        return array;
    json_decref(array);
    return NULL;
}

/* The same with objects. */
static json_t *put(json_t *object, const char *name, json_t *value)
{
    if (object && json_object_set_new(object, name, value) == 0)
        return object;
    json_decref(object);
    return NULL;
}

/* The first `count` texts of a key. */
static json_t *key_json(const clfi_key *key, int count)
{
    json_t *json = json_object();
    for (int i = 0; i < count && json; i++)
        json = put(json, clfi_key_texts[i].name,
                   text_json((const char *)key + clfi_key_texts[i].offset));
    return json;
}

static json_t *configuration_json(const clfi_configuration *c)
{
    json_t *json = json_object();
    for (int i = 0; i < CLFI_PARAMETERS && json; i++) {
        const clfi_parameter_row *row = &clfi_parameters[i];
        const int value = clfi_configuration_get(c, (clfi_parameter)i);
        if (value)
            json = put(json, row->name,
                       row->words ? json_string(row->words[value]) : json_integer(value));
    }
    return json;
}

static json_t *times_json(const clfi_result *r)
{
    json_t *runtimes = json_array();
    for (int i = 0; i < r->runtimes && runtimes; i++) {
        if (isfinite(r->seconds[i]))
            runtimes = append(runtimes, json_real(r->seconds[i] * 1e3));
    }
    return json_pack("{s:o, s:o}", "compilation_time", number_json(r->compile_seconds * 1e3),
                     "runtimes", runtimes);
}

/* Those that were measured. */
static json_t *measurements_json(const clfi_result *r)
{
    json_t *json = json_array();
    for (int i = 0; i < 3 && json; i++) {
        if (isfinite(r->ratio[i]))
            json = append(json, json_pack("{s:s, s:f, s:s}", "name", clfi_ratio_names[i], "value",
                                          r->ratio[i], "unit", ""));
    }
    return json;
}

json_t *clfi_result_json(const clfi_result *r)
{
    char time[CLFI_TIMESTAMP_TEXT];
    clfi_timestamp_print(r->time, time);
    return json_pack("{s:s, s:o, s:o, s:s, s:o, s:[s], s:o, s:o, s:s, s:b, s:o}", "timestamp", time,
                     "configuration", configuration_json(&r->configuration), "times", times_json(r),
                     "invalidity", clfi_verdict_names[r->verdict], "correctness",
                     number_json(r->correctness), "objectives", clfi_ratio_names[1], "measurements",
                     measurements_json(r), "key", key_json(&r->key, CLFI_KEY_TEXTS), "origin",
                     clfi_origin_names[r->origin], "final", r->final, "message",
                     text_json(r->message));
}

json_t *clfi_class_json(const clfi_class_record *record)
{
    const clfi_key key = {.identity = record->identity};
    return json_pack("{s:o, s:b, s:o}", "class", text_json(record->name), "asked", record->asked,
                     "key", key_json(&key, CLFI_IDENTITY_TEXTS));
}
