/* The journal: a line for each result as it comes, so that what a killed search found is not lost.
 *
 * Invariant: a line is added under the lock that fold.c holds while it begins the journal anew, so
 * that none falls between. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/log.h"
#include "tune/database_internal.h"
#include "tune/result_json.h"

/* Adds a line. Frees `json`; NULL is no memory. */
static clf_status add(const clfi_store *store, json_t *json)
{
    clf_status status = CLF_OK;
    int lock = -1;
    char *line = json ? json_dumps(json, JSON_REAL_PRECISION(CLFI_JSON_DIGITS)) : NULL;
    json_decref(json);
    if (!line)
        return clfi_database_no_memory(&store->log, store->level, CLFI_JOURNAL_NAME);
    TRY(clfi_store_lock(store, CLFI_LOCK_NAME, &lock));
    TRY(clfi_store_append(store, CLFI_JOURNAL_NAME, line));
fail:
    clfi_store_unlock(lock);
    free(line);
    return status;
}

clf_status clfi_journal_add(const clfi_store *store, const clfi_result *result)
{
    return add(store, clfi_result_json(result));
}

clf_status clfi_journal_add_class(const clfi_store *store, const clfi_class_record *record)
{
    return add(store, clfi_class_json(record));
}

/* Takes one line. Errors: OUT_OF_HOST_MEMORY; a line that is not right is passed over. */
static clf_status take_line(const char *line, size_t size, const clfi_place *place,
                            clfi_database *db)
{
    clfi_result result;
    clfi_class_record record;
    json_t *json = NULL;
    clf_status status = clfi_json_load(line, size, place, &json);
    if (status == CLF_OK && json_object_get(json, "class")) {
        status = clfi_class_read(json, place, &record);
        if (status == CLF_OK)
            status = clfi_database_put_class(db, &record);
    } else if (status == CLF_OK) {
        status = clfi_result_read(json, place, &result);
        if (status == CLF_OK)
            status = clfi_database_append(db, &result);
    }
    json_decref(json);
    db->left_out += status == CLF_ERROR_FORMAT;
    return status == CLF_ERROR_FORMAT ? CLF_OK : status;
}

clf_status clfi_journal_parse(const char *text, size_t size, const clf_log *log, clfi_database *out)
{
    char name[64];
    const clfi_place place = {.log = log, .level = CLF_LOG_DEBUG, .name = name};
    clfi_database db = {.count = 0};
    *out = db;
    if (size == 0)
        return CLF_OK;
    const char *line = text, *const end = text + size;
    for (int number = 1; line < end; number++) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        const char *stop = newline ? newline : end;
        snprintf(name, sizeof name, "%s:%d: ", CLFI_JOURNAL_NAME, number);
        if (stop > line &&
            take_line(line, (size_t)(stop - line), &place, &db) == CLF_ERROR_OUT_OF_HOST_MEMORY) {
            clfi_database_finish(&db);
            return clfi_database_no_memory(log, CLF_LOG_DEBUG, CLFI_JOURNAL_NAME);
        }
        line = newline ? newline + 1 : end;
    }
    *out = db;
    return CLF_OK;
}

clf_status clfi_journal_read(const clfi_store *store, clfi_database *out)
{
    clf_status status = CLF_OK;
    clfi_bytes bytes = {.data = NULL};
    *out = (clfi_database){.count = 0};
    TRY(clfi_store_read(store, CLFI_JOURNAL_NAME, CLFI_JOURNAL_BYTES, &bytes));
    TRY(clfi_journal_parse(bytes.data, bytes.size, &store->log, out));
fail:
    free(bytes.data);
    return status;
}
