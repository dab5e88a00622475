/* Prints the tree as lines and as JSON. Knows no member but the devices' selectors.
 *
 * Invariant: every value of the tree is one line, and keys have no blanks; a newline in a text
 * becomes a blank. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "print.h"

enum {
    KEY_ROOM = 512
};

static void print_value(const char *prefix, const char *key, const json_t *value)
{
    char *text = json_is_string(value)
                     ? strdup(json_string_value(value))
                     : json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
    for (char *at = text; at && *at; at++) {
        if (*at == '\n' || *at == '\r')
            *at = ' ';
    }
    printf("%s%s: %s\n", prefix, key, text ? text : "");
    free(text);
}

/* How an element of an array is called: by its name in letters that need no quotes, else by its
 * number. Platforms, which have an index, may share a name. */
static void write_element(const json_t *item, size_t number, char *text, size_t size)
{
    const char *name = json_string_value(json_object_get(item, "name"));
    if (!name || json_object_get(item, "index")) {
        snprintf(text, size, "%zu", number);
        return;
    }
    size_t used = 0;
    for (; *name && used < size - 1; name++) {
        if (isalnum((unsigned char)*name))
            text[used++] = *name;
        else if (used && text[used - 1] != '_')
            text[used++] = '_';
    }
    text[used] = '\0';
}

/* Members are joined by points; what is empty or null has no line. */
static void print_tree(const char *prefix, const char *key, json_t *value)
{
    const char *member;
    json_t *item;
    size_t i;
    char below[KEY_ROOM];
    json_object_foreach(value, member, item)
    {
        snprintf(below, sizeof below, "%s%s%s", key, *key ? "." : "", member);
        print_tree(prefix, below, item);
    }
    json_array_foreach(value, i, item)
    {
        char element[128];
        write_element(item, i, element, sizeof element);
        snprintf(below, sizeof below, "%s.%s", key, element);
        print_tree(prefix, below, item);
    }
    const char *text = json_string_value(value);
    if (!json_is_object(value) && !json_is_array(value) && !json_is_null(value) &&
        !(text && !*text))
        print_value(prefix, key, value);
}

void print_raw(const json_t *root)
{
    const char *member;
    json_t *item;
    size_t i;
    json_object_foreach((json_t *)root, member, item)
    {
        if (strcmp(member, "devices") != 0)
            print_tree("", member, item);
    }
    json_array_foreach(json_object_get(root, "devices"), i, item)
    {
        char prefix[64];
        int platform = 0;
        int device = 0;
        const char *selector = json_string_value(json_object_get(item, "selector"));
        sscanf(selector ? selector : "", "%d:%d", &platform, &device);
        snprintf(prefix, sizeof prefix, "[%d/%d] ", platform, device);
        print_tree(prefix, "", item);
    }
}

void print_json(const json_t *root)
{
    json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    printf("\n");
}
