/* One case of `clfavor verify`: its problem, and how right a plan of it is. */
#ifndef TOOL_VERIFY_RUN_H
#define TOOL_VERIFY_RUN_H

#include "verify_report.h"

/* Random tensors of a case, and all that is settled of its features. The caller finishes *a, also
 * on failure. Errors: OUT_OF_HOST_MEMORY; those of attention_settle. */
clf_status verify_make(const verify_case *c, uint64_t seed, const clf_log *log, attention *a);

/* Runs a plan of the case and compares all heads, or those of the last key head; `budget` as for
 * compare_choose. Errors: OUT_OF_HOST_MEMORY; those of clf_plan_run. */
clf_status verify_judge(const attention *a, clf_plan *plan, uint64_t seed, double budget, bool last,
                        const clf_log *log, verify_result *result);

#endif
