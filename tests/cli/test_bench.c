/* What `clfavor bench` says about runs and their stages: `test_bench TOOL`. Times are compared with
 * each other only, and loosely.
 *
 * Broken once and seen red: a stage left out, FLOP of D for E, a CSV field that is not quoted. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "tool.h"

enum {
    MAX_FIELDS = 64
};

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

static const char *text_of(const json_t *row, const char *name)
{
    const char *text = json_string_value(json_object_get(row, name));
    return text ? text : "";
}

static double number_of(const json_t *row, const char *name)
{
    const json_t *value = json_object_get(row, name);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static double row_flop(const json_t *row)
{
    return number_of(row, "gflops") * number_of(row, "median_ms") * 1e6;
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
    const char *plan = text_of(total, "plan");
    const char *segments = strstr(plan, " segments="), *rows = strstr(plan, " segment_rows=");
    if (!segments || !rows)
        return NAN;
    const double keys =
        (atof(segments + strlen(" segments=")) - 1) * atof(rows + strlen(" segment_rows="));
    return k_calls[call].H * 2 * k_calls[call].R * keys * (k_calls[call].D + k_calls[call].E);
}

static bool is_total(const json_t *row, size_t call)
{
    const double flop = flop_of(call, number_of(row, "L"));
    return strcmp(text_of(row, "stage"), "total") == 0 && number_of(row, "fraction_of_peak") > 0 &&
           number_of(row, "fraction_of_copy") > 0 && fabs(row_flop(row) / flop - 1) < 1e-6;
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
    for (; stage_name(text_of(total, "plan"), stages, name); stages++) {
        const json_t *row = json_array_get(rows, at + 1 + (size_t)stages);
        const bool adds = strcmp(name, "state_scan") == 0;
        if (strcmp(text_of(row, "stage"), name) != 0 ||
            number_of(row, "L") != number_of(total, "L") ||
            adds != json_is_null(json_object_get(row, "fraction_of_peak")) ||
            !json_is_null(json_object_get(row, "fraction_of_copy")))
            return 0;
        ms += number_of(row, "median_ms");
        launches += number_of(row, "launches");
        flop += adds ? 0 : row_flop(row);
        if (k_calls[call].causal && strcmp(name, "kv_state") == 0)
            again = again_flop(total, call);
    }
    const double ratio = ms / number_of(total, "median_ms");
    printf("# L=%g: stages take %.2f of the total\n", number_of(total, "L"), ratio);
    const bool right = ratio > 0.1 && ratio < 3 && launches == number_of(total, "launches") &&
                       fabs((flop - again) / row_flop(total) - 1) < 1e-6;
    return right ? 1 + (size_t)stages : 0;
}

static json_t *run_json(const char *args)
{
    char text[512];
    snprintf(text, sizeof text, "bench --rounds 3 --json %s", args);
    tool_run(&(tool_call){.args = text}, &result);
    return json_loads(result.out, JSON_REJECT_DUPLICATES, NULL);
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

/* Cuts a line of CSV into its fields, in place; the next line, or NULL at the end. */
static char *split_line(char *line, char *fields[MAX_FIELDS], int *count)
{
    char *to = line;
    bool quoted = false;
    *count = 0;
    fields[(*count)++] = to;
    for (; *line && (quoted || *line != '\n'); line++) {
        if (*line == '"' && quoted && line[1] == '"')
            *to++ = *line++;
        else if (*line == '"')
            quoted = !quoted;
        else if (*line == ',' && !quoted && *count < MAX_FIELDS) {
            *to++ = '\0';
            fields[(*count)++] = to;
        } else
            *to++ = *line;
    }
    char *next = *line ? line + 1 : NULL;
    *to = '\0';
    return next;
}

/* The names of the columns: those of the root but arrays, then those of a row. */
static int column_names(json_t *root, json_t *row, char names[MAX_FIELDS][64])
{
    json_t *const objects[] = {root, row};
    const char *key, *part;
    json_t *value, *inner;
    int count = 0;
    for (int i = 0; i < 2; i++) {
        json_object_foreach(objects[i], key, value)
        {
            if (json_is_array(value))
                continue;
            if (!json_is_object(value))
                snprintf(names[count++], 64, "%s", key);
            json_object_foreach(value, part, inner)
                snprintf(names[count++], 64, "%s_%s", key, part);
        }
    }
    return count;
}

/* Whether a field is the member of the row, or else of the root: the same text or number, or there
 * at all for what was measured anew. */
static bool same_field(const json_t *root, const json_t *row, const char *name, const char *field)
{
    const json_t *own = json_object_get(row, name);
    const json_t *value = own ? own : json_object_get(root, name);
    char text[32] = "";
    if (json_is_string(value))
        return strcmp(json_string_value(value), field) == 0;
    if (json_is_real(value))
        return atof(field) > 0;
    if (json_is_integer(value))
        snprintf(text, sizeof text, "%lld", (long long)json_integer_value(value));
    if (json_is_boolean(value))
        snprintf(text, sizeof text, "%s", json_is_true(value) ? "true" : "false");
    return !value || strcmp(text, field) == 0;
}

static void check_csv(void)
{
    static const char args[] = "--lengths 64,128 --heads 2 --features 16 --kind relu --dtype bf16";
    char names[MAX_FIELDS][64], text[512], *fields[MAX_FIELDS];
    json_t *root = run_json(args);
    json_t *rows = json_object_get(root, "results");
    const int columns = column_names(root, json_array_get(rows, 0), names);
    int count;
    snprintf(text, sizeof text, "bench --rounds 3 --csv %s", args);
    tool_run(&(tool_call){.args = text}, &result);
    char *copy = strdup(result.out);
    char *line = split_line(copy, fields, &count);
    bool right = result.code == 0 && columns > 0 && count == columns;
    for (int i = 0; right && i < columns; i++)
        right = strcmp(fields[i], names[i]) == 0;
    tap(right, "CSV has the columns of JSON", &result);
    for (size_t i = 0; right && i < json_array_size(rows); i++) {
        line = line ? split_line(line, fields, &count) : NULL;
        right = line && count == columns;
        for (int j = 0; right && j < columns; j++)
            right = same_field(root, json_array_get(rows, i), names[j], fields[j]);
    }
    tap(right && *line == '\0', "CSV has the rows of JSON", &result);
    free(copy);
    json_decref(root);
}

static void check_no_stages(void)
{
    json_t *root = run_json("--lengths 32,64 --heads 1 --no-stages --seed 18446744073709551615");
    tap(json_array_size(json_object_get(root, "results")) == 2 &&
            strcmp(text_of(root, "seed"), "18446744073709551615") == 0,
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
