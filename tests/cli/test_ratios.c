/* `clfavor bench --against`: what it says of plans that are the same and of plans that differ, in
 * all outputs: `test_ratios TOOL`. How long anything takes is not judged; that the verdicts follow
 * from the figures beside them is.
 *
 * Broken once and seen red: the ratio upside down, quartiles in the wrong order, the exit code of a
 * slower line, the tuning of this plan given to the other, a mean of the times. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rows.h"

#define SMALL "bench --lengths 256,200 --heads 2 --features 32 --rounds 4"

enum {
    LENGTHS = 2,
    MISSED = 1  // the exit code
};

static tool_result result;

static bool is_text(const json_t *row, const char *name, const char *text)
{
    return strcmp(rows_text(row, name), text) == 0;
}

static void check_without(void)
{
    static const char *const members[] = {"other_median_ms", "ratio_median", "ratio_q1",
                                          "ratio_q3",        "verdict",      "other_plan"};
    json_t *root = rows_run(SMALL, &result);
    const json_t *row = json_array_get(json_object_get(root, "results"), 0);
    bool right = result.code == 0 && json_is_null(json_object_get(root, "against")) &&
                 json_is_null(json_object_get(root, "ratio_geometric_mean"));
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        right = right && json_is_null(json_object_get(row, members[i]));
    tap(right, "nothing to compare with", &result);
    json_decref(root);
}

/* The vector width that a description begins to tell, 0 when it does not. */
static int width_of(const json_t *row, const char *member)
{
    const char *at = strstr(rows_text(row, member), " vector_width=");
    return at ? atoi(at + strlen(" vector_width=")) : 0;
}

/* Whether the figures of a total, whose plans differ, agree with each other. */
static bool is_consistent(const json_t *row)
{
    const double q1 = rows_number(row, "ratio_q1"), median = rows_number(row, "ratio_median");
    const double q3 = rows_number(row, "ratio_q3"), other = rows_number(row, "other_median_ms");
    const bool slower = median < 0.97 && q3 < 1;
    // The ratio of medians and the median of ratios lie in the same range of rounds.
    const double medians = other / rows_number(row, "median_ms");
    return 0 < q1 && q1 <= median && median <= q3 && medians > q1 / 4 && medians < q3 * 4 &&
           is_text(row, "verdict", slower ? "slower" : "");
}

static bool is_same(const json_t *row)
{
    return is_text(row, "verdict", "same plan") && *rows_text(row, "other_plan") &&
           json_is_null(json_object_get(row, "other_median_ms")) &&
           rows_number(row, "ratio_q1") == 1 && rows_number(row, "ratio_median") == 1 &&
           rows_number(row, "ratio_q3") == 1;
}

/* Plans that a user without results of tuning gets, against those of a word. Only "shipped" is
 * certain to give the same. */
static void check_word(const char *word)
{
    char args[256];
    const json_t *totals[LENGTHS];
    snprintf(args, sizeof args, SMALL " --against %s", word);
    json_t *root = rows_run(args, &result);
    const size_t count = rows_totals(root, totals, LENGTHS);
    bool right = count == LENGTHS && is_text(root, "against", word), same = true;
    for (size_t i = 0; i < count; i++) {
        right = right && (is_same(totals[i]) || is_consistent(totals[i]));
        same = same && is_same(totals[i]);
    }
    if (same)
        right = right && result.code == 0 && result.err[0] == '\0' &&
                rows_number(root, "ratio_geometric_mean") == 1;
    tap(right && (same || strcmp(word, "shipped") != 0), args, &result);
    json_decref(root);
}

/* Widths that are forced on this plan: at least one is not what the other takes by itself. */
static json_t *run_differing(char args[256])
{
    static const int widths[] = {4, 16};
    const json_t *total = NULL;
    for (int i = 0; i < 2; i++) {
        snprintf(args, 256, SMALL " --vector-width %d --against untuned", widths[i]);
        json_t *root = rows_run(args, &result);
        if (rows_totals(root, &total, 1) == 1 && width_of(total, "plan") == widths[i] &&
            width_of(total, "other_plan") && width_of(total, "other_plan") != widths[i])
            return root;
        json_decref(root);
    }
    return NULL;
}

static void check_differing(void)
{
    char args[256];
    const json_t *totals[LENGTHS];
    json_t *root = run_differing(args);
    const size_t count = rows_totals(root, totals, LENGTHS);
    const double mean = rows_number(root, "ratio_geometric_mean");
    bool right = count == LENGTHS;
    double product = 1;
    int slower = 0;
    for (size_t i = 0; i < count; i++) {
        right = right && is_consistent(totals[i]);
        product *= rows_number(totals[i], "ratio_median");
        slower += is_text(totals[i], "verdict", "slower");
    }
    tap(right, "plans that differ", &result);
    tap(fabs(mean / sqrt(product) - 1) < 1e-6, "geometric mean", &result);
    const bool missed = slower > 0 || mean < 1;
    tap(result.code == (missed ? MISSED : 0) &&
            (slower > 0) == (strstr(result.err, "plans are slower") != NULL) &&
            (mean < 1) == (strstr(result.err, "geometric mean") != NULL),
        "exit code and messages", &result);
    rows_check_csv(args, root, &result);
    json_decref(root);
}

/* The row of a table that begins with `label`: its ratio and quartiles, and the verdict. */
static bool read_row(const char *table, const char *label, double ratio[3], char verdict[32])
{
    char line[32];
    snprintf(line, sizeof line, "\n%s ", label);
    const char *at = table ? strstr(table, line) : NULL;
    verdict[0] = '\0';
    return at && sscanf(at + strlen(line), "%*f %lf %lf to %lf %31[a-z ]", &ratio[1], &ratio[0],
                        &ratio[2], verdict) >= 3;
}

static void check_text(void)
{
    char args[256], verdict[32], line[16];
    double ratio[3], mean = 1, product = 1;
    json_decref(run_differing(args));
    tool_run(&(tool_call){.args = args}, &result);
    const char *table = strstr(result.out, "\nagainst untuned: ");
    const char *last = table ? strstr(table, "\ngeometric mean ") : NULL;
    bool right = tool_fits(result.out) && strstr(result.out, "\nagainst:\n") && last &&
                 sscanf(last, " geometric mean %lf", &mean) == 1;
    for (int i = 0; i < LENGTHS; i++) {
        snprintf(line, sizeof line, "L=%d", i ? 200 : 256);
        right = right && read_row(table, line, ratio, verdict) && ratio[0] <= ratio[1] &&
                ratio[1] <= ratio[2] &&
                (strstr(verdict, "slower") == NULL || (ratio[1] < 0.971 && ratio[2] < 1.001));
        product *= right ? ratio[1] : 0;
    }
    tap(right && fabs(mean / sqrt(product) - 1) < 0.02, "text of plans that differ", &result);
    tool_run(&(tool_call){.args = "bench --lines one-row --rounds 1 --against shipped"}, &result);
    tap(result.code == 0 && tool_fits(result.out) &&
            strstr(result.out, "\none-row                        -   1.000") &&
            strstr(result.out, "  same plan\ngeometric mean                     1.000\n") &&
            !strstr(result.out, "\nagainst:\n"),
        "text of the same plan", &result);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: test_ratios TOOL\n");
        return EXIT_FAILURE;
    }
    setenv("XDG_DATA_HOME", "/nonexistent", 1);  // what the user tuned
    tool_begin(argv[1]);
    tool_need_device();
    check_without();
    check_word("untuned");
    check_word("class");
    check_word("shipped");
    check_differing();
    check_text();
    tool_end();
    return tap_end();
}
