/* Values in two forms. Copies only what changes its form.
 *
 * Invariant: `values` is exactly what `stored` holds; rounding is done before, once. */
#include "array.h"

#include <stdint.h>
#include <stdlib.h>

#include "host/log.h"

/* The elements in another dtype; the caller frees them. */
static void *convert(const void *from, clf_dtype from_dtype, clf_dtype dtype, size_t count,
                     const clf_log *log)
{
    const size_t size = clf_dtype_size(dtype);
    void *to = count <= SIZE_MAX / size ? malloc(count * size) : NULL;
    if (to)
        clf_convert(from, from_dtype, to, dtype, count);
    else
        clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for %zu values of type %s", count,
                  clf_dtype_name(dtype));
    return to;
}

clf_status array_take(void **data, clf_dtype from, clf_dtype to, size_t count, const clf_log *log,
                      array *out)
{
    *out = (array){.dtype = to, .count = count, .stored = *data};
    *data = NULL;
    if (from != to) {
        void *given = out->stored;
        out->stored = convert(given, from, to, count, log);
        free(given);
    }
    if (out->stored)
        out->values =
            to == CLF_DTYPE_F32 ? out->stored : convert(out->stored, to, CLF_DTYPE_F32, count, log);
    if (out->values)
        return CLF_OK;
    array_finish(out);
    return CLF_ERROR_OUT_OF_HOST_MEMORY;
}

void array_finish(array *a)
{
    if (a->values != a->stored)
        free(a->values);
    free(a->stored);
    *a = (array){0};
}
