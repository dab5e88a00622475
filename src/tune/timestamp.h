/* Times as ISO 8601 writes them, in UTC: "2026-11-27T14:00:53Z". Years 1970 to 9999. Safe. */
#ifndef CLFI_TIMESTAMP_H
#define CLFI_TIMESTAMP_H

#include <stdbool.h>
#include <stdint.h>

#define CLFI_TIMESTAMP_TEXT 24
#define CLFI_TIMESTAMP_LAST INT64_C(253402300799)  // the end of 9999

/* `time` in Unix seconds; one out of range becomes the nearest that is in it. */
void clfi_timestamp_print(int64_t time, char text[CLFI_TIMESTAMP_TEXT]);

/* The same backwards. False: no such text, or no such day. */
bool clfi_timestamp_parse(const char *text, int64_t *time);

#endif
