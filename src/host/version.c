/* The version of the library that was built, from the macros of the header. Does nothing else. */
#include <clfavor/version.h>

#define TEXT_OF(x) #x
#define TEXT(x)    TEXT_OF(x)

const char *clf_version_string(void)
{
    return TEXT(CLF_VERSION_MAJOR) "." TEXT(CLF_VERSION_MINOR) "." TEXT(CLF_VERSION_PATCH);
}
