/* Folders and files that are the user's alone. Knows nothing of what is in them.
 *
 * Invariant: every name is opened with O_NOFOLLOW and O_CLOEXEC below an open folder, and whatever
 * is read was found to be a regular file of this user on the same descriptor. */
#include "store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "env.h"
#include "log.h"

enum {
    OWN_DIRECTORY = 0700,
    OWN_FILE = 0600,
    OTHERS_WRITE = 022,
    ABANDONED_SECONDS = 600
};

static const char k_temporary[] = ".tmp";

/* Tells why something failed, as the store's user wants it told. */
static clf_status refuse(const clfi_store *s, const char *what, const char *name, const char *why)
{
    clfi_log(&s->log, s->level, "%s %s/%s: %s", what, s->path, name, why);
    return CLF_ERROR_IO;
}

static clf_status no_memory(const clfi_store *s)
{
    clfi_log(&s->log, s->level, "no memory for a file of %s", s->path ? s->path : "the store");
    return CLF_ERROR_OUT_OF_HOST_MEMORY;
}

static bool is_absolute(const char *path)
{
    return path && path[0] == '/';
}

/* The folder's path: `home` counts when it is absolute, else `below` the user's own. */
static clf_status find_path(clfi_store *s, const char *variable, const char *home,
                            const char *below)
{
    const char *own = clfi_env_home();
    const bool given = is_absolute(home);
    if (!given && !is_absolute(own)) {
        clfi_log(&s->log, s->level,
                 "neither %s nor HOME is an absolute path: no folder for clfavor's files",
                 variable);
        return CLF_ERROR_IO;
    }
    const char *root = given ? home : own;
    const size_t size = strlen(root) + strlen(below) + sizeof "//clfavor";
    s->path = malloc(size);
    if (!s->path)
        return no_memory(s);
    snprintf(s->path, size, "%s%s%s/clfavor", root, given ? "" : "/", given ? "" : below);
    return CLF_OK;
}

/* Makes the folder and its parents; what is there is left as it is. */
static void make_path(const char *path)
{
    char *part = strdup(path);
    if (!part)
        return;
    for (char *at = part + 1; *at; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        mkdir(part, OWN_DIRECTORY);
        *at = '/';
    }
    mkdir(part, OWN_DIRECTORY);
    free(part);
}

static const char *unsafe_folder(int folder)
{
    struct stat info;
    if (fstat(folder, &info))
        return strerror(errno);
    if (info.st_uid != geteuid())
        return "it belongs to another user, so it is not used";
    if (info.st_mode & OTHERS_WRITE)
        return "others can write there, so it is not used: chmod go-w it";
    return NULL;
}

clf_status clfi_store_open(clfi_store_kind kind, bool make, const clf_log *log, clf_log_level level,
                           clfi_store *out)
{
    const bool data = kind == CLFI_STORE_DATA;
    clfi_store store = {.folder = -1, .log = log ? *log : (clf_log){0}, .level = level};
    *out = store;
    const clf_status status =
        data ? find_path(&store, "XDG_DATA_HOME", clfi_env_data_home(), ".local/share")
             : find_path(&store, "XDG_CACHE_HOME", clfi_env_cache_home(), ".cache");
    if (status != CLF_OK)
        return status;
    if (make)
        make_path(store.path);
    store.folder = open(store.path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    const char *why = store.folder < 0 ? strerror(errno) : unsafe_folder(store.folder);
    if (why) {
        clfi_log(&store.log, store.level, "folder %s: %s", store.path, why);
        clfi_store_close(&store);
        return CLF_ERROR_IO;
    }
    *out = store;
    return CLF_OK;
}

void clfi_store_close(clfi_store *store)
{
    if (store->path && store->folder >= 0)
        close(store->folder);
    free(store->path);
    store->path = NULL;
    store->folder = -1;
}

static int open_file(const clfi_store *s, const char *name, int flags)
{
    return openat(s->folder, name, flags | O_NOFOLLOW | O_CLOEXEC, OWN_FILE);
}

/* NULL, or why an open file is not to be read. */
static const char *unsafe_file(int file, size_t limit, size_t *size)
{
    struct stat info;
    if (fstat(file, &info))
        return strerror(errno);
    if (!S_ISREG(info.st_mode))
        return "it is no regular file";
    if (info.st_uid != geteuid())
        return "it belongs to another user";
    if ((uintmax_t)info.st_size > limit)
        return "it is larger than any that clfavor writes";
    *size = (size_t)info.st_size;
    return NULL;
}

/* NULL, or why not all of the file could be read. It may shrink or grow meanwhile. */
static const char *read_all(int file, char *data, size_t *size)
{
    size_t length = 0;
    while (length < *size) {
        const ssize_t n = read(file, data + length, *size - length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return strerror(errno);
        if (n == 0)
            break;
        length += (size_t)n;
    }
    *size = length;
    return NULL;
}

clf_status clfi_store_read(const clfi_store *store, const char *name, size_t limit, clfi_bytes *out)
{
    clfi_bytes bytes = {0};
    *out = bytes;
    const int file = open_file(store, name, O_RDONLY | O_NONBLOCK);
    if (file < 0)
        return errno == ENOENT ? CLF_OK : refuse(store, "cannot read", name, strerror(errno));
    const char *why = unsafe_file(file, limit, &bytes.size);
    if (!why)
        bytes.data = malloc(bytes.size + 1);
    const bool memory = why || bytes.data;
    if (!why && memory)
        why = read_all(file, bytes.data, &bytes.size);
    close(file);
    if (why || !memory) {
        free(bytes.data);
        return memory ? refuse(store, "cannot read", name, why) : no_memory(store);
    }
    bytes.data[bytes.size] = '\0';
    *out = bytes;
    return CLF_OK;
}

/* NULL, or why not all could be written. */
static const char *write_all(int file, const char *data, size_t size)
{
    while (size) {
        const ssize_t n = write(file, data, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n ? strerror(errno) : "nothing was written";
        data += n;
        size -= (size_t)n;
    }
    return NULL;
}

/* The folder's entries, or NULL with errno. */
static DIR *open_entries(const clfi_store *s)
{
    const int again = openat(s->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = again < 0 ? NULL : fdopendir(again);
    if (!entries && again >= 0)
        close(again);
    return entries;
}

/* Removes temporary files whose writers are gone: they live for moments. */
static void sweep(const clfi_store *s)
{
    DIR *entries = open_entries(s);
    if (!entries)
        return;
    const time_t now = time(NULL);
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        struct stat info;
        if (strncmp(entry->d_name, k_temporary, sizeof k_temporary - 1) == 0 &&
            fstatat(s->folder, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
            info.st_mtime + ABANDONED_SECONDS < now)
            unlinkat(s->folder, entry->d_name, 0);
    }
    closedir(entries);
}

/* A new file of its own name. Returns its descriptor, or -1 with errno. */
static int open_temporary(const clfi_store *s, char *name, size_t size)
{
    for (int attempt = 0; attempt < 1000; attempt++) {
        snprintf(name, size, "%s.%ld.%d", k_temporary, (long)getpid(), attempt);
        const int file = open_file(s, name, O_WRONLY | O_CREAT | O_EXCL);
        if (file >= 0 || errno != EEXIST)
            return file;
    }
    return -1;
}

clf_status clfi_store_replace(const clfi_store *store, const char *name, const clfi_bytes *parts,
                              int count)
{
    char temporary[64];
    sweep(store);
    const int file = open_temporary(store, temporary, sizeof temporary);
    if (file < 0)
        return refuse(store, "cannot write", name, strerror(errno));
    const char *why = NULL;
    for (int i = 0; i < count && !why; i++)
        why = write_all(file, parts[i].data, parts[i].size);
    if (!why && fsync(file))
        why = strerror(errno);
    if (close(file) && !why)
        why = strerror(errno);
    if (!why && renameat(store->folder, temporary, store->folder, name))
        why = strerror(errno);
    if (why) {
        unlinkat(store->folder, temporary, 0);
        return refuse(store, "cannot write", name, why);
    }
    fsync(store->folder);  // where a folder cannot be flushed, its file system does it by itself
    return CLF_OK;
}

/* Whether the file ends within a line. */
static bool ends_unfinished(int file)
{
    char last;
    const off_t end = lseek(file, 0, SEEK_END);
    return end > 0 && pread(file, &last, 1, end - 1) == 1 && last != '\n';
}

/* Waits for the lock of an open file. Returns 0, or -1 with errno. */
static int wait_for_lock(int file)
{
    int failed = -1;
    do
        failed = flock(file, LOCK_EX);
    while (failed && errno == EINTR);
    return failed;
}

clf_status clfi_store_append(const clfi_store *store, const char *name, const char *line)
{
    size_t before = 0;
    const size_t length = strlen(line);
    char *text = malloc(length + 3);
    if (!text)
        return no_memory(store);
    const int file = open_file(store, name, O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK);
    const char *why = file < 0 ? strerror(errno) : unsafe_file(file, SIZE_MAX, &before);
    if (!why) {
        wait_for_lock(file);  // another may be within a line; where locks are unknown, go on
        const int size =
            snprintf(text, length + 3, "%s%s\n", ends_unfinished(file) ? "\n" : "", line);
        why = write_all(file, text, (size_t)size);
    }
    if (!why && fsync(file))
        why = strerror(errno);
    if (file >= 0 && close(file) && !why)
        why = strerror(errno);
    free(text);
    if (why)
        return refuse(store, "cannot write", name, why);
    if (before == 0)
        fsync(store->folder);  // its name is new
    return CLF_OK;
}

clf_status clfi_store_remove(const clfi_store *store, const char *name)
{
    if (unlinkat(store->folder, name, 0) == 0 || errno == ENOENT)
        return CLF_OK;
    return refuse(store, "cannot remove", name, strerror(errno));
}

clf_status clfi_store_lock(const clfi_store *store, const char *name, int *lock)
{
    *lock = open_file(store, name, O_RDWR | O_CREAT);
    if (*lock >= 0 && wait_for_lock(*lock) == 0)
        return CLF_OK;
    const char *why = strerror(errno);
    clfi_store_unlock(*lock);
    *lock = -1;
    return refuse(store, "cannot lock", name, why);
}

void clfi_store_unlock(int lock)
{
    if (lock >= 0)
        close(lock);
}

void clfi_store_touch(const clfi_store *store, const char *name)
{
    utimensat(store->folder, name, NULL, AT_SYMLINK_NOFOLLOW);
}

/* A file that clfi_store_trim may remove. */
struct used {
    char name[NAME_MAX + 1];
    struct timespec last;
    uint64_t bytes;
};

static bool ends_with(const char *name, const char *suffix)
{
    const size_t length = strlen(name), end = strlen(suffix);
    return length >= end && strcmp(name + length - end, suffix) == 0;
}

/* Adds the files of that suffix to a list that grows. Returns false without memory. */
static bool list_used(const clfi_store *s, DIR *entries, const char *suffix, struct used **list,
                      size_t *count)
{
    size_t room = 0;
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        struct stat info;
        if (!ends_with(entry->d_name, suffix) ||
            fstatat(s->folder, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) || !S_ISREG(info.st_mode))
            continue;
        if (*count == room) {
            room = room ? 2 * room : 64;
            struct used *more = realloc(*list, room * sizeof *more);
            if (!more)
                return false;
            *list = more;
        }
        struct used *used = &(*list)[(*count)++];
        *used = (struct used){.last = info.st_mtim, .bytes = (uint64_t)info.st_size};
        snprintf(used->name, sizeof used->name, "%s", entry->d_name);
    }
    return true;
}

/* The one used last is the first. */
static int by_use(const void *a, const void *b)
{
    const struct timespec s = ((const struct used *)a)->last, t = ((const struct used *)b)->last;
    if (s.tv_sec != t.tv_sec)
        return s.tv_sec > t.tv_sec ? -1 : 1;
    return s.tv_nsec > t.tv_nsec ? -1 : s.tv_nsec < t.tv_nsec;
}

clf_status clfi_store_trim(const clfi_store *store, const char *suffix, uint64_t limit)
{
    struct used *list = NULL;
    size_t count = 0;
    DIR *entries = open_entries(store);
    if (!entries)
        return refuse(store, "cannot list", ".", strerror(errno));
    const bool complete = list_used(store, entries, suffix, &list, &count);
    closedir(entries);
    if (!complete) {
        free(list);
        return no_memory(store);
    }
    if (count)
        qsort(list, count, sizeof *list, by_use);
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += list[i].bytes;
        if (sum > limit)
            unlinkat(store->folder, list[i].name, 0);
    }
    free(list);
    return CLF_OK;
}
