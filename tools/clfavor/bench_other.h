/* The other plan of a line, which `clfavor bench --against` times in the same rounds. */
#ifndef TOOL_BENCH_OTHER_H
#define TOOL_BENCH_OTHER_H

#include "measure.h"
#include "workload.h"

/* Zeroed: there is none. */
typedef struct bench_other {
    bool timed;           // false: there is none, or it is the same plan
    workload work;        // on the tensors of this plan; of the same plan the plan alone
    double *ms, *ratios;  // [rounds]; its time over that of this plan
    double median_ms;     // NAN when it was not timed
    quartiles ratio;      // 1 when it is the same plan
    bool slower;          // this plan is slower than it
} bench_other;

/* Makes the plan of the problem of `work` whose choices come from `lookup`. The caller finishes
 * *out, also on failure. Errors: those of clf_plan_create and clf_plan_run, OUT_OF_HOST_MEMORY. */
clf_status bench_other_create(clf_context *ctx, const attention *a, clf_lookup lookup,
                              const workload *work, int64_t rounds, const clf_log *log,
                              bench_other *out);

/* Keeps the times of a round, of this plan and of the other. */
void bench_other_keep(bench_other *o, int round, double seconds, double other_seconds);

/* Sets what is known after the last round, and sorts the rounds. */
void bench_other_settle(bench_other *o, int rounds);

/* "same plan", "slower", or NULL: nothing to say. Of a created one. */
const char *bench_other_verdict(const bench_other *o);

void bench_other_finish(bench_other *o);

#endif
