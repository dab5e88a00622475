/* A new folder for everything that drivers and the library keep between two runs of a program, so
 * that a run can be had that finds nothing. */
#ifndef COMMON_CACHES_H
#define COMMON_CACHES_H

#include <stdbool.h>

enum {
    CACHES_PATH = 4096,
    CACHES_WORDS = 16
};

typedef struct caches {
    char folder[CACHES_PATH];       // "": there is none
    const char *set[CACHES_WORDS];  // for child_call.set; points into this struct
} caches;

/* Makes an empty folder, `name` in its name, in TMPDIR or else /tmp. False: it could not be made,
 * errno says why. */
bool caches_create(const char *name, caches *out);

/* Removes the folder and what is in it. Without a folder a no-op. */
void caches_destroy(caches *c);

#endif
