/* Tuning: finds the parameters that make a problem fast on a device, and remembers them for every
 * plan that is made afterwards. Only ever on demand: no other call measures anything.
 *
 * Candidates are built, checked against fp64 and timed in processes of their own, so that one that
 * crashes, hangs or is wrong costs nothing but itself. Results are kept in $XDG_DATA_HOME/clfavor
 * (~/.local/share/clfavor); docs/tuning.md has the formats.
 *
 * Tier 2: needs a context. Not on Windows. */
#ifndef CLFAVOR_TUNE_H
#define CLFAVOR_TUNE_H

#include <clfavor/attention.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How it stands. */
typedef struct clf_tune_progress {
    double seconds, budget;  // gone by, and allowed
    int tried, rejected;     // candidates so far, and those of them that failed
    int space;               // candidates in all
    double best;             // the default's time over the best one's, 1 at first
    const char *candidate;   // "family=wide vector_width=8 ..", now at work; NULL at first; lives
                             // for the call
    const char *verdict;     // of the one before: "correct", "compile", "runtime", "timeout",
                             // "correctness", "constraints"; NULL at first
} clf_tune_progress;

/* A zeroed struct with `plan` set is a search of 30 seconds. */
typedef struct clf_tune_params {
    const clf_plan_params *plan;  // the problem: sizes, kind, preset, dtypes, causal, draw and path
                                  // of it. A projection is not looked at: set `draw` to its kind.
                                  // Path AUTO searches FUSED and CLBLAST
    double budget;                // seconds; 0: 30. Looked at between candidates, but not with
                                  // `candidates`
    double timeout;               // seconds without a sign of life, compilation included, after
                                  // which a candidate counts as hanging; 0: 30. The default has
                                  // ten times as long
    bool exhaustive;              // all of the space, whatever the budget
    const char *device_class;     // name of a class; NULL: measured on a CPU, else guessed
    const char *candidates;       // only these: "vector_width=8; tile_rows=24 segments=2"; NULL: a
                                  // search
    const char *worker;  // the program that measures: path of `clfavor`; NULL: looked for in PATH
    // Called after each candidate, and at least each second; false ends the search, what was found
    // is kept. May be NULL.
    bool (*progress)(void *user, const clf_tune_progress *progress);
    void *user;
} clf_tune_params;

typedef struct clf_tune_report {
    int tried, known, rejected;  // measured now; taken from the journal; of both, those that failed
    double seconds;
    double ratio[3];    // the default's time over that of the best: q1, median, q3, measured side
                        // by side at the end
    clf_path path;      // of the best, AUTO where it is the default
    clf_tuning tuning;  // of the best, all zero where it is the default
    char device_class[32];
} clf_tune_report;

/* Searches, and keeps the result; a later search of the same problem goes on where this one ended.
 * Plans that `ctx` makes from now on use it. `report` may be NULL. Blocking. One thread at a time
 * per context; any number of processes.
 * Errors: INVALID_ARGUMENT, UNSUPPORTED (a problem that no plan can serve, path CLBLAST, a device
 * that no other process can find), IO (the folder, or the program that measures), DEVICE (the
 * default itself fails or is wrong), OUT_OF_HOST_MEMORY. */
CLF_API clf_status clf_tune(clf_context *ctx, const clf_tune_params *params,
                            clf_tune_report *report);

/* What was found on this machine, or imported, as one JSON object: what to send to the project. The
 * caller frees *text with free(). Errors: INVALID_ARGUMENT (NULL), IO, FORMAT (the database is
 * damaged), OUT_OF_HOST_MEMORY. */
CLF_API clf_status clf_tune_export(const clf_log *log, char **text);

/* Takes results from such a text (`size` bytes), each after a check of all its values: it sets
 * what is possible, on the device that it names. One that is wrong is left out with a WARNING, one
 * of what was measured here is not replaced. `taken` (may be NULL) receives how many are in use.
 * Errors: INVALID_ARGUMENT (NULL), FORMAT (no such text, or nothing but wrong results in it), IO,
 * OUT_OF_HOST_MEMORY. */
CLF_API clf_status clf_tune_import(const char *text, size_t size, const clf_log *log, int *taken);

/* Forgets all that was found. Errors: IO, OUT_OF_HOST_MEMORY. */
CLF_API clf_status clf_tune_reset(const clf_log *log);

#ifdef __cplusplus
}
#endif
#endif
