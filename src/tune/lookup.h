/* Where a plan's parameters come from: what the user tuned, what is shipped, the device's class.
 * Never measures anything. */
#ifndef CLFI_LOOKUP_H
#define CLFI_LOOKUP_H

#include "tune/database.h"

/* What was read of the files, for the life of a context. Safe: it locks itself. */
typedef struct clfi_tables clfi_tables;
clfi_tables *clfi_tables_create(void);  // NULL without memory; reads nothing yet
void clfi_tables_destroy(clfi_tables *tables);

/* Reads the user's database again at the next lookup. */
void clfi_tables_forget(clfi_tables *tables);

/* What is not printable ASCII becomes '?', a name that is NULL "". The target is that of CPUs. */
void clfi_identity_init(clfi_identity *out, const clf_device_info *device);

/* "causal map=single D=64 E=64 R=256 rows=long heads=many", and so on: shapes that the same
 * parameters suit.
 *   exact | exact causal | causal | bidirectional
 *   map    deterministic, structured (W by fast transforms), pair (two features a projection) or
 *          single; not of exact attention, nor is R
 *   D E R  rounded up to 16 32 48 64 80 96 128 192 256 384 512 768 1024 2048 4096 ..
 *   rows   of the longer of L and S: few (up to 16: no full vector), short (256), medium (1024:
 *          segments begin to pay), long
 *   heads  few: less than four sums over keys to a compute unit, so that the last ones leave units
 *          idle and cutting them into segments may pay; many
 *   stabilised  with a pass over the keys for their largest feature; at the end, where it is so */
void clfi_shape_class(const clfi_shape *shape, const clf_device_info *device, char text[96]);

void clfi_key_init(clfi_key *out, const clfi_shape *shape, const clf_device_info *device);

/* What a plan is told that is told nothing. */
typedef struct clfi_found {
    clfi_configuration configuration;  // zero: nothing
    char from[48];  // "user", "user_hint", "shipped", "shipped_hint", "class_cpu_16", "default"
    bool measured;  // a result: what it leaves open was left to the device's record
    uint32_t float_width;  // floats of a vector, where a database has the device's class: some
                           // drivers do not tell the truth; 0: not known
} clfi_found;

/* The first of these that there is: the user's result of this very key, the user's of another
 * driver or other kernels (a hint, which an INFO message tells), the same two of what is shipped,
 * what the class sets, nothing. `from` leaves out the levels before it. The class is what the
 * user's database says of the device, whatever `from`, else the shipped one, else
 * clfi_class_guess.
 *
 * Never fails: what cannot be read is as if it were not there, with a DEBUG message. The path of a
 * configuration is EXACT only where the shape's is; it may be CLBLAST where that cannot serve. */
void clfi_lookup(clfi_tables *tables, clf_lookup from, const clfi_shape *shape,
                 const clf_device_info *device, const clf_log *log, clfi_found *out);

/* The same in two databases. */
void clfi_lookup_in(const clfi_database *user, const clfi_database *shipped, clf_lookup from,
                    const clfi_key *key, const clf_device_info *device, const clf_log *log,
                    clfi_found *out);

#endif
