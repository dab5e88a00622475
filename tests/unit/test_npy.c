/* The .npy reader and writer: what is right is read to the bit, all else is refused by name. */
#include "support.h"

#include <math.h>
#include <signal.h>
#include <sys/resource.h>

#include "host/npy.h"

/* A file image: preamble of the version, header, `data_bytes` bytes 0, 1, 2, ... */
static size_t make_file(unsigned char *file, int major, const char *header, size_t data_bytes)
{
    const size_t length = strlen(header);
    const size_t length_bytes = major == 1 ? 2 : 4;
    memcpy(file, "\x93NUMPY", 6);
    file[6] = (unsigned char)major;
    file[7] = 0;
    for (size_t i = 0; i < length_bytes; i++)
        file[8 + i] = (unsigned char)(length >> (8 * i));
    memcpy(file + 8 + length_bytes, header, length);
    unsigned char *data = file + 8 + length_bytes + length;
    for (size_t i = 0; i < data_bytes; i++)
        data[i] = (unsigned char)i;
    return 8 + length_bytes + length + data_bytes;
}

/* Parses from a block of exactly the right size, so that a sanitizer sees a read too far. */
static clf_status parse_exact(const unsigned char *file, size_t size, kept_log *kept, clfi_npy *npy)
{
    unsigned char *exact = malloc(size ? size : 1);
    ck_assert_ptr_nonnull(exact);
    memcpy(exact, file, size);
    const clf_status status = clfi_npy_parse(exact, size, "f.npy", keep(kept, CLF_LOG_ERROR), npy);
    free(exact);
    return status;
}

static const struct accepted {
    const char *header;
    int ndim;
    int64_t shape[4];
    clfi_npy_type type;
} k_accepted[] = {
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }      \n",
     2,
     {2, 3},
     CLFI_NPY_F32},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}\n", 2, {2, 3}, CLFI_NPY_F32},
    {"{'shape': (6,), 'descr': '<f4', 'fortran_order': False}\n", 1, {6}, CLFI_NPY_F32},
    {"{\"fortran_order\":False,\"shape\":(1,2,3,1),\"descr\":\"<f4\"}\n",
     4,
     {1, 2, 3, 1},
     CLFI_NPY_F32},
    {"  {  'descr'  :  '<f4'  ,  'fortran_order'  :  False,  'shape' : ( 3 , 2 , ) , }\n",
     2,
     {3, 2},
     CLFI_NPY_F32},
    {"{'descr': '<f2', 'fortran_order': False, 'shape': (3, 4), }\n", 2, {3, 4}, CLFI_NPY_F16},
    {"{'descr': '<u2', 'fortran_order': False, 'shape': (12,), }\n", 1, {12}, CLFI_NPY_BF16},
    {"{'descr': '|u1', 'fortran_order': False, 'shape': (4, 6), }\n", 2, {4, 6}, CLFI_NPY_U8},
    {"{'descr': '|b1', 'fortran_order': False, 'shape': (4, 6), }\n", 2, {4, 6}, CLFI_NPY_U8},
};

/* Element i as a number: bytes n, n + 1, .. with the least significant first. */
static uint32_t counted(size_t i, size_t size)
{
    uint32_t number = 0;
    for (size_t b = 0; b < size; b++)
        number |= (uint32_t)(i * size + b) << 8 * b;
    return number;
}

static uint32_t element(const clfi_npy *npy, size_t i)
{
    switch (clfi_npy_describe(npy->type)->size) {
    case 1:
        return ((const uint8_t *)npy->data)[i];
    case 2:
        return ((const uint16_t *)npy->data)[i];
    default:
        return ((const uint32_t *)npy->data)[i];
    }
}

START_TEST(right_files_are_read)
{
    for (size_t i = 0; i < sizeof k_accepted / sizeof k_accepted[0]; i++) {
        for (int major = 1; major <= 3; major++) {
            unsigned char file[512];
            const size_t size = make_file(file, major, k_accepted[i].header, 24);
            kept_log kept;
            clfi_npy npy;
            ck_assert_msg(parse_exact(file, size, &kept, &npy) == CLF_OK, "%s", kept.text);
            ck_assert_int_eq(kept.count, 0);
            ck_assert_int_eq(npy.ndim, k_accepted[i].ndim);
            for (int d = 0; d < npy.ndim; d++)
                ck_assert_int_eq(npy.shape[d], k_accepted[i].shape[d]);
            ck_assert_int_eq(npy.type, k_accepted[i].type);
            const size_t bytes = clfi_npy_describe(npy.type)->size;
            for (size_t n = 0; n < 24 / bytes; n++)
                ck_assert_uint_eq(element(&npy, n), counted(n, bytes));
            clfi_npy_finish(&npy);
            ck_assert_ptr_null(npy.data);
            ck_assert_int_eq(npy.ndim, 0);
        }
    }
}
END_TEST

#define GOOD        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n"
#define SHAPE(text) "{'descr': '<f4', 'fortran_order': False, 'shape': " text ", }\n"
#define DESCR(text) "{'descr': " text ", 'fortran_order': False, 'shape': (2, 3), }\n"

static const struct refused {
    const char *header;
    size_t data_bytes;
    clf_status status;
    const char *said;
} k_refused[] = {
    {GOOD, 0, CLF_ERROR_FORMAT, "header only: shape needs 24 bytes of data, the file has 0"},
    {GOOD, 23, CLF_ERROR_FORMAT, "truncated: shape needs 24 bytes of data, the file has 23"},
    {GOOD, 25, CLF_ERROR_FORMAT, "trailing bytes: shape needs 24 bytes of data, the file has 25"},
    {DESCR("'<f2'"), 24, CLF_ERROR_FORMAT, "shape needs 12 bytes of data, the file has 24"},
    {DESCR("'<u2'"), 11, CLF_ERROR_FORMAT, "truncated: shape needs 12 bytes"},
    {DESCR("'|u1'"), 7, CLF_ERROR_FORMAT, "trailing bytes: shape needs 6 bytes"},
    {DESCR("'<f8'"), 48, CLF_ERROR_UNSUPPORTED,
     "'<f8', but only '<f4' (float32), '<f2' (float16), '<u2' (bits of bfloat16) and '|u1'"},
    {DESCR("'>f2'"), 12, CLF_ERROR_UNSUPPORTED, "dtype '>f2'"},
    {DESCR("'<u1'"), 6, CLF_ERROR_UNSUPPORTED, "dtype '<u1'"},
    {DESCR("'<f4 '"), 24, CLF_ERROR_UNSUPPORTED, "dtype '<f4 '"},
    {DESCR("'>f4'"), 24, CLF_ERROR_UNSUPPORTED, "dtype '>f4'"},
    {DESCR("'|f4'"), 24, CLF_ERROR_UNSUPPORTED, "dtype '|f4'"},
    {DESCR("'=f4'"), 24, CLF_ERROR_UNSUPPORTED, "dtype '=f4'"},
    {DESCR("'<f8'"), 48, CLF_ERROR_UNSUPPORTED, "dtype '<f8'"},
    {DESCR("'<i4'"), 24, CLF_ERROR_UNSUPPORTED, "dtype '<i4'"},
    {DESCR("'|O'"), 24, CLF_ERROR_UNSUPPORTED, "dtype '|O'"},
    {DESCR("''"), 24, CLF_ERROR_UNSUPPORTED, "dtype ''"},
    {DESCR("[('a', '<f4')]"), 24, CLF_ERROR_UNSUPPORTED, "structured dtype"},
    {DESCR("'<f4"), 24, CLF_ERROR_FORMAT, "character"},
    {DESCR("'\\x3cf4'"), 24, CLF_ERROR_FORMAT, "not plain"},
    {DESCR("'<f4\x1b'"), 24, CLF_ERROR_FORMAT, "not plain"},
    {DESCR("'0123456789012345678901234567890123456789'"), 24, CLF_ERROR_FORMAT, "without end"},
    {DESCR("'<f4\""), 24, CLF_ERROR_FORMAT, "character"},
    {DESCR("4"), 24, CLF_ERROR_FORMAT, "a string is expected"},
    {"{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }\n", 24, CLF_ERROR_UNSUPPORTED,
     "Fortran order"},
    {"{'descr': '<f4', 'fortran_order': 0, 'shape': (2, 3), }\n", 24, CLF_ERROR_FORMAT,
     "True or False"},
    {SHAPE("()"), 4, CLF_ERROR_UNSUPPORTED, "0 dimensions"},
    {SHAPE("(1, 1, 1, 2, 3)"), 24, CLF_ERROR_UNSUPPORTED, "5 dimensions"},
    {SHAPE("(2, 0, 3)"), 0, CLF_ERROR_UNSUPPORTED, "dimension 1 of shape is 0"},
    {SHAPE("(-2, 3)"), 24, CLF_ERROR_FORMAT, "negative"},
    {SHAPE("(2, 9223372036854775808)"), 24, CLF_ERROR_FORMAT, "overflows 63 bits"},
    {SHAPE("(99999999999999999999999,)"), 24, CLF_ERROR_FORMAT, "overflows 63 bits"},
    {SHAPE("(4294967296, 4294967296)"), 24, CLF_ERROR_FORMAT, "shape overflows"},
    {SHAPE("(4611686018427387904,)"), 24, CLF_ERROR_FORMAT, "shape overflows"},
    {SHAPE("(1099511627776, 2)"), 24, CLF_ERROR_FORMAT, "truncated"},
    {SHAPE("(6)"), 24, CLF_ERROR_FORMAT, "not a tuple"},
    {SHAPE("6"), 24, CLF_ERROR_FORMAT, "'(' is expected"},
    {SHAPE("[2, 3]"), 24, CLF_ERROR_FORMAT, "'(' is expected"},
    {SHAPE("(2 3)"), 24, CLF_ERROR_FORMAT, "',' or ')' is expected"},
    {SHAPE("(2,, 3)"), 24, CLF_ERROR_FORMAT, "a size is expected"},
    {SHAPE("(,)"), 24, CLF_ERROR_FORMAT, "a size is expected"},
    {SHAPE("(2L, 3)"), 24, CLF_ERROR_FORMAT, "',' or ')' is expected"},
    {SHAPE("(02, 3)"), 24, CLF_ERROR_FORMAT, "leading zeros"},
    {SHAPE("(2.0, 3)"), 24, CLF_ERROR_FORMAT, "',' or ')' is expected"},
    {SHAPE("(+2, 3)"), 24, CLF_ERROR_FORMAT, "a size is expected"},
    {SHAPE("(1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1)"), 4,
     CLF_ERROR_FORMAT, "more than 32 dimensions"},
    {"{'descr': '<f4', 'fortran_order': False, }\n", 24, CLF_ERROR_FORMAT, "'shape' is missing"},
    {"{'descr': '<f4', 'shape': (6,)}\n", 24, CLF_ERROR_FORMAT, "'fortran_order' is missing"},
    {"{'fortran_order': False, 'shape': (6,)}\n", 24, CLF_ERROR_FORMAT, "'descr' is missing"},
    {"{}\n", 24, CLF_ERROR_FORMAT, "'descr' is missing"},
    {"{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (6,)}\n", 24,
     CLF_ERROR_FORMAT, "second time"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (6,), 'x': 1}\n", 24, CLF_ERROR_FORMAT,
     "unknown key 'x'"},
    {"{'descr' '<f4', 'fortran_order': False, 'shape': (6,)}\n", 24, CLF_ERROR_FORMAT,
     "':' is expected"},
    {"{'descr': '<f4' 'fortran_order': False, 'shape': (6,)}\n", 24, CLF_ERROR_FORMAT,
     "',' or '}' is expected"},
    {"{'descr': '<f4',, 'fortran_order': False, 'shape': (6,)}\n", 24, CLF_ERROR_FORMAT,
     "a string is expected"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (6,)", 24, CLF_ERROR_FORMAT,
     "',' or '}' is expected"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (6,)}", 24, CLF_ERROR_FORMAT, "the end"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (6,)}x\n", 24, CLF_ERROR_FORMAT, "the end"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (6,)}\n\n", 24, CLF_ERROR_FORMAT,
     "the end"},
    {"{'descr':\t'<f4', 'fortran_order': False, 'shape': (6,)}\n", 24, CLF_ERROR_FORMAT,
     "a string is expected"},
    {"", 24, CLF_ERROR_FORMAT, "'{' is expected"},
    {"descr", 24, CLF_ERROR_FORMAT, "'{' is expected"},
};

START_TEST(wrong_files_are_refused_by_name)
{
    for (size_t i = 0; i < sizeof k_refused / sizeof k_refused[0]; i++) {
        unsigned char file[512];
        const size_t size = make_file(file, 1, k_refused[i].header, k_refused[i].data_bytes);
        kept_log kept;
        clfi_npy npy = {.ndim = 3};
        const clf_status status = parse_exact(file, size, &kept, &npy);
        ck_assert_msg(status == k_refused[i].status, "%s gave %d", k_refused[i].header,
                      (int)status);
        ck_assert_int_eq(kept.count, 1);
        assert_said(&kept, k_refused[i].said);
        assert_said(&kept, "f.npy");
        ck_assert_ptr_null(npy.data);
        ck_assert_int_eq(npy.ndim, 0);
    }
}
END_TEST

START_TEST(wrong_preambles_are_refused)
{
    unsigned char file[512];
    const size_t size = make_file(file, 1, GOOD, 24);
    kept_log kept;
    clfi_npy npy;
    /* Cut at every byte: never right, never read too far. */
    for (size_t cut = 0; cut < size; cut++)
        ck_assert_int_eq(parse_exact(file, cut, &kept, &npy), CLF_ERROR_FORMAT);
    for (size_t i = 0; i < 6; i++) {
        file[i] ^= 1;
        ck_assert_int_eq(parse_exact(file, size, &kept, &npy), CLF_ERROR_FORMAT);
        assert_said(&kept, "not a .npy file");
        file[i] ^= 1;
    }
    file[6] = 4;
    ck_assert_int_eq(parse_exact(file, size, &kept, &npy), CLF_ERROR_FORMAT);
    assert_said(&kept, "version 4.0");
    file[6] = 0;
    ck_assert_int_eq(parse_exact(file, size, &kept, &npy), CLF_ERROR_FORMAT);
    file[6] = 1;
    file[7] = 1;
    ck_assert_int_eq(parse_exact(file, size, &kept, &npy), CLF_ERROR_FORMAT);
    assert_said(&kept, "version 1.1");
    file[7] = 0;
    file[9] = 0xff;
    ck_assert_int_eq(parse_exact(file, size, &kept, &npy), CLF_ERROR_FORMAT);
    assert_said(&kept, "truncated: a header of");
}
END_TEST

START_TEST(arguments_are_checked)
{
    const float data[] = {1, 2};
    const int64_t shape[] = {2};
    const int64_t bad[] = {0, -1, INT64_MIN, INT64_MAX};
    const int no_type[] = {-1, CLFI_NPY_TYPES, 2147483647, -2147483647 - 1};
    clfi_npy npy;
    ck_assert_int_eq(clfi_npy_parse(NULL, 1, "x", NULL, &npy), CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clfi_npy_parse("", 0, NULL, NULL, &npy), CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clfi_npy_parse("", 0, "x", NULL, NULL), CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clfi_npy_read(NULL, NULL, &npy), CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clfi_npy_read("x", NULL, NULL), CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clfi_npy_write(NULL, data, CLFI_NPY_F32, 1, shape, NULL),
                     CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clfi_npy_write("", data, CLFI_NPY_F32, 1, shape, NULL),
                     CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clfi_npy_write("x", NULL, CLFI_NPY_F32, 1, shape, NULL),
                     CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clfi_npy_write("x", data, CLFI_NPY_F32, 1, NULL, NULL),
                     CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clfi_npy_write("x", data, CLFI_NPY_F32, 0, shape, NULL),
                     CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clfi_npy_write("x", data, CLFI_NPY_F32, -1, shape, NULL),
                     CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clfi_npy_write("x", data, CLFI_NPY_F32, 5, shape, NULL),
                     CLF_ERROR_INVALID_ARGUMENT);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_int_eq(clfi_npy_write("x", data, CLFI_NPY_F32, 1, bad + i, NULL),
                         CLF_ERROR_INVALID_ARGUMENT);
    for (size_t i = 0; i < sizeof no_type / sizeof no_type[0]; i++) {
        const clfi_npy_type type = (clfi_npy_type)no_type[i];
        ck_assert_int_eq(clfi_npy_write("x", data, type, 1, shape, NULL),
                         CLF_ERROR_INVALID_ARGUMENT);
        ck_assert_ptr_null(clfi_npy_describe(type));
    }
    ck_assert_int_ne(access("x", F_OK), 0);
    clfi_npy_finish(NULL);
}
END_TEST

/* Writes 9000 elements, and reads the same bytes; the header is padded to 64. */
static void assert_comes_back(const void *data, clfi_npy_type type, int ndim, const int64_t *shape)
{
    const size_t bytes = 9000 * clfi_npy_describe(type)->size;
    ck_assert_int_eq(clfi_npy_write("a.npy", data, type, ndim, shape, NULL), CLF_OK);
    FILE *file = fopen("a.npy", "rb");
    ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
    ck_assert_int_eq(ftell(file) % 64, (long)(bytes % 64));
    fclose(file);
    clfi_npy npy;
    kept_log kept;
    ck_assert_msg(clfi_npy_read("a.npy", keep(&kept, CLF_LOG_ERROR), &npy) == CLF_OK, "%s",
                  kept.text);
    ck_assert_int_eq(npy.ndim, ndim);
    ck_assert_mem_eq(npy.shape, shape, (size_t)ndim * sizeof(int64_t));
    ck_assert_int_eq(npy.type, type);
    ck_assert_mem_eq(npy.data, data, bytes);
    clfi_npy_finish(&npy);
}

START_TEST(what_was_written_is_read)
{
    char directory[64];
    enter_scratch(directory);
    const int64_t shapes[][4] = {{9000}, {90, 100}, {9, 10, 100}, {9, 10, 4, 25}};
    float *data = malloc(9000 * sizeof *data);
    for (int i = 0; i < 9000; i++)
        data[i] = (float)sin(i) * ldexpf(1, i % 200 - 100);
    data[0] = NAN;
    data[1] = -INFINITY;
    data[2] = -0.0f;
    for (int ndim = 1; ndim <= 4; ndim++) {
        for (int type = 0; type < CLFI_NPY_TYPES; type++)
            assert_comes_back(data, (clfi_npy_type)type, ndim, shapes[ndim - 1]);
    }
    free(data);
    unlink("a.npy");
    leave_scratch(directory);
}
END_TEST

/* Longer than the first block of the reader, to the byte and one more. */
START_TEST(files_of_many_blocks_are_read)
{
    char directory[64];
    enter_scratch(directory);
    const int64_t sizes[] = {(65536 - 128) / 4, (65536 - 128) / 4 + 1, 100000};
    for (size_t i = 0; i < 3; i++) {
        float *data = calloc((size_t)sizes[i], sizeof *data);
        data[sizes[i] - 1] = 5;
        ck_assert_int_eq(clfi_npy_write("a.npy", data, CLFI_NPY_F32, 1, sizes + i, NULL), CLF_OK);
        clfi_npy npy;
        ck_assert_int_eq(clfi_npy_read("a.npy", NULL, &npy), CLF_OK);
        ck_assert_int_eq(npy.shape[0], sizes[i]);
        ck_assert_float_eq(((const float *)npy.data)[sizes[i] - 1], 5);
        clfi_npy_finish(&npy);
        free(data);
    }
    unlink("a.npy");
    leave_scratch(directory);
}
END_TEST

START_TEST(unreadable_files_are_refused)
{
    char directory[64];
    enter_scratch(directory);
    kept_log kept;
    clfi_npy npy;
    ck_assert_int_eq(clfi_npy_read("none.npy", keep(&kept, CLF_LOG_ERROR), &npy), CLF_ERROR_IO);
    assert_said(&kept, "none.npy");
    ck_assert_int_eq(clfi_npy_read(".", &kept.log, &npy), CLF_ERROR_IO);
    /* Endless, and yet refused. */
    ck_assert_int_eq(clfi_npy_read("/dev/zero", &kept.log, &npy), CLF_ERROR_FORMAT);
    assert_said(&kept, "not a .npy file");
    ck_assert_int_eq(clfi_npy_read("/dev/null", &kept.log, &npy), CLF_ERROR_FORMAT);
    leave_scratch(directory);
}
END_TEST

/* The disk fills up at every size between nothing and the whole file. */
START_TEST(a_full_disk_leaves_the_old_file)
{
    char directory[64];
    enter_scratch(directory);
    signal(SIGXFSZ, SIG_IGN);
    enum {
        COUNT = 40000
    };
    static float data[COUNT];
    const int64_t few = 1;
    const int64_t many = COUNT;
    ck_assert_int_eq(clfi_npy_write("a.npy", data, CLFI_NPY_F32, 1, &few, NULL), CLF_OK);
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    const rlim_t before = limit.rlim_cur;
    for (rlim_t room = 0; room < COUNT * sizeof *data + 128; room += 8191) {
        limit.rlim_cur = room;
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
        kept_log kept;
        ck_assert_int_eq(
            clfi_npy_write("a.npy", data, CLFI_NPY_F32, 1, &many, keep(&kept, CLF_LOG_ERROR)),
            CLF_ERROR_IO);
        assert_said(&kept, "cannot write a.npy");
        clfi_npy npy;
        ck_assert_int_eq(clfi_npy_read("a.npy", NULL, &npy), CLF_OK);
        ck_assert_int_eq(npy.shape[0], 1);
        clfi_npy_finish(&npy);
    }
    limit.rlim_cur = before;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_int_eq(clfi_npy_write("a.npy", data, CLFI_NPY_F32, 1, &many, NULL), CLF_OK);
    unlink("a.npy");
    leave_scratch(directory);
}
END_TEST

RUN_TESTS("npy", right_files_are_read, wrong_files_are_refused_by_name, wrong_preambles_are_refused,
          arguments_are_checked, what_was_written_is_read, files_of_many_blocks_are_read,
          unreadable_files_are_refused, a_full_disk_leaves_the_old_file)
