/* How long a program takes from its start to its first result: with caches that are empty (cold)
 * and with those of a start before it (warm), each start in a process of its own. */
#ifndef TOOL_STARTUP_H
#define TOOL_STARTUP_H

#include <jansson.h>

#include "bench_options.h"
#include "measure.h"

typedef enum startup_kind {
    STARTUP_COLD = 0,
    STARTUP_WARM,
    STARTUP_KINDS
} startup_kind;

typedef enum startup_phase {
    STARTUP_CONTEXT = 0,  // loads the drivers, chooses the device, makes the context
    STARTUP_PLAN,         // clf_plan_create, W with it
    STARTUP_RUN,          // clf_plan_run_host
    STARTUP_TOTAL,        // from the start of the process; without the making of q, k and v
    STARTUP_PHASES
} startup_phase;

typedef struct startup {
    bench_options options;
    line line;
    json_t *facts;                                  // of a start: device, driver, R, path, plan
    double *ms;                                     // [STARTUP_KINDS][STARTUP_PHASES][rounds]
    quartiles time[STARTUP_KINDS][STARTUP_PHASES];  // ms
} startup;

/* Starts `rounds` pairs of processes, one cold and one warm, with the first of the lines that the
 * options ask for. Loads no driver itself. Returns an exit code: that of a start that failed, IO
 * without a folder for caches or without the program's own file, DEVICE for a start that crashed.
 * The caller finishes `s`, of which the options are set. */
int startup_measure(startup *s, const clf_log *log);

/* Its names in JSON: "cold", "context". */
const char *startup_kind_name(startup_kind kind);
const char *startup_phase_name(startup_phase phase);

void startup_finish(startup *s);

#endif
