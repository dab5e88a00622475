/* A context: one device, one OpenCL context, one queue, one log.
 *
 * Tier 1: needs <CL/cl.h>. */
#ifndef CLFAVOR_CONTEXT_H
#define CLFAVOR_CONTEXT_H

#include <clfavor/device.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Any number of contexts may live in one process. A context keeps the programs that its plans have
 * built, so that a second plan like the first is made fast. Thread-safety: Safe, but for destroy.
 * Fork: drivers do not survive it. In a process forked from one that had used OpenCL through this
 * library, every call that would use it answers DEVICE; destroy frees host memory alone there. */
typedef struct clf_context clf_context;

/* Opens the device that `selector` names (see clf_device_select; NULL: the default) with a new
 * in-order queue. `log` may be NULL and is copied. Errors: those of clf_device_list_create and
 * clf_device_select, DEVICE, OUT_OF_HOST_MEMORY. The caller owns *out. Blocking. */
CLF_API clf_status clf_context_create(const char *selector, const clf_log *log, clf_context **out);

/* Uses the caller's context and queue; both are retained until destroy. The queue may be in
 * order or out of order, and must belong to `context`. Errors: INVALID_ARGUMENT (NULL, or a
 * queue of another context), DEVICE, OUT_OF_HOST_MEMORY. The caller owns *out. */
CLF_API clf_status clf_context_wrap(cl_context context, cl_command_queue queue, const clf_log *log,
                                    clf_context **out);

/* The device record; belongs to the context. */
CLF_API const clf_device_info *clf_context_device(const clf_context *ctx);

CLF_API cl_context clf_context_cl(const clf_context *ctx);
CLF_API cl_command_queue clf_context_queue(const clf_context *ctx);

/* Destroys and sets to NULL. NULL inside is a no-op. Plans keep what they need of a context
 * alive: any order of destruction is right. */
CLF_API void clf_context_destroy(clf_context **ctx);

#ifdef __cplusplus
}
#endif
#endif
