/* clfavor attend: attention of three .npy files.
 *
 * Invariant: the result file is written last and whole, or not at all. */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "attention.h"
#include "commands.h"
#include "compare.h"
#include "exit.h"
#include "host/checked.h"
#include "host/log.h"
#include "report.h"
#include "tensors.h"

enum {
    DEFAULT_FEATURES = 256
};

typedef struct values {
    const char *q, *k, *v, *out, *projection, *device;
    int kind, layout;
    int64_t features;
    uint64_t seed;
    double scale;
    bool causal, compare, json;
} values;

static const char *const k_layouts[] = {"bhld", "blhd", NULL};

#define FILE_ROW(member, text, must)                                                               \
    {                                                                                              \
        .name = #member, .type = OPTION_TEXT, .offset = offsetof(values, member),                  \
        .argument = "FILE", .help = text, .required = must                                         \
    }

static const option_row k_options[] = {
    FILE_ROW(q, "Queries, .npy float32 [L,D], [H,L,D] or [B,H,L,D]", true),
    FILE_ROW(k, "Keys, as many dimensions, with S rows", true),
    FILE_ROW(v, "Values, as many dimensions, with S rows of size E", true),
    FILE_ROW(out, "Receives the result. May be left out with --compare", false),
    {.name = "layout",
     .type = OPTION_CHOICE,
     .offset = offsetof(values, layout),
     .argument = "ORDER",
     .help = "Order of 4-dimensional files, bhld or blhd",
     .fallback = "bhld",
     .words = k_layouts},
    OPTION_ROW_CAUSAL(values),
    OPTION_ROW_KIND(values),
    {.name = "features",
     .type = OPTION_INT,
     .offset = offsetof(values, features),
     .argument = "R",
     .help = "Features, even for cosh; without it 256, or what --projection gives",
     .min = 1,
     .max = 65536},
    FILE_ROW(projection,
             "The matrix W, .npy float32 [M,D] or [H,M,D]; without it an orthogonal "
             "one is drawn from --seed",
             false),
    OPTION_ROW_SEED(values),
    {.name = "scale",
     .type = OPTION_REAL,
     .offset = offsetof(values, scale),
     .argument = "X",
     .help = "Factor of q.k; without it 1 / sqrt(D)",
     .real_min = 1e-30,
     .real_max = 1e30},
    OPTION_ROW_DEVICE(values),
    {.name = "compare",
     .type = OPTION_FLAG,
     .offset = offsetof(values, compare),
     .help = "Compares with exact softmax and with FAVOR+ in double precision, on the host"},
    OPTION_ROW_JSON(values),
    {.name = NULL},
};

/* Everything that is in hand between input and output. */
typedef struct job {
    const values *options;
    tensors files;
    clfi_problem problem;
    clf_projection *projection;
    clf_context *ctx;
    clf_plan *plan;
    clf_layout out_layout;
    float *out;
    bool compared;
    comparison errors;
} job;

/* Checks the options, reads the files and settles the problem. */
static clf_status prepare(job *j, const clf_log *log)
{
    const values *o = j->options;
    const char *const paths[3] = {o->q, o->k, o->v};
    clfi_problem *p = &j->problem;
    clf_status status = CLF_OK;
    REQUIRE(o->out || o->compare, log, "--out FILE is missing (it may be left out with --compare)");
    TRY(attention_check_features(o->kind, o->features, log));
    TRY(tensors_read(paths, o->layout == 1, log, &j->files, p));
    p->kind = (clf_kind)o->kind;
    p->causal = o->causal;
    REQUIRE(!p->causal || p->L == p->S, log,
            "--causal needs as many queries as keys, but L=%lld of %s and S=%lld of %s",
            (long long)p->L, o->q, (long long)p->S, o->k);
    p->scale = o->scale > 0 ? (double)(float)o->scale : 1 / sqrt((double)p->D);
    if (o->projection) {
        TRY(tensors_read_projection(o->projection, o->features, o->q, log, p, &j->projection));
    } else {
        p->R = o->features ? o->features : DEFAULT_FEATURES;
        TRY(attention_draw(p, o->seed, log, &j->projection));
    }
    attention_use(p, j->projection);
    j->out_layout =
        o->layout == 1 ? clf_layout_blhd(p->H, p->L, p->E) : clf_layout_bhld(p->H, p->L, p->E);
fail:
    return status;
}

/* Runs on the device, and compares when asked to. */
static clf_status attend(job *j, const clf_log *log)
{
    const clfi_problem *p = &j->problem;
    const int64_t counts[] = {p->B, p->H, p->L, p->E};
    clf_status status = CLF_OK;
    size_t bytes;
    REQUIRE(clfi_product_bytes(counts, 4, sizeof(float), &bytes), log,
            "the result has too many elements");
    j->out = malloc(bytes);
    if (!j->out)
        return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for a result of %zu bytes",
                         bytes);
    progress("compiling the kernels");
    const clf_plan_params params = attention_params(p, j->projection, &j->out_layout);
    TRY(clf_context_create(j->options->device, log, &j->ctx));
    TRY(clf_plan_create(j->ctx, &params, &j->plan));
    TRY(clf_plan_run_host(j->plan, p->q, p->k, p->v, j->out));
    if (j->options->compare) {
        TRY(compare_run(p, j->out, &j->out_layout, true, j->options->seed, log, &j->errors));
        j->compared = true;
    }
fail:
    progress_clear();
    return status;
}

static json_t *head_json(const head_error *head)
{
    return json_pack("{s:I, s:I, s:o, s:o, s:o, s:o}", "b", (json_int_t)head->b, "h",
                     (json_int_t)head->h, "softmax", report_real(head->softmax), "favor",
                     report_real(head->favor), "tau", report_real(head->tau), "err_tau",
                     report_real(head->err_tau));
}

static json_t *comparison_json(const comparison *c)
{
    json_t *heads = json_array();
    for (int64_t i = 0; i < c->count; i++)
        json_array_append_new(heads, head_json(&c->heads[i]));
    return json_pack("{s:I, s:b, s:o, s:o, s:o, s:o, s:o}", "rows", (json_int_t)c->rows, "all_rows",
                     c->all_rows, "softmax", report_real(c->total.softmax), "favor",
                     report_real(c->total.favor), "worst", head_json(&c->worst), "worst_softmax",
                     head_json(&c->worst_softmax), "heads", heads);
}

static clf_status print_json(const job *j, const clf_log *log)
{
    const clfi_problem *p = &j->problem;
    const clf_device_info *device = clf_context_device(j->ctx);
    json_t *root =
        json_pack("{s:s, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:b, s:o, s:o, s:o}",
                  "schema", "clfavor-attend/1", "device", report_text(device->name), "driver",
                  report_text(device->driver), "B", (json_int_t)p->B, "H", (json_int_t)p->H, "L",
                  (json_int_t)p->L, "S", (json_int_t)p->S, "D", (json_int_t)p->D, "E",
                  (json_int_t)p->E, "R", (json_int_t)p->R, "kind", k_kind_words[p->kind], "causal",
                  p->causal, "plan", report_text(clf_plan_describe(j->plan)), "out",
                  j->options->out ? report_text(j->options->out) : json_null(), "compare",
                  j->compared ? comparison_json(&j->errors) : json_null());
    return report_json(root, log);
}

static void print_comparison(const comparison *c, int64_t L)
{
    if (c->all_rows)
        printf("\nCompared with double precision on the host, all %lld rows of each head:\n\n",
               (long long)c->rows);
    else
        printf("\nCompared with double precision on the host, %lld of %lld rows of each head\n"
               "(the first, the last and random ones):\n\n",
               (long long)c->rows, (long long)L);
    printf("    b     h   to softmax   to FAVOR+      tau   err/tau\n");
    for (int64_t i = 0; i < c->count; i++) {
        const head_error *head = &c->heads[i];
        printf("%5lld %5lld   %10.4g   %9.2e %8.1e   %7.3g\n", (long long)head->b,
               (long long)head->h, head->softmax, head->favor, head->tau, head->err_tau);
    }
    printf("  all heads   %10.4g   %9.2e\n\n", c->total.softmax, c->total.favor);
    printf("worst head for softmax: b=%lld h=%lld, relative error %.4g\n",
           (long long)c->worst_softmax.b, (long long)c->worst_softmax.h, c->worst_softmax.softmax);
    printf("worst head for FAVOR+:  b=%lld h=%lld, err/tau %.3g (above 1 is wrong)\n",
           (long long)c->worst.b, (long long)c->worst.h, c->worst.err_tau);
}

static void print_text(const job *j)
{
    const clfi_problem *p = &j->problem;
    const clf_device_info *device = clf_context_device(j->ctx);
    report_wrapped(stdout, device->name, printf("device  "), 8);
    printf("shape   B=%lld H=%lld L=%lld S=%lld D=%lld E=%lld R=%lld %s%s\n", (long long)p->B,
           (long long)p->H, (long long)p->L, (long long)p->S, (long long)p->D, (long long)p->E,
           (long long)p->R, k_kind_words[p->kind], p->causal ? " causal" : "");
    report_wrapped(stdout, clf_plan_describe(j->plan), printf("plan    "), 8);
    if (j->options->out)
        printf("result  %s\n", j->options->out);
    if (j->compared)
        print_comparison(&j->errors, p->L);
}

static int run(const void *parsed, const clf_log *log)
{
    clf_status status = CLF_OK;
    job j = {.options = parsed};
    TRY(prepare(&j, log));
    TRY(attend(&j, log));
    if (j.options->out) {
        int64_t shape[CLFI_NPY_MAX_DIMS];
        const int ndim = tensors_out_shape(&j.files, shape);
        TRY(clfi_npy_write(j.options->out, j.out, ndim, shape, log));
    }
    if (j.options->json)
        TRY(print_json(&j, log));
    else
        print_text(&j);
fail:
    compare_finish(&j.errors);
    free(j.out);
    clf_plan_destroy(&j.plan);
    clf_context_destroy(&j.ctx);
    clf_projection_destroy(&j.projection);
    tensors_finish(&j.files);
    return exit_of(status);
}

const command cmd_attend = {
    .name = "attend",
    .summary = "attention of q, k and v in .npy files",
    .details = "Computes Performer attention (FAVOR+) of q, k and v and writes the result, float32 "
               "in C order, with the dimensions and the layout of q. Sizes: B batch, H heads, L "
               "queries, S keys, D head size, E value size, R features.",
    .options = k_options,
    .values_size = sizeof(values),
    .run = run,
};
