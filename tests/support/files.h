/* What tests of files share. A failure of the test's own calls ends it.
 *
 * Invariant: nothing is followed through a link, and nothing is removed outside the folder given.
 */
#ifndef SUPPORT_FILES_H
#define SUPPORT_FILES_H

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>

#include "unit/support.h"

/* Writes a file anew. */
static inline void write_bytes(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    ck_assert_msg(file != NULL, "%s", path);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

static inline void write_text(const char *path, const char *text)
{
    write_bytes(path, text, strlen(text));
}

/* The file's bytes and a zero; the caller frees them. */
static inline char *read_bytes(const char *path, size_t *size)
{
    struct stat info;
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s", path);
    ck_assert_int_eq(fstat(fileno(file), &info), 0);
    *size = (size_t)info.st_size;
    char *bytes = calloc(1, *size + 1);
    ck_assert_ptr_nonnull(bytes);
    ck_assert_uint_eq(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

static inline void assert_text(const char *path, const char *expected)
{
    size_t size;
    char *text = read_bytes(path, &size);
    ck_assert_str_eq(text, expected);
    free(text);
}

/* 0 for what is not there. */
static inline unsigned mode_of(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0 ? (unsigned)info.st_mode & 07777 : 0;
}

/* As if it had been used last so many seconds ago. */
static inline void make_older(const char *path, time_t seconds)
{
    const struct timespec then = {.tv_sec = time(NULL) - seconds};
    const struct timespec times[2] = {then, then};
    ck_assert_int_eq(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 0);
}

/* How many entries of a folder have names that begin and end so. */
static inline int count_files(const char *folder, const char *begin, const char *end)
{
    int count = 0;
    DIR *entries = opendir(folder);
    ck_assert_msg(entries != NULL, "%s", folder);
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        const char *name = entry->d_name;
        const size_t length = strlen(name);
        const bool fits = strncmp(name, begin, strlen(begin)) == 0 && length >= strlen(end) &&
                          strcmp(name + length - strlen(end), end) == 0;
        count += fits && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
    }
    closedir(entries);
    return count;
}

/* Removes a folder with all that is in it, or a file. */
static inline void remove_tree(const char *path)
{
    struct stat info;
    DIR *entries = lstat(path, &info) == 0 && S_ISDIR(info.st_mode) ? opendir(path) : NULL;
    for (const struct dirent *entry; entries && (entry = readdir(entries)) != NULL;) {
        char below[4096];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (snprintf(below, sizeof below, "%s/%s", path, entry->d_name) < (int)sizeof below)
            remove_tree(below);
    }
    if (entries)
        closedir(entries);
    remove(path);
}

#endif
