/* What tests on a device share: a device there must be, and Check must not fork (an OpenCL
 * driver's threads do not survive a fork).
 *
 * Invariant: without a device a test fails, unless CLFAVOR_ALLOW_NO_DEVICE=1 says that it may be
 * skipped; it never passes. */
#ifndef SUPPORT_DEVICE_H
#define SUPPORT_DEVICE_H

#include <clfavor/context.h>

#include "unit/support.h"

/* Leaves the program with 77 (skip) or 1 when there is no device. */
static inline void need_device(void)
{
    kept_log kept;
    clf_device_list *list = NULL;
    const clf_status status = clf_device_list_create(keep(&kept, CLF_LOG_ERROR), &list);
    const int count = clf_device_list_count(list);
    clf_device_list_destroy(&list);
    if (status == CLF_OK && count > 0)
        return;
    const char *allow = getenv("CLFAVOR_ALLOW_NO_DEVICE");
    const bool skip =
        allow && strcmp(allow, "1") == 0 && (status == CLF_OK || status == CLF_ERROR_NO_PLATFORM);
    fprintf(stderr, "%s: %s\n", skip ? "skipped" : "failed, no device",
            kept.count ? kept.text : "the platforms have no usable device");
    exit(skip ? 77 : EXIT_FAILURE);
}

/* A context on the device that the tests run on: CLFAVOR_DEVICE, or the best. `log` may be NULL. */
static inline clf_context *open_context(const clf_log *log)
{
    clf_context *ctx = NULL;
    ck_assert_int_eq(clf_context_create(NULL, log, &ctx), CLF_OK);
    ck_assert_ptr_nonnull(ctx);
    return ctx;
}

/* RUN_TESTS for tests that load a driver, with or without a device. */
#define RUN_TESTS_NO_FORK(name, ...)                                                               \
    int main(void)                                                                                 \
    {                                                                                              \
        const TTest *const tests[] = {__VA_ARGS__};                                                \
        setenv("CK_FORK", "no", 1);                                                                \
        return run_tests((name), tests, sizeof tests / sizeof tests[0]);                           \
    }

/* RUN_TESTS for tests that need a device. */
#define RUN_DEVICE_TESTS(name, ...)                                                                \
    int main(void)                                                                                 \
    {                                                                                              \
        const TTest *const tests[] = {__VA_ARGS__};                                                \
        setenv("CK_FORK", "no", 1);                                                                \
        need_device();                                                                             \
        return run_tests((name), tests, sizeof tests / sizeof tests[0]);                           \
    }

#endif
