/* Prepares and times the series of `clfavor bench`. Prints nothing but progress.
 *
 * Invariant: every sample stands between two measurements of the FMA peak and beside one of the
 * copy, two plans of a line are timed one right after the other, and the rounds go over all lines
 * in turn, so that a change of clock frequency hits all of them alike. The total is of plain runs;
 * the stages are of other runs, whose commands the device times. */
#include "bench.h"

#include <math.h>
#include <stdlib.h>

#include "against.h"
#include "bench_flop.h"
#include "cl/error.h"
#include "drawn.h"
#include "host/log.h"
#include "report.h"

static clf_status no_memory(const bench *b, const clf_log *log)
{
    return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for %lld rounds",
                     (long long)b->options.rounds);
}

static clf_status add_row(const bench *b, const char *stage, int64_t launches, double flop,
                          const clf_log *log, bench_series *s)
{
    const size_t rounds = (size_t)b->options.rounds;
    bench_row *row = &s->row[s->rows++];
    *row = (bench_row){.stage = stage, .launches = launches, .flop = flop};
    row->ms = calloc(rounds, sizeof *row->ms);
    row->fractions = calloc(rounds, sizeof *row->fractions);
    return row->ms && row->fractions ? CLF_OK : no_memory(b, log);
}

/* The total, and each stage of a plan whose launches are its own. */
static clf_status add_rows(const bench *b, const clf_log *log, bench_series *s)
{
    clf_status status = CLF_OK;
    const clf_plan *plan = s->work.plan;
    const int64_t launches = clfi_plan_run_launches(plan);
    const int stages = launches && !b->options.no_stages ? plan->launches : 0;
    TRY(add_row(b, "total", launches, bench_flop_total(plan), log, s));
    for (int i = 0; i < stages; i++) {
        const clfi_stage stage = plan->launch[i].row->stage;
        TRY(add_row(b, clfi_stage_name(stage), launches / plan->launches,
                    bench_flop_stage(plan, stage), log, s));
    }
    s->copy_fractions = calloc((size_t)b->options.rounds, sizeof *s->copy_fractions);
    if (!s->copy_fractions)
        return no_memory(b, log);
fail:
    return status;
}

static clf_status create_series(const bench *b, const clf_log *log, bench_series *s)
{
    clf_status status = CLF_OK;
    attention a = {0};
    TRY(drawn_attention(&s->line, log, &a));
    a.tuning.vector_width = (int)b->options.vector_width;
    s->R = a.problem.R;
    TRY(workload_create(b->ctx, &a, log, &s->work));
    TRY(workload_warm_up(&s->work, log));
    TRY(add_rows(b, log, s));
    if (b->options.against.given)
        TRY(bench_other_create(b->ctx, &a, against_lookup(b->options.against.index), &s->work,
                               b->options.rounds, log, &s->other));
fail:
    attention_finish(&a);
    return status;
}

static void keep(bench_row *row, int round, double seconds, double flops)
{
    row->ms[round] = seconds * 1e3;
    row->fractions[round] = row->flop / seconds / flops;
}

/* A sample of the plan, and one of the other beside it: in every second round the other is the
 * first. */
static clf_status time_plans(bench_series *s, int round, const clf_log *log, double *seconds)
{
    workload *const works[] = {&s->work, &s->other.work};
    const int count = s->other.timed ? 2 : 1;
    clf_status status = CLF_OK;
    double times[2];
    for (int i = 0; i < count; i++) {
        const int which = (round + i) % count;
        TRY(workload_time(works[which], log, &times[which]));
    }
    *seconds = times[0];
    if (s->other.timed)
        bench_other_keep(&s->other, round, times[0], times[1]);
fail:
    return status;
}

/* One sample of one line: its total and its stages between runs of the peaks. */
static clf_status sample(bench *b, int which, int round, const clf_log *log)
{
    bench_series *s = &b->at[which];
    const int at = round * b->count + which;
    clf_status status = CLF_OK;
    double seconds, before, after, stages[CLFI_MAX_STAGES], last;
    TRY(peak_measure(&b->peak[PEAK_FMA], log, &before));
    TRY(time_plans(s, round, log, &seconds));
    TRY(peak_measure(&b->peak[PEAK_FMA], log, &after));
    keep(&s->row[0], round, seconds, (before + after) / 2);
    b->rates[PEAK_FMA][at] = (before + after) / 2;
    if (s->rows > 1) {
        TRY(workload_time_stages(&s->work, b->profiling, log, stages));
        TRY(peak_measure(&b->peak[PEAK_FMA], log, &last));
        for (int i = 1; i < s->rows; i++)
            keep(&s->row[i], round, stages[i - 1], (after + last) / 2);
    }
    TRY(peak_measure(&b->peak[PEAK_COPY], log, &b->rates[PEAK_COPY][at]));
    TRY(peak_measure(&b->peak[PEAK_LAUNCH], log, &b->rates[PEAK_LAUNCH][at]));
    s->copy_fractions[round] = bench_bytes(s->work.plan) / seconds / b->rates[PEAK_COPY][at];
fail:
    return status;
}

static clf_status open_device(bench *b, const clf_log *log)
{
    clf_status status = CLF_OK;
    const size_t samples = (size_t)b->options.rounds * (size_t)b->count;
    cl_int code;
    TRY(clf_context_create(b->options.device, log, &b->ctx));
    b->profiling = clCreateCommandQueue(clf_context_cl(b->ctx), clf_context_device(b->ctx)->id,
                                        CL_QUEUE_PROFILING_ENABLE, &code);
    TRY(clfi_cl_check(log, code, "clCreateCommandQueue()"));
    for (int i = 0; i < PEAK_COUNT; i++) {
        TRY(peak_create(b->ctx, (peak_kind)i, log, &b->peak[i]));
        b->rates[i] = calloc(samples, sizeof *b->rates[i]);
        if (!b->rates[i])
            return no_memory(b, log);
    }
fail:
    return status;
}

static void settle_medians(bench *b)
{
    const int rounds = (int)b->options.rounds;
    for (int i = 0; i < b->count; i++) {
        bench_series *s = &b->at[i];
        s->fraction_of_copy = measure_quartiles(s->copy_fractions, rounds).median;
        for (int j = 0; j < s->rows; j++) {
            s->row[j].time = measure_quartiles(s->row[j].ms, rounds);
            s->row[j].fraction_of_peak = measure_quartiles(s->row[j].fractions, rounds).median;
        }
    }
    for (int i = 0; i < PEAK_COUNT; i++)
        b->rate[i] = measure_quartiles(b->rates[i], rounds * b->count);
}

static void settle_ratios(bench *b)
{
    double ratios[LINES_MAX];
    b->geometric_mean = NAN;
    if (!b->options.against.given)
        return;
    for (int i = 0; i < b->count; i++) {
        bench_other_settle(&b->at[i].other, (int)b->options.rounds);
        ratios[i] = b->at[i].other.ratio.median;
        b->slower += b->at[i].other.slower;
    }
    b->geometric_mean = against_geometric_mean(ratios, b->count);
}

clf_status bench_measure(bench *b, const line *lines, const clf_log *log)
{
    const int rounds = (int)b->options.rounds;
    clf_status status = CLF_OK;
    char label[LINE_LABEL];
    progress("measuring the peaks");
    TRY(open_device(b, log));
    for (int i = 0; i < b->count; i++) {
        b->at[i].line = lines[i];
        line_label(&lines[i], label);
        progress("preparing %s", label);
        TRY(create_series(b, log, &b->at[i]));
    }
    for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < b->count; i++) {
            line_label(&lines[i], label);
            progress("round %d of %d, %s", round + 1, rounds, label);
            TRY(sample(b, i, round, log));
        }
    }
    settle_medians(b);
    settle_ratios(b);
fail:
    progress_clear();
    return status;
}

double bench_gflops(const bench_row *row)
{
    return row->flop / row->time.median * 1e-6;
}

quartiles bench_launch_us(const bench *b)
{
    const quartiles rate = b->rate[PEAK_LAUNCH];
    return (quartiles){.q1 = 1e6 / rate.q3, .median = 1e6 / rate.median, .q3 = 1e6 / rate.q1};
}

void bench_finish(bench *b)
{
    for (int i = 0; i < LINES_MAX; i++) {
        bench_series *s = &b->at[i];
        for (int j = 0; j < s->rows; j++) {
            free(s->row[j].ms);
            free(s->row[j].fractions);
        }
        free(s->copy_fractions);
        bench_other_finish(&s->other);
        workload_destroy(&s->work);
    }
    for (int i = 0; i < PEAK_COUNT; i++) {
        free(b->rates[i]);
        peak_destroy(&b->peak[i]);
    }
    if (b->profiling)
        clReleaseCommandQueue(b->profiling);
    clf_context_destroy(&b->ctx);
}
