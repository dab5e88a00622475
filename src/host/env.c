/* The only place that reads the environment. Caches nothing: a variable counts when it is asked
 * for.
 *
 * Invariant: a set-user-id program sees no variable, since one of them names code to load. */
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE  // secure_getenv
#endif
#include "env.h"

#include <stdbool.h>
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

int clfi_env_cache(void)
{
    const char *value = get("CLFAVOR_CACHE");
    const bool known = value && (value[0] == '0' || value[0] == '1') && value[1] == '\0';
    return known ? value[0] - '0' : -1;
}

const char *clfi_env_data_home(void)
{
    return get("XDG_DATA_HOME");
}

const char *clfi_env_cache_home(void)
{
    return get("XDG_CACHE_HOME");
}

const char *clfi_env_home(void)
{
    return get("HOME");
}

const char *clfi_env_cpu_target(void)
{
    return get("CL_CONFIG_CPU_TARGET_ARCH");
}
