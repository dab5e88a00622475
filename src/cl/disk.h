/* Built programs, kept on disk between processes where that pays.
 *
 * Off where the driver has a good cache of its own or makes more code when it is asked for binaries
 * (a quirk), on elsewhere; CLFAVOR_CACHE=0 or 1 overrides. The files lie in the folder
 * CLFI_STORE_CACHE, each named after its key (binary.h). What is missing, short, foreign, corrupt
 * or refused by the driver is built from source, with one DEBUG message that says why; nothing here
 * makes a build fail. Everything here is Safe. Not on Windows. */
#ifndef CLFI_DISK_H
#define CLFI_DISK_H

#include <clfavor/context.h>

#include "binary.h"
#include "host/store.h"

enum {
    CLFI_DISK_LIMIT = 256 << 20  // bytes of all binaries in the folder
};

/* What a program from a file must be. */
typedef struct clfi_disk_request {
    const char *const *paths;  // a kernel for each, see clfi_program_build
    int n;
    const char *options;  // for the compiler
} clfi_disk_request;

/* The program of a key, built for the context's device; or NULL. *save: it should be saved once it
 * is built. */
cl_program clfi_disk_load(const clf_context *ctx, const clfi_binary_key *key,
                          const clfi_disk_request *request, bool *save);

/* Keeps the binary of a program that was built. */
void clfi_disk_save(const clf_context *ctx, const clfi_binary_key *key, cl_program program);

/* clfi_disk_save of a binary: writes its file, and removes files that were not used for longest
 * when all have more than CLFI_DISK_LIMIT bytes. Errors: those of clfi_store_replace. */
clf_status clfi_disk_write(const clfi_store *store, const clfi_binary_key *key,
                           const clfi_bytes *binary);

#endif
