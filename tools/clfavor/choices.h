/* The options that say which attention is computed, for all commands that compute one. */
#ifndef TOOL_CHOICES_H
#define TOOL_CHOICES_H

#include <clfavor/attention.h>

#include "options.h"

/* The last word of --kind: exp with the projection of FAVOR++. */
enum {
    CHOICE_OPRF = CLF_KIND_COUNT
};

/* The values of the options. Zeroed is the default, also of those that a command does not list. */
typedef struct choices {
    option_choice kind;          // clf_kind or CHOICE_OPRF
    option_choice preset, path;  // clf_preset, clf_path
    option_choice dtype;         // clf_dtype
    option_choice draw;          // clf_projection_kind
    int64_t features;            // R; 0: not given
    option_real A, kernel_eps, scale;
    bool deterministic, causal;
    uint64_t seed;
    const char *projection, *bias, *mask;  // files; NULL: not given
} choices;

/* The kind as plans know it, and as the user does: "oprf", "softmax" with path exact. */
clf_kind choices_kind(const choices *c);
bool choices_oprf(const choices *c);
const char *choices_kind_name(const choices *c);

/* Refuses what contradicts itself, by the names of the options. Errors: INVALID_ARGUMENT. */
clf_status choices_check(const choices *c, const clf_log *log);

/* The words of the choices; NULL beyond the last. */
const char *choices_kind_word(int index);
const char *choices_preset_word(int index);
const char *choices_path_word(int index);
const char *choices_dtype_word(int index);
const char *choices_draw_word(int index);

/* Rows of tables of options, for a struct of values with a member `choices`. */
#define CHOICE_ROW(values_type, member, option_type, text, ...)                                    \
    {                                                                                              \
        .name = #member, .type = option_type, .offset = offsetof(values_type, choices.member),     \
        .help = text, __VA_ARGS__                                                                  \
    }
#define CHOICE_ROW_KIND(values_type, without)                                                      \
    CHOICE_ROW(values_type, kind, OPTION_CHOICE,                                                   \
               "The features; oprf is exp by FAVOR++. Without it " without, .argument = "KIND",    \
               .word = choices_kind_word)
#define CHOICE_ROW_CAUSAL(values_type)                                                             \
    CHOICE_ROW(values_type, causal, OPTION_FLAG, "A row sees only the keys up to its own",         \
               .argument = NULL)
#define CHOICE_ROW_SEED(values_type)                                                               \
    CHOICE_ROW(values_type, seed, OPTION_SEED,                                                     \
               "The seed of what is random: the same seed, the same bits", .argument = "N",        \
               .fallback = "0")
#define CHOICE_ROW_DRAW(values_type)                                                               \
    CHOICE_ROW(values_type, draw, OPTION_CHOICE,                                                   \
               "How W is drawn; structured is applied by fast transforms. Without it orthogonal",  \
               .argument = "WAY", .word = choices_draw_word)
#define CHOICE_ROW_FEATURES(values_type, text, without)                                            \
    CHOICE_ROW(values_type, features, OPTION_INT, text, .argument = "R", .min = 1, .max = 65536,   \
               .fallback = without)
#define CHOICE_ROW_DTYPE(values_type, text, without)                                               \
    CHOICE_ROW(values_type, dtype, OPTION_CHOICE, text, .argument = "TYPE",                        \
               .word = choices_dtype_word, .fallback = without)
#define CHOICE_ROW_PATH(values_type)                                                               \
    CHOICE_ROW(values_type, path, OPTION_CHOICE,                                                   \
               "How: FAVOR+ in fused kernels or with CLBlast, or exact softmax",                   \
               .argument = "PATH", .fallback = "auto", .word = choices_path_word)

#endif
