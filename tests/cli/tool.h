/* Runs the tool in a folder of its own and keeps what it said. */
#ifndef CLI_TOOL_H
#define CLI_TOOL_H

#include <stdbool.h>

enum {
    TOOL_TEXT = 1 << 18
};

/* How to run it. */
typedef struct tool_call {
    const char *args;         // words without quotes, parted by single spaces
    const char *environment;  // "NAME=value", or NULL
    const char *output;       // where standard output goes, or NULL: it is kept
    long file_limit;          // bytes a written file may have; 0: no limit
} tool_call;

/* What came of it. */
typedef struct tool_result {
    int code;  // the exit code, 128 + n for signal n
    char out[TOOL_TEXT];
    char err[TOOL_TEXT];
} tool_result;

/* Makes a new folder and goes there; `tool` is the program. Leaves the process on failure. */
void tool_begin(const char *tool);

/* Runs the tool; leaves the process when it cannot be started. */
void tool_run(const tool_call *call, tool_result *result);

/* Runs `devices`; without a device the process fails, or is skipped (77) when
 * CLFAVOR_ALLOW_NO_DEVICE=1. */
void tool_need_device(void);

/* Whether a file of the folder has a name that ends in ".tmp" and numbers: a part of a result. */
bool tool_left_part(void);

/* Whether no line is wider than 80 columns and nothing but plain text is in it. */
bool tool_fits(const char *text);

/* Removes the folder. */
void tool_end(void);

/* One line of TAP: counts, and prints what the tool said when `right` is false. */
void tap(bool right, const char *name, const tool_result *result);

/* Prints the plan; the exit code of the test. */
int tap_end(void);

#endif
