/* Classes of devices, and what suits each where nothing was measured: one table. */
#ifndef CLFI_CLASSES_H
#define CLFI_CLASSES_H

#include "tune/parameters.h"

typedef struct clfi_class_row {
    const char *name;      // "cpu_16"
    const char *what;      // in words
    uint32_t float_width;  // floats of a vector, whatever the driver tells; 0: no CPU
    clfi_configuration configuration;
    const char *measured_on;  // NULL: never measured, an estimate from documents
} clfi_class_row;

extern const clfi_class_row clfi_classes[];
extern const int clfi_class_count;

/* The row of a name, or NULL. */
const clfi_class_row *clfi_class_find(const char *name);

/* The class that a device's record speaks for: by its type and its vendor's words, a CPU by the
 * width that its driver tells. Never NULL. */
const clfi_class_row *clfi_class_guess(const clf_device_info *device);

#endif
