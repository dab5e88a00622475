/* The clock that intervals are measured by. Not on Windows. */
#ifndef CLFI_CLOCK_H
#define CLFI_CLOCK_H

/* Seconds of a clock that only goes forward, since some moment. Safe. */
double clfi_seconds(void);

#endif
