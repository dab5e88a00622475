/* Fuzz target of the readers of results: a database, and a journal. Any bytes give a status, never
 * a crash, a leak or a read too far. What is accepted is printable, in its ranges and possible to
 * ask for, and is read again as it is written.
 *
 * With libFuzzer: see meson.build. With replay.c: a program that runs each file of the directories
 * it is given. */
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tune/classes.h"
#include "tune/database_internal.h"
#include "tune/result_json.h"
#include "tune/timestamp.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void demand(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "fuzz_database: %s\n", what);
        abort();
    }
}

static bool is_printable(const char *text)
{
    for (; *text; text++) {
        if (*text < ' ' || *text > '~')
            return false;
    }
    return true;
}

typedef struct messages {
    clf_log log;
    int count[CLF_LOG_DEBUG + 1];
} messages;

static void take_message(void *user, clf_log_level level, const char *message)
{
    messages *m = user;
    m->count[level]++;
    demand(is_printable(message), "a message with control characters");
}

static const clf_log *listen_to(messages *m)
{
    *m = (messages){.log = {.callback = take_message, .user = m, .level = CLF_LOG_DEBUG}};
    return &m->log;
}

static bool in_range(double value, double min, double max)
{
    return value != value || (value >= min && value <= max);
}

static void check_key(const clfi_key *key)
{
    for (int i = 0; i < CLFI_KEY_TEXTS; i++) {
        const char *text = (const char *)key + clfi_key_texts[i].offset;
        demand(memchr(text, '\0', clfi_key_texts[i].room) != NULL, "a text without an end");
        demand(is_printable(text), "a text that is not printable");
    }
}

static void check_result(const clfi_result *r)
{
    check_key(&r->key);
    demand(clfi_configuration_check(&r->configuration, NULL) == CLF_OK,
           "a configuration that is not possible");
    demand(r->configuration.path != CLF_PATH_EXACT || strncmp(r->key.shape, "exact ", 6) == 0,
           "exact attention instead of an estimate");
    demand(r->verdict >= 0 && r->verdict < CLFI_VERDICTS, "an unknown verdict");
    demand(r->origin == CLFI_ORIGIN_TUNED || r->origin == CLFI_ORIGIN_IMPORTED,
           "an unknown origin");
    demand(!r->final || r->verdict == CLFI_VERDICT_CORRECT, "a wrong one that won");
    demand(r->time >= 0 && r->time <= CLFI_TIMESTAMP_LAST, "a time out of range");
    demand(r->runtimes >= 0 && r->runtimes <= CLFI_MAX_RUNTIMES, "too many runs");
    for (int i = 0; i < r->runtimes; i++)
        demand(r->seconds[i] >= 0 && r->seconds[i] <= 86400, "a run out of range");
    demand(in_range(r->compile_seconds, 0, 86400), "a compilation out of range");
    demand(in_range(r->correctness, 0, DBL_MAX), "an error out of range");
    for (int i = 0; i < 3; i++)
        demand(in_range(r->ratio[i], 1e-6, 1e6), "a ratio out of range");
    demand(memchr(r->message, '\0', sizeof r->message) && is_printable(r->message),
           "a message that is not printable");
}

static void check_entries(const clfi_database *db)
{
    for (int i = 0; i < db->count; i++)
        check_result(&db->results[i]);
    for (int i = 0; i < db->class_count; i++) {
        const clfi_key key = {.identity = db->classes[i].identity};
        check_key(&key);
        demand(clfi_class_find(db->classes[i].name) != NULL, "an unknown class");
    }
}

static void check_database(const char *text, size_t size)
{
    messages m;
    clfi_database db, again;
    char *once, *twice;
    const clf_status status =
        clfi_database_parse(text, size, "f", listen_to(&m), CLF_LOG_ERROR, &db);
    demand(status == CLF_OK || status == CLF_ERROR_FORMAT, "another status");
    demand(m.count[CLF_LOG_ERROR] == (status != CLF_OK), "a failure without its one message");
    if (status != CLF_OK) {
        demand(!db.results && !db.classes, "a failure that left something behind");
        return;
    }
    demand((m.count[CLF_LOG_WARNING] > 0) == (db.left_out > 0), "left out without a message");
    check_entries(&db);
    for (int i = 0; i < db.count; i++)
        demand(db.results[i].final, "one that did not win");
    demand(clfi_database_print(&db, &once) == CLF_OK, "not printed");
    demand(clfi_database_parse(once, strlen(once), "f", listen_to(&m), CLF_LOG_ERROR, &again) ==
                   CLF_OK &&
               again.left_out == 0,
           "not read again");
    demand(clfi_database_print(&again, &twice) == CLF_OK && strcmp(once, twice) == 0,
           "read as another one");
    free(once);
    free(twice);
    clfi_database_finish(&db);
    clfi_database_finish(&again);
}

/* Each result, as a line of its own. */
static void check_line(const clfi_result *result)
{
    clfi_database again;
    json_t *json = clfi_result_json(result);
    char *line = json_dumps(json, JSON_REAL_PRECISION(CLFI_JSON_DIGITS));
    demand(line && !strchr(line, '\n'), "not one line");
    demand(clfi_journal_parse(line, strlen(line), NULL, &again) == CLF_OK && again.count == 1 &&
               again.left_out == 0,
           "a line that is not read again");
    json_t *second = clfi_result_json(&again.results[0]);
    char *second_line = json_dumps(second, JSON_REAL_PRECISION(CLFI_JSON_DIGITS));
    demand(second_line && strcmp(line, second_line) == 0, "a line that is read as another one");
    json_decref(json);
    json_decref(second);
    free(line);
    free(second_line);
    clfi_database_finish(&again);
}

static void check_journal(const char *text, size_t size)
{
    messages m;
    clfi_database db;
    demand(clfi_journal_parse(text, size, listen_to(&m), &db) == CLF_OK, "another status");
    demand(m.count[CLF_LOG_DEBUG] == db.left_out, "a line without its one message");
    check_entries(&db);
    for (int i = 0; i < db.count; i++)
        check_line(&db.results[i]);
    clfi_database_finish(&db);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    check_database((const char *)bytes, size);
    check_journal((const char *)bytes, size);
    return 0;
}
