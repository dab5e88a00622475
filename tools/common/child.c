/* Runs a program with fork and exec. Knows nothing of what it is for.
 *
 * Invariant: the caller has loaded no OpenCL driver, so that fork is safe; every child is waited
 * for, and one that does not end is killed. */
#define _DEFAULT_SOURCE  // strsignal, strdup and realpath, also under -std=c11
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/wait.h>
#include <unistd.h>

#include "host/clock.h"
#include "host/text.h"

enum {
    ANSWER_LIMIT = 16 << 20,  // bytes; a child that writes more is not ours
    TICK_MS = 20,
    NOT_EXECUTED = 127
};

/* One end of a pipe that is read until it ends. */
typedef struct stream {
    int fd;  // -1: it has ended
    char *text;
    size_t length, room;
} stream;

static void end_stream(stream *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

/* Reads what is there. Returns whether anything was. */
static bool drain(stream *s)
{
    bool any = false;
    while (s->fd >= 0) {
        if (s->room - s->length < 4096) {
            char *text = s->room < ANSWER_LIMIT ? realloc(s->text, s->room * 2 + 8192) : NULL;
            if (!text) {
                end_stream(s);
                return any;
            }
            s->text = text;
            s->room = s->room * 2 + 8192;
        }
        const ssize_t n = read(s->fd, s->text + s->length, s->room - s->length - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return any;
        if (n <= 0) {
            end_stream(s);
            return any;
        }
        s->length += (size_t)n;
        any = true;
    }
    return any;
}

/* In the child. */
static void start(const child_call *call, int answers, int noise)
{
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // a driver that hangs must not outlive its caller
#endif
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    const int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    dup2(noise, STDOUT_FILENO);
    dup2(noise, STDERR_FILENO);
    dup2(answers, call->answers);
    for (int fd = CHILD_ANSWERS + (call->answers == CHILD_ANSWERS); fd < 64; fd++)
        close(fd);
    for (const char *const *pair = call->set; pair && *pair; pair += 2)
        setenv(pair[0], pair[1], 1);
    execv(call->argv[0], (char *const *)call->argv);
    fprintf(stderr, "%s\n", strerror(errno));
    _exit(NOT_EXECUTED);
}

/* Two pipes whose ends are above the descriptors that a child is given. */
static bool open_pipes(int pipes[2][2])
{
    for (int i = 0; i < 2; i++) {
        int ends[2];
        if (pipe(ends))
            return false;
        for (int j = 0; j < 2; j++) {
            pipes[i][j] = fcntl(ends[j], F_DUPFD_CLOEXEC, 16);
            close(ends[j]);
        }
        fcntl(pipes[i][0], F_SETFL, O_NONBLOCK);
    }
    return true;
}

/* Reads both streams until the child has ended or was silent for too long. A grandchild may keep
 * the pipes open, so it is the process that is waited for. */
static void follow(pid_t child, const child_call *call, stream streams[2], child_result *result)
{
    int status = 0;
    double heard = clfi_seconds();
    bool killed = false;
    for (;;) {
        struct pollfd polls[2];
        for (int i = 0; i < 2; i++)
            polls[i] = (struct pollfd){.fd = streams[i].fd, .events = POLLIN};
        poll(polls, 2, TICK_MS);
        if (drain(&streams[0]))
            heard = clfi_seconds();
        drain(&streams[1]);
        if (waitpid(child, &status, WNOHANG) == child)
            break;
        if (!killed && clfi_seconds() - heard > call->silence) {
            kill(child, SIGKILL);
            killed = true;
        }
    }
    for (int i = 0; i < 2; i++)
        drain(&streams[i]);
    result->end = killed ? CHILD_HUNG : WIFEXITED(status) ? CHILD_DONE : CHILD_CRASHED;
    result->code = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
    if (result->end == CHILD_DONE && result->code == NOT_EXECUTED)
        result->end = CHILD_NOT_STARTED;
}

/* The end of the child's noise, in printable ASCII. */
static void keep_noise(const stream *s, char *noise, size_t size)
{
    const size_t length = s->length < size - 1 ? s->length : size - 1;
    memcpy(noise, length ? s->text + s->length - length : "", length);
    noise[length] = '\0';
    for (char *at = noise; *at; at++)
        *at = *at == '\n' || (*at >= ' ' && *at <= '~') ? *at : ' ';
}

bool child_find_self(const char *called, char *path, size_t size)
{
    const ssize_t length = readlink("/proc/self/exe", path, size - 1);
    if (length > 0) {
        path[length] = '\0';
        return true;
    }
    char *found = called ? realpath(called, NULL) : NULL;
    const size_t room = found ? strlen(found) + 1 : 0;
    if (room > size)
        errno = ENAMETOOLONG;
    else if (found)
        memcpy(path, found, room);
    free(found);
    return room > 0 && room <= size;
}

void child_run(const child_call *call, child_result *result)
{
    *result = (child_result){.end = CHILD_NOT_STARTED};
    const double begin = clfi_seconds();
    int pipes[2][2];
    fflush(NULL);
    const pid_t child = open_pipes(pipes) ? fork() : -1;
    if (child < 0) {
        snprintf(result->noise, sizeof result->noise, "%s", strerror(errno));
        return;
    }
    if (child == 0)
        start(call, pipes[0][1], pipes[1][1]);
    stream streams[2] = {{.fd = pipes[0][0]}, {.fd = pipes[1][0]}};
    close(pipes[0][1]);
    close(pipes[1][1]);
    follow(child, call, streams, result);
    keep_noise(&streams[1], result->noise, sizeof result->noise);
    for (int i = 0; i < 2; i++)
        end_stream(&streams[i]);
    free(streams[1].text);
    result->answer = streams[0].text;
    if (result->answer)
        result->answer[streams[0].length] = '\0';
    result->seconds = clfi_seconds() - begin;
}

void child_finish(child_result *result)
{
    free(result->answer);
    *result = (child_result){0};
}

const char *child_word(const child_result *result)
{
    static const char *const words[CHILD_ENDS] = {
        [CHILD_DONE] = "done",
        [CHILD_CRASHED] = "crashed",
        [CHILD_HUNG] = "hung",
        [CHILD_NOT_STARTED] = "not started",
    };
    return words[result->end == CHILD_DONE && result->code ? CHILD_CRASHED : result->end];
}

json_t *child_message(const child_result *result)
{
    char how[128];
    char noise[sizeof result->noise];
    if (result->end == CHILD_DONE && result->code == 0)
        return json_null();
    memcpy(noise, result->noise, sizeof noise);
    const char *said = clfi_last_line(noise);
    if (result->end == CHILD_CRASHED)
        snprintf(how, sizeof how, "signal %d (%s)", result->code, strsignal(result->code));
    else if (result->end == CHILD_HUNG)
        snprintf(how, sizeof how, "killed after %.0f s", result->seconds);
    else if (result->end == CHILD_DONE)
        snprintf(how, sizeof how, "exit code %d", result->code);
    else
        snprintf(how, sizeof how, "it cannot be executed");
    return json_sprintf("%s%s%s", how, *said ? ": " : "", said);
}

json_t *child_lines(const child_result *result)
{
    json_t *lines = json_array();
    for (const char *at = result->answer; at && *at;) {
        const size_t length = strcspn(at, "\n");
        json_t *line = json_loadb(at, length, JSON_DECODE_ANY, NULL);
        if (line)
            json_array_append_new(lines, line);
        at += length + (at[length] == '\n');
    }
    return lines;
}
