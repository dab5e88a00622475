/* The rule of `clfavor bench --against`, without a device.
 *
 * Broken once and seen red: each limit of the rule, a sum for the product, a description compared
 * up to its first choice. */
#include "against.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

static const tool_result nothing;

static const struct {
    const char *name;
    quartiles ratio;
    bool slower;
} k_ratios[] = {
    {"clearly slower", {0.90, 0.92, 0.95}, true},
    {"just slower", {0.95, 0.9699, 0.9999}, true},
    {"a loss of 3 %", {0.96, 0.97, 0.98}, false},
    {"a loss within the spread", {0.80, 0.90, 1.00}, false},
    {"a loss of 2 %", {0.975, 0.98, 0.985}, false},
    {"equal", {1, 1, 1}, false},
    {"faster", {1.1, 1.2, 1.3}, false},
};

static const struct {
    const char *name, *a, *b;
    bool same;
} k_plans[] = {
    {"equal", "tile=48(default) path=fused", "tile=48(default) path=fused", true},
    {"from elsewhere", "family=wide(cpu) tile=48(default)", "family=wide(tuned) tile=48(class)",
     true},
    {"another first choice", "tile=24(tuned) rows=6", "tile=48(default) rows=6", false},
    {"another last choice", "tile=48(default) rows=6", "tile=48(default) rows=8", false},
    {"a choice more", "tile=48(default)", "tile=48(default) rows=8", false},
    {"a longer value", "tile=4(default)", "tile=48(default)", false},
    {"without an origin", "tile=48", "tile=48(default)", true},
    {"tuned elsewhere", "tuned_by=user tile=48", "tuned_by=default tile=48", true},
};

static const struct {
    const char *name;
    double ratios[4];
    int count;
    double mean;
} k_means[] = {
    {"mean of ones", {1, 1, 1, 1}, 4, 1},
    {"mean of one ratio", {0.5}, 1, 0.5},
    {"mean of a ratio and its inverse", {0.25, 4}, 2, 1},
    {"mean of three", {1, 2, 4}, 3, 2},
};

int main(void)
{
    for (size_t i = 0; i < sizeof k_ratios / sizeof k_ratios[0]; i++)
        tap(against_slower(k_ratios[i].ratio) == k_ratios[i].slower, k_ratios[i].name, &nothing);
    for (size_t i = 0; i < sizeof k_plans / sizeof k_plans[0]; i++)
        tap(against_same_plan(k_plans[i].a, k_plans[i].b) == k_plans[i].same &&
                against_same_plan(k_plans[i].b, k_plans[i].a) == k_plans[i].same,
            k_plans[i].name, &nothing);
    for (size_t i = 0; i < sizeof k_means / sizeof k_means[0]; i++) {
        const double mean = against_geometric_mean(k_means[i].ratios, k_means[i].count);
        tap(fabs(mean - k_means[i].mean) < 1e-15, k_means[i].name, &nothing);
    }
    tap(against_geometric_mean(k_means[0].ratios, 4) == 1, "the mean of ones is not below 1",
        &nothing);
    tap(strcmp(against_word(0), "untuned") == 0 && against_lookup(0) == CLF_LOOKUP_NONE &&
            strcmp(against_word(1), "class") == 0 && against_lookup(1) == CLF_LOOKUP_CLASS &&
            strcmp(against_word(2), "shipped") == 0 && against_lookup(2) == CLF_LOOKUP_SHIPPED &&
            !against_word(3),
        "words", &nothing);
    return tap_end();
}
