/* An OpenCL layer (OPENCL_LAYERS): passes every call on, counts it, and makes the calls fail that a
 * test asks to fail. All functions are made from the rows of entries.h.
 *
 * A call that fails is not passed on, as if the driver had refused it. A release alone is passed on
 * and then said to have failed: a caller can do nothing about it, and what is held afterwards tells
 * of the library, not of the fault.
 *
 * Invariant: entry points without a row go straight to the driver. */
#include "layer.h"

#include <stdatomic.h>
#include <time.h>

#include <CL/cl_layer.h>

static const cl_icd_dispatch *target;

static atomic_long calls[ENTRIES], held[OBJECTS], delay;
static atomic_bool armed, persistent;
static atomic_int entry_to_fail, code_to_give;
static atomic_long nth_to_fail;

/* Counts a call. Returns the code it must fail with, or CL_SUCCESS. */
static cl_int enter(enum entry entry)
{
    const long wait = atomic_load(&delay);
    if (wait)
        nanosleep(&(struct timespec){.tv_sec = wait / 1000000, .tv_nsec = wait % 1000000 * 1000},
                  NULL);
    if (!atomic_load(&armed))
        return CL_SUCCESS;
    const long n = atomic_fetch_add(&calls[entry], 1) + 1, nth = atomic_load(&nth_to_fail);
    const bool fails = n == nth || (nth && n > nth && atomic_load(&persistent));
    return fails && atomic_load(&entry_to_fail) == (int)entry ? atomic_load(&code_to_give)
                                                              : CL_SUCCESS;
}

static void note(enum object object, int step)
{
    atomic_fetch_add(&held[object], step);
}

#define CODE_FUNCTION(name, object, step, parameters, arguments)                                   \
    static cl_int CL_API_CALL layer_##name parameters                                              \
    {                                                                                              \
        const cl_int fault = enter(ENTRY_##name);                                                  \
        if (fault != CL_SUCCESS && (step) >= 0)                                                    \
            return fault;                                                                          \
        const cl_int answer = target->name arguments;                                              \
        if (answer == CL_SUCCESS)                                                                  \
            note(OBJECT_##object, (step));                                                         \
        return fault != CL_SUCCESS ? fault : answer;                                               \
    }
CODE_ENTRIES(CODE_FUNCTION)

#define OBJECT_FUNCTION(type, name, object, parameters, arguments)                                 \
    static type CL_API_CALL layer_##name parameters                                                \
    {                                                                                              \
        const cl_int fault = enter(ENTRY_##name);                                                  \
        if (fault != CL_SUCCESS && code)                                                           \
            *code = fault;                                                                         \
        const type answer = fault == CL_SUCCESS ? target->name arguments : NULL;                   \
        note(OBJECT_##object, answer != NULL);                                                     \
        return answer;                                                                             \
    }
OBJECT_ENTRIES(OBJECT_FUNCTION)

#define COMMAND_FUNCTION(name, parameters, arguments)                                              \
    static cl_int CL_API_CALL layer_##name parameters                                              \
    {                                                                                              \
        const cl_int fault = enter(ENTRY_##name);                                                  \
        if (fault != CL_SUCCESS)                                                                   \
            return fault;                                                                          \
        const cl_int answer = target->name arguments;                                              \
        note(OBJECT_EVENT, answer == CL_SUCCESS && event);                                         \
        return answer;                                                                             \
    }
COMMAND_ENTRIES(COMMAND_FUNCTION)

#define CODE_MEMBER(name, object, step, parameters, arguments)   .name = layer_##name,
#define OBJECT_MEMBER(type, name, object, parameters, arguments) .name = layer_##name,
#define COMMAND_MEMBER(name, parameters, arguments)              .name = layer_##name,
static const cl_icd_dispatch functions = {CODE_ENTRIES(CODE_MEMBER) OBJECT_ENTRIES(OBJECT_MEMBER)
                                              COMMAND_ENTRIES(COMMAND_MEMBER)};

#define CODE_NAME(name, object, step, parameters, arguments)   #name,
#define OBJECT_NAME(type, name, object, parameters, arguments) #name,
#define COMMAND_NAME(name, parameters, arguments)              #name,
static const char *const names[ENTRIES] = {CODE_ENTRIES(CODE_NAME) OBJECT_ENTRIES(OBJECT_NAME)
                                               COMMAND_ENTRIES(COMMAND_NAME)};

static const char *const objects[OBJECTS] = {"nothing",  "contexts", "queues", "buffers",
                                             "programs", "kernels",  "events"};

void layer_arm(const layer_fault *fault)
{
    atomic_store(&armed, fault != NULL);
    if (!fault)
        return;
    for (int i = 0; i < ENTRIES; i++)
        atomic_store(&calls[i], 0);
    atomic_store(&entry_to_fail, (int)fault->entry);
    atomic_store(&nth_to_fail, fault->nth);
    atomic_store(&persistent, fault->persistent);
    atomic_store(&code_to_give, fault->code);
}

long layer_calls(enum entry entry)
{
    return atomic_load(&calls[entry]);
}

void layer_delay(long microseconds)
{
    atomic_store(&delay, microseconds);
}

long layer_held(enum object object)
{
    return atomic_load(&held[object]);
}

const char *layer_entry_name(enum entry entry)
{
    return names[entry];
}

const char *layer_object_name(enum object object)
{
    return objects[object];
}

CL_API_ENTRY LAYER_API cl_int CL_API_CALL clGetLayerInfo(cl_layer_info param, size_t room,
                                                         void *value, size_t *size)
{
    const cl_layer_api_version version = CL_LAYER_API_VERSION_100;
    if (param != CL_LAYER_API_VERSION || (value && room < sizeof version))
        return CL_INVALID_VALUE;
    if (value)
        *(cl_layer_api_version *)value = version;
    if (size)
        *size = sizeof version;
    return CL_SUCCESS;
}

CL_API_ENTRY LAYER_API cl_int CL_API_CALL clInitLayer(cl_uint entries, const cl_icd_dispatch *next,
                                                      cl_uint *entries_out,
                                                      const cl_icd_dispatch **functions_out)
{
    if (entries < sizeof functions / sizeof functions.clGetPlatformIDs)
        return CL_INVALID_VALUE;
    target = next;
    *entries_out = sizeof functions / sizeof functions.clGetPlatformIDs;
    *functions_out = &functions;
    return CL_SUCCESS;
}
