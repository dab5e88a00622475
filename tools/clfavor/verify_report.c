/* The table of cases, the worst by groups, and both as JSON. Runs nothing. */
#include "verify_report.h"

#include <string.h>

#include "report.h"

/* What cases are grouped by. */
static const char *kind_of(const verify_case *c)
{
    return choices_kind_name(&(choices){.kind = {true, c->kind}, .path = {true, c->path}});
}

static const char *inputs_of(const verify_case *c)
{
    return c->q == c->k && c->k == c->v ? clf_dtype_name(c->q) : "mixed";
}

static const char *out_of(const verify_case *c)
{
    return clf_dtype_name(c->out);
}

static const char *preset_of(const verify_case *c)
{
    return clf_preset_name(c->preset);
}

static const char *path_of(const verify_case *c)
{
    return clf_path_name(c->path == CLF_PATH_AUTO ? CLF_PATH_FUSED : c->path);
}

static const struct {
    const char *name, *member;
    const char *(*of)(const verify_case *c);
} k_groups[] = {
    {"kind", "worst_by_kind", kind_of},    {"q, k, v", "worst_by_inputs", inputs_of},
    {"result", "worst_by_result", out_of}, {"preset", "worst_by_preset", preset_of},
    {"path", "worst_by_path", path_of},
};
enum {
    GROUPS = sizeof k_groups / sizeof k_groups[0]
};

/* The worst case of those whose word of group `g` is `word`, or of all when it is NULL; -1 when
 * none was run. */
static int worst_of(const verify_result *results, int g, const char *word)
{
    int worst = -1;
    for (int i = 0; i < verify_case_count; i++) {
        if (!results[i].run || (word && strcmp(k_groups[g].of(&verify_cases[i]), word) != 0))
            continue;
        if (worst < 0 || results[i].err_tau > results[worst].err_tau)
            worst = i;
    }
    return worst;
}

/* Whether no case before the i-th has its word. */
static bool is_first(int g, int i)
{
    const char *word = k_groups[g].of(&verify_cases[i]);
    for (int before = 0; before < i; before++) {
        if (strcmp(k_groups[g].of(&verify_cases[before]), word) == 0)
            return false;
    }
    return true;
}

static json_t *group_json(const verify_result *results, int g)
{
    json_t *worst = json_object();
    for (int i = 0; i < verify_case_count; i++) {
        const char *word = k_groups[g].of(&verify_cases[i]);
        const int at = is_first(g, i) ? worst_of(results, g, word) : -1;
        if (at >= 0)
            json_object_set_new(worst, word, report_real(results[at].err_tau));
    }
    return worst;
}

static json_t *case_json(const verify_case *c, const verify_result *r)
{
    return json_pack(
        "{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:b, "
        "s:b, s:I, s:I, s:o, s:o, s:o}",
        "name", c->name, "B", (json_int_t)c->B, "H", (json_int_t)c->H, "Hkv", (json_int_t)c->Hkv,
        "L", (json_int_t)c->L, "S", (json_int_t)c->S, "D", (json_int_t)c->D, "E", (json_int_t)c->E,
        "R", (json_int_t)(c->deterministic ? c->D : c->R), "kind", kind_of(c), "preset",
        preset_of(c), "path", path_of(c), "inputs", inputs_of(c), "result", out_of(c), "causal",
        c->causal, "mask", c->masked, "deterministic", c->deterministic, "run", r->run, "rows",
        (json_int_t)r->rows, "skipped_rows", (json_int_t)r->skipped, "tau",
        r->run ? report_real(r->tau) : json_null(), "err_tau",
        r->run ? report_real(r->err_tau) : json_null(), "right",
        r->run ? json_boolean(r->right) : json_null());
}

clf_status verify_print_json(const clf_context *ctx, const verify_result *results,
                             const clf_log *log)
{
    const clf_device_info *device = clf_context_device(ctx);
    const int worst = worst_of(results, 0, NULL);
    json_t *cases = json_array();
    for (int i = 0; i < verify_case_count; i++)
        if (results[i].wanted)
            json_array_append_new(cases, case_json(&verify_cases[i], &results[i]));
    json_t *root =
        json_pack("{s:s, s:o, s:o, s:o, s:o}", "schema", "clfavor-verify/1", "device",
                  report_text(device->name), "driver", report_text(device->driver), "worst_err_tau",
                  worst < 0 ? json_null() : report_real(results[worst].err_tau), "worst",
                  worst < 0 ? json_null() : json_string(verify_cases[worst].name));
    for (int g = 0; g < GROUPS; g++)
        json_object_set_new(root, k_groups[g].member, group_json(results, g));
    json_object_set_new(root, "cases", cases);
    return report_json(root, log);
}

void verify_print_head(const clf_context *ctx)
{
    report_wrapped(stdout, clf_context_device(ctx)->name, printf("device  "), 8);
    printf("\ncase                     q, k, v result     L     S  rows     tau err/tau\n");
}

void verify_print_row(const verify_case *c, const verify_result *r)
{
    printf("%-24s %-7s %-6s %5lld %5lld ", c->name, inputs_of(c), out_of(c), (long long)c->L,
           (long long)c->S);
    if (!r->run)
        printf("not supported here\n");
    else
        printf("%5lld %.1e %7.3g%s\n", (long long)r->rows, r->tau, r->err_tau,
               r->right ? "" : " WRONG");
}

/* The words of a group with their worst figures. */
static void print_group(const verify_result *results, int g)
{
    char text[1024] = "";
    size_t used = 0;
    for (int i = 0; i < verify_case_count; i++) {
        const char *word = k_groups[g].of(&verify_cases[i]);
        const int at = is_first(g, i) ? worst_of(results, g, word) : -1;
        if (at >= 0 && used < sizeof text)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s %.3g", used ? ", " : "",
                                     word, results[at].err_tau);
    }
    report_wrapped(stdout, text, printf("  %-9s", k_groups[g].name), 11);
}

void verify_print_foot(const verify_result *results)
{
    const int worst = worst_of(results, 0, NULL);
    int run = 0;
    int right = 0;
    for (int i = 0; i < verify_case_count; i++) {
        run += results[i].run;
        right += results[i].right;
    }
    if (worst < 0)
        return;
    printf("\nworst err/tau by\n");
    for (int g = 0; g < GROUPS; g++)
        print_group(results, g);
    printf("\n%d of %d cases within tau; worst err/tau %.3g in '%s'\n", right, run,
           results[worst].err_tau, verify_cases[worst].name);
}
