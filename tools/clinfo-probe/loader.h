/* The OpenCL loader, opened while the program runs: the probe also speaks where there is none.
 *
 * After loader_open the functions of CL/cl.h that loader.c lists can be called as usual; what the
 * loader lacks, and everything without a loader, answers as loaders do without a platform. */
#ifndef PROBE_LOADER_H
#define PROBE_LOADER_H

#include <stdbool.h>

#include <jansson.h>

/* Opens it, and says in an object what it is: found, path, name, vendor, version, opencl, error.
 * Only internal commands may call this: it runs code of drivers. */
json_t *loader_open(void);

#endif
