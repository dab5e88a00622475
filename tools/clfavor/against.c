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

/* The next word of a description but that of where its parameters came from; its length without
 * such a remark. */
static const char *next_word(const char *at, size_t *length)
{
    static const char source[] = "tuned_by=";
    at += strspn(at, " ");
    while (strncmp(at, source, sizeof source - 1) == 0) {
        at += strcspn(at, " ");
        at += strspn(at, " ");
    }
    *length = strcspn(at, " (");
    return at;
}

bool against_same_plan(const char *a, const char *b)
{
    for (;;) {
        size_t length_a, length_b;
        a = next_word(a, &length_a);
        b = next_word(b, &length_b);
        if (length_a != length_b || memcmp(a, b, length_a) != 0)
            return false;
        if (length_a == 0)
            return true;
        a += strcspn(a, " ");
        b += strcspn(b, " ");
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
