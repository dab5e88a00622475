/* The whole of what the probe finds out, as one tree that all outputs print. */
#ifndef PROBE_SURVEY_H
#define PROBE_SURVEY_H

#include <stdbool.h>

#include <jansson.h>

typedef struct survey_options {
    const char *self;  // the path of this program
    const char *tool;  // of clfavor, NULL: not found
    double timeout;    // seconds in which a driver must show a sign of life
    bool kernels, bench, selftest, full;
} survey_options;

/* schema.json says what it holds; `exit_code` is one of its members. */
json_t *survey(const survey_options *options);

#endif
