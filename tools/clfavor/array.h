/* Values on the host in two forms: as a device stores them, and the same as floats. */
#ifndef TOOL_ARRAY_H
#define TOOL_ARRAY_H

#include <clfavor/log.h>
#include <clfavor/tensor.h>

typedef struct array {
    clf_dtype dtype;
    size_t count;
    void *stored;   // of `dtype`; owned
    float *values;  // the stored values as floats; may be `stored` itself
} array;

/* Takes over *data, memory of malloc with `count` elements of dtype `from`, rounds it to dtype
 * `to` and sets *data to NULL, whatever happens. Errors: OUT_OF_HOST_MEMORY. */
clf_status array_take(void **data, clf_dtype from, clf_dtype to, size_t count, const clf_log *log,
                      array *out);

void array_finish(array *a);

#endif
