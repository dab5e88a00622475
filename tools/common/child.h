/* Runs a program, keeps what it answers, and outlives it whatever it does. */
#ifndef COMMON_CHILD_H
#define COMMON_CHILD_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

/* The descriptor that internal commands answer on: drivers may print to the first two. */
enum {
    CHILD_ANSWERS = 3
};

typedef enum child_end {
    CHILD_DONE,         // it ended by itself; the exit code may be anything
    CHILD_CRASHED,      // a signal ended it
    CHILD_HUNG,         // it was silent for too long and was killed
    CHILD_NOT_STARTED,  // the program could not be executed
    CHILD_ENDS
} child_end;

typedef struct child_call {
    const char *const *argv;  // argv[0] is the program's path; ends with NULL
    int answers;              // the descriptor whose bytes are kept: CHILD_ANSWERS or 1
    double silence;           // seconds without an answer after which it is killed
    const char *const *set;   // pairs of name and value for its environment, or NULL
} child_call;

typedef struct child_result {
    child_end end;
    int code;  // the exit code or the signal
    double seconds;
    char *answer;      // zero-terminated, owned
    char noise[1024];  // the end of what it printed besides
} child_result;

/* Finds the file of this very program, which runs itself again. `called` is argv[0], for systems
 * that do not tell; NULL: not known. False: not found, errno says why. */
bool child_find_self(const char *called, char *path, size_t size);

/* Runs it to its end. The result is filled in any case. Signals that the caller holds back reach
 * the program all the same. */
void child_run(const child_call *call, child_result *result);

void child_finish(child_result *result);

/* "done", "crashed", "hung", "not started": how it ended, in one word. An internal command that
 * ends with a code other than 0 did so inside a driver: crashed, too. */
const char *child_word(const child_result *result);

/* "signal 11 (Segmentation fault): ..." with the last line of its noise. NULL when it is done and
 * its code is 0. */
json_t *child_message(const child_result *result);

/* The answer as an array of JSON values, one a line; a line that is none is left out. */
json_t *child_lines(const child_result *result);

#endif
