/* The table of parameters, and configurations as texts. Knows no device and no shape.
 *
 * Invariant: whatever is printed is parsed to the same configuration. */
#include "tune/parameters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/log.h"

static const char *const k_paths[] = {"auto", "fused", "clblast", "exact", NULL};
static const char *const k_families[] = {"auto", "plain", "wide", NULL};
static const char *const k_packings[] = {"auto", "rows", "panels", NULL};
static const char *const k_prefetches[] = {"auto", "off", "on", NULL};

#define LIST(...)                                                                                  \
    (const int[])                                                                                  \
    {                                                                                              \
        __VA_ARGS__, 0                                                                             \
    }
#define AT(member)     .offset = offsetof(clfi_configuration, member)
#define TUNING(member) .name = #member, AT(tuning.member)
#define WIDE           .family = CLF_FAMILY_WIDE
#define PLAIN          .family = CLF_FAMILY_PLAIN

/* Values that are tried stand best first, by what was measured on CPUs (docs/tuning.md). */
const clfi_parameter_row clfi_parameters[CLFI_PARAMETERS] = {
    [CLFI_PARAMETER_PATH] = {.name = "path",
                             AT(path),
                             .words = k_paths,
                             .max = CLF_PATH_EXACT,
                             .possible = "auto, fused, clblast and exact",
                             .tried = LIST(CLF_PATH_CLBLAST)},
    [CLFI_PARAMETER_FAMILY] = {TUNING(family), .words = k_families, .max = CLF_FAMILY_WIDE,
                               .possible = "auto, plain and wide",
                               .tried = LIST(CLF_FAMILY_PLAIN, CLF_FAMILY_WIDE)},
    [CLFI_PARAMETER_VECTOR_WIDTH] = {TUNING(vector_width), WIDE, .min = 4, .max = 16,
                                     .possible = "4, 8 and 16", .only = LIST(4, 8, 16),
                                     .tried = LIST(16, 8, 4)},
    [CLFI_PARAMETER_TILE_ROWS] = {TUNING(tile_rows), WIDE, .min = 12, .max = 96,
                                  .possible = "multiples of 12 up to 96",
                                  .only = LIST(12, 24, 36, 48, 60, 72, 84, 96),
                                  .tried = LIST(48, 96, 24, 72, 12)},
    [CLFI_PARAMETER_SEGMENTS] = {TUNING(segments), .min = 1, .max = 64, .possible = "1 to 64",
                                 .tried = LIST(1, 2, 4, 8, 16, 32, 64)},
    [CLFI_PARAMETER_PROJECT_ROWS] = {TUNING(project_rows), WIDE, .min = 1, .max = 12,
                                     .possible = "1, 2, 3, 4, 6, 8 and 12",
                                     .only = LIST(1, 2, 3, 4, 6, 8, 12), .tried = LIST(8, 4, 6, 3)},
    [CLFI_PARAMETER_VALUE_ROWS] = {TUNING(value_rows), WIDE, .min = 1, .max = 24,
                                   .possible = "1, 2, 3, 4, 6, 8, 12 and 24",
                                   .only = LIST(1, 2, 3, 4, 6, 8, 12, 24),
                                   .tried = LIST(6, 8, 12, 4, 3)},
    [CLFI_PARAMETER_VALUE_VECTORS] = {TUNING(value_vectors), WIDE, .min = 1, .max = 8,
                                      .possible = "1 to 8", .tried = LIST(4, 2, 3, 1)},
    [CLFI_PARAMETER_PACKING] = {TUNING(packing), WIDE, .words = k_packings,
                                .max = CLF_PACKING_PANELS, .possible = "auto, rows and panels",
                                .tried = LIST(CLF_PACKING_PANELS, CLF_PACKING_ROWS)},
    [CLFI_PARAMETER_PREFETCH] = {TUNING(prefetch), WIDE, .words = k_prefetches,
                                 .max = CLF_PREFETCH_ON, .possible = "auto, off and on",
                                 .tried = LIST(CLF_PREFETCH_OFF, CLF_PREFETCH_ON)},
    [CLFI_PARAMETER_LOCAL_SIZE] = {TUNING(local_size), PLAIN, .min = 1, .max = 1024,
                                   .possible = "1 to 1024", .tried = LIST(64, 128, 32, 256, 16)},
};

/* Enums and ints alike are read as the int that they are. */
_Static_assert(sizeof(clf_path) == sizeof(int), "a configuration is made of ints");

static int *member(clfi_configuration *c, clfi_parameter which)
{
    return (int *)((char *)c + clfi_parameters[which].offset);
}

int clfi_configuration_get(const clfi_configuration *c, clfi_parameter which)
{
    int value;
    memcpy(&value, (const char *)c + clfi_parameters[which].offset, sizeof value);
    return value;
}

void clfi_configuration_set(clfi_configuration *c, clfi_parameter which, int value)
{
    memcpy(member(c, which), &value, sizeof value);
}

bool clfi_configuration_equal(const clfi_configuration *a, const clfi_configuration *b)
{
    for (int i = 0; i < CLFI_PARAMETERS; i++) {
        if (clfi_configuration_get(a, (clfi_parameter)i) !=
            clfi_configuration_get(b, (clfi_parameter)i))
            return false;
    }
    return true;
}

clfi_parameter clfi_parameter_find(const char *name, size_t length)
{
    int i = 0;
    while (i < CLFI_PARAMETERS && (strlen(clfi_parameters[i].name) != length ||
                                   memcmp(clfi_parameters[i].name, name, length) != 0))
        i++;
    return (clfi_parameter)i;
}

clf_family clfi_configuration_family(const clfi_configuration *c)
{
    clf_family family = c->tuning.family;
    for (int i = 0; i < CLFI_PARAMETERS && family == CLF_FAMILY_AUTO; i++) {
        if (clfi_configuration_get(c, (clfi_parameter)i))
            family = clfi_parameters[i].family;
    }
    return family;
}

/* Whether the value is 0 or one of those that are possible. */
static bool is_possible(const clfi_parameter_row *row, int value)
{
    if (value == 0 || !row->only)
        return value == 0 || (value >= row->min && value <= row->max);
    for (const int *one = row->only; *one; one++) {
        if (*one == value)
            return true;
    }
    return false;
}

clf_status clfi_configuration_check(const clfi_configuration *c, const clf_log *log)
{
    clf_status status = CLF_OK;
    const clf_family family = clfi_configuration_family(c);
    for (int i = 0; i < CLFI_PARAMETERS; i++) {
        const clfi_parameter_row *row = &clfi_parameters[i];
        const int value = clfi_configuration_get(c, (clfi_parameter)i);
        REQUIRE(is_possible(row, value), log, "tuning.%s=%d, but %s are possible", row->name, value,
                row->possible);
        REQUIRE(!value || row->family == CLF_FAMILY_AUTO || row->family == family, log,
                "tuning.%s=%d is for the %s family, but %s is asked for", row->name, value,
                k_families[row->family], k_families[family]);
    }
fail:
    return status;
}

bool clfi_parameter_value(clfi_parameter which, const char *text, size_t length, int *value)
{
    const clfi_parameter_row *row = &clfi_parameters[which];
    for (int i = 0; row->words && row->words[i]; i++) {
        *value = i;
        if (strlen(row->words[i]) == length && memcmp(row->words[i], text, length) == 0)
            return true;
    }
    if (row->words || length == 0 || length > 4)
        return false;
    *value = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *value = *value * 10 + (text[i] - '0');
    }
    return is_possible(row, *value);
}

void clfi_configuration_print(const clfi_configuration *c, char text[CLFI_CONFIGURATION_TEXT])
{
    size_t n = 0;
    text[0] = '\0';
    for (int i = 0; i < CLFI_PARAMETERS; i++) {
        const clfi_parameter_row *row = &clfi_parameters[i];
        const int value = clfi_configuration_get(c, (clfi_parameter)i);
        if (!value)
            continue;
        const char *blank = n ? " " : "";
        const size_t room = CLFI_CONFIGURATION_TEXT - n;
        n += (size_t)(row->words
                          ? snprintf(text + n, room, "%s%s=%s", blank, row->name, row->words[value])
                          : snprintf(text + n, room, "%s%s=%d", blank, row->name, value));
    }
    if (!n)
        snprintf(text, CLFI_CONFIGURATION_TEXT, "default");
}

clf_status clfi_configuration_parse(const char *text, const clf_log *log, clfi_configuration *out)
{
    clf_status status = CLF_OK;
    clfi_configuration c = {0};
    *out = c;
    if (strcmp(text, "default") == 0)
        return CLF_OK;
    for (const char *at = text; *(at += strspn(at, " ,"));) {
        const size_t length = strcspn(at, " ,"), name = strcspn(at, "= ,");
        const clfi_parameter which = clfi_parameter_find(at, name);
        int value = 0;
        REQUIRE(which != CLFI_PARAMETERS && name < length, log,
                "'%.*s' in '%s' is no parameter=value of a configuration", (int)length, at, text);
        REQUIRE(clfi_parameter_value(which, at + name + 1, length - name - 1, &value), log,
                "'%.*s', but %s are possible", (int)length, at, clfi_parameters[which].possible);
        clfi_configuration_set(&c, which, value);
        at += length;
    }
    TRY(clfi_configuration_check(&c, log));
    *out = c;
fail:
    return status;
}
