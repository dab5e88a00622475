/* One attention problem of a command: what it is, its tensors on the host, and its way to a plan.
 */
#ifndef TOOL_ATTENTION_H
#define TOOL_ATTENTION_H

#include <clfavor/attention.h>

#include "array.h"
#include "choices.h"
#include "host/ref/ref.h"

typedef struct attention {
    clfi_problem problem;  // as the references see it; points into what follows
    choices choices;
    clf_dtype out_dtype;
    clf_layout out_layout;
    clf_tuning tuning;
    clf_lookup lookup;
    array q, k, v;
    uint8_t *mask;               // [B, S] or NULL
    clf_projection *projection;  // NULL for features without W, and for none
    double *A;                   // of FAVOR++, A_count values; NULL for other kinds
    int64_t A_count;             // 1 or Hkv
} attention;

/* Settles what the features are, for a problem whose sizes (Hkv, too), layouts (not zero) and
 * tensors are there: kind, preset, R, scale, W. `weights` are the caller's and now owned by `a`;
 * NULL: drawn from the seed. Errors: INVALID_ARGUMENT for features that do not fit D or the
 * weights; those of clf_projection_create and clf_projection_oprf. */
clf_status attention_settle(attention *a, const choices *c, clf_projection *weights,
                            const clf_log *log);

/* Gives the problem its tensors. */
void attention_set_tensors(attention *a, array *q, array *k, array *v);

clf_plan_params attention_params(const attention *a);

/* Exact softmax attention of the same tensors, with its own scale and a result of floats. */
clf_plan_params attention_exact_params(const attention *a);
clfi_problem attention_exact_problem(const attention *a);

/* Runs a plan of the problem; the caller owns *out, of the problem's layout and `out_dtype`.
 * Errors: those of clf_plan_run_host. */
clf_status attention_run(const attention *a, clf_plan *plan, clf_dtype out_dtype,
                         const clf_log *log, array *out);

/* The path that a plan took: "fused", "clblast" or "exact". */
const char *attention_path_name(const clf_plan *plan);

/* B_L of docs/numerics.md: the longest chain of additions over keys in a plan. */
double attention_chain(const clf_plan *plan);

void attention_finish(attention *a);

#endif
