/* One candidate after the other, in a process that may die of them; and the race of the best.
 *
 * Invariant: a result is in the journal before the next candidate is begun, and a candidate that
 * failed is never in the race. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <clfavor/version.h>

#include "host/clock.h"
#include "host/log.h"
#include "host/text.h"
#include "tune/database_internal.h"
#include "tune/job.h"
#include "tune/protocol.h"

enum {
    BATCH = 32,     // candidates of a worker: what drivers keep of their programs goes with it
    FINALISTS = 3,  // of the race
};

/* Gains below this are not told from noise: the default then stays. */
static const double k_gain = 1.01;

/* How much longer than a candidate the default may be silent. */
static const double k_patience = 10;

double clfi_job_seconds(const clfi_job *job)
{
    return clfi_seconds() - job->begin;
}

/* Tells how it stands. False: the caller wants no more. */
static bool go_on(void *user)
{
    clfi_job *job = user;
    const clf_tune_params *p = job->params;
    job->progress.seconds = clfi_job_seconds(job);
    if (p->progress && !p->progress(p->user, &job->progress))
        job->stopped = true;
    return !job->stopped;
}

clfi_worker_end clfi_job_ask(clfi_job *job, json_t *request, json_t **answer)
{
    const clfi_worker_watch watch = {go_on, job, job->timeout};
    return clfi_worker_ask(&job->worker, request, &watch, answer);
}

/* What an end without an answer, or silence of so many seconds, means in words. Ends the worker. */
static void tell_end(clfi_job *job, clfi_worker_end end, double silence, char *why, size_t size)
{
    char at[sizeof job->worker.at], how[256];
    memcpy(at, job->worker.at, sizeof at);
    clfi_worker_stop(&job->worker, how, sizeof how);
    if (end == CLFI_WORKER_SILENT)
        snprintf(why, size, "no sign of life for %.0f s, at '%s'", silence, at);
    else
        snprintf(why, size, "the process ended at '%s': %.110s", at, how);
}

/* Whether the worker is of the same build as this library, and the default is right. */
static clf_status check_build(clfi_job *job, const char *program, json_t *answer)
{
    const char *kernels = json_string_value(json_object_get(answer, "kernels"));
    const char *version = json_string_value(json_object_get(answer, "version"));
    const char *message = json_string_value(json_object_get(answer, "message"));
    if (message)
        return clfi_fail(job->log, CLF_ERROR_DEVICE, "the default cannot be measured: %s", message);
    if (!kernels || strcmp(kernels, job->key.kernels) != 0 || !version ||
        strcmp(version, clf_version_string()) != 0)
        return clfi_fail(job->log, CLF_ERROR_IO,
                         "'%s' is of another version, or has other kernels, than this library",
                         program);
    job->correctness = json_number_value(json_object_get(answer, "correctness"));
    return CLF_OK;
}

clf_status clfi_job_open_worker(clfi_job *job)
{
    clf_status status = CLF_OK;
    const char *program = job->params->worker ? job->params->worker : "clfavor";
    char why[384];
    json_t *answer = NULL;
    if (job->worker.process)
        return CLF_OK;
    TRY(clfi_worker_start(program, job->log, &job->worker));
    job->asked = 0;
    json_t *request = json_pack("{s:s, s:s, s:o}", "do", "open", "device", job->selector, "problem",
                                clfi_problem_json(&job->problem));
    // Without the default there is no search: it may take longer than a candidate.
    const clfi_worker_watch watch = {go_on, job, k_patience * job->timeout};
    const clfi_worker_end end = clfi_worker_ask(&job->worker, request, &watch, &answer);
    if (end == CLFI_WORKER_ANSWERED) {
        status = check_build(job, program, answer);
    } else if (end != CLFI_WORKER_STOPPED) {
        tell_end(job, end, watch.silence, why, sizeof why);
        status = clfi_fail(job->log, CLF_ERROR_DEVICE, "the default cannot be measured by '%s': %s",
                           program, why);
    }
    json_decref(answer);
    if (status != CLF_OK || end == CLFI_WORKER_STOPPED)
        clfi_worker_stop(&job->worker, NULL, 0);
fail:
    return status;
}

/* The journal's result of a candidate; NULL: none. Who names one that was silent wants to know
 * again. */
static const clfi_result *find_known(const clfi_job *job, const clfi_configuration *candidate)
{
    for (int i = 0; i < job->journal.count; i++) {
        const clfi_result *r = &job->journal.results[i];
        if (r->verdict == CLFI_VERDICT_TIMEOUT && job->params->candidates)
            continue;
        if (!r->final && clfi_key_fit(&r->key, &job->key) == CLFI_FIT_EXACT &&
            clfi_configuration_equal(&r->configuration, candidate))
            return r;
    }
    return NULL;
}

/* Has the worker measure. False: stopped, and nothing came of it. */
static bool measure(clfi_job *job, clfi_result *r)
{
    json_t *answer = NULL;
    json_t *request = json_pack("{s:s, s:s}", "do", "measure", "configuration", job->candidate);
    const clfi_worker_end end = clfi_job_ask(job, request, &answer);
    if (end == CLFI_WORKER_STOPPED) {
        clfi_worker_stop(&job->worker, NULL, 0);
        return false;
    }
    if (end == CLFI_WORKER_ANSWERED && !clfi_measure_parse(answer, r)) {
        const char *why = json_string_value(json_object_get(answer, "message"));
        r->verdict = CLFI_VERDICT_RUNTIME;
        clfi_printable(r->message, sizeof r->message, why ? why : "its answer makes no sense");
    } else if (end != CLFI_WORKER_ANSWERED) {
        const bool building = strcmp(job->worker.at, "build") == 0;
        r->verdict = end == CLFI_WORKER_SILENT ? CLFI_VERDICT_TIMEOUT
                     : building                ? CLFI_VERDICT_COMPILE
                                               : CLFI_VERDICT_RUNTIME;
        tell_end(job, end, job->timeout, r->message, sizeof r->message);
    }
    json_decref(answer);
    // What went wrong may have spoilt memory or driver for all that follows.
    const bool harmless =
        r->verdict == CLFI_VERDICT_CORRECT || r->verdict == CLFI_VERDICT_CONSTRAINTS;
    if (!harmless || ++job->asked >= BATCH)
        clfi_worker_stop(&job->worker, NULL, 0);
    return true;
}

static clfi_result new_result(const clfi_job *job, const clfi_configuration *c)
{
    return (clfi_result){.key = job->key,
                         .configuration = *c,
                         .time = (int64_t)time(NULL),
                         .correctness = (double)NAN,
                         .compile_seconds = (double)NAN,
                         .ratio = {(double)NAN, (double)NAN, (double)NAN}};
}

/* What came of a candidate, to the search and to the caller. */
static clf_status tell(clfi_job *job, const clfi_result *r, bool known)
{
    const bool right = r->verdict == CLFI_VERDICT_CORRECT;
    const clf_status status = clfi_database_append(&job->told, r);
    job->report.tried += !known;
    job->report.known += known;
    job->report.rejected += !right;
    clfi_search_tell(&job->search, &r->configuration, right ? r->ratio[1] : 0);
    job->progress.tried = job->report.tried + job->report.known;
    job->progress.rejected = job->report.rejected;
    job->progress.best = job->search.best_ratio;
    job->progress.verdict = clfi_verdict_name(r->verdict);
    clfi_log(job->log, CLF_LOG_INFO, "%s: %s%s%s%s", job->candidate, clfi_verdict_name(r->verdict),
             known ? ", known" : "", *r->message ? ", " : "", r->message);
    go_on(job);
    return status;
}

/* Opens the worker again in the middle of a search. One that cannot be had ends the search, and
 * what was measured decides. */
static clf_status reopen_worker(clfi_job *job)
{
    const clf_status status = clfi_job_open_worker(job);
    if (status == CLF_OK || job->report.tried == 0)
        return status;
    clfi_log(job->log, CLF_LOG_WARNING, "the search ends here");
    job->stopped = job->failed = true;
    return CLF_OK;
}

clf_status clfi_job_try(clfi_job *job, const clfi_configuration *candidate)
{
    clf_status status = CLF_OK;
    clfi_configuration_print(candidate, job->candidate);
    job->progress.candidate = job->candidate;
    const clfi_result *known = find_known(job, candidate);
    if (known)
        return tell(job, known, true);
    TRY(reopen_worker(job));
    clfi_result r = new_result(job, candidate);
    const double begin = clfi_job_seconds(job);
    if (job->stopped || !measure(job, &r))
        return CLF_OK;
    job->last = clfi_job_seconds(job) - begin;
    TRY(clfi_journal_add(&job->store, &r));
    TRY(clfi_database_append(&job->journal, &r));
    TRY(tell(job, &r, false));
fail:
    return status;
}

/* Whether two configurations make the same plan of the problem. */
static bool same_plan(const clfi_job *job, const clfi_configuration *a, const clfi_configuration *b)
{
    clfi_configuration x, y;
    return clfi_search_resolve(&job->search, a, &x) && clfi_search_resolve(&job->search, b, &y) &&
           clfi_configuration_equal(&x, &y);
}

/* Whether a result can be raced: the problem takes it, and it makes another plan than the others.
 */
static bool can_race(const clfi_job *job, const clfi_result *r, const clfi_result *const *others,
                     int count)
{
    clfi_configuration resolved;
    if (!clfi_search_resolve(&job->search, &r->configuration, &resolved))
        return false;  // of another shape of the class
    for (int i = 0; i < count; i++) {
        if (same_plan(job, &others[i]->configuration, &r->configuration))
            return false;
    }
    return true;
}

/* The best of what this search was told, faster than the default, best first. */
static int choose_finalists(const clfi_job *job, const clfi_result *best[FINALISTS])
{
    int count = 0;
    while (count < FINALISTS) {
        const clfi_result *next = NULL;
        for (int i = 0; i < job->told.count; i++) {
            const clfi_result *r = &job->told.results[i];
            if (r->verdict == CLFI_VERDICT_CORRECT && r->ratio[1] > (next ? next->ratio[1] : 1) &&
                can_race(job, r, best, count))
                next = r;
        }
        if (!next)
            break;
        best[count++] = next;
    }
    return count;
}

/* Takes the ratios and times of finalist i from the answer of a race. */
static bool take_race(json_t *answer, int i, clfi_result *r)
{
    const json_t *ratio = json_array_get(json_object_get(answer, "ratios"), (size_t)i);
    const json_t *seconds = json_array_get(json_object_get(answer, "seconds"), (size_t)i);
    const size_t runs = json_array_size(seconds);
    if (json_array_size(ratio) != 3 || runs < 1 || runs > CLFI_MAX_RUNTIMES)
        return false;
    for (size_t j = 0; j < 3; j++)
        r->ratio[j] = json_number_value(json_array_get(ratio, j));
    for (size_t j = 0; j < runs; j++)
        r->seconds[j] = json_number_value(json_array_get(seconds, j));
    r->runtimes = (int)runs;
    return r->ratio[0] > 0;
}

/* The faster of the two becomes *final, if it is faster than the default beyond doubt. */
static void prefer(const clfi_result *r, clfi_result *final)
{
    if (r->ratio[1] >= k_gain && r->ratio[0] > 1 && r->ratio[1] > final->ratio[1])
        *final = *r;
}

/* Asks for the race. False: there was none. */
static bool ask_for_race(clfi_job *job, json_t *names, json_t **answer)
{
    char why[384];
    if (!job->stopped && clfi_job_open_worker(job) != CLF_OK)
        job->failed = true;
    if (job->stopped || job->failed)
        return false;
    json_t *request = json_pack("{s:s, s:O}", "do", "race", "configurations", names);
    const clfi_worker_end end = clfi_job_ask(job, request, answer);
    const char *failed = json_string_value(json_object_get(*answer, "message"));
    if (end == CLFI_WORKER_SILENT || end == CLFI_WORKER_DIED)
        tell_end(job, end, job->timeout, why, sizeof why);
    else if (failed)
        snprintf(why, sizeof why, "%.200s", failed);
    else
        return end == CLFI_WORKER_ANSWERED;
    clfi_log(job->log, CLF_LOG_WARNING, "the best could not be compared: %s", why);
    job->failed = true;
    return false;
}

/* Races the finalists. Without a race, because it was stopped, what was measured of each alone
 * decides: that stood beside the default, too. If it failed, one of them is to blame, and the
 * default stays. */
static void race(clfi_job *job, const clfi_result *best[], int count, clfi_result *final)
{
    json_t *names = json_array(), *answer = NULL;
    char text[CLFI_CONFIGURATION_TEXT];
    for (int i = 0; i < count; i++) {
        clfi_configuration_print(&best[i]->configuration, text);
        json_array_append_new(names, json_string(text));
    }
    job->raced = ask_for_race(job, names, &answer);
    for (int i = 0; i < count && !job->failed; i++) {
        clfi_result r = *best[i];
        if (!job->raced || take_race(answer, i, &r))
            prefer(&r, final);
    }
    json_decref(names);
    json_decref(answer);
}

/* What an earlier search decided of this key, and what has become of it. */
typedef struct earlier {
    const clfi_result *result;  // NULL: there is none
    bool raced;                 // it was among those that were raced
} earlier;

/* Whether an earlier decision stands: nothing was compared with it, it is of another path than the
 * one that was asked for, or it is for other shapes of the class and nothing better was found for
 * this one. */
static bool earlier_stands(const clfi_job *job, const earlier *e, int finalists,
                           const clfi_result *final)
{
    const clfi_configuration none = {0};
    if (!e->result)
        return false;
    const clf_path asked = job->problem.path, path = e->result->configuration.path;
    const bool elsewhere = asked == CLF_PATH_FUSED && path != CLF_PATH_AUTO && path != asked;
    const bool untried = job->report.tried + job->report.known == 0;
    const bool unraced = !job->raced && (finalists > 0 || job->stopped);
    const bool of_others = !clfi_configuration_equal(&e->result->configuration, &none) &&
                           !e->raced && clfi_configuration_equal(&final->configuration, &none);
    return elsewhere || untried || unraced || of_others;
}

clf_status clfi_job_decide(clfi_job *job, clfi_result *final)
{
    clf_status status = CLF_OK;
    const clfi_configuration none = {0};
    const clfi_result *best[FINALISTS + 1];
    clfi_fit fit;
    earlier e = {.result = clfi_database_find(&job->database, &job->key, &fit)};
    e.result = fit == CLFI_FIT_EXACT ? e.result : NULL;
    int count = choose_finalists(job, best);
    if (e.result && !clfi_configuration_equal(&e.result->configuration, &none)) {
        const bool another = can_race(job, e.result, best, count);
        e.raced = another || can_race(job, e.result, best, 0);  // or one of the same plan is
        if (another)
            best[count++] = e.result;
    }
    *final = new_result(job, &none);
    for (int i = 0; i < 3; i++)
        final->ratio[i] = 1;
    job->progress.candidate = "the best, side by side";
    if (count)
        race(job, best, count, final);
    if (earlier_stands(job, &e, count, final)) {
        *final = *e.result;
        return CLF_OK;
    }
    if (clfi_configuration_equal(&final->configuration, &none))
        final->correctness = job->correctness;
    final->origin = CLFI_ORIGIN_TUNED;
    final->time = (int64_t)time(NULL);
    final->final = true;
    TRY(clfi_journal_add(&job->store, final));
fail:
    return status;
}
