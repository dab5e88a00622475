/* Which configurations of a problem are tried, and in which order. Runs nothing.
 *
 * The space: what the rows of the kernel table that serve the problem depend on, with the values
 * that the table of parameters lists. Two configurations that make the same plan are one. One
 * thread at a time per object. */
#ifndef CLFI_SEARCH_H
#define CLFI_SEARCH_H

#include "plan_choice.h"
#include "tune/parameters.h"

typedef struct clfi_search {
    clf_plan_params problem;        // with a zero tuning
    const clf_device_info *device;  // borrowed
    bool exhaustive;
    clfi_configuration suggested[4];  // to be tried first, after what they were given
    int suggestions;
    clfi_configuration *seen;  // all that were proposed, and the default, resolved
    int seen_count, seen_room;
    clfi_configuration best;  // of those told, the default at first
    double best_ratio;
    int phase, at;     // where it stands
    int family;        // in the product: the family,
    uint64_t product;  // and its points that were looked at
    uint64_t draws;    // random numbers that were taken
} clfi_search;

/* `problem` must be one that clfi_shape_init takes, its path AUTO to search all paths. */
void clfi_search_init(clfi_search *s, const clf_plan_params *problem, const clf_device_info *device,
                      bool exhaustive);
void clfi_search_finish(clfi_search *s);

/* A configuration that is tried before others; nothing if it is the default, or no plan takes it.
 * At most 4. */
void clfi_search_suggest(clfi_search *s, const clfi_configuration *c);

/* The next one that was not proposed before and that a plan takes, the default never. Suggestions
 * come first, then single steps from the default, then steps from the best and random points, or
 * all of the space. False: there is none, or no memory to remember it. */
bool clfi_search_next(clfi_search *s, clfi_configuration *out);

/* What came of it: the default's time over its own; 0 if it failed. */
void clfi_search_tell(clfi_search *s, const clfi_configuration *c, double ratio);

/* How many there are in all, the default not counted. Takes up to a second. */
int64_t clfi_search_size(const clfi_search *s);

/* The plan that a configuration makes of the problem, as a configuration that leaves nothing open;
 * what no kernel of that plan depends on is 0. False: no plan takes it. */
bool clfi_search_resolve(const clfi_search *s, const clfi_configuration *c,
                         clfi_configuration *out);

#endif
