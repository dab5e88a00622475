/* Reads what is to be tuned. Touches no device.
 *
 * Invariant: every text is used whole or refused by name. */
#include "tune_options.h"

#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "host/log.h"
#include "tune/classes.h"

#define TEXT_ROW(member, option, called, ...)                                                      \
    {                                                                                              \
        .name = option, .type = OPTION_TEXT, .offset = offsetof(tune_options, member),             \
        .argument = called, .help = __VA_ARGS__                                                    \
    }
#define FLAG_ROW(member, option, ...)                                                              \
    {                                                                                              \
        .name = option, .type = OPTION_FLAG, .offset = offsetof(tune_options, member),             \
        .help = __VA_ARGS__                                                                        \
    }
#define SHAPE  "shape", "kind", "dtype", "path", "causal", "draw"
#define SEARCH SHAPE, "lines", "budget", "exhaustive", "timeout", "class", "candidates"

static const char *const k_shape[] = {SHAPE, NULL};
static const char *const k_exhaustive[] = {"exhaustive", NULL};
static const char *const k_search[] = {SEARCH, NULL};
static const char *const k_search_export[] = {SEARCH, "export", NULL};
static const char *const k_search_both[] = {SEARCH, "export", "import", NULL};

static const char *class_word(int index)
{
    return index < clfi_class_count ? clfi_classes[index].name : NULL;
}

const option_row tune_option_rows[] = {
    TEXT_ROW(shape, "shape", "N=V,..",
             "The problem: B, H, Hkv, L, S, D, E, R. Without it B=1,H=8,L=4096,D=64,R=256; S is L, "
             "E is D and Hkv is H where they are not given"),
    TEXT_ROW(lines, "lines", "TEXT",
             "The problems of bench's lines whose names contain it, one after the other; all: of "
             "all lines",
             .excludes = k_shape, .because = "a line has its own"),
    CHOICE_ROW_KIND(tune_options, "exp"),
    CHOICE_ROW_DTYPE(tune_options, "What q, k, v and the result are stored as", "f32"),
    CHOICE_ROW_PATH(tune_options),
    CHOICE_ROW_CAUSAL(tune_options),
    CHOICE_ROW_DRAW(tune_options),
    TEXT_ROW(budget, "budget", "TIME",
             "How long to search, for each problem: 30s, 5m, 1h. Without it 30s. A candidate at "
             "work is not cut off"),
    FLAG_ROW(exhaustive, "exhaustive", "Tries all there is, whatever the time"),
    TEXT_ROW(timeout, "timeout", "TIME",
             "A candidate that gives no sign of life for so long, while it is compiled, too, is "
             "given up. Without it 30s"),
    {.name = "class",
     .type = OPTION_CHOICE,
     .offset = offsetof(tune_options, device_class),
     .argument = "NAME",
     .help = "What the device is taken for. Without it a CPU is measured",
     .word = class_word},
    TEXT_ROW(candidates, "candidates", "LIST",
             "Only these: 'vector_width=8; tile_rows=24 segments=2'", .excludes = k_exhaustive,
             .because = "it says what is tried"),
    FLAG_ROW(export_results, "export",
             "Prints what was found on this machine, to be sent to the project",
             .excludes = k_search, .because = "it searches nothing"),
    TEXT_ROW(import, "import", "FILE", "Takes results that --export printed; - is standard input",
             .excludes = k_search_export, .because = "it searches nothing and prints nothing"),
    FLAG_ROW(reset, "reset", "Forgets all that was found", .excludes = k_search_both,
             .because = "it only forgets"),
    OPTION_ROW_DEVICE(tune_options),
    OPTION_ROW_JSON(tune_options),
    {.name = NULL},
};

/* Seconds of "30s", "5m", "1h" or "30". */
static clf_status parse_time(const char *name, const char *text, const clf_log *log, double *out)
{
    static const struct {
        const char *word;
        double seconds;
    } units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"min", 60}, {"h", 3600}};
    char *end = NULL;
    if (!text)
        return CLF_OK;
    const double value = strtod(text, &end);
    const bool number = text[0] >= '0' && text[0] <= '9' && text[1] != 'x' && text[1] != 'X';
    for (size_t i = 0; number && i < sizeof units / sizeof units[0]; i++) {
        *out = value * units[i].seconds;
        if (strcmp(end, units[i].word) == 0 && *out > 0 && *out <= 1e6)
            return CLF_OK;
    }
    return clfi_fail(log, CLF_ERROR_INVALID_ARGUMENT,
                     "--%s '%s' is no time; it must be above 0s and at most 1000000s, like 30s, 5m "
                     "or 1h",
                     name, text);
}

clf_status tune_check(tune_options *o, const clf_log *log)
{
    clf_status status = CLF_OK;
    TRY(parse_time("budget", o->budget, log, &o->budget_seconds));
    TRY(parse_time("timeout", o->timeout, log, &o->timeout_seconds));
    TRY(choices_check(&o->choices, log));
fail:
    return status;
}

#define SIZE(name)                                                                                 \
    {                                                                                              \
#name, offsetof(clf_plan_params, name)                                                     \
    }

static const struct {
    const char *name;
    size_t offset;
} k_sizes[] = {SIZE(B), SIZE(H), SIZE(Hkv), SIZE(L), SIZE(S), SIZE(D), SIZE(E), SIZE(R)};
enum {
    SIZES = sizeof k_sizes / sizeof k_sizes[0]
};

/* One "H=8" of `length` bytes. */
static clf_status parse_size(const tune_options *o, const char *at, size_t length,
                             const clf_log *log, clf_plan_params *p)
{
    clf_status status = CLF_OK;
    const size_t name = strcspn(at, "=,");
    char *end = NULL;
    size_t i = 0;
    while (i < SIZES && (strlen(k_sizes[i].name) != name || strncmp(k_sizes[i].name, at, name)))
        i++;
    REQUIRE(i < SIZES && name + 1 < length && strspn(at + name + 1, "0123456789") > 0, log,
            "--shape '%s': '%.*s' is none of B, H, Hkv, L, S, D, E, R with a number", o->shape,
            (int)length, at);
    const long long value = strtoll(at + name + 1, &end, 10);
    REQUIRE(end == at + length && value >= 1 && value <= (1LL << 40), log,
            "--shape '%s': '%.*s' is no size of 1 and more", o->shape, (int)length, at);
    memcpy((char *)p + k_sizes[i].offset, &(int64_t){value}, sizeof(int64_t));
fail:
    return status;
}

/* The problem of choices; sizes are to come. */
static clf_plan_params problem_of(const choices *c)
{
    const clf_dtype dtype = (clf_dtype)c->dtype.index;
    return (clf_plan_params){.kind = choices_kind(c),
                             .causal = c->causal,
                             .path = (clf_path)c->path.index,
                             .q_dtype = dtype,
                             .k_dtype = dtype,
                             .v_dtype = dtype,
                             .out_dtype = dtype,
                             .draw = (clf_projection_kind)c->draw.index};
}

static clf_status take_lines(const tune_options *o, const clf_log *log, tune_case out[LINES_MAX],
                             int *count)
{
    line lines[LINES_MAX];
    const clf_status status = lines_select(o->lines, 0, log, lines, count);
    for (int i = 0; status == CLF_OK && i < *count; i++) {
        const line *l = &lines[i];
        clf_plan_params p = problem_of(&l->choices);
        p.B = l->B;
        p.H = l->H;
        p.L = p.S = l->L;
        p.D = l->D;
        p.E = l->E;
        p.R = l->choices.features;
        out[i] = (tune_case){l->name, choices_kind_name(&l->choices), p};
    }
    return status;
}

clf_status tune_cases(const tune_options *o, const clf_log *log, tune_case out[LINES_MAX],
                      int *count)
{
    clf_status status = CLF_OK;
    clf_plan_params p = problem_of(&o->choices);
    if (o->lines)
        return take_lines(o, log, out, count);
    p.B = 1;
    p.H = 8;
    p.L = 4096;
    p.D = 64;
    p.R = 256;
    for (const char *at = o->shape; at && *at;) {
        const size_t length = strcspn(at, ",");
        TRY(parse_size(o, at, length, log, &p));
        at += length + (at[length] == ',');
    }
    p.S = p.S ? p.S : p.L;
    p.E = p.E ? p.E : p.D;
    out[0] = (tune_case){NULL, choices_kind_name(&o->choices), p};
    *count = 1;
fail:
    return status;
}
