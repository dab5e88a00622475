/* What a test says to the layer that stands between it and the driver. The layer is one object of
 * the process, wherever it is called from: all of this is Safe. */
#ifndef FAULTS_LAYER_H
#define FAULTS_LAYER_H

#include <stdbool.h>

#include <clfavor/device.h>

#include "entries.h"

#define LAYER_API __attribute__((visibility("default")))

/* A failure to come. */
typedef struct layer_fault {
    enum entry entry;
    long nth;         // the call of `entry` that fails, counted from 1; 0: none
    bool persistent;  // and all after it
    cl_int code;
} layer_fault;

/* From here on calls are counted, from zero, and fail as `fault` says. NULL: neither any more; the
 * count stays to be read. */
LAYER_API void layer_arm(const layer_fault *fault);

/* Calls of an entry point while the layer was armed. */
LAYER_API long layer_calls(enum entry entry);

/* From here on every call waits so long before it is passed on; 0: not at all. */
LAYER_API void layer_delay(long microseconds);

/* References of a kind of object that the process holds: created + retained - released. */
LAYER_API long layer_held(enum object object);

/* "clCreateBuffer". */
LAYER_API const char *layer_entry_name(enum entry entry);

/* "events". */
LAYER_API const char *layer_object_name(enum object object);

#endif
