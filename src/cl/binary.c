/* Keys of programs, and the format of the files that keep their binaries.
 *
 * In the file, at: 0 magic (8 bytes), 8 format (4), 12 zero (4), 16 key (16), 32 length of the
 * binary (8), 40 its XXH3-128 (16), 56 the binary.
 *
 * Invariant: a file that passes is byte for byte what clfi_binary_header and the binary make. */
#include "binary.h"

#include <stdio.h>
#include <string.h>

#include <xxhash.h>

#include <clfavor/version.h>

enum {
    AT_FORMAT = 8,
    AT_KEY = 16,
    AT_LENGTH = 32,
    AT_SUM = 40
};

/* The last byte tells a binary file from text. */
static const unsigned char k_magic[AT_FORMAT] = {'c', 'l', 'f', 'a', 'v', 'o', 'r', 0xFF};

static void put_number(unsigned char *to, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        to[i] = (unsigned char)(value >> 8 * i);
}

static uint64_t get_number(const unsigned char *from, int bytes)
{
    uint64_t value = 0;
    for (int i = bytes - 1; i >= 0; i--)
        value = value << 8 | from[i];
    return value;
}

static void put_hash(unsigned char to[16], XXH128_hash_t hash)
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, hash);
    memcpy(to, canonical.digest, 16);
}

static void add_number(XXH3_state_t *state, uint64_t value)
{
    unsigned char bytes[8];
    put_number(bytes, value, 8);
    XXH3_128bits_update(state, bytes, sizeof bytes);
}

static void add_text(XXH3_state_t *state, const char *text)
{
    const size_t length = strlen(text);
    add_number(state, length);
    XXH3_128bits_update(state, text, length);
}

bool clfi_binary_key_init(const clfi_binary_source *source, clfi_binary_key *key)
{
    const clf_device_info *device = source->device;
    XXH3_state_t *state = XXH3_createState();
    if (!state)
        return false;
    XXH3_128bits_reset(state);
    add_number(state, CLFI_BINARY_FORMAT);
    add_text(state, clf_version_string());
    for (int i = 0; i < source->n; i++)
        add_text(state, source->texts[i]);
    add_text(state, source->options);
    add_text(state, device->platform_name);
    add_text(state, source->platform_version);
    add_text(state, device->name);
    add_text(state, device->version);
    add_text(state, device->driver);
    add_text(state, source->cpu_target ? source->cpu_target : "");
    put_hash(key->hash, XXH3_128bits_digest(state));
    XXH3_freeState(state);
    return true;
}

void clfi_binary_name(const clfi_binary_key *key, char name[CLFI_BINARY_NAME_SIZE])
{
    for (int i = 0; i < 16; i++)
        snprintf(name + 2 * i, 3, "%02x", key->hash[i]);
    memcpy(name + 32, ".bin", 5);
}

void clfi_binary_header(const clfi_binary_key *key, const void *binary, size_t size,
                        unsigned char header[CLFI_BINARY_HEADER_BYTES])
{
    memset(header, 0, CLFI_BINARY_HEADER_BYTES);
    memcpy(header, k_magic, sizeof k_magic);
    put_number(header + AT_FORMAT, CLFI_BINARY_FORMAT, 4);
    memcpy(header + AT_KEY, key->hash, sizeof key->hash);
    put_number(header + AT_LENGTH, size, 8);
    put_hash(header + AT_SUM, XXH3_128bits(binary, size));
}

const char *clfi_binary_check(const clfi_binary_key *key, const void *file, size_t size)
{
    const unsigned char *at = file;
    if (size < CLFI_BINARY_HEADER_BYTES)
        return "it is cut short";
    if (memcmp(at, k_magic, sizeof k_magic) != 0)
        return "it is no program of clfavor";
    if (get_number(at + AT_FORMAT, 8) != CLFI_BINARY_FORMAT)
        return "it has another format";
    if (memcmp(at + AT_KEY, key->hash, sizeof key->hash) != 0)
        return "it is another program";
    const uint64_t length = get_number(at + AT_LENGTH, 8);
    const size_t rest = size - CLFI_BINARY_HEADER_BYTES;
    if (length > rest || rest == 0)
        return "it is cut short";
    if (length < rest)
        return "it is too long";
    unsigned char sum[16];
    put_hash(sum, XXH3_128bits(at + CLFI_BINARY_HEADER_BYTES, rest));
    return memcmp(at + AT_SUM, sum, sizeof sum) == 0 ? NULL : "its checksum is wrong";
}
