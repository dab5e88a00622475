/* Journal and database on disk, and the calls that send, take and forget results. Needs no
 * device. */
#include "tune/database_internal.h"
#include "tune_support.h"

#include <signal.h>
#include <sys/wait.h>

#include <clfavor/tune.h>

static clfi_result of_dtype(const char *dtype, int64_t time, clfi_origin origin)
{
    clfi_result r = sample_result("causal", time);
    snprintf(r.key.dtype, sizeof r.key.dtype, "%s", dtype);
    r.origin = origin;
    return r;
}

static void add(const clfi_store *store, const clfi_result *r)
{
    ck_assert_int_eq(clfi_journal_add(store, r), CLF_OK);
}

static void fold(const clfi_store *store, const clfi_database *more)
{
    ck_assert_int_eq(clfi_database_fold(store, more), CLF_OK);
}

/* The time of the result for a type, -1 if there is none. */
static int64_t time_of(const clfi_store *store, const char *dtype)
{
    clfi_database db;
    clfi_fit fit;
    const clfi_result r = of_dtype(dtype, 0, CLFI_ORIGIN_TUNED);
    ck_assert_int_eq(clfi_database_read(store, &db), CLF_OK);
    const clfi_result *found = clfi_database_find(&db, &r.key, &fit);
    const int64_t time = found ? found->time : -1;
    clfi_database_finish(&db);
    return time;
}

START_TEST(the_journal_keeps_all_and_the_database_what_won)
{
    char home[64];
    own_data_home(home);
    clfi_store store = open_store(NULL, CLF_LOG_ERROR);
    clfi_database db;
    ck_assert_int_eq(clfi_journal_read(&store, &db), CLF_OK);
    ck_assert_int_eq(db.count, 0);
    ck_assert_int_eq(clfi_database_read(&store, &db), CLF_OK);
    ck_assert_int_eq(db.count, 0);

    clfi_result r = of_dtype("f32", 10, CLFI_ORIGIN_TUNED);
    add(&store, &r);
    r.final = false;
    r.time = 20;
    add(&store, &r);
    r.verdict = CLFI_VERDICT_TIMEOUT;
    r.time = 30;
    add(&store, &r);
    clfi_class_record record = sample_class("d", "cpu_8");
    ck_assert_int_eq(clfi_journal_add_class(&store, &record), CLF_OK);
    snprintf(record.name, sizeof record.name, "cpu_4");
    ck_assert_int_eq(clfi_journal_add_class(&store, &record), CLF_OK);

    ck_assert_int_eq(clfi_journal_read(&store, &db), CLF_OK);
    ck_assert_int_eq(db.count, 3);
    ck_assert_int_eq(db.left_out, 0);
    assert_same_result(&db.results[2], &r);
    ck_assert_int_eq(db.class_count, 1);
    ck_assert_str_eq(db.classes[0].name, "cpu_4");
    clfi_database_finish(&db);

    fold(&store, NULL);
    ck_assert_int_eq(clfi_database_read(&store, &db), CLF_OK);
    ck_assert_int_eq(db.count, 1);
    ck_assert_int_eq(db.left_out, 0);
    ck_assert_int_eq(db.results[0].time, 10);
    ck_assert_str_eq(db.classes[0].name, "cpu_4");
    clfi_database_finish(&db);
    char *once = read_file(&store, CLFI_DATABASE_NAME);
    fold(&store, NULL);
    char *twice = read_file(&store, CLFI_DATABASE_NAME);
    ck_assert_str_eq(once, twice);
    free(once);
    free(twice);
    clfi_store_close(&store);
    drop_data_home(home);
}
END_TEST

START_TEST(what_is_worth_most_stays)
{
    static const struct {
        clfi_origin before, after;
        int64_t times[2], stays;
    } cases[] = {
        {CLFI_ORIGIN_TUNED, CLFI_ORIGIN_TUNED, {10, 20}, 20},
        {CLFI_ORIGIN_TUNED, CLFI_ORIGIN_TUNED, {20, 10}, 20},
        {CLFI_ORIGIN_TUNED, CLFI_ORIGIN_IMPORTED, {10, 20}, 10},
        {CLFI_ORIGIN_IMPORTED, CLFI_ORIGIN_TUNED, {20, 10}, 10},
        {CLFI_ORIGIN_IMPORTED, CLFI_ORIGIN_IMPORTED, {10, 20}, 20},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char home[64];
        own_data_home(home);
        clfi_store store = open_store(NULL, CLF_LOG_ERROR);
        for (int n = 0; n < 2; n++) {
            clfi_result r =
                of_dtype("f32", cases[i].times[n], n ? cases[i].after : cases[i].before);
            const clfi_database more = {.results = &r, .count = 1};
            fold(&store, &more);
        }
        ck_assert_int_eq(time_of(&store, "f32"), cases[i].stays);
        clfi_store_close(&store);
        drop_data_home(home);
    }
}
END_TEST

/* One of another's search does not say what this device is, once it is known here. */
START_TEST(a_class_that_is_known_stays)
{
    char home[64];
    own_data_home(home);
    clfi_store store = open_store(NULL, CLF_LOG_ERROR);
    clfi_class_record records[] = {sample_class("a", "mali"), sample_class("b", "mali")};
    const clfi_database more = {.classes = records, .class_count = 2};
    const clfi_class_record own = sample_class("a", "cpu_8");
    clfi_database db;
    ck_assert_int_eq(clfi_journal_add_class(&store, &own), CLF_OK);
    fold(&store, &more);
    fold(&store, &more);
    ck_assert_int_eq(clfi_database_read(&store, &db), CLF_OK);
    ck_assert_str_eq(clfi_database_class(&db, &records[0].identity), "cpu_8");
    ck_assert_str_eq(clfi_database_class(&db, &records[1].identity), "mali");
    clfi_database_finish(&db);
    clfi_store_close(&store);
    drop_data_home(home);
}
END_TEST

START_TEST(foreign_lines_of_the_journal_are_passed_over)
{
    char home[64];
    own_data_home(home);
    all_messages all;
    clfi_store store = open_store(listen_to(&all), CLF_LOG_ERROR);
    const clfi_result a = of_dtype("a", 10, CLFI_ORIGIN_TUNED);
    const clfi_result b = of_dtype("b", 10, CLFI_ORIGIN_TUNED);
    write_file(&store, CLFI_JOURNAL_NAME,
               "\n#!/bin/sh\n[1]\n{\"key\": 1}\n{\"class\": \"cpu_99\"}\n\xff\xfe\n{\"timestamp");
    add(&store, &a);
    add(&store, &b);
    clfi_database db;
    ck_assert_int_eq(clfi_journal_read(&store, &db), CLF_OK);
    ck_assert_int_eq(db.count, 2);
    ck_assert_int_eq(db.left_out, 6);
    ck_assert_int_eq(all.count[CLF_LOG_DEBUG], 6);
    ck_assert_ptr_nonnull(strstr(all.text, "journal.jsonl:4: key is 1, but an object is wanted"));
    ck_assert_ptr_nonnull(strstr(all.text, "journal.jsonl:5: class is 'cpu_99', but"));
    clfi_database_finish(&db);
    fold(&store, NULL);
    ck_assert_int_eq(time_of(&store, "a"), 10);
    ck_assert_int_eq(time_of(&store, "b"), 10);
    clfi_store_close(&store);
    drop_data_home(home);
}
END_TEST

START_TEST(a_damaged_database_is_kept_beside)
{
    static const char *const damaged[] = {"", "{", "[]", "\xff", "{\"format\": \"another\"}"};
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        char home[64];
        own_data_home(home);
        all_messages all;
        clfi_store store = open_store(listen_to(&all), CLF_LOG_ERROR);
        const clfi_result r = of_dtype("f32", 10, CLFI_ORIGIN_TUNED);
        clfi_database db;
        write_file(&store, CLFI_DATABASE_NAME, damaged[i]);
        ck_assert_int_eq(clfi_database_read(&store, &db), CLF_ERROR_FORMAT);
        ck_assert_int_eq(all.count[CLF_LOG_ERROR], 1);
        add(&store, &r);
        fold(&store, NULL);
        ck_assert_int_eq(all.count[CLF_LOG_ERROR], 1);
        ck_assert_ptr_nonnull(strstr(all.text, "tuned.json was not right, and is kept as"));
        ck_assert_int_eq(time_of(&store, "f32"), 10);
        char *kept = read_file(&store, CLFI_BAD_NAME);
        ck_assert_str_eq(kept, damaged[i]);
        free(kept);
        clfi_store_close(&store);
        drop_data_home(home);
    }
}
END_TEST

/* As after a step back to an older version, which does not know some parameter. */
START_TEST(a_database_with_one_wrong_entry_is_kept_too)
{
    char home[64];
    own_data_home(home);
    all_messages all;
    clfi_store store = open_store(listen_to(&all), CLF_LOG_ERROR);
    const clfi_result a = of_dtype("a", 10, CLFI_ORIGIN_TUNED);
    const clfi_result b = of_dtype("b", 10, CLFI_ORIGIN_TUNED);
    clfi_database more = {.count = 0};
    ck_assert_int_eq(clfi_database_put(&more, &a), CLF_OK);
    ck_assert_int_eq(clfi_database_put(&more, &b), CLF_OK);
    fold(&store, &more);
    char *text = read_file(&store, CLFI_DATABASE_NAME);
    memcpy(strstr(text, "tile_rows"), "tile_cols", 9);
    write_file(&store, CLFI_DATABASE_NAME, text);
    fold(&store, NULL);
    ck_assert_int_eq(time_of(&store, "a"), -1);
    ck_assert_int_eq(time_of(&store, "b"), 10);
    char *kept = read_file(&store, CLFI_BAD_NAME);
    ck_assert_str_eq(kept, text);
    free(kept);
    free(text);
    fold(&store, NULL);
    ck_assert_int_eq(all.count[CLF_LOG_WARNING], 2);
    clfi_database_finish(&more);
    clfi_store_close(&store);
    drop_data_home(home);
}
END_TEST

static void append_large(const clfi_store *store)
{
    char *line = malloc(CLFI_JOURNAL_LARGE + 1);
    ck_assert_ptr_nonnull(line);
    memset(line, 'x', CLFI_JOURNAL_LARGE);
    line[CLFI_JOURNAL_LARGE] = '\0';
    ck_assert_int_eq(clfi_store_append(store, CLFI_JOURNAL_NAME, line), CLF_OK);
    free(line);
}

START_TEST(a_large_journal_is_begun_anew)
{
    char home[64];
    own_data_home(home);
    clfi_store store = open_store(NULL, CLF_LOG_ERROR);
    const clfi_result a = of_dtype("a", 10, CLFI_ORIGIN_TUNED);
    const clfi_result b = of_dtype("b", 10, CLFI_ORIGIN_TUNED);
    add(&store, &a);
    fold(&store, NULL);
    char *text = read_file(&store, CLFI_JOURNAL_NAME);
    ck_assert_ptr_nonnull(text);
    free(text);
    append_large(&store);
    add(&store, &b);
    fold(&store, NULL);
    ck_assert_ptr_null(read_file(&store, CLFI_JOURNAL_NAME));
    fold(&store, NULL);
    ck_assert_int_eq(time_of(&store, "a"), 10);
    ck_assert_int_eq(time_of(&store, "b"), 10);
    clfi_store_close(&store);
    drop_data_home(home);
}
END_TEST

enum {
    WRITERS = 4,
    RESULTS = 25
};

/* What one of several processes does: adds, and folds every now and then. */
static void write_many(int writer)
{
    clfi_store store;
    bool right = clfi_store_open(CLFI_STORE_DATA, true, NULL, CLF_LOG_ERROR, &store) == CLF_OK;
    for (int i = 0; i < RESULTS && right; i++) {
        char dtype[16];
        snprintf(dtype, sizeof dtype, "%d.%d", writer, i);
        const clfi_result r = of_dtype(dtype, 10, CLFI_ORIGIN_TUNED);
        right = clfi_journal_add(&store, &r) == CLF_OK;
        if (right && i % 3 == writer % 3)
            right = clfi_database_fold(&store, NULL) == CLF_OK;
    }
    _exit(right ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* The journal is large at first, so that one of them begins it anew while others add. */
START_TEST(processes_that_fold_at_once_lose_nothing)
{
    char home[64];
    own_data_home(home);
    clfi_store store = open_store(NULL, CLF_LOG_ERROR);
    append_large(&store);
    pid_t writers[WRITERS];
    for (int w = 0; w < WRITERS; w++) {
        writers[w] = fork();
        ck_assert_int_ge(writers[w], 0);
        if (writers[w] == 0)
            write_many(w);
    }
    for (int w = 0; w < WRITERS; w++) {
        int status;
        ck_assert_int_eq(waitpid(writers[w], &status, 0), writers[w]);
        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS);
    }
    fold(&store, NULL);
    for (int i = 0; i < WRITERS * RESULTS; i++) {
        char dtype[16];
        snprintf(dtype, sizeof dtype, "%d.%d", i / RESULTS, i % RESULTS);
        ck_assert_msg(time_of(&store, dtype) == 10, "%s is lost", dtype);
    }
    clfi_store_close(&store);
    drop_data_home(home);
}
END_TEST

/* Never what somebody has put in its place. */
START_TEST(a_link_or_a_huge_file_is_no_database)
{
    char home[64], path[256];
    own_data_home(home);
    kept_log kept;
    clfi_store store = open_store(keep(&kept, CLF_LOG_ERROR), CLF_LOG_ERROR);
    snprintf(path, sizeof path, "%s/%s", store.path, CLFI_DATABASE_NAME);
    ck_assert_int_eq(symlink("/etc/hostname", path), 0);
    ck_assert_int_eq(clfi_database_fold(&store, NULL), CLF_ERROR_IO);
    assert_said(&kept, "tuned.json");
    ck_assert_int_eq(unlink(path), 0);
    write_file(&store, CLFI_DATABASE_NAME, "");
    ck_assert_int_eq(truncate(path, CLFI_DATABASE_BYTES + 1), 0);
    ck_assert_int_eq(clfi_database_fold(&store, NULL), CLF_ERROR_IO);
    assert_said(&kept, "larger than any that clfavor writes");
    clfi_store_close(&store);
    drop_data_home(home);
}
END_TEST

START_TEST(what_is_exported_can_be_imported_elsewhere)
{
    char here[64], there[64], *text, *again;
    own_data_home(here);
    kept_log kept;
    const clf_log *log = keep(&kept, CLF_LOG_WARNING);
    clfi_store store = open_store(NULL, CLF_LOG_ERROR);
    clfi_result results[3];
    const clfi_class_record record = sample_class("d", "cpu_8");
    for (int i = 0; i < 3; i++) {
        results[i] = of_dtype(&"abc"[i], 100 + i, CLFI_ORIGIN_TUNED);
        add(&store, &results[i]);
    }
    ck_assert_int_eq(clfi_journal_add_class(&store, &record), CLF_OK);
    fold(&store, NULL);
    clfi_store_close(&store);
    ck_assert_int_eq(clf_tune_export(log, &text), CLF_OK);
    ck_assert_ptr_null(strstr(text, "nothing to say"));

    own_data_home(there);
    store = open_store(NULL, CLF_LOG_ERROR);
    clfi_result own = results[1];  // this one was measured here, long ago
    own.time = 5;
    add(&store, &own);
    int taken = -1;
    ck_assert_int_eq(clf_tune_import(text, strlen(text), log, &taken), CLF_OK);
    ck_assert_int_eq(taken, 2);
    clfi_database db;
    ck_assert_int_eq(clfi_database_read(&store, &db), CLF_OK);
    ck_assert_int_eq(db.count, 3);
    ck_assert_int_eq(db.class_count, 1);
    for (int i = 0; i < 3; i++) {
        clfi_fit fit;
        const clfi_result *r = clfi_database_find(&db, &results[i].key, &fit);
        ck_assert_int_eq(fit, CLFI_FIT_EXACT);
        ck_assert_int_eq(r->origin, i == 1 ? CLFI_ORIGIN_TUNED : CLFI_ORIGIN_IMPORTED);
        ck_assert_int_eq(r->time, i == 1 ? 5 : 100 + i);
        ck_assert(clfi_configuration_equal(&r->configuration, &results[i].configuration));
    }
    clfi_database_finish(&db);
    ck_assert_int_eq(clf_tune_import(text, strlen(text), log, NULL), CLF_OK);
    ck_assert_int_eq(clf_tune_export(log, &again), CLF_OK);
    ck_assert_int_eq(kept.count, 0);
    free(text);
    free(again);
    clfi_store_close(&store);
    drop_data_home(there);
    drop_data_home(here);
}
END_TEST

/* A key whose members are given, and what follows in the entry. */
#define ENTRY(shape, rest)                                                                         \
    "{\"timestamp\": \"2026-01-01T00:00:00Z\", \"times\": {}, \"invalidity\": \"correct\", "       \
    "\"origin\": \"tuned\", \"final\": true, \"key\": {\"platform\": \"p\", \"device\": \"d\", "   \
    "\"driver\": \"1\", \"kernels\": \"k\", \"dtype\": \"f32\", \"shape\": \"" shape "\"}, " rest  \
    "}"
#define SENT(entries)                                                                              \
    "{\"schema_version\": \"1.0.0\", \"format\": \"clfavor-tuned/1\", \"results\": [" entries "]}"

START_TEST(a_hostile_export_is_refused_by_name)
{
    static const struct {
        const char *entry, *said;
    } cases[] = {
        {ENTRY("causal", "\"configuration\": {\"tile_rows\": 47}"), "tile_rows is 47"},
        {ENTRY("causal", "\"configuration\": {\"path\": \"rm -rf\"}"), "path is 'rm -rf'"},
        {ENTRY("causal", "\"configuration\": {\"path\": \"exact\"}"), "path is exact"},
        {ENTRY("causal", "\"configuration\": {}, \"measurements\": [{\"name\": \"ratio\", "
                         "\"value\": -1}]"),
         "measurements[0].value is -1"},
        {ENTRY("causal\\n", "\"configuration\": {}"), "key.shape is 'causal?'"},
        {ENTRY("causal", "\"configuration\": {\"options\": \"-cl-fast-relaxed-math\"}"),
         "configuration.options is no parameter"},
    };
    char home[64], text[2048];
    own_data_home(home);
    int taken = -1;
    all_messages all;
    ck_assert_int_eq(clf_tune_import("no", 2, listen_to(&all), &taken), CLF_ERROR_FORMAT);
    ck_assert_int_eq(rmdir(home), 0);  // nothing was written
    ck_assert_int_eq(mkdir(home, 0700), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(text, sizeof text, SENT("%s"), cases[i].entry);
        ck_assert_int_eq(clf_tune_import(text, strlen(text), listen_to(&all), &taken),
                         CLF_ERROR_FORMAT);
        ck_assert_int_eq(taken, 0);
        ck_assert_msg(strstr(all.text, cases[i].said) != NULL, "'%s' is not in '%s'", cases[i].said,
                      all.text);
        ck_assert_ptr_nonnull(
            strstr(all.text, "import: no result is right, and 1 entries are wrong"));
        ck_assert_int_eq(all.count[CLF_LOG_ERROR], 1);
        // Beside one that is right, that one is taken.
        snprintf(text, sizeof text, SENT("%s, %s"), cases[i].entry,
                 ENTRY("causal", "\"configuration\": {\"tile_rows\": 48}"));
        ck_assert_int_eq(clf_tune_import(text, strlen(text), listen_to(&all), &taken), CLF_OK);
        ck_assert_int_eq(taken, 1);
        ck_assert_int_eq(all.count[CLF_LOG_WARNING], 1);
    }
    ck_assert_int_eq(clf_tune_import(NULL, 0, listen_to(&all), &taken), CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clf_tune_export(listen_to(&all), NULL), CLF_ERROR_INVALID_ARGUMENT);
    drop_data_home(home);
}
END_TEST

START_TEST(reset_forgets)
{
    char home[64], *empty, *text;
    own_data_home(home);
    ck_assert_int_eq(clf_tune_export(NULL, &empty), CLF_OK);
    ck_assert_int_eq(clf_tune_import(empty, strlen(empty), NULL, NULL), CLF_OK);
    clfi_store store = open_store(NULL, CLF_LOG_ERROR);
    const clfi_result r = of_dtype("f32", 10, CLFI_ORIGIN_TUNED);
    write_file(&store, CLFI_DATABASE_NAME, "{");
    add(&store, &r);
    fold(&store, NULL);
    ck_assert_int_eq(clf_tune_reset(NULL), CLF_OK);
    ck_assert_int_eq(clf_tune_reset(NULL), CLF_OK);
    fold(&store, NULL);
    ck_assert_int_eq(clf_tune_export(NULL, &text), CLF_OK);
    ck_assert_str_eq(text, empty);
    ck_assert_ptr_null(read_file(&store, CLFI_BAD_NAME));
    clfi_store_close(&store);
    free(text);
    free(empty);
    drop_data_home(home);
}
END_TEST

START_TEST(a_folder_that_cannot_be_used_is_named)
{
    kept_log kept;
    char *text = (char *)&kept;
    setenv("XDG_DATA_HOME", "/dev/null", 1);
    ck_assert_int_eq(clf_tune_export(keep(&kept, CLF_LOG_ERROR), &text), CLF_ERROR_IO);
    ck_assert_ptr_null(text);
    assert_said(&kept, "/dev/null/clfavor");
    ck_assert_int_eq(clf_tune_reset(keep(&kept, CLF_LOG_ERROR)), CLF_ERROR_IO);
    ck_assert_int_eq(kept.count, 1);
    const char *sent = SENT(ENTRY("causal", "\"configuration\": {}"));
    ck_assert_int_eq(clf_tune_import(sent, strlen(sent), keep(&kept, CLF_LOG_ERROR), NULL),
                     CLF_ERROR_IO);
    ck_assert_int_eq(kept.count, 1);
}
END_TEST

RUN_TESTS("fold", the_journal_keeps_all_and_the_database_what_won, what_is_worth_most_stays,
          a_class_that_is_known_stays, foreign_lines_of_the_journal_are_passed_over,
          a_damaged_database_is_kept_beside, a_database_with_one_wrong_entry_is_kept_too,
          a_large_journal_is_begun_anew, processes_that_fold_at_once_lose_nothing,
          a_link_or_a_huge_file_is_no_database, what_is_exported_can_be_imported_elsewhere,
          a_hostile_export_is_refused_by_name, reset_forgets, a_folder_that_cannot_be_used_is_named)
