/* What devices say they can do, and whether they can. */
#ifndef PROBE_VERDICTS_H
#define PROBE_VERDICTS_H

#include <stdbool.h>

#include <jansson.h>

/* Tries every capability on the device P:D in child processes of this program, `self`: an array of
 * {name, advertised, compiles, runs, note}. A driver that crashes or is silent for too long loses
 * one row, and *crashed says so. */
json_t *verdicts_try(const char *self, const char *selector, double silence, bool *crashed);

/* Whether kernels work at all: the first row. */
bool verdicts_sound(const json_t *rows);

#endif
