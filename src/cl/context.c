/* Contexts: opened by selector or wrapped around the caller's. Knows nothing of attention.
 *
 * Invariant: a context holds one reference of its cl_context and of its queue, whoever made
 * them, from create until the last owner lets go. */
#include "context_internal.h"

#include <stdlib.h>

#include "cl/cache.h"
#include "cl/device_internal.h"
#include "cl/error.h"
#include "cl/process.h"
#include "cl/quirks.h"

static clf_status no_memory(const clf_log *log)
{
    return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for a context");
}

/* A context with everything but the two OpenCL objects. */
static clf_status context_alloc(cl_platform_id platform, cl_device_id id, const clf_log *log,
                                clf_context **out)
{
    clf_status status = CLF_OK;
    clf_context *ctx = calloc(1, sizeof *ctx);
    if (!ctx)
        return no_memory(log);
    ctx->cache = clfi_cache_create();
    ctx->tables = clfi_tables_create();
    TRY(ctx->cache && ctx->tables ? CLF_OK : no_memory(log));
    TRY(clfi_device_info_init(&ctx->device, platform, id, log));
    ctx->quirks = clfi_quirks(&ctx->device);
    if (log)
        ctx->log = *log;
    atomic_init(&ctx->references, 1);
    *out = ctx;
    return CLF_OK;
fail:
    clfi_tables_destroy(ctx->tables);
    clfi_cache_destroy(ctx->cache);
    free(ctx);
    return status;
}

/* Creates the cl_context and the queue of the context's device. */
static clf_status context_open(clf_context *ctx)
{
    clf_status status = CLF_OK;
    const cl_context_properties properties[] = {CL_CONTEXT_PLATFORM,
                                                (cl_context_properties)ctx->device.platform, 0};
    cl_int code = CL_SUCCESS;
    ctx->context = clCreateContext(properties, 1, &ctx->device.id, NULL, NULL, &code);
    TRY(clfi_cl_check(&ctx->log, code, "clCreateContext"));
    ctx->queue = clCreateCommandQueue(ctx->context, ctx->device.id, 0, &code);
    TRY(clfi_cl_check(&ctx->log, code, "clCreateCommandQueue"));
fail:
    return status;
}

clf_status clf_context_create(const char *selector, const clf_log *log, clf_context **out)
{
    clf_status status = CLF_OK;
    clf_device_list *list = NULL;
    clf_context *ctx = NULL;
    const clf_device_info *info = NULL;
    char reason[512];
    REQUIRE(out, log, "clf_context_create: out is NULL");
    *out = NULL;
    TRY(clf_device_list_create(log, &list));
    TRY(clf_device_select(list, selector, log, &info, reason, sizeof reason));
    TRY(context_alloc(info->platform, info->id, log, &ctx));
    ctx->device.index = info->index;
    ctx->device.platform_index = info->platform_index;
    ctx->device.device_index = info->device_index;
    TRY(context_open(ctx));
    clf_device_list_destroy(&list);
    clfi_log(log, CLF_LOG_INFO, "device %d (%d:%d) %s", ctx->device.index,
             ctx->device.platform_index, ctx->device.device_index, reason);
    *out = ctx;
    return CLF_OK;
fail:
    clfi_context_release(ctx);
    clf_device_list_destroy(&list);
    return status;
}

clf_status clf_context_wrap(cl_context context, cl_command_queue queue, const clf_log *log,
                            clf_context **out)
{
    clf_status status = CLF_OK;
    clf_context *ctx = NULL;
    cl_context owner = NULL;
    cl_device_id id = NULL;
    cl_platform_id platform = NULL;
    REQUIRE(out, log, "clf_context_wrap: out is NULL");
    *out = NULL;
    REQUIRE(context, log, "clf_context_wrap: context is NULL");
    REQUIRE(queue, log, "clf_context_wrap: queue is NULL");
    TRY(clfi_process_check(log));
    TRY_CL(log, clGetCommandQueueInfo(queue, CL_QUEUE_CONTEXT, sizeof owner, &owner, NULL));
    REQUIRE(owner == context, log, "clf_context_wrap: the queue belongs to another context");
    TRY_CL(log, clGetCommandQueueInfo(queue, CL_QUEUE_DEVICE, sizeof id, &id, NULL));
    TRY_CL(log, clGetDeviceInfo(id, CL_DEVICE_PLATFORM, sizeof platform, &platform, NULL));
    TRY(context_alloc(platform, id, log, &ctx));
    TRY_CL(log, clRetainContext(context));
    ctx->context = context;
    TRY_CL(log, clRetainCommandQueue(queue));
    ctx->queue = queue;
    clfi_log(log, CLF_LOG_INFO, "device %s / %s / %s: that of the caller's queue",
             ctx->device.platform_name, ctx->device.vendor, ctx->device.name);
    *out = ctx;
    return CLF_OK;
fail:
    clfi_context_release(ctx);
    return status;
}

void clfi_context_retain(clf_context *ctx)
{
    atomic_fetch_add(&ctx->references, 1);
}

void clfi_context_release(clf_context *ctx)
{
    if (!ctx || atomic_fetch_sub(&ctx->references, 1) > 1)
        return;
    const bool usable = !clfi_process_is_fork();
    clfi_cache_destroy(ctx->cache);
    if (ctx->queue && usable)
        clReleaseCommandQueue(ctx->queue);
    if (ctx->context && usable)
        clReleaseContext(ctx->context);
    clfi_tables_destroy(ctx->tables);
    clfi_device_info_finish(&ctx->device);
    free(ctx);
}

const clf_device_info *clf_context_device(const clf_context *ctx)
{
    return ctx ? &ctx->device : NULL;
}

cl_context clf_context_cl(const clf_context *ctx)
{
    return ctx ? ctx->context : NULL;
}

cl_command_queue clf_context_queue(const clf_context *ctx)
{
    return ctx ? ctx->queue : NULL;
}

void clf_context_destroy(clf_context **ctx)
{
    if (!ctx)
        return;
    clfi_context_release(*ctx);
    *ctx = NULL;
}
