/* Built programs, kept in memory for the life of a context.
 *
 * A cache only ever makes things faster: a program that it does not have is built again. It holds
 * the last CLFI_CACHE_PROGRAMS that were used, each with one reference of its own; programs are
 * never shared between contexts. */
#ifndef CLFI_CACHE_H
#define CLFI_CACHE_H

#include "binary.h"

enum {
    CLFI_CACHE_PROGRAMS = 64
};

/* The programs of a context. Safe: it locks itself. */
typedef struct clfi_cache clfi_cache;

clfi_cache *clfi_cache_create(void);  // NULL without memory

/* Releases the programs, but not in a forked process, where nobody may. NULL is a no-op. */
void clfi_cache_destroy(clfi_cache *cache);

/* The program of a key, or NULL. The caller releases it. */
cl_program clfi_cache_find(clfi_cache *cache, const clfi_binary_key *key);

/* Takes a built program, unless there is one of this key. `unsaved`: clfi_cache_claim shall find
 * it. */
void clfi_cache_put(clfi_cache *cache, const clfi_binary_key *key, cl_program program,
                    bool unsaved);

/* Whether a program is here and was not saved yet. Only the first who asks is told so, and gets the
 * key: it is now theirs to save. */
bool clfi_cache_claim(clfi_cache *cache, cl_program program, clfi_binary_key *key);

#endif
