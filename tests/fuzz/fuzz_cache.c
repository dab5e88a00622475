/* Fuzz target of the files that keep programs: any bytes pass if they are what the library would
 * have written for that key and that binary, and are refused in words if not; no crash, no read too
 * far.
 *
 * The first byte of an input says which fields are mended before: a checksum is not found by
 * trying. The others are the file. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cl/binary.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Fields of the header, a bit each. */
static const struct {
    size_t at, size;
} fields[] = {{0, 8}, {8, 8}, {16, 16}, {32, 8}, {40, 16}};
enum {
    FIELDS = sizeof fields / sizeof fields[0]
};

static void demand(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "fuzz_cache: %s\n", what);
        abort();
    }
}

/* A refusal is a few words that fit into a message. */
static void check_words(const char *why)
{
    const size_t length = strlen(why);
    demand(length > 5 && length < 60, "a refusal that is no sentence");
    for (size_t i = 0; i < length; i++)
        demand(why[i] >= ' ' && why[i] <= '~', "a refusal with control characters");
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const clfi_binary_key key = {"the one program"};
    unsigned char header[CLFI_BINARY_HEADER_BYTES];
    if (size == 0)
        return 0;
    const unsigned mended = bytes[0];
    size--;
    unsigned char *file = malloc(size ? size : 1);
    demand(file != NULL, "no memory");
    memcpy(file, bytes + 1, size);
    const bool whole = size > sizeof header;
    if (whole) {
        clfi_binary_header(&key, file + sizeof header, size - sizeof header, header);
        for (int i = 0; i < FIELDS; i++) {
            if (mended & 1u << i)
                memcpy(file + fields[i].at, header + fields[i].at, fields[i].size);
        }
    }
    const char *why = clfi_binary_check(&key, file, size);
    const bool right = whole && memcmp(file, header, sizeof header) == 0;
    demand(right == !why, right ? "a right file was refused" : "a wrong file passed");
    if (why)
        check_words(why);
    free(file);
    return 0;
}
