/* Problems and measurements as JSON between two processes. Knows nothing of pipes.
 *
 * Invariant: what is read is ranged by the plan that is made of it, or here. */
#include "tune/protocol.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* One member of a problem. Enums and sizes alike go as integers. */
#define MEMBER(name)                                                                               \
    {                                                                                              \
#name, offsetof(clf_plan_params, name), sizeof(((clf_plan_params *)NULL)->name)            \
    }

static const struct {
    const char *name;
    size_t offset, size;
} k_members[] = {
    MEMBER(B),       MEMBER(H),         MEMBER(Hkv),
    MEMBER(L),       MEMBER(S),         MEMBER(D),
    MEMBER(E),       MEMBER(R),         MEMBER(kind),
    MEMBER(causal),  MEMBER(preset),    MEMBER(path),
    MEMBER(draw),    MEMBER(q_dtype),   MEMBER(k_dtype),
    MEMBER(v_dtype), MEMBER(out_dtype), MEMBER(deterministic),
};
enum {
    MEMBERS = sizeof k_members / sizeof k_members[0]
};

json_t *clfi_problem_json(const clf_plan_params *problem)
{
    json_t *json = json_object();
    for (int i = 0; i < MEMBERS; i++) {
        const char *at = (const char *)problem + k_members[i].offset;
        int64_t wide = 0;
        int narrow = 0;
        bool flag = false;
        if (k_members[i].size == sizeof wide)
            memcpy(&wide, at, sizeof wide);
        else if (k_members[i].size == sizeof narrow)
            memcpy(&narrow, at, sizeof narrow);
        else
            memcpy(&flag, at, sizeof flag);
        json_object_set_new(json, k_members[i].name, json_integer(wide + narrow + flag));
    }
    return json;
}

bool clfi_problem_parse(json_t *json, clf_plan_params *out)
{
    *out = (clf_plan_params){0};
    for (int i = 0; i < MEMBERS; i++) {
        const json_t *value = json_object_get(json, k_members[i].name);
        char *at = (char *)out + k_members[i].offset;
        if (!json_is_integer(value))
            return false;
        const int64_t wide = json_integer_value(value);
        const int narrow = (int)wide;
        const bool flag = wide != 0;
        if (k_members[i].size == sizeof wide)
            memcpy(at, &wide, sizeof wide);
        else if (k_members[i].size == sizeof narrow)
            memcpy(at, &narrow, sizeof narrow);
        else
            memcpy(at, &flag, sizeof flag);
    }
    return true;
}

/* null for what is not finite. */
static json_t *real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *clfi_measure_json(const clfi_result *r)
{
    json_t *seconds = json_array(), *ratio = json_array();
    for (int i = 0; i < r->runtimes; i++)
        json_array_append_new(seconds, real(r->seconds[i]));
    for (int i = 0; i < 3; i++)
        json_array_append_new(ratio, real(r->ratio[i]));
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:s}", "answer", "measure", "verdict",
                     clfi_verdict_name(r->verdict), "correctness", real(r->correctness),
                     "compile_seconds", real(r->compile_seconds), "seconds", seconds, "ratio",
                     ratio, "message", r->message);
}

static double number(const json_t *json)
{
    return json_is_number(json) ? json_number_value(json) : (double)NAN;
}

bool clfi_measure_parse(json_t *json, clfi_result *out)
{
    const char *verdict = json_string_value(json_object_get(json, "verdict"));
    const char *message = json_string_value(json_object_get(json, "message"));
    const json_t *seconds = json_object_get(json, "seconds"),
                 *ratio = json_object_get(json, "ratio");
    int v = 0;
    while (verdict && v < CLFI_VERDICTS && strcmp(clfi_verdict_name((clfi_verdict)v), verdict) != 0)
        v++;
    if (!verdict || v == CLFI_VERDICTS || !message ||
        json_array_size(seconds) > CLFI_MAX_RUNTIMES || json_array_size(ratio) != 3)
        return false;
    out->verdict = (clfi_verdict)v;
    out->correctness = number(json_object_get(json, "correctness"));
    out->compile_seconds = number(json_object_get(json, "compile_seconds"));
    out->runtimes = (int)json_array_size(seconds);
    for (int i = 0; i < out->runtimes; i++)
        out->seconds[i] = number(json_array_get(seconds, (size_t)i));
    for (int i = 0; i < 3; i++)
        out->ratio[i] = number(json_array_get(ratio, (size_t)i));
    snprintf(out->message, sizeof out->message, "%s", message);
    // A measurement that has no times is none.
    const bool right = out->verdict == CLFI_VERDICT_CORRECT;
    return !right || (out->ratio[1] > 0 && out->runtimes > 0 && out->correctness <= 1);
}
