/* The only place that reads the environment. Caches nothing: a variable counts when it is asked
 * for.
 *
 * Invariant: a set-user-id program sees no variable, since one of them names code to load. */
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE  // secure_getenv
#endif
#include "env.h"

#include <stdlib.h>

static const char *get(const char *name)
{
#if defined(__linux__)
    const char *value = secure_getenv(name);
#else
    const char *value = getenv(name);
#endif
    return value && value[0] ? value : NULL;
}

const char *clfi_env_device(void)
{
    return get("CLFAVOR_DEVICE");
}

const char *clfi_env_kernel_dir(void)
{
    return get("CLFAVOR_KERNEL_DIR");
}
