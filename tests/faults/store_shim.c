/* The functions for ld's --wrap. See store_shim.h. Not for threads.
 *
 * Invariant: every call is counted, and one that is to fail has no effect; but close() closes, as
 * the system's does. */
#include "store_shim.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
    const char *name;
    int code;
} errors[] = {{"ENOSPC", ENOSPC}, {"EIO", EIO},     {"EROFS", EROFS},   {"EACCES", EACCES},
              {"EDQUOT", EDQUOT}, {"EINTR", EINTR}, {"ENOLCK", ENOLCK}, {"EMFILE", EMFILE}};

enum {
    MOST_NAMES = 1000
};

enum action {
    NOTHING = 0,
    KILL,
    HALF,
    SHORT,
    ERROR
};

static struct {
    bool known;  // the environment was read
    enum action action;
    int code;
    bool persistent;
    long nth, calls;
    size_t pieces;
    const char *names[MOST_NAMES];  // of the first calls
} fault;

static void give_up(const char *text)
{
    fprintf(stderr, "store_shim: STORE_FAULT=%s\n", text);
    abort();
}

static void read_environment(void)
{
    const char *text = getenv("STORE_FAULT"), *pieces = getenv("STORE_PIECES");
    char name[16] = "", more = '\0';
    fault.known = true;
    fault.pieces = pieces ? strtoul(pieces, NULL, 10) : 0;
    if (!text)
        return;
    if (sscanf(text, "%15[^:]:%ld%c", name, &fault.nth, &more) < 2 || (more && more != '+'))
        give_up(text);
    fault.persistent = more == '+';
    fault.action = strcmp(name, "kill") == 0    ? KILL
                   : strcmp(name, "half") == 0  ? HALF
                   : strcmp(name, "short") == 0 ? SHORT
                                                : ERROR;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        if (strcmp(name, errors[i].name) == 0)
            fault.code = errors[i].code;
    }
    if (fault.action == ERROR && !fault.code)
        give_up(text);
}

/* Counts a call. Returns what is to become of it. */
static enum action enter(const char *name)
{
    if (!fault.known)
        read_environment();
    if (fault.calls < MOST_NAMES)
        fault.names[fault.calls] = name;
    fault.calls++;
    if (fault.calls != fault.nth && !(fault.persistent && fault.calls > fault.nth))
        return NOTHING;
    if (fault.action == KILL)
        raise(SIGKILL);
    if (fault.action == ERROR)
        errno = fault.code;
    return fault.action;
}

void store_shim_print(void)
{
    printf("calls");
    for (long i = 0; i < fault.calls && i < MOST_NAMES; i++)
        printf(" %s", fault.names[i]);
    printf("\n");
}

/* Calls that are made, or are not. */
#define WRAP(name, parameters, arguments)                                                          \
    int __real_##name parameters;                                                                  \
    int __wrap_##name parameters;                                                                  \
    int __wrap_##name parameters                                                                   \
    {                                                                                              \
        return enter(#name) == ERROR ? -1 : __real_##name arguments;                               \
    }
WRAP(mkdir, (const char *path, mode_t mode), (path, mode))
WRAP(fsync, (int file), (file))
WRAP(flock, (int file, int operation), (file, operation))
WRAP(unlinkat, (int folder, const char *name, int flags), (folder, name, flags))
WRAP(renameat, (int from, const char *name, int to, const char *new_name),
     (from, name, to, new_name))
WRAP(utimensat, (int folder, const char *name, const struct timespec *times, int flags),
     (folder, name, times, flags))

/* With files of more than 2 GiB these have other names. The mode is passed on in any case. */
#define WRAP_OPEN(name, parameters, arguments)                                                     \
    int __real_##name parameters;                                                                  \
    int __wrap_##name parameters;                                                                  \
    int __wrap_##name parameters                                                                   \
    {                                                                                              \
        va_list list;                                                                              \
        va_start(list, flags);                                                                     \
        const mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;                            \
        va_end(list);                                                                              \
        return enter(#name) == ERROR ? -1 : __real_##name arguments;                               \
    }
WRAP_OPEN(open, (const char *path, int flags, ...), (path, flags, mode))
WRAP_OPEN(open64, (const char *path, int flags, ...), (path, flags, mode))
WRAP_OPEN(openat, (int folder, const char *path, int flags, ...), (folder, path, flags, mode))
WRAP_OPEN(openat64, (int folder, const char *path, int flags, ...), (folder, path, flags, mode))

int __real_close(int file);
int __wrap_close(int file);
int __wrap_close(int file)
{
    const enum action action = enter("close");
    const int answer = __real_close(file);
    if (action != ERROR)
        return answer;
    errno = fault.code;
    return -1;
}

ssize_t __real_read(int file, void *bytes, size_t size);
ssize_t __wrap_read(int file, void *bytes, size_t size);
ssize_t __wrap_read(int file, void *bytes, size_t size)
{
    return enter("read") == ERROR ? -1 : __real_read(file, bytes, size);
}

ssize_t __real_write(int file, const void *bytes, size_t size);
ssize_t __wrap_write(int file, const void *bytes, size_t size);
ssize_t __wrap_write(int file, const void *bytes, size_t size)
{
    const enum action action = enter("write");
    const size_t most = fault.pieces && fault.pieces < size ? fault.pieces : size;
    if (action == ERROR)
        return -1;
    if (action != HALF && action != SHORT)
        return __real_write(file, bytes, most);
    const ssize_t written = __real_write(file, bytes, (most + 1) / 2);
    if (action == HALF)
        raise(SIGKILL);
    return written;
}
