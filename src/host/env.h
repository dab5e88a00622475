/* The environment variables of the library; nothing else in it reads the environment. */
#ifndef CLFI_ENV_H
#define CLFI_ENV_H

/* CLFAVOR_DEVICE: the default device selector. NULL when unset or empty. */
const char *clfi_env_device(void);

/* CLFAVOR_KERNEL_DIR: read kernels from this directory instead of the embedded ones. NULL when
 * unset or empty. */
const char *clfi_env_kernel_dir(void);

#endif
