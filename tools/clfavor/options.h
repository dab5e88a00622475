/* Command line options as tables: one row gives the parser, the limits, the default and the line
 * of --help. */
#ifndef TOOL_OPTIONS_H
#define TOOL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <clfavor/log.h>
#include <clfavor/status.h>

/* What an option's text is turned into, and the type of the member that receives it. */
typedef enum option_type {
    OPTION_FLAG,   // bool, takes no argument
    OPTION_TEXT,   // const char *, not empty
    OPTION_INT,    // int64_t in [min, max]
    OPTION_INTS,   // option_list of such
    OPTION_SEED,   // uint64_t, any
    OPTION_REAL,   // option_real in [real_min, real_max]
    OPTION_CHOICE  // option_choice
} option_type;

enum {
    OPTION_LIST_MAX = 32
};
typedef struct option_list {
    int count;
    int64_t at[OPTION_LIST_MAX];
} option_list;

/* Numbers and words of which none may be given; zeroed when so. */
typedef struct option_real {
    bool given;
    double value;
} option_real;
typedef struct option_choice {
    bool given;
    int index;  // of the word
} option_choice;

/* One option. A row of zeros ends a table. */
typedef struct option_row {
    const char *name;  // without the dashes
    option_type type;
    size_t offset;         // of the member in the command's struct of values
    const char *argument;  // how --help calls the argument
    const char *help;
    const char *fallback;  // the default, as text; NULL: zero
    bool required;
    int64_t min, max;
    double real_min, real_max;
    const char *(*word)(int index);  // of a choice; NULL beyond the last
    const char *const *excludes;  // names of options that it does not go with, then NULL; or NULL
    const char *because;          // and why
} option_row;

/* A subcommand. `run` gets its parsed values and returns an exit code. */
typedef struct command {
    const char *name;
    const char *summary;  // one line
    const char *details;  // paragraphs for --help
    const option_row *options;
    size_t values_size;
    int (*run)(const void *values, const clf_log *log);
} command;

/* The options that every command has. */
typedef struct option_common {
    bool help;  // nothing after it was looked at, and nothing is missing then
    bool verbose;
} option_common;

/* Parses argv[1 .. argc-1] into `values`, which is filled with the defaults first.
 * Errors: INVALID_ARGUMENT; the message names the option, the value and the limits. */
clf_status options_parse(const command *cmd, int argc, char **argv, const clf_log *log,
                         void *values, option_common *common);

/* Prints the help of a command in 80 columns. */
void options_print_help(const command *cmd, FILE *stream);

#endif
