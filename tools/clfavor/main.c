/* clfavor: Performer attention from the command line. Dispatches to a subcommand; does no work
 * of its own.
 *
 * Invariant: every way out goes through `finish`, so a full disk behind standard output is an
 * exit code and not silence. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <clfavor/version.h>

#include "commands.h"
#include "exit.h"
#include "host/log.h"
#include "report.h"

static const command *const k_commands[] = {
    &cmd_devices, &cmd_attend, &cmd_verify, &cmd_projection,
    &cmd_bench,   &cmd_tune,   &cmd_demo,   &cmd_kernels,
};
enum {
    COMMANDS = sizeof k_commands / sizeof k_commands[0]
};

/* What the tool runs itself with, in processes of their own. They are not for users: no usage names
 * them. */
static const command *const k_internal[] = {&cmd_bench_start, &cmd_tune_worker};
enum {
    INTERNAL = sizeof k_internal / sizeof k_internal[0]
};

static void print_usage(FILE *stream)
{
    fprintf(stream, "Usage: clfavor COMMAND [options]\n"
                    "       clfavor COMMAND --help\n\n"
                    "Performer attention (FAVOR+) on any OpenCL device.\n\nCommands:\n");
    for (int i = 0; i < COMMANDS; i++)
        fprintf(stream, "  %-12s%s\n", k_commands[i]->name, k_commands[i]->summary);
    fprintf(stream,
            "\nOptions:\n  --help      Prints this.\n  --version   Prints the version.\n\n");
    exit_print_table(stream);
}

/* Where messages of the library and of the commands go; `user` is the command's name. */
static void print_message(void *user, clf_log_level level, const char *message)
{
    progress_clear();
    fprintf(stderr, "clfavor%s%s: %s%s\n", user ? " " : "", user ? (const char *)user : "",
            level == CLF_LOG_WARNING ? "warning: " : "", message);
}

/* Flushes standard output: what could not be written is an error unless one is reported yet. */
static int finish(int code)
{
    errno = 0;
    const int failed = ferror(stdout);
    if (!fflush(stdout) && !failed)
        return code;
    fprintf(stderr, "clfavor: cannot write standard output: %s\n",
            errno ? strerror(errno) : "an earlier write failed");
    return code == EXIT_RIGHT ? EXIT_IO : code;
}

static int run_command(const command *cmd, int argc, char **argv)
{
    clf_log log = {print_message, (void *)cmd->name, CLF_LOG_WARNING};
    void *values = calloc(1, cmd->values_size);
    if (!values)
        return exit_of(clfi_fail(&log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for the options"));
    option_common common;
    const clf_status status = options_parse(cmd, argc, argv, &log, values, &common);
    int code = exit_of(status);
    if (common.verbose)
        log.level = CLF_LOG_DEBUG;
    if (status == CLF_OK && common.help) {
        options_print_help(cmd, stdout);
        printf("\n");
        exit_print_table(stdout);
    } else if (status == CLF_OK) {
        code = cmd->run(values, &log);
        progress_clear();
    }
    free(values);
    return code;
}

/* NULL: there is none of this name. */
static const command *find_command(const char *name)
{
    for (int i = 0; i < COMMANDS + INTERNAL; i++) {
        const command *cmd = i < COMMANDS ? k_commands[i] : k_internal[i - COMMANDS];
        if (strcmp(name, cmd->name) == 0)
            return cmd;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    // A full disk and a closed pipe are to be errors of write(), not the end of the process.
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    const clf_log log = {print_message, NULL, CLF_LOG_WARNING};
    if (argc < 2) {
        print_usage(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_usage(stdout);
        return finish(EXIT_RIGHT);
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("clfavor %s\n", clf_version_string());
        return finish(EXIT_RIGHT);
    }
    const command *cmd = find_command(argv[1]);
    if (cmd)
        return finish(run_command(cmd, argc - 1, argv + 1));
    return exit_of(clfi_fail(&log, CLF_ERROR_INVALID_ARGUMENT,
                             "unknown command '%s'; 'clfavor --help' lists the commands", argv[1]));
}
