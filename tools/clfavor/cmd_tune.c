/* clfavor tune: finds and keeps the parameters that make attention fast on a device. The search is
 * the library's (src/tune), the measuring that of cmd_tune_worker.c.
 *
 * Invariant: what contradicts itself is refused before a device is looked for, and an interrupt
 * ends the search, not the program: what was found is kept. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <clfavor/tune.h>

#include "../common/child.h"
#include "commands.h"
#include "exit.h"
#include "host/log.h"
#include "report.h"
#include "tune/classes.h"
#include "tune/database.h"
#include "tune_options.h"
#include "tune_report.h"

/* Set by a signal. */
static volatile sig_atomic_t k_interrupted;

static void interrupt(int number)
{
    (void)number;
    k_interrupted = 1;
    signal(SIGINT, SIG_DFL);  // who asks twice means it
}

static bool show(void *user, const clf_tune_progress *p)
{
    (void)user;
    tune_print_progress(p);
    return !k_interrupted;
}

/* Tunes one problem. */
static clf_status tune_one(const tune_options *o, clf_context *ctx, const tune_case *c,
                           const char *self, clf_tune_report *report)
{
    const clf_tune_params params = {
        .plan = &c->problem,
        .budget = o->budget_seconds,
        .timeout = o->timeout_seconds,
        .exhaustive = o->exhaustive,
        .device_class = o->device_class.given ? clfi_classes[o->device_class.index].name : NULL,
        .candidates = o->candidates,
        .worker = self,
        .progress = show,
    };
    const clf_status status = clf_tune(ctx, &params, report);
    progress_clear();
    return status;
}

static clf_status search(const tune_options *o, const clf_log *log)
{
    clf_status status = CLF_OK;
    clf_context *ctx = NULL;
    tune_case cases[LINES_MAX];
    clf_tune_report reports[LINES_MAX];
    char self[PATH_MAX];
    int count, done = 0;
    TRY(tune_cases(o, log, cases, &count));
    if (!child_find_self(NULL, self, sizeof self)) {
        status =
            clfi_fail(log, CLF_ERROR_IO, "cannot find the program itself: %s", strerror(errno));
        goto fail;
    }
    TRY(clf_context_create(o->device, log, &ctx));
    signal(SIGINT, interrupt);
    if (!o->json)
        tune_print_head(ctx);
    // One that fails does not keep the others from being tuned; its code is that of the command.
    for (int i = 0; i < count && !k_interrupted; i++) {
        const clf_status one = tune_one(o, ctx, &cases[i], self, &reports[done]);
        status = status == CLF_OK ? one : status;
        if (one != CLF_OK)
            continue;
        cases[done] = cases[i];
        if (!o->json)
            tune_print(&cases[done], &reports[done], k_interrupted);
        done++;
    }
    if (o->json && (done || status == CLF_OK)) {
        const clf_status printed = tune_print_json(ctx, cases, reports, done, k_interrupted, log);
        status = status == CLF_OK ? printed : status;
    }
fail:
    signal(SIGINT, SIG_DFL);
    clf_context_destroy(&ctx);
    return status;
}

static clf_status export_results(const clf_log *log)
{
    char *text = NULL;
    const clf_status status = clf_tune_export(log, &text);
    if (status == CLF_OK)
        fputs(text, stdout);
    free(text);
    return status;
}

/* Reads a file, or standard input, whole; more than a database can be is refused. */
static clf_status read_results(const char *path, const clf_log *log, char **text, size_t *size)
{
    enum {
        MOST = CLFI_DATABASE_BYTES
    };
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    *text = file ? malloc(MOST + 1) : NULL;
    if (file && !*text) {
        fclose(file);
        return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory to read %s", path);
    }
    *size = file ? fread(*text, 1, MOST + 1, file) : 0;
    const bool failed = !file || ferror(file);
    const int error = errno;
    if (file)
        fclose(file);
    if (failed)
        return clfi_fail(log, CLF_ERROR_IO, "cannot read %s: %s", path, strerror(error));
    if (*size > MOST)
        return clfi_fail(log, CLF_ERROR_FORMAT, "%s has more than the %d bytes that results may",
                         path, MOST);
    return CLF_OK;
}

static clf_status import_results(const char *path, const clf_log *log)
{
    clf_status status = CLF_OK;
    char *text = NULL;
    size_t size = 0;
    int taken = 0;
    TRY(read_results(path, log, &text, &size));
    TRY(clf_tune_import(text, size, log, &taken));
    printf("%d result%s taken from %s\n", taken, taken == 1 ? "" : "s", path);
fail:
    free(text);
    return status;
}

static int run(const void *parsed, const clf_log *log)
{
    tune_options o = *(const tune_options *)parsed;
    clf_status status = CLF_OK;
    TRY(tune_check(&o, log));
    if (o.reset)
        status = clf_tune_reset(log);
    else if (o.export_results)
        status = export_results(log);
    else if (o.import)
        status = import_results(o.import, log);
    else
        status = search(&o, log);
fail:
    return exit_of(status);
}

const command cmd_tune = {
    .name = "tune",
    .summary = "finds the fastest parameters for a device, and keeps them",
    .details =
        "Tries parameters of the kernels for one problem: tiles, register blocks, vector width, "
        "segments, packing, prefetch, family and path. A candidate is compared with fp64 on short "
        "shapes with tails and on the problem before its time counts, and timed in turn with the "
        "default. All of it runs in other processes: one that crashes, hangs or is wrong costs "
        "nothing but itself.\n"
        "The best are raced at the end. What wins is kept in $XDG_DATA_HOME/clfavor "
        "(~/.local/share/clfavor) and used by every plan of such a shape on this device. The same "
        "command goes on where an earlier one ended; an interrupt keeps what was found.",
    .options = tune_option_rows,
    .values_size = sizeof(tune_options),
    .run = run,
};
