/* clfavor bench-start: one start of a program, for `clfavor bench --startup`, which runs it in a
 * process of its own. Internal: no usage names it, and it answers on a descriptor that only that
 * caller opens.
 *
 * Invariant: OpenCL is first used after the clock of the phases began. */
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "../common/child.h"
#include "bench_options.h"
#include "commands.h"
#include "drawn.h"
#include "exit.h"
#include "host/clock.h"
#include "host/log.h"
#include "measure.h"
#include "report.h"

/* Ends of phases on a clock that all processes share, in seconds. */
typedef struct moments {
    double entered, began, context, plan, run;
} moments;

/* One line of JSON with all digits. */
static clf_status answer(const moments *m, const clf_context *ctx, const clf_plan *plan, int64_t R,
                         const clf_log *log)
{
    const clf_device_info *device = clf_context_device(ctx);
    json_t *root = json_pack(
        "{s:f, s:f, s:f, s:f, s:f, s:o, s:o, s:I, s:s, s:o}", "entered", m->entered, "began",
        m->began, "context", m->context, "plan", m->plan, "run", m->run, "device",
        report_text(device->name), "driver", report_text(device->driver), "R", (json_int_t)R,
        "path", attention_path_name(plan), "description", report_text(clf_plan_describe(plan)));
    char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
    const bool told = text && dprintf(CHILD_ANSWERS, "%s\n", text) > 0;
    free(text);
    json_decref(root);
    return told ? CLF_OK
                : clfi_fail(log, CLF_ERROR_IO,
                            "nobody listens: this command is for 'clfavor bench --startup'");
}

static int run(const void *parsed, const clf_log *log)
{
    clf_status status = CLF_OK;
    moments m = {.entered = clfi_seconds()};
    const bench_options o = bench_options_settle(parsed);
    line lines[LINES_MAX];
    int count;
    attention a = {0};
    array out = {0};
    clf_context *ctx = NULL;
    clf_plan *plan = NULL;
    TRY(bench_options_lines(&o, log, lines, &count));
    TRY(drawn_attention(&lines[0], log, &a));
    a.tuning.vector_width = (int)o.vector_width;
    // A program without a W of its own leaves it to the plan; FAVOR++ makes one of q and k.
    if (!choices_oprf(&a.choices))
        clf_projection_destroy(&a.projection);
    const clf_plan_params params = attention_params(&a);
    m.began = clfi_seconds();
    TRY(clf_context_create(o.device, log, &ctx));
    m.context = clfi_seconds();
    TRY(clf_plan_create(ctx, &params, &plan));
    m.plan = clfi_seconds();
    TRY(attention_run(&a, plan, a.out_dtype, log, &out));
    m.run = clfi_seconds();
    TRY(answer(&m, ctx, plan, a.problem.R, log));
fail:
    array_finish(&out);
    clf_plan_destroy(&plan);
    clf_context_destroy(&ctx);
    attention_finish(&a);
    return exit_of(status);
}

const command cmd_bench_start = {
    .name = "bench-start",
    .summary = "one start of a program",
    .details = "What 'clfavor bench --startup' runs. Not for users.",
    .options = bench_option_rows,
    .values_size = sizeof(bench_options),
    .run = run,
};
