/* The words of the status codes. Holds no state and prints nothing.
 *
 * Invariant: every clf_status has its row, and no string is NULL. */
#include <clfavor/status.h>

#include <stddef.h>

static const char *const k_words[] = {
    [-CLF_OK] = "success",
    [-CLF_ERROR_INVALID_ARGUMENT] = "invalid argument",
    [-CLF_ERROR_UNSUPPORTED] = "not supported here",
    [-CLF_ERROR_OUT_OF_HOST_MEMORY] = "out of host memory",
    [-CLF_ERROR_NO_PLATFORM] = "no OpenCL loader or platform",
    [-CLF_ERROR_NO_DEVICE] = "no OpenCL device",
    [-CLF_ERROR_AMBIGUOUS_DEVICE] = "the selector fits several devices",
    [-CLF_ERROR_DEVICE] = "an OpenCL call failed",
    [-CLF_ERROR_DEVICE_MEMORY] = "out of device memory",
    [-CLF_ERROR_BUILD] = "a kernel did not compile",
    [-CLF_ERROR_IO] = "input or output failed",
    [-CLF_ERROR_FORMAT] = "the file is not what it should be",
};

const char *clf_status_string(clf_status status)
{
    const int count = (int)(sizeof k_words / sizeof k_words[0]);
    const int code = (int)status;
    if (code > 0 || code <= -count)
        return "unknown status";
    return k_words[-code];
}
