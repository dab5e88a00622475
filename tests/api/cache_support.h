/* What the tests of caches share: a log that tells messages of the cache from others, and a program
 * to build.
 *
 * Invariant: a message of level ERROR, or one of the cache of another level than DEBUG, fails the
 * test. */
#ifndef CACHE_SUPPORT_H
#define CACHE_SUPPORT_H

#include "support/device.h"

#include "cl/program.h"

/* What was said. */
typedef struct record {
    clf_log log;
    int cache, taken, built;  // messages of the cache, those of files that were taken; builds
    char text[1024];          // the last one of the cache
} record;

static inline void take_message(void *user, clf_log_level level, const char *message)
{
    record *r = user;
    ck_assert_int_eq(level == CLF_LOG_ERROR, false);
    r->built += strncmp(message, "built ", 6) == 0;
    if (strncmp(message, "program cache: ", 15) != 0)
        return;
    ck_assert_int_eq(level, CLF_LOG_DEBUG);
    r->cache++;
    r->taken += strcmp(message + strlen(message) - 5, "taken") == 0;
    snprintf(r->text, sizeof r->text, "%s", message);
}

static inline const clf_log *listen(record *r)
{
    *r = (record){.log = {.callback = take_message, .user = r, .level = CLF_LOG_DEBUG}};
    return &r->log;
}

static const char *const k_path[] = {"plain/state_scan.cl"};

/* A program of one kernel, state_scan, by way of the caches. */
static inline cl_program build(clf_context *ctx, const char *options)
{
    cl_program program = NULL;
    ck_assert_int_eq(clfi_program_build(ctx, k_path, 1, options, &program), CLF_OK);
    ck_assert_ptr_nonnull(program);
    return program;
}

#endif
