/* Reads the clock. Knows no date. */
#include "clock.h"

#include <time.h>

double clfi_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
