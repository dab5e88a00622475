/* The calls of a user on what was found: to send it, to take what others found, to forget it.
 * Touches no device. */
#include <clfavor/tune.h>

#include <stdlib.h>
#include <string.h>

#include "host/log.h"
#include "host/store.h"
#include "tune/database.h"

clf_status clf_tune_export(const clf_log *log, char **text)
{
    clf_status status = CLF_OK;
    clfi_store store = {.folder = -1};
    clfi_database db = {.count = 0};
    REQUIRE(text, log, "clf_tune_export: text is NULL");
    *text = NULL;
    TRY(clfi_store_open(CLFI_STORE_DATA, true, log, CLF_LOG_ERROR, &store));
    TRY(clfi_database_read(&store, &db));
    // A message may tell of folders; that of a result that won is empty anyway.
    for (int i = 0; i < db.count; i++)
        db.results[i].message[0] = '\0';
    status = clfi_database_print(&db, text);
    if (status != CLF_OK)
        clfi_fail(log, status, "no memory for the text of %d results", db.count);
fail:
    clfi_database_finish(&db);
    clfi_store_close(&store);
    return status;
}

clf_status clf_tune_import(const char *text, size_t size, const clf_log *log, int *taken)
{
    clf_status status = CLF_OK;
    clfi_store store = {.folder = -1};
    clfi_database db = {.count = 0};
    int count = 0;
    if (taken)
        *taken = 0;
    REQUIRE(text, log, "clf_tune_import: text is NULL");
    TRY(clfi_database_parse(text, size, "import", log, CLF_LOG_ERROR, &db));
    if (db.left_out && db.count == 0) {
        status = clfi_fail(log, CLF_ERROR_FORMAT,
                           "import: no result is right, and %d entries are wrong", db.left_out);
        goto fail;
    }
    for (int i = 0; i < db.count; i++)
        db.results[i].origin = CLFI_ORIGIN_IMPORTED;
    TRY(clfi_store_open(CLFI_STORE_DATA, true, log, CLF_LOG_ERROR, &store));
    TRY(clfi_database_take(&store, &db, &count));
    if (taken)
        *taken = count;
fail:
    clfi_database_finish(&db);
    clfi_store_close(&store);
    return status;
}

clf_status clf_tune_reset(const clf_log *log)
{
    clf_status status = CLF_OK;
    clfi_store store = {.folder = -1};
    TRY(clfi_store_open(CLFI_STORE_DATA, true, log, CLF_LOG_ERROR, &store));
    TRY(clfi_database_reset(&store));
fail:
    clfi_store_close(&store);
    return status;
}
