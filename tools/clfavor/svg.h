/* A chart of time per token over length as an SVG file. */
#ifndef TOOL_SVG_H
#define TOOL_SVG_H

#include <stdint.h>

#include <clfavor/log.h>
#include <clfavor/status.h>

typedef struct svg_point {
    int64_t L;
    double us_per_token;
} svg_point;

/* Writes the chart, whole or not at all; `title` and `subtitle` are plain text.
 * Errors: IO, INVALID_ARGUMENT, OUT_OF_HOST_MEMORY. */
clf_status svg_write(const char *path, const char *title, const char *subtitle,
                     const svg_point *points, int count, const clf_log *log);

#endif
