/* Results and classes in memory: putting and finding. Knows no text and no file.
 *
 * Invariant: at most one result of a key is final, and there are never more entries than a text of
 * CLFI_DATABASE_BYTES holds; a journal alone, which keeps all, is not bound by either. */
#include "tune/database_internal.h"

#include <stdlib.h>
#include <string.h>

void clfi_database_finish(clfi_database *db)
{
    free(db->results);
    free(db->classes);
    *db = (clfi_database){.count = 0};
}

/* Room for one more element of an array. */
static clf_status grow(void **array, int count, int *room, size_t size)
{
    if (count < *room)
        return CLF_OK;
    const int more = *room ? 2 * *room : 8;
    void *larger = realloc(*array, (size_t)more * size);
    if (!larger)
        return CLF_ERROR_OUT_OF_HOST_MEMORY;
    *array = larger;
    *room = more;
    return CLF_OK;
}

clf_status clfi_database_append(clfi_database *db, const clfi_result *result)
{
    void *array = db->results;
    const clf_status status = grow(&array, db->count, &db->room, sizeof *result);
    db->results = array;
    if (status == CLF_OK)
        db->results[db->count++] = *result;
    return status;
}

/* Whether only the drivers may differ. */
static bool same_device(const clfi_identity *a, const clfi_identity *b)
{
    return strcmp(a->device, b->device) == 0 && strcmp(a->platform, b->platform) == 0 &&
           strcmp(a->target, b->target) == 0;
}

clfi_fit clfi_key_fit(const clfi_key *a, const clfi_key *b)
{
    if (strcmp(a->shape, b->shape) != 0 || strcmp(a->dtype, b->dtype) != 0 ||
        !same_device(&a->identity, &b->identity))
        return CLFI_FIT_NONE;
    const bool changed =
        strcmp(a->identity.driver, b->identity.driver) != 0 || strcmp(a->kernels, b->kernels) != 0;
    return changed ? CLFI_FIT_HINT : CLFI_FIT_EXACT;
}

bool clfi_result_above(const clfi_result *a, const clfi_result *b)
{
    if (a->origin != b->origin)
        return a->origin == CLFI_ORIGIN_TUNED;
    return a->time > b->time;
}

clfi_result *clfi_database_same(const clfi_database *db, const clfi_result *result)
{
    for (int i = 0; i < db->count; i++) {
        clfi_result *own = &db->results[i];
        if (own->final == result->final && clfi_key_fit(&own->key, &result->key) == CLFI_FIT_EXACT)
            return own;
    }
    return NULL;
}

/* The one that is worth least. */
static clfi_result *least(const clfi_database *db)
{
    clfi_result *one = &db->results[0];
    for (int i = 1; i < db->count; i++) {
        if (clfi_result_above(one, &db->results[i]))
            one = &db->results[i];
    }
    return one;
}

clf_status clfi_database_put(clfi_database *db, const clfi_result *result)
{
    clfi_result *own = clfi_database_same(db, result);
    if (!own && db->count < CLFI_DATABASE_RESULTS)
        return clfi_database_append(db, result);
    if (!own && clfi_result_above(least(db), result))
        return CLF_OK;
    *(own ? own : least(db)) = *result;
    return CLF_OK;
}

static clfi_class_record *find_class(const clfi_database *db, const clfi_identity *identity)
{
    for (int i = 0; i < db->class_count; i++) {
        if (same_device(&db->classes[i].identity, identity))
            return &db->classes[i];
    }
    return NULL;
}

clf_status clfi_database_put_class(clfi_database *db, const clfi_class_record *record)
{
    clfi_class_record *own = find_class(db, &record->identity);
    if (own) {
        *own = *record;
        return CLF_OK;
    }
    if (db->class_count == CLFI_DATABASE_CLASSES)
        memmove(db->classes, db->classes + 1, (size_t)--db->class_count * sizeof *db->classes);
    void *array = db->classes;
    const clf_status status = grow(&array, db->class_count, &db->class_room, sizeof *record);
    db->classes = array;
    if (status == CLF_OK)
        db->classes[db->class_count++] = *record;
    return status;
}

const clfi_result *clfi_database_find(const clfi_database *db, const clfi_key *key, clfi_fit *fit)
{
    const clfi_result *best = NULL;
    *fit = CLFI_FIT_NONE;
    for (int i = 0; i < db->count; i++) {
        const clfi_result *one = &db->results[i];
        clfi_fit this_fit = one->final ? clfi_key_fit(&one->key, key) : CLFI_FIT_NONE;
        if (this_fit == CLFI_FIT_EXACT && strcmp(key->kernels, CLFI_KERNELS_FOLDER) == 0)
            this_fit = CLFI_FIT_HINT;
        if (this_fit == CLFI_FIT_NONE || this_fit < *fit)
            continue;
        if (this_fit > *fit || !clfi_result_above(best, one))
            best = one;
        *fit = this_fit;
    }
    return best;
}

const char *clfi_database_class(const clfi_database *db, const clfi_identity *identity)
{
    const clfi_class_record *record = find_class(db, identity);
    return record ? record->name : NULL;
}
