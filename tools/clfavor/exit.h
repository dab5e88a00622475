/* The exit codes of all tools, in one table that --help prints. */
#ifndef TOOL_EXIT_H
#define TOOL_EXIT_H

#include <stdio.h>

#include <clfavor/status.h>

typedef enum exit_code {
    EXIT_RIGHT = 0,
    EXIT_MISSED = 1,  // a result missed what it was held to
    EXIT_USAGE = 2,
    EXIT_NO_PLATFORM = 3,
    EXIT_NO_DEVICE = 4,
    EXIT_SELF_TEST = 5,
    EXIT_CRASHED = 6,
    EXIT_DEVICE = 7,
    EXIT_IO = 8
} exit_code;

/* The exit code that tells of a library status. */
exit_code exit_of(clf_status status);

/* Prints the table, one code a line. */
void exit_print_table(FILE *stream);

#endif
