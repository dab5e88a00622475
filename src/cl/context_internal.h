/* What the rest of the library sees of a context. */
#ifndef CLFI_CONTEXT_INTERNAL_H
#define CLFI_CONTEXT_INTERNAL_H

#include <stdatomic.h>

#include <clfavor/context.h>

#include "tune/lookup.h"

/* Immutable after create, but for the count, and for cache and tables, which lock themselves. Safe.
 */
struct clf_context {
    clf_log log;             // hand over &ctx->log
    clf_device_info device;  // owns its strings
    unsigned quirks;         // clfi_quirk flags of the device
    cl_context context;
    cl_command_queue queue;    // in order or out of order: chain by events
    struct clfi_cache *cache;  // programs that were built
    clfi_tables *tables;       // where plans look for their parameters
    atomic_int references;
};

/* Another owner; every object that uses a context beyond a call is one. Safe. */
void clfi_context_retain(clf_context *ctx);

/* Gives up one ownership; the last one frees. NULL is a no-op. Safe. */
void clfi_context_release(clf_context *ctx);

#endif
