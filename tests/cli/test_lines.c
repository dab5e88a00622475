/* Named lines of `clfavor bench`: which a text selects, what they are, and that all of them run:
 * `test_lines TOOL`. Figures of different versions are compared by these names, so a line that
 * changed is an error.
 *
 * Broken once and seen red: a line without its causal flag, R of another line, a text that must be
 * the beginning of a name, a whole name that selects longer ones too. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rows.h"

static tool_result result;

static const struct {
    const char *name;
    double H, L, D, E, R;
    const char *kind, *dtype, *path;
    bool causal;
} k_lines[] = {
    {"bidirectional-512", 8, 512, 64, 64, 256, "exp", "f32", "fused", false},
    {"bidirectional-4096", 8, 4096, 64, 64, 256, "exp", "f32", "fused", false},
    {"bidirectional-16384", 8, 16384, 64, 64, 256, "exp", "f32", "fused", false},
    {"causal-512", 8, 512, 64, 64, 256, "exp", "f32", "fused", true},
    {"causal-4096", 8, 4096, 64, 64, 256, "exp", "f32", "fused", true},
    {"causal-16384", 8, 16384, 64, 64, 256, "exp", "f32", "fused", true},
    {"cosh-4096", 8, 4096, 64, 64, 256, "cosh", "f32", "fused", false},
    {"structured-4096", 8, 4096, 64, 64, 256, "exp", "f32", "fused", false},
    {"bf16-4096", 8, 4096, 64, 64, 256, "exp", "bf16", "fused", false},
    {"f16-4096", 8, 4096, 64, 64, 256, "exp", "f16", "fused", false},
    {"exact-1024", 8, 1024, 64, 64, 0, "softmax", "f32", "exact", false},
    {"exact-1024-causal", 8, 1024, 64, 64, 0, "softmax", "f32", "exact", true},
    {"head128-4096", 8, 4096, 128, 128, 512, "exp", "f32", "fused", false},
    {"head128-4096-causal", 8, 4096, 128, 128, 512, "exp", "f32", "fused", true},
    {"head32-4096", 8, 4096, 32, 32, 128, "exp", "f32", "fused", false},
    {"head80-4096", 8, 4096, 80, 80, 266, "exp", "f32", "fused", false},
    {"value128-4096", 8, 4096, 64, 128, 256, "exp", "f32", "fused", false},
    {"one-row", 8, 1, 64, 64, 256, "exp", "f32", "fused", false},
    {"one-row-causal", 8, 1, 64, 64, 256, "exp", "f32", "fused", true},
    {"one-head-16384", 1, 16384, 64, 64, 256, "exp", "f32", "fused", false},
    {"one-head-16384-causal", 1, 16384, 64, 64, 256, "exp", "f32", "fused", true},
};
enum {
    LINES = sizeof k_lines / sizeof k_lines[0]
};

/* Whether a row is of the i-th line and has its shape. The plan tells what JSON does not. */
static bool is_line(const json_t *row, size_t i)
{
    const char *plan = rows_text(row, "plan");
    const bool structured = strstr(k_lines[i].name, "structured") != NULL;
    const double sizes[] = {
        1, k_lines[i].H, k_lines[i].L, k_lines[i].L, k_lines[i].D, k_lines[i].E, k_lines[i].R};
    bool right = rows_number(row, "median_ms") > 0 &&
                 structured == (strstr(plan, "projection=structured") != NULL);
    for (int j = 0; j < 7; j++)
        right = right && rows_number(row, (const char *[]){"B", "H", "L", "S", "D", "E", "R"}[j]) ==
                             sizes[j];
    return right && strcmp(rows_text(row, "line"), k_lines[i].name) == 0 &&
           strcmp(rows_text(row, "kind"), k_lines[i].kind) == 0 &&
           strcmp(rows_text(row, "dtype"), k_lines[i].dtype) == 0 &&
           strcmp(rows_text(row, "path"), k_lines[i].path) == 0 &&
           json_is_true(json_object_get(row, "causal")) == k_lines[i].causal;
}

static void check_all(void)
{
    json_t *root = rows_run("bench --lines all --rounds 1 --no-stages", &result);
    const json_t *rows = json_object_get(root, "results");
    tap(result.code == 0 && json_array_size(rows) == LINES, "all lines run", &result);
    for (size_t i = 0; i < LINES; i++)
        tap(is_line(json_array_get(rows, i), i), k_lines[i].name, &result);
    json_decref(root);
}

/* A text, and the lines that it selects, parted by spaces. */
static void check_selected(const char *text, const char *names)
{
    const json_t *totals[LINES];
    char args[128], found[512] = "";
    snprintf(args, sizeof args, "bench --lines %s --rounds 2", text);
    json_t *root = rows_run(args, &result);
    const size_t count = rows_totals(root, totals, LINES);
    size_t used = 0;
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(found + used, sizeof found - used, "%s%s", i ? " " : "",
                                 rows_text(totals[i], "line"));
    tap(result.code == 0 && strcmp(found, names) == 0, text, &result);
    json_decref(root);
}

static void check_outputs(void)
{
    static const char args[] = "bench --lines one-row --rounds 2 --seed 3";
    json_t *root = rows_run(args, &result);
    rows_check_csv(args, root, &result);
    tool_run(&(tool_call){.args = args}, &result);
    tap(result.code == 0 && tool_fits(result.out) &&
            strstr(result.out, "lines   1 for 'one-row', 2 rounds\n") &&
            strstr(result.out, "\none-row  ") && strstr(result.out, "\n  kv_state  ") &&
            strstr(result.out, "\nplan of one-row,"),
        "text of a line", &result);
    json_decref(root);
}

static void check_unnamed(void)
{
    json_t *root = rows_run("bench --lengths 16 --heads 1 --rounds 1 --no-stages", &result);
    const json_t *row = json_array_get(json_object_get(root, "results"), 0);
    tap(result.code == 0 && json_is_null(json_object_get(row, "line")), "a length has no name",
        &result);
    json_decref(root);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: test_lines TOOL\n");
        return EXIT_FAILURE;
    }
    tool_begin(argv[1]);
    tool_need_device();
    check_all();
    check_selected("one-row", "one-row");
    check_selected("ne-row", "one-row one-row-causal");
    check_outputs();
    check_unnamed();
    tool_end();
    return tap_end();
}
