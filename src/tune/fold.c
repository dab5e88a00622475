/* The files of the database: read, folded from the journal and from elsewhere, removed. Knows
 * nothing of how they look.
 *
 * Invariant: the database is replaced whole, under the lock, and the journal is removed only after
 * what it holds is in a database that was flushed to the disk. */
#include <stdlib.h>
#include <string.h>

#include "host/log.h"
#include "tune/database_internal.h"

clf_status clfi_database_read(const clfi_store *store, clfi_database *out)
{
    clf_status status = CLF_OK;
    clfi_bytes bytes = {.data = NULL};
    *out = (clfi_database){.count = 0};
    TRY(clfi_store_read(store, CLFI_DATABASE_NAME, CLFI_DATABASE_BYTES, &bytes));
    if (bytes.data)
        TRY(clfi_database_parse(bytes.data, bytes.size, CLFI_DATABASE_NAME, &store->log,
                                store->level, out));
fail:
    free(bytes.data);
    return status;
}

/* What a fold works on. */
typedef struct work {
    const clfi_store *store;
    clf_log_level told;  // how it is told that something was put aside: nothing has failed
    clfi_database db, journal;
    size_t journal_bytes;
} work;

/* Reads the database; one that is not right is kept beside it, and what is right of it counts. */
static clf_status read_or_put_aside(work *w)
{
    clf_status status = CLF_OK;
    const clfi_store *store = w->store;
    clfi_bytes bytes = {.data = NULL};
    TRY(clfi_store_read(store, CLFI_DATABASE_NAME, CLFI_DATABASE_BYTES, &bytes));
    if (!bytes.data)
        return CLF_OK;
    status = clfi_database_parse(bytes.data, bytes.size, CLFI_DATABASE_NAME, &store->log, w->told,
                                 &w->db);
    if (status == CLF_ERROR_FORMAT || (status == CLF_OK && w->db.left_out)) {
        TRY(clfi_store_replace(store, CLFI_BAD_NAME, &bytes, 1));
        clfi_log(&store->log, w->told, "%s/%s was not right, and is kept as %s", store->path,
                 CLFI_DATABASE_NAME, CLFI_BAD_NAME);
    }
fail:
    free(bytes.data);
    return status;
}

static clf_status read_journal(work *w)
{
    clf_status status = CLF_OK;
    clfi_bytes bytes = {.data = NULL};
    TRY(clfi_store_read(w->store, CLFI_JOURNAL_NAME, CLFI_JOURNAL_BYTES, &bytes));
    w->journal_bytes = bytes.size;
    TRY(clfi_journal_parse(bytes.data, bytes.size, &w->store->log, &w->journal));
fail:
    free(bytes.data);
    return status;
}

/* Puts the final results of `from`, but for those that are worth less than what is there. */
static clf_status merge(clfi_database *db, const clfi_database *from)
{
    clf_status status = CLF_OK;
    for (int i = 0; i < from->count; i++) {
        const clfi_result *one = &from->results[i];
        if (!one->final)
            continue;
        const clfi_result *own = clfi_database_same(db, one);
        if (!own || !clfi_result_above(own, one))
            TRY(clfi_database_put(db, one));
    }
fail:
    return status;
}

/* Puts classes: all of them, or those of devices that have none. */
static clf_status merge_classes(clfi_database *db, const clfi_database *from, bool all)
{
    clf_status status = CLF_OK;
    for (int i = 0; i < from->class_count; i++) {
        if (all || !clfi_database_class(db, &from->classes[i].identity))
            TRY(clfi_database_put_class(db, &from->classes[i]));
    }
fail:
    return status;
}

/* How many of these results are in the database as they are. */
static int count_taken(const clfi_database *db, const clfi_database *from)
{
    int taken = 0;
    for (int i = 0; i < from->count; i++) {
        const clfi_result *own = clfi_database_same(db, &from->results[i]);
        taken +=
            own && own->origin == from->results[i].origin && own->time == from->results[i].time;
    }
    return taken;
}

static clf_status write_database(work *w)
{
    char *text = NULL;
    clf_status status = clfi_database_print(&w->db, &text);
    TRY(status);
    const clfi_bytes all = {.data = text, .size = strlen(text)};
    TRY(clfi_store_replace(w->store, CLFI_DATABASE_NAME, &all, 1));
    if (w->journal_bytes > CLFI_JOURNAL_LARGE)
        TRY(clfi_store_remove(w->store, CLFI_JOURNAL_NAME));
fail:
    free(text);
    return status;
}

static clf_status fold(work *w, const clfi_database *more)
{
    clf_status status = CLF_OK;
    TRY(read_or_put_aside(w));
    TRY(read_journal(w));
    TRY(merge(&w->db, &w->journal));
    TRY(merge_classes(&w->db, &w->journal, true));
    if (more) {
        TRY(merge(&w->db, more));
        TRY(merge_classes(&w->db, more, false));
    }
    TRY(write_database(w));
fail:
    if (status == CLF_ERROR_OUT_OF_HOST_MEMORY)
        clfi_database_no_memory(&w->store->log, w->store->level, CLFI_DATABASE_NAME);
    return status;
}

clf_status clfi_database_take(const clfi_store *store, const clfi_database *more, int *taken)
{
    clf_status status = CLF_OK;
    work w = {.store = store,
              .told = store->level > CLF_LOG_WARNING ? store->level : CLF_LOG_WARNING};
    int lock = -1;
    *taken = 0;
    TRY(clfi_store_lock(store, CLFI_LOCK_NAME, &lock));
    TRY(fold(&w, more));
    if (more)
        *taken = count_taken(&w.db, more);
fail:
    clfi_store_unlock(lock);
    clfi_database_finish(&w.db);
    clfi_database_finish(&w.journal);
    return status;
}

clf_status clfi_database_fold(const clfi_store *store, const clfi_database *more)
{
    int taken;
    return clfi_database_take(store, more, &taken);
}

clf_status clfi_database_reset(const clfi_store *store)
{
    clf_status status = CLF_OK;
    int lock = -1;
    TRY(clfi_store_lock(store, CLFI_LOCK_NAME, &lock));
    TRY(clfi_store_remove(store, CLFI_JOURNAL_NAME));
    TRY(clfi_store_remove(store, CLFI_DATABASE_NAME));
    TRY(clfi_store_remove(store, CLFI_BAD_NAME));
fail:
    clfi_store_unlock(lock);
    return status;
}
