/* What the commands print beside their tables: wrapped text, progress, bars, JSON values. */
#ifndef TOOL_REPORT_H
#define TOOL_REPORT_H

#include <stdio.h>

#include <jansson.h>

#include <clfavor/log.h>
#include <clfavor/status.h>

/* Columns of all output. */
enum {
    REPORT_WIDTH = 80
};

/* Prints `text` and a newline, its words wrapped between `indent` and REPORT_WIDTH; the cursor
 * stands at `column`. A newline in the text ends a paragraph. */
void report_wrapped(FILE *stream, const char *text, int column, int indent);

/* A bar of length value / largest, at most `width` characters, into `bar` [width + 1]. */
void report_bar(double value, double largest, int width, char *bar);

/* A time in 7 columns, as far as there is room with three decimals. */
void report_ms(double ms, char text[16]);

/* Replaces the line of progress on standard error, if that is a terminal. */
#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
void progress(const char *format, ...);
void progress_clear(void);

/* JSON values that always exist: null for a number that is not finite, '?' for bytes that are
 * not ASCII in a text that is not UTF-8. NULL only without memory. */
json_t *report_real(double value);
json_t *report_text(const char *text);

/* Prints `root` and a newline to standard output and releases it.
 * Errors: OUT_OF_HOST_MEMORY (root is NULL, too). */
clf_status report_json(json_t *root, const clf_log *log);

#endif
