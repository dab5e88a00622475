/* The harness of the command line tests. Knows no command.
 *
 * Invariant: every file that a test makes is in one new folder, which goes at the end. */
#define _XOPEN_SOURCE 700  // realpath, putenv, nftw
#include "tool.h"

#include <dirent.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
    char tool[PATH_MAX];
    char folder[PATH_MAX];
    int count, failures;
} state;

static void leave(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

void tool_begin(const char *tool)
{
    const char *parent = getenv("TMPDIR");
    if (!realpath(tool, state.tool))
        leave(tool);
    snprintf(state.folder, sizeof state.folder, "%s/clfavor-cli-XXXXXX", parent ? parent : "/tmp");
    if (!mkdtemp(state.folder) || chdir(state.folder))
        leave(state.folder);
}

/* In the child: what is asked for, then the tool. */
static void start(const tool_call *call)
{
    enum {
        MAX_WORDS = 64
    };
    char text[2048];
    char *words[MAX_WORDS + 2] = {state.tool};
    snprintf(text, sizeof text, "%s", call->args);
    int count = 1;
    for (char *word = strtok(text, " "); word && count < MAX_WORDS; word = strtok(NULL, " "))
        words[count++] = word;
    char environment[PATH_MAX];
    if (call->environment) {
        snprintf(environment, sizeof environment, "%s", call->environment);
        putenv(environment);
    }
    const struct rlimit limit = {(rlim_t)call->file_limit, (rlim_t)call->file_limit};
    if (!freopen(call->output ? call->output : "out.txt", "w", stdout) ||
        !freopen("err.txt", "w", stderr) || (call->file_limit && setrlimit(RLIMIT_FSIZE, &limit)))
        _exit(127);
    execv(state.tool, words);
    _exit(127);
}

static void read_text(const char *path, char text[TOOL_TEXT])
{
    FILE *file = fopen(path, "rb");
    const size_t length = file ? fread(text, 1, TOOL_TEXT - 1, file) : 0;
    text[length] = '\0';
    if (file)
        fclose(file);
}

void tool_run(const tool_call *call, tool_result *result)
{
    fflush(stdout);
    remove("out.txt");
    const pid_t child = fork();
    if (child < 0)
        leave("fork");
    if (child == 0)
        start(call);
    int status;
    if (waitpid(child, &status, 0) != child)
        leave("waitpid");
    result->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (result->code == 127)
        leave(state.tool);
    read_text("out.txt", result->out);
    read_text("err.txt", result->err);
}

bool tool_left_part(void)
{
    DIR *folder = opendir(".");
    if (!folder)
        leave(".");
    bool found = false;
    for (const struct dirent *entry; (entry = readdir(folder));)
        found = found || strstr(entry->d_name, ".tmp");
    closedir(folder);
    return found;
}

bool tool_fits(const char *text)
{
    for (int column = 0; *text; text++) {
        column = *text == '\n' ? 0 : column + 1;
        if (column > 80 || *text == '\r' || *text == '\033' || *text == '\t')
            return false;
    }
    return true;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info;
    (void)type;
    (void)where;
    return remove(path);
}

void tool_end(void)
{
    enum {
        OPEN_FOLDERS = 8
    };
    if (chdir("/") || nftw(state.folder, remove_entry, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS))
        leave(state.folder);
}

void tool_need_device(void)
{
    static tool_result result;
    const char *allow = getenv("CLFAVOR_ALLOW_NO_DEVICE");
    const bool skip = allow && strcmp(allow, "1") == 0;
    tool_run(&(tool_call){.args = "devices"}, &result);
    if (result.code == 0)
        return;
    fprintf(stderr, "%s: %s", skip ? "skipped" : "failed", result.err);
    tool_end();
    exit(skip && (result.code == 3 || result.code == 4) ? 77 : EXIT_FAILURE);
}

static void print_indented(const char *title, const char *text)
{
    printf("# %s:\n", title);
    for (const char *line = text; *line;) {
        const int length = (int)strcspn(line, "\n");
        printf("#   %.*s\n", length, line);
        line += length + (line[length] == '\n');
    }
}

void tap(bool right, const char *name, const tool_result *result)
{
    state.count++;
    printf("%s %d - %s\n", right ? "ok" : "not ok", state.count, name);
    if (right)
        return;
    state.failures++;
    printf("# exit code %d\n", result->code);
    print_indented("standard output", result->out);
    print_indented("standard error", result->err);
}

int tap_end(void)
{
    printf("1..%d\n", state.count);
    return state.failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
