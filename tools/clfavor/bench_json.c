/* Turns measurements into JSON, of which CSV is made as well. Computes nothing but rates.
 *
 * Invariant: all rows have the same members, whatever was asked for; what was not measured is
 * null. */
#include "bench_json.h"

#include <math.h>

#include "against.h"
#include "commit.h"
#include "report.h"

static json_t *quartiles_json(quartiles q, double unit)
{
    return json_pack("{s:o, s:o, s:o}", "median", report_real(q.median / unit), "q1",
                     report_real(q.q1 / unit), "q3", report_real(q.q3 / unit));
}

json_t *bench_json_line(const line *l, int64_t R, const char *path)
{
    return json_pack("{s:s?, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:b, s:s, s:s}", "line",
                     l->name, "B", (json_int_t)l->B, "H", (json_int_t)l->H, "L", (json_int_t)l->L,
                     "S", (json_int_t)l->L, "D", (json_int_t)l->D, "E", (json_int_t)l->E, "R",
                     (json_int_t)R, "dtype", clf_dtype_name((clf_dtype)l->choices.dtype.index),
                     "causal", l->choices.causal, "kind", choices_kind_name(&l->choices), "path",
                     path);
}

/* What came of it. */
static json_t *stage_json(const bench_series *s, const bench_row *row)
{
    const bool total = row == &s->row[0];
    return json_pack("{s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o}", "stage", row->stage,
                     "launches", row->launches ? json_integer(row->launches) : json_null(),
                     "direction", "forward", "median_ms", report_real(row->time.median), "q1_ms",
                     report_real(row->time.q1), "q3_ms", report_real(row->time.q3), "gflops",
                     report_real(bench_gflops(row)), "fraction_of_peak",
                     report_real(row->fraction_of_peak), "fraction_of_copy",
                     report_real(total ? s->fraction_of_copy : NAN), "workspace_bytes",
                     (json_int_t)clf_plan_workspace_bytes(s->work.plan), "plan",
                     report_text(clf_plan_describe(s->work.plan)));
}

/* The other plan, of the total of a line. */
static json_t *other_json(const bench_series *s, bool total)
{
    const bench_other *o = &s->other;
    const bool given = total && o->work.plan;
    return json_pack("{s:o, s:o, s:o, s:o, s:s?, s:o}", "other_median_ms",
                     report_real(given ? o->median_ms : NAN), "ratio_median",
                     report_real(given ? o->ratio.median : NAN), "ratio_q1",
                     report_real(given ? o->ratio.q1 : NAN), "ratio_q3",
                     report_real(given ? o->ratio.q3 : NAN), "verdict",
                     given ? bench_other_verdict(o) : NULL, "other_plan",
                     given ? report_text(clf_plan_describe(o->work.plan)) : json_null());
}

static json_t *row_json(const bench_series *s, const bench_row *row)
{
    json_t *object = bench_json_line(&s->line, s->R, attention_path_name(s->work.plan));
    json_t *const parts[] = {stage_json(s, row), other_json(s, row == &s->row[0])};
    for (int i = 0; i < 2; i++) {
        json_object_update(object, parts[i]);
        json_decref(parts[i]);
    }
    return object;
}

json_t *bench_json(const bench *b)
{
    const bench_options *o = &b->options;
    const clf_device_info *device = clf_context_device(b->ctx);
    json_t *results = json_array();
    for (int i = 0; i < b->count; i++) {
        for (int j = 0; j < b->at[i].rows; j++)
            json_array_append_new(results, row_json(&b->at[i], &b->at[i].row[j]));
    }
    return json_pack("{s:s, s:o, s:o, s:s, s:o, s:I, s:o, s:o, s:o, s:s?, s:o, s:o}", "schema",
                     "clfavor-bench/1", "device", report_text(device->name), "driver",
                     report_text(device->driver), "commit", TOOL_COMMIT, "seed",
                     json_sprintf("%llu", (unsigned long long)o->choices.seed), "rounds",
                     (json_int_t)o->rounds, "peak_gflops", quartiles_json(b->rate[PEAK_FMA], 1e9),
                     "copy_gbs", quartiles_json(b->rate[PEAK_COPY], 1e9), "empty_launch_us",
                     report_real(bench_launch_us(b).median), "against",
                     o->against.given ? against_word(o->against.index) : NULL,
                     "ratio_geometric_mean", report_real(b->geometric_mean), "results", results);
}
