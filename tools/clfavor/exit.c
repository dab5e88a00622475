/* Exit codes: what they mean, and which library status gives which. Never exits itself.
 *
 * Invariant: every clf_status has its row; a status of a newer library counts as a device failure.
 */
#include "exit.h"

#include "report.h"

static const struct {
    exit_code code;
    const char *meaning;
} k_codes[] = {
    {EXIT_RIGHT, "right"},
    {EXIT_MISSED,
     "verify or demo found an error above its bound tau, or bench a plan slower than the "
     "one it was held against"},
    {EXIT_USAGE, "wrong usage or bad input"},
    {EXIT_NO_PLATFORM, "no OpenCL loader or no platform"},
    {EXIT_NO_DEVICE, "no OpenCL device"},
    {EXIT_SELF_TEST, "a device gave wrong results in its self-test"},
    {EXIT_CRASHED, "no device is usable and a probe of one crashed"},
    {EXIT_DEVICE, "a device, its memory, host memory or a kernel build failed"},
    {EXIT_IO, "a file could not be opened, read or written"},
};

static const struct {
    clf_status status;
    exit_code code;
} k_statuses[] = {
    {CLF_OK, EXIT_RIGHT},
    {CLF_ERROR_INVALID_ARGUMENT, EXIT_USAGE},
    {CLF_ERROR_UNSUPPORTED, EXIT_USAGE},
    {CLF_ERROR_OUT_OF_HOST_MEMORY, EXIT_DEVICE},
    {CLF_ERROR_NO_PLATFORM, EXIT_NO_PLATFORM},
    {CLF_ERROR_NO_DEVICE, EXIT_NO_DEVICE},
    {CLF_ERROR_AMBIGUOUS_DEVICE, EXIT_USAGE},
    {CLF_ERROR_DEVICE, EXIT_DEVICE},
    {CLF_ERROR_DEVICE_MEMORY, EXIT_DEVICE},
    {CLF_ERROR_BUILD, EXIT_DEVICE},
    {CLF_ERROR_IO, EXIT_IO},
    {CLF_ERROR_FORMAT, EXIT_USAGE},
};

exit_code exit_of(clf_status status)
{
    for (size_t i = 0; i < sizeof k_statuses / sizeof k_statuses[0]; i++) {
        if (k_statuses[i].status == status)
            return k_statuses[i].code;
    }
    return EXIT_DEVICE;
}

void exit_print_table(FILE *stream)
{
    fprintf(stream, "Exit codes:\n");
    for (size_t i = 0; i < sizeof k_codes / sizeof k_codes[0]; i++)
        report_wrapped(stream, k_codes[i].meaning, fprintf(stream, "  %d  ", k_codes[i].code), 5);
}
