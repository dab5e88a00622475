/* The environment variables of the library; nothing else in it reads the environment. */
#ifndef CLFI_ENV_H
#define CLFI_ENV_H

/* CLFAVOR_DEVICE: the default device selector. NULL when unset or empty. */
const char *clfi_env_device(void);

/* CLFAVOR_KERNEL_DIR: read kernels from this directory instead of the embedded ones. NULL when
 * unset or empty. */
const char *clfi_env_kernel_dir(void);

/* CLFAVOR_CACHE: whether built programs are kept on disk. 1 or 0; -1 when unset or anything else:
 * where it pays. */
int clfi_env_cache(void);

/* XDG_DATA_HOME, XDG_CACHE_HOME and HOME: where the user's files are. NULL when unset or empty. */
const char *clfi_env_data_home(void);
const char *clfi_env_cache_home(void);
const char *clfi_env_home(void);

/* CL_CONFIG_CPU_TARGET_ARCH: what Intel's runtime for CPUs compiles for, which nothing that it
 * answers shows. NULL when unset or empty. */
const char *clfi_env_cpu_target(void);

#endif
