/* clfavor bench: the time of attention on the device, against what the device can do at the same
 * moment. The measuring is in bench.c.
 *
 * Invariant: what contradicts itself is refused before a device is looked for. */
#include "bench.h"
#include "bench_report.h"
#include "commands.h"
#include "exit.h"
#include "host/log.h"

static const option_row k_options[] = {
    {.name = "lengths",
     .type = OPTION_INTS,
     .offset = offsetof(bench_options, lengths),
     .argument = "L,L,..",
     .help = "Queries, and as many keys; up to 32 lengths",
     .min = 1,
     .max = 1 << 30,
     .fallback = "512,1024,2048,4096,8192,16384,65536"},
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
    {.name = "rounds",
     .type = OPTION_INT,
     .offset = offsetof(bench_options, rounds),
     .argument = "N",
     .help = "Samples of each length",
     .min = 1,
     .max = 10000,
     .fallback = "11"},
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
     .help = "Prints CSV instead: the fields of JSON, a line for each length and stage"},
    {.name = NULL},
};

static int run(const void *parsed, const clf_log *log)
{
    clf_status status = CLF_OK;
    bench b = {.options = *(const bench_options *)parsed};
    const bench_options *o = &b.options;
    if (!b.options.value_size)
        b.options.value_size = b.options.head_size;
    REQUIRE(!o->json || !o->csv, log,
            "--csv does not go with --json: standard output takes one of them");
    TRY(choices_check(&o->choices, log));
    TRY(bench_measure(&b, log));
    TRY(bench_report(&b, log));
fail:
    bench_finish(&b);
    return exit_of(status);
}

const command cmd_bench = {
    .name = "bench",
    .summary = "times attention against the device's FMA peak",
    .details =
        "Times attention on random q, k and v that lie on the device. Each sample stands between "
        "runs of a kernel of pure fused multiply-adds; 'of peak' is the median of the ratios. A "
        "copy of up to 64 MiB and an empty launch are timed in the same rounds.\n"
        "'total' is a run, on the host's clock. The stages below it are its kernels, on the "
        "device's clock and in other runs; what is between them is not in their times.\n"
        "FLOP are those of the formulas. Total: per head 2 M D (L + S) for the features, 2 R E (L "
        "+ S) for the products, and 48 (R + E) L for a causal triangle; of exact softmax 2 (D + E) "
        "for each query and key that it sees. kv_state: (2 M D + 2 R E) S; causal, of all segments "
        "but the last, which causal_apply goes over again. q_apply: the same with L. causal_apply "
        "and softmax: as the total. state_scan adds and has none.",
    .options = k_options,
    .values_size = sizeof(bench_options),
    .run = run,
};
