/* What to do when something is missing. */
#ifndef PROBE_HINTS_H
#define PROBE_HINTS_H

#include <stdbool.h>

#include <jansson.h>

/* Texts, one for each thing that `root`, a survey, shows to be wrong. `tool`: clfavor was found. */
json_t *hints_find(const json_t *root, bool tool);

#endif
