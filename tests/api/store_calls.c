/* System calls with an accident. Linux alone: the calls are made by number. */
#define _GNU_SOURCE  // syscall
#include "store_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

static store_accident what;
static int left;  // calls until the accident; 0: not armed, or it goes on
static bool armed, full;

void store_calls_arm(store_accident accident, int n)
{
    what = accident;
    left = n;
    armed = true;
}

/* Counts a call. Returns whether a kill is to come after it. */
static bool begin(void)
{
    if (!armed || --left != 0)
        return false;
    if (what == STORE_KILL_BEFORE)
        raise(SIGKILL);
    full = what == STORE_DISK_FULL;
    return what == STORE_KILL_WITHIN;
}

static long end(bool kill, long result)
{
    if (kill)
        raise(SIGKILL);
    return result;
}

static long no_space(void)
{
    errno = ENOSPC;
    return -1;
}

int openat(int folder, const char *name, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    const unsigned mode = flags & O_CREAT ? va_arg(args, unsigned) : 0;
    va_end(args);
    const bool kill = begin();
    if (full && (flags & O_CREAT) && faccessat(folder, name, F_OK, 0) != 0)
        return (int)no_space();
    return (int)end(kill, syscall(SYS_openat, folder, name, flags, mode));
}

ssize_t read(int file, void *data, size_t size)
{
    const bool kill = begin();
    return end(kill, syscall(SYS_read, file, data, size));
}

/* A disk that fills up takes half of the first write. */
ssize_t write(int file, const void *data, size_t size)
{
    const bool was_full = full, kill = begin();
    if (was_full)
        return no_space();
    return end(kill, syscall(SYS_write, file, data, kill || full ? size / 2 : size));
}

int fsync(int file)
{
    const bool kill = begin();
    return (int)(full ? no_space() : end(kill, syscall(SYS_fsync, file)));
}

int renameat(int from, const char *name, int to, const char *new_name)
{
    const bool kill = begin();
    return (int)end(kill, syscall(SYS_renameat2, from, name, to, new_name, 0));
}

int unlinkat(int folder, const char *name, int flags)
{
    const bool kill = begin();
    return (int)end(kill, syscall(SYS_unlinkat, folder, name, flags));
}

int flock(int file, int operation)
{
    const bool kill = begin();
    return (int)end(kill, syscall(SYS_flock, file, operation));
}

int close(int file)
{
    const bool kill = begin();
    return (int)end(kill, syscall(SYS_close, file));
}
