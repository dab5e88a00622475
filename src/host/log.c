/* Formats messages and hands them to the caller's callback. Prints nothing itself.
 *
 * Invariant: a message that is not wanted costs no formatting, and a long one (a build log) is
 * cut only when there is no memory for it. */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void send(const clf_log *log, clf_log_level level, const char *format, va_list args)
    CLFI_PRINTF(3, 0);

static void send(const clf_log *log, clf_log_level level, const char *format, va_list args)
{
    if (!log || !log->callback || level > log->level)
        return;
    char text[512];
    va_list again;
    va_copy(again, args);
    const int length = vsnprintf(text, sizeof text, format, args);
    char *longer = NULL;
    if (length >= (int)sizeof text)
        longer = malloc((size_t)length + 1);
    if (longer)
        vsnprintf(longer, (size_t)length + 1, format, again);
    va_end(again);
    log->callback(log->user, level, longer ? longer : text);
    free(longer);
}

void clfi_log(const clf_log *log, clf_log_level level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    send(log, level, format, args);
    va_end(args);
}

clf_status clfi_fail(const clf_log *log, clf_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    send(log, CLF_LOG_ERROR, format, args);
    va_end(args);
    return status;
}
