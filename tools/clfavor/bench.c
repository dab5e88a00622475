/* Prepares and times the series of `clfavor bench`. Prints nothing but progress.
 *
 * Invariant: every sample stands between two measurements of the FMA peak and beside one of the
 * copy, and the rounds go over all lengths in turn, so that a change of clock frequency hits all
 * of them alike. The total is of plain runs; the stages are of other runs, whose commands the
 * device times. */
#include "bench.h"

#include <stdlib.h>

#include "bench_flop.h"
#include "cl/error.h"
#include "host/checked.h"
#include "host/log.h"
#include "report.h"

static clf_status no_memory(const bench *b, const clf_log *log)
{
    return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for %lld rounds",
                     (long long)b->options.rounds);
}

/* A tensor of random values: a block of normal numbers, repeated. */
static clf_status fill(const bench_options *o, uint32_t sequence, int64_t L, int64_t width,
                       const clf_log *log, array *out)
{
    enum {
        PERIOD = 65521  // a prime, so that rows differ
    };
    clf_status status = CLF_OK;
    const int64_t counts[] = {o->batch, o->heads, L, width};
    void *data = NULL;
    size_t bytes;
    REQUIRE(clfi_product_bytes(counts, 4, sizeof(float), &bytes), log,
            "--lengths %lld with --batch %lld, --heads %lld and a head of %lld columns overflows",
            (long long)L, (long long)o->batch, (long long)o->heads, (long long)width);
    const size_t count = bytes / sizeof(float);
    data = malloc(bytes);
    if (!data)
        return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY,
                         "no memory for a tensor of %zu bytes of length %lld", bytes, (long long)L);
    float *random = data;
    const size_t fresh = count < PERIOD ? count : PERIOD;
    measure_fill_normal(o->choices.seed, sequence, random, (int64_t)fresh);
    for (size_t i = fresh; i < count; i++)
        random[i] = random[i - fresh];
    TRY(array_take(&data, CLF_DTYPE_F32, (clf_dtype)o->choices.dtype.index, count, log, out));
fail:
    return status;
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

/* Random q, k, v of one length. */
static clf_status create_series(const bench *b, const clf_log *log, bench_series *s)
{
    const bench_options *o = &b->options;
    const clf_layout qk = clf_layout_bhld(o->heads, s->L, o->head_size);
    const clf_layout v = clf_layout_bhld(o->heads, s->L, o->value_size);
    clf_status status = CLF_OK;
    array x[3] = {{0}};
    attention a = {
        .problem = {.B = o->batch,
                    .H = o->heads,
                    .Hkv = o->heads,
                    .L = s->L,
                    .S = s->L,
                    .D = o->head_size,
                    .E = o->value_size,
                    .q_layout = qk,
                    .k_layout = qk,
                    .v_layout = v},
        .out_dtype = (clf_dtype)o->choices.dtype.index,
        .out_layout = v,
        .tuning = {.vector_width = (int)o->vector_width},
    };
    TRY(fill(o, 0, s->L, o->head_size, log, &x[0]));
    TRY(fill(o, 1, s->L, o->head_size, log, &x[1]));
    TRY(fill(o, 2, s->L, o->value_size, log, &x[2]));
    attention_set_tensors(&a, &x[0], &x[1], &x[2]);
    TRY(attention_settle(&a, &o->choices, NULL, log));
    s->R = a.problem.R;
    TRY(workload_create(b->ctx, &a, log, &s->work));
    TRY(add_rows(b, log, s));
fail:
    for (int i = 0; i < 3; i++)
        array_finish(&x[i]);
    attention_finish(&a);
    return status;
}

static void keep(bench_row *row, int round, double seconds, double flops)
{
    row->ms[round] = seconds * 1e3;
    row->fractions[round] = row->flop / seconds / flops;
}

/* One sample of one length: its total and its stages between runs of the peaks. */
static clf_status sample(bench *b, int which, int round, const clf_log *log)
{
    bench_series *s = &b->at[which];
    const int at = round * b->count + which;
    clf_status status = CLF_OK;
    double seconds, before, after, stages[CLFI_MAX_STAGES], last;
    TRY(peak_measure(&b->peak[PEAK_FMA], log, &before));
    TRY(workload_time(&s->work, log, &seconds));
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

clf_status bench_measure(bench *b, const clf_log *log)
{
    const int rounds = (int)b->options.rounds;
    clf_status status = CLF_OK;
    b->count = b->options.lengths.count;
    progress("measuring the peaks");
    TRY(open_device(b, log));
    for (int i = 0; i < b->count; i++) {
        b->at[i].L = b->options.lengths.at[i];
        progress("preparing L=%lld", (long long)b->at[i].L);
        TRY(create_series(b, log, &b->at[i]));
    }
    for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < b->count; i++) {
            progress("round %d of %d, L=%lld", round + 1, rounds, (long long)b->at[i].L);
            TRY(sample(b, i, round, log));
        }
    }
    settle_medians(b);
fail:
    progress_clear();
    return status;
}

void bench_finish(bench *b)
{
    for (int i = 0; i < OPTION_LIST_MAX; i++) {
        bench_series *s = &b->at[i];
        for (int j = 0; j < s->rows; j++) {
            free(s->row[j].ms);
            free(s->row[j].fractions);
        }
        free(s->copy_fractions);
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
