/* What another host must do like this one: the bits of W, and .npy files. A program of its own,
 * without Check, that prints "ok" and returns 0, or says what is wrong and returns 1. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/golden.h"
#include "host/npy.h"

static void print_message(void *user, clf_log_level level, const char *message)
{
    (void)level;
    fprintf(user, "%s\n", message);
}

static int check_golden(void)
{
    int wrong = golden_doubles() != k_golden_doubles;
    if (wrong)
        printf("the doubles of the golden table differ\n");
    for (int i = 0; i < GOLDEN_ROWS; i++) {
        clf_projection *projection = NULL;
        if (clf_projection_create(&k_golden[i].params, NULL, &projection) != CLF_OK)
            return 1;
        const int64_t count = clf_projection_heads(projection) * clf_projection_rows(projection) *
                              clf_projection_columns(projection);
        const uint64_t hash = golden_hash(clf_projection_data(projection), count);
        if (hash != k_golden[i].hash) {
            printf("row %d of the golden table: 0x%08lx%08lx\n", i, (unsigned long)(hash >> 32),
                   (unsigned long)(hash & 0xffffffff));
            wrong = 1;
        }
        clf_projection_destroy(&projection);
    }
    return wrong;
}

#define HEADER(descr, order, shape)                                                                \
    "{'descr': '" descr "', 'fortran_order': " order ", 'shape': " shape ", }\n"

static const struct parsed {
    const char *header;
    size_t data_bytes;
    clf_status status;
} k_parsed[] = {
    {HEADER("<f4", "False", "(2, 3)"), 24, CLF_OK},
    {HEADER("<f4", "False", "(2, 3)"), 23, CLF_ERROR_FORMAT},
    {HEADER("<f4", "False", "(2, 3)"), 25, CLF_ERROR_FORMAT},
    {HEADER("<f4", "False", "(2, -3)"), 24, CLF_ERROR_FORMAT},
    {HEADER("<f4", "False", "(4294967296, 4294967296)"), 24, CLF_ERROR_FORMAT},
    {HEADER("<f4", "False", "(2, 0)"), 0, CLF_ERROR_UNSUPPORTED},
    {HEADER("<f4", "True", "(2, 3)"), 24, CLF_ERROR_UNSUPPORTED},
    {HEADER(">f4", "False", "(2, 3)"), 24, CLF_ERROR_UNSUPPORTED},
};

static int check_parser(void)
{
    for (size_t i = 0; i < sizeof k_parsed / sizeof k_parsed[0]; i++) {
        unsigned char file[256] = "\x93NUMPY\x01";
        const size_t length = strlen(k_parsed[i].header);
        file[8] = (unsigned char)length;
        memcpy(file + 10, k_parsed[i].header, length);
        file[10 + length + 3] = 0x3f;  // the first value is 0.5
        clfi_npy npy;
        const clf_status status =
            clfi_npy_parse(file, 10 + length + k_parsed[i].data_bytes, "f.npy", NULL, &npy);
        const float *values = npy.data;
        if (status != k_parsed[i].status ||
            (status == CLF_OK && (npy.ndim != 2 || npy.shape[1] != 3 || values[0] != 0.5f))) {
            printf("parsed file %d: %s\n", (int)i, clf_status_string(status));
            return 1;
        }
        clfi_npy_finish(&npy);
    }
    return 0;
}

/* Writes every dtype over the same path, so that a file is replaced, and reads it again. */
static int check_files(const char *path)
{
    const clf_log log = {.callback = print_message, .user = stdout, .level = CLF_LOG_ERROR};
    const float data[6] = {1, -2, 0.5f, 0x1p-149f, 3e38f, 10};  // 10 is a line feed in text mode
    const int64_t shape[2] = {2, 3};
    int same = 1;
    for (int type = 0; type < CLF_DTYPE_COUNT; type++) {
        uint32_t stored[6];
        clf_convert(data, CLF_DTYPE_F32, stored, (clf_dtype)type, 6);
        clfi_npy npy;
        if (clfi_npy_write(path, stored, (clfi_npy_type)type, 2, shape, &log) != CLF_OK ||
            clfi_npy_read(path, &log, &npy) != CLF_OK)
            return 1;
        same = same && npy.ndim == 2 && memcmp(npy.shape, shape, sizeof shape) == 0 &&
               (int)npy.type == type &&
               memcmp(npy.data, stored, 6 * clf_dtype_size((clf_dtype)type)) == 0;
        clfi_npy_finish(&npy);
    }
    if (remove(path) != 0 || !same) {
        printf("%s was not read as it was written\n", path);
        return 1;
    }
    /* The path is a directory now: refused, nothing left behind. */
    if (clfi_npy_write(".", data, CLFI_NPY_F32, 2, shape, NULL) != CLF_ERROR_IO) {
        printf("a directory was overwritten\n");
        return 1;
    }
    return 0;
}

int main(void)
{
    if (check_golden() || check_parser() || check_files("host_check.npy"))
        return EXIT_FAILURE;
    printf("ok\n");
    return EXIT_SUCCESS;
}
