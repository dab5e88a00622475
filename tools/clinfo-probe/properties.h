/* What a device tells about itself, by one table. */
#ifndef PROBE_PROPERTIES_H
#define PROBE_PROPERTIES_H

#include <stdbool.h>

#include <jansson.h>

#include <clfavor/device.h>

/* {name: text} for every property that applies to the device, or {name: {error, code}} where the
 * driver refuses. Serial numbers and UUIDs only when `full`. */
json_t *properties_read(cl_device_id device, bool full);

/* {error: "CL_...", code: -30} */
json_t *properties_error(cl_int code);

/* The version that a text as "OpenCL 3.0 ..." tells, as 300; 0 when it tells none. */
int properties_version(cl_device_id device);

/* The device's text, "" when it does not answer; zero-terminated and cut to `size`. */
void properties_text(cl_device_id device, cl_device_info param, char *text, size_t size);

#endif
