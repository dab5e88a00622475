/* Results and classes of devices from JSON that anybody may have written. Opens no file.
 *
 * Invariant: what is taken has every text ended and printable, every number finite or NAN and in
 * its range, and a configuration that clfi_configuration_check passes. */
#include "tune/result_json.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/log.h"
#include "host/text.h"
#include "tune/classes.h"
#include "tune/timestamp.h"

#define MOST_SECONDS 86400.0  // of a run or a compilation
#define MOST_RATIO   1e6
#define LEAST_RATIO  1e-6

/* Tells what is wrong with a member. */
static clf_status wrong(const clfi_place *place, const char *member, const char *format, ...)
    CLFI_PRINTF(3, 4);

static clf_status wrong(const clfi_place *place, const char *member, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    clfi_log(place->log, place->level, "%s%s %s", place->name, member, text);
    return CLF_ERROR_FORMAT;
}

/* The same for a value that is none of those that are possible. */
static clf_status wrong_value(const clfi_place *place, const char *member, const json_t *json,
                              const char *possible)
{
    static const char *const types[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array", [JSON_STRING] = "a text",
        [JSON_INTEGER] = "a number", [JSON_REAL] = "a number",  [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",      [JSON_NULL] = "null",
    };
    char value[64] = "missing", clean[48];
    if (json_is_string(json)) {
        clfi_printable(clean, sizeof clean, json_string_value(json));
        snprintf(value, sizeof value, "'%s'", clean);
    } else if (json_is_integer(json)) {
        snprintf(value, sizeof value, "%lld", (long long)json_integer_value(json));
    } else if (json_is_real(json)) {
        snprintf(value, sizeof value, "%g", json_real_value(json));
    } else if (json) {
        snprintf(value, sizeof value, "%s", types[json_typeof(json)]);
    }
    return wrong(place, member, "is %s, but %s", value, possible);
}

clf_status clfi_json_load(const char *text, size_t size, const clfi_place *place, json_t **out)
{
    json_error_t error = {.line = 0};
    char clean[JSON_ERROR_TEXT_LENGTH];
    *out = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    if (json_is_object(*out))
        return CLF_OK;
    // Without memory for the parser itself no error is set.
    const bool memory = json_error_code(&error) != json_error_out_of_memory && error.text[0];
    if (!*out && !memory) {
        clfi_log(place->log, place->level, "%sno memory for it", place->name);
        return CLF_ERROR_OUT_OF_HOST_MEMORY;
    }
    clfi_printable(clean, sizeof clean, *out ? "an array, but an object is wanted" : error.text);
    clfi_log(place->log, place->level, "%s%s (line %d, column %d)", place->name, clean, error.line,
             error.column);
    json_decref(*out);
    *out = NULL;
    return CLF_ERROR_FORMAT;
}

/* Copies a text into `room` bytes. A text that is missing is "". */
static clf_status read_text(const clfi_place *place, const char *member, const json_t *json,
                            char *out, size_t room)
{
    out[0] = '\0';
    if (!json)
        return CLF_OK;
    if (!json_is_string(json))
        return wrong_value(place, member, json, "a text is wanted");
    const char *text = json_string_value(json);
    const size_t length = json_string_length(json);
    if (length >= room)
        return wrong(place, member, "has %zu bytes, but %zu are possible", length, room - 1);
    for (const char *at = text; *at; at++) {
        if (*at < ' ' || *at > '~')
            return wrong_value(place, member, json, "printable ASCII is wanted");
    }
    memcpy(out, text, length + 1);
    return CLF_OK;
}

/* A number in [min, max]; one that is missing or null is NAN. */
static clf_status read_number(const clfi_place *place, const char *member, const json_t *json,
                              double min, double max, double *out)
{
    *out = NAN;
    if (!json || json_is_null(json))
        return CLF_OK;
    char possible[64];
    snprintf(possible, sizeof possible, "%g to %g are possible", min, max);
    const double value = json_number_value(json);
    if (!json_is_number(json) || !(value >= min && value <= max))
        return wrong_value(place, member, json, possible);
    *out = value;
    return CLF_OK;
}

/* The number of a word. */
static clf_status read_word(const clfi_place *place, const char *member, const json_t *json,
                            const char *const *words, int *out)
{
    char possible[128] = "";
    for (int i = 0; words[i]; i++) {
        *out = i;
        if (json_is_string(json) && strcmp(words[i], json_string_value(json)) == 0)
            return CLF_OK;
        const size_t n = strlen(possible);
        snprintf(possible + n, sizeof possible - n, "%s, ", words[i]);
    }
    const size_t n = strlen(possible);
    snprintf(possible + n - 2, sizeof possible - n + 2, " are possible");
    return wrong_value(place, member, json, possible);
}

/* One that is missing is false. */
static clf_status read_bool(const clfi_place *place, const char *member, const json_t *json,
                            bool *out)
{
    *out = json_is_true(json);
    if (json && !json_is_boolean(json))
        return wrong_value(place, member, json, "true and false are possible");
    return CLF_OK;
}

/* The first `count` texts of a key; but for the target all must be there. */
static clf_status read_key(const clfi_place *place, const json_t *object, int count, clfi_key *out)
{
    clf_status status = CLF_OK;
    const json_t *key = json_object_get(object, "key");
    *out = (clfi_key){.kernels = ""};
    if (!json_is_object(key))
        return wrong_value(place, "key", key, "an object is wanted");
    for (int i = 0; i < count; i++) {
        const clfi_text_row *row = &clfi_key_texts[i];
        const json_t *text = json_object_get(key, row->name);
        char member[32];
        snprintf(member, sizeof member, "key.%s", row->name);
        if (!text && row->offset != offsetof(clfi_key, identity.target))
            return wrong_value(place, member, text, "a text is wanted");
        TRY(read_text(place, member, text, (char *)out + row->offset, row->room));
    }
fail:
    return status;
}

static clf_status read_parameter(const clfi_place *place, const char *name, const json_t *json,
                                 clfi_configuration *out)
{
    char clean[32], member[64], digits[32];
    const clfi_parameter which = clfi_parameter_find(name, strlen(name));
    clfi_printable(clean, sizeof clean, name);
    snprintf(member, sizeof member, "configuration.%s", clean);
    if (which == CLFI_PARAMETERS)
        return wrong(place, member, "is no parameter of this version");
    const clfi_parameter_row *row = &clfi_parameters[which];
    snprintf(digits, sizeof digits, "%lld", (long long)json_integer_value(json));
    const char *text = row->words ? json_string_value(json) : json_is_integer(json) ? digits : NULL;
    int value = 0;
    if (!text || !clfi_parameter_value(which, text, strlen(text), &value)) {
        char possible[96];
        snprintf(possible, sizeof possible, "%s are possible", row->possible);
        return wrong_value(place, member, json, possible);
    }
    clfi_configuration_set(out, which, value);
    return CLF_OK;
}

/* Hands a message of clfi_configuration_check on, with its place. */
static void tell_configuration(void *user, clf_log_level level, const char *message)
{
    const clfi_place *place = user;
    (void)level;
    wrong(place, "configuration:", "%s", message);
}

static clf_status read_configuration(const clfi_place *place, json_t *json, clfi_configuration *out)
{
    clf_status status = CLF_OK;
    clfi_place here = *place;
    const clf_log log = {.callback = tell_configuration, .user = &here, .level = CLF_LOG_ERROR};
    const char *name;
    json_t *value;
    *out = (clfi_configuration){.path = CLF_PATH_AUTO};
    if (!json_is_object(json))
        return wrong_value(place, "configuration", json, "an object is wanted");
    json_object_foreach(json, name, value) TRY(read_parameter(place, name, value, out));
    if (clfi_configuration_check(out, &log) != CLF_OK)
        status = CLF_ERROR_FORMAT;
fail:
    return status;
}

static clf_status read_times(const clfi_place *place, const json_t *json, clfi_result *out)
{
    clf_status status = CLF_OK;
    if (!json_is_object(json))
        return wrong_value(place, "times", json, "an object is wanted");
    const json_t *runtimes = json_object_get(json, "runtimes");
    if (runtimes && !json_is_array(runtimes))
        return wrong_value(place, "times.runtimes", runtimes, "an array is wanted");
    const size_t count = json_array_size(runtimes);
    if (count > CLFI_MAX_RUNTIMES)
        return wrong(place, "times.runtimes", "has %zu numbers, but %d are possible", count,
                     CLFI_MAX_RUNTIMES);
    TRY(read_number(place, "times.compilation_time", json_object_get(json, "compilation_time"), 0,
                    MOST_SECONDS * 1e3, &out->compile_seconds));
    out->compile_seconds /= 1e3;
    for (size_t i = 0; i < count; i++) {
        char member[32];
        const json_t *one = json_array_get(runtimes, i);
        snprintf(member, sizeof member, "times.runtimes[%zu]", i);
        if (!json_is_number(one))
            return wrong_value(place, member, one, "a number is wanted");
        TRY(read_number(place, member, one, 0, MOST_SECONDS * 1e3, &out->seconds[i]));
        out->seconds[i] /= 1e3;
    }
    out->runtimes = (int)count;
fail:
    return status;
}

/* The ratios; other measurements are passed over. */
static clf_status read_measurements(const clfi_place *place, const json_t *json, clfi_result *out)
{
    clf_status status = CLF_OK;
    double *ratio = out->ratio;
    for (int k = 0; k < 3; k++)
        ratio[k] = NAN;
    if (json && !json_is_array(json))
        return wrong_value(place, "measurements", json, "an array is wanted");
    for (size_t i = 0; i < json_array_size(json); i++) {
        char member[48];
        const json_t *one = json_array_get(json, i);
        const char *name = json_string_value(json_object_get(one, "name"));
        snprintf(member, sizeof member, "measurements[%zu]", i);
        if (!name)
            return wrong_value(place, member, one, "an object with a name is wanted");
        snprintf(member, sizeof member, "measurements[%zu].value", i);
        for (int k = 0; k < 3; k++) {
            if (strcmp(name, clfi_ratio_names[k]) == 0)
                TRY(read_number(place, member, json_object_get(one, "value"), LEAST_RATIO,
                                MOST_RATIO, &ratio[k]));
        }
    }
    if (ratio[0] > ratio[1] || ratio[1] > ratio[2])
        return wrong(place, "measurements", "have quartiles %g, %g and %g, which do not rise",
                     ratio[0], ratio[1], ratio[2]);
fail:
    return status;
}

static clf_status read_time(const clfi_place *place, const json_t *json, int64_t *out)
{
    const char *text = json_string_value(json);
    *out = 0;
    if (text && clfi_timestamp_parse(text, out))
        return CLF_OK;
    return wrong_value(place, "timestamp", json, "a time like 2026-11-27T14:00:53Z is wanted");
}

/* What no member says by itself. An entry must never turn an estimate into exact attention, or the
 * other way round. */
static clf_status check_together(const clfi_place *place, const clfi_result *r)
{
    const bool exact = strncmp(r->key.shape, "exact ", 6) == 0;
    const clf_path path = r->configuration.path;
    if (path != CLF_PATH_AUTO && (path == CLF_PATH_EXACT) != exact)
        return wrong(place, "configuration.path", "is %s, but key.shape is '%s'",
                     clf_path_name(path), r->key.shape);
    if (r->final && r->verdict != CLFI_VERDICT_CORRECT)
        return wrong(place, "final", "is true, but invalidity is %s",
                     clfi_verdict_name(r->verdict));
    if (r->verdict == CLFI_VERDICT_CORRECT && r->correctness > 1)
        return wrong(place, "correctness", "is %g, but a correct result has 1 at most",
                     r->correctness);
    return CLF_OK;
}

clf_status clfi_result_read(json_t *json, const clfi_place *place, clfi_result *out)
{
    clf_status status = CLF_OK;
    clfi_result r = {.runtimes = 0};
    int verdict = 0, origin = 0;
    TRY(read_key(place, json, CLFI_KEY_TEXTS, &r.key));
    TRY(read_time(place, json_object_get(json, "timestamp"), &r.time));
    TRY(read_configuration(place, json_object_get(json, "configuration"), &r.configuration));
    TRY(read_times(place, json_object_get(json, "times"), &r));
    TRY(read_word(place, "invalidity", json_object_get(json, "invalidity"), clfi_verdict_names,
                  &verdict));
    TRY(read_word(place, "origin", json_object_get(json, "origin"), clfi_origin_names, &origin));
    TRY(read_number(place, "correctness", json_object_get(json, "correctness"), 0, DBL_MAX,
                    &r.correctness));
    TRY(read_measurements(place, json_object_get(json, "measurements"), &r));
    TRY(read_bool(place, "final", json_object_get(json, "final"), &r.final));
    TRY(read_text(place, "message", json_object_get(json, "message"), r.message, sizeof r.message));
    r.verdict = (clfi_verdict)verdict;
    r.origin = (clfi_origin)origin;
    TRY(check_together(place, &r));
    *out = r;
fail:
    return status;
}

clf_status clfi_class_read(json_t *json, const clfi_place *place, clfi_class_record *out)
{
    clf_status status = CLF_OK;
    clfi_class_record record = {.asked = false};
    clfi_key key;
    const json_t *name = json_object_get(json, "class");
    TRY(read_text(place, "class", name, record.name, sizeof record.name));
    if (!clfi_class_find(record.name))
        return wrong_value(place, "class", name, "it is no class of this version");
    TRY(read_bool(place, "asked", json_object_get(json, "asked"), &record.asked));
    TRY(read_key(place, json, CLFI_IDENTITY_TEXTS, &key));
    record.identity = key.identity;
    *out = record;
fail:
    return status;
}
