/* Trials of one operation: a fault, what was promised, and a clean call after it. Knows no kind of
 * fault.
 *
 * Invariant: a trial that returns has left no object of OpenCL behind, and the operation works. */
#ifndef FAULTS_TRIALS_H
#define FAULTS_TRIALS_H

#include "layer.h"
#include "operations.h"

/* A set of statuses. */
#define BIT(status) (1u << -(status))

typedef struct trials {
    const operation *op;
    world world;
    arm_calls *arm;
    long held[OBJECTS];  // before the first trial
    long number, step;   // of those that were asked for, every step-th is made
    long made, statuses[16];
} trials;

/* Opens the operation's world and makes two calls with `none`, a fault that never comes: the first
 * may fill caches, the second, of which `arm` keeps a count, is what later ones are like. */
void trials_begin(trials *t, const operation *op, arm_calls *arm, const void *none);

/* How many trials follow, and how many of them are made without CLFAVOR_TEST_FULL=1. */
void trials_expect(trials *t, long count, long sample);

/* A trial, unless it is left out: the call's status is one of `promised`. `name` is the fault's. */
void trials_make(trials *t, const void *fault, unsigned promised, const char *name);

/* Prints what came out, closes the world and checks that nothing is left. */
void trials_end(trials *t);

/* The main function: `test` is a loop test over all operations, `more` may be NULL. */
int trials_main(const char *name, const TTest *test, const TTest *more);

#endif
