/* Keys of programs and the format of their files, without a device. */
#include "unit/support.h"

#include <xxhash.h>

#include <clfavor/version.h>

#include "cl/binary.h"

enum {
    PAYLOAD = 60,
    FILE_BYTES = CLFI_BINARY_HEADER_BYTES + PAYLOAD
};

/* --- keys ------------------------------------------------------------------------------------- */

static const clf_device_info k_device = {
    .platform_name = "platform", .name = "device", .version = "OpenCL 1.2", .driver = "3.1"};

static const char *const k_texts[] = {"one", "two"};
static const clfi_binary_source k_source = {.device = &k_device,
                                            .platform_version = "OpenCL 3.0",
                                            .texts = k_texts,
                                            .n = 2,
                                            .options = "-DA=1"};

static clfi_binary_key key_of(const clfi_binary_source *source)
{
    clfi_binary_key key;
    ck_assert(clfi_binary_key_init(source, &key));
    return key;
}

static void assert_other_key(const clfi_binary_source *source, const char *what)
{
    const clfi_binary_key key = key_of(source), usual = key_of(&k_source);
    ck_assert_msg(memcmp(&key, &usual, sizeof key) != 0, "%s is not in the key", what);
}

static void assert_other_device(const clf_device_info *device, const char *what)
{
    clfi_binary_source source = k_source;
    source.device = device;
    assert_other_key(&source, what);
}

START_TEST(everything_is_in_the_key)
{
    const clfi_binary_key key = key_of(&k_source), again = key_of(&k_source);
    ck_assert_mem_eq(&key, &again, sizeof key);
    clf_device_info device = k_device;
    device.platform_name = "another";
    assert_other_device(&device, "the platform's name");
    device = k_device;
    device.name = "another";
    assert_other_device(&device, "the device's name");
    device = k_device;
    device.version = "another";
    assert_other_device(&device, "the device's version");
    device = k_device;
    device.driver = "another";
    assert_other_device(&device, "the driver");
    clfi_binary_source source = k_source;
    source.platform_version = "OpenCL 3.1";
    assert_other_key(&source, "the platform's version");
    source = k_source;
    source.cpu_target = "core-avx2";
    assert_other_key(&source, "the CPU target");
    source = k_source;
    source.options = "-DA=2";
    assert_other_key(&source, "the options");
    source = k_source;
    source.n = 1;
    assert_other_key(&source, "the second text");
    source = k_source;
    source.texts = (const char *const[]){"one", "twp"};
    assert_other_key(&source, "the last byte of a text");
}
END_TEST

/* What is one text is not taken for the end of another. */
START_TEST(texts_do_not_run_together)
{
    static const char *const texts[][3] = {
        {"ab", "c", ""}, {"a", "bc", ""}, {"abc", "", ""}, {"", "abc", ""}, {"", "", "abc"}};
    clfi_binary_key keys[8];
    size_t count = 0;
    for (size_t i = 0; i < 5; i++) {
        clfi_binary_source source = k_source;
        source.n = 3;
        source.texts = texts[i];
        keys[count++] = key_of(&source);
    }
    clf_device_info device = k_device;
    clfi_binary_source source = k_source;
    source.device = &device;
    device.name = "d";
    device.version = "eviceOpenCL 1.2";
    keys[count++] = key_of(&source);
    source = k_source;
    source.texts = (const char *const[]){"one", "two", "-DA=1"};
    source.n = 3;
    source.options = "";
    keys[count++] = key_of(&source);
    keys[count++] = key_of(&k_source);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++)
            ck_assert_msg(memcmp(&keys[i], &keys[j], sizeof keys[i]) != 0, "%zu and %zu", i, j);
    }
}
END_TEST

/* What is hashed, written down once more. */
START_TEST(the_key_part_by_part)
{
    // NULL is the library's version.
    static const char *const parts[] = {NULL,         "one",    "two",        "-DA=1", "platform",
                                        "OpenCL 3.0", "device", "OpenCL 1.2", "3.1",   "x86"};
    unsigned char bytes[512] = {1};
    size_t size = 8;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const char *part = parts[i] ? parts[i] : clf_version_string();
        const size_t length = strlen(part);
        bytes[size] = (unsigned char)length;
        memcpy(bytes + size + 8, part, length);
        size += 8 + length;
    }
    clfi_binary_source source = k_source;
    source.cpu_target = "x86";
    const clfi_binary_key key = key_of(&source);
    XXH128_canonical_t expected;
    XXH128_canonicalFromHash(&expected, XXH3_128bits(bytes, size));
    ck_assert_mem_eq(key.hash, expected.digest, sizeof key.hash);
}
END_TEST

START_TEST(names)
{
    clfi_binary_key key;
    char name[CLFI_BINARY_NAME_SIZE];
    for (int i = 0; i < 16; i++)
        key.hash[i] = (unsigned char)(i * 17);
    clfi_binary_name(&key, name);
    ck_assert_str_eq(name, "00112233445566778899aabbccddeeff.bin");
}
END_TEST

/* --- files ------------------------------------------------------------------------------------ */

/* A right file, and the key that it has. */
static clfi_binary_key make_file(unsigned char file[FILE_BYTES])
{
    const clfi_binary_key key = key_of(&k_source);
    for (int i = 0; i < PAYLOAD; i++)
        file[CLFI_BINARY_HEADER_BYTES + i] = (unsigned char)(i * 29 + 3);
    clfi_binary_header(&key, file + CLFI_BINARY_HEADER_BYTES, PAYLOAD, file);
    return key;
}

/* The format is for good: a file of today is read by a library of the same format number. */
START_TEST(the_header_byte_by_byte)
{
    static const unsigned char expected[] = {
        'c',  'l',  'f',  'a',  'v',  'o',  'r',  0xFF, 1,    0,    0,    0,
        0,    0,    0,    0,  // magic, format
        0,    1,    2,    3,    4,    5,    6,    7,    8,    9,    10,   11,
        12,   13,   14,   15,   3,    0,    0,    0,    0,    0,    0,    0,  // length
        0x06, 0xb0, 0x5a, 0xb6, 0x73, 0x3a, 0x61, 0x85, 0x78, 0xaf, 0x5f, 0x94,
        0x89, 0x2f, 0x39, 0x50};
    unsigned char header[CLFI_BINARY_HEADER_BYTES];
    clfi_binary_key key;
    for (int i = 0; i < 16; i++)
        key.hash[i] = (unsigned char)i;
    clfi_binary_header(&key, "abc", 3, header);
    ck_assert_uint_eq(sizeof expected, sizeof header);
    ck_assert_mem_eq(header, expected, sizeof header);
}
END_TEST

START_TEST(a_right_file_passes)
{
    unsigned char file[FILE_BYTES];
    const clfi_binary_key key = make_file(file);
    ck_assert_ptr_null(clfi_binary_check(&key, file, FILE_BYTES));
}
END_TEST

/* Cut at any length, or with more at its end. */
START_TEST(other_lengths_fail)
{
    unsigned char file[FILE_BYTES + 1] = {0};
    const clfi_binary_key key = make_file(file);
    for (size_t size = 0; size < FILE_BYTES; size++) {
        unsigned char *exact = malloc(size + !size);
        memcpy(exact, file, size);
        ck_assert_str_eq(clfi_binary_check(&key, exact, size), "it is cut short");
        free(exact);
    }
    ck_assert_str_eq(clfi_binary_check(&key, file, FILE_BYTES + 1), "it is too long");
    clfi_binary_header(&key, NULL, 0, file);
    ck_assert_str_eq(clfi_binary_check(&key, file, CLFI_BINARY_HEADER_BYTES), "it is cut short");
}
END_TEST

/* What is said of a file with a wrong byte. */
static const char *expected_at(int at)
{
    return at < 8    ? "it is no program of clfavor"
           : at < 16 ? "it has another format"
           : at < 32 ? "it is another program"
           : at < 40 ? "it is "  // too long, or cut short
                     : "its checksum is wrong";
}

START_TEST(any_wrong_bit_is_found)
{
    unsigned char file[FILE_BYTES];
    const clfi_binary_key key = make_file(file);
    for (int at = 0; at < FILE_BYTES; at++) {
        for (int bit = 0; bit < 8; bit++) {
            file[at] ^= (unsigned char)(1 << bit);
            const char *why = clfi_binary_check(&key, file, FILE_BYTES);
            ck_assert_msg(why && strncmp(why, expected_at(at), strlen(expected_at(at))) == 0,
                          "byte %d, bit %d: %s", at, bit, why ? why : "passes");
            file[at] ^= (unsigned char)(1 << bit);
        }
    }
    ck_assert_ptr_null(clfi_binary_check(&key, file, FILE_BYTES));
}
END_TEST

START_TEST(a_file_of_another_key_fails)
{
    unsigned char file[FILE_BYTES];
    clfi_binary_key key = make_file(file);
    key.hash[15] ^= 1;
    ck_assert_str_eq(clfi_binary_check(&key, file, FILE_BYTES), "it is another program");
}
END_TEST

RUN_TESTS("binary", everything_is_in_the_key, texts_do_not_run_together, the_key_part_by_part,
          names, the_header_byte_by_byte, a_right_file_passes, other_lengths_fail,
          any_wrong_bit_is_found, a_file_of_another_key_fails)
