/* The table of command line tests. */
#ifndef CLI_CASES_H
#define CLI_CASES_H

#include <stdbool.h>
#include <stddef.h>

#include "tool.h"

/* One call and what is to come of it. */
typedef struct cli_case {
    const char *name;
    tool_call call;
    int code;
    const char *err;     // standard error contains it; NULL: standard error is empty
    const char *out;     // standard output contains it; NULL: standard output is empty
    const char *absent;  // a file that must not exist afterwards, or NULL
} cli_case;

/* Those that need no device, and those that need one. */
extern const cli_case cli_usage_cases[];
extern const size_t cli_usage_count;
extern const cli_case cli_device_cases[];
extern const size_t cli_device_count;

#endif
