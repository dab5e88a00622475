/* Reads JSON and CSV of the tool. Knows no command's figures.
 *
 * Invariant: nothing that was printed is changed. */
#include "rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_FIELDS = 64
};

const char *rows_text(const json_t *row, const char *name)
{
    const char *text = json_string_value(json_object_get(row, name));
    return text ? text : "";
}

double rows_number(const json_t *row, const char *name)
{
    const json_t *value = json_object_get(row, name);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

json_t *rows_run(const char *args, tool_result *result)
{
    char text[512];
    snprintf(text, sizeof text, "%s --json", args);
    tool_run(&(tool_call){.args = text}, result);
    return json_loads(result->out, JSON_REJECT_DUPLICATES, NULL);
}

size_t rows_totals(const json_t *root, const json_t **totals, size_t limit)
{
    const json_t *rows = json_object_get(root, "results");
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(rows) && count < limit; i++) {
        const json_t *row = json_array_get(rows, i);
        if (strcmp(rows_text(row, "stage"), "total") == 0)
            totals[count++] = row;
    }
    return count;
}

/* Cuts a line of CSV into its fields, in place; the next line, or NULL at the end. */
static char *split_line(char *line, char *fields[MAX_FIELDS], int *count)
{
    char *to = line;
    bool quoted = false;
    *count = 0;
    fields[(*count)++] = to;
    for (; *line && (quoted || *line != '\n'); line++) {
        if (*line == '"' && quoted && line[1] == '"')
            *to++ = *line++;
        else if (*line == '"')
            quoted = !quoted;
        else if (*line == ',' && !quoted && *count < MAX_FIELDS) {
            *to++ = '\0';
            fields[(*count)++] = to;
        } else
            *to++ = *line;
    }
    char *next = *line ? line + 1 : NULL;
    *to = '\0';
    return next;
}

/* The names of the columns: those of the root but arrays, then those of a row. */
static int column_names(json_t *root, json_t *row, char names[MAX_FIELDS][64])
{
    json_t *const objects[] = {root, row};
    const char *key, *part;
    json_t *value, *inner;
    int count = 0;
    for (int i = 0; i < 2; i++) {
        json_object_foreach(objects[i], key, value)
        {
            if (json_is_array(value))
                continue;
            if (!json_is_object(value))
                snprintf(names[count++], 64, "%s", key);
            json_object_foreach(value, part, inner)
                snprintf(names[count++], 64, "%s_%s", key, part);
        }
    }
    return count;
}

/* Whether a field is the member of the row, or else of the root: the same text or number, or there
 * at all for what was measured anew. */
static bool same_field(const json_t *root, const json_t *row, const char *name, const char *field)
{
    const json_t *own = json_object_get(row, name);
    const json_t *value = own ? own : json_object_get(root, name);
    char text[32] = "";
    if (json_is_string(value))
        return strcmp(json_string_value(value), field) == 0;
    if (json_is_real(value))
        return atof(field) > 0;
    if (json_is_integer(value))
        snprintf(text, sizeof text, "%lld", (long long)json_integer_value(value));
    if (json_is_boolean(value))
        snprintf(text, sizeof text, "%s", json_is_true(value) ? "true" : "false");
    return !value || strcmp(text, field) == 0;
}

void rows_check_csv(const char *args, json_t *root, tool_result *result)
{
    char names[MAX_FIELDS][64], text[512], *fields[MAX_FIELDS];
    const json_t *rows = json_object_get(root, "results");
    const int columns = column_names(root, json_array_get(rows, 0), names);
    int count;
    snprintf(text, sizeof text, "%s --csv", args);
    tool_run(&(tool_call){.args = text}, result);
    char *copy = strdup(result->out);
    char *line = split_line(copy, fields, &count);
    bool right = columns > 0 && count == columns;
    for (int i = 0; right && i < columns; i++)
        right = strcmp(fields[i], names[i]) == 0;
    tap(right, "CSV has the columns of JSON", result);
    for (size_t i = 0; right && i < json_array_size(rows); i++) {
        line = line ? split_line(line, fields, &count) : NULL;
        right = line && count == columns;
        for (int j = 0; right && j < columns; j++)
            right = same_field(root, json_array_get(rows, i), names[j], fields[j]);
    }
    tap(right && *line == '\0', "CSV has the rows of JSON", result);
    free(copy);
}
