/* What `clfavor bench` says about runs and their stages: `test_bench TOOL`. Times are compared with
 * each other only, and loosely.
 *
 * Broken once and seen red: a stage left out, FLOP of D for E, a CSV field that is not quoted. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rows.h"

static tool_result result;

/* Calls, and the FLOP of a run of length L by the formulas. */
static const struct {
    const char *args;
    double H, D, E, R, M;  // H with the batch; R 0: exact
    bool causal;
} k_calls[] = {
    {"--lengths 512,1024 --heads 2", 2, 64, 64, 256, 256, false},
    {"--lengths 1024,96 --heads 1 --causal", 1, 64, 64, 256, 256, true},
    {"--lengths 512 --batch 3 --heads 2 --head-size 16 --value-size 24 --features 64 --kind cosh",
     6, 16, 24, 64, 32, false},
    {"--lengths 512 --heads 2 --value-size 32 --path exact --causal", 2, 64, 32, 0, 0, true},
};

static double flop_of(size_t call, double L)
{
    const double H = k_calls[call].H, D = k_calls[call].D, E = k_calls[call].E;
    const double R = k_calls[call].R, M = k_calls[call].M;
    const double pairs = k_calls[call].causal ? L * (L + 1) / 2 : L * L;
    if (R == 0)
        return H * 2 * (D + E) * pairs;
    return H * (2 * (2 * M * D + 2 * R * E) * L + (k_calls[call].causal ? 48 * (R + E) * L : 0));
}

static double row_flop(const json_t *row)
{
    return rows_number(row, "gflops") * rows_number(row, "median_ms") * 1e6;
}

/* A plan begins with its stages, each as "stage=family ". Writes the n-th; false beyond the last.
 */
static bool stage_name(const char *plan, int n, char name[32])
{
    for (; n > 0; n--)
        plan = strchr(plan, ' ') + 1;
    snprintf(name, 32, "%.*s", (int)strcspn(plan, "="), plan);
    return strcmp(name, "family") != 0;
}

/* FLOP of the keys whose state causal_apply goes over again: all segments but the last. */
static double again_flop(const json_t *total, size_t call)
{
    const char *plan = rows_text(total, "plan");
    const char *segments = strstr(plan, " segments="), *rows = strstr(plan, " segment_rows=");
    if (!segments || !rows)
        return NAN;
    const double keys =
        (atof(segments + strlen(" segments=")) - 1) * atof(rows + strlen(" segment_rows="));
    return k_calls[call].H * 2 * k_calls[call].R * keys * (k_calls[call].D + k_calls[call].E);
}

static bool is_total(const json_t *row, size_t call)
{
    const double flop = flop_of(call, rows_number(row, "L"));
    return strcmp(rows_text(row, "stage"), "total") == 0 &&
           rows_number(row, "fraction_of_peak") > 0 && rows_number(row, "fraction_of_copy") > 0 &&
           fabs(row_flop(row) / flop - 1) < 1e-6;
}

/* The rows of one length from `at` on: the total, and every stage of the plan in its order. Their
 * times together are of the total's order, their FLOP the total's, but for what causal_apply goes
 * over again. Returns the number of rows, or 0. */
static size_t check_rows(const json_t *rows, size_t at, size_t call)
{
    const json_t *total = json_array_get(rows, at);
    double ms = 0, launches = 0, flop = 0, again = 0;
    char name[32];
    int stages = 0;
    if (!is_total(total, call))
        return 0;
    for (; stage_name(rows_text(total, "plan"), stages, name); stages++) {
        const json_t *row = json_array_get(rows, at + 1 + (size_t)stages);
        const bool adds = strcmp(name, "state_scan") == 0;
        if (strcmp(rows_text(row, "stage"), name) != 0 ||
            rows_number(row, "L") != rows_number(total, "L") ||
            adds != json_is_null(json_object_get(row, "fraction_of_peak")) ||
            !json_is_null(json_object_get(row, "fraction_of_copy")))
            return 0;
        ms += rows_number(row, "median_ms");
        launches += rows_number(row, "launches");
        flop += adds ? 0 : row_flop(row);
        if (k_calls[call].causal && strcmp(name, "kv_state") == 0)
            again = again_flop(total, call);
    }
    const double ratio = ms / rows_number(total, "median_ms");
    printf("# L=%g: stages take %.2f of the total\n", rows_number(total, "L"), ratio);
    const bool right = ratio > 0.1 && ratio < 3 && launches == rows_number(total, "launches") &&
                       fabs((flop - again) / row_flop(total) - 1) < 1e-6;
    return right ? 1 + (size_t)stages : 0;
}

static json_t *run_json(const char *args)
{
    char text[512];
    snprintf(text, sizeof text, "bench --rounds 3 %s", args);
    return rows_run(text, &result);
}

static void check_stages(size_t call)
{
    json_t *root = run_json(k_calls[call].args);
    const json_t *rows = json_object_get(root, "results");
    size_t at = 0, lengths = 1, found = 0;
    for (const char *c = k_calls[call].args + strlen("--lengths "); *c != ' '; c++)
        lengths += *c == ',';
    for (size_t n = 1; n && at < json_array_size(rows); at += n) {
        n = check_rows(rows, at, call);
        found += n > 0;
    }
    tap(result.code == 0 && found == lengths && at == json_array_size(rows), k_calls[call].args,
        &result);
    json_decref(root);
}

static void check_csv(void)
{
    static const char args[] = "bench --rounds 3 --lengths 64,128 --heads 2 --features 16 "
                               "--kind relu --dtype bf16";
    json_t *root = rows_run(args, &result);
    rows_check_csv(args, root, &result);
    json_decref(root);
}

static void check_no_stages(void)
{
    json_t *root = run_json("--lengths 32,64 --heads 1 --no-stages --seed 18446744073709551615");
    tap(json_array_size(json_object_get(root, "results")) == 2 &&
            strcmp(rows_text(root, "seed"), "18446744073709551615") == 0,
        "no stages, and a seed", &result);
    json_decref(root);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: test_bench TOOL\n");
        return EXIT_FAILURE;
    }
    tool_begin(argv[1]);
    tool_need_device();
    for (size_t i = 0; i < sizeof k_calls / sizeof k_calls[0]; i++)
        check_stages(i);
    check_csv();
    check_no_stages();
    tool_end();
    return tap_end();
}
