/* The folder and the environment variables that lead to it. Starts nothing.
 *
 * Invariant: all variables name the one folder, and nothing is removed outside it. */
#define _XOPEN_SOURCE 700  // mkdtemp, nftw
#include "caches.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

/* POCL: PoCL. NEO: Intel's runtime for GPUs. CUDA: NVIDIA. XDG: rusticl, and the library itself.
 * MESA: Mesa's shaders. AMD: its compiler. */
static const char *const k_variables[] = {
    "POCL_CACHE_DIR", "NEO_CACHE_DIR",         "CUDA_CACHE_PATH",
    "XDG_CACHE_HOME", "MESA_SHADER_CACHE_DIR", "AMD_COMGR_CACHE_DIR",
};
enum {
    VARIABLES = sizeof k_variables / sizeof k_variables[0],
    OPEN_FOLDERS = 16
};
_Static_assert(2 * VARIABLES < CACHES_WORDS, "pairs and a NULL fit");

bool caches_create(const char *name, caches *out)
{
    const char *parent = getenv("TMPDIR");
    *out = (caches){.folder = ""};
    snprintf(out->folder, sizeof out->folder, "%s/%s-XXXXXX", parent && *parent ? parent : "/tmp",
             name);
    if (!mkdtemp(out->folder)) {
        out->folder[0] = '\0';
        return false;
    }
    for (int i = 0; i < VARIABLES; i++) {
        out->set[2 * i] = k_variables[i];
        out->set[2 * i + 1] = out->folder;
    }
    return true;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info;
    (void)type;
    (void)where;
    return remove(path);
}

void caches_destroy(caches *c)
{
    if (c->folder[0])
        nftw(c->folder, remove_entry, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
    c->folder[0] = '\0';
}
