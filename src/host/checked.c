/* Overflow-checked arithmetic on sizes. Negative operands are refused too: a size never is.
 *
 * Invariant: on false nothing was written. */
#include "checked.h"

bool clfi_mul_i64(int64_t a, int64_t b, int64_t *out)
{
    if (a < 0 || b < 0 || (b > 0 && a > INT64_MAX / b))
        return false;
    *out = a * b;
    return true;
}

bool clfi_add_i64(int64_t a, int64_t b, int64_t *out)
{
    if (a < 0 || b < 0 || a > INT64_MAX - b)
        return false;
    *out = a + b;
    return true;
}

bool clfi_product_bytes(const int64_t *counts, int n, size_t size, size_t *bytes)
{
    if ((uint64_t)size > (uint64_t)INT64_MAX)
        return false;
    int64_t product = (int64_t)size;
    for (int i = 0; i < n; i++) {
        if (!clfi_mul_i64(product, counts[i], &product))
            return false;
    }
    if ((uint64_t)product > (uint64_t)SIZE_MAX)
        return false;
    *bytes = (size_t)product;
    return true;
}
