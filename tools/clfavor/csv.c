/* Prints JSON as CSV, for files that are put together and read by other programs.
 *
 * Invariant: numbers have all their digits; header and lines come from one walk. */
#include "csv.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "host/log.h"

static void print_text(const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        printf("%s", text);
        return;
    }
    putchar('"');
    for (; *text; text++)
        printf(*text == '"' ? "\"\"" : "%c", *text);
    putchar('"');
}

static void print_value(const json_t *value)
{
    if (json_is_string(value))
        print_text(json_string_value(value));
    else if (json_is_integer(value))
        printf("%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        printf("%.17g", json_real_value(value));
    else if (json_is_boolean(value))
        printf("%s", json_is_true(value) ? "true" : "false");
}

/* The fields of an object, or the names of their columns; `column` counts them. */
static void walk(json_t *object, bool names, const char *prefix, int *column)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        char name[64];
        snprintf(name, sizeof name, "%s%s%s", prefix, *prefix ? "_" : "", key);
        if (json_is_array(value))
            continue;
        if (json_is_object(value)) {
            walk(value, names, name, column);
            continue;
        }
        if ((*column)++)
            putchar(',');
        if (names)
            print_text(name);
        else
            print_value(value);
    }
}

static void print_line(json_t *root, json_t *row, bool names)
{
    int column = 0;
    walk(root, names, "", &column);
    walk(row, names, "", &column);
    putchar('\n');
}

clf_status csv_print(json_t *root, const char *rows, const clf_log *log)
{
    json_t *array = json_object_get(root, rows);
    size_t i;
    json_t *row;
    if (!array) {
        json_decref(root);
        return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for the CSV output");
    }
    print_line(root, json_array_get(array, 0), true);
    json_array_foreach(array, i, row) print_line(root, row, false);
    json_decref(root);
    return CLF_OK;
}
