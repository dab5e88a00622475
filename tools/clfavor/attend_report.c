/* The report of a result, as text of 80 columns or as JSON. Computes nothing. */
#include "attend_report.h"

#include "host/npy.h"
#include "report.h"

static json_t *A_json(const attention *a)
{
    if (!a->A)
        return json_null();
    json_t *values = json_array();
    for (int64_t i = 0; i < a->A_count; i++)
        json_array_append_new(values, report_real(a->A[i]));
    return values;
}

/* A head of the result; of path exact there is no comparison with softmax beside its own. */
static json_t *head_json(const attend_errors *e, int64_t i)
{
    const head_error *own = &e->result.heads[i];
    json_t *head = json_pack("{s:I, s:I, s:o, s:o, s:o}", "b", (json_int_t)own->b, "h",
                             (json_int_t)own->h, "error", report_real(own->error), "tau",
                             report_real(own->tau), "err_tau", report_real(own->err_tau));
    if (e->softmax.count == 0)
        return head;
    json_object_set_new(head, "softmax", report_real(e->softmax.heads[i].error));
    json_object_set_new(head, "device_softmax", report_real(e->device.heads[i].error));
    json_object_set_new(head, "device_err_tau", report_real(e->device_own.heads[i].err_tau));
    return head;
}

static json_t *errors_json(const attention *a, const attend_errors *e)
{
    const bool other = e->softmax.count > 0;
    json_t *heads = json_array();
    for (int64_t i = 0; i < e->result.count; i++)
        json_array_append_new(heads, head_json(e, i));
    return json_pack(
        "{s:I, s:b, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "rows",
        (json_int_t)e->rows.rows.count, "all_rows", e->rows.all, "skipped_rows",
        (json_int_t)e->result.skipped, "error", report_real(e->result.error), "err_tau",
        report_real(e->result.worst.err_tau), "softmax",
        other ? report_real(e->softmax.error) : json_null(), "device_softmax",
        other ? report_real(e->device.error) : json_null(), "device_err_tau",
        other ? report_real(e->device_own.worst.err_tau) : json_null(), "worst",
        head_json(e, e->result.worst.b * a->problem.H + e->result.worst.h), "worst_softmax",
        other ? head_json(e, e->softmax.largest.b * a->problem.H + e->softmax.largest.h)
              : json_null(),
        "heads", heads);
}

clf_status attend_print_json(const attend_result *r, const clf_log *log)
{
    const attention *a = r->what;
    const clfi_problem *p = &a->problem;
    const clf_device_info *device = clf_context_device(r->ctx);
    json_t *root = json_pack(
        "{s:s, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:o, s:s, s:s, s:b, s:b, "
        "s:o, s:o, s:o}",
        "schema", "clfavor-attend/1", "device", report_text(device->name), "driver",
        report_text(device->driver), "B", (json_int_t)p->B, "H", (json_int_t)p->H, "Hkv",
        (json_int_t)p->Hkv, "L", (json_int_t)p->L, "S", (json_int_t)p->S, "D", (json_int_t)p->D,
        "E", (json_int_t)p->E, "R", (json_int_t)p->R, "kind", choices_kind_name(&a->choices), "A",
        A_json(a), "preset", clf_preset_name(p->preset), "dtype", clf_dtype_name(a->out_dtype),
        "causal", p->causal, "mask", a->mask != NULL, "plan",
        report_text(clf_plan_describe(r->plan)), "out",
        r->path ? report_text(r->path) : json_null(), "compare",
        r->errors ? errors_json(a, r->errors) : json_null());
    return report_json(root, log);
}

static void print_rows(const attend_errors *e, int64_t L)
{
    const long long count = e->rows.rows.count;
    if (e->rows.all)
        printf("\nCompared with double precision on the host, all %lld rows of each head", count);
    else
        printf("\nCompared with double precision on the host, %lld of %lld rows of each head\n"
               "(the first, the last and random ones)",
               count, (long long)L);
}

static void print_skipped(const attend_errors *e)
{
    char text[256];
    if (!e->result.skipped)
        return;
    snprintf(text, sizeof text,
             "%lld of %lld rows are not judged: rounding decides there, since their terms cancel "
             "to less than a tenth, or a guard of the preset is near.",
             (long long)e->result.skipped, (long long)(e->result.skipped + e->result.judged));
    report_wrapped(stdout, text, 0, 0);
}

static void print_exact(const attend_errors *e)
{
    printf(":\n\n    b     h       error      tau   err/tau\n");
    for (int64_t i = 0; i < e->result.count; i++) {
        const head_error *head = &e->result.heads[i];
        printf("%5lld %5lld   %9.2e %8.1e   %7.3g\n", (long long)head->b, (long long)head->h,
               head->error, head->tau, head->err_tau);
    }
    printf("  all heads   %9.2e\n\n", e->result.error);
}

static void print_favor(const attend_errors *e)
{
    printf(",\nand with exact softmax on the device, all rows:\n\n"
           "               error to softmax      error to FAVOR+             softmax of\n"
           "    b     h     host     device     host      tau  err/tau   device, err/tau\n");
    for (int64_t i = 0; i < e->result.count; i++) {
        const head_error *own = &e->result.heads[i];
        printf("%5lld %5lld %8.4g %10.4g %8.1e %8.1e  %7.3g %17.3g\n", (long long)own->b,
               (long long)own->h, e->softmax.heads[i].error, e->device.heads[i].error, own->error,
               own->tau, own->err_tau, e->device_own.heads[i].err_tau);
    }
    printf("  all heads %8.4g %10.4g %8.1e\n\n", e->softmax.error, e->device.error,
           e->result.error);
    const head_error *far = &e->softmax.largest;
    printf("worst head for softmax: b=%lld h=%lld, relative error %.4g\n", (long long)far->b,
           (long long)far->h, far->error);
}

static void print_errors(const attend_errors *e, int64_t L)
{
    const bool exact = e->softmax.count == 0;
    const head_error *worst = &e->result.worst;
    print_rows(e, L);
    if (exact)
        print_exact(e);
    else
        print_favor(e);
    printf("%s b=%lld h=%lld, err/tau %.3g (above 1 is wrong)\n",
           exact ? "worst head:" : "worst head for FAVOR+: ", (long long)worst->b,
           (long long)worst->h, worst->err_tau);
    print_skipped(e);
}

static void print_shape(const attention *a)
{
    const clfi_problem *p = &a->problem;
    char text[512];
    char key_heads[32] = "";
    char features[32] = "";
    if (p->Hkv != p->H)
        snprintf(key_heads, sizeof key_heads, " Hkv=%lld", (long long)p->Hkv);
    if (a->choices.path.index != CLF_PATH_EXACT)
        snprintf(features, sizeof features, " R=%lld", (long long)p->R);
    snprintf(text, sizeof text, "B=%lld H=%lld%s L=%lld S=%lld D=%lld E=%lld%s %s%s%s%s%s%s",
             (long long)p->B, (long long)p->H, key_heads, (long long)p->L, (long long)p->S,
             (long long)p->D, (long long)p->E, features, choices_kind_name(&a->choices),
             p->deterministic ? " deterministic" : "", p->causal ? " causal" : "",
             a->mask ? " masked" : "", p->preset ? " " : "",
             p->preset ? clf_preset_name(p->preset) : "");
    report_wrapped(stdout, text, printf("shape   "), 8);
}

static void print_A(const attention *a)
{
    if (!a->A)
        return;
    printf("A      ");
    for (int64_t i = 0; i < a->A_count; i++)
        printf("%s %.6g", i && i % 6 == 0 ? "\n       " : "", a->A[i]);
    printf("\n");
}

void attend_print_text(const attend_result *r)
{
    const attention *a = r->what;
    report_wrapped(stdout, clf_context_device(r->ctx)->name, printf("device  "), 8);
    print_shape(a);
    print_A(a);
    report_wrapped(stdout, clf_plan_describe(r->plan), printf("plan    "), 8);
    if (r->path)
        printf("result  %s, %s\n", r->path, clfi_npy_describe((clfi_npy_type)a->out_dtype)->name);
    if (r->errors)
        print_errors(r->errors, a->problem.L);
}
