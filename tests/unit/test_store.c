/* The library's own folders and files: whom they belong to, what is refused, and that a file is
 * whole. Killed processes and full disks are in suite `faults`.
 *
 * Only root can give a file to another user, or become one whom a folder shuts out; others leave
 * those checks out, and say so. */
#include "support/files.h"

#include <errno.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "host/store.h"

enum {
    NOBODY = 65534,
    PROCESSES = 8,
    LINES = 50
};

static kept_log said;

/* A scratch folder, where both kinds of store are in `clfavor`. */
static void begin(char path[64])
{
    enter_scratch(path);
    setenv("XDG_DATA_HOME", path, 1);
    setenv("XDG_CACHE_HOME", path, 1);
    umask(0);
}

static void end(const char *path)
{
    remove_tree("clfavor");
    leave_scratch(path);
}

static clfi_store open_store(void)
{
    clfi_store store;
    ck_assert_int_eq(
        clfi_store_open(CLFI_STORE_CACHE, true, keep(&said, CLF_LOG_DEBUG), CLF_LOG_ERROR, &store),
        CLF_OK);
    ck_assert_int_eq(said.count, 0);
    return store;
}

/* Opening fails with one message that holds `part`, and leaves nothing open. */
static void assert_closed_to_us(clfi_store_kind kind, bool make, const char *part)
{
    clfi_store store;
    ck_assert_int_eq(clfi_store_open(kind, make, keep(&said, CLF_LOG_DEBUG), CLF_LOG_DEBUG, &store),
                     CLF_ERROR_IO);
    ck_assert_int_eq(said.count, 1);
    ck_assert_int_eq(said.level, CLF_LOG_DEBUG);
    assert_said(&said, part);
    ck_assert_int_eq(store.folder, -1);
    ck_assert_ptr_null(store.path);
    clfi_store_close(&store);
}

/* Reading fails with one message that holds `part`. */
static void assert_unread(const clfi_store *store, const char *name, size_t limit, const char *part)
{
    clfi_bytes bytes = {(char *)&bytes, 7};
    said.count = 0;
    ck_assert_int_eq(clfi_store_read(store, name, limit, &bytes), CLF_ERROR_IO);
    ck_assert_int_eq(said.count, 1);
    ck_assert_int_eq(said.level, CLF_LOG_ERROR);
    assert_said(&said, part);
    assert_said(&said, name);
    ck_assert_ptr_null(bytes.data);
    ck_assert_uint_eq(bytes.size, 0);
}

static void assert_read(const clfi_store *store, const char *name, const char *expected)
{
    clfi_bytes bytes;
    ck_assert_int_eq(clfi_store_read(store, name, 1000, &bytes), CLF_OK);
    ck_assert_ptr_nonnull(bytes.data);
    ck_assert_str_eq(bytes.data, expected);
    ck_assert_uint_eq(bytes.size, strlen(expected));
    free(bytes.data);
}

static clf_status replace(const clfi_store *store, const char *name, const char *text)
{
    const clfi_bytes part = {(char *)text, strlen(text)};
    said.count = 0;
    return clfi_store_replace(store, name, &part, 1);
}

static bool is_root(const char *left_out)
{
    if (geteuid() == 0)
        return true;
    printf("not root: %s is not tried\n", left_out);
    return false;
}

START_TEST(folders_are_the_owners_alone)
{
    char path[64], home[96];
    clfi_store store;
    begin(path);
    snprintf(home, sizeof home, "%s/a/b", path);
    setenv("XDG_CACHE_HOME", home, 1);
    assert_closed_to_us(CLFI_STORE_CACHE, false, "a/b/clfavor: No such file");
    ck_assert_uint_eq(mode_of("a"), 0);
    store = open_store();
    ck_assert_ptr_nonnull(strstr(store.path, "/a/b/clfavor"));
    ck_assert_uint_eq(mode_of("a"), 0700);
    ck_assert_uint_eq(mode_of("a/b"), 0700);
    ck_assert_uint_eq(mode_of("a/b/clfavor"), 0700);
    ck_assert_int_eq(fcntl(store.folder, F_GETFD), FD_CLOEXEC);
    clfi_store_close(&store);
    ck_assert_int_eq(store.folder, -1);
    clfi_store_close(&store);
    clfi_store_close(&(clfi_store){0});
    ck_assert_int_ge(fcntl(0, F_GETFD), 0);
    remove_tree("a");
    end(path);
}
END_TEST

/* Which folder an environment means; NULL leaves a variable unset. */
static void assert_place(clfi_store_kind kind, const char *xdg, const char *home,
                         const char *expected)
{
    static const char *const names[] = {"XDG_DATA_HOME", "XDG_CACHE_HOME"};
    clfi_store store;
    unsetenv("HOME");
    unsetenv(names[kind]);
    if (xdg)
        setenv(names[kind], xdg, 1);
    if (home)
        setenv("HOME", home, 1);
    if (!expected) {
        assert_closed_to_us(kind, true, names[kind]);
        assert_said(&said, "HOME");
        return;
    }
    ck_assert_int_eq(clfi_store_open(kind, true, NULL, CLF_LOG_ERROR, &store), CLF_OK);
    ck_assert_uint_eq(mode_of(expected), 0700);
    ck_assert_msg(strlen(store.path) > strlen(expected) &&
                      strcmp(store.path + strlen(store.path) - strlen(expected), expected) == 0,
                  "%s", store.path);
    clfi_store_close(&store);
    remove_tree(".cache");
    remove_tree(".local");
    remove_tree("clfavor");
}

START_TEST(places)
{
    char path[64];
    begin(path);
    for (int kind = 0; kind < 2; kind++) {
        const char *below = kind == CLFI_STORE_DATA ? ".local/share/clfavor" : ".cache/clfavor";
        assert_place(kind, path, "/nonexistent", "clfavor");
        assert_place(kind, NULL, path, below);
        assert_place(kind, "", path, below);
        assert_place(kind, "relative", path, below);
        assert_place(kind, NULL, NULL, NULL);
        assert_place(kind, "relative", "relative", NULL);
    }
    ck_assert_uint_eq(mode_of("relative"), 0);
    end(path);
}
END_TEST

START_TEST(unsafe_folders_are_refused)
{
    char path[64];
    begin(path);
    for (unsigned mode = 0720; mode <= 0777; mode++) {
        ck_assert_int_eq(mkdir("clfavor", mode), 0);
        if (mode & 022)
            assert_closed_to_us(CLFI_STORE_CACHE, true, "others can write there");
        ck_assert_uint_eq(mode_of("clfavor"), mode);
        rmdir("clfavor");
    }
    ck_assert_int_eq(mkdir("clfavor", 0755), 0);
    clfi_store store = open_store();
    clfi_store_close(&store);
    if (is_root("a folder of another user")) {
        ck_assert_int_eq(chown("clfavor", NOBODY, NOBODY), 0);
        assert_closed_to_us(CLFI_STORE_CACHE, true, "belongs to another user");
    }
    rmdir("clfavor");
    ck_assert_int_eq(mkdir("real", 0700), 0);
    ck_assert_int_eq(symlink("real", "clfavor"), 0);
    assert_closed_to_us(CLFI_STORE_CACHE, true, "clfavor: Not a directory");
    remove("clfavor");
    rmdir("real");
    write_text("clfavor", "");
    assert_closed_to_us(CLFI_STORE_CACHE, true, "clfavor: Not a directory");
    end(path);
}
END_TEST

START_TEST(files_are_read_whole)
{
    char path[64];
    clfi_bytes bytes;
    begin(path);
    clfi_store store = open_store();
    ck_assert_int_eq(clfi_store_read(&store, "none", 10, &bytes), CLF_OK);
    ck_assert_ptr_null(bytes.data);
    ck_assert_int_eq(said.count, 0);
    write_text("clfavor/empty", "");
    assert_read(&store, "empty", "");
    write_text("clfavor/ten", "0123456789");
    ck_assert_int_eq(clfi_store_read(&store, "ten", 10, &bytes), CLF_OK);
    ck_assert_uint_eq(bytes.size, 10);
    ck_assert_str_eq(bytes.data, "0123456789");
    free(bytes.data);
    assert_unread(&store, "ten", 9, "larger than any");
    clfi_store_close(&store);
    end(path);
}
END_TEST

START_TEST(odd_files_are_not_read)
{
    char path[64];
    begin(path);
    clfi_store store = open_store();
    write_text("clfavor/file", "text");
    ck_assert_int_eq(symlink("file", "clfavor/link"), 0);
    assert_unread(&store, "link", 10, "symbolic link");
    ck_assert_int_eq(mkfifo("clfavor/pipe", 0600), 0);
    alarm(60);  // nobody writes to it
    assert_unread(&store, "pipe", 10, "no regular file");
    alarm(0);
    ck_assert_int_eq(mkdir("clfavor/folder", 0700), 0);
    assert_unread(&store, "folder", 10, "no regular file");
    if (is_root("a file of another user, or without permission")) {
        ck_assert_int_eq(chown("clfavor/file", NOBODY, NOBODY), 0);
        assert_unread(&store, "file", 10, "belongs to another user");
        ck_assert_int_eq(chmod("clfavor/file", 0), 0);
        ck_assert_int_eq(chmod("clfavor", 0755), 0);
        ck_assert_int_eq(seteuid(NOBODY), 0);
        assert_unread(&store, "file", 10, "Permission denied");
        ck_assert_int_eq(seteuid(0), 0);
    }
    clfi_store_close(&store);
    end(path);
}
END_TEST

START_TEST(files_are_replaced)
{
    char path[64];
    begin(path);
    clfi_store store = open_store();
    const clfi_bytes parts[] = {{(char *)"one ", 4}, {NULL, 0}, {(char *)"two", 3}};
    ck_assert_int_eq(clfi_store_replace(&store, "file", parts, 3), CLF_OK);
    assert_read(&store, "file", "one two");
    ck_assert_uint_eq(mode_of("clfavor/file"), 0600);
    ck_assert_int_eq(replace(&store, "file", "three"), CLF_OK);
    assert_read(&store, "file", "three");

    write_text("elsewhere", "mine");
    remove("clfavor/file");
    ck_assert_int_eq(symlink("../elsewhere", "clfavor/file"), 0);
    ck_assert_int_eq(replace(&store, "file", "four"), CLF_OK);
    assert_read(&store, "file", "four");
    assert_text("elsewhere", "mine");
    remove("elsewhere");

    ck_assert_int_eq(mkdir("clfavor/folder", 0700), 0);
    ck_assert_int_eq(replace(&store, "folder", "five"), CLF_ERROR_IO);
    ck_assert_int_eq(said.count, 1);
    assert_said(&said, "cannot write");
    assert_said(&said, "clfavor/folder: Is a directory");
    ck_assert_int_eq(count_files("clfavor", "", ""), 2);
    ck_assert_int_eq(clfi_store_remove(&store, "file"), CLF_OK);
    ck_assert_int_eq(clfi_store_remove(&store, "file"), CLF_OK);
    ck_assert_int_eq(clfi_store_remove(&store, "folder"), CLF_ERROR_IO);
    assert_said(&said, "cannot remove");
    clfi_store_close(&store);
    end(path);
}
END_TEST

START_TEST(what_cannot_be_written_stays)
{
    char path[64], text[8192];
    struct rlimit limit;
    begin(path);
    clfi_store store = open_store();
    ck_assert_int_eq(replace(&store, "file", "old"), CLF_OK);
    ck_assert_int_eq(clfi_store_append(&store, "lines", "first"), CLF_OK);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = 4096;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    ck_assert_int_eq(replace(&store, "file", text), CLF_ERROR_IO);
    assert_said(&said, "cannot write");
    ck_assert_int_eq(clfi_store_append(&store, "lines", text), CLF_ERROR_IO);
    limit.rlim_cur = before;
    setrlimit(RLIMIT_FSIZE, &limit);
    assert_text("clfavor/file", "old");
    ck_assert_int_eq(clfi_store_append(&store, "lines", "last"), CLF_OK);
    size_t size;
    char *lines = read_bytes("clfavor/lines", &size);
    ck_assert(strncmp(lines, "first\nxxx", 9) == 0 && strcmp(lines + size - 7, "x\nlast\n") == 0);
    free(lines);
    if (is_root("a folder without permission to write")) {
        ck_assert_int_eq(chmod("clfavor", 0555), 0);
        ck_assert_int_eq(seteuid(NOBODY), 0);
        ck_assert_int_eq(replace(&store, "file", "new"), CLF_ERROR_IO);
        assert_said(&said, "clfavor/file: Permission denied");
        ck_assert_int_eq(clfi_store_append(&store, "more", "x"), CLF_ERROR_IO);
        ck_assert_int_eq(clfi_store_remove(&store, "file"), CLF_ERROR_IO);
        int lock = 7;
        ck_assert_int_eq(clfi_store_lock(&store, "lock", &lock), CLF_ERROR_IO);
        ck_assert_int_eq(lock, -1);
        ck_assert_int_eq(seteuid(0), 0);
    }
    ck_assert_int_eq(count_files("clfavor", "", ""), 2);
    assert_text("clfavor/file", "old");
    clfi_store_close(&store);
    end(path);
}
END_TEST

/* Readers get the old or the new file while it is replaced again and again. */
START_TEST(readers_see_whole_files)
{
    char path[64], text[2][5000];
    begin(path);
    clfi_store store = open_store();
    for (int i = 0; i < 2; i++) {
        memset(text[i], 'a' + i, sizeof text[i] - 1);
        text[i][sizeof text[i] - 1 - (size_t)i] = '\0';
    }
    ck_assert_int_eq(replace(&store, "file", text[0]), CLF_OK);
    const pid_t child = fork();
    if (child == 0) {
        int failed = 0;
        for (int i = 0; i < 300; i++)
            failed += replace(&store, "file", text[i % 2]) != CLF_OK;
        _exit(failed);
    }
    int state = 0;
    while (waitpid(child, &state, WNOHANG) == 0) {
        clfi_bytes bytes;
        ck_assert_int_eq(clfi_store_read(&store, "file", sizeof text[0], &bytes), CLF_OK);
        ck_assert(bytes.data &&
                  (strcmp(bytes.data, text[0]) == 0 || strcmp(bytes.data, text[1]) == 0));
        free(bytes.data);
    }
    ck_assert_int_eq(state, 0);
    ck_assert_int_eq(count_files("clfavor", "", ""), 1);
    clfi_store_close(&store);
    end(path);
}
END_TEST

START_TEST(abandoned_files_are_swept)
{
    char path[64], taken[64], fresh[96];
    begin(path);
    clfi_store store = open_store();
    snprintf(taken, sizeof taken, "clfavor/.tmp.%ld.0", (long)getpid());
    snprintf(fresh, sizeof fresh, "clfavor/.tmp.%ld.1", (long)getpid());
    write_text(taken, "of a process that had our number");
    write_text(fresh, "of a thread of ours");
    write_text("clfavor/.tmp.1.0", "abandoned");
    make_older("clfavor/.tmp.1.0", 3600);
    write_text("clfavor/tmp", "no temporary file");
    make_older("clfavor/tmp", 3600);
    ck_assert_int_eq(symlink("nowhere", "clfavor/.tmp.2.0"), 0);
    make_older("clfavor/.tmp.2.0", 3600);
    ck_assert_int_eq(replace(&store, "file", "text"), CLF_OK);
    assert_read(&store, "file", "text");
    assert_text(taken, "of a process that had our number");
    assert_text(fresh, "of a thread of ours");
    assert_text("clfavor/tmp", "no temporary file");
    ck_assert_int_eq(count_files("clfavor", ".tmp", ""), 2);
    clfi_store_close(&store);
    end(path);
}
END_TEST

START_TEST(lines_are_appended)
{
    char path[64];
    begin(path);
    clfi_store store = open_store();
    ck_assert_int_eq(clfi_store_append(&store, "lines", "one"), CLF_OK);
    ck_assert_uint_eq(mode_of("clfavor/lines"), 0600);
    ck_assert_int_eq(clfi_store_append(&store, "lines", ""), CLF_OK);
    ck_assert_int_eq(clfi_store_append(&store, "lines", "two"), CLF_OK);
    assert_text("clfavor/lines", "one\n\ntwo\n");
    write_text("clfavor/lines", "whole\npa");
    ck_assert_int_eq(clfi_store_append(&store, "lines", "three"), CLF_OK);
    assert_text("clfavor/lines", "whole\npa\nthree\n");

    ck_assert_int_eq(symlink("lines", "clfavor/link"), 0);
    ck_assert_int_eq(clfi_store_append(&store, "link", "x"), CLF_ERROR_IO);
    ck_assert_int_eq(mkfifo("clfavor/pipe", 0600), 0);
    ck_assert_int_eq(clfi_store_append(&store, "pipe", "x"), CLF_ERROR_IO);
    assert_said(&said, "no regular file");
    assert_text("clfavor/lines", "whole\npa\nthree\n");
    if (is_root("a file of another user")) {
        ck_assert_int_eq(chown("clfavor/lines", NOBODY, NOBODY), 0);
        ck_assert_int_eq(clfi_store_append(&store, "lines", "x"), CLF_ERROR_IO);
        assert_said(&said, "belongs to another user");
        assert_text("clfavor/lines", "whole\npa\nthree\n");
    }
    clfi_store_close(&store);
    end(path);
}
END_TEST

static void append_lines(const clfi_store *store, int process)
{
    int failed = 0;
    for (int i = 0; i < LINES; i++) {
        char line[300];
        memset(line, 'a' + process, sizeof line);
        snprintf(line + 5 * i, sizeof line - (size_t)(5 * i), "%d %d", process, i);
        failed += clfi_store_append(store, "lines", line) != CLF_OK;
    }
    _exit(failed);
}

START_TEST(lines_of_many_processes_are_whole)
{
    char path[64];
    int state = 0, next[PROCESSES] = {0};
    begin(path);
    clfi_store store = open_store();
    for (int i = 0; i < PROCESSES; i++) {
        if (fork() == 0)
            append_lines(&store, i);
    }
    while (wait(&state) > 0)
        ck_assert_int_eq(state, 0);
    size_t size;
    char *text = read_bytes("clfavor/lines", &size);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        int process = -1, i = -1;
        const char *numbers = line + strspn(line, "abcdefgh");
        ck_assert_msg(sscanf(numbers, "%d %d", &process, &i) == 2, "torn: '%s'", line);
        ck_assert_msg(process >= 0 && process < PROCESSES && i == next[process], "torn: '%s'",
                      line);
        ck_assert_int_eq(numbers - line, 5 * i);
        next[process]++;
    }
    for (int i = 0; i < PROCESSES; i++)
        ck_assert_int_eq(next[i], LINES);
    free(text);
    clfi_store_close(&store);
    end(path);
}
END_TEST

/* While another process is within a line, as its lock tells, a line waits. */
START_TEST(a_line_waits_for_another)
{
    char path[64];
    int state = 1;
    begin(path);
    clfi_store store = open_store();
    write_text("clfavor/lines", "one\n");
    const int file = open("clfavor/lines", O_WRONLY | O_APPEND | O_CLOEXEC);
    ck_assert_int_eq(flock(file, LOCK_EX), 0);
    const pid_t child = fork();
    if (child == 0) {
        close(file);
        _exit(clfi_store_append(&store, "lines", "two") != CLF_OK);
    }
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);  // time to be wrong in
    ck_assert_int_eq(write(file, "pa", 2), 2);
    close(file);
    ck_assert_int_eq(waitpid(child, &state, 0), child);
    ck_assert_int_eq(state, 0);
    assert_text("clfavor/lines", "one\npa\ntwo\n");
    clfi_store_close(&store);
    end(path);
}
END_TEST

/* A process that holds the lock until it is killed. */
static pid_t hold_lock(const clfi_store *store)
{
    int ready[2], lock;
    char byte;
    ck_assert_int_eq(pipe(ready), 0);
    const pid_t child = fork();
    if (child == 0) {
        if (clfi_store_lock(store, "lock", &lock) == CLF_OK && write(ready[1], "x", 1) == 1)
            pause();
        _exit(1);
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return child;
}

static bool is_locked(void)
{
    const int file = open("clfavor/lock", O_RDWR);
    ck_assert_int_ge(file, 0);
    const bool locked = flock(file, LOCK_EX | LOCK_NB) != 0;
    ck_assert(!locked || errno == EWOULDBLOCK);
    close(file);
    return locked;
}

START_TEST(locks)
{
    char path[64];
    int lock = -1;
    begin(path);
    clfi_store store = open_store();
    const pid_t holder = hold_lock(&store);
    ck_assert(is_locked());
    ck_assert_int_eq(kill(holder, SIGKILL), 0);
    ck_assert_int_eq(waitpid(holder, NULL, 0), holder);
    ck_assert_int_eq(clfi_store_lock(&store, "lock", &lock), CLF_OK);
    ck_assert_int_eq(fcntl(lock, F_GETFD), FD_CLOEXEC);
    ck_assert_uint_eq(mode_of("clfavor/lock"), 0600);
    ck_assert(is_locked());
    clfi_store_unlock(lock);
    ck_assert(!is_locked());
    clfi_store_unlock(-1);
    clfi_store_close(&store);
    end(path);
}
END_TEST

/* A file of a thousand bytes that was used last so many seconds ago. */
static void make_used(const char *name, time_t seconds)
{
    char path[64], text[1000];
    snprintf(path, sizeof path, "clfavor/%s", name);
    memset(text, 'x', sizeof text);
    write_bytes(path, text, sizeof text);
    make_older(path, seconds);
}

START_TEST(what_was_not_used_is_trimmed)
{
    char path[64];
    begin(path);
    clfi_store store = open_store();
    ck_assert_int_eq(clfi_store_trim(&store, ".bin", 0), CLF_OK);
    for (int i = 0; i < 100; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d.bin", i);
        make_used(name, 1000 + i * 37 % 100);  // 0.bin was the last
    }
    make_used("old.other", 5000);
    make_used("bin", 5000);
    ck_assert_int_eq(mkdir("clfavor/folder.bin", 0700), 0);
    ck_assert_int_eq(clfi_store_trim(&store, ".bin", 100000), CLF_OK);
    ck_assert_int_eq(count_files("clfavor", "", ".bin"), 101);
    ck_assert_int_eq(clfi_store_trim(&store, ".bin", 99999), CLF_OK);
    ck_assert_int_eq(count_files("clfavor", "", ".bin"), 100);
    ck_assert_uint_eq(mode_of("clfavor/27.bin"), 0);  // 27 * 37 % 100 is 99
    clfi_store_touch(&store, "54.bin");               // would be the next
    clfi_store_touch(&store, "none.bin");
    ck_assert_int_eq(clfi_store_trim(&store, ".bin", 2000), CLF_OK);
    ck_assert_int_eq(count_files("clfavor", "", ".bin"), 3);
    ck_assert_uint_ne(mode_of("clfavor/54.bin"), 0);
    ck_assert_uint_ne(mode_of("clfavor/0.bin"), 0);
    ck_assert_uint_ne(mode_of("clfavor/folder.bin"), 0);
    ck_assert_uint_ne(mode_of("clfavor/old.other"), 0);
    ck_assert_uint_ne(mode_of("clfavor/bin"), 0);
    ck_assert_int_eq(said.count, 0);
    clfi_store_close(&store);
    end(path);
}
END_TEST

RUN_TESTS("store", folders_are_the_owners_alone, places, unsafe_folders_are_refused,
          files_are_read_whole, odd_files_are_not_read, files_are_replaced,
          what_cannot_be_written_stays, readers_see_whole_files, abandoned_files_are_swept,
          lines_are_appended, lines_of_many_processes_are_whole, a_line_waits_for_another, locks,
          what_was_not_used_is_trimmed)
