/* The library's own files: a folder of the user's for what is kept (tuning), one for what can be
 * made again (programs).
 *
 * A folder is used only if it belongs to the user and nobody else can write there. Files are looked
 * up in the open folder and are never followed through a link, so what is checked is what is read.
 * A file is replaced whole or not at all, whenever the process is killed. Not on Windows.
 *
 * Safe: any number of threads and processes may use one folder. */
#ifndef CLFI_STORE_H
#define CLFI_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <clfavor/log.h>
#include <clfavor/status.h>

typedef enum clfi_store_kind {
    CLFI_STORE_DATA = 0,  // $XDG_DATA_HOME/clfavor, else ~/.local/share/clfavor
    CLFI_STORE_CACHE      // $XDG_CACHE_HOME/clfavor, else ~/.cache/clfavor
} clfi_store_kind;

/* An open folder. */
typedef struct clfi_store {
    int folder;           // descriptor
    char *path;           // for messages; owned
    clf_log log;          // where failures are told,
    clf_log_level level;  // and as what: ERROR where they are the caller's, DEBUG where they only
                          // make something slower
} clfi_store;

/* Opens the folder, and makes it (mode 0700, with its parents) if `make` and it is not there.
 * `log` may be NULL. Errors: IO (no such folder, no home, somebody else's, writable for others, a
 * link), OUT_OF_HOST_MEMORY; *out is closed then. */
clf_status clfi_store_open(clfi_store_kind kind, bool make, const clf_log *log, clf_log_level level,
                           clfi_store *out);

/* A closed store is a no-op. */
void clfi_store_close(clfi_store *store);

/* A file's bytes and a zero behind them. */
typedef struct clfi_bytes {
    char *data;  // owned, free(); NULL: there is no such file
    size_t size;
} clfi_bytes;

/* Reads a file whole. A file that is not there is OK, with data NULL. Errors: IO (a link, no
 * regular file, somebody else's, more than `limit` bytes, or what read() said),
 * OUT_OF_HOST_MEMORY. */
clf_status clfi_store_read(const clfi_store *store, const char *name, size_t limit,
                           clfi_bytes *out);

/* Gives a file new contents, which are `parts` one after the other: written beside it, flushed to
 * the disk, renamed. Whoever reads meanwhile gets the old or the new file. Also clears away what
 * killed processes left. Errors: IO; the old file is as it was. */
clf_status clfi_store_replace(const clfi_store *store, const char *name, const clfi_bytes *parts,
                              int count);

/* Adds a line (without its newline) to the end of a file, in one write(), and flushes it to the
 * disk. A line that a killed process left unfinished is ended first, so that it spoils no other.
 * The file is locked meanwhile: it must not be one of clfi_store_lock. Errors: IO,
 * OUT_OF_HOST_MEMORY; the file may then end in a part of the line. */
clf_status clfi_store_append(const clfi_store *store, const char *name, const char *line);

/* Removes a file; one that is not there is OK. Errors: IO. */
clf_status clfi_store_remove(const clfi_store *store, const char *name);

/* Waits until no other process holds the lock of this name, and holds it until the descriptor is
 * closed, by clfi_store_unlock or the end of the process. Errors: IO. */
clf_status clfi_store_lock(const clfi_store *store, const char *name, int *lock);
void clfi_store_unlock(int lock);

/* Notes that a file was used just now. One that is not there is left alone. */
void clfi_store_touch(const clfi_store *store, const char *name);

/* Removes files whose names end in `suffix`, those that were not used for longest, until the others
 * have at most `limit` bytes together. Errors: IO, OUT_OF_HOST_MEMORY. */
clf_status clfi_store_trim(const clfi_store *store, const char *suffix, uint64_t limit);

#endif
