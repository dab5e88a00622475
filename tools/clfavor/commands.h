/* The subcommands; main.c lists them. */
#ifndef TOOL_COMMANDS_H
#define TOOL_COMMANDS_H

#include "options.h"

extern const command cmd_attend;
extern const command cmd_bench;
extern const command cmd_bench_start;
extern const command cmd_demo;
extern const command cmd_devices;
extern const command cmd_kernels;
extern const command cmd_projection;
extern const command cmd_tune;
extern const command cmd_tune_worker;
extern const command cmd_verify;

/* Rows that all commands with a device have, for the member of their struct of values. */
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

#endif
