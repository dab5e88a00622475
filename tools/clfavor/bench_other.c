/* Makes, keeps and judges the other plan of a line. The rounds are in bench.c, the rule is in
 * against.c.
 *
 * Invariant: both plans read and write the same memory, so that where it lies favours none. */
#include "bench_other.h"

#include <math.h>
#include <stdlib.h>

#include "against.h"
#include "host/log.h"

static clf_status prepare_rounds(const workload *work, int64_t rounds, const clf_log *log,
                                 bench_other *o)
{
    o->ms = calloc((size_t)rounds, sizeof *o->ms);
    o->ratios = calloc((size_t)rounds, sizeof *o->ratios);
    if (!o->ms || !o->ratios)
        return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for %lld rounds",
                         (long long)rounds);
    const clf_status status = workload_share(work, log, &o->work);
    return status == CLF_OK ? workload_warm_up(&o->work, log) : status;
}

clf_status bench_other_create(clf_context *ctx, const attention *a, clf_lookup lookup,
                              const workload *work, int64_t rounds, const clf_log *log,
                              bench_other *out)
{
    clf_plan_params params = attention_params(a);
    params.tuning = (clf_tuning){0};
    params.lookup = lookup;
    *out = (bench_other){.median_ms = NAN, .ratio = {1, 1, 1}};
    const clf_status status = clf_plan_create(ctx, &params, &out->work.plan);
    if (status != CLF_OK)
        return status;
    out->timed =
        !against_same_plan(clf_plan_describe(work->plan), clf_plan_describe(out->work.plan));
    return out->timed ? prepare_rounds(work, rounds, log, out) : CLF_OK;
}

void bench_other_keep(bench_other *o, int round, double seconds, double other_seconds)
{
    o->ms[round] = other_seconds * 1e3;
    o->ratios[round] = other_seconds / seconds;
}

void bench_other_settle(bench_other *o, int rounds)
{
    if (!o->timed)
        return;
    o->median_ms = measure_quartiles(o->ms, rounds).median;
    o->ratio = measure_quartiles(o->ratios, rounds);
    o->slower = against_slower(o->ratio);
}

const char *bench_other_verdict(const bench_other *o)
{
    return !o->timed ? "same plan" : o->slower ? "slower" : NULL;
}

void bench_other_finish(bench_other *o)
{
    workload_destroy(&o->work);
    free(o->ms);
    free(o->ratios);
    *o = (bench_other){0};
}
