/* Parses options by their tables. Knows no command.
 *
 * Invariant: a default goes through the same parser as an argument, so --help shows the value
 * that is used, and no number is taken from the front of a longer text. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host/log.h"
#include "report.h"

enum {
    MAX_ROWS = 32,
    MAX_WORDS_TEXT = 256,
    FIRST_COMMON = 1000,  // getopt's value of the first row of k_common
    FIRST_ROW = 1002      // and of the first row of a command
};

static const option_row k_common[] = {
    {.name = "verbose",
     .type = OPTION_FLAG,
     .offset = offsetof(option_common, verbose),
     .help = "Prints to standard error what is decided on the way"},
    {.name = "help",
     .type = OPTION_FLAG,
     .offset = offsetof(option_common, help),
     .help = "Prints this"},
};
enum {
    COMMON = sizeof k_common / sizeof k_common[0]
};

/* A whole decimal integer. Neither spaces nor an empty text; *overflow tells a too long one. */
static bool whole_int(const char *text, int64_t *value, bool *overflow)
{
    const char *digits = text + (*text == '-' || *text == '+');
    *overflow = false;
    if (digits[0] == '\0' || digits[strspn(digits, "0123456789")] != '\0')
        return false;
    errno = 0;
    *value = strtoll(text, NULL, 10);
    *overflow = errno == ERANGE;
    return !*overflow;
}

static clf_status parse_int(const option_row *row, const char *text, const clf_log *log,
                            int64_t *out)
{
    bool overflow;
    int64_t value = 0;
    if (!whole_int(text, &value, &overflow) && !overflow)
        return clfi_fail(log, CLF_ERROR_INVALID_ARGUMENT,
                         "--%s '%s' is not a whole number; it must be %lld to %lld", row->name,
                         text, (long long)row->min, (long long)row->max);
    if (overflow || value < row->min || value > row->max)
        return clfi_fail(log, CLF_ERROR_INVALID_ARGUMENT,
                         "--%s '%s' is out of range; it must be %lld to %lld", row->name, text,
                         (long long)row->min, (long long)row->max);
    *out = value;
    return CLF_OK;
}

static clf_status parse_ints(const option_row *row, const char *text, const clf_log *log,
                             option_list *list)
{
    *list = (option_list){0};
    for (const char *at = text;;) {
        char item[32];
        const size_t length = strcspn(at, ",");
        if (length >= sizeof item)
            return clfi_fail(log, CLF_ERROR_INVALID_ARGUMENT,
                             "--%s '%s' has an item of %zu characters; at most %zu fit", row->name,
                             text, length, sizeof item - 1);
        if (list->count == OPTION_LIST_MAX)
            return clfi_fail(log, CLF_ERROR_INVALID_ARGUMENT, "--%s has more than %d items",
                             row->name, OPTION_LIST_MAX);
        memcpy(item, at, length);
        item[length] = '\0';
        const clf_status status = parse_int(row, item, log, &list->at[list->count]);
        if (status != CLF_OK)
            return status;
        list->count++;
        if (at[length] == '\0')
            return CLF_OK;
        at += length + 1;
    }
}

static clf_status parse_seed(const option_row *row, const char *text, const clf_log *log,
                             uint64_t *out)
{
    errno = 0;
    const bool digits = text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
    const unsigned long long value = digits ? strtoull(text, NULL, 10) : 0;
    if (!digits || errno == ERANGE || value > UINT64_MAX)
        return clfi_fail(log, CLF_ERROR_INVALID_ARGUMENT,
                         "--%s '%s' is not a whole number from 0 to 18446744073709551615",
                         row->name, text);
    *out = value;
    return CLF_OK;
}

static clf_status parse_real(const option_row *row, const char *text, const clf_log *log,
                             option_real *out)
{
    char *end = NULL;
    const double value = strtod(text, &end);
    const bool whole = text[0] != '\0' && !strchr(" \t\n\v\f\r", text[0]) && *end == '\0';
    if (!whole || !isfinite(value) || value < row->real_min || value > row->real_max)
        return clfi_fail(log, CLF_ERROR_INVALID_ARGUMENT, "--%s '%s' is not a number from %g to %g",
                         row->name, text, row->real_min, row->real_max);
    *out = (option_real){true, value};
    return CLF_OK;
}

/* The words of a choice: "a, b or c". */
static void list_words(const option_row *row, char text[MAX_WORDS_TEXT])
{
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; row->word(i) && used < MAX_WORDS_TEXT; i++) {
        const char *between = i == 0 ? "" : row->word(i + 1) ? ", " : " or ";
        used += (size_t)snprintf(text + used, MAX_WORDS_TEXT - used, "%s%s", between, row->word(i));
    }
}

static clf_status parse_choice(const option_row *row, const char *text, const clf_log *log,
                               option_choice *out)
{
    char all[MAX_WORDS_TEXT];
    for (int i = 0; row->word(i); i++) {
        if (strcmp(row->word(i), text) == 0) {
            *out = (option_choice){true, i};
            return CLF_OK;
        }
    }
    list_words(row, all);
    return clfi_fail(log, CLF_ERROR_INVALID_ARGUMENT, "--%s '%s' is unknown; it must be %s",
                     row->name, text, all);
}

/* Sets the row's member of `values` from its text. */
static clf_status assign(const option_row *row, const char *text, const clf_log *log, void *values)
{
    void *member = (char *)values + row->offset;
    switch (row->type) {
    case OPTION_FLAG:
        *(bool *)member = true;
        return CLF_OK;
    case OPTION_TEXT:
        if (text[0] == '\0')
            return clfi_fail(log, CLF_ERROR_INVALID_ARGUMENT, "--%s has an empty argument",
                             row->name);
        *(const char **)member = text;
        return CLF_OK;
    case OPTION_INT:
        return parse_int(row, text, log, member);
    case OPTION_INTS:
        return parse_ints(row, text, log, member);
    case OPTION_SEED:
        return parse_seed(row, text, log, member);
    case OPTION_REAL:
        return parse_real(row, text, log, member);
    case OPTION_CHOICE:
        return parse_choice(row, text, log, member);
    }
    return CLF_ERROR_INVALID_ARGUMENT;
}

static int count_rows(const option_row *rows)
{
    int count = 0;
    while (count < MAX_ROWS && rows[count].name)
        count++;
    return count;
}

/* The row of a value of getopt, or NULL. */
static const option_row *find_row(const command *cmd, int value)
{
    if (value >= FIRST_ROW)
        return &cmd->options[value - FIRST_ROW];
    return value >= FIRST_COMMON ? &k_common[value - FIRST_COMMON] : NULL;
}

static struct option getopt_row(const option_row *row, int value)
{
    const int argument = row->type == OPTION_FLAG ? no_argument : required_argument;
    return (struct option){row->name, argument, NULL, value};
}

/* The message for what getopt refused, from its return value and optopt. */
static clf_status refuse(const command *cmd, int result, const char *word, const clf_log *log)
{
    const option_row *row = find_row(cmd, optopt);
    if (row && result == ':')
        return clfi_fail(log, CLF_ERROR_INVALID_ARGUMENT, "--%s needs an argument: %s", row->name,
                         row->argument);
    if (row)
        return clfi_fail(log, CLF_ERROR_INVALID_ARGUMENT, "--%s takes no argument: %s", row->name,
                         word);
    const char short_option[] = {'-', (char)optopt, '\0'};
    return clfi_fail(log, CLF_ERROR_INVALID_ARGUMENT,
                     "unknown option '%s'; 'clfavor %s --help' lists the options",
                     optopt ? short_option : word, cmd->name);
}

/* Runs getopt over argv; marks the rows that were given. Stops at --help or -h. */
static clf_status scan(const command *cmd, int argc, char **argv, const clf_log *log, void *values,
                       bool given[MAX_ROWS], option_common *common)
{
    struct option table[MAX_ROWS + COMMON + 1] = {{0}};
    const int rows = count_rows(cmd->options);
    for (int i = 0; i < rows; i++)
        table[i] = getopt_row(&cmd->options[i], FIRST_ROW + i);
    for (int i = 0; i < COMMON; i++)
        table[rows + i] = getopt_row(&k_common[i], FIRST_COMMON + i);
    opterr = 0;
    optind = 1;
    while (!common->help) {
        optopt = 0;
        const int value = getopt_long(argc, argv, ":h", table, NULL);
        if (value == -1)
            break;
        if (value == 'h') {
            common->help = true;
            break;
        }
        if (value == '?' || value == ':')
            return refuse(cmd, value, argv[optind - 1], log);
        const bool own = value >= FIRST_ROW;
        const clf_status status =
            assign(find_row(cmd, value), optarg, log, own ? values : (void *)common);
        if (status != CLF_OK)
            return status;
        if (own)
            given[value - FIRST_ROW] = true;
    }
    if (optind < argc && !common->help)
        return clfi_fail(log, CLF_ERROR_INVALID_ARGUMENT, "unexpected argument '%s'", argv[optind]);
    return CLF_OK;
}

static bool was_given(const command *cmd, const bool given[MAX_ROWS], const char *name)
{
    int i = 0;
    while (cmd->options[i].name && strcmp(cmd->options[i].name, name) != 0)
        i++;
    return given[i];
}

/* Refuses options that are missing and options that exclude each other. */
static clf_status check_given(const command *cmd, const bool given[MAX_ROWS], const clf_log *log)
{
    clf_status status = CLF_OK;
    for (int i = 0; cmd->options[i].name; i++) {
        const option_row *row = &cmd->options[i];
        REQUIRE(!row->required || given[i], log,
                "--%s %s is missing; 'clfavor %s --help' lists the options", row->name,
                row->argument, cmd->name);
        for (const char *const *name = row->excludes; given[i] && name && *name; name++)
            REQUIRE(!was_given(cmd, given, *name), log, "--%s does not go with --%s: %s", row->name,
                    *name, row->because);
    }
fail:
    return status;
}

clf_status options_parse(const command *cmd, int argc, char **argv, const clf_log *log,
                         void *values, option_common *common)
{
    const int rows = count_rows(cmd->options);
    bool given[MAX_ROWS] = {false};
    *common = (option_common){0};
    memset(values, 0, cmd->values_size);
    for (int i = 0; i < rows; i++) {
        const option_row *row = &cmd->options[i];
        const clf_status status = row->fallback ? assign(row, row->fallback, log, values) : CLF_OK;
        if (status != CLF_OK)
            return status;
    }
    const clf_status status = scan(cmd, argc, argv, log, values, given, common);
    if (status != CLF_OK || common->help)
        return status;
    return check_given(cmd, given, log);
}

/* What limits the argument, and the default, for --help: " (1 to 9, default 3)" or nothing. */
static void describe_limits(const option_row *row, char *text, size_t size)
{
    char range[MAX_WORDS_TEXT] = "";
    if (row->type == OPTION_INT || row->type == OPTION_INTS)
        snprintf(range, sizeof range, "%lld to %lld", (long long)row->min, (long long)row->max);
    else if (row->type == OPTION_REAL)
        snprintf(range, sizeof range, "%g to %g", row->real_min, row->real_max);
    else if (row->type == OPTION_CHOICE)
        list_words(row, range);
    const char *parts[] = {range, row->required ? "required" : "", row->fallback ? "default " : ""};
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < 3; i++) {
        if (parts[i][0])
            used += (size_t)snprintf(text + used, size - used, "%s%s%s", used ? ", " : " (",
                                     parts[i], i == 2 ? row->fallback : "");
    }
    if (used)
        snprintf(text + used, size - used, ")");
}

static void print_row(const option_row *row, FILE *stream)
{
    enum {
        INDENT = 26
    };
    char limits[MAX_WORDS_TEXT + 64];
    char text[768];
    describe_limits(row, limits, sizeof limits);
    snprintf(text, sizeof text, "%s%s", row->help, limits);
    const char *argument = row->type == OPTION_FLAG ? "" : row->argument;
    report_wrapped(stream, text, fprintf(stream, "  --%s %s", row->name, argument), INDENT);
}

void options_print_help(const command *cmd, FILE *stream)
{
    fprintf(stream, "Usage: clfavor %s", cmd->name);
    for (const option_row *row = cmd->options; row->name; row++) {
        if (row->required)
            fprintf(stream, " --%s %s", row->name, row->argument);
    }
    fprintf(stream, " [options]\n\n");
    report_wrapped(stream, cmd->details, 0, 0);
    fprintf(stream, "\nOptions:\n");
    for (const option_row *row = cmd->options; row->name; row++)
        print_row(row, stream);
    for (int i = 0; i < COMMON; i++)
        print_row(&k_common[i], stream);
}
