/* Atomic result files. Knows nothing of what is in them.
 *
 * Invariant: the final path changes by one rename or not at all, and every temporary file that
 * was made is renamed or removed. */
#ifndef _WIN32
#define _POSIX_C_SOURCE 200809L
#endif
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#ifdef _WIN32
#include <io.h>
#include <process.h>
#include <windows.h>
#else
#include <unistd.h>
#endif

#include "log.h"

/* The calls that differ between systems. Each returns 0 or a stream, and sets errno on failure. */
#ifdef _WIN32
static FILE *create_exclusive(const char *path)
{
    const int fd = _open(path, _O_WRONLY | _O_CREAT | _O_EXCL | _O_BINARY, _S_IREAD | _S_IWRITE);
    if (fd < 0)
        return NULL;
    FILE *stream = _fdopen(fd, "wb");
    if (!stream) {
        _close(fd);
        remove(path);
    }
    return stream;
}

static int sync_stream(FILE *stream)
{
    return _commit(_fileno(stream));
}

static int replace_file(const char *from, const char *to)
{
    if (MoveFileExA(from, to, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH))
        return 0;
    errno = EACCES;
    return -1;
}

static int process_id(void)
{
    return _getpid();
}
#else
static FILE *create_exclusive(const char *path)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return NULL;
    FILE *stream = fdopen(fd, "wb");
    if (!stream) {
        close(fd);
        remove(path);
    }
    return stream;
}

static int sync_stream(FILE *stream)
{
    return fsync(fileno(stream));
}

static int replace_file(const char *from, const char *to)
{
    return rename(from, to);
}

static int process_id(void)
{
    return (int)getpid();
}
#endif

static void finish(clfi_output *output)
{
    free(output->path);
    free(output->temporary);
    *output = (clfi_output){0};
}

clf_status clfi_output_open(const char *path, const clf_log *log, clfi_output *out)
{
    clf_status status = CLF_OK;
    clfi_output output = {0};
    REQUIRE(out, log, "out is NULL");
    *out = output;
    REQUIRE(path && path[0], log, "the output path is %s", path ? "empty" : "NULL");

    struct stat info;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
        return clfi_fail(log, CLF_ERROR_IO, "cannot write %s: it is not a regular file", path);

    const size_t length = strlen(path);
    const size_t room = length + 32;  // ".tmp" and two decimal ints
    output.path = malloc(length + 1);
    output.temporary = malloc(room);
    if (!output.path || !output.temporary) {
        status = clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for a path");
        goto fail;
    }
    memcpy(output.path, path, length + 1);
    for (int attempt = 0; !output.stream && attempt < 1000; attempt++) {
        snprintf(output.temporary, room, "%s.tmp%d.%d", path, process_id(), attempt);
        output.stream = create_exclusive(output.temporary);
        if (!output.stream && errno != EEXIST)
            break;
    }
    if (!output.stream) {
        status = clfi_fail(log, CLF_ERROR_IO, "cannot write %s: %s", path, strerror(errno));
        goto fail;
    }
    *out = output;
    return CLF_OK;
fail:
    finish(&output);
    return status;
}

clf_status clfi_output_commit(clfi_output *output, const clf_log *log)
{
    if (!output || !output->stream)
        return clfi_fail(log, CLF_ERROR_INVALID_ARGUMENT, "the output is NULL or not open");
    errno = 0;
    int failed = ferror(output->stream);
    failed = fflush(output->stream) || failed;
    failed = failed || sync_stream(output->stream);
    int error = errno;
    if (fclose(output->stream) && !failed) {
        failed = 1;
        error = errno;
    }
    output->stream = NULL;
    if (!failed && replace_file(output->temporary, output->path)) {
        failed = 1;
        error = errno;
    }
    clf_status status = CLF_OK;
    if (failed) {
        remove(output->temporary);
        status = clfi_fail(log, CLF_ERROR_IO, "cannot write %s: %s", output->path,
                           error ? strerror(error) : "an earlier write failed");
    }
    finish(output);
    return status;
}

void clfi_output_discard(clfi_output *output)
{
    if (!output || !output->stream)
        return;
    fclose(output->stream);
    remove(output->temporary);
    finish(output);
}
