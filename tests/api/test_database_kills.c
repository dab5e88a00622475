/* A process that adds to the journal, folds and imports is killed at every system call of the
 * store, before and within it; and the disk fills up at every one. What is found afterwards is the
 * old database or the new one, nothing that was in the journal is lost, and the next process goes
 * on as if nothing had happened. Needs no device.
 *
 * Prints how often. */
#define _GNU_SOURCE  // MAP_ANONYMOUS
#include "tune_support.h"

#include <dirent.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <clfavor/tune.h>

#include "host/log.h"
#include "store_calls.h"

/* How far a process came; shared with the one that watches it. */
typedef struct progress {
    clf_status status;
    bool added;  // the new result is in the journal, and on the disk
} progress;

static progress *shared;
static char home[64];
static char *import_text;

static clfi_result of_dtype(const char *dtype)
{
    clfi_result r = sample_result("causal", 100);
    snprintf(r.key.dtype, sizeof r.key.dtype, "%s", dtype);
    return r;
}

static void put_into_journal(const clfi_store *store, const char *dtype)
{
    const clfi_result r = of_dtype(dtype);
    ck_assert_int_eq(clfi_journal_add(store, &r), CLF_OK);
}

static void put_into_database(const clfi_store *store, const char *dtype)
{
    clfi_result r = of_dtype(dtype);
    const clfi_database more = {.results = &r, .count = 1};
    ck_assert_int_eq(clfi_database_fold(store, &more), CLF_OK);
}

/* --- what is there before ----------------------------------------------------------------------
 */

static void make_nothing(void)
{
}

static void make_database(void)
{
    clfi_store store = open_store(NULL, CLF_LOG_ERROR);
    put_into_database(&store, "old");
    clfi_store_close(&store);
}

static void make_journal(void)
{
    clfi_store store = open_store(NULL, CLF_LOG_ERROR);
    put_into_journal(&store, "kept");
    clfi_store_close(&store);
}

static void make_unfinished(void)
{
    clfi_store store = open_store(NULL, CLF_LOG_ERROR);
    put_into_database(&store, "old");
    put_into_journal(&store, "kept");
    char *text = read_file(&store, CLFI_JOURNAL_NAME);
    text = realloc(text, 2 * strlen(text) + 1);
    ck_assert_ptr_nonnull(text);
    const size_t line = strlen(text);
    memcpy(text + line, text, line / 2);
    text[line + line / 2] = '\0';
    write_file(&store, CLFI_JOURNAL_NAME, text);
    free(text);
    clfi_store_close(&store);
}

static void make_damaged(void)
{
    clfi_store store = open_store(NULL, CLF_LOG_ERROR);
    write_file(&store, CLFI_DATABASE_NAME, "{\"format\": \"clfavor-tun");
    put_into_journal(&store, "kept");
    clfi_store_close(&store);
}

static void make_large_journal(void)
{
    const size_t size = 5 << 20;
    clfi_store store = open_store(NULL, CLF_LOG_ERROR);
    put_into_database(&store, "old");
    put_into_journal(&store, "kept");
    char *line = malloc(size + 1);
    ck_assert_ptr_nonnull(line);
    memset(line, 'x', size);
    line[size] = '\0';
    ck_assert_int_eq(clfi_store_append(&store, CLFI_JOURNAL_NAME, line), CLF_OK);
    free(line);
    clfi_store_close(&store);
}

/* --- what is done ------------------------------------------------------------------------------
 */

static clf_status add_and_fold(progress *p)
{
    clf_status status = CLF_OK;
    clfi_store store;
    const clfi_result r = of_dtype("new");
    TRY(clfi_store_open(CLFI_STORE_DATA, true, NULL, CLF_LOG_ERROR, &store));
    TRY(clfi_journal_add(&store, &r));
    p->added = true;
    TRY(clfi_database_fold(&store, NULL));
fail:
    clfi_store_close(&store);
    return status;
}

static clf_status import(progress *p)
{
    (void)p;
    return clf_tune_import(import_text, strlen(import_text), NULL, NULL);
}

static const struct {
    void (*make)(void);
    clf_status (*act)(progress *p);
    bool old, kept;  // which results must be there afterwards
} scenarios[] = {
    {make_nothing, add_and_fold, false, false}, {make_database, add_and_fold, true, false},
    {make_journal, add_and_fold, false, true},  {make_unfinished, add_and_fold, true, true},
    {make_damaged, add_and_fold, false, true},  {make_large_journal, add_and_fold, true, true},
    {make_nothing, import, false, false},       {make_unfinished, import, true, true},
};
enum {
    SCENARIOS = sizeof scenarios / sizeof scenarios[0]
};

/* Removes all files. Returns how many were temporary ones. */
static int clear_home(void)
{
    char path[512];
    int temporary = 0;
    snprintf(path, sizeof path, "%s/clfavor", home);
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder)) != NULL;) {
        snprintf(path, sizeof path, "%s/clfavor/%s", home, entry->d_name);
        temporary += strncmp(entry->d_name, ".tmp", 4) == 0;
        unlink(path);
    }
    if (folder)
        closedir(folder);
    snprintf(path, sizeof path, "%s/clfavor", home);
    rmdir(path);
    return temporary;
}

/* The database's bytes, "" without one. The caller frees them. */
static char *database_bytes(void)
{
    clfi_store store = open_store(NULL, CLF_LOG_ERROR);
    char *text = read_file(&store, CLFI_DATABASE_NAME);
    clfi_store_close(&store);
    return text ? text : calloc(1, 1);
}

static void assert_there(const char *dtype)
{
    clfi_store store = open_store(NULL, CLF_LOG_ERROR);
    clfi_database db;
    clfi_fit fit;
    const clfi_result r = of_dtype(dtype);
    ck_assert_int_eq(clfi_database_read(&store, &db), CLF_OK);
    ck_assert_msg(clfi_database_find(&db, &r.key, &fit) != NULL, "'%s' is lost", dtype);
    clfi_database_finish(&db);
    clfi_store_close(&store);
}

/* Runs a scenario in a process of its own. Returns whether it was killed. */
static bool run(int scenario, store_accident accident, int n)
{
    *shared = (progress){.status = CLF_OK};
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        if (n > 0)
            store_calls_arm(accident, n);
        shared->status = scenarios[scenario].act(shared);
        _exit(EXIT_SUCCESS);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status)) {
        ck_assert_int_eq(WTERMSIG(status), SIGKILL);
        return true;
    }
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS);
    ck_assert_msg(shared->status == CLF_OK || (n > 0 && shared->status == CLF_ERROR_IO),
                  "scenario %d, call %d: status %d", scenario, n, shared->status);
    return false;
}

/* What must hold after an accident, whatever it was. */
static void assert_whole(int scenario, const char *before, const char *after)
{
    const progress seen = *shared;
    char *found = database_bytes();
    ck_assert_msg(strcmp(found, before) == 0 || strcmp(found, after) == 0,
                  "scenario %d: neither the old database nor the new one: '%s'", scenario, found);
    free(found);
    clfi_store store = open_store(NULL, CLF_LOG_ERROR);
    ck_assert_int_eq(clfi_database_fold(&store, NULL), CLF_OK);
    clfi_store_close(&store);
    if (scenarios[scenario].old)
        assert_there("old");
    if (scenarios[scenario].kept)
        assert_there("kept");
    if (seen.added)
        assert_there("new");
    ck_assert(!run(scenario, STORE_DISK_FULL, 0));
    found = database_bytes();
    ck_assert_msg(strcmp(found, after) == 0, "scenario %d: '%s' instead of '%s'", scenario, found,
                  after);
    free(found);
}

/* All accidents of one kind in a scenario. Returns how many there were. */
static int suffer(int scenario, store_accident accident)
{
    clear_home();
    scenarios[scenario].make();
    char *before = database_bytes();
    ck_assert(!run(scenario, accident, 0));
    char *after = database_bytes();
    int n = 1;
    for (bool over = false; !over; n++) {
        clear_home();
        scenarios[scenario].make();
        const bool killed = run(scenario, accident, n);
        over = !killed && shared->status == CLF_OK;
        assert_whole(scenario, before, after);
        const int temporary = clear_home();
        ck_assert_msg(killed || temporary == 0, "scenario %d: a temporary file is left", scenario);
    }
    free(before);
    free(after);
    return n - 2;
}

static void begin_trials(void)
{
    clfi_result r = of_dtype("sent");
    const clfi_database db = {.results = &r, .count = 1};
    // In memory where that can be: there is no disk to wait for, and a kill is a kill.
    snprintf(home, sizeof home, "%s/clfavor-test-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(home));
    ck_assert_int_eq(setenv("XDG_DATA_HOME", home, 1), 0);
    import_text = printed(&db);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert(shared != MAP_FAILED);
}

static void end_trials(void)
{
    clear_home();
    ck_assert_int_eq(rmdir(home), 0);
    free(import_text);
    munmap(shared, sizeof *shared);
}

START_TEST(a_kill_at_any_call_loses_nothing)
{
    int kills = 0;
    begin_trials();
    for (int i = 0; i < SCENARIOS; i++)
        kills += suffer(i, STORE_KILL_BEFORE) + suffer(i, STORE_KILL_WITHIN);
    end_trials();
    printf("%d kills\n", kills);
    ck_assert_int_ge(kills, 200);
}
END_TEST

/* The last calls of a fold come after all was written: there the disk may be full. */
START_TEST(a_disk_that_fills_up_at_any_call_loses_nothing)
{
    int failures = 0;
    begin_trials();
    for (int i = 0; i < SCENARIOS; i++)
        failures += suffer(i, STORE_DISK_FULL);
    end_trials();
    printf("%d times a full disk\n", failures);
    ck_assert_int_ge(failures, 50);
}
END_TEST

RUN_TESTS("kills", a_kill_at_any_call_loses_nothing, a_disk_that_fills_up_at_any_call_loses_nothing)
