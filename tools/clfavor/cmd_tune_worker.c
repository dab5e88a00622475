/* clfavor tune-worker: measures candidates. Internal. May crash or hang with them: whoever started
 * this process expects that, and nothing is written but answers.
 *
 * Invariant: a candidate is timed only after its results on short shapes with tails, and on the
 * timed shape itself, were within tau of fp64; and it is timed in turn with the default. */
#define _GNU_SOURCE  // getline, also under -std=c11
#include "commands.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <signal.h>
#include <sys/prctl.h>
#endif

#include <clfavor/version.h>

#include "exit.h"
#include "host/clock.h"
#include "host/log.h"
#include "host/text.h"
#include "measure.h"
#include "peak.h"
#include "plan_internal.h"
#include "tune/protocol.h"
#include "verify_run.h"
#include "workload.h"

enum {
    ROUNDS = 7,        // of a candidate beside the default
    RACE_ROUNDS = 15,  // of the best beside each other
    RACERS = 8,
    LONGEST_CHECK = 2000
};

/* Exponentials of a reference: three rows at least. */
static const double k_budget = 2e7;

/* Vectors of twice the width that do not stay in registers bring less than this: 0.7 was measured
 * where they do not, 1.0 where they do and are worked on by halves, 1.8 where they are not. */
static const double k_held = 0.85;

/* A candidate this much slower than the default in its first round is not timed again. */
static const double k_hopeless = 0.67;

typedef struct worker {
    FILE *answers;
    clf_log log;
    char message[160];  // the first error that a compiler told, else the last one; printable
    bool compiler;      // it is a compiler's
    clf_context *ctx;
    verify_case problem;  // of the timed shape
    clf_path path;        // of the problem, AUTO or the caller's
    attention timed;
    workload standard;  // the default
} worker;

static void keep_message(void *user, clf_log_level level, const char *message)
{
    worker *w = user;
    const bool compiler = strncmp(message, "build log:", 10) == 0 && strstr(message, "error");
    (void)level;
    if (!w->compiler)
        clfi_printable(w->message, sizeof w->message, message);
    w->compiler = w->compiler || compiler;
}

static void forget_message(worker *w)
{
    w->message[0] = '\0';
    w->compiler = false;
}

static void answer(const worker *w, json_t *json)
{
    json_dumpf(json, w->answers, JSON_COMPACT);
    fputc('\n', w->answers);
    fflush(w->answers);
    json_decref(json);
}

static void note(const worker *w, const char *at)
{
    answer(w, json_pack("{s:s}", "at", at));
}

static void fail(const worker *w, const char *message)
{
    answer(w, json_pack("{s:s, s:s}", "answer", "failed", "message", message));
}

/* The case that a tuner's problem is: kind, path and dtypes are those of the plan. */
static verify_case case_of(const clf_plan_params *p)
{
    const bool signs = clf_kind_describe(p->kind) && clf_kind_describe(p->kind)->has_sign;
    return (verify_case){
        .name = "the problem",
        .B = p->B,
        .H = p->H,
        .Hkv = p->Hkv ? p->Hkv : p->H,
        .L = p->L,
        .S = p->S,
        .D = p->D,
        .E = p->E,
        .R = p->R,
        .kind = (int)p->kind,
        .preset = p->preset,
        .path = p->path,
        .draw = p->draw,
        .q = p->q_dtype,
        .k = p->k_dtype,
        .v = p->v_dtype,
        .out = p->out_dtype,
        .causal = p->causal,
        .deterministic = p->deterministic,
        // Features of both signs cancel at larger norms, and what cancels is not judged.
        .first = signs ? 1 : 4,
        .last = signs ? 1 : 0.5,
    };
}

static void set_candidate(const worker *w, const clfi_configuration *c, attention *a)
{
    a->tuning = c->tuning;
    a->lookup = CLF_LOOKUP_NONE;
    a->choices.path.index = (int)(w->path == CLF_PATH_AUTO ? c->path : w->path);
}

/* The widest vectors of which as many as the kernels use stay in registers: others make the FMA
 * kernel slower than vectors of half the width, whatever the units can do at once. */
static void measure_class(worker *w, json_t *request)
{
    clf_status status = CLF_OK;
    const char *const names[PEAK_WIDTHS] = {"cpu_4", "cpu_8", "cpu_16"};
    double gains[PEAK_WIDTHS - 1];
    int i = 0;
    (void)request;
    TRY(peak_compare_widths(w->ctx, &w->log, gains));
    while (i + 1 < PEAK_WIDTHS && gains[i] > k_held)
        i++;
    answer(w, json_pack("{s:s, s:s}", "answer", "class", "class", names[i]));
    return;
fail:
    fail(w, w->message);
}

static clfi_verdict verdict_of(clf_status status)
{
    switch (status) {
    case CLF_OK:
        return CLFI_VERDICT_CORRECT;
    case CLF_ERROR_BUILD:
        return CLFI_VERDICT_COMPILE;
    case CLF_ERROR_INVALID_ARGUMENT:
    case CLF_ERROR_UNSUPPORTED:
        return CLFI_VERDICT_CONSTRAINTS;
    default:
        return CLFI_VERDICT_RUNTIME;
    }
}

/* Judges a plan and keeps the worst; *judged: something was compared. Of the timed shape, the last
 * heads stand for all. */
static clf_status judge(worker *w, const attention *a, clf_plan *plan, clfi_result *r, bool *judged)
{
    verify_result result = {0};
    const clf_status status = verify_judge(a, plan, 0, k_budget, a == &w->timed, &w->log, &result);
    if (status != CLF_OK || !result.rows)
        return status;
    *judged = true;
    if (!(result.err_tau <= r->correctness)) {
        r->correctness = result.err_tau;
        snprintf(r->message, sizeof r->message, "L=%lld S=%lld: error %.3g of its bound",
                 (long long)a->problem.L, (long long)a->problem.S, result.err_tau);
    }
    return status;
}

static clf_status check_short(worker *w, const clfi_configuration *c, int64_t L, int64_t S,
                              clfi_result *r, bool *judged)
{
    clf_status status = CLF_OK;
    attention a = {0};
    clf_plan *plan = NULL;
    verify_case small = w->problem;
    small.B = 1;
    small.H = w->problem.H / w->problem.Hkv;
    small.Hkv = 1;
    small.L = L;
    small.S = small.causal ? L : S;
    TRY(verify_make(&small, 0, &w->log, &a));
    set_candidate(w, c, &a);
    const clf_plan_params params = attention_params(&a);
    TRY(clf_plan_create(w->ctx, &params, &plan));
    TRY(judge(w, &a, plan, r, judged));
fail:
    clf_plan_destroy(&plan);
    attention_finish(&a);
    return status;
}

/* What the kernels of a plan were made for: short shapes, left to themselves, take other vectors.
 */
static clfi_configuration made_for(const clfi_configuration *c, const clf_plan *plan)
{
    clfi_configuration fixed = *c;
    if (plan->choice.family == CLF_FAMILY_WIDE) {
        fixed.tuning.vector_width = plan->choice.vector_width;
        fixed.tuning.tile_rows = plan->choice.tile;
    }
    return fixed;
}

/* One row; tails beyond a tile, and before the end of one; several segments. */
static clf_status check(worker *w, const clfi_configuration *c, clf_plan *plan, clfi_result *r)
{
    clf_status status = CLF_OK;
    const int64_t tile = plan->choice.tile;
    const int64_t whole = tile * (plan->choice.segments > 1 ? plan->choice.segments : 2);
    const int64_t cut = whole < LONGEST_CHECK ? whole : LONGEST_CHECK;
    const int64_t lengths[][2] = {
        {1, 1}, {tile + 1, 2 * tile - 1}, {2 * tile - 1, tile + 1}, {cut + 5, cut + 7}};
    const clfi_configuration fixed = made_for(c, plan);
    bool judged = false;
    r->correctness = 0;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0] && r->correctness <= 1; i++) {
        note(w, "check");
        TRY(check_short(w, &fixed, lengths[i][0], lengths[i][1], r, &judged));
    }
    note(w, "check");
    if (r->correctness <= 1)
        TRY(judge(w, &w->timed, plan, r, &judged));
    if (!judged) {
        r->correctness = INFINITY;
        snprintf(r->message, sizeof r->message, "no row could be judged: all is noise");
    }
fail:
    return status;
}

/* The problem's tensors, and the default, which must be right. */
static clf_status make_default(worker *w, clfi_result *r)
{
    clf_status status = CLF_OK;
    const clfi_configuration none = {0};
    note(w, "draw");
    TRY(verify_make(&w->problem, 0, &w->log, &w->timed));
    note(w, "build");
    set_candidate(w, &none, &w->timed);
    TRY(workload_create(w->ctx, &w->timed, &w->log, &w->standard));
    note(w, "run");
    TRY(workload_warm_up(&w->standard, &w->log));
    TRY(check(w, &none, w->standard.plan, r));
    if (!(r->correctness <= 1))
        status = clfi_fail(&w->log, CLF_ERROR_DEVICE, "it is wrong: %s", r->message);
fail:
    return status;
}

static void open_problem(worker *w, json_t *request)
{
    clf_status status = CLF_OK;
    clf_plan_params p;
    const char *device = json_string_value(json_object_get(request, "device"));
    clfi_key key;
    clfi_shape shape;
    clfi_result r = {.correctness = 0};
    if (!device || !clfi_problem_parse(json_object_get(request, "problem"), &p)) {
        fail(w, "the question is no problem");
        return;
    }
    TRY(clf_context_create(device, &w->log, &w->ctx));
    w->path = p.path;
    w->problem = case_of(&p);
    TRY(make_default(w, &r));
    TRY(clfi_shape_init(&shape, &p, &w->log));
    clfi_key_init(&key, &shape, clf_context_device(w->ctx));
    answer(w, json_pack("{s:s, s:s, s:s, s:f}", "answer", "open", "version", clf_version_string(),
                        "kernels", key.kernels, "correctness", r.correctness));
    return;
fail:
    fail(w, w->message);
}

/* The timed shape with a configuration, ready to be timed on the memory of the default. */
static clf_status make_workload(worker *w, const clfi_configuration *c, workload *out)
{
    clf_status status = CLF_OK;
    note(w, "build");
    set_candidate(w, c, &w->timed);
    const clf_plan_params params = attention_params(&w->timed);
    TRY(clf_plan_create(w->ctx, &params, &out->plan));
    TRY(workload_share(&w->standard, &w->log, out));
    note(w, "run");
    TRY(workload_warm_up(out, &w->log));
fail:
    return status;
}

/* One round of a candidate beside the default; who is first alternates. */
static clf_status time_round(worker *w, workload *candidate, int round, double *seconds,
                             double *ratio)
{
    clf_status status = CLF_OK;
    double standard;
    note(w, "time");
    if (round % 2)
        TRY(workload_time(candidate, &w->log, seconds));
    TRY(workload_time(&w->standard, &w->log, &standard));
    if (round % 2 == 0)
        TRY(workload_time(candidate, &w->log, seconds));
    *ratio = standard / *seconds;
fail:
    return status;
}

static clf_status time_beside(worker *w, workload *candidate, clfi_result *r)
{
    clf_status status = CLF_OK;
    double ratios[ROUNDS];
    do {
        TRY(time_round(w, candidate, r->runtimes, &r->seconds[r->runtimes], &ratios[r->runtimes]));
    } while (++r->runtimes < ROUNDS && ratios[0] >= k_hopeless);
    const quartiles q = measure_quartiles(ratios, r->runtimes);
    r->ratio[0] = q.q1;
    r->ratio[1] = q.median;
    r->ratio[2] = q.q3;
fail:
    return status;
}

static clf_status measure_candidate(worker *w, const clfi_configuration *c, clfi_result *r)
{
    clf_status status = CLF_OK;
    workload candidate = {0};
    const double begin = clfi_seconds();
    TRY(make_workload(w, c, &candidate));
    r->compile_seconds = clfi_seconds() - begin;
    TRY(check(w, c, candidate.plan, r));
    if (r->correctness <= 1)
        TRY(time_beside(w, &candidate, r));
fail:
    workload_destroy(&candidate);
    return status;
}

static void measure(worker *w, json_t *request)
{
    const char *text = json_string_value(json_object_get(request, "configuration"));
    clfi_configuration c;
    clfi_result r = {.correctness = (double)NAN,
                     .compile_seconds = (double)NAN,
                     .ratio = {(double)NAN, (double)NAN, (double)NAN}};
    if (!text || clfi_configuration_parse(text, &w->log, &c) != CLF_OK) {
        fail(w, "the question is no configuration");
        return;
    }
    forget_message(w);
    const clf_status status = measure_candidate(w, &c, &r);
    r.verdict = verdict_of(status);
    if (status != CLF_OK)
        snprintf(r.message, sizeof r.message, "%s", w->message);
    else if (!(r.correctness <= 1))
        r.verdict = CLFI_VERDICT_CORRECTNESS;
    else
        r.message[0] = '\0';
    answer(w, clfi_measure_json(&r));
}

static json_t *numbers(const double *values, int count)
{
    json_t *list = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(list, json_real(values[i]));
    return list;
}

/* A racer. One that was measured for another shape of the class is checked for this one first. */
static clf_status make_racer(worker *w, const char *text, workload *out)
{
    clf_status status = CLF_OK;
    clfi_configuration c;
    clfi_result r = {.correctness = 0};
    TRY(clfi_configuration_parse(text ? text : "", &w->log, &c));
    TRY(make_workload(w, &c, out));
    TRY(check(w, &c, out->plan, &r));
    if (r.correctness <= 1)
        return CLF_OK;
fail:
    workload_destroy(out);
    return status;
}

/* One round of those that were made; who is first alternates within each pair. */
static clf_status run_round(worker *w, workload *racers, int count, int round,
                            double seconds[RACERS][RACE_ROUNDS], double ratios[RACERS][RACE_ROUNDS])
{
    clf_status status = CLF_OK;
    for (int i = 0; i < count; i++) {
        if (racers[i].plan)
            TRY(time_round(w, &racers[i], round, &seconds[i][round], &ratios[i][round]));
    }
fail:
    return status;
}

static void race(worker *w, json_t *request)
{
    clf_status status = CLF_OK;
    const json_t *names = json_object_get(request, "configurations");
    const int count = (int)json_array_size(names);
    workload racers[RACERS] = {{0}};
    double seconds[RACERS][RACE_ROUNDS], ratios[RACERS][RACE_ROUNDS];
    forget_message(w);
    if (count < 1 || count > RACERS) {
        fail(w, "the question is no race");
        return;
    }
    for (int i = 0; i < count; i++)  // one that cannot be had, or is wrong, is left out
        make_racer(w, json_string_value(json_array_get(names, (size_t)i)), &racers[i]);
    for (int round = 0; round < RACE_ROUNDS; round++)
        TRY(run_round(w, racers, count, round, seconds, ratios));
    json_t *all_seconds = json_array(), *all_ratios = json_array();
    for (int i = 0; i < count; i++) {
        const int rounds = racers[i].plan ? RACE_ROUNDS : 0;
        const quartiles q = rounds ? measure_quartiles(ratios[i], rounds) : (quartiles){0, 0, 0};
        json_array_append_new(all_seconds, numbers(seconds[i], rounds));
        json_array_append_new(all_ratios, numbers((const double[]){q.q1, q.median, q.q3}, 3));
    }
    answer(w, json_pack("{s:s, s:o, s:o}", "answer", "race", "seconds", all_seconds, "ratios",
                        all_ratios));
fail:
    for (int i = 0; i < RACERS; i++)
        workload_destroy(&racers[i]);
    if (status != CLF_OK)
        fail(w, w->message);
}

static const struct {
    const char *word;
    void (*serve)(worker *w, json_t *request);
} k_words[] = {
    {"open", open_problem}, {"class", measure_class}, {"measure", measure}, {"race", race}};

enum {
    WORDS = sizeof k_words / sizeof k_words[0]
};

static void serve(worker *w, json_t *request)
{
    const char *word = json_string_value(json_object_get(request, "do"));
    size_t i = 0;
    while (word && i < WORDS && strcmp(k_words[i].word, word) != 0)
        i++;
    // The problem is the first, and comes once.
    if (word && i < WORDS && (i == 0) == (w->ctx == NULL))
        k_words[i].serve(w, request);
    else
        fail(w, "the question is none");
}

static int run(const void *parsed, const clf_log *log)
{
    worker w = {.answers = fdopen(CLFI_ANSWERS, "w")};
    char *line = NULL;
    size_t room = 0;
    (void)parsed;
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // a candidate that hangs must not outlive who asked for it
#endif
    if (!w.answers)
        return exit_of(clfi_fail(log, CLF_ERROR_INVALID_ARGUMENT,
                                 "descriptor %d, for the answers, is not open", CLFI_ANSWERS));
    w.log = (clf_log){keep_message, &w, CLF_LOG_ERROR};
    // What a driver starts, and leaves behind, must not hold the answers open.
    fcntl(CLFI_ANSWERS, F_SETFD, FD_CLOEXEC);
    while (getline(&line, &room, stdin) > 0) {
        json_t *request = json_loads(line, 0, NULL);
        serve(&w, request);
        json_decref(request);
    }
    free(line);
    workload_destroy(&w.standard);
    attention_finish(&w.timed);
    clf_context_destroy(&w.ctx);
    fclose(w.answers);
    return EXIT_RIGHT;
}

static const option_row k_options[] = {
    {.name = NULL},
};

const command cmd_tune_worker = {
    .name = "tune-worker",
    .summary = "measures what clfavor tune asks for",
    .details = "Answers questions in JSON lines (src/tune/protocol.h) until standard input ends.",
    .options = k_options,
    .values_size = 1,
    .run = run,
};
