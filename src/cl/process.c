/* Remembers which process uses OpenCL. Calls no OpenCL function.
 *
 * The number is a variable and no constant, for what it tells of is one for the process as well:
 * PoCL and rusticl hang in a child whose parent had only asked for the devices.
 *
 * Invariant: it is written once, by the first call of the first process. */
#include "process.h"

#include <stdatomic.h>

#if defined(_WIN32)
bool clfi_process_is_fork(void)
{
    return false;
}
#else
#include <unistd.h>

static atomic_long k_user;  // the process, 0 before the first call

bool clfi_process_is_fork(void)
{
    const long self = (long)getpid();
    long user = 0;
    return !atomic_compare_exchange_strong(&k_user, &user, self) && user != self;
}
#endif

clf_status clfi_process_check(const clf_log *log)
{
    if (!clfi_process_is_fork())
        return CLF_OK;
    return clfi_fail(log, CLF_ERROR_DEVICE,
                     "this process was forked from one that had used OpenCL, which no driver "
                     "survives: fork before the first call, or call exec after the fork");
}
