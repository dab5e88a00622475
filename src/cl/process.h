/* Drivers do not survive a fork: their threads are not there, and their locks stay as they were.
 * Everything here is Safe. */
#ifndef CLFI_PROCESS_H
#define CLFI_PROCESS_H

#include <stdbool.h>

#include "host/log.h"

/* Whether this process was forked from one that had used OpenCL through this library. Then no
 * OpenCL function may be called, not even to release something: it may never return. */
bool clfi_process_is_fork(void);

/* What every way to OpenCL begins with. Errors: DEVICE (this process is such a fork). */
clf_status clfi_process_check(const clf_log *log);

#endif
