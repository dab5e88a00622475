/* Contexts of our own and around the caller's; buffers. */
#include "support/device.h"

#include <pthread.h>
#include <time.h>

#include "cl/buffer.h"
#include "cl/context_internal.h"

/* OpenCL objects as a caller of clf_context_wrap has them. */
struct caller {
    cl_device_id device;
    cl_context context;
    cl_command_queue queue;
};

/* With those of the properties that the device has. */
static struct caller caller_open(cl_command_queue_properties properties)
{
    struct caller caller = {0};
    cl_command_queue_properties possible = 0;
    clf_context *ctx = open_context(NULL);
    caller.device = clf_context_device(ctx)->id;
    clf_context_destroy(&ctx);
    cl_int code = clGetDeviceInfo(caller.device, CL_DEVICE_QUEUE_PROPERTIES, sizeof possible,
                                  &possible, NULL);
    ck_assert_int_eq(code, CL_SUCCESS);
    caller.context = clCreateContext(NULL, 1, &caller.device, NULL, NULL, &code);
    ck_assert_int_eq(code, CL_SUCCESS);
    caller.queue =
        clCreateCommandQueue(caller.context, caller.device, properties & possible, &code);
    ck_assert_int_eq(code, CL_SUCCESS);
    return caller;
}

static void caller_close(const struct caller *caller)
{
    ck_assert_int_eq(clReleaseCommandQueue(caller->queue), CL_SUCCESS);
    ck_assert_int_eq(clReleaseContext(caller->context), CL_SUCCESS);
}

static cl_uint queue_references(cl_command_queue queue)
{
    cl_uint count = 0;
    ck_assert_int_eq(
        clGetCommandQueueInfo(queue, CL_QUEUE_REFERENCE_COUNT, sizeof count, &count, NULL),
        CL_SUCCESS);
    return count;
}

/* Whether the references come down to `count`: a driver may keep one of its own until it has put a
 * finished command away. */
static bool settles(cl_command_queue queue, cl_uint count)
{
    for (int i = 0; i < 1000 && queue_references(queue) != count; i++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return queue_references(queue) == count;
}

/* Something goes through the queue of `ctx` and comes back. */
static void check_works(clf_context *ctx)
{
    const int sent[4] = {1, -2, 3, -4};
    int got[4] = {0};
    cl_mem mem = NULL;
    ck_assert_int_eq(clfi_buffer_create(ctx, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR, sizeof sent,
                                        sent, "sent", &mem),
                     CLF_OK);
    ck_assert_int_eq(clEnqueueReadBuffer(clf_context_queue(ctx), mem, CL_TRUE, 0, sizeof got, got,
                                         0, NULL, NULL),
                     CL_SUCCESS);
    ck_assert_mem_eq(sent, got, sizeof sent);
    ck_assert_int_eq(clReleaseMemObject(mem), CL_SUCCESS);
}

START_TEST(create_says_which_device_and_why)
{
    kept_log kept;
    clf_context *ctx = open_context(keep(&kept, CLF_LOG_INFO));
    const clf_device_info *info = clf_context_device(ctx);
    cl_command_queue_properties properties = ~(cl_command_queue_properties)0;
    ck_assert_int_eq(kept.count, 1);
    ck_assert_int_eq(kept.level, CLF_LOG_INFO);
    assert_said(&kept, info->name);
    assert_said(&kept, "device");
    ck_assert_int_ge(info->index, 0);
    ck_assert_int_ge(info->platform_index, 0);
    ck_assert_ptr_nonnull(clf_context_cl(ctx));
    clGetCommandQueueInfo(clf_context_queue(ctx), CL_QUEUE_PROPERTIES, sizeof properties,
                          &properties, NULL);
    ck_assert_uint_eq(properties & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, 0);
    check_works(ctx);
    clf_context_destroy(&ctx);
    ck_assert_ptr_null(ctx);
}
END_TEST

START_TEST(create_with_a_wrong_selector)
{
    kept_log kept;
    clf_context *ctx = (clf_context *)&kept;
    ck_assert_int_eq(clf_context_create("99", keep(&kept, CLF_LOG_ERROR), &ctx),
                     CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_ptr_null(ctx);
    ck_assert_int_eq(kept.count, 1);
    assert_said(&kept, "device \"99\": no device has this flat index; there are: 0 (");
}
END_TEST

START_TEST(wrap_keeps_and_returns_what_is_the_callers)
{
    const cl_command_queue_properties kinds[] = {0, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE};
    for (int i = 0; i < 2; i++) {
        struct caller caller = caller_open(kinds[i]);
        clf_context *ctx = NULL;
        const cl_uint before = queue_references(caller.queue);
        ck_assert_int_eq(clf_context_wrap(caller.context, caller.queue, NULL, &ctx), CLF_OK);
        ck_assert_ptr_eq(clf_context_cl(ctx), caller.context);
        ck_assert_ptr_eq(clf_context_queue(ctx), caller.queue);
        ck_assert_ptr_eq(clf_context_device(ctx)->id, caller.device);
        ck_assert_ptr_nonnull(clf_context_device(ctx)->platform);
        ck_assert_int_eq(clf_context_device(ctx)->index, -1);
        ck_assert_uint_eq(queue_references(caller.queue), before + 1);
        check_works(ctx);
        clf_context_destroy(&ctx);
        ck_assert(settles(caller.queue, before));
        caller_close(&caller);
    }
}
END_TEST

START_TEST(wrapped_objects_outlive_the_callers_release)
{
    struct caller caller = caller_open(0);
    clf_context *ctx = NULL;
    ck_assert_int_eq(clf_context_wrap(caller.context, caller.queue, NULL, &ctx), CLF_OK);
    caller_close(&caller);
    check_works(ctx);
    clf_context_destroy(&ctx);
}
END_TEST

START_TEST(wrap_refuses_a_queue_of_another_context)
{
    struct caller one = caller_open(0);
    struct caller other = caller_open(0);
    kept_log kept;
    clf_context *ctx = (clf_context *)&kept;
    const cl_uint before = queue_references(other.queue);
    ck_assert_int_eq(clf_context_wrap(one.context, other.queue, keep(&kept, CLF_LOG_ERROR), &ctx),
                     CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_ptr_null(ctx);
    assert_said(&kept, "the queue belongs to another context");
    ck_assert_uint_eq(queue_references(other.queue), before);
    caller_close(&one);
    caller_close(&other);
}
END_TEST

START_TEST(arguments_are_checked)
{
    struct caller caller = caller_open(0);
    kept_log kept;
    clf_context *ctx = (clf_context *)&kept;
    ck_assert_int_eq(clf_context_create(NULL, keep(&kept, CLF_LOG_ERROR), NULL),
                     CLF_ERROR_INVALID_ARGUMENT);
    assert_said(&kept, "clf_context_create: out is NULL");
    ck_assert_int_eq(
        clf_context_wrap(caller.context, caller.queue, keep(&kept, CLF_LOG_ERROR), NULL),
        CLF_ERROR_INVALID_ARGUMENT);
    assert_said(&kept, "clf_context_wrap: out is NULL");
    ck_assert_int_eq(clf_context_wrap(NULL, caller.queue, keep(&kept, CLF_LOG_ERROR), &ctx),
                     CLF_ERROR_INVALID_ARGUMENT);
    assert_said(&kept, "context is NULL");
    ck_assert_ptr_null(ctx);
    ctx = (clf_context *)&kept;
    ck_assert_int_eq(clf_context_wrap(caller.context, NULL, keep(&kept, CLF_LOG_ERROR), &ctx),
                     CLF_ERROR_INVALID_ARGUMENT);
    assert_said(&kept, "queue is NULL");
    ck_assert_ptr_null(ctx);
    ck_assert_ptr_null(clf_context_device(NULL));
    ck_assert_ptr_null(clf_context_cl(NULL));
    ck_assert_ptr_null(clf_context_queue(NULL));
    clf_context_destroy(&ctx);
    clf_context_destroy(NULL);
    caller_close(&caller);
}
END_TEST

START_TEST(many_contexts_live_side_by_side)
{
    enum {
        COUNT = 24
    };
    clf_context *contexts[COUNT];
    for (int i = 0; i < COUNT; i++)
        contexts[i] = open_context(NULL);
    for (int i = 0; i < COUNT; i += 2)
        clf_context_destroy(&contexts[i]);
    for (int i = 1; i < COUNT; i += 2) {
        check_works(contexts[i]);
        clf_context_destroy(&contexts[i]);
    }
}
END_TEST

START_TEST(an_owner_keeps_a_destroyed_context_alive)
{
    clf_context *ctx = open_context(NULL);
    clf_context *owned = ctx;
    clfi_context_retain(owned);
    clf_context_destroy(&ctx);
    ck_assert_ptr_null(ctx);
    check_works(owned);
    clfi_context_release(owned);
    clfi_context_release(NULL);
}
END_TEST

static void *use_from_thread(void *shared)
{
    clf_context *own = NULL;
    if (clf_context_create(NULL, NULL, &own) != CLF_OK)
        return shared;
    for (int i = 0; i < 1000; i++) {
        clfi_context_retain(shared);
        clfi_context_release(shared);
    }
    clf_context_destroy(&own);
    return NULL;
}

START_TEST(threads_create_and_share)
{
    enum {
        THREADS = 4
    };
    pthread_t threads[THREADS];
    clf_context *shared = open_context(NULL);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, use_from_thread, shared), 0);
    for (int i = 0; i < THREADS; i++) {
        void *failed = shared;
        ck_assert_int_eq(pthread_join(threads[i], &failed), 0);
        ck_assert_ptr_null(failed);
    }
    ck_assert_int_eq(atomic_load(&shared->references), 1);
    clf_context_destroy(&shared);
}
END_TEST

START_TEST(buffers_above_the_limit_are_refused_by_name_and_size)
{
    kept_log kept;
    clf_context *ctx = open_context(keep(&kept, CLF_LOG_ERROR));
    cl_mem mem = (cl_mem)&kept;
    char limit[64];
    const uint64_t bytes = clf_context_device(ctx)->max_alloc_bytes;
    snprintf(limit, sizeof limit, "allows %.1f MiB in one buffer", (double)bytes / 1048576.0);
    ck_assert_int_eq(
        clfi_buffer_create(ctx, CL_MEM_READ_WRITE, (size_t)bytes + 1, NULL, "workspace", &mem),
        CLF_ERROR_DEVICE_MEMORY);
    ck_assert_ptr_null(mem);
    assert_said(&kept, "workspace needs ");
    assert_said(&kept, limit);
    clf_context_destroy(&ctx);
}
END_TEST

START_TEST(a_failing_buffer_call_is_named)
{
    kept_log kept;
    clf_context *ctx = open_context(keep(&kept, CLF_LOG_ERROR));
    cl_mem mem = (cl_mem)&kept;
    const cl_mem_flags no_pointer = CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR;
    ck_assert_int_eq(clfi_buffer_create(ctx, no_pointer, 1048576, NULL, "W", &mem),
                     CLF_ERROR_DEVICE);
    ck_assert_ptr_null(mem);
    assert_said(&kept, "W of 1.0 MiB on device ");
    assert_said(&kept, "CL_INVALID_HOST_PTR (-37)");
    clf_context_destroy(&ctx);
}
END_TEST

RUN_DEVICE_TESTS("context", create_says_which_device_and_why, create_with_a_wrong_selector,
                 wrap_keeps_and_returns_what_is_the_callers,
                 wrapped_objects_outlive_the_callers_release,
                 wrap_refuses_a_queue_of_another_context, arguments_are_checked,
                 many_contexts_live_side_by_side, an_owner_keeps_a_destroyed_context_alive,
                 threads_create_and_share, buffers_above_the_limit_are_refused_by_name_and_size,
                 a_failing_buffer_call_is_named)
