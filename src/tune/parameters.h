/* Configurations: what a plan can be told, as one table of parameters. Ranges, names, texts, JSON
 * and the space that is searched all come from its rows. Everything here is Safe. */
#ifndef CLFI_PARAMETERS_H
#define CLFI_PARAMETERS_H

#include <clfavor/attention.h>

/* A point of the space. All zero: everything is left to the plan. */
typedef struct clfi_configuration {
    clf_path path;
    clf_tuning tuning;
} clfi_configuration;

typedef enum clfi_parameter {
    CLFI_PARAMETER_PATH = 0,
    CLFI_PARAMETER_FAMILY,
    CLFI_PARAMETER_VECTOR_WIDTH,
    CLFI_PARAMETER_TILE_ROWS,
    CLFI_PARAMETER_SEGMENTS,
    CLFI_PARAMETER_PROJECT_ROWS,
    CLFI_PARAMETER_VALUE_ROWS,
    CLFI_PARAMETER_VALUE_VECTORS,
    CLFI_PARAMETER_PACKING,
    CLFI_PARAMETER_PREFETCH,
    CLFI_PARAMETER_LOCAL_SIZE,
    CLFI_PARAMETERS
} clfi_parameter;

typedef struct clfi_parameter_row {
    const char *name;          // "vector_width"
    clf_family family;         // the only one that has it; AUTO: all
    size_t offset;             // of its int in clfi_configuration
    const char *const *words;  // of the values from 0 on, NULL at the end; NULL: a number
    int min, max;              // of a number that is not 0
    const char *possible;      // the values in words, for messages
    const int *only;           // the values that are possible, 0 at the end; NULL: min to max
    const int *tried;          // those that a search tries beside 0 (the plan's choice), 0 at the
                               // end
} clfi_parameter_row;

extern const clfi_parameter_row clfi_parameters[CLFI_PARAMETERS];

int clfi_configuration_get(const clfi_configuration *c, clfi_parameter which);
void clfi_configuration_set(clfi_configuration *c, clfi_parameter which, int value);
bool clfi_configuration_equal(const clfi_configuration *a, const clfi_configuration *b);

/* The parameter of a name, or CLFI_PARAMETERS. `length` bytes of `name` count. */
clfi_parameter clfi_parameter_find(const char *name, size_t length);

/* The value that a text of `length` bytes stands for: a word, or a number. False: none. */
bool clfi_parameter_value(clfi_parameter which, const char *text, size_t length, int *value);

/* The family that a configuration asks for, be it by a parameter that only one has; else AUTO. */
clf_family clfi_configuration_family(const clfi_configuration *c);

/* Whether each value is possible by itself, on some device. Errors: INVALID_ARGUMENT; the message
 * names parameter, value and limits. */
clf_status clfi_configuration_check(const clfi_configuration *c, const clf_log *log);

/* "family=wide vector_width=8": what is not zero, or "default". At most CLFI_CONFIGURATION_TEXT
 * bytes with the terminator. */
#define CLFI_CONFIGURATION_TEXT 256
void clfi_configuration_print(const clfi_configuration *c, char text[CLFI_CONFIGURATION_TEXT]);

/* The same backwards, parameters in any order. Errors: INVALID_ARGUMENT. */
clf_status clfi_configuration_parse(const char *text, const clf_log *log, clfi_configuration *out);

#endif
