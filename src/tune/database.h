/* What was found by tuning: results, the journal that they are added to as they come, and the
 * database that plans read.
 *
 * Both files lie in the folder CLFI_STORE_DATA. Journal: JSON Lines, one result a line, also those
 * of candidates that failed. Database: one JSON object. A result has the members of the T4 results
 * schema of the FAIR guidelines for autotuning (schema_version 1.0.0) where they fit, and `key`
 * besides; docs/tuning.md has the format. */
#ifndef CLFI_DATABASE_H
#define CLFI_DATABASE_H

#include <clfavor/device.h>

#include "host/store.h"
#include "plan_choice.h"
#include "tune/parameters.h"

#define CLFI_JOURNAL_NAME  "journal.jsonl"
#define CLFI_DATABASE_NAME "tuned.json"
#define CLFI_BAD_NAME      "tuned.json.bad"
#define CLFI_LOCK_NAME     "lock"

#define CLFI_DATABASE_RESULTS 2048  // of a database
#define CLFI_DATABASE_CLASSES 256
#define CLFI_DATABASE_BYTES   (8 << 20)  // of its text: 4096 a result are more than one takes

/* Stands for the hash of kernels that are read from a folder: it fits nothing exactly, since
 * nobody knows what was in there. */
#define CLFI_KERNELS_FOLDER "directory"

/* A device as it is recognised again. Texts are printable ASCII, cut to their room. */
typedef struct clfi_identity {
    char platform[96];  // name
    char device[128];   // name
    char driver[128];   // version
    char target[48];    // CL_CONFIG_CPU_TARGET_ARCH, "" without
} clfi_identity;

/* What a result is of. */
typedef struct clfi_key {
    clfi_identity identity;
    char kernels[40];  // hash of all kernels' sources, or CLFI_KERNELS_FOLDER
    char dtype[40];    // of q, k, v and out: "f32", or "f16,f16,f32,f32" when they differ
    char shape[96];    // class of shapes, see clfi_shape_class
} clfi_key;

/* How an attempt ended: `invalidity` of T4. */
typedef enum clfi_verdict {
    CLFI_VERDICT_CORRECT = 0,
    CLFI_VERDICT_COMPILE,      // it did not build
    CLFI_VERDICT_RUNTIME,      // the process that ran it crashed, or a call failed
    CLFI_VERDICT_TIMEOUT,      // it said nothing for too long
    CLFI_VERDICT_CORRECTNESS,  // an error above tau, or a value that is not finite
    CLFI_VERDICT_CONSTRAINTS,  // the plan refused it
    CLFI_VERDICTS
} clfi_verdict;
const char *clfi_verdict_name(clfi_verdict verdict);  // "correct", "compile", ..

/* Where a result came from. */
typedef enum clfi_origin {
    CLFI_ORIGIN_TUNED = 0,  // measured here
    CLFI_ORIGIN_IMPORTED
} clfi_origin;

#define CLFI_MAX_RUNTIMES 32

/* One candidate, measured. */
typedef struct clfi_result {
    clfi_key key;
    clfi_configuration configuration;
    clfi_verdict verdict;
    clfi_origin origin;
    bool final;              // it won the last comparison; only such are in the database
    int64_t time;            // Unix seconds
    double correctness;      // worst error over its bound tau, NAN if it was not got to
    double compile_seconds;  // creation of the plan, NAN likewise
    int runtimes;
    double seconds[CLFI_MAX_RUNTIMES];  // of runs, interleaved with those of the default
    double ratio[3];                    // the default's time over its own: q1, median, q3; NAN
    char message[160];                  // why it is not correct
} clfi_result;

/* What a device is taken for. */
typedef struct clfi_class_record {
    clfi_identity identity;
    char name[32];  // of a row of tune/classes.h
    bool asked;     // by --class; else by a measurement
} clfi_class_record;

/* A growing array of results, and of classes. Zeroed is empty. One thread at a time. */
typedef struct clfi_database {
    clfi_result *results;
    int count, room;
    clfi_class_record *classes;
    int class_count, class_room;
    int left_out;  // entries of the text it was read from that are not as they should be
} clfi_database;

void clfi_database_finish(clfi_database *db);

/* Whether `a` is worth more than `b`: one that was measured here before an imported one, then the
 * newer one. */
bool clfi_result_above(const clfi_result *a, const clfi_result *b);

/* Replaces the result of the same key, and as final or not, or adds one. A full database loses the
 * result that is worth least, which may be this one. Likewise a class, by its device, of whatever
 * driver version; when full, the oldest. Errors: OUT_OF_HOST_MEMORY. */
clf_status clfi_database_put(clfi_database *db, const clfi_result *result);
clf_status clfi_database_put_class(clfi_database *db, const clfi_class_record *record);

/* How well a result fits a key. */
typedef enum clfi_fit {
    CLFI_FIT_NONE = 0,
    CLFI_FIT_HINT,  // all but driver and kernels is the same: they have changed since
    CLFI_FIT_EXACT  // all is the same
} clfi_fit;

/* The final result that fits best; of several hints the one that is worth most. NULL: none. Belongs
 * to `db`. */
const clfi_result *clfi_database_find(const clfi_database *db, const clfi_key *key, clfi_fit *fit);

/* The class of a device, of whatever driver version; NULL: unknown. Belongs to `db`. */
const char *clfi_database_class(const clfi_database *db, const clfi_identity *identity);

/* Reads the text of a database. An entry that is not as it should be is left out with a message
 * that names its place, what is wrong and the limit; the others count. Such a message is a WARNING
 * when `level` is ERROR, else of `level`. Errors: FORMAT (the text is no such object at all; one
 * message of `level`), OUT_OF_HOST_MEMORY. */
clf_status clfi_database_parse(const char *text, size_t size, const char *name, const clf_log *log,
                               clf_log_level level, clfi_database *out);

/* Writes it, an entry a line: at most CLFI_DATABASE_BYTES. The caller frees *text. Errors:
 * OUT_OF_HOST_MEMORY. */
clf_status clfi_database_print(const clfi_database *db, char **text);

/* Reads the user's database; none is an empty one. Errors: those of clfi_store_read and
 * clfi_database_parse. */
clf_status clfi_database_read(const clfi_store *store, clfi_database *out);

/* Adds a line to the journal, under the lock. Errors: IO, OUT_OF_HOST_MEMORY. */
clf_status clfi_journal_add(const clfi_store *store, const clfi_result *result);
clf_status clfi_journal_add_class(const clfi_store *store, const clfi_class_record *record);

/* Reads all lines that are whole and right, in order; others are left out with a DEBUG message.
 * Every result is kept, those of one key too. Errors: those of clfi_store_read,
 * OUT_OF_HOST_MEMORY. */
clf_status clfi_journal_read(const clfi_store *store, clfi_database *out);

/* The same from the journal's text. */
clf_status clfi_journal_parse(const char *text, size_t size, const clf_log *log,
                              clfi_database *out);

/* Takes the final results and the classes of the journal, and those of `more` (may be NULL), into
 * the database, under a lock; the file changes in one step. Of one key the result stays that is
 * worth most, and of two that are worth the same the later one, so that folding again changes
 * nothing. A class of `more` counts where none is known. A database that cannot be parsed, or not
 * all of it, is kept beside it as tuned.json.bad. A journal of more than 64 MiB is begun anew
 * afterwards. Errors: IO, OUT_OF_HOST_MEMORY. */
clf_status clfi_database_fold(const clfi_store *store, const clfi_database *more);

/* The same; *taken = results of `more` that are in the database now. */
clf_status clfi_database_take(const clfi_store *store, const clfi_database *more, int *taken);

/* Removes journal and database, also one that was kept aside, under the lock. Errors: IO. */
clf_status clfi_database_reset(const clfi_store *store);

#endif
