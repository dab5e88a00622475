/* Status codes of every clfavor call.
 *
 * Tier 0: no OpenCL needed. Safe. */
#ifndef CLFAVOR_STATUS_H
#define CLFAVOR_STATUS_H

#if defined(_WIN32)
#define CLF_API
#elif defined(__GNUC__)
#define CLF_API __attribute__((visibility("default")))
#else
#define CLF_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Zero is success, every failure is negative. After a failure the objects passed in are still
 * valid and unchanged, and an out pointer is set to NULL. The text of a failure (the thing, the
 * value, the limit) goes to the log callback that the call or its context was given.
 * A call that lists DEVICE can fail wherever OpenCL can: CL_MEM_OBJECT_ALLOCATION_FAILURE and
 * CL_INVALID_BUFFER_SIZE become DEVICE_MEMORY, CL_OUT_OF_HOST_MEMORY OUT_OF_HOST_MEMORY,
 * CL_BUILD_PROGRAM_FAILURE BUILD, all else DEVICE. */
typedef enum clf_status {
    CLF_OK = 0,
    CLF_ERROR_INVALID_ARGUMENT = -1,  // NULL, zero, negative, overflowing or disagreeing values
    CLF_ERROR_UNSUPPORTED = -2,       // a valid request this device or version cannot serve
    CLF_ERROR_OUT_OF_HOST_MEMORY = -3,
    CLF_ERROR_NO_PLATFORM = -4,       // no OpenCL loader or no platform behind it
    CLF_ERROR_NO_DEVICE = -5,         // platforms, but not one device
    CLF_ERROR_AMBIGUOUS_DEVICE = -6,  // a selector's substring fits several devices
    CLF_ERROR_DEVICE = -7,            // an OpenCL call failed, and not as the others say
    CLF_ERROR_DEVICE_MEMORY = -8,     // the device could not allocate
    CLF_ERROR_BUILD = -9,             // a kernel did not compile; its log went to the log callback
    CLF_ERROR_IO = -10,               // a file could not be opened, read or written
    CLF_ERROR_FORMAT = -11            // a file is not what it should be
} clf_status;

/* One short lower-case sentence for a status, "unknown status" for any other value.
 * The string is static. Never NULL. Thread-safety: Safe. */
CLF_API const char *clf_status_string(clf_status status);

#ifdef __cplusplus
}
#endif
#endif
