/* The table of named lines. Measures nothing.
 *
 * Invariant: a name begins with what is special, then has the length, then the direction, so that
 * "causal-4096" is in no other name; what a name says stays what it measures. */
#include "lines.h"

#include <stdio.h>
#include <string.h>

#include "host/log.h"

/* What is zero is as in a bench without options: H=8, D=64, E as D, R=256. */
typedef struct line_row {
    const char *name;
    int64_t L, H, D, E, R;
    clf_kind kind;
    clf_path path;
    clf_dtype dtype;
    clf_projection_kind draw;
    bool causal;
} line_row;

static const line_row k_rows[] = {
    {.name = "bidirectional-512", .L = 512},
    {.name = "bidirectional-4096", .L = 4096},
    {.name = "bidirectional-16384", .L = 16384},
    {.name = "causal-512", .L = 512, .causal = true},
    {.name = "causal-4096", .L = 4096, .causal = true},
    {.name = "causal-16384", .L = 16384, .causal = true},
    {.name = "cosh-4096", .L = 4096, .kind = CLF_KIND_COSH},
    {.name = "structured-4096", .L = 4096, .draw = CLF_PROJECTION_STRUCTURED},
    {.name = "bf16-4096", .L = 4096, .dtype = CLF_DTYPE_BF16},
    {.name = "f16-4096", .L = 4096, .dtype = CLF_DTYPE_F16},
    {.name = "exact-1024", .L = 1024, .path = CLF_PATH_EXACT},
    {.name = "exact-1024-causal", .L = 1024, .path = CLF_PATH_EXACT, .causal = true},
    {.name = "head128-4096", .L = 4096, .D = 128, .R = 512},
    {.name = "head128-4096-causal", .L = 4096, .D = 128, .R = 512, .causal = true},
    {.name = "head32-4096", .L = 4096, .D = 32, .R = 128},
    {.name = "head80-4096", .L = 4096, .D = 80, .R = 266},
    {.name = "value128-4096", .L = 4096, .E = 128},
    {.name = "one-row", .L = 1},
    {.name = "one-row-causal", .L = 1, .causal = true},
    {.name = "one-head-16384", .L = 16384, .H = 1},
    {.name = "one-head-16384-causal", .L = 16384, .H = 1, .causal = true},
};
enum {
    ROWS = sizeof k_rows / sizeof k_rows[0]
};
_Static_assert((int)ROWS <= (int)LINES_MAX, "all lines at once");

static line make_line(const line_row *row, uint64_t seed)
{
    const int64_t D = row->D ? row->D : 64;
    const bool exact = row->path == CLF_PATH_EXACT;
    const int64_t R = row->R ? row->R : 256;
    return (line){
        .name = row->name,
        .B = 1,
        .H = row->H ? row->H : 8,
        .L = row->L,
        .D = D,
        .E = row->E ? row->E : D,
        .choices = {.kind = {!exact, (int)row->kind},
                    .path = {true, (int)row->path},
                    .dtype = {true, (int)row->dtype},
                    .draw = {!exact, (int)row->draw},
                    .features = exact ? 0 : R,
                    .causal = row->causal,
                    .seed = seed},
    };
}

static clf_status refuse(const char *text, const clf_log *log)
{
    char names[ROWS * LINE_LABEL];
    size_t used = 0;
    for (int i = 0; i < ROWS; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "",
                                 k_rows[i].name);
    return clfi_fail(log, CLF_ERROR_INVALID_ARGUMENT,
                     "--lines '%s' is in no line's name; it must be all, or a part of: %s", text,
                     names);
}

clf_status lines_select(const char *text, uint64_t seed, const clf_log *log, line out[LINES_MAX],
                        int *count)
{
    const bool all = strcmp(text, "all") == 0;
    *count = 0;
    for (int i = 0; i < ROWS; i++) {
        if (strcmp(text, k_rows[i].name) == 0) {
            out[0] = make_line(&k_rows[i], seed);
            *count = 1;
            return CLF_OK;
        }
    }
    for (int i = 0; i < ROWS; i++) {
        if (all || strstr(k_rows[i].name, text))
            out[(*count)++] = make_line(&k_rows[i], seed);
    }
    return *count ? CLF_OK : refuse(text, log);
}

void line_label(const line *l, char label[LINE_LABEL])
{
    if (l->name)
        snprintf(label, LINE_LABEL, "%s", l->name);
    else
        snprintf(label, LINE_LABEL, "L=%lld", (long long)l->L);
}

void line_shape(const line *l, int64_t R, char shape[LINE_SHAPE])
{
    char features[32] = "";
    if (R)
        snprintf(features, sizeof features, " R=%lld", (long long)R);
    snprintf(shape, LINE_SHAPE, "B=%lld H=%lld D=%lld E=%lld%s %s%s %s", (long long)l->B,
             (long long)l->H, (long long)l->D, (long long)l->E, features,
             choices_kind_name(&l->choices), l->choices.causal ? " causal" : "",
             clf_dtype_name((clf_dtype)l->choices.dtype.index));
}
