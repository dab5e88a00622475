/* The key of a built program, and the file that keeps its binary: bytes alone.
 *
 * Calls no OpenCL function and touches no file. Everything here is Safe. */
#ifndef CLFI_BINARY_H
#define CLFI_BINARY_H

#include <clfavor/device.h>

enum {
    CLFI_BINARY_FORMAT = 1,             // of the key and of the file
    CLFI_BINARY_HEADER_BYTES = 56,      // before the binary
    CLFI_BINARY_LIMIT = 64 << 20,       // bytes of a binary
    CLFI_BINARY_NAME_SIZE = 32 + 4 + 1  // "0123456789abcdef0123456789abcdef.bin"
};

/* XXH3-128 in its canonical order. Two programs of one key are the same program. */
typedef struct clfi_binary_key {
    unsigned char hash[16];
} clfi_binary_key;

/* All that a binary depends on, with the versions of its format and of the library. */
typedef struct clfi_binary_source {
    const clf_device_info *device;  // platform_name, name, version, driver
    const char *platform_version;
    const char *cpu_target;    // clfi_env_cpu_target(), may be NULL
    const char *const *texts;  // the sources, in order
    int n;
    const char *options;
} clfi_binary_source;

/* Hashes the format and every part with its length before it, so that no two sources read alike.
 * Returns false without memory. */
bool clfi_binary_key_init(const clfi_binary_source *source, clfi_binary_key *key);

/* The name of a key's file. */
void clfi_binary_name(const clfi_binary_key *key, char name[CLFI_BINARY_NAME_SIZE]);

/* What stands before a binary in its file: magic, format, key, length and XXH3-128 of the binary.
 * Numbers are little-endian. */
void clfi_binary_header(const clfi_binary_key *key, const void *binary, size_t size,
                        unsigned char header[CLFI_BINARY_HEADER_BYTES]);

/* NULL when the bytes are the file of this key, to the last one: the binary begins after the
 * header. Else why not, in words that follow the file's name and a colon. */
const char *clfi_binary_check(const clfi_binary_key *key, const void *file, size_t size);

#endif
