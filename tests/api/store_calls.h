/* The system calls of src/host/store.c with an accident at the n-th of them. They stand in front of
 * the C library's in the program that this is linked into.
 *
 * Invariant: without store_calls_arm() every call is the kernel's own. */
#ifndef STORE_CALLS_H
#define STORE_CALLS_H

typedef enum store_accident {
    STORE_KILL_BEFORE,  // SIGKILL instead of the call
    STORE_KILL_WITHIN,  // SIGKILL after it; of a write, after half of its bytes
    STORE_DISK_FULL     // from that call on nothing more can be written: ENOSPC
} store_accident;

/* From the next call on; n counts from 1. */
void store_calls_arm(store_accident accident, int n);

#endif
