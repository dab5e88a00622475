/* Values of options as the words of a command line: the opposite of options_parse, for a process
 * that is to have the same ones. */
#ifndef TOOL_OPTION_WORDS_H
#define TOOL_OPTION_WORDS_H

#include "options.h"

enum {
    OPTION_WORDS_MAX = 40
};

/* A list for exec: first a program and a command, then "--name=value" for each value there is. */
typedef struct option_words {
    int count;
    char *at[OPTION_WORDS_MAX];  // owned; ends with NULL
} option_words;

/* Makes the list for values that options_parse filled by the rows. The caller finishes *out, also
 * on failure. Errors: OUT_OF_HOST_MEMORY. */
clf_status option_words_create(const char *program, const command *cmd, const void *values,
                               const clf_log *log, option_words *out);

void option_words_finish(option_words *words);

#endif
