/* A process that measures, from the outside: started, asked, outlived whatever it does. Not on
 * Windows. One thread at a time per object. */
#ifndef CLFI_WORKER_H
#define CLFI_WORKER_H

#include <stdbool.h>
#include <sys/types.h>

#include <jansson.h>

#include <clfavor/log.h>
#include <clfavor/status.h>

typedef struct clfi_worker {
    pid_t process;  // 0: none
    int questions, answers, noise;
    char *text;  // answers that are no whole line yet
    size_t length, room;
    char at[16];     // how far it said it was, "" at first
    char said[512];  // the end of what it printed besides
} clfi_worker;

typedef enum clfi_worker_end {
    CLFI_WORKER_ANSWERED = 0,
    CLFI_WORKER_SILENT,  // it said nothing for too long
    CLFI_WORKER_DIED,    // it ended, or answered what is no answer
    CLFI_WORKER_STOPPED  // the caller wanted no more of it
} clfi_worker_end;

/* Starts `program tune-worker`, found in PATH if it has no slash, in a process group of its own, so
 * that an interrupt of the terminal does not reach it. Errors: IO (it cannot be executed). */
clf_status clfi_worker_start(const char *program, const clf_log *log, clfi_worker *out);

/* What is asked while waiting, about four times a second; false: give up. */
typedef struct clfi_worker_watch {
    bool (*go_on)(void *user);
    void *user;
    double silence;  // seconds without a sign of life after which it is given up
} clfi_worker_watch;

/* Asks and waits for the answer, owned by the caller; NULL unless it ANSWERED. `request` is
 * released. After any other end the worker must be stopped. */
clfi_worker_end clfi_worker_ask(clfi_worker *w, json_t *request, const clfi_worker_watch *watch,
                                json_t **answer);

/* Ends it and all that it started; `how` (may be NULL, [size]) receives how it ended: "signal 11
 * (Segmentation fault): <last line of its noise>". No process is a no-op. */
void clfi_worker_stop(clfi_worker *w, char *how, size_t size);

#endif
