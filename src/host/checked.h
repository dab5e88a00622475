/* Overflow-checked products of sizes; every product of shapes goes through here. */
#ifndef CLFI_CHECKED_H
#define CLFI_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* *out = a * b when both are >= 0 and the product fits, else false and *out untouched. */
bool clfi_mul_i64(int64_t a, int64_t b, int64_t *out);

/* *out = a + b when both are >= 0 and the sum fits, else false and *out untouched. */
bool clfi_add_i64(int64_t a, int64_t b, int64_t *out);

/* *bytes = the product of the n counts (each >= 0) times `size`, false when it does not fit. */
bool clfi_product_bytes(const int64_t *counts, int n, size_t size, size_t *bytes);

#endif
