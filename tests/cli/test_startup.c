/* `clfavor bench --startup`: what it prints, and what it leaves behind: `test_startup TOOL`. How
 * long a start takes is not judged.
 *
 * Broken once and seen red: the folder left behind on success, failure and SIGINT; a cache variable
 * that is not set; a phase that is counted twice; the second length taken; a driver loaded by the
 * parent; the internal command in the usage. */
#define _XOPEN_SOURCE 700  // realpath
#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "rows.h"

#define SMALL "bench --startup --rounds 2 --lengths 96,64 --heads 2 --features 16 --value-size 24"

enum {
    STARTS = 2,
    PHASES = 4,
    PATIENCE_MS = 60000
};

static tool_result result;
static char tool[PATH_MAX], temporary[PATH_MAX], kept[PATH_MAX];

/* A folder for temporary files, and caches in a folder that is not there: it is made by the first
 * driver that uses it. */
static void make_folders(void)
{
    char here[PATH_MAX - 16];
    if (!getcwd(here, sizeof here))
        exit(EXIT_FAILURE);
    snprintf(temporary, sizeof temporary, "%s/temporary", here);
    snprintf(kept, sizeof kept, "%s/kept", here);
    if (mkdir(temporary, 0700) || setenv("TMPDIR", temporary, 1) ||
        setenv("POCL_CACHE_DIR", kept, 1) || setenv("XDG_CACHE_HOME", kept, 1)) {
        perror(temporary);
        exit(EXIT_FAILURE);
    }
}

/* What is in the folder for temporary files. */
static int count_left(void)
{
    DIR *folder = opendir(temporary);
    int count = 0;
    for (const struct dirent *entry; folder && (entry = readdir(folder));)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    if (folder)
        closedir(folder);
    return count;
}

static bool is_text(const json_t *row, const char *name, const char *text)
{
    return strcmp(rows_text(row, name), text) == 0;
}

/* The rows of one kind of start: phases in their order, the total at least their sum. */
static bool check_start(const json_t *rows, size_t first, const char *start, int rounds)
{
    static const char *const phases[PHASES] = {"context", "plan", "run", "total"};
    double sum = 0;
    bool right = true;
    for (size_t i = 0; i < PHASES; i++) {
        const json_t *row = json_array_get(rows, first + i);
        const double q1 = rows_number(row, "q1_ms"), q3 = rows_number(row, "q3_ms");
        const double median = rows_number(row, "median_ms");
        right = right && is_text(row, "start", start) && is_text(row, "phase", phases[i]) &&
                0 < q1 && q1 <= median && median <= q3;
        if (i + 1 < PHASES)
            sum += median;
        else  // of several starts the medians need not be of the same one
            right = right && (rounds > 1 || sum <= median);
    }
    return right;
}

static void check_outputs(void)
{
    json_t *root = rows_run(SMALL " --rounds 1 --causal --kind cosh --dtype bf16", &result);
    const json_t *rows = json_object_get(root, "results");
    tap(result.code == 0 && is_text(root, "schema", "clfavor-startup/1") &&
            json_array_size(rows) == STARTS * PHASES && check_start(rows, 0, "cold", 1) &&
            check_start(rows, PHASES, "warm", 1),
        "JSON of one start", &result);
    tap(rows_number(root, "L") == 96 && rows_number(root, "H") == 2 &&
            rows_number(root, "D") == 64 && rows_number(root, "E") == 24 &&
            rows_number(root, "R") == 16 && json_is_true(json_object_get(root, "causal")) &&
            is_text(root, "kind", "cosh") && is_text(root, "dtype", "bf16") &&
            is_text(root, "path", "fused") && strstr(rows_text(root, "plan"), " causal=yes") &&
            strstr(rows_text(root, "plan"), " L=96 S=96 D=64 E=24") &&
            strstr(rows_text(root, "plan"), " kind=cosh R=16"),
        "every start has the shape", &result);
    json_decref(root);
    root = rows_run(SMALL, &result);
    rows = json_object_get(root, "results");
    tap(result.code == 0 && rows_number(root, "rounds") == 2 && check_start(rows, 0, "cold", 2) &&
            check_start(rows, PHASES, "warm", 2),
        "JSON of two starts", &result);
    rows_check_csv(SMALL, root, &result);
    json_decref(root);
    tool_run(&(tool_call){.args = SMALL}, &result);
    tap(result.code == 0 && result.err[0] == '\0' && tool_fits(result.out) &&
            strstr(result.out, "\ncold   drivers and context ") &&
            strstr(result.out, "\nwarm   drivers and context ") &&
            strstr(result.out, "\nshape   L=96 B=1 H=2 D=64 E=24 R=16 exp f32, 2 rounds\n"),
        "text", &result);
    tap(count_left() == 0, "nothing is left behind", &result);
    tap(access(kept, F_OK) != 0, "the user's caches are not touched", &result);
}

static void check_failures(void)
{
    tool_run(&(tool_call){.args = SMALL, .environment = "OCL_ICD_VENDORS=/nonexistent"}, &result);
    tap(result.code == 3 && strstr(result.err, "a cold start failed: ") && result.out[0] == '\0' &&
            count_left() == 0,
        "no platform", &result);
    tool_run(&(tool_call){.args = SMALL " --device nosuchdevice"}, &result);
    tap(result.code == 2 && strstr(result.err, "nosuchdevice") && count_left() == 0,
        "unknown device", &result);
    tool_run(&(tool_call){.args = SMALL, .environment = "TMPDIR=/nonexistent"}, &result);
    tap(result.code == 8 && strstr(result.err, "cannot make a folder for caches"), "no folder",
        &result);
}

/* A tool in a group of processes of its own, as a terminal makes it. */
static pid_t start_group(void)
{
    const pid_t child = fork();
    if (child < 0) {
        perror("fork");
        exit(EXIT_FAILURE);
    }
    if (child == 0) {
        setpgid(0, 0);
        if (freopen("out.txt", "w", stdout) && freopen("err.txt", "w", stderr))
            execl(tool, tool, "bench", "--startup", "--rounds", "100", "--lengths", "64", NULL);
        _exit(EXIT_FAILURE);
    }
    return child;
}

static void check_interrupt(void)
{
    const struct timespec tick = {.tv_nsec = 10000000};
    int status = 0;
    fflush(stdout);
    const pid_t child = start_group();
    for (int waited = 0; count_left() == 0 && waited < PATIENCE_MS; waited += 10)
        nanosleep(&tick, NULL);
    const int before = count_left();
    kill(-child, SIGINT);
    const bool ended = waitpid(child, &status, 0) == child && WIFSIGNALED(status);
    tap(before == 1 && ended && WTERMSIG(status) == SIGINT && count_left() == 0,
        "an interrupt leaves nothing behind", &result);
}

static void check_help(void)
{
    tool_run(&(tool_call){.args = "--help"}, &result);
    tap(result.code == 0 && !strstr(result.out, "bench-start"), "usage has no internal command",
        &result);
    close(3);  // where it would answer
    tool_run(&(tool_call){.args = "bench-start --lengths 64"}, &result);
    tap(result.code == 8 && strstr(result.err, "nobody listens"), "internal command by hand",
        &result);
}

int main(int argc, char **argv)
{
    if (argc != 2 || !realpath(argv[1], tool)) {
        fprintf(stderr, "usage: test_startup TOOL\n");
        return EXIT_FAILURE;
    }
    tool_begin(argv[1]);
    tool_need_device();
    check_help();
    make_folders();
    check_outputs();
    check_failures();
    check_interrupt();
    tool_end();
    return tap_end();
}
