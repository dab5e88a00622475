/* What the process that measures is asked, and what it answers: JSON objects, one a line. Both ends
 * are of one version with the same kernels; the first answer proves it.
 *
 *   {"do": "open", "device": "0:0", "problem": {..}}
 *       {"at": "draw"}, {"at": "build"}, {"at": "run"}, {"at": "check"}; then
 *       {"answer": "open", "version": "0.1.0", "kernels": hash, "correctness": 0.1}
 *   {"do": "class"}
 *       {"answer": "class", "class": "cpu_8"}
 *   {"do": "measure", "configuration": "vector_width=8"}
 *       {"at": "build"}, {"at": "run"}, {"at": "check"}, {"at": "time"}, as it goes on; then
 *       {"answer": "measure", "verdict": "correct", "correctness": 0.2, "compile_seconds": 1.5,
 *        "seconds": [..], "ratio": [q1, median, q3], "message": ""}
 *   {"do": "race", "configurations": ["vector_width=8", ..]}
 *       {"at": "build"}, .., {"at": "time"}, as it goes on; then
 *       {"answer": "race", "seconds": [[..], ..], "ratios": [[q1, median, q3], ..]}
 *   any of them
 *       {"answer": "failed", "message": why}
 *
 * Answers go to descriptor CLFI_ANSWERS: drivers print to the first two. */
#ifndef CLFI_PROTOCOL_H
#define CLFI_PROTOCOL_H

#include <jansson.h>

#include "tune/database.h"

enum {
    CLFI_ANSWERS = 3
};

/* A problem of a tuner: sizes, kind and the like, no tensors and no layouts. NULL without memory.
 */
json_t *clfi_problem_json(const clf_plan_params *problem);

/* The same backwards; false: it is none. */
bool clfi_problem_parse(json_t *json, clf_plan_params *out);

/* An answer to "measure", from and to the members of a result. False: it is none. */
json_t *clfi_measure_json(const clfi_result *result);
bool clfi_measure_parse(json_t *json, clfi_result *out);

#endif
