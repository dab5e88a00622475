/* Starts processes and keeps their times. What they do is in cmd_bench_start.c.
 *
 * Invariant: the folder for caches is gone when this returns, also when a start failed; a signal
 * that would end the process waits until then. */
#include "startup.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "../common/caches.h"
#include "../common/child.h"
#include "commands.h"
#include "exit.h"
#include "host/clock.h"
#include "host/log.h"
#include "option_words.h"
#include "report.h"

static const double k_silence = 600;  // seconds; compilers of some devices take minutes

static const char *const k_kinds[STARTUP_KINDS] = {"cold", "warm"};
static const char *const k_phases[STARTUP_PHASES] = {"context", "plan", "run", "total"};

const char *startup_kind_name(startup_kind kind)
{
    return k_kinds[kind];
}

const char *startup_phase_name(startup_phase phase)
{
    return k_phases[phase];
}

static void hold_signals(sigset_t *before)
{
    sigset_t held;
    sigemptyset(&held);
    sigaddset(&held, SIGHUP);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    sigprocmask(SIG_BLOCK, &held, before);
}

/* Whether a signal is held. */
static bool is_interrupted(void)
{
    sigset_t pending;
    sigpending(&pending);
    return sigismember(&pending, SIGHUP) || sigismember(&pending, SIGINT) ||
           sigismember(&pending, SIGTERM);
}

static double *times_of(const startup *s, int kind, int phase)
{
    return s->ms + (kind * STARTUP_PHASES + phase) * s->options.rounds;
}

/* The times of a start that began at `begin`, from the moments that it answered. */
static bool keep(startup *s, int kind, int round, double begin, json_t *answer)
{
    double entered, began, context, plan, run;
    if (json_unpack(answer, "{s:F, s:F, s:F, s:F, s:F}", "entered", &entered, "began", &began,
                    "context", &context, "plan", &plan, "run", &run))
        return false;
    const double seconds[STARTUP_PHASES] = {
        context - began,
        plan - context,
        run - plan,
        entered - begin + run - began,
    };
    for (int i = 0; i < STARTUP_PHASES; i++)
        times_of(s, kind, i)[round] = seconds[i] * 1e3;
    json_decref(s->facts);
    s->facts = json_incref(answer);
    return true;
}

/* The exit code for a start that did not answer. */
static int code_of(const child_result *result)
{
    if (result->end == CHILD_NOT_STARTED)
        return EXIT_IO;
    const bool own = result->end == CHILD_DONE && result->code > 0 && result->code <= EXIT_IO;
    return own ? result->code : EXIT_DEVICE;
}

static int start_once(startup *s, int kind, int round, const caches *c, char *const *words,
                      const clf_log *log)
{
    child_result result;
    const double begin = clfi_seconds();
    child_run(&(child_call){(const char *const *)words, CHILD_ANSWERS, k_silence, c->set}, &result);
    json_t *lines = child_lines(&result);
    int code = EXIT_RIGHT;
    if (result.end != CHILD_DONE || result.code != 0 ||
        !keep(s, kind, round, begin, json_array_get(lines, 0)))
        code = code_of(&result);
    if (code != EXIT_RIGHT && !is_interrupted()) {
        json_t *message = child_message(&result);
        const char *text = json_string_value(message);
        clfi_log(log, CLF_LOG_ERROR, "a %s start failed: %s", k_kinds[kind],
                 text ? text : "it did not answer");
        json_decref(message);
    }
    json_decref(lines);
    child_finish(&result);
    return code;
}

/* A cold start and a warm one. */
static int run_round(startup *s, int round, char *const *words, const clf_log *log)
{
    caches fresh;
    int code = EXIT_RIGHT;
    if (!caches_create("clfavor-startup", &fresh)) {
        clfi_log(log, CLF_LOG_ERROR, "cannot make a folder for caches in TMPDIR or else /tmp: %s",
                 strerror(errno));
        return EXIT_IO;
    }
    for (int kind = 0; kind < STARTUP_KINDS && code == EXIT_RIGHT; kind++) {
        progress("round %d of %d, %s start", round + 1, (int)s->options.rounds, k_kinds[kind]);
        code = start_once(s, kind, round, &fresh, words, log);
        if (is_interrupted())
            code = EXIT_IO;
    }
    caches_destroy(&fresh);
    progress_clear();
    return code;
}

/* The words of a start, and memory for all times. */
static clf_status prepare(startup *s, const clf_log *log, option_words *words)
{
    char self[CACHES_PATH];
    const size_t rounds = (size_t)s->options.rounds;
    line lines[LINES_MAX];
    int count;
    clf_status status = CLF_OK;
    TRY(bench_options_lines(&s->options, log, lines, &count));
    s->line = lines[0];
    if (!child_find_self(NULL, self, sizeof self))
        return clfi_fail(log, CLF_ERROR_IO, "cannot find the file of this program: %s",
                         strerror(errno));
    TRY(option_words_create(self, &cmd_bench_start, &s->options, log, words));
    s->ms = calloc(STARTUP_KINDS * STARTUP_PHASES * rounds, sizeof *s->ms);
    if (!s->ms)
        return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for %zu rounds", rounds);
fail:
    return status;
}

static void settle(startup *s)
{
    for (int kind = 0; kind < STARTUP_KINDS; kind++) {
        for (int phase = 0; phase < STARTUP_PHASES; phase++)
            s->time[kind][phase] =
                measure_quartiles(times_of(s, kind, phase), (int)s->options.rounds);
    }
}

int startup_measure(startup *s, const clf_log *log)
{
    option_words words = {0};
    sigset_t before;
    int code = exit_of(prepare(s, log, &words));
    hold_signals(&before);
    for (int round = 0; code == EXIT_RIGHT && round < (int)s->options.rounds; round++)
        code = run_round(s, round, words.at, log);
    sigprocmask(SIG_SETMASK, &before, NULL);  // a signal that was held ends the process here
    if (code == EXIT_RIGHT)
        settle(s);
    option_words_finish(&words);
    return code;
}

void startup_finish(startup *s)
{
    free(s->ms);
    json_decref(s->facts);
}
