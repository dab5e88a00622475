/* The measurements of `clfavor bench` as JSON. */
#ifndef TOOL_BENCH_JSON_H
#define TOOL_BENCH_JSON_H

#include <jansson.h>

#include "bench.h"

/* The root object; its array "results" has an object for each line and stage, all with the same
 * members. NULL without memory. */
json_t *bench_json(const bench *b);

/* The members that say what a line is; R and path are those of its plan. NULL without memory. */
json_t *bench_json_line(const line *l, int64_t R, const char *path);

#endif
