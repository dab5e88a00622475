/* Writes options. Knows no command.
 *
 * Invariant: parsing the words gives the values. One that was not given and has no default has no
 * word. */
#include "option_words.h"

#include <stdlib.h>
#include <string.h>

#include "host/log.h"

enum {
    ROOM = OPTION_LIST_MAX * 24  // of a number, or of a list
};

static const char *write_list(const option_list *list, char buffer[ROOM])
{
    size_t used = 0;
    buffer[0] = '\0';
    for (int i = 0; i < list->count; i++)
        used += (size_t)snprintf(buffer + used, ROOM - used, "%s%lld", i ? "," : "",
                                 (long long)list->at[i]);
    return list->count ? buffer : NULL;
}

static const char *write_int(const option_row *row, int64_t value, char buffer[ROOM])
{
    snprintf(buffer, ROOM, "%lld", (long long)value);
    return value || row->fallback ? buffer : NULL;
}

/* The argument that gives the row's member its value, "" of a flag that is set, or NULL. */
static const char *argument_of(const option_row *row, const void *values, char buffer[ROOM])
{
    const void *member = (const char *)values + row->offset;
    switch (row->type) {
    case OPTION_FLAG:
        return *(const bool *)member ? "" : NULL;
    case OPTION_TEXT:
        return *(const char *const *)member;
    case OPTION_INT:
        return write_int(row, *(const int64_t *)member, buffer);
    case OPTION_INTS:
        return write_list(member, buffer);
    case OPTION_SEED:
        snprintf(buffer, ROOM, "%llu", (unsigned long long)*(const uint64_t *)member);
        return buffer;
    case OPTION_REAL:
        snprintf(buffer, ROOM, "%.17g", ((const option_real *)member)->value);
        return ((const option_real *)member)->given ? buffer : NULL;
    case OPTION_CHOICE:
        return ((const option_choice *)member)->given
                   ? row->word(((const option_choice *)member)->index)
                   : NULL;
    }
    return NULL;
}

/* Adds before + between + after, all one word. */
static clf_status add(option_words *words, const char *before, const char *between,
                      const char *after, const clf_log *log)
{
    const size_t size = strlen(before) + strlen(between) + strlen(after) + 1;
    char *word = words->count + 1 < OPTION_WORDS_MAX ? malloc(size) : NULL;
    if (!word)
        return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for a command line");
    snprintf(word, size, "%s%s%s", before, between, after);
    words->at[words->count++] = word;
    return CLF_OK;
}

clf_status option_words_create(const char *program, const command *cmd, const void *values,
                               const clf_log *log, option_words *out)
{
    clf_status status = CLF_OK;
    char buffer[ROOM], name[64];
    *out = (option_words){0};
    TRY(add(out, program, "", "", log));
    TRY(add(out, cmd->name, "", "", log));
    for (const option_row *row = cmd->options; row->name; row++) {
        const char *argument = argument_of(row, values, buffer);
        snprintf(name, sizeof name, "--%s", row->name);
        if (argument)
            TRY(add(out, name, row->type == OPTION_FLAG ? "" : "=", argument, log));
    }
fail:
    return status;
}

void option_words_finish(option_words *words)
{
    for (int i = 0; i < words->count; i++)
        free(words->at[i]);
    *words = (option_words){0};
}
