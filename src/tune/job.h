/* A tuning under way: what tune.c and candidates.c share. */
#ifndef CLFI_JOB_H
#define CLFI_JOB_H

#include <clfavor/tune.h>

#include "tune/database.h"
#include "tune/search.h"
#include "tune/worker.h"

typedef struct clfi_job {
    clf_context *ctx;
    const clf_tune_params *params;
    const clf_log *log;
    clf_plan_params problem;  // the caller's, without what is not looked at
    double begin, budget, timeout;
    char selector[24];  // of the device, for the worker
    clfi_store store;
    clfi_key key;
    clfi_database database;  // before the search
    clfi_database journal;   // what was known, and what came since
    clfi_search search;
    clfi_worker worker;
    clfi_database told;  // of the journal's results, those of this search's candidates
    int asked;           // candidates that the worker has had
    double last;         // seconds of the last candidate that was measured
    double correctness;  // of the default, NAN before a worker was opened
    bool stopped;        // the caller wants no more, or there can be no more
    bool raced, failed;  // the best: beside each other; or not, for something failed
    clf_tune_progress progress;
    char candidate[CLFI_CONFIGURATION_TEXT];
    clf_tune_report report;
} clfi_job;

/* Seconds since the job began. */
double clfi_job_seconds(const clfi_job *job);

/* Starts the worker if there is none, and has it make the default. Errors: IO, DEVICE (the default
 * itself fails), OUT_OF_HOST_MEMORY. */
clf_status clfi_job_open_worker(clfi_job *job);

/* Asks the worker; what has no answer ends it. Reports progress meanwhile. */
clfi_worker_end clfi_job_ask(clfi_job *job, json_t *request, json_t **answer);

/* Measures a candidate, or finds it in the journal, and notes what came of it. Errors: those of
 * clfi_job_open_worker and clfi_journal_add. */
clf_status clfi_job_try(clfi_job *job, const clfi_configuration *candidate);

/* Measures the best candidates beside the default and each other, decides, and notes the decision
 * in the journal and in *final. Errors: as above. */
clf_status clfi_job_decide(clfi_job *job, clfi_result *final);

#endif
