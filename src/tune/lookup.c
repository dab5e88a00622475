/* Where a plan's parameters come from. Measures nothing and writes nothing.
 *
 * Invariant: the two databases are read once, under the lock, and what is found in them is copied
 * before it is given back. */
#include "tune/lookup.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cl/embedded.h"
#include "host/log.h"
#include "tune/classes.h"

struct clfi_tables {
    pthread_mutex_t lock;
    bool user_read, shipped_read;
    clfi_database user, shipped;
};

clfi_tables *clfi_tables_create(void)
{
    clfi_tables *tables = calloc(1, sizeof *tables);
    if (!tables || pthread_mutex_init(&tables->lock, NULL) != 0) {
        free(tables);
        return NULL;
    }
    return tables;
}

void clfi_tables_destroy(clfi_tables *tables)
{
    if (!tables)
        return;
    clfi_database_finish(&tables->user);
    clfi_database_finish(&tables->shipped);
    pthread_mutex_destroy(&tables->lock);
    free(tables);
}

void clfi_tables_forget(clfi_tables *tables)
{
    pthread_mutex_lock(&tables->lock);
    clfi_database_finish(&tables->user);
    tables->user_read = false;
    pthread_mutex_unlock(&tables->lock);
}

/* Reads what was not read yet. What fails is told as DEBUG, and is an empty database. */
static void read_tables(clfi_tables *t, const clf_log *log)
{
    clfi_store store;
    if (!t->user_read &&
        clfi_store_open(CLFI_STORE_DATA, false, log, CLF_LOG_DEBUG, &store) == CLF_OK) {
        clfi_database_read(&store, &t->user);
        clfi_store_close(&store);
    }
    if (!t->shipped_read)
        clfi_database_parse(clfi_embedded_tables[0].source, clfi_embedded_tables[0].length,
                            clfi_embedded_tables[0].path, log, CLF_LOG_DEBUG, &t->shipped);
    t->user_read = t->shipped_read = true;
}

/* Says what has changed since a result was found. */
static void tell_hint(const clf_log *log, const clfi_result *result, const clfi_key *key)
{
    const char *driver = result->key.identity.driver;
    const bool kernels = strcmp(result->key.kernels, key->kernels) != 0;
    clfi_log(log, CLF_LOG_INFO,
             "the parameters for '%s' were found with driver %s%s, this is driver %s: they are "
             "taken as a hint, `clfavor tune` finds new ones",
             key->shape, driver, kernels ? " and other kernels" : "", key->identity.driver);
}

/* Whether a database knows something. `name` is that of the database. */
static bool find_in(const clfi_database *db, const char *name, const clfi_key *key,
                    const clf_log *log, clfi_found *out)
{
    clfi_fit fit;
    const clfi_result *result = clfi_database_find(db, key, &fit);
    if (!result)
        return false;
    out->configuration = result->configuration;
    out->measured = true;
    snprintf(out->from, sizeof out->from, "%s%s", name, fit == CLFI_FIT_HINT ? "_hint" : "");
    if (fit == CLFI_FIT_HINT)
        tell_hint(log, result, key);
    return true;
}

/* Takes what the device's class sets. */
static void take_class(const clfi_class_row *row, clfi_found *out)
{
    const clfi_configuration nothing = {.path = CLF_PATH_AUTO};
    if (clfi_configuration_equal(&row->configuration, &nothing))
        return;
    out->configuration = row->configuration;
    snprintf(out->from, sizeof out->from, "class_%s", row->name);
}

void clfi_lookup_in(const clfi_database *user, const clfi_database *shipped, clf_lookup from,
                    const clfi_key *key, const clf_device_info *device, const clf_log *log,
                    clfi_found *out)
{
    const char *name = clfi_database_class(user, &key->identity);
    if (!name)
        name = clfi_database_class(shipped, &key->identity);
    const clfi_class_row *known = name ? clfi_class_find(name) : NULL;
    *out = (clfi_found){.from = "default"};
    if (known && from <= CLF_LOOKUP_CLASS)
        out->float_width = known->float_width;
    if (from <= CLF_LOOKUP_ALL && find_in(user, "user", key, log, out))
        return;
    if (from <= CLF_LOOKUP_SHIPPED && find_in(shipped, "shipped", key, log, out))
        return;
    if (from <= CLF_LOOKUP_CLASS)
        take_class(known ? known : clfi_class_guess(device), out);
}

void clfi_lookup(clfi_tables *tables, clf_lookup from, const clfi_shape *shape,
                 const clf_device_info *device, const clf_log *log, clfi_found *out)
{
    clfi_key key;
    clfi_key_init(&key, shape, device);
    pthread_mutex_lock(&tables->lock);
    read_tables(tables, log);
    clfi_lookup_in(&tables->user, &tables->shipped, from, &key, device, log, out);
    pthread_mutex_unlock(&tables->lock);
}
