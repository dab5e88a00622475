/* clfavor projection: draws a projection matrix and writes it. Needs no device. */
#include "clfavor/features.h"
#include "commands.h"
#include "exit.h"
#include "host/log.h"
#include "host/npy.h"
#include "report.h"

typedef struct values {
    const char *out;
    int64_t rows, columns, heads;
    uint64_t seed;
    int norms;
    bool iid, json;
} values;

static const char *const k_norms[] = {"chi", "sqrt", NULL};

static const option_row k_options[] = {
    {.name = "rows",
     .type = OPTION_INT,
     .offset = offsetof(values, rows),
     .argument = "M",
     .help = "Projections: the features of kind exp, half those of kind cosh",
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
    {.name = "heads",
     .type = OPTION_INT,
     .offset = offsetof(values, heads),
     .argument = "H",
     .help = "A matrix of its own for each of H heads",
     .min = 1,
     .max = 1 << 20,
     .fallback = "1"},
    OPTION_ROW_SEED(values),
    {.name = "iid",
     .type = OPTION_FLAG,
     .offset = offsetof(values, iid),
     .help = "Independent Gaussian rows instead of orthogonal ones"},
    {.name = "norms",
     .type = OPTION_CHOICE,
     .offset = offsetof(values, norms),
     .argument = "NORMS",
     .help = "Row norms of an orthogonal projection, chi or sqrt (all sqrt(D))",
     .fallback = "chi",
     .words = k_norms},
    OPTION_ROW_JSON(values),
    {.name = NULL},
};

static int run(const void *parsed, const clf_log *log)
{
    const values *o = parsed;
    clf_status status = CLF_OK;
    clf_projection *projection = NULL;
    const clf_projection_params params = {
        .M = o->rows,
        .D = o->columns,
        .heads = o->heads,
        .seed = o->seed,
        .kind = o->iid ? CLF_PROJECTION_IID : CLF_PROJECTION_ORTHOGONAL,
        .norms = (clf_norms)o->norms,
    };
    const int64_t shape[] = {o->heads, o->rows, o->columns};
    const int skip = o->heads == 1;
    REQUIRE(!o->iid || params.norms == CLF_NORMS_CHI, log,
            "--norms sqrt is for orthogonal rows, but --iid is given");
    TRY(clf_projection_create(&params, log, &projection));
    TRY(clfi_npy_write(o->out, clf_projection_data(projection), 3 - skip, shape + skip, log));
    if (o->json)
        TRY(report_json(json_pack("{s:s, s:I, s:I, s:I, s:o, s:s, s:s, s:o}", "schema",
                                  "clfavor-projection/1", "heads", (json_int_t)o->heads, "M",
                                  (json_int_t)o->rows, "D", (json_int_t)o->columns, "seed",
                                  json_sprintf("%llu", (unsigned long long)o->seed), "kind",
                                  o->iid ? "iid" : "orthogonal", "norms", k_norms[o->norms], "out",
                                  report_text(o->out)),
                        log));
    else
        printf("%s: %s projection, H=%lld M=%lld D=%lld, norms %s, seed %llu\n", o->out,
               o->iid ? "iid" : "orthogonal", (long long)o->heads, (long long)o->rows,
               (long long)o->columns, k_norms[o->norms], (unsigned long long)o->seed);
fail:
    clf_projection_destroy(&projection);
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
