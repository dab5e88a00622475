/* What a test says to the null driver (OCL_ICD_VENDORS) about its one device. */
#ifndef FAULTS_NULL_DRIVER_H
#define FAULTS_NULL_DRIVER_H

#include <clfavor/device.h>

/* The limits of the device as queries answer them. Change them while no context is open. */
typedef struct null_device {
    cl_device_type type;
    cl_uint compute_units, native_float_width;
    cl_ulong global_mem_bytes, max_alloc_bytes;
    size_t max_work_group_size;
} null_device;

extern __attribute__((visibility("default"))) null_device null_driver_device;

#endif
