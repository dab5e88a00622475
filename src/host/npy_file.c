/* .npy files on disk: whole files into memory for the parser, arrays out of it. Knows the format
 * only as far as writing it.
 *
 * Invariant: a file that is not a .npy file is refused after its first block, however long. */
#include "npy.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "log.h"
#include "output.h"

enum {
    FIRST_BLOCK = 1 << 16,
    BLOCK = 1 << 14
};

/* Reads to the end of the file; *bytes is owned by the caller, also on failure. */
static clf_status read_all(FILE *file, const char *path, const clf_log *log, unsigned char **bytes,
                           size_t *size)
{
    size_t room = 0;
    size_t used = 0;
    do {
        if (room > SIZE_MAX / 2)
            return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "%s: too long for memory", path);
        const size_t more = room ? 2 * room : FIRST_BLOCK;
        unsigned char *grown = realloc(*bytes, more);
        if (!grown)
            return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "%s: no memory for %zu bytes", path,
                             more);
        *bytes = grown;
        room = more;
        used += fread(*bytes + used, 1, room - used, file);
    } while (used == room && memcmp(*bytes, CLFI_NPY_MAGIC, CLFI_NPY_MAGIC_BYTES) == 0);
    if (ferror(file))
        return clfi_fail(log, CLF_ERROR_IO, "cannot read %s: %s", path, strerror(errno));
    *size = used;
    return CLF_OK;
}

clf_status clfi_npy_read(const char *path, const clf_log *log, clfi_npy *out)
{
    clf_status status = CLF_OK;
    FILE *file = NULL;
    unsigned char *bytes = NULL;
    REQUIRE(out, log, "out is NULL");
    *out = (clfi_npy){0};
    REQUIRE(path, log, "the path of a .npy file is NULL");

    file = fopen(path, "rb");
    if (!file) {
        status = clfi_fail(log, CLF_ERROR_IO, "cannot read %s: %s", path, strerror(errno));
        goto fail;
    }
    size_t size = 0;
    TRY(read_all(file, path, log, &bytes, &size));
    TRY(clfi_npy_parse(bytes, size, path, log, out));
fail:
    free(bytes);
    if (file)
        fclose(file);
    return status;
}

/* The preamble and dictionary of version 1.0, padded as NumPy does. Returns its length. */
static size_t make_header(const char *descr, const int64_t *shape, int ndim, char text[256])
{
    enum {
        PREAMBLE = CLFI_NPY_MAGIC_BYTES + 4,
        ALIGNMENT = 64
    };
    memcpy(text, CLFI_NPY_MAGIC, CLFI_NPY_MAGIC_BYTES);
    text[CLFI_NPY_MAGIC_BYTES] = 1;
    text[CLFI_NPY_MAGIC_BYTES + 1] = 0;
    size_t n = PREAMBLE;
    n += (size_t)snprintf(text + n, 256 - n, "{'descr': '%s', 'fortran_order': False, 'shape': (",
                          descr);
    for (int i = 0; i < ndim; i++)
        n += (size_t)snprintf(text + n, 256 - n, i ? ", %lld" : "%lld", (long long)shape[i]);
    n += (size_t)snprintf(text + n, 256 - n, ndim == 1 ? ",), }" : "), }");
    while ((n + 1) % ALIGNMENT != 0)
        text[n++] = ' ';
    text[n++] = '\n';
    const size_t length = n - PREAMBLE;
    text[CLFI_NPY_MAGIC_BYTES + 2] = (char)(length & 0xff);
    text[CLFI_NPY_MAGIC_BYTES + 3] = (char)(length >> 8);
    return n;
}

/* Writes elements of `size` bytes little-endian, whatever the host. */
static bool write_elements(FILE *stream, const char *data, size_t size, size_t bytes)
{
    char block[BLOCK];
    for (size_t done = 0; done < bytes;) {
        const size_t n = bytes - done < BLOCK ? bytes - done : BLOCK;
        clfi_npy_copy(data + done, size, n, block);
        if (fwrite(block, 1, n, stream) != n)
            return false;
        done += n;
    }
    return true;
}

clf_status clfi_npy_write(const char *path, const void *data, clfi_npy_type type, int ndim,
                          const int64_t *shape, const clf_log *log)
{
    clf_status status = CLF_OK;
    clfi_output output = {0};
    REQUIRE(data, log, "data is NULL");
    REQUIRE(shape, log, "shape is NULL");
    const clfi_npy_type_row *row = clfi_npy_describe(type);
    REQUIRE(row, log, "unknown type %d of elements", (int)type);
    REQUIRE(ndim >= 1 && ndim <= CLFI_NPY_MAX_DIMS, log, "ndim=%d is not 1 to %d", ndim,
            CLFI_NPY_MAX_DIMS);
    for (int i = 0; i < ndim; i++)
        REQUIRE(shape[i] > 0, log, "shape[%d]=%lld is below 1", i, (long long)shape[i]);
    size_t bytes;
    REQUIRE(clfi_product_bytes(shape, ndim, row->size, &bytes), log,
            "shape overflows: its bytes exceed 63 bits");

    TRY(clfi_output_open(path, log, &output));
    char header[256];
    const size_t header_bytes = make_header(row->descr, shape, ndim, header);
    if (fwrite(header, 1, header_bytes, output.stream) != header_bytes ||
        !write_elements(output.stream, data, row->size, bytes)) {
        status = clfi_fail(log, CLF_ERROR_IO, "cannot write %s: %s", path, strerror(errno));
        goto fail;
    }
    return clfi_output_commit(&output, log);
fail:
    clfi_output_discard(&output);
    return status;
}
