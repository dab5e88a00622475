/* Every public operation on a device as a row: what it needs, the call, and how its result is
 * judged. Knows nothing of how a call is made to fail.
 *
 * Invariant: an operation leaves nothing behind, and after a failure the world is as before. */
#ifndef FAULTS_OPERATIONS_H
#define FAULTS_OPERATIONS_H

#include <clfavor/attention.h>

#include "support/device.h"

/* A plan to work with. */
typedef struct problem {
    const char *name;
    clf_plan_params params;
    bool features;  // a feature plan
} problem;

/* What an operation works with: made once, used by many calls. */
typedef struct world {
    kept_log said;  // errors of the call
    const problem *problem;
    clf_plan_params params;
    clf_context *ctx;
    clf_plan *plan, *other_plan;        // `other_plan` is of one call
    clf_context *other_ctx;             // as well
    clf_projection *projection[2];      // that of the plan, and another one
    cl_command_queue queue;             // of ctx, out of order
    cl_event gate, done;                // a complete event; that of a call
    clf_buffer q, k, v, out, exponent;  // on the device
    cl_mem workspace;
    int64_t out_count, rows;
    float *host_q, *host_k, *host_v, *host_out, *expected[2];  // one per projection
    int32_t *host_exponent, *expected_exponent;
    const char *broken;  // the first promise that the call broke, NULL for none
} world;

typedef struct operation {
    const char *name;
    const problem *problem;
    void (*prepare)(world *w);
    clf_status (*call)(world *w);  // what may fail: calls of the library alone
    void (*finish)(world *w, clf_status status);
} operation;

extern const operation operations[];
extern const int operation_count;

/* Whether programs are kept on disk meanwhile, where whatever fails is no failure of the call. */
bool operation_on_disk(const operation *op);

void world_open(world *w, const problem *on);
void world_close(world *w);

/* Makes the next calls fail as `fault` says; NULL: no more. */
typedef void arm_calls(const void *fault);

/* One call of the operation with `fault` in force (NULL: none). On return w->broken tells whether
 * everything but the status was right: results of a call that succeeded, `out` after one that did
 * not, what was said about a failure. */
clf_status operation_run(const operation *op, world *w, arm_calls *arm, const void *fault);

#endif
