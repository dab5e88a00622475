/* System calls of the library's own files that fail, or end the process.
 *
 * A program linked with the shim and with store_wrap of meson.build makes these calls through it:
 * those of the library, not those of OpenCL and its driver. The environment says what happens:
 *
 *   STORE_FAULT=kill:N     SIGKILL instead of the N-th call, counted from 1
 *   STORE_FAULT=half:N     the N-th call writes half of its bytes, then SIGKILL
 *   STORE_FAULT=short:N    the N-th call writes half of its bytes, and says so
 *   STORE_FAULT=ENOSPC:N   the N-th call fails; so for the errors that store_shim.c names
 *   STORE_FAULT=ENOSPC:N+  and so do all after it
 *   STORE_PIECES=BYTES     no call writes more than that */
#ifndef FAULTS_STORE_SHIM_H
#define FAULTS_STORE_SHIM_H

/* Prints the names of the calls so far: "calls mkdir open ..". */
void store_shim_print(void);

#endif
