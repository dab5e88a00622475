/* Strict .npy files (NumPy format 1.0, 2.0, 3.0): float32, little endian, C order, 1 to 4
 * dimensions. Nothing else is read: every deviation is refused by name. */
#ifndef CLFI_NPY_H
#define CLFI_NPY_H

#include <stddef.h>
#include <stdint.h>

#include <clfavor/log.h>
#include <clfavor/status.h>

#define CLFI_NPY_MAX_DIMS    4
#define CLFI_NPY_MAGIC       "\x93NUMPY"  // what every file begins with
#define CLFI_NPY_MAGIC_BYTES 6

typedef struct clfi_npy {
    int ndim;  // 1 .. 4
    int64_t shape[CLFI_NPY_MAX_DIMS];
    float *data;  // product(shape) floats, C order; owned
} clfi_npy;

/* Parses a whole file image; `name` is used in messages. FORMAT for a file that is not right,
 * UNSUPPORTED for a right .npy of another dtype, order or rank, or an empty one. */
clf_status clfi_npy_parse(const void *bytes, size_t size, const char *name, const clf_log *log,
                          clfi_npy *out);

/* Reads a file: as parse, or IO. */
clf_status clfi_npy_read(const char *path, const clf_log *log, clfi_npy *out);

/* Writes version 1.0 to a temporary file beside `path` and renames it, so `path` never holds a
 * part of a result. IO on any failure, and the temporary file is gone then. */
clf_status clfi_npy_write(const char *path, const float *data, int ndim, const int64_t *shape,
                          const clf_log *log);

/* Frees the data and zeroes the struct. */
void clfi_npy_finish(clfi_npy *npy);

#endif
