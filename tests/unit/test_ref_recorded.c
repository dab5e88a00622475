/* The reference's presets against what the packages themselves put out: every recorded case of
 * tests/data/presets. */
#include "support.h"

#include "../support/recorded.h"

/* Relative to max|v|: the packages compute in fp32. */
static const double k_tolerance = 2e-6;

/* The worst difference of a case, relative to max|v|. */
static double worst_difference(const recorded *c)
{
    const clfi_problem *p = &c->problem;
    double worst = 0;
    int64_t index[128];
    double out[128 * 8], condition[128];
    ck_assert(p->L <= 128 && p->E <= 8);
    for (int i = 0; i < 128; i++)
        index[i] = i;
    const clfi_rows rows = {.count = p->L, .index = index};
    const clfi_judgement judgement = {.out = out, .condition = condition};
    for (int64_t head = 0; head < p->B * p->H; head++) {
        ck_assert_int_eq(clfi_ref_favor(p, head / p->H, head % p->H, &rows, &judgement), CLF_OK);
        for (int64_t n = 0; n < p->L * p->E; n++) {
            const double difference = fabs(out[n] - c->out[head * p->L * p->E + n]);
            if (condition[n / p->E] > 0 || out[n] == 0)
                worst = fmax(worst, difference / c->unit);
        }
    }
    return worst;
}

static void judge_case(const char *name, const recorded *c, void *user)
{
    (void)user;
    const double worst = worst_difference(c);
    printf("%-48s %.1e\n", name, worst);
    ck_assert_msg(worst <= k_tolerance, "%s differs by %g of max|v|", name, worst);
}

START_TEST(packages_are_reproduced)
{
    ck_assert_int_ge(recorded_each(judge_case, NULL), 40);
}
END_TEST

RUN_TESTS("ref-recorded", packages_are_reproduced)
