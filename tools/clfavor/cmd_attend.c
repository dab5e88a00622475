/* clfavor attend: attention of three .npy files.
 *
 * Invariant: the result file is written last and whole, or not at all. */
#include "attend_report.h"
#include "choices.h"
#include "commands.h"
#include "exit.h"
#include "host/log.h"
#include "mask.h"
#include "report.h"
#include "tensors.h"
#include "weights.h"

typedef struct values {
    const char *q, *k, *v, *out, *device;
    choices choices;
    option_choice layout;
    bool compare, json;
} values;

static const char *layout_word(int index)
{
    static const char *const words[] = {"bhld", "blhd", NULL};
    return words[index];
}

#define FILE_ROW(member, text, must)                                                               \
    {                                                                                              \
        .name = #member, .type = OPTION_TEXT, .offset = offsetof(values, member),                  \
        .argument = "FILE", .help = text, .required = must                                         \
    }

static const option_row k_options[] = {
    FILE_ROW(q,
             "Queries, .npy [L,D], [H,L,D] or [B,H,L,D] of float32, float16, or uint16 with the "
             "bits of bfloat16",
             true),
    FILE_ROW(k, "Keys, as many dimensions, with S rows. H may be a divisor of that of the queries",
             true),
    FILE_ROW(v, "Values, as many dimensions, with S rows of size E, H as for the keys", true),
    FILE_ROW(out, "Receives the result. May be left out with --compare", false),
    CHOICE_ROW(values, mask, OPTION_TEXT,
               "Which keys are seen, .npy uint8 [B,S] or [S]: 1 is seen, 0 is not",
               .argument = "FILE"),
    {.name = "layout",
     .type = OPTION_CHOICE,
     .offset = offsetof(values, layout),
     .argument = "ORDER",
     .help = "Order of 4-dimensional files",
     .fallback = "bhld",
     .word = layout_word},
    CHOICE_ROW_DTYPE(values,
                     "What q, k and v are rounded to, and the result is. Without it q, k "
                     "and v as in their files, the result as q",
                     NULL),
    CHOICE_ROW_CAUSAL(values),
    CHOICE_ROW_PATH(values),
    CHOICE_ROW_KIND(values, "exp, with a preset that of the preset"),
    CHOICE_ROW_FEATURES(values,
                        "Features, even for pairs (cosh, trig, gaussian-trig); without it "
                        "256, or what --projection gives",
                        NULL),
    CHOICE_ROW(values, A, OPTION_REAL,
               "The A of --kind oprf; without it the one of least variance for each key head",
               .argument = "X", .real_min = -1e30, .real_max = 0.125),
    {.name = "kernel-eps",
     .type = OPTION_REAL,
     .offset = offsetof(values, choices.kernel_eps),
     .argument = "X",
     .help = "Added to features f(Wx), relu for example; without it 0, or the preset's",
     .real_min = 1e-30,
     .real_max = 1e30},
    CHOICE_ROW(values, deterministic, OPTION_FLAG, "Features f(x) without W, as many as D",
               .argument = NULL),
    CHOICE_ROW(values, preset, OPTION_CHOICE, "Computes as another implementation does",
               .argument = "NAME", .fallback = "none", .word = choices_preset_word),
    CHOICE_ROW(values, projection, OPTION_TEXT,
               "The matrix W, .npy [M,D] or [Hkv,M,D]; without it an orthogonal one is drawn from "
               "--seed",
               .argument = "FILE"),
    CHOICE_ROW(values, bias, OPTION_TEXT, "A bias b of W x + b, .npy [M] or [Hkv,M]",
               .argument = "FILE"),
    CHOICE_ROW_DRAW(values),
    CHOICE_ROW_SEED(values),
    CHOICE_ROW(values, scale, OPTION_REAL, "Factor of q.k; without it 1 / sqrt(D), or the preset's",
               .argument = "X", .real_min = 1e-30, .real_max = 1e30),
    OPTION_ROW_DEVICE(values),
    {.name = "compare",
     .type = OPTION_FLAG,
     .offset = offsetof(values, compare),
     .help = "Compares with the formula in double precision on the host, and with exact softmax on "
             "the host and on the device"},
    OPTION_ROW_JSON(values),
    {.name = NULL},
};

/* Everything that is in hand between input and output. */
typedef struct job {
    const values *options;
    attention what;
    clfi_npy result;  // type and shape of the file to be written
    clf_context *ctx;
    clf_plan *plan;
    array out;
    attend_errors errors;
} job;

/* Checks the options, reads the files and settles the problem. */
static clf_status prepare(job *j, const clf_log *log)
{
    const values *o = j->options;
    const choices *c = &o->choices;
    const tensor_files files = {o->q, o->k, o->v, o->layout.index == 1, c->dtype};
    clfi_problem *p = &j->what.problem;
    clf_projection *weights = NULL;
    clf_status status = CLF_OK;
    REQUIRE(o->out || o->compare, log, "--out FILE is missing (it may be left out with --compare)");
    TRY(choices_check(c, log));
    TRY(tensors_read(&files, log, &j->what, &j->result));
    REQUIRE(!c->causal || p->L == p->S, log,
            "--causal needs as many queries as keys, but L=%lld of %s and S=%lld of %s",
            (long long)p->L, o->q, (long long)p->S, o->k);
    if (c->mask)
        TRY(mask_read(c->mask, p, log, &j->what.mask));
    p->mask = j->what.mask;
    tensors_warn(&files, &j->what, log);
    TRY(weights_read(c, p, log, &weights));
    TRY(attention_settle(&j->what, c, weights, log));
fail:
    return status;
}

/* Exact softmax on the device, and how far it and the result are from it and the host's. */
static clf_status compare_softmax(job *j, const clf_log *log)
{
    const attention *a = &j->what;
    const clfi_problem exact = attention_exact_problem(a);
    const clf_plan_params params = attention_exact_params(a);
    attend_errors *e = &j->errors;
    clf_status status = CLF_OK;
    clf_plan *plan = NULL;
    array softmax = {0};
    progress("exact softmax on the device");
    TRY(clf_plan_create(j->ctx, &params, &plan));
    TRY(attention_run(a, plan, CLF_DTYPE_F32, log, &softmax));
    TRY(compare_results(&exact, &j->out, &softmax, &a->out_layout, log, &e->device));
    TRY(compare_run(&exact, &reference_softmax, &e->rows, &softmax, &a->out_layout,
                    attention_chain(plan), log, &e->device_own));
    TRY(compare_run(&exact, &reference_softmax, &e->rows, &j->out, &a->out_layout, 0, log,
                    &e->softmax));
fail:
    array_finish(&softmax);
    clf_plan_destroy(&plan);
    return status;
}

static clf_status compare(job *j, const clf_log *log)
{
    const attention *a = &j->what;
    const bool exact = a->choices.path.index == CLF_PATH_EXACT;
    attend_errors *e = &j->errors;
    clf_status status = CLF_OK;
    TRY(compare_choose(&a->problem, a->choices.seed, COMPARE_BUDGET, log, &e->rows));
    TRY(compare_run(&a->problem, exact ? &reference_softmax : &reference_favor, &e->rows, &j->out,
                    &a->out_layout, attention_chain(j->plan), log, &e->result));
    if (!exact)
        TRY(compare_softmax(j, log));
fail:
    return status;
}

/* Runs on the device, and compares when asked to. */
static clf_status attend(job *j, const clf_log *log)
{
    clf_status status = CLF_OK;
    progress("compiling the kernels");
    const clf_plan_params params = attention_params(&j->what);
    TRY(clf_context_create(j->options->device, log, &j->ctx));
    TRY(clf_plan_create(j->ctx, &params, &j->plan));
    TRY(attention_run(&j->what, j->plan, j->what.out_dtype, log, &j->out));
    if (j->options->compare)
        TRY(compare(j, log));
fail:
    progress_clear();
    return status;
}

static void finish(job *j)
{
    compare_finish(&j->errors.result);
    compare_finish(&j->errors.softmax);
    compare_finish(&j->errors.device);
    compare_finish(&j->errors.device_own);
    compared_rows_finish(&j->errors.rows);
    array_finish(&j->out);
    clf_plan_destroy(&j->plan);
    clf_context_destroy(&j->ctx);
    attention_finish(&j->what);
}

static int run(const void *parsed, const clf_log *log)
{
    clf_status status = CLF_OK;
    job j = {.options = parsed};
    const values *o = parsed;
    TRY(prepare(&j, log));
    TRY(attend(&j, log));
    if (o->out)
        TRY(clfi_npy_write(o->out, j.out.stored, j.result.type, j.result.ndim, j.result.shape,
                           log));
    const attend_result result = {&j.what, j.ctx, j.plan, o->out, o->compare ? &j.errors : NULL};
    if (o->json)
        TRY(attend_print_json(&result, log));
    else
        attend_print_text(&result);
fail:
    finish(&j);
    return exit_of(status);
}

const command cmd_attend = {
    .name = "attend",
    .summary = "attention of q, k and v in .npy files",
    .details = "Computes Performer attention (FAVOR+) of q, k and v, or exact softmax, and writes "
               "the result in C order, with the dimensions and the layout of q. Sizes: B batch, H "
               "heads, Hkv those of k and v, L queries, S keys, D head size, E value size, M rows "
               "of W, R features.",
    .options = k_options,
    .values_size = sizeof(values),
    .run = run,
};
