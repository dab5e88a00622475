/* The three ways to print a survey. */
#ifndef PROBE_PRINT_H
#define PROBE_PRINT_H

#include <jansson.h>

/* For people, in 80 columns. */
void print_human(const json_t *root);

/* For grep: "key: value" lines; those of a device begin with [P/D]. */
void print_raw(const json_t *root);

/* For programs: schema.json. */
void print_json(const json_t *root);

#endif
