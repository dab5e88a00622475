/* The files inside the library: tables that tools/embed.py writes at build time.
 *
 * Invariant: a kernel's source holds no #include; it is what the compiler gets. */
#ifndef CLFI_EMBEDDED_H
#define CLFI_EMBEDDED_H

#include <stddef.h>

struct clfi_embedded {
    const char *path;    // "wide/kv_state.cl", relative to kernels/ (tables: to src/tune/)
    const char *source;  // ASCII, ends with a zero byte
    size_t length;       // without that byte
    const char *hash;    // of the source: the first half of its SHA-256, 32 hex digits
};

extern const struct clfi_embedded clfi_embedded_kernels[];
extern const size_t clfi_embedded_kernel_count;

/* One: the results that are shipped. */
extern const struct clfi_embedded clfi_embedded_tables[];
extern const size_t clfi_embedded_table_count;

#endif
