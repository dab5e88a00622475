/* A database as a text, an entry a line. What an entry looks like is known to result_write.c and
 * result_read.c, files to fold.c.
 *
 * Invariant: whatever is printed is parsed again, all of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <clfavor/version.h>

#include "host/log.h"
#include "tune/database_internal.h"
#include "tune/result_json.h"

#define FORMAT_NAME "clfavor-tuned/1"
#define SCHEMA      "1.0.0"  // of T4's results

/* What one call of clfi_database_parse goes by. */
typedef struct reader {
    const char *name;
    const clf_log *log;
    clf_log_level level;    // of what ends the reading,
    clf_log_level entries;  // and of what is wrong with an entry
    clfi_database *db;
} reader;

clf_status clfi_database_no_memory(const clf_log *log, clf_log_level level, const char *name)
{
    clfi_log(log, level, "%s: no memory for its entries", name);
    return CLF_ERROR_OUT_OF_HOST_MEMORY;
}

static clf_status no_database(const reader *r, const char *why)
{
    clfi_log(r->log, r->level, "%s: %s", r->name, why);
    return CLF_ERROR_FORMAT;
}

/* *root = the object, whose format is ours; the caller owns it. */
static clf_status load(const reader *r, const char *text, size_t size, json_t **root)
{
    char name[160];
    snprintf(name, sizeof name, "%s: ", r->name);
    const clfi_place place = {.log = r->log, .level = r->level, .name = name};
    const clf_status status = clfi_json_load(text, size, &place, root);
    if (status != CLF_OK)
        return status;
    const char *format = json_string_value(json_object_get(*root, "format"));
    const char *schema = json_string_value(json_object_get(*root, "schema_version"));
    if (!format || strcmp(format, FORMAT_NAME) != 0)
        return no_database(r, "its format is not " FORMAT_NAME);
    if (!schema || strncmp(schema, SCHEMA, 2) != 0)
        return no_database(r, "its schema_version is not 1.x.y");
    if (!json_is_array(json_object_get(*root, "results")))
        return no_database(r, "it has no array of results");
    return CLF_OK;
}

static clf_status take_result(reader *r, json_t *json, const clfi_place *place)
{
    clfi_result result;
    clf_status status = clfi_result_read(json, place, &result);
    if (status == CLF_OK && !result.final) {
        clfi_log(r->log, r->entries, "%sfinal is false, but a database has final results alone",
                 place->name);
        status = CLF_ERROR_FORMAT;
    }
    return status == CLF_OK ? clfi_database_put(r->db, &result) : status;
}

static clf_status take_class(reader *r, json_t *json, const clfi_place *place)
{
    clfi_class_record record;
    const clf_status status = clfi_class_read(json, place, &record);
    return status == CLF_OK ? clfi_database_put_class(r->db, &record) : status;
}

/* Takes the entries of an array: at most `limit`, and those that are right. */
static clf_status take_all(reader *r, const json_t *root, const char *array_name, size_t limit,
                           clf_status (*take)(reader *r, json_t *json, const clfi_place *place))
{
    char name[160];
    const clfi_place place = {.log = r->log, .level = r->entries, .name = name};
    const json_t *array = json_object_get(root, array_name);
    const size_t count = json_array_size(array);
    for (size_t i = 0; i < count && i < limit; i++) {
        snprintf(name, sizeof name, "%s: %s[%zu].", r->name, array_name, i);
        const clf_status status = take(r, json_array_get(array, i), &place);
        if (status == CLF_ERROR_OUT_OF_HOST_MEMORY)
            return clfi_database_no_memory(r->log, r->level, r->name);
        r->db->left_out += status != CLF_OK;
    }
    if (count > limit) {
        clfi_log(r->log, r->entries, "%s: %zu %s, but %zu are read", r->name, count, array_name,
                 limit);
        r->db->left_out += (int)(count - limit);
    }
    return CLF_OK;
}

clf_status clfi_database_parse(const char *text, size_t size, const char *name, const clf_log *log,
                               clf_log_level level, clfi_database *out)
{
    clf_status status = CLF_OK;
    clfi_database db = {.count = 0};
    reader r = {.name = name,
                .log = log,
                .level = level,
                .entries = level > CLF_LOG_WARNING ? level : CLF_LOG_WARNING,
                .db = &db};
    json_t *root = NULL;
    *out = db;
    if (size > CLFI_DATABASE_BYTES) {
        clfi_log(log, level, "%s: it has %zu bytes, but %d are read", name, size,
                 CLFI_DATABASE_BYTES);
        return CLF_ERROR_FORMAT;
    }
    TRY(load(&r, text, size, &root));
    TRY(take_all(&r, root, "results", CLFI_DATABASE_RESULTS, take_result));
    TRY(take_all(&r, root, "classes", CLFI_DATABASE_CLASSES, take_class));
    json_decref(root);
    *out = db;
    return CLF_OK;
fail:
    json_decref(root);
    clfi_database_finish(&db);
    return status;
}

/* Writes an entry, and what stands before it. Frees `json`; NULL is no memory. */
static bool print_entry(FILE *out, const char *before, json_t *json)
{
    fputs(before, out);
    const bool written = json && json_dumpf(json, out, JSON_REAL_PRECISION(CLFI_JSON_DIGITS)) == 0;
    json_decref(json);
    return written;
}

clf_status clfi_database_print(const clfi_database *db, char **text)
{
    size_t size;
    bool written = true;
    FILE *out = open_memstream(text, &size);
    if (!out) {
        *text = NULL;
        return CLF_ERROR_OUT_OF_HOST_MEMORY;
    }
    fprintf(out,
            "{\n  \"schema_version\": \"" SCHEMA "\",\n  \"format\": \"" FORMAT_NAME
            "\",\n  \"library\": \"%s\",\n  \"results\": [",
            clf_version_string());
    for (int i = 0; i < db->count && written; i++)
        written = print_entry(out, i ? ",\n    " : "\n    ", clfi_result_json(&db->results[i]));
    fputs("\n  ],\n  \"classes\": [", out);
    for (int i = 0; i < db->class_count && written; i++)
        written = print_entry(out, i ? ",\n    " : "\n    ", clfi_class_json(&db->classes[i]));
    fputs("\n  ]\n}\n", out);
    written = !ferror(out) && written;
    if (fclose(out) == 0 && written)
        return CLF_OK;
    free(*text);
    *text = NULL;
    return CLF_ERROR_OUT_OF_HOST_MEMORY;
}
