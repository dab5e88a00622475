/* Prints a search and its result. Decides nothing.
 *
 * Invariant: no line is wider than 80 columns. */
#include "tune_report.h"

#include <stdio.h>
#include <string.h>

#include "report.h"
#include "tune/classes.h"
#include "tune/parameters.h"

void tune_print_progress(const clf_tune_progress *p)
{
    enum {
        BAR = 20
    };
    char bar[BAR + 1];
    report_bar(p->seconds, p->budget, BAR, bar);
    progress("[%-*s] %.0f of %.0f s, %d tried, %d bad, best %.3fx  %s", BAR, bar, p->seconds,
             p->budget, p->tried, p->rejected, p->best, p->candidate ? p->candidate : "");
}

static void write_best(const clf_tune_report *r, char text[CLFI_CONFIGURATION_TEXT])
{
    const clfi_configuration best = {.path = r->path, .tuning = r->tuning};
    clfi_configuration_print(&best, text);
}

static json_t *result_json(const tune_case *c, const clf_tune_report *r)
{
    const clf_plan_params *p = &c->problem;
    char best[CLFI_CONFIGURATION_TEXT];
    write_best(r, best);
    return json_pack(
        "{s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:s, s:s, s:s, s:b, s:i, s:i, s:i, "
        "s:o, s:s, s:o, s:o, s:o}",
        "line", c->name ? json_string(c->name) : json_null(), "B", (json_int_t)p->B, "H",
        (json_int_t)p->H, "Hkv", (json_int_t)(p->Hkv ? p->Hkv : p->H), "L", (json_int_t)p->L, "S",
        (json_int_t)p->S, "D", (json_int_t)p->D, "E", (json_int_t)p->E, "R", (json_int_t)p->R,
        "kind", c->kind, "dtype", clf_dtype_name(p->q_dtype), "path", clf_path_name(p->path),
        "draw", clf_projection_kind_name(p->draw), "causal", p->causal, "tried", r->tried, "known",
        r->known, "rejected", r->rejected, "seconds", report_real(r->seconds), "best", best,
        "ratio_q1", report_real(r->ratio[0]), "ratio_median", report_real(r->ratio[1]), "ratio_q3",
        report_real(r->ratio[2]));
}

clf_status tune_print_json(const clf_context *ctx, const tune_case *cases,
                           const clf_tune_report *reports, int count, bool interrupted,
                           const clf_log *log)
{
    const clf_device_info *device = clf_context_device(ctx);
    json_t *results = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(results, result_json(&cases[i], &reports[i]));
    return report_json(json_pack("{s:s, s:o, s:o, s:s, s:b, s:o}", "schema", "clfavor-tune/1",
                                 "device", report_text(device->name), "driver",
                                 report_text(device->driver), "class",
                                 count ? reports[0].device_class : "", "interrupted", interrupted,
                                 "results", results),
                       log);
}

void tune_print_head(const clf_context *ctx)
{
    const clf_device_info *device = clf_context_device(ctx);
    report_wrapped(stdout, device->name, printf("device  "), 8);
    report_wrapped(stdout, device->driver, printf("driver  "), 8);
}

static void print_shape(const tune_case *c)
{
    const clf_plan_params *p = &c->problem;
    char text[256], R[32] = "";
    if (p->path != CLF_PATH_EXACT)
        snprintf(R, sizeof R, " R=%lld", (long long)p->R);
    snprintf(text, sizeof text, "%s%sB=%lld H=%lld L=%lld S=%lld D=%lld E=%lld%s %s%s %s",
             c->name ? c->name : "", c->name ? ": " : "", (long long)p->B, (long long)p->H,
             (long long)p->L, (long long)p->S, (long long)p->D, (long long)p->E, R, c->kind,
             p->causal ? " causal" : "", clf_dtype_name(p->q_dtype));
    report_wrapped(stdout, text, printf("\nshape   ") - 1, 8);
}

/* What the device is taken for, and whether anything of that class was ever measured. */
static void print_class(const char *name)
{
    const clfi_class_row *row = clfi_class_find(name);
    char text[192];
    snprintf(text, sizeof text, "%s%s%s%s", name, row ? ": " : "", row ? row->what : "",
             row && !row->measured_on ? "; nothing of it was ever measured" : "");
    report_wrapped(stdout, text, printf("class   "), 8);
}

void tune_print(const tune_case *c, const clf_tune_report *r, bool interrupted)
{
    char text[CLFI_CONFIGURATION_TEXT];
    print_shape(c);
    print_class(r->device_class);
    snprintf(text, sizeof text, "%d in %.1f s%s, %d known before; %d of them rejected", r->tried,
             r->seconds, interrupted ? " until the interrupt" : "", r->known, r->rejected);
    report_wrapped(stdout, text, printf("tried   "), 8);
    write_best(r, text);
    report_wrapped(stdout, text, printf("best    "), 8);
    if (strcmp(text, "default") == 0)
        printf("        nothing was found that is faster by 1 %% beyond doubt\n");
    else
        printf("        %.3f times as fast as the default, quartiles %.3f to %.3f\n", r->ratio[1],
               r->ratio[0], r->ratio[2]);
    fflush(stdout);
}
