/* Writes .npy files, right and wrong ones, byte by byte: what writes the tool's own results must
 * not also write what its reader is tested with. */
#include "fixtures.h"

#include <dirent.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* One file: its header as text, and how many values follow. */
static const struct {
    const char *path;
    const char *descr, *order, *shape;
    long values;
} k_files[] = {
    // right
    {"q_2x5x8.npy", "<f4", "False", "(2, 5, 8)", 80},
    {"k_2x7x8.npy", "<f4", "False", "(2, 7, 8)", 112},
    {"v_2x7x6.npy", "<f4", "False", "(2, 7, 6)", 84},
    {"x_2x7x8.npy", "<f4", "False", "(2, 7, 8)", 112},
    {"x_1x5x3x8.npy", "<f4", "False", "(1, 5, 3, 8)", 120},
    {"x_65536x16.npy", "<f4", "False", "(65536, 16)", 65536 * 16},
    {"x_5x4.npy", "<f4", "False", "(5, 4)", 20},
    {"q_4x5x8.npy", "<f4", "False", "(4, 5, 8)", 160},
    {"q_1x5x4x8.npy", "<f4", "False", "(1, 5, 4, 8)", 160},
    {"k_1x5x2x8.npy", "<f4", "False", "(1, 5, 2, 8)", 80},
    {"q_2x1x2x8.npy", "<f4", "False", "(2, 1, 2, 8)", 32},
    {"k_2x1x7x8.npy", "<f4", "False", "(2, 1, 7, 8)", 112},
    {"f2_2x5x8.npy", "<f2", "False", "(2, 5, 8)", 80},
    {"f2_2x7x8.npy", "<f2", "False", "(2, 7, 8)", 112},
    {"u2_2x7x6.npy", "<u2", "False", "(2, 7, 6)", 84},
    {"b_16.npy", "<f4", "False", "(16,)", 16},
    {"b_2x16.npy", "<f4", "False", "(2, 16)", 32},
    {"m_7.npy", "|u1", "False", "(7,)", 7},
    {"m_1x7.npy", "|u1", "False", "(1, 7)", 7},
    {"m_2x7.npy", "|u1", "False", "(2, 7)", 14},
    {"w_16x8.npy", "<f4", "False", "(16, 8)", 128},
    {"w_2x16x8.npy", "<f4", "False", "(2, 16, 8)", 256},
    // right, but not for the others
    {"k_2x7x9.npy", "<f4", "False", "(2, 7, 9)", 126},
    {"k_3x7x8.npy", "<f4", "False", "(3, 7, 8)", 168},
    {"q_3x5x8.npy", "<f4", "False", "(3, 5, 8)", 120},
    {"b_8.npy", "<f4", "False", "(8,)", 8},
    {"b_3x16.npy", "<f4", "False", "(3, 16)", 48},
    {"b_1x1x16.npy", "<f4", "False", "(1, 1, 16)", 16},
    {"m_5.npy", "|u1", "False", "(5,)", 5},
    {"m_5x7.npy", "|u1", "False", "(5, 7)", 35},
    {"m_1x2x5x7.npy", "|u1", "False", "(1, 2, 5, 7)", 70},
    {"m_1x1x1x7.npy", "|u1", "False", "(1, 1, 1, 7)", 7},
    {"k_7x8.npy", "<f4", "False", "(7, 8)", 56},
    {"v_2x6x6.npy", "<f4", "False", "(2, 6, 6)", 72},
    {"v_3x7x6.npy", "<f4", "False", "(3, 7, 6)", 126},
    {"w_16x9.npy", "<f4", "False", "(16, 9)", 144},
    {"w_3x16x8.npy", "<f4", "False", "(3, 16, 8)", 384},
    {"x_8.npy", "<f4", "False", "(8,)", 8},
    {"x_2x3x1x5x8.npy", "<f4", "False", "(2, 3, 1, 5, 8)", 240},
    {"x_1x2000.npy", "<f4", "False", "(1, 2000)", 2000},
    // wrong
    {"truncated.npy", "<f4", "False", "(2, 7, 8)", 100},
    {"trailing.npy", "<f4", "False", "(2, 7, 8)", 113},
    {"header.npy", "<f4", "False", "(2, 7, 8)", 0},
    {"fortran.npy", "<f4", "True", "(2, 7, 8)", 112},
    {"double.npy", "<f8", "False", "(2, 7, 8)", 224},
    {"zero.npy", "<f4", "False", "(2, 0, 8)", 0},
    {"negative.npy", "<f4", "False", "(2, -7, 8)", 112},
    {"overflow.npy", "<f4", "False", "(4611686018427387904, 4, 8)", 112},
    {"huge.npy", "<f4", "False", "(99999999999999999999, 7)", 112},
};

static FILE *create(const char *path)
{
    FILE *file = fopen(path, "wb");
    if (!file) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    return file;
}

static void close_file(FILE *file, const char *path)
{
    if (ferror(file) || fclose(file)) {
        perror(path);
        exit(EXIT_FAILURE);
    }
}

static void put_bytes(const char *path, const char *bytes, size_t count)
{
    FILE *file = create(path);
    fwrite(bytes, 1, count, file);
    close_file(file, path);
}

/* Values between -1 and 1 that repeat late: float32, or in the forms of two bytes of it. A mask is
 * 0 at every third place from the first on. The tests run on little-endian machines. */
static void put_values(FILE *file, const char *descr, long count)
{
    unsigned state = 1;
    for (long i = 0; i < count; i++) {
        state = state * 1103515245u + 12345u;
        const float value = (float)((state >> 16) & 0x7fff) / 16384.0f - 1.0f;
        const unsigned half = (state >> 16 & 0x83ff) | 0x3800;  // +-[0.5, 1) of float16
        if (strcmp(descr, "|u1") == 0)
            fputc(i % 3 != 0, file);
        else if (strcmp(descr, "<f2") == 0)
            fwrite(&half, 2, 1, file);
        else if (strcmp(descr, "<u2") == 0)
            fwrite((const char *)&value + 2, 2, 1, file);
        else
            fwrite(&value, sizeof value, 1, file);
    }
}

static void put_npy(const char *path, const char *descr, const char *order, const char *shape,
                    long values)
{
    char header[118 + 1];
    FILE *file = create(path);
    const int used =
        snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }",
                 descr, order, shape);
    memset(header + used, ' ', sizeof header - (size_t)used);
    header[117] = '\n';
    fwrite("\x93NUMPY\x01\x00\x76\x00", 1, 10, file);  // version 1.0, a header of 118 bytes
    fwrite(header, 1, 118, file);
    put_values(file, descr, values);
    close_file(file, path);
}

/* A right file whose last value is this one. */
static void put_last(const char *path, float value)
{
    put_npy(path, "<f4", "False", "(2, 7, 8)", 112);
    FILE *file = fopen(path, "r+b");
    if (!file || fseek(file, -4, SEEK_END)) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    fwrite(&value, sizeof value, 1, file);
    close_file(file, path);
}

/* Writes a copy of a file, after the line `first`. */
static void put_copy(const char *from, const char *to, const char *first)
{
    char block[4096];
    FILE *source = fopen(from, "rb");
    if (!source) {
        perror(from);
        exit(EXIT_FAILURE);
    }
    FILE *file = create(to);
    fputs(first, file);
    for (size_t n; (n = fread(block, 1, sizeof block, source)) > 0;)
        fwrite(block, 1, n, file);
    fclose(source);
    close_file(file, to);
}

/* Writes a copy of KERNELS whose .cl files begin with the line `first`. */
static void put_kernels(const char *to, const char *first)
{
    static const char *const folders[] = {"common", "plain", "wide"};
    mkdir(to, 0777);
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        char source[PATH_MAX];
        char target[PATH_MAX];
        snprintf(source, sizeof source, KERNELS "/%s", folders[i]);
        snprintf(target, sizeof target, "%s/%s", to, folders[i]);
        mkdir(target, 0777);
        DIR *folder = opendir(source);
        if (!folder) {
            perror(source);
            exit(EXIT_FAILURE);
        }
        for (const struct dirent *entry; (entry = readdir(folder));) {
            if (entry->d_name[0] == '.')
                continue;
            const char *dot = strrchr(entry->d_name, '.');
            snprintf(source, sizeof source, KERNELS "/%s/%s", folders[i], entry->d_name);
            snprintf(target, sizeof target, "%s/%s/%s", to, folders[i], entry->d_name);
            put_copy(source, target, dot && strcmp(dot, ".cl") == 0 ? first : "");
        }
        closedir(folder);
    }
}

/* A folder for OCL_ICD_VENDORS. */
static void put_two_drivers(void)
{
#ifdef FAKE_DRIVER
    mkdir("two", 0777);
    put_bytes("two/a.icd", FAKE_DRIVER "\n", sizeof FAKE_DRIVER);
    put_bytes("two/b.icd", FAKE_DRIVER "\n", sizeof FAKE_DRIVER);
#endif
}

void fixtures_write(void)
{
    for (size_t i = 0; i < sizeof k_files / sizeof k_files[0]; i++)
        put_npy(k_files[i].path, k_files[i].descr, k_files[i].order, k_files[i].shape,
                k_files[i].values);
    put_bytes("empty.npy", "", 0);
    put_bytes("text.npy", "not an array\n", 13);
    put_kernels("broken", "#error \"this kernel is broken on purpose\"\n");
    put_kernels("wrong", "#undef fma\n#define fma(a, b, c) (mad((a), (b), (c)) * 1.001f)\n");
    put_two_drivers();
    put_last("nan_2x7x8.npy", NAN);
    put_last("big_2x7x8.npy", 1e6f);
}
