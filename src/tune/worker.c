/* Starts, asks and ends the process that measures. Knows nothing of what is measured.
 *
 * Invariant: a process that was started is waited for, and none of its group outlives that. */
#define _GNU_SOURCE  // strsignal, also under -std=c11
#include "tune/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/clock.h"
#include "host/log.h"
#include "host/text.h"
#include "tune/protocol.h"

enum {
    TICK_MS = 250,
    ABOVE = 16,  // descriptors of this side are no descriptors of the child
    ANSWER_LIMIT = 1 << 20,
    MOST_READS = 64  // of noise in a row: who makes more of it must not keep us from looking up
};

extern char **environ;

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Two connected sockets, [0] of this side. A socket, for a write to a process that has ended must
 * be an error and no signal. */
static bool open_pair(int ends[2])
{
    int low[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, low))
        return false;
    for (int i = 0; i < 2; i++) {
        ends[i] = fcntl(low[i], F_DUPFD_CLOEXEC, ABOVE);
        close(low[i]);
    }
    if (ends[0] < 0 || ends[1] < 0) {
        close_end(&ends[0]);
        close_end(&ends[1]);
        return false;
    }
    return true;
}

/* posix_spawnp with `theirs` as standard input, answers, and output. Returns an errno. */
static int spawn(const char *program, const int theirs[3], pid_t *process)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    char *const argv[] = {(char *)program, (char *)"tune-worker", NULL};
    int failed = posix_spawn_file_actions_init(&files);
    if (failed)
        return failed;
    failed = posix_spawnattr_init(&attributes);
    if (failed) {
        posix_spawn_file_actions_destroy(&files);
        return failed;
    }
    posix_spawn_file_actions_adddup2(&files, theirs[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, theirs[1], CLFI_ANSWERS);
    posix_spawn_file_actions_adddup2(&files, theirs[2], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, theirs[2], STDERR_FILENO);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setpgroup(&attributes, 0);
    failed = posix_spawnp(process, program, &files, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return failed;
}

clf_status clfi_worker_start(const char *program, const clf_log *log, clfi_worker *out)
{
    int pairs[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}}, failed = 0;
    for (int i = 0; i < 3 && !failed; i++)
        failed = open_pair(pairs[i]) ? 0 : errno;
    *out = (clfi_worker){.questions = -1, .answers = -1, .noise = -1};
    const int theirs[3] = {pairs[0][1], pairs[1][1], pairs[2][1]};
    pid_t process = 0;
    if (!failed)
        failed = spawn(program, theirs, &process);
    for (int i = 0; i < 3; i++)
        close_end(&pairs[i][1]);
    if (failed) {
        for (int i = 0; i < 3; i++)
            close_end(&pairs[i][0]);
        return clfi_fail(log, CLF_ERROR_IO, "the program that measures, '%s', cannot be run: %s",
                         program, strerror(failed));
    }
    for (int i = 1; i < 3; i++)
        fcntl(pairs[i][0], F_SETFL, O_NONBLOCK);
    *out = (clfi_worker){process, pairs[0][0], pairs[1][0], pairs[2][0], NULL, 0, 0, "", ""};
    return CLF_OK;
}

static bool send_line(const clfi_worker *w, json_t *request)
{
    char *text = json_dumps(request, JSON_COMPACT);
    json_decref(request);
    size_t length = text ? strlen(text) : 0, sent = 0;
    if (text)
        text[length++] = '\n';  // in place of the zero
    while (text && sent < length) {
        const ssize_t n = send(w->questions, text + sent, length - sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR)
            break;
        sent += n > 0 ? (size_t)n : 0;
    }
    free(text);
    return length && sent == length;
}

/* Reads what there is of one descriptor to the end of `text`, which is zero-terminated. Returns
 * how many bytes, -1 at the end. */
static ssize_t take(int fd, char *text, size_t *length, size_t room)
{
    ssize_t n;
    do {
        n = read(fd, text + *length, room - *length - 1);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
    *length += (size_t)n;
    text[*length] = '\0';
    return n ? n : -1;
}

/* Keeps the end of what it printed, in printable ASCII. */
static void listen_to_noise(clfi_worker *w)
{
    for (int reads = 0; reads < MOST_READS; reads++) {
        size_t length = strlen(w->said);
        const size_t half = sizeof w->said / 2;
        if (length > half) {
            memmove(w->said, w->said + length - half, half + 1);
            length = half;
        }
        const size_t begin = length;
        const ssize_t n = w->noise < 0 ? 0 : take(w->noise, w->said, &length, sizeof w->said);
        if (n < 0)
            close_end(&w->noise);  // it would keep poll() from waiting
        if (n <= 0)
            return;
        for (size_t i = begin; i < length; i++) {
            if (w->said[i] != '\n' && (w->said[i] < ' ' || w->said[i] > '~'))
                w->said[i] = ' ';
        }
    }
}

/* Reads answers. False: there are no more. */
static bool hear(clfi_worker *w, bool *anything)
{
    for (;;) {
        if (w->room - w->length < 4096) {
            char *text = w->room < ANSWER_LIMIT ? realloc(w->text, w->room + 65536) : NULL;
            if (!text)
                return false;
            w->text = text;
            w->room += 65536;
        }
        const ssize_t n = take(w->answers, w->text, &w->length, w->room);
        if (n <= 0)
            return n == 0;
        *anything = true;
    }
}

/* Takes whole lines off the text: notes of how far it is, up to the answer. False: a line that is
 * neither. */
static bool take_lines(clfi_worker *w, json_t **answer)
{
    char *end;
    while (!*answer && w->text && (end = memchr(w->text, '\n', w->length)) != NULL) {
        const size_t line = (size_t)(end - w->text) + 1;
        json_t *json = json_loadb(w->text, line, 0, NULL);
        const char *at = json_string_value(json_object_get(json, "at"));
        const bool known = at || json_is_string(json_object_get(json, "answer"));
        memmove(w->text, w->text + line, w->length - line);
        w->length -= line;
        if (at)
            snprintf(w->at, sizeof w->at, "%s", at);
        else if (known)
            *answer = json_incref(json);
        json_decref(json);
        if (!known)
            return false;
    }
    return true;
}

clfi_worker_end clfi_worker_ask(clfi_worker *w, json_t *request, const clfi_worker_watch *watch,
                                json_t **answer)
{
    *answer = NULL;
    w->at[0] = w->said[0] = '\0';
    if (!send_line(w, request))
        return CLFI_WORKER_DIED;
    double heard = clfi_seconds();
    for (;;) {
        struct pollfd polls[] = {{.fd = w->answers, .events = POLLIN},
                                 {.fd = w->noise, .events = POLLIN}};
        bool anything = false;
        poll(polls, 2, TICK_MS);
        listen_to_noise(w);
        const bool alive = hear(w, &anything);
        if (anything)
            heard = clfi_seconds();
        if (!take_lines(w, answer) || (!alive && !*answer))
            return CLFI_WORKER_DIED;
        if (*answer)
            return CLFI_WORKER_ANSWERED;
        if (!watch->go_on(watch->user))
            return CLFI_WORKER_STOPPED;
        if (clfi_seconds() - heard > watch->silence)
            return CLFI_WORKER_SILENT;
    }
}

static void describe(int status, const char *said, char *how, size_t size)
{
    const char *colon = *said ? ": " : "";
    if (WIFSIGNALED(status))
        snprintf(how, size, "signal %d (%s)%s%s", WTERMSIG(status), strsignal(WTERMSIG(status)),
                 colon, said);
    else
        snprintf(how, size, "exit code %d%s%s", WEXITSTATUS(status), colon, said);
}

void clfi_worker_stop(clfi_worker *w, char *how, size_t size)
{
    if (!w->process)
        return;
    int status = 0;
    close_end(&w->questions);
    listen_to_noise(w);
    // One that is dying may end by itself; its own end says more than ours. It is not taken off the
    // system's list before its group is killed, so that nobody else can have its number.
    siginfo_t info = {.si_pid = 0};
    for (int i = 0; i < 10 && info.si_pid == 0; i++) {
        if (waitid(P_PID, (id_t)w->process, &info, WEXITED | WNOHANG | WNOWAIT))
            break;
        if (info.si_pid == 0)
            poll(NULL, 0, 10);
    }
    kill(-w->process, SIGKILL);
    pid_t ended;
    while ((ended = waitpid(w->process, &status, 0)) < 0 && errno == EINTR) {
    }
    listen_to_noise(w);
    if (how && ended < 0)
        snprintf(how, size, "nobody knows how");
    else if (how)
        describe(status, clfi_last_line(w->said), how, size);
    close_end(&w->answers);
    close_end(&w->noise);
    free(w->text);
    *w = (clfi_worker){.questions = -1, .answers = -1, .noise = -1};
}
