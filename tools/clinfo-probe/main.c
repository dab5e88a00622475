/* clinfo-probe: what OpenCL is on this machine, and what of it works. Reads the options, prints the
 * survey, and gives its exit code.
 *
 * Invariant: no driver's code runs in this process unless it was started as an internal command. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <clfavor/version.h>

#include "../clfavor/exit.h"
#include "internal.h"
#include "print.h"
#include "survey.h"
#include "tool.h"

enum {
    LONGEST_TIMEOUT = 3600
};

static const char k_usage[] =
    "Usage: clinfo-probe [options]\n"
    "\n"
    "Says which OpenCL loader, drivers and devices there are, what each device can\n"
    "do by trying it, and what to install where something is missing. Every driver\n"
    "runs in a process of its own: one that crashes or hangs is named.\n"
    "\n"
    "Options:\n"
    "  --selftest       Checks results of every device against double precision\n"
    "  --bench          Times every device, about 2 s each and its compiler\n"
    "  --no-kernels     Does not build the kernels of this library\n"
    "  --raw            Prints a line for each value\n"
    "  --json           Prints JSON; the member \"schema\" is clinfo-probe/1\n"
    "  --full           Also UUIDs, and names of user and host as they are\n"
    "  --timeout S      Seconds for a driver to answer, and 20 times as many for a\n"
    "                   run of clfavor (1 to 3600, default 30)\n"
    "  --clfavor FILE   The program that builds kernels and tests; without it the\n"
    "                   one beside this program, else in PATH\n"
    "  --version        Prints the version\n"
    "  --help           Prints this\n"
    "\n";

typedef struct options {
    int selftest, bench, no_kernels, raw, json, full, help, version;
    double timeout;
    const char *tool;
} options;

static int refuse(const char *format, const char *value)
{
    fprintf(stderr, "clinfo-probe: ");
    fprintf(stderr, format, value);
    fprintf(stderr, "; 'clinfo-probe --help' lists the options\n");
    return EXIT_USAGE;
}

static int parse_timeout(const char *text, double *seconds)
{
    const size_t digits = strspn(text, "0123456789");
    const long value = digits && digits < 9 && !text[digits] ? strtol(text, NULL, 10) : 0;
    if (value < 1 || value > LONGEST_TIMEOUT)
        return refuse("--timeout '%s' is not a whole number from 1 to 3600", text);
    *seconds = (double)value;
    return EXIT_RIGHT;
}

static int parse(int argc, char **argv, options *o)
{
    const struct option table[] = {
        {"selftest", no_argument, &o->selftest, 1},
        {"bench", no_argument, &o->bench, 1},
        {"no-kernels", no_argument, &o->no_kernels, 1},
        {"raw", no_argument, &o->raw, 1},
        {"json", no_argument, &o->json, 1},
        {"full", no_argument, &o->full, 1},
        {"timeout", required_argument, NULL, 't'},
        {"clfavor", required_argument, NULL, 'c'},
        {"version", no_argument, &o->version, 1},
        {"help", no_argument, &o->help, 1},
        {NULL, 0, NULL, 0},
    };
    opterr = 0;
    for (int value; (value = getopt_long(argc, argv, ":", table, NULL)) != -1 && !o->help;) {
        if (value == ':')
            return refuse("%s needs an argument", argv[optind - 1]);
        if (value == '?')
            return refuse("unknown option '%s'", argv[optind - 1]);
        if (value == 'c')
            o->tool = optarg;
        if (value == 't' && parse_timeout(optarg, &o->timeout) != EXIT_RIGHT)
            return EXIT_USAGE;
    }
    if (o->help)
        return EXIT_RIGHT;
    if (optind < argc)
        return refuse("unexpected argument '%s'", argv[optind]);
    if (o->raw && o->json)
        return refuse("%s exclude each other", "--raw and --json");
    return EXIT_RIGHT;
}

/* Flushes standard output: what could not be written is an error. */
static int finish(int code)
{
    errno = 0;
    const int failed = ferror(stdout);
    if (!fflush(stdout) && !failed)
        return code;
    fprintf(stderr, "clinfo-probe: cannot write standard output: %s\n",
            errno ? strerror(errno) : "an earlier write failed");
    return EXIT_IO;
}

static int probe(const options *o, const char *self)
{
    char tool[PATH_MAX];
    const bool found = tool_find(o->tool, self, tool, sizeof tool);
    if (!found && o->tool)
        return refuse("--clfavor '%s' is not a program", o->tool);
    if (!found && o->selftest)
        return refuse("--selftest needs %s beside this program, in PATH or by --clfavor",
                      "clfavor");
    json_t *root = survey(&(survey_options){.self = self,
                                            .tool = found ? tool : NULL,
                                            .timeout = o->timeout,
                                            .kernels = !o->no_kernels,
                                            .bench = o->bench,
                                            .selftest = o->selftest,
                                            .full = o->full});
    const int code = (int)json_integer_value(json_object_get(root, "exit_code"));
    if (o->json)
        print_json(root);
    else if (o->raw)
        print_raw(root);
    else
        print_human(root);
    json_decref(root);
    return finish(code);
}

int main(int argc, char **argv)
{
    char self[PATH_MAX];
    options o = {.timeout = 30};
    if (argc > 1 && strcmp(argv[1], INTERNAL) == 0)
        return internal_main(argc, argv);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    const int code = parse(argc, argv, &o);
    if (code != EXIT_RIGHT)
        return code;
    if (o.help) {
        printf("%s", k_usage);
        exit_print_table(stdout);
        return finish(EXIT_RIGHT);
    }
    if (o.version) {
        printf("clinfo-probe %s\n", clf_version_string());
        return finish(EXIT_RIGHT);
    }
    if (!child_find_self(argv[0], self, sizeof self)) {
        fprintf(stderr, "clinfo-probe: cannot find its own program %s: %s\n", argv[0],
                strerror(errno));
        return EXIT_IO;
    }
    return probe(&o, self);
}
