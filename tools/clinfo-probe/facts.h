/* What the machine tells without OpenCL. */
#ifndef PROBE_FACTS_H
#define PROBE_FACTS_H

#include <stdbool.h>

#include <jansson.h>

/* The variables of the environment that OpenCL loaders, drivers and this project read:
 * [{name, value}]. */
json_t *facts_environment(void);

/* The folders where drivers keep compiled kernels: [{owner, path, files, bytes, writable}], those
 * that are there. */
json_t *facts_caches(void);

/* [file] under /dev that a GPU driver needs and this user may not open. */
json_t *facts_closed_devices(void);

/* Replaces the home folder by ~ and the names of user and host by <user> and <host>, in every text
 * of `value` that is free: what a driver, a file or the environment said. */
void facts_hide_names(json_t *value);

#endif
