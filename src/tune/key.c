/* What a result is of: the device, the kernels, the types and the class of shapes. Reads no file.
 *
 * Invariant: every text is printable ASCII and fits its room, whatever a driver calls itself. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <xxhash.h>

#include "cl/embedded.h"
#include "host/env.h"
#include "host/text.h"
#include "tune/lookup.h"

enum {
    FEW_ROWS = 16,
    SHORT_ROWS = 256,
    MEDIUM_ROWS = 1024,
    STATES_PER_UNIT = 4
};

void clfi_identity_init(clfi_identity *out, const clf_device_info *device)
{
    const char *target = device->type == CLF_DEVICE_CPU ? clfi_env_cpu_target() : NULL;
    const char *const platform = device->platform_name, *const name = device->name;
    clfi_printable(out->platform, sizeof out->platform, platform ? platform : "");
    clfi_printable(out->device, sizeof out->device, name ? name : "");
    clfi_printable(out->driver, sizeof out->driver, device->driver ? device->driver : "");
    clfi_printable(out->target, sizeof out->target, target ? target : "");
}

/* A size rounded up to one that stands for its neighbours. */
static int64_t bucket(int64_t size)
{
    static const int64_t sizes[] = {16, 32, 48, 64, 80, 96, 128, 192, 256, 384, 512, 768};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        if (size <= sizes[i])
            return sizes[i];
    }
    int64_t power = 1024;
    while (power < size)
        power *= 2;
    return power;
}

static const char *rows_word(int64_t rows)
{
    return rows <= FEW_ROWS      ? "few"
           : rows <= SHORT_ROWS  ? "short"
           : rows <= MEDIUM_ROWS ? "medium"
                                 : "long";
}

/* Causal and exact attention goes through the keys once a query head. */
static const char *heads_word(const clfi_shape *s, const clf_device_info *device)
{
    const bool own = s->causal || s->path == CLF_PATH_EXACT;
    const int64_t sums = s->B * (own ? s->H : s->Hkv);
    return sums < STATES_PER_UNIT * (int64_t)device->compute_units ? "few" : "many";
}

static const char *map_word(const clfi_shape *s)
{
    return s->deterministic ? "deterministic"
           : s->n > 0       ? "structured"
           : s->signs == 2  ? "pair"
                            : "single";
}

void clfi_shape_class(const clfi_shape *s, const clf_device_info *device, char text[96])
{
    const bool exact = s->path == CLF_PATH_EXACT;
    const char *direction = s->causal ? "causal" : "bidirectional";
    char features[48] = "", map[24] = "", whole[192];
    if (exact) {
        direction = s->causal ? "exact causal" : "exact";
    } else {
        snprintf(map, sizeof map, " map=%s", map_word(s));
        snprintf(features, sizeof features, " R=%" PRId64, bucket(s->R));
    }
    snprintf(whole, sizeof whole, "%s%s D=%" PRId64 " E=%" PRId64 "%s rows=%s heads=%s%s",
             direction, map, bucket(s->D), bucket(s->E), features,
             rows_word(s->L > s->S ? s->L : s->S), heads_word(s, device),
             s->stabilised ? " stabilised" : "");
    clfi_printable(text, 96, whole);
}

/* "f32", or those of q, k, v and out where they differ. */
static void dtype_text(const clfi_shape *s, char *text, size_t size)
{
    const char *names[CLFI_TENSORS];
    bool same = true;
    for (int i = 0; i < CLFI_TENSORS; i++) {
        names[i] = clf_dtype_name(s->tensor[i].dtype);
        same = same && s->tensor[i].dtype == s->tensor[0].dtype;
    }
    if (same)
        snprintf(text, size, "%s", names[CLFI_Q]);
    else
        snprintf(text, size, "%s,%s,%s,%s", names[CLFI_Q], names[CLFI_K], names[CLFI_V],
                 names[CLFI_OUT]);
}

/* One hash of all kernels in the library: each is added as the hashes of its path and its text, so
 * that no two lists run into the same bytes. */
static void kernels_text(char *text, size_t size)
{
    XXH128_canonical_t parts[3];
    XXH128_canonicalFromHash(&parts[0], XXH3_128bits("", 0));
    for (size_t i = 0; i < clfi_embedded_kernel_count; i++) {
        const struct clfi_embedded *kernel = &clfi_embedded_kernels[i];
        XXH128_canonicalFromHash(&parts[1], XXH3_128bits(kernel->path, strlen(kernel->path)));
        XXH128_canonicalFromHash(&parts[2], XXH3_128bits(kernel->hash, strlen(kernel->hash)));
        XXH128_canonicalFromHash(&parts[0], XXH3_128bits(parts, sizeof parts));
    }
    for (size_t i = 0; i < sizeof parts[0].digest; i++)
        snprintf(text + 2 * i, size - 2 * i, "%02x", parts[0].digest[i]);
}

void clfi_key_init(clfi_key *out, const clfi_shape *shape, const clf_device_info *device)
{
    clfi_identity_init(&out->identity, device);
    if (clfi_env_kernel_dir())
        snprintf(out->kernels, sizeof out->kernels, "%s", CLFI_KERNELS_FOLDER);
    else
        kernels_text(out->kernels, sizeof out->kernels);
    dtype_text(shape, out->dtype, sizeof out->dtype);
    clfi_shape_class(shape, device, out->shape);
}
