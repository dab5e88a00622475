/* Parses the image of a .npy file. Reads no file and follows no pickled or structured dtype.
 *
 * Invariant: nothing is read beyond the given bytes, the whole header is read before it is
 * judged, and text of the file gets into a message only when it is printable ASCII. */
#include "npy.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "log.h"

enum {
    MAX_RANK = 32,
    MAX_TEXT = 32
};

#define READABLE                                                                                   \
    "'<f4' (float32), '<f2' (float16), '<u2' (bits of bfloat16) and '|u1' or '|b1' (a mask)"

static const clfi_npy_type_row k_types[CLFI_NPY_TYPES] = {
    [CLFI_NPY_F32] = {"<f4", "float32", 4},
    [CLFI_NPY_F16] = {"<f2", "float16", 2},
    [CLFI_NPY_BF16] = {"<u2", "bfloat16", 2},
    [CLFI_NPY_U8] = {"|u1", "uint8", 1},
};

/* The text of the header dictionary, and what is left of it. */
typedef struct cursor {
    const char *begin;
    const char *at;
    const char *end;
    const char *name;
    const clf_log *log;
} cursor;

/* What the dictionary says. */
typedef struct header {
    char descr[MAX_TEXT];
    bool fortran_order;
    int ndim;
    int64_t shape[MAX_RANK];
} header;

static clf_status malformed(const cursor *c, const char *what)
{
    return clfi_fail(c->log, CLF_ERROR_FORMAT, "%s: bad header: %s at character %d", c->name, what,
                     (int)(c->at - c->begin));
}

static void skip_spaces(cursor *c)
{
    while (c->at < c->end && *c->at == ' ')
        c->at++;
}

/* Takes `word` after any spaces, if it is there. */
static bool take(cursor *c, const char *word)
{
    skip_spaces(c);
    const size_t length = strlen(word);
    if ((size_t)(c->end - c->at) < length || memcmp(c->at, word, length) != 0)
        return false;
    c->at += length;
    return true;
}

/* A string in either quotes, printable and without escapes. */
static clf_status parse_string(cursor *c, char text[MAX_TEXT])
{
    const char *quote = take(c, "'") ? "'" : take(c, "\"") ? "\"" : NULL;
    if (!quote)
        return malformed(c, "a string is expected");
    for (int n = 0; c->at < c->end && n < MAX_TEXT; n++, c->at++) {
        if (*c->at == *quote) {
            text[n] = '\0';
            c->at++;
            return CLF_OK;
        }
        if (*c->at < ' ' || *c->at > '~' || *c->at == '\\')
            return malformed(c, "a character that is not plain");
        text[n] = *c->at;
    }
    return malformed(c, "a string without end");
}

static clf_status parse_descr(cursor *c, header *h)
{
    if (take(c, "["))
        return clfi_fail(c->log, CLF_ERROR_UNSUPPORTED,
                         "%s: a structured dtype, but only " READABLE " are read", c->name);
    return parse_string(c, h->descr);
}

static clf_status parse_order(cursor *c, header *h)
{
    h->fortran_order = take(c, "True");
    if (!h->fortran_order && !take(c, "False"))
        return malformed(c, "True or False is expected");
    return CLF_OK;
}

static clf_status parse_size(cursor *c, int64_t *size)
{
    skip_spaces(c);
    if (take(c, "-"))
        return malformed(c, "shape is negative");
    const char *first = c->at;
    int64_t value = 0;
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
        if (!clfi_mul_i64(value, 10, &value) || !clfi_add_i64(value, *c->at - '0', &value))
            return malformed(c, "shape overflows 63 bits");
    }
    if (c->at == first)
        return malformed(c, "a size is expected");
    if (*first == '0' && c->at > first + 1)
        return malformed(c, "a size with leading zeros");
    *size = value;
    return CLF_OK;
}

/* (), (n,) or (n, m, ...) with an optional last comma, as Python writes tuples. */
static clf_status parse_shape(cursor *c, header *h)
{
    if (!take(c, "("))
        return malformed(c, "'(' is expected");
    bool comma = true;
    for (h->ndim = 0; !take(c, ")"); h->ndim++) {
        if (!comma)
            return malformed(c, "',' or ')' is expected");
        if (h->ndim == MAX_RANK)
            return malformed(c, "more than 32 dimensions");
        const clf_status status = parse_size(c, &h->shape[h->ndim]);
        if (status != CLF_OK)
            return status;
        comma = take(c, ",");
    }
    if (h->ndim == 1 && !comma)
        return malformed(c, "a number, not a tuple");
    return CLF_OK;
}

static const struct {
    const char *name;
    clf_status (*parse)(cursor *c, header *h);
} k_keys[] = {
    {"descr", parse_descr},
    {"fortran_order", parse_order},
    {"shape", parse_shape},
};
enum {
    KEYS = sizeof k_keys / sizeof k_keys[0]
};

/* One "key: value" of the dictionary. */
static clf_status parse_item(cursor *c, header *h, bool seen[KEYS])
{
    char key[MAX_TEXT];
    clf_status status = parse_string(c, key);
    if (status != CLF_OK)
        return status;
    for (int i = 0; i < KEYS; i++) {
        if (strcmp(key, k_keys[i].name) != 0)
            continue;
        if (seen[i])
            return malformed(c, "a key for the second time");
        seen[i] = true;
        return take(c, ":") ? k_keys[i].parse(c, h) : malformed(c, "':' is expected");
    }
    return clfi_fail(c->log, CLF_ERROR_FORMAT, "%s: bad header: unknown key '%s'", c->name, key);
}

static clf_status parse_dictionary(cursor *c, header *h)
{
    if (!take(c, "{"))
        return malformed(c, "'{' is expected");
    bool seen[KEYS] = {false};
    bool comma = true;
    while (!take(c, "}")) {
        if (!comma)
            return malformed(c, "',' or '}' is expected");
        const clf_status status = parse_item(c, h, seen);
        if (status != CLF_OK)
            return status;
        comma = take(c, ",");
    }
    if (!take(c, "\n") || c->at != c->end)
        return malformed(c, "the end of the line and of the header are expected");
    for (int i = 0; i < KEYS; i++) {
        if (!seen[i])
            return clfi_fail(c->log, CLF_ERROR_FORMAT, "%s: bad header: key '%s' is missing",
                             c->name, k_keys[i].name);
    }
    return CLF_OK;
}

/* Finds the dictionary between the preamble and the data. */
static clf_status locate_header(const unsigned char *bytes, size_t size, cursor *c)
{
    enum {
        MAGIC = CLFI_NPY_MAGIC_BYTES
    };
    if (size < MAGIC || memcmp(bytes, CLFI_NPY_MAGIC, MAGIC) != 0)
        return clfi_fail(c->log, CLF_ERROR_FORMAT,
                         "%s is not a .npy file: it does not begin with \\x93NUMPY", c->name);
    const size_t length_bytes = size > MAGIC && bytes[MAGIC] == 1 ? 2 : 4;
    const size_t preamble = MAGIC + 2 + length_bytes;
    if (size < preamble)
        return clfi_fail(c->log, CLF_ERROR_FORMAT, "%s: truncated: %zu bytes hold no header length",
                         c->name, size);
    const int major = bytes[MAGIC];
    const int minor = bytes[MAGIC + 1];
    if (major < 1 || major > 3 || minor != 0)
        return clfi_fail(c->log, CLF_ERROR_FORMAT,
                         "%s: version %d.%d, but only 1.0, 2.0 and 3.0 are known", c->name, major,
                         minor);
    uint32_t length = 0;
    for (size_t i = 0; i < length_bytes; i++)
        length |= (uint32_t)bytes[MAGIC + 2 + i] << (8 * i);
    if (length > size - preamble)
        return clfi_fail(c->log, CLF_ERROR_FORMAT,
                         "%s: truncated: a header of %lu bytes, but only %zu follow", c->name,
                         (unsigned long)length, size - preamble);
    c->begin = (const char *)bytes + preamble;
    c->at = c->begin;
    c->end = c->begin + length;
    return CLF_OK;
}

/* Whether the array is of a sort that is read; *type is what its elements are. */
static clf_status judge(const header *h, const char *name, const clf_log *log, clfi_npy_type *type)
{
    // NumPy's bool is a byte of 0 or 1.
    const char *descr = strcmp(h->descr, "|b1") == 0 ? k_types[CLFI_NPY_U8].descr : h->descr;
    *type = CLFI_NPY_F32;
    while (*type < CLFI_NPY_TYPES && strcmp(descr, k_types[*type].descr) != 0)
        ++*type;
    if (*type == CLFI_NPY_TYPES)
        return clfi_fail(log, CLF_ERROR_UNSUPPORTED,
                         "%s: dtype '%s', but only " READABLE " are read", name, h->descr);
    if (h->fortran_order)
        return clfi_fail(log, CLF_ERROR_UNSUPPORTED, "%s: Fortran order, but only C order is read",
                         name);
    if (h->ndim < 1 || h->ndim > CLFI_NPY_MAX_DIMS)
        return clfi_fail(log, CLF_ERROR_UNSUPPORTED, "%s: %d dimensions, but only 1 to %d are read",
                         name, h->ndim, CLFI_NPY_MAX_DIMS);
    for (int i = 0; i < h->ndim; i++) {
        if (h->shape[i] == 0)
            return clfi_fail(log, CLF_ERROR_UNSUPPORTED,
                             "%s: an empty array: dimension %d of shape is 0", name, i);
    }
    return CLF_OK;
}

/* Checks the size of the data against the shape, to the byte. */
static clf_status measure(const header *h, size_t size, size_t have, const char *name,
                          const clf_log *log)
{
    size_t need;
    if (!clfi_product_bytes(h->shape, h->ndim, size, &need))
        return clfi_fail(log, CLF_ERROR_FORMAT, "%s: shape overflows: its bytes exceed 63 bits",
                         name);
    if (have != need) {
        const char *what = have == 0 ? "header only" : have < need ? "truncated" : "trailing bytes";
        return clfi_fail(log, CLF_ERROR_FORMAT,
                         "%s: %s: shape needs %zu bytes of data, the file has %zu", name, what,
                         need, have);
    }
    return CLF_OK;
}

const clfi_npy_type_row *clfi_npy_describe(clfi_npy_type type)
{
    return (int)type >= 0 && type < CLFI_NPY_TYPES ? &k_types[type] : NULL;
}

void clfi_npy_copy(const void *from, size_t size, size_t bytes, void *to)
{
    const uint16_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    /* On a big-endian host byte i of the copy is the mirror of byte i within its element. */
    const size_t flip = first ? 0 : size - 1;
    const unsigned char *source = from;
    unsigned char *target = to;
    for (size_t i = 0; i < bytes; i++)
        target[i] = source[i ^ flip];
}

clf_status clfi_npy_parse(const void *bytes, size_t size, const char *name, const clf_log *log,
                          clfi_npy *out)
{
    clf_status status = CLF_OK;
    REQUIRE(out, log, "out is NULL");
    *out = (clfi_npy){0};
    REQUIRE(bytes, log, "bytes is NULL");
    REQUIRE(name, log, "name is NULL");

    cursor c = {.name = name, .log = log};
    header h = {.ndim = 0};
    TRY(locate_header(bytes, size, &c));
    TRY(parse_dictionary(&c, &h));
    clfi_npy_type type;
    TRY(judge(&h, name, log, &type));
    const size_t have = (size_t)((const char *)bytes + size - c.end);
    TRY(measure(&h, k_types[type].size, have, name, log));

    void *data = malloc(have);
    if (!data)
        return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "%s: no memory for %zu bytes", name,
                         have);
    clfi_npy_copy(c.end, k_types[type].size, have, data);
    out->ndim = h.ndim;
    memcpy(out->shape, h.shape, (size_t)h.ndim * sizeof h.shape[0]);
    out->type = type;
    out->data = data;
fail:
    return status;
}

void clfi_npy_finish(clfi_npy *npy)
{
    if (!npy)
        return;
    free(npy->data);
    *npy = (clfi_npy){0};
}
