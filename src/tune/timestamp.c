/* Times as texts. Asks no clock.
 *
 * Invariant: a text that is accepted is what is printed for its time. */
#include "tune/timestamp.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

void clfi_timestamp_print(int64_t time, char text[CLFI_TIMESTAMP_TEXT])
{
    const int64_t within = time < 0 ? 0 : time > CLFI_TIMESTAMP_LAST ? CLFI_TIMESTAMP_LAST : time;
    const time_t seconds = (time_t)within;
    struct tm tm;
    if (!gmtime_r(&seconds, &tm) || !strftime(text, CLFI_TIMESTAMP_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm))
        snprintf(text, CLFI_TIMESTAMP_TEXT, "1970-01-01T00:00:00Z");
}

/* Days from 1970-01-01 to a day; timegm() is not in POSIX.1-2008. */
static int64_t days_to(int year, int month, int day)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    const int last = year - 1;
    const int leap_days = last / 4 - last / 100 + last / 400 - 477;  // 477 of them before 1970
    const int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return 365 * (int64_t)(year - 1970) + leap_days + before[month - 1] + (leap && month > 2) +
           day - 1;
}

bool clfi_timestamp_parse(const char *text, int64_t *time)
{
    int year, month, day, hour, minute, second;
    char again[CLFI_TIMESTAMP_TEXT];
    if (strlen(text) != strlen("YYYY-MM-DDThh:mm:ssZ") ||
        sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2dZ", &year, &month, &day, &hour, &minute, &second) != 6)
        return false;
    if (year < 1970 || month < 1 || month > 12)
        return false;
    *time = days_to(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    clfi_timestamp_print(*time, again);
    return strcmp(text, again) == 0;
}
