/* The drivers that an OpenCL loader would open, each tried alone. */
#ifndef PROBE_DRIVERS_H
#define PROBE_DRIVERS_H

#include <jansson.h>

/* Finds the .icd files as loaders do and opens each driver in a child process of this program,
 * `self`, that is killed after `silence` seconds: {folder, source, files: [{file, library,
 * verdict, message, platforms, ms}]}. */
json_t *drivers_try(const char *self, double silence);

/* Makes a new folder of the drivers that are right, when some crashed or hung, and lets the loader
 * of every later child look there alone. Returns the others, [file or library], or an empty array.
 * drivers_restore removes `folder`. */
enum {
    DRIVERS_FOLDER = 4096
};
json_t *drivers_set_aside(const json_t *drivers, char folder[DRIVERS_FOLDER]);
void drivers_restore(const json_t *drivers, const char *folder);

#endif
