/* A greedy covering array. Rows are not the fewest possible; they are few.
 *
 * Invariant: each row holds at least one pair that no row before it held. */
#include "pairwise.h"

static int number_of(const pairwise *p, int factor, int level)
{
    for (int f = 0; f < factor; f++)
        level += p->levels[f];
    return level;
}

static bool is_possible(const pairwise *p, int f, int a, int g, int b)
{
    if (!p->possible)
        return true;
    return f < g ? p->possible(f, a, g, b) : p->possible(g, b, f, a);
}

static bool find_unseen(const pairwise *p, int row[PAIRWISE_FACTORS])
{
    for (int f = 0; f < p->factors; f++)
        row[f] = -1;
    for (int f = 0; f < p->factors; f++)
        for (int g = f + 1; g < p->factors; g++)
            for (int a = 0; a < p->levels[f]; a++)
                for (int b = 0; b < p->levels[g]; b++)
                    if (!p->seen[number_of(p, f, a)][number_of(p, g, b)] &&
                        is_possible(p, f, a, g, b)) {
                        row[f] = a;
                        row[g] = b;
                        return true;
                    }
    return false;
}

/* Pairs not seen yet that level `level` of `factor` makes with the levels already in the row; -1
 * when one of its pairs is impossible. */
static int gain(const pairwise *p, const int row[PAIRWISE_FACTORS], int factor, int level)
{
    const int a = number_of(p, factor, level);
    int count = 0;
    for (int g = 0; g < p->factors; g++) {
        if (g == factor || row[g] < 0)
            continue;
        if (!is_possible(p, factor, level, g, row[g]))
            return -1;
        const int b = number_of(p, g, row[g]);
        count += !(g < factor ? p->seen[b][a] : p->seen[a][b]);
    }
    return count;
}

/* Equally good levels take turns. */
static int best_level(const pairwise *p, const int row[PAIRWISE_FACTORS], int factor)
{
    const int levels = p->levels[factor];
    int best = p->rows % levels;
    for (int n = 1; n < levels; n++) {
        const int level = (p->rows + n) % levels;
        if (gain(p, row, factor, level) > gain(p, row, factor, best))
            best = level;
    }
    return best;
}

bool pairwise_next(pairwise *p, int row[PAIRWISE_FACTORS])
{
    if (!find_unseen(p, row))
        return false;
    for (int f = 0; f < p->factors; f++)
        if (row[f] < 0)
            row[f] = best_level(p, row, f);
    for (int f = 0; f < p->factors; f++)
        for (int g = f + 1; g < p->factors; g++)
            p->seen[number_of(p, f, row[f])][number_of(p, g, row[g])] = true;
    p->rows++;
    return true;
}

bool product_next(const pairwise *p, int row[PAIRWISE_FACTORS])
{
    for (int f = 0; f < p->factors; f++) {
        if (++row[f] < p->levels[f])
            return true;
        row[f] = 0;
    }
    return false;
}
