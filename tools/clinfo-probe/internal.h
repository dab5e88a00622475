/* The commands that the probe gives to itself: each runs drivers' code in a process of its own and
 * answers with JSON, one value a line, as soon as it is known. */
#ifndef PROBE_INTERNAL_H
#define PROBE_INTERNAL_H

#include <stdbool.h>

#include <clfavor/device.h>

#include "../common/child.h"

/* The first argument of an internal command. */
#define INTERNAL "--internal"

/* Runs `--internal NAME ARGUMENTS`; the exit code. */
int internal_main(int argc, char **argv);

/* Writes one answer and releases it. */
void internal_answer(json_t *value);

/* The usable device P:D with the list it belongs to, or NULL; opens the loader. */
const clf_device_info *internal_device(const char *selector, clf_device_list **list);

/* The commands. The arguments are those after NAME. */
int driver_internal(int argc, char **argv);    // LIBRARY
int listing_internal(int argc, char **argv);   // full|public
int verdicts_internal(int argc, char **argv);  // P:D FIRST
int bench_internal(int argc, char **argv);     // P:D

/* From the outside: runs an internal command of this program, `self`. */
void internal_run(const char *self, const char *name, const char *first, const char *second,
                  double silence, child_result *result);

#endif
