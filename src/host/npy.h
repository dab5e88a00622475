/* Strict .npy files (NumPy format 1.0, 2.0, 3.0): float32, float16, bfloat16 or bytes, little
 * endian, C order, 1 to 4 dimensions. Nothing else is read: every deviation is refused by name.
 *
 * .npy has no bfloat16: such values are stored as the uint16 of their bits, and an array of uint16
 * is taken for that. */
#ifndef CLFI_NPY_H
#define CLFI_NPY_H

#include <stddef.h>
#include <stdint.h>

#include <clfavor/log.h>
#include <clfavor/status.h>
#include <clfavor/tensor.h>

#define CLFI_NPY_MAX_DIMS    4
#define CLFI_NPY_MAGIC       "\x93NUMPY"  // what every file begins with
#define CLFI_NPY_MAGIC_BYTES 6

/* What the elements are; the first three are those of clf_dtype. */
typedef enum clfi_npy_type {
    CLFI_NPY_F32 = CLF_DTYPE_F32,
    CLFI_NPY_F16 = CLF_DTYPE_F16,
    CLFI_NPY_BF16 = CLF_DTYPE_BF16,
    CLFI_NPY_U8,  // bytes, or NumPy's bool: a mask
    CLFI_NPY_TYPES
} clfi_npy_type;

typedef struct clfi_npy_type_row {
    const char *descr;  // as the file says it: "<f2"
    const char *name;   // for messages: "float16"
    size_t size;        // bytes of an element: a power of two
} clfi_npy_type_row;

/* NULL for a value that is no type. */
const clfi_npy_type_row *clfi_npy_describe(clfi_npy_type type);

typedef struct clfi_npy {
    int ndim;  // 1 .. 4
    int64_t shape[CLFI_NPY_MAX_DIMS];
    clfi_npy_type type;
    void *data;  // product(shape) elements, C order, in the byte order of the host; owned
} clfi_npy;

/* Parses a whole file image; `name` is used in messages. FORMAT for a file that is not right,
 * UNSUPPORTED for a right .npy of another dtype, order or rank, or an empty one. */
clf_status clfi_npy_parse(const void *bytes, size_t size, const char *name, const clf_log *log,
                          clfi_npy *out);

/* Reads a file: as parse, or IO. */
clf_status clfi_npy_read(const char *path, const clf_log *log, clfi_npy *out);

/* Writes version 1.0 to a temporary file beside `path` and renames it, so `path` never holds a
 * part of a result. IO on any failure, and the temporary file is gone then. */
clf_status clfi_npy_write(const char *path, const void *data, clfi_npy_type type, int ndim,
                          const int64_t *shape, const clf_log *log);

/* Copies `bytes` bytes of elements of `size` bytes between the byte order of files and that of the
 * host, either way. */
void clfi_npy_copy(const void *from, size_t size, size_t bytes, void *to);

/* Frees the data and zeroes the struct. */
void clfi_npy_finish(clfi_npy *npy);

#endif
