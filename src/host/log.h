/* Formatting and dispatch of messages, and the two control-flow macros of the project. */
#ifndef CLFI_LOG_H
#define CLFI_LOG_H

#include <clfavor/log.h>
#include <clfavor/status.h>

#if defined(__MINGW32__)
#define CLFI_PRINTF(fmt, args) __attribute__((format(gnu_printf, fmt, args)))
#elif defined(__GNUC__)
#define CLFI_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define CLFI_PRINTF(fmt, args)
#endif

/* Formats and hands over a message when `log` wants its level. A NULL log is silent. */
void clfi_log(const clf_log *log, clf_log_level level, const char *format, ...) CLFI_PRINTF(3, 4);

/* Logs an ERROR and returns `status`: `return clfi_fail(log, CLF_ERROR_..., "E=%d ...", E);` */
clf_status clfi_fail(const clf_log *log, clf_status status, const char *format, ...)
    CLFI_PRINTF(3, 4);

/* Propagates a failure. Needs a local `clf_status status` and a label `fail:` that frees. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        status = (call);                                                                           \
        if (status != CLF_OK)                                                                      \
            goto fail;                                                                             \
    } while (0)

/* Checks the caller: on a false condition logs the message and fails with INVALID_ARGUMENT. */
#define REQUIRE(condition, log, ...)                                                               \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            status = clfi_fail((log), CLF_ERROR_INVALID_ARGUMENT, __VA_ARGS__);                    \
            goto fail;                                                                             \
        }                                                                                          \
    } while (0)

#endif
