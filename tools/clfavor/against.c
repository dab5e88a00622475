/* Judges ratios of times. Measures nothing.
 *
 * Invariant: a ratio is the other's time over this one's: above 1 where this one is the faster. */
#include "against.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static const struct {
    const char *word;
    clf_lookup lookup;
} k_words[] = {
    {"untuned", CLF_LOOKUP_NONE},
    {"class", CLF_LOOKUP_CLASS},
    {"shipped", CLF_LOOKUP_SHIPPED},
};
static const double k_least_median = 0.97;

const char *against_word(int index)
{
    const size_t words = sizeof k_words / sizeof k_words[0];
    return (size_t)index < words ? k_words[index].word : NULL;
}

clf_lookup against_lookup(int index)
{
    return k_words[index].lookup;
}

bool against_same_plan(const char *a, const char *b)
{
    for (;;) {
        const size_t length = strcspn(a, "(");
        if (length != strcspn(b, "(") || memcmp(a, b, length) != 0)
            return false;
        a += length;
        b += length;
        if (*a == '\0' || *b == '\0')
            return *a == *b;
        a += strcspn(a, ")");
        b += strcspn(b, ")");
    }
}

bool against_slower(quartiles ratio)
{
    return ratio.median < k_least_median && ratio.q3 < 1;
}

double against_geometric_mean(const double *ratios, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += log(ratios[i]);
    return exp(sum / count);
}
