/* JSON as comma-separated values (RFC 4180, lines end in a line feed). */
#ifndef TOOL_CSV_H
#define TOOL_CSV_H

#include <jansson.h>

#include <clfavor/log.h>
#include <clfavor/status.h>

/* Prints a header and a line for each object of the array `rows` in `root`, and releases `root`.
 * The columns are the members of `root` but arrays, then those of the object; a member `m` of an
 * object `o` has the column `o_m`. null is an empty field. All objects of the array have the same
 * members. Errors: OUT_OF_HOST_MEMORY (root is NULL). */
clf_status csv_print(json_t *root, const char *rows, const clf_log *log);

#endif
