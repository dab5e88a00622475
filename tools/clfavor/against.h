/* The rule by which one plan is held against another, and the words for the other one. */
#ifndef TOOL_AGAINST_H
#define TOOL_AGAINST_H

#include <stdbool.h>

#include <clfavor/attention.h>

#include "measure.h"

/* The words of --against, NULL beyond the last, and what each of them means. */
const char *against_word(int index);
clf_lookup against_lookup(int index);

/* Whether two descriptions are of one plan, wherever its choices came from: what stands in
 * parentheses does not count. */
bool against_same_plan(const char *a, const char *b);

/* Whether a plan is slower than the other, by the ratios of the other's times to its own, round by
 * round: a loss of more than 3 %, and one that the spread of the rounds does not explain. */
bool against_slower(quartiles ratio);

/* The geometric mean of `count` >= 1 ratios; 1, to the last bit, of ones. */
double against_geometric_mean(const double *ratios, int count);

#endif
