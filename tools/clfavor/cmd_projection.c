/* clfavor projection: draws a projection matrix and writes it. Needs no device. */
#include "choices.h"
#include "clfavor/features.h"
#include "commands.h"
#include "exit.h"
#include "host/log.h"
#include "host/npy.h"
#include "report.h"

typedef struct values {
    const char *out, *bias;
    int64_t rows, columns, heads;
    choices choices;
    option_choice norms;
    bool json;
} values;

static const char *norms_word(int index)
{
    static const char *const words[] = {"chi", "sqrt", NULL};
    return words[index];
}

static const option_row k_options[] = {
    {.name = "rows",
     .type = OPTION_INT,
     .offset = offsetof(values, rows),
     .argument = "M",
     .help = "Projections: as many as features, of pairs (cosh for example) half as many",
     .required = true,
     .min = 1,
     .max = 1 << 20},
    {.name = "columns",
     .type = OPTION_INT,
     .offset = offsetof(values, columns),
     .argument = "D",
     .help = "The head size",
     .required = true,
     .min = 1,
     .max = 1 << 15},
    {.name = "out",
     .type = OPTION_TEXT,
     .offset = offsetof(values, out),
     .argument = "FILE",
     .help = "Receives W, .npy float32 [M,D], with several heads [H,M,D]",
     .required = true},
    CHOICE_ROW(values, A, OPTION_REAL, "Makes the W and the bias of FAVOR++ with this A",
               .argument = "X", .real_min = -1e30, .real_max = 0.125),
    CHOICE_ROW(values, bias, OPTION_TEXT,
               "Receives the bias of FAVOR++, .npy float32 [M], with several heads [H,M]",
               .argument = "FILE"),
    {.name = "heads",
     .type = OPTION_INT,
     .offset = offsetof(values, heads),
     .argument = "H",
     .help = "A matrix of its own for each of H heads",
     .min = 1,
     .max = 1 << 20,
     .fallback = "1"},
    CHOICE_ROW_SEED(values),
    CHOICE_ROW_DRAW(values),
    {.name = "norms",
     .type = OPTION_CHOICE,
     .offset = offsetof(values, norms),
     .argument = "NORMS",
     .help = "Row norms of an orthogonal projection: drawn from chi, or all sqrt(D)",
     .fallback = "chi",
     .word = norms_word},
    OPTION_ROW_JSON(values),
    {.name = NULL},
};

static clf_status check(const values *o, const clf_log *log)
{
    clf_status status = CLF_OK;
    const option_real *A = &o->choices.A;
    const char *bias = o->choices.bias;
    const bool sqrt_norms = o->norms.index == CLF_NORMS_SQRT_D;
    REQUIRE(o->choices.draw.index != CLF_PROJECTION_IID || !sqrt_norms, log,
            "--norms sqrt is for orthogonal rows, but --draw iid is given");
    REQUIRE(!A->given || !sqrt_norms, log, "--A %g needs Gaussian norms, but --norms sqrt is given",
            A->value);
    REQUIRE(!A->given || bias, log, "--A %g makes a bias: --bias FILE is missing", A->value);
    REQUIRE(!bias || A->given, log, "--bias %s is for FAVOR++: --A X is missing", bias);
fail:
    return status;
}

/* W, and with --A its bias, in their files. */
static clf_status write_files(const values *o, const clf_projection *projection, const clf_log *log)
{
    clf_status status = CLF_OK;
    const int64_t shape[] = {o->heads, o->rows, o->columns};
    const int skip = o->heads == 1;
    TRY(clfi_npy_write(o->out, clf_projection_data(projection), CLFI_NPY_F32, 3 - skip,
                       shape + skip, log));
    if (o->choices.bias)
        TRY(clfi_npy_write(o->choices.bias, clf_projection_bias(projection), CLFI_NPY_F32, 2 - skip,
                           shape + skip, log));
fail:
    return status;
}

static clf_status print_json(const values *o, const clf_log *log)
{
    const option_real *A = &o->choices.A;
    const char *bias = o->choices.bias;
    return report_json(
        json_pack("{s:s, s:I, s:I, s:I, s:o, s:s, s:s, s:o, s:o, s:o}", "schema",
                  "clfavor-projection/1", "heads", (json_int_t)o->heads, "M", (json_int_t)o->rows,
                  "D", (json_int_t)o->columns, "seed",
                  json_sprintf("%llu", (unsigned long long)o->choices.seed), "kind",
                  choices_draw_word(o->choices.draw.index), "norms", norms_word(o->norms.index),
                  "A", A->given ? report_real(A->value) : json_null(), "bias",
                  bias ? report_text(bias) : json_null(), "out", report_text(o->out)),
        log);
}

static void print_text(const values *o)
{
    printf("%s: %s projection, H=%lld M=%lld D=%lld, norms %s, seed %llu\n", o->out,
           choices_draw_word(o->choices.draw.index), (long long)o->heads, (long long)o->rows,
           (long long)o->columns, norms_word(o->norms.index), (unsigned long long)o->choices.seed);
    if (o->choices.bias)
        printf("%s: its bias for FAVOR++ with A=%g\n", o->choices.bias, o->choices.A.value);
}

static int run(const void *parsed, const clf_log *log)
{
    const values *o = parsed;
    clf_status status = CLF_OK;
    clf_projection *drawn = NULL;
    clf_projection *oprf = NULL;
    const clf_projection_params params = {
        .M = o->rows,
        .D = o->columns,
        .heads = o->heads,
        .seed = o->choices.seed,
        .kind = (clf_projection_kind)o->choices.draw.index,
        .norms = (clf_norms)o->norms.index,
    };
    TRY(check(o, log));
    TRY(clf_projection_create(&params, log, &drawn));
    if (o->choices.A.given)
        TRY(clf_projection_oprf(drawn, &o->choices.A.value, 1, log, &oprf));
    TRY(write_files(o, oprf ? oprf : drawn, log));
    if (o->json)
        TRY(print_json(o, log));
    else
        print_text(o);
fail:
    clf_projection_destroy(&oprf);
    clf_projection_destroy(&drawn);
    return exit_of(status);
}

const command cmd_projection = {
    .name = "projection",
    .summary = "draws a projection matrix W into a .npy file",
    .details =
        "Draws the projection matrix of FAVOR+ and writes it. The same options give the same "
        "bits on every host. Needs no device.",
    .options = k_options,
    .values_size = sizeof(values),
    .run = run,
};
