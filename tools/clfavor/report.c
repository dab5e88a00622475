/* Output helpers. Hold no state but what the terminal shows; decide nothing.
 *
 * Invariant: escape codes go to a terminal only, and only to standard error. */
#include "report.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/log.h"

void report_wrapped(FILE *stream, const char *text, int column, int indent)
{
    bool fresh = column <= indent;  // no word on this line yet
    if (fresh)
        column += fprintf(stream, "%*s", indent - column, "");
    for (const char *at = text; *at;) {
        if (*at == '\n' || (!fresh && column + 1 + (int)strcspn(at, " \n") > REPORT_WIDTH - 1)) {
            fprintf(stream, "\n%*s", indent, "");
            column = indent;
            fresh = true;
            at += *at == '\n';
            continue;
        }
        const int length = (int)strcspn(at, " \n");
        column += fprintf(stream, "%s%.*s", fresh ? "" : " ", length, at);
        fresh = false;
        at += length;
        at += strspn(at, " ");
    }
    fprintf(stream, "\n");
}

void report_bar(double value, double largest, int width, char *bar)
{
    const double part = largest > 0 && value > 0 ? value / largest : 0;
    const int length = (int)lround(fmin(part, 1) * width);
    memset(bar, '#', (size_t)length);
    bar[length] = '\0';
}

void report_ms(double ms, char text[16])
{
    snprintf(text, 16, "%7.*f", ms < 999.9995 ? 3 : ms < 99999.95 ? 1 : 0, ms);
}

void progress(const char *format, ...)
{
    if (!isatty(STDERR_FILENO))
        return;
    char line[REPORT_WIDTH];  // one column less than the terminal, so that it never wraps
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    fprintf(stderr, "\r\033[K%s", line);
}

void progress_clear(void)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K");
}

json_t *report_real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *report_text(const char *text)
{
    json_t *value = json_string(text);
    char *ascii = value ? NULL : strdup(text);
    if (!ascii)
        return value;
    for (char *at = ascii; *at; at++) {
        if ((unsigned char)*at > 126)
            *at = '?';
    }
    value = json_string(ascii);
    free(ascii);
    return value;
}

clf_status report_json(json_t *root, const clf_log *log)
{
    char *text = root ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(root);
    if (!text)
        return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for the JSON output");
    puts(text);
    free(text);
    return CLF_OK;
}
