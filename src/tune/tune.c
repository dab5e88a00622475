/* clf_tune: from a problem to an entry of the database. What a candidate goes through is in
 * candidates.c, the order of candidates in search.c.
 *
 * Invariant: whatever ends the search, what was measured is in the journal, and what was decided in
 * the database. */
#include <clfavor/tune.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cl/context_internal.h"
#include "cl/process.h"
#include "host/log.h"
#include "tune/classes.h"
#include "tune/job.h"
#include "tune/lookup.h"

static const double k_budget = 30, k_timeout = 30, k_longest = 1e7;

static clf_status check(const clf_context *ctx, const clf_tune_params *p)
{
    clf_status status = CLF_OK;
    const clf_log *log = ctx ? &ctx->log : NULL;
    REQUIRE(ctx, log, "ctx is NULL");
    REQUIRE(p, log, "params is NULL");
    REQUIRE(p->plan, log, "params.plan is NULL");
    REQUIRE(p->budget >= 0 && p->budget <= k_longest, log,
            "budget=%g, but 0 (the default) to %g seconds are possible", p->budget, k_longest);
    REQUIRE(p->timeout >= 0 && p->timeout <= k_longest, log,
            "timeout=%g, but 0 (the default) to %g seconds are possible", p->timeout, k_longest);
    REQUIRE(!p->device_class || clfi_class_find(p->device_class), log,
            "device_class=%s is none of those that docs/tuning.md lists", p->device_class);
fail:
    return status;
}

/* P:D of the context's device: the worker counts as this process does. */
static clf_status find_selector(clfi_job *job)
{
    clf_status status = CLF_OK;
    clf_device_list *list = NULL;
    TRY(clf_device_list_create(job->log, &list));
    for (int i = 0; i < clf_device_list_count(list); i++) {
        const clf_device_info *info = clf_device_list_get(list, i);
        if (info->id == job->ctx->device.id)
            snprintf(job->selector, sizeof job->selector, "%d:%d", info->platform_index,
                     info->device_index);
    }
    clf_device_list_destroy(&list);
    if (!job->selector[0])
        return clfi_fail(job->log, CLF_ERROR_UNSUPPORTED,
                         "device %s is none that another process can find (a sub-device?)",
                         job->ctx->device.name);
fail:
    return status;
}

/* What is left of the caller's problem, checked; and its key. */
static clf_status set_problem(clfi_job *job)
{
    clf_status status = CLF_OK;
    if (job->params->plan->path == CLF_PATH_CLBLAST)
        return clfi_fail(job->log, CLF_ERROR_UNSUPPORTED,
                         "path=clblast: CLBlast has its own tuning, there is nothing to search");
    clfi_shape shape;
    clfi_choice choice;
    clf_plan_params *p = &job->problem;
    *p = *job->params->plan;
    p->tuning = (clf_tuning){0};
    p->lookup = CLF_LOOKUP_NONE;
    p->projection = NULL;
    p->mask = CLF_MASK_NONE;
    p->q = p->k = p->v = p->out = (clf_layout){0};
    p->scale = 0;
    p->kernel_eps = 0;
    TRY(clfi_shape_init(&shape, p, job->log));
    TRY(clfi_choose(&shape, &job->ctx->device, job->log, &choice));
    clfi_key_init(&job->key, &shape, &job->ctx->device);
    clfi_search_init(&job->search, p, &job->ctx->device, job->params->exhaustive);
    job->progress.space = (int)fmin((double)clfi_search_size(&job->search), 1e9);
fail:
    return status;
}

/* The class that the worker measures; *measured: it could. */
static clf_status measure_class(clfi_job *job, char *name, size_t size, bool *measured)
{
    clf_status status = CLF_OK;
    json_t *answer = NULL;
    TRY(clfi_job_open_worker(job));
    if (job->stopped)
        return CLF_OK;
    const clfi_worker_end end = clfi_job_ask(job, json_pack("{s:s}", "do", "class"), &answer);
    const char *found = json_string_value(json_object_get(answer, "class"));
    *measured = found && clfi_class_find(found);
    if (*measured)
        snprintf(name, size, "%s", found);
    if (end != CLFI_WORKER_ANSWERED)
        clfi_worker_stop(&job->worker, NULL, 0);
    json_decref(answer);
fail:
    return status;
}

/* The device's class: the caller's, the one that is known, the measured or the guessed one. */
static clf_status find_class(clfi_job *job)
{
    clf_status status = CLF_OK;
    clfi_class_record record = {.identity = job->key.identity};
    const char *asked = job->params->device_class;
    const char *known = clfi_database_class(&job->database, &record.identity);
    const clf_device_info *device = &job->ctx->device;
    record.asked = asked != NULL;
    snprintf(record.name, sizeof record.name, "%s",
             asked   ? asked
             : known ? known
                     : clfi_class_guess(device)->name);
    bool measured = false;
    if (!asked && !known && device->type == CLF_DEVICE_CPU)
        TRY(measure_class(job, record.name, sizeof record.name, &measured));
    if (asked || measured)
        TRY(clfi_journal_add_class(&job->store, &record));
    snprintf(job->report.device_class, sizeof job->report.device_class, "%s", record.name);
fail:
    return status;
}

/* What is known of this or a like device goes first. */
static void suggest(clfi_job *job)
{
    clfi_shape shape;
    clfi_found found;
    const clfi_class_row *row = clfi_class_find(job->report.device_class);
    if (clfi_shape_init(&shape, &job->problem, NULL) != CLF_OK)
        return;
    for (int from = CLF_LOOKUP_ALL; from <= CLF_LOOKUP_SHIPPED; from++) {
        clfi_lookup(job->ctx->tables, (clf_lookup)from, &shape, &job->ctx->device, job->log,
                    &found);
        clfi_search_suggest(&job->search, &found.configuration);
    }
    if (!row)
        return;
    const clfi_configuration width = {.tuning.vector_width = (int)row->float_width};
    clfi_search_suggest(&job->search, &row->configuration);
    clfi_search_suggest(&job->search, &width);
}

/* Whether there is time for one more, if it takes as long as the one before; there is for the
 * first, however long the default took. */
static bool has_time(const clfi_job *job)
{
    const bool first = job->report.tried + job->report.known == 0;
    if (job->stopped || first || job->params->exhaustive)
        return !job->stopped;
    return clfi_job_seconds(job) + job->last < job->budget;
}

static clf_status search(clfi_job *job)
{
    clf_status status = CLF_OK;
    clfi_configuration candidate;
    while (has_time(job) && clfi_search_next(&job->search, &candidate))
        TRY(clfi_job_try(job, &candidate));
fail:
    return status;
}

/* The n-th of the caller's candidates, "vector_width=8; tile_rows=24": of `length` bytes. NULL
 * beyond the last. */
static const char *listed(const char *text, int n, size_t *length)
{
    for (; n > 0 && text; n--) {
        text = strchr(text, ';');
        text = text ? text + 1 : NULL;
    }
    text = text ? text + strspn(text, " ") : NULL;
    *length = text ? strcspn(text, ";") : 0;
    while (*length && text[*length - 1] == ' ')
        --*length;
    return text;
}

/* That candidate, which some plan must take. False: there is none. */
static clf_status take_listed(const clfi_job *job, int n, clfi_configuration *out, bool *found)
{
    clf_status status = CLF_OK;
    clfi_configuration resolved;
    size_t length;
    const char *text = listed(job->params->candidates, n, &length);
    char *one = text ? strndup(text, length) : NULL;
    *found = text != NULL;
    if (!text)
        return CLF_OK;
    if (one && length == 0) {
        free(one);
        return clfi_fail(job->log, CLF_ERROR_INVALID_ARGUMENT, "candidates='%s': place %d is empty",
                         job->params->candidates, n + 1);
    }
    if (!one)
        return clfi_fail(job->log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for the candidates");
    TRY(clfi_configuration_parse(one, job->log, out));
    REQUIRE(clfi_search_resolve(&job->search, out, &resolved), job->log,
            "candidate '%s': no plan of this problem on this device takes it", one);
fail:
    free(one);
    return status;
}

/* Refuses a list before anything is measured. */
static clf_status check_listed(const clfi_job *job)
{
    clf_status status = CLF_OK;
    clfi_configuration candidate;
    bool found = true;
    for (int n = 0; found; n++)
        TRY(take_listed(job, n, &candidate, &found));
fail:
    return status;
}

static clf_status try_listed(clfi_job *job)
{
    clf_status status = CLF_OK;
    clfi_configuration candidate;
    bool found = true;
    for (int n = 0; !job->stopped; n++) {
        TRY(take_listed(job, n, &candidate, &found));
        if (!found)
            break;
        TRY(clfi_job_try(job, &candidate));
    }
fail:
    return status;
}

/* Reads, searches, decides; the database is written by the caller. */
static clf_status run(clfi_job *job, clfi_result *final)
{
    clf_status status = CLF_OK;
    TRY(find_selector(job));
    TRY(set_problem(job));
    if (job->params->candidates)
        TRY(check_listed(job));
    TRY(clfi_store_open(CLFI_STORE_DATA, true, job->log, CLF_LOG_ERROR, &job->store));
    TRY(clfi_journal_read(&job->store, &job->journal));
    // What killed searches left is taken in, and a journal that has become large begun anew.
    TRY(clfi_database_fold(&job->store, NULL));
    TRY(clfi_database_read(&job->store, &job->database));
    if (strcmp(job->key.kernels, CLFI_KERNELS_FOLDER) == 0)
        job->journal.count = 0;  // nobody knows whether they were these kernels
    TRY(find_class(job));
    suggest(job);
    TRY(job->params->candidates ? try_listed(job) : search(job));
    TRY(clfi_job_decide(job, final));
fail:
    return status;
}

clf_status clf_tune(clf_context *ctx, const clf_tune_params *params, clf_tune_report *report)
{
    clf_status status = CLF_OK;
    clfi_job job = {.ctx = ctx, .params = params, .store = {.folder = -1}};
    clfi_result final = {0};
    if (report)
        *report = (clf_tune_report){0};
    TRY(check(ctx, params));
    TRY(clfi_process_check(&ctx->log));
    job.log = &ctx->log;
    job.budget = params->budget > 0 ? params->budget : k_budget;
    job.timeout = params->timeout > 0 ? params->timeout : k_timeout;
    job.begin = clfi_job_seconds(&job);
    job.progress.budget = job.budget;
    job.progress.best = 1;
    job.correctness = (double)NAN;
    status = run(&job, &final);
    clfi_worker_stop(&job.worker, NULL, 0);
    if (job.store.folder >= 0) {  // also after a failure: what was found is kept
        const clf_status folded = clfi_database_fold(&job.store, NULL);
        status = status == CLF_OK ? folded : status;
        clfi_tables_forget(ctx->tables);
    }
    TRY(status);
    job.report.seconds = clfi_job_seconds(&job);
    job.report.path = final.configuration.path;
    job.report.tuning = final.configuration.tuning;
    memcpy(job.report.ratio, final.ratio, sizeof job.report.ratio);
    if (report)
        *report = job.report;
fail:
    clfi_search_finish(&job.search);
    clfi_database_finish(&job.journal);
    clfi_database_finish(&job.told);
    clfi_database_finish(&job.database);
    clfi_store_close(&job.store);
    return status;
}
