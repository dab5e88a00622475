/* The programs of a context, by their keys. Builds nothing and knows no files.
 *
 * Invariant: an entry in use holds one reference of its program; OpenCL is not asked to release
 * anything while the lock is held. */
#include "cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"

struct entry {
    cl_program program;  // NULL: free
    clfi_binary_key key;
    uint64_t used;  // the cache's clock when it was used last
    bool unsaved;
};

struct clfi_cache {
    pthread_mutex_t lock;  // guards all that follows
    uint64_t clock;
    struct entry entries[CLFI_CACHE_PROGRAMS];
};

clfi_cache *clfi_cache_create(void)
{
    clfi_cache *cache = calloc(1, sizeof *cache);
    if (cache && pthread_mutex_init(&cache->lock, NULL) != 0) {
        free(cache);
        return NULL;
    }
    return cache;
}

void clfi_cache_destroy(clfi_cache *cache)
{
    if (!cache)
        return;
    const bool usable = !clfi_process_is_fork();
    for (int i = 0; i < CLFI_CACHE_PROGRAMS && usable; i++) {
        if (cache->entries[i].program)
            clReleaseProgram(cache->entries[i].program);
    }
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

/* The entry of a key, or NULL. The lock is held. */
static struct entry *find_entry(clfi_cache *cache, const clfi_binary_key *key)
{
    for (int i = 0; i < CLFI_CACHE_PROGRAMS; i++) {
        struct entry *entry = &cache->entries[i];
        if (entry->program && memcmp(&entry->key, key, sizeof *key) == 0)
            return entry;
    }
    return NULL;
}

/* A free entry, else the one that was not used for longest. The lock is held. */
static struct entry *oldest_entry(clfi_cache *cache)
{
    struct entry *oldest = &cache->entries[0];
    for (int i = 0; i < CLFI_CACHE_PROGRAMS && oldest->program; i++) {
        struct entry *entry = &cache->entries[i];
        if (!entry->program || entry->used < oldest->used)
            oldest = entry;
    }
    return oldest;
}

cl_program clfi_cache_find(clfi_cache *cache, const clfi_binary_key *key)
{
    pthread_mutex_lock(&cache->lock);
    struct entry *entry = find_entry(cache, key);
    cl_program program = entry ? entry->program : NULL;
    if (program && clRetainProgram(program) != CL_SUCCESS)
        program = NULL;
    if (program)
        entry->used = ++cache->clock;
    pthread_mutex_unlock(&cache->lock);
    return program;
}

void clfi_cache_put(clfi_cache *cache, const clfi_binary_key *key, cl_program program, bool unsaved)
{
    cl_program before = NULL;
    if (clRetainProgram(program) != CL_SUCCESS)
        return;
    pthread_mutex_lock(&cache->lock);
    if (find_entry(cache, key)) {
        before = program;  // another thread was first
    } else {
        struct entry *entry = oldest_entry(cache);
        before = entry->program;
        *entry = (struct entry){program, *key, ++cache->clock, unsaved};
    }
    pthread_mutex_unlock(&cache->lock);
    if (before)
        clReleaseProgram(before);
}

bool clfi_cache_claim(clfi_cache *cache, cl_program program, clfi_binary_key *key)
{
    bool claimed = false;
    pthread_mutex_lock(&cache->lock);
    for (int i = 0; i < CLFI_CACHE_PROGRAMS && !claimed; i++) {
        struct entry *entry = &cache->entries[i];
        claimed = entry->program == program && entry->unsaved;
        if (claimed) {
            entry->unsaved = false;
            *key = entry->key;
        }
    }
    pthread_mutex_unlock(&cache->lock);
    return claimed;
}
