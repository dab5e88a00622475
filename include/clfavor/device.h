/* Devices: what is there, what it can do, which one a selector names.
 *
 * Tier 1: needs <CL/cl.h>. */
#ifndef CLFAVOR_DEVICE_H
#define CLFAVOR_DEVICE_H

#ifndef CL_TARGET_OPENCL_VERSION
#define CL_TARGET_OPENCL_VERSION 120
#endif
#ifdef __APPLE__
#include <OpenCL/opencl.h>
#else
#include <CL/cl.h>
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <clfavor/log.h>
#include <clfavor/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum clf_device_type {
    CLF_DEVICE_CPU = 0,
    CLF_DEVICE_GPU,
    CLF_DEVICE_ACCELERATOR,
    CLF_DEVICE_OTHER
} clf_device_type;

/* One device's identity and the limits that were queried from it. Read only; its strings belong
 * to the list. A limit that a driver does not answer is 0. P and D count as the loader does,
 * unusable devices included; the three indices are -1 for a queue that a caller wrapped. */
typedef struct clf_device_info {
    int index;           // flat index over the usable devices of all platforms
    int platform_index;  // P of the selector P:D
    int device_index;    // D of the selector P:D
    cl_platform_id platform;
    cl_device_id id;
    clf_device_type type;
    bool emulated;  // a simulator or a GPU in software (a quirk row says so): ranked last
    const char *platform_name;
    const char *name;
    const char *vendor;
    const char *version;  // CL_DEVICE_VERSION
    const char *driver;
    uint32_t compute_units;
    uint32_t native_float_width;  // floats in a native vector register as the driver tells
    uint32_t lockstep_width;      // work-items that run in lockstep as the driver tells: a warp of
                                  // NVIDIA, a wavefront of AMD; 0: it does not
    uint64_t global_mem_bytes;
    uint64_t max_alloc_bytes;
    uint64_t local_mem_bytes;
    bool local_mem_dedicated;  // false: local memory is ordinary memory
    uint64_t max_work_group_size;
    uint64_t max_work_item_sizes[3];
    uint64_t base_align_bytes;
    bool host_unified_memory;
    bool flushes_denormals;  // single precision has no CL_FP_DENORM
    bool fp16;               // cl_khr_fp16 is listed (arithmetic; storage needs nothing)
    bool fp64;
    bool subgroups;
} clf_device_info;

/* A snapshot of the devices. Immutable after create. */
typedef struct clf_device_list clf_device_list;

/* Enumerates every platform. A platform without devices, or one that fails, is skipped with a
 * DEBUG message. No device at all is success with a count of 0.
 * Errors: NO_PLATFORM, OUT_OF_HOST_MEMORY. The caller owns *out. Blocking. */
CLF_API clf_status clf_device_list_create(const clf_log *log, clf_device_list **out);

CLF_API int clf_device_list_count(const clf_device_list *list);

/* The index-th device, 0 <= index < count, or NULL. Belongs to the list. */
CLF_API const clf_device_info *clf_device_list_get(const clf_device_list *list, int index);

/* The device that `selector` names:
 *   N                      flat index
 *   P:D                    device D of platform P
 *   cpu | gpu | accelerator  the best device of that type
 *   any other text         the one device whose "platform / vendor / name" contains it,
 *                          whatever the case; several are an error that lists them
 *   NULL or ""             CLFAVOR_DEVICE if set, else the best device
 * Best: hardware GPUs, then CPUs, then accelerators and others, simulators and software GPUs
 * last; ties by compute units, then by name. `reason` (may be NULL) receives why, at most
 * reason_size bytes with the terminator.
 * Errors: NO_DEVICE (the list is empty), INVALID_ARGUMENT (nothing fits),
 * AMBIGUOUS_DEVICE. *out belongs to the list. */
CLF_API clf_status clf_device_select(const clf_device_list *list, const char *selector,
                                     const clf_log *log, const clf_device_info **out, char *reason,
                                     size_t reason_size);

/* Destroys and sets to NULL. NULL inside is a no-op. */
CLF_API void clf_device_list_destroy(clf_device_list **list);

#ifdef __cplusplus
}
#endif
#endif
