/* The version of these headers; read back by the build. */
#ifndef CLFAVOR_VERSION_H
#define CLFAVOR_VERSION_H

#include <clfavor/status.h>

#define CLF_VERSION_MAJOR 0
#define CLF_VERSION_MINOR 1
#define CLF_VERSION_PATCH 0

#ifdef __cplusplus
extern "C" {
#endif

/* "major.minor.patch" of the library that was linked. The string is static. */
CLF_API const char *clf_version_string(void);

#ifdef __cplusplus
}
#endif
#endif
