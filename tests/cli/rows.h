/* What `clfavor bench` put out, as rows of values. */
#ifndef CLI_ROWS_H
#define CLI_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "tool.h"

/* Runs the tool with `args` and --json; what it printed, NULL if that is no JSON. */
json_t *rows_run(const char *args, tool_result *result);

/* A member, "" or NAN when it is none of this type. */
const char *rows_text(const json_t *row, const char *name);
double rows_number(const json_t *row, const char *name);

/* The objects of root's array "results" whose stage is "total". */
size_t rows_totals(const json_t *root, const json_t **totals, size_t limit);

/* Runs the tool with `args` and --csv. Two lines of TAP: whether the header has the columns of the
 * JSON `root`, which came of the same call, and whether the lines have its rows; what was measured
 * anew only has to be there. */
void rows_check_csv(const char *args, json_t *root, tool_result *result);

#endif
