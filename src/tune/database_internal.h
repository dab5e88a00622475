/* What the files of the database share among themselves. */
#ifndef CLFI_DATABASE_INTERNAL_H
#define CLFI_DATABASE_INTERNAL_H

#include "tune/database.h"

#define CLFI_JOURNAL_BYTES (256 << 20)  // more is not read
#define CLFI_JOURNAL_LARGE (64 << 20)   // begun anew by the next fold: 60,000 results and more

/* How far two keys are the same. What is more, clfi_database_find takes kernels of a folder for a
 * hint. */
clfi_fit clfi_key_fit(const clfi_key *a, const clfi_key *b);

/* Adds a result whatever is there. Errors: OUT_OF_HOST_MEMORY. */
clf_status clfi_database_append(clfi_database *db, const clfi_result *result);

/* The result that clfi_database_put would replace, or NULL. Belongs to `db`. */
clfi_result *clfi_database_same(const clfi_database *db, const clfi_result *result);

/* Tells that there is no memory. */
clf_status clfi_database_no_memory(const clf_log *log, clf_log_level level, const char *name);

#endif
