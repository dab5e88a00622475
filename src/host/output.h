/* Result files that are either whole or not there: written beside their place, then renamed. */
#ifndef CLFI_OUTPUT_H
#define CLFI_OUTPUT_H

#include <stdio.h>

#include <clfavor/log.h>
#include <clfavor/status.h>

typedef struct clfi_output {
    FILE *stream;     // write here
    char *path;       // where it will be; owned
    char *temporary;  // where it is until then; owned
} clfi_output;

/* Opens a new temporary file beside `path`, which may not be something else than a regular file
 * (a device would be replaced by the rename). Errors: INVALID_ARGUMENT, IO, OUT_OF_HOST_MEMORY;
 * *out is zero then. */
clf_status clfi_output_open(const char *path, const clf_log *log, clfi_output *out);

/* Flushes to the disk and renames. The output is finished either way; on failure (IO) neither
 * the temporary file nor a part of the result is left. */
clf_status clfi_output_commit(clfi_output *output, const clf_log *log);

/* Throws the temporary file away. A zero or finished output is a no-op. */
void clfi_output_discard(clfi_output *output);

#endif
