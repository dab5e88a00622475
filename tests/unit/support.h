/* What the unit tests share: a log that is kept, and the main function of a Check executable.
 *
 * Invariant: nothing here hides a failure; the kept log holds the last message only. */
#ifndef SUPPORT_H
#define SUPPORT_H

#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#include <clfavor/log.h>

typedef struct kept_log {
    clf_log log;
    int count;
    clf_log_level level;
    char text[4096];
} kept_log;

static inline void keep_message(void *user, clf_log_level level, const char *message)
{
    kept_log *kept = user;
    kept->count++;
    kept->level = level;
    snprintf(kept->text, sizeof kept->text, "%s", message);
}

/* A log that wants everything up to `level`; `kept` must stay where it is. */
static inline const clf_log *keep(kept_log *kept, clf_log_level level)
{
    *kept = (kept_log){.log = {.callback = keep_message, .user = kept, .level = level}};
    return &kept->log;
}

/* Asserts that the last message holds `part`. */
#define assert_said(kept, part)                                                                    \
    ck_assert_msg(strstr((kept)->text, (part)) != NULL, "'%s' is not in the message '%s'", (part), \
                  (kept)->text)

/* Makes a directory of its own for a test that writes, and goes there. */
static inline void enter_scratch(char path[64])
{
    snprintf(path, 64, "/tmp/clfavor-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(path));
    ck_assert_int_eq(chdir(path), 0);
}

/* Leaves and removes it; fails when a file was left behind. */
static inline void leave_scratch(const char *path)
{
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_msg(rmdir(path) == 0, "%s is not empty", path);
}

/* Runs the tests as one suite; Meson keeps the time. Returns the exit status. */
static inline int run_tests(const char *name, const TTest *const *tests, size_t count)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 0);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define RUN_TESTS(name, ...)                                                                       \
    int main(void)                                                                                 \
    {                                                                                              \
        const TTest *const tests[] = {__VA_ARGS__};                                                \
        return run_tests((name), tests, sizeof tests / sizeof tests[0]);                           \
    }

#endif
