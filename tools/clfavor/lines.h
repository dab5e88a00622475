/* What bench measures: a problem a line. Lines with a name stand in a table, so that everybody
 * measures the same; others are made from options. */
#ifndef TOOL_LINES_H
#define TOOL_LINES_H

#include "choices.h"

enum {
    LINES_MAX = OPTION_LIST_MAX,
    LINE_LABEL = 32,
    LINE_SHAPE = 160
};

/* As many keys as queries, and as many key heads as query heads. */
typedef struct line {
    const char *name;  // NULL: of the options
    int64_t B, H, L, D, E;
    choices choices;
} line;

/* The line of this name, or else all lines whose names contain `text`; "all" is in the name of
 * each. `seed` is that of their tensors and projections. Errors: INVALID_ARGUMENT (there is none;
 * the message lists the names). */
clf_status lines_select(const char *text, uint64_t seed, const clf_log *log, line out[LINES_MAX],
                        int *count);

/* The name, or else "L=4096". */
void line_label(const line *l, char label[LINE_LABEL]);

/* "B=1 H=8 D=64 E=64 R=256 exp causal f32": all but the length. R 0: exact. */
void line_shape(const line *l, int64_t R, char shape[LINE_SHAPE]);

#endif
