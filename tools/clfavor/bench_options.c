/* The table of options of `clfavor bench`, and the lines that they mean. Measures nothing.
 *
 * Invariant: what contradicts itself is refused here, before a device is looked for. */
#include "bench_options.h"

#include "against.h"
#include "commands.h"
#include "host/log.h"

/* A named line has a shape of its own. */
static const char *const k_shape[] = {
    "lengths", "batch", "heads", "head-size", "value-size", "features",
    "kind",    "dtype", "path",  "causal",    "draw",       NULL,
};
static const char *const k_json[] = {"json", NULL};
/* What goes on long after a start. */
static const char *const k_attention[] = {"lines", "against", "no-stages", NULL};

/* Defaults that depend on other options, also as the text of --help. */
#define LENGTHS             512, 1024, 2048, 4096, 8192, 16384, 65536
#define STARTUP_LENGTH      4096
#define ROUNDS              11
#define STARTUP_ROUNDS      3
#define WORDS_OF(...)       #__VA_ARGS__
#define TEXT_OF(...)        WORDS_OF(__VA_ARGS__)
#define LENGTHS_TEXT        TEXT_OF(LENGTHS)
#define STARTUP_LENGTH_TEXT TEXT_OF(STARTUP_LENGTH)
#define ROUNDS_TEXT         TEXT_OF(ROUNDS)
#define STARTUP_ROUNDS_TEXT TEXT_OF(STARTUP_ROUNDS)

const option_row bench_option_rows[] = {
    {.name = "lengths",
     .type = OPTION_INTS,
     .offset = offsetof(bench_options, lengths),
     .argument = "L,L,..",
     .help = "Queries, and as many keys; up to 32 lengths, of which --startup takes the first. "
             "Without it " LENGTHS_TEXT "; with --startup " STARTUP_LENGTH_TEXT,
     .min = 1,
     .max = 1 << 30},
    {.name = "lines",
     .type = OPTION_TEXT,
     .offset = offsetof(bench_options, lines),
     .argument = "TEXT",
     .help = "Instead of lengths and a shape: the named lines whose names contain it; all for all "
             "of them",
     .excludes = k_shape,
     .because = "a line has its own"},
    {.name = "batch",
     .type = OPTION_INT,
     .offset = offsetof(bench_options, batch),
     .argument = "B",
     .help = "Batch",
     .min = 1,
     .max = 65536,
     .fallback = "1"},
    {.name = "heads",
     .type = OPTION_INT,
     .offset = offsetof(bench_options, heads),
     .argument = "H",
     .help = "Heads",
     .min = 1,
     .max = 65536,
     .fallback = "8"},
    {.name = "head-size",
     .type = OPTION_INT,
     .offset = offsetof(bench_options, head_size),
     .argument = "D",
     .help = "Head size",
     .min = 1,
     .max = 1024,
     .fallback = "64"},
    {.name = "value-size",
     .type = OPTION_INT,
     .offset = offsetof(bench_options, value_size),
     .argument = "E",
     .help = "Value size; without it the head size",
     .min = 1,
     .max = 1024},
    CHOICE_ROW_FEATURES(bench_options,
                        "Features, even for pairs (cosh, trig, gaussian-trig); without it "
                        "256",
                        NULL),
    CHOICE_ROW_KIND(bench_options, "exp"),
    CHOICE_ROW_DTYPE(bench_options, "What q, k, v and the result are stored as", "f32"),
    CHOICE_ROW_PATH(bench_options),
    CHOICE_ROW_CAUSAL(bench_options),
    {.name = "vector-width",
     .type = OPTION_INT,
     .offset = offsetof(bench_options, vector_width),
     .argument = "N",
     .help = "Floats a vector in kernels for CPUs: 4, 8 or 16. Without it as the device prefers, "
             "less for few rows",
     .min = 4,
     .max = 16},
    {.name = "against",
     .type = OPTION_CHOICE,
     .offset = offsetof(bench_options, against),
     .argument = "WORD",
     .help = "Holds the plan against one that knows less, in the same rounds: untuned chooses by "
             "shape and device alone, class also by the class of the device, shipped also by what "
             "comes with the library",
     .word = against_word},
    {.name = "rounds",
     .type = OPTION_INT,
     .offset = offsetof(bench_options, rounds),
     .argument = "N",
     .help = "Samples of each length or line. Without it " ROUNDS_TEXT
             ", with --startup " STARTUP_ROUNDS_TEXT,
     .min = 1,
     .max = 10000},
    {.name = "startup",
     .type = OPTION_FLAG,
     .offset = offsetof(bench_options, startup),
     .help = "Instead of attention times programs that start and compute it once, first with empty "
             "caches (cold), then with those filled (warm)",
     .excludes = k_attention,
     .because = "it times whole programs"},
    {.name = "no-stages",
     .type = OPTION_FLAG,
     .offset = offsetof(bench_options, no_stages),
     .help = "Times runs as a whole only"},
    CHOICE_ROW_DRAW(bench_options),
    CHOICE_ROW_SEED(bench_options),
    OPTION_ROW_DEVICE(bench_options),
    OPTION_ROW_JSON(bench_options),
    {.name = "csv",
     .type = OPTION_FLAG,
     .offset = offsetof(bench_options, csv),
     .help = "Prints CSV instead: the fields of JSON, a row for each length or line and stage",
     .excludes = k_json,
     .because = "standard output takes one of them"},
    {.name = NULL},
};

bench_options bench_options_settle(const bench_options *parsed)
{
    const int lengths = sizeof((int64_t[]){LENGTHS}) / sizeof(int64_t);
    bench_options o = *parsed;
    if (!o.value_size)
        o.value_size = o.head_size;
    if (!o.rounds)
        o.rounds = o.startup ? STARTUP_ROUNDS : ROUNDS;
    if (!o.lengths.count && o.startup)
        o.lengths = (option_list){1, {STARTUP_LENGTH}};
    else if (!o.lengths.count)
        o.lengths = (option_list){lengths, {LENGTHS}};
    return o;
}

clf_status bench_options_lines(const bench_options *o, const clf_log *log, line out[LINES_MAX],
                               int *count)
{
    clf_status status = CLF_OK;
    if (o->lines)
        return lines_select(o->lines, o->choices.seed, log, out, count);
    TRY(choices_check(&o->choices, log));
    *count = o->lengths.count;
    for (int i = 0; i < *count; i++)
        out[i] = (line){
            .B = o->batch,
            .H = o->heads,
            .L = o->lengths.at[i],
            .D = o->head_size,
            .E = o->value_size,
            .choices = o->choices,
        };
fail:
    return status;
}
