/* Prints the times of starts. Measures nothing.
 *
 * Invariant: CSV is made of the JSON, so both have the same fields. */
#include "startup_report.h"

#include "bench_json.h"
#include "commit.h"
#include "csv.h"
#include "report.h"

static json_t *results_json(const startup *s)
{
    json_t *results = json_array();
    for (int kind = 0; kind < STARTUP_KINDS; kind++) {
        for (int phase = 0; phase < STARTUP_PHASES; phase++) {
            const quartiles time = s->time[kind][phase];
            json_array_append_new(results,
                                  json_pack("{s:s, s:s, s:o, s:o, s:o}", "start",
                                            startup_kind_name((startup_kind)kind), "phase",
                                            startup_phase_name((startup_phase)phase), "median_ms",
                                            report_real(time.median), "q1_ms", report_real(time.q1),
                                            "q3_ms", report_real(time.q3)));
        }
    }
    return results;
}

static const char *fact(const startup *s, const char *name)
{
    const char *text = json_string_value(json_object_get(s->facts, name));
    return text ? text : "";
}

static int64_t features(const startup *s)
{
    return json_integer_value(json_object_get(s->facts, "R"));
}

static json_t *startup_json(const startup *s)
{
    const choices *c = &s->options.choices;
    json_t *root = json_pack("{s:s, s:s, s:s, s:s, s:o, s:I}", "schema", "clfavor-startup/1",
                             "device", fact(s, "device"), "driver", fact(s, "driver"), "commit",
                             TOOL_COMMIT, "seed", json_sprintf("%llu", (unsigned long long)c->seed),
                             "rounds", (json_int_t)s->options.rounds);
    json_t *shape = bench_json_line(&s->line, features(s), fact(s, "path"));
    json_object_update(root, shape);
    json_decref(shape);
    json_object_set_new(root, "plan", json_string(fact(s, "description")));
    json_object_set_new(root, "results", results_json(s));
    return root;
}

static void print_text(const startup *s)
{
    static const char *const phases[STARTUP_PHASES] = {"drivers and context", "plan", "first run",
                                                       "total"};
    char shape[LINE_SHAPE];
    line_shape(&s->line, features(s), shape);
    report_wrapped(stdout, fact(s, "device"), printf("device  "), 8);
    report_wrapped(stdout, fact(s, "driver"), printf("driver  "), 8);
    printf("commit  %s\nshape   L=%lld %s, %lld rounds\n", TOOL_COMMIT, (long long)s->line.L, shape,
           (long long)s->options.rounds);
    printf("\nstart  phase                     ms           quartiles\n");
    for (int kind = 0; kind < STARTUP_KINDS; kind++) {
        for (int phase = 0; phase < STARTUP_PHASES; phase++) {
            const quartiles time = s->time[kind][phase];
            char ms[3][16];
            report_ms(time.median, ms[0]);
            report_ms(time.q1, ms[1]);
            report_ms(time.q3, ms[2]);
            printf("%-5s  %-20s %s  %s to %s\n", phase ? "" : startup_kind_name((startup_kind)kind),
                   phases[phase], ms[0], ms[1], ms[2]);
        }
    }
    printf("\nplan:\n");
    report_wrapped(stdout, fact(s, "description"), 0, 2);
}

clf_status startup_report(const startup *s, const clf_log *log)
{
    if (s->options.json)
        return report_json(startup_json(s), log);
    if (s->options.csv)
        return csv_print(startup_json(s), "results", log);
    print_text(s);
    return CLF_OK;
}
