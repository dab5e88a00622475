/* Every public operation, while each OpenCL call it makes fails in turn: once, and from then on;
 * with each of four codes. The documented status, nothing lost, `out` right or untouched, and the
 * next call succeeds. */
#include "trials.h"

static const cl_int codes[] = {CL_OUT_OF_RESOURCES, CL_MEM_OBJECT_ALLOCATION_FAILURE,
                               CL_OUT_OF_HOST_MEMORY, CL_BUILD_PROGRAM_FAILURE};
enum {
    CODES = sizeof codes / sizeof codes[0]
};

#define ANY_OF_OPENCL                                                                              \
    (BIT(CLF_ERROR_DEVICE) | BIT(CLF_ERROR_DEVICE_MEMORY) | BIT(CLF_ERROR_OUT_OF_HOST_MEMORY) |    \
     BIT(CLF_ERROR_BUILD))

/* What the headers promise of calls that do not simply hand on what OpenCL says. */
static const struct {
    enum entry entry;
    const char *operation;  // NULL: any
    unsigned statuses;      // one of them, whatever the code
} promises[] = {
    {ENTRY_clGetPlatformIDs, NULL, BIT(CLF_ERROR_NO_PLATFORM) | BIT(CLF_ERROR_OUT_OF_HOST_MEMORY)},
    {ENTRY_clGetPlatformInfo, NULL, BIT(CLF_OK)},
    // A platform that fails is skipped, a device too that does not tell its version.
    {ENTRY_clGetDeviceIDs, "list devices", BIT(CLF_OK)},
    {ENTRY_clGetDeviceIDs, NULL, BIT(CLF_OK) | BIT(CLF_ERROR_NO_DEVICE)},
    {ENTRY_clGetDeviceInfo, "list devices", BIT(CLF_OK)},
    {ENTRY_clGetDeviceInfo, "wrap a context", BIT(CLF_OK) | ANY_OF_OPENCL},
    {ENTRY_clGetDeviceInfo, NULL, BIT(CLF_OK) | BIT(CLF_ERROR_NO_DEVICE)},
    {ENTRY_clBuildProgram, NULL, BIT(CLF_ERROR_BUILD) | BIT(CLF_ERROR_OUT_OF_HOST_MEMORY)},
    {ENTRY_clGetProgramBuildInfo, NULL, BIT(CLF_OK)},
    // Of caches, which make nothing fail.
    {ENTRY_clRetainProgram, NULL, BIT(CLF_OK)},
    {ENTRY_clCreateProgramWithBinary, NULL, BIT(CLF_OK)},
    {ENTRY_clGetProgramInfo, NULL, BIT(CLF_OK)},
    // Nobody can do anything about a release that fails.
    {ENTRY_clReleaseContext, NULL, BIT(CLF_OK)},
    {ENTRY_clReleaseCommandQueue, NULL, BIT(CLF_OK)},
    {ENTRY_clReleaseMemObject, NULL, BIT(CLF_OK)},
    {ENTRY_clReleaseProgram, NULL, BIT(CLF_OK)},
    {ENTRY_clReleaseKernel, NULL, BIT(CLF_OK)},
    {ENTRY_clReleaseEvent, NULL, BIT(CLF_OK)},
};

/* What OpenCL says, in the library's words: <clfavor/status.h>. */
static unsigned in_our_words(cl_int code)
{
    switch (code) {
    case CL_MEM_OBJECT_ALLOCATION_FAILURE:
        return BIT(CLF_ERROR_DEVICE_MEMORY);
    case CL_OUT_OF_HOST_MEMORY:
        return BIT(CLF_ERROR_OUT_OF_HOST_MEMORY);
    case CL_BUILD_PROGRAM_FAILURE:
        return BIT(CLF_ERROR_BUILD);
    default:
        return BIT(CLF_ERROR_DEVICE);
    }
}

/* CLBlast asks more than we do, and sees a failure as it likes. */
static unsigned promised(const operation *op, const layer_fault *fault)
{
    if (op->problem->params.path == CLF_PATH_CLBLAST)
        return BIT(CLF_OK) | ANY_OF_OPENCL;
    const unsigned taken =
        operation_on_disk(op) ? BIT(CLF_OK) : 0;  // the call was one of the cache
    for (size_t i = 0; i < sizeof promises / sizeof promises[0]; i++) {
        const char *only = promises[i].operation;
        if (promises[i].entry == fault->entry && (!only || strcmp(only, op->name) == 0))
            return promises[i].statuses | taken;
    }
    return in_our_words(fault->code) | taken;
}

static void arm(const void *fault)
{
    layer_arm(fault);
}

static void try_call(trials *t, const layer_fault *fault)
{
    char name[128];
    snprintf(name, sizeof name, "%s call %ld %s with %d", layer_entry_name(fault->entry),
             fault->nth, fault->persistent ? "and on" : "once", (int)fault->code);
    trials_make(t, fault, promised(t->op, fault), name);
}

START_TEST(every_call_may_fail)
{
    static const layer_fault none = {.nth = 0};
    trials t;
    long calls[ENTRIES];
    trials_begin(&t, &operations[_i], arm, &none);
    for (int entry = 0; entry < ENTRIES; entry++)
        calls[entry] = layer_calls(entry);
    for (int entry = 0; entry < ENTRIES; entry++) {
        trials_expect(&t, calls[entry] * 2 * CODES, 1);
        for (int i = 0; i < 2 * CODES; i++) {
            for (long nth = 1; nth <= calls[entry]; nth++)
                try_call(&t, &(layer_fault){entry, nth, i % 2 == 1, codes[i / 2]});
        }
    }
    trials_end(&t);
}
END_TEST

/* A driver that takes its time changes nothing. */
START_TEST(slow_calls_are_harmless)
{
    for (int i = 0; i < operation_count; i++) {
        world w;
        world_open(&w, operations[i].problem);
        layer_delay(200);
        const clf_status status = operation_run(&operations[i], &w, arm, NULL);
        layer_delay(0);
        ck_assert_msg(status == CLF_OK && !w.broken, "%s: %s", operations[i].name,
                      w.broken ? w.broken : w.said.text);
        world_close(&w);
    }
}
END_TEST

int main(void)
{
    return trials_main("faults of OpenCL", every_call_may_fail, slow_calls_are_harmless);
}
