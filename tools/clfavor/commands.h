/* The subcommands; main.c lists them. */
#ifndef TOOL_COMMANDS_H
#define TOOL_COMMANDS_H

#include "options.h"

extern const command cmd_attend;
extern const command cmd_bench;
extern const command cmd_demo;
extern const command cmd_devices;
extern const command cmd_projection;
extern const command cmd_verify;

/* Rows that several commands have, for the member of their struct of values. */
#define OPTION_ROW_DEVICE(values_type)                                                             \
    {                                                                                              \
        .name = "device", .type = OPTION_TEXT, .offset = offsetof(values_type, device),            \
        .argument = "SELECTOR",                                                                    \
        .help = "The device: a flat index, P:D, cpu, gpu, accelerator, or a part of its "          \
                "platform, vendor or name. Without it CLFAVOR_DEVICE, else the best one"           \
    }
#define OPTION_ROW_JSON(values_type)                                                               \
    {                                                                                              \
        .name = "json", .type = OPTION_FLAG, .offset = offsetof(values_type, json),                \
        .help = "Prints JSON and nothing else to standard output"                                  \
    }
#define OPTION_ROW_SEED(values_type)                                                               \
    {                                                                                              \
        .name = "seed", .type = OPTION_SEED, .offset = offsetof(values_type, seed),                \
        .argument = "N", .help = "The seed of what is random: the same seed, the same bits",       \
        .fallback = "0"                                                                            \
    }
#define OPTION_ROW_KIND(values_type)                                                               \
    {                                                                                              \
        .name = "kind", .type = OPTION_CHOICE, .offset = offsetof(values_type, kind),              \
        .argument = "KIND", .help = "The features: exp, or cosh (in pairs, never worse)",          \
        .fallback = "exp", .words = k_kind_words                                                   \
    }
#define OPTION_ROW_CAUSAL(values_type)                                                             \
    {                                                                                              \
        .name = "causal", .type = OPTION_FLAG, .offset = offsetof(values_type, causal),            \
        .help = "A row sees only the keys up to its own"                                           \
    }

/* The words of clf_kind, in its order. */
extern const char *const k_kind_words[];

#endif
