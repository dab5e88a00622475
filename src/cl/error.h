/* What OpenCL says, in our words: error names, the status they become, one logging check.
 *
 * Everything here is Safe. */
#ifndef CLFI_ERROR_H
#define CLFI_ERROR_H

#include <clfavor/device.h>

#include "host/log.h"

/* What loaders answer without a platform; a code of an extension's header. */
#define CLFI_CL_PLATFORM_NOT_FOUND (-1001)

/* "CL_OUT_OF_RESOURCES" and so on, "unknown OpenCL error" for a code of no table. Static. */
const char *clfi_cl_error_name(cl_int code);

/* CLF_OK for CL_SUCCESS, else DEVICE_MEMORY, OUT_OF_HOST_MEMORY, BUILD or DEVICE. */
clf_status clfi_cl_status(cl_int code);

/* clfi_cl_status, and an ERROR message for a failure. `call` is the call's text: what stands
 * before its parenthesis is named. For calls that return their code through a pointer. */
clf_status clfi_cl_check(const clf_log *log, cl_int code, const char *call);

/* Propagates the failure of an OpenCL call that returns its code; rules as of TRY. */
#define TRY_CL(log, call) TRY(clfi_cl_check((log), (call), #call))

#endif
