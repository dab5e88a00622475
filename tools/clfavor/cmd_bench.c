/* clfavor bench: the time of attention on the device, against what the device can do at the same
 * moment. The options are in bench_options.c, the measuring is in bench.c.
 *
 * Invariant: a run that failed prints no figures. */
#include "bench.h"
#include "bench_report.h"
#include "commands.h"
#include "exit.h"
#include "host/log.h"
#include "startup_report.h"

/* Whether the plans held against others are as fast; says what is not. */
static bool is_fast_enough(const bench *b, const clf_log *log)
{
    const bool faster = !(b->geometric_mean < 1);
    if (b->slower)
        clfi_log(log, CLF_LOG_ERROR, "%d of %d plans are slower than what they were held against",
                 b->slower, b->count);
    if (!faster)
        clfi_log(log, CLF_LOG_ERROR, "the geometric mean of the ratios is %.4f, below 1",
                 b->geometric_mean);
    return faster && !b->slower;
}

static int run_attention(const bench_options *o, const clf_log *log)
{
    clf_status status = CLF_OK;
    bool fast = true;
    bench b = {.options = *o};
    line lines[LINES_MAX];
    TRY(bench_options_lines(o, log, lines, &b.count));
    TRY(bench_measure(&b, lines, log));
    TRY(bench_report(&b, log));
    fast = is_fast_enough(&b, log);
fail:
    bench_finish(&b);
    return status == CLF_OK && !fast ? EXIT_MISSED : (int)exit_of(status);
}

static int run_startup(const bench_options *o, const clf_log *log)
{
    startup s = {.options = *o};
    int code = startup_measure(&s, log);
    if (code == EXIT_RIGHT)
        code = exit_of(startup_report(&s, log));
    startup_finish(&s);
    return code;
}

static int run(const void *parsed, const clf_log *log)
{
    const bench_options o = bench_options_settle(parsed);
    return o.startup ? run_startup(&o, log) : run_attention(&o, log);
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
        "--against: a ratio is the other plan's time over this one's in the same round; above 1 "
        "this one is the faster. Slower is a plan whose median ratio is below 0.97 with both "
        "quartiles below 1; then, and when the geometric mean of all medians is below 1, the exit "
        "code is 1. Plans that differ in nothing are not timed: their ratio is 1.\n"
        "--startup: 'plan' is clf_plan_create, W with it; 'first run' goes from q, k and v on the "
        "host to the result there; 'total' counts from the start of the process, without the "
        "making of q, k and v.\n"
        "FLOP are those of the formulas. Total: per head 2 M D (L + S) for the features, 2 R E (L "
        "+ S) for the products, and 48 (R + E) L for a causal triangle; of exact softmax 2 (D + E) "
        "for each query and key that it sees. kv_state: (2 M D + 2 R E) S; causal, of all segments "
        "but the last, which causal_apply goes over again. q_apply: the same with L. causal_apply "
        "and softmax: as the total. state_scan adds and has none.",
    .options = bench_option_rows,
    .values_size = sizeof(bench_options),
    .run = run,
};
