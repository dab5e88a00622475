/* What the tool prints and writes: JSON that parses and has its members, lines of 80 columns, no
 * escape codes off a terminal, the same result by every way to the same tensors, and a man page
 * that knows every option: `test_output TOOL MANPAGE`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "fixtures.h"
#include "tool.h"

#define ATTEND "attend --q q_2x5x8.npy --k k_2x7x8.npy --v v_2x7x6.npy --features 16"
#define X4     "attend --q x_5x4.npy --k x_5x4.npy --v x_5x4.npy --features 16"
#define SHORT  "attend --q q_2x1x2x8.npy --k k_2x1x7x8.npy --v k_2x1x7x8.npy --features 16"
#define BENCH  "bench --lengths 64,96 --rounds 2 --heads 2 --head-size 8 --features 16"

static tool_result result;

static const char *const k_texts[] = {
    "--help",
    "devices",
    "devices --help",
    "attend --help",
    "verify --help",
    "projection --help",
    "bench --help",
    "demo --help",
    ATTEND " --compare --kind oprf --mask m_7.npy",
    "attend --q q_4x5x8.npy --k k_2x7x8.npy --v v_2x7x6.npy --path exact --compare",
    "verify --only tile",
    BENCH,
    BENCH " --causal --no-stages --batch 2 --value-size 12",
    "bench --lengths 64 --rounds 2 --heads 2 --head-size 8 --path exact --dtype bf16",
    "demo --svg chart.svg",
};

/* JSON of a command: its schema, and the members (name and type as in json_unpack) of the object
 * itself or of the first one of an array in it. */
static const struct {
    const char *args, *schema, *array, *members;
} k_json[] = {
    {"devices --json", "clfavor-devices/1", NULL, "devices:[ chosen:i reason:s"},
    {"devices --json", "clfavor-devices/1", "devices",
     "index:i platform_index:i device_index:i type:s name:s vendor:s platform:s driver:s "
     "compute_units:i global_mem_bytes:i chosen:b"},
    {ATTEND " --compare --json", "clfavor-attend/1", NULL,
     "device:s driver:s B:i H:i Hkv:i L:i S:i D:i E:i R:i kind:s A:n preset:s dtype:s causal:b "
     "mask:b plan:s out:n compare:{"},
    {ATTEND " --kind oprf --json --out a.npy", "clfavor-attend/1", NULL,
     "kind:s A:[ out:s compare:n"},
    {"kernels --json", "clfavor-kernels/1", "kernels",
     "file:s built:b work_group_limit:i preferred_multiple:i local_bytes:s"},
    {"verify --json", "clfavor-verify/1", NULL,
     "device:s driver:s worst_err_tau:f worst:s worst_by_kind:{ worst_by_inputs:{ "
     "worst_by_result:{ worst_by_preset:{ worst_by_path:{ cases:["},
    {"verify --json --only primes", "clfavor-verify/1", "cases",
     "name:s B:i H:i Hkv:i L:i S:i D:i E:i R:i kind:s preset:s path:s inputs:s result:s causal:b "
     "mask:b deterministic:b run:b rows:i skipped_rows:i tau:f err_tau:f right:b"},
    {BENCH " --json", "clfavor-bench/1", NULL,
     "device:s driver:s commit:s seed:s rounds:i peak_gflops:{ copy_gbs:{ empty_launch_us:f "
     "results:["},
    {BENCH " --causal --kind relu --dtype f16 --json", "clfavor-bench/1", "results",
     "B:i H:i L:i S:i D:i E:i R:i dtype:s causal:b kind:s path:s stage:s launches:i direction:s "
     "median_ms:f q1_ms:f q3_ms:f gflops:f fraction_of_peak:f fraction_of_copy:f workspace_bytes:i "
     "plan:s"},
    {"projection --rows 3 --columns 2 --json --out w.npy", "clfavor-projection/1", NULL,
     "heads:i M:i D:i seed:s kind:s norms:s A:n bias:n out:s"},
};

static void check_texts(void)
{
    for (size_t i = 0; i < sizeof k_texts / sizeof k_texts[0]; i++) {
        tool_run(&(tool_call){.args = k_texts[i]}, &result);
        tap(result.code == 0 && result.err[0] == '\0' && tool_fits(result.out), k_texts[i],
            &result);
    }
}

static bool has_type(const json_t *value, char type)
{
    switch (type) {
    case 'i':
        return json_is_integer(value);
    case 'f':
        return json_is_real(value);
    case 's':
        return json_is_string(value) && json_string_length(value) > 0;
    case 'b':
        return json_is_boolean(value);
    case 'n':
        return json_is_null(value);
    case '[':
        return json_is_array(value) && json_array_size(value) > 0;
    default:
        return json_is_object(value);
    }
}

/* Whether the object has each "name:type" of the list. */
static bool has_members(const json_t *object, const char *members)
{
    char text[512];
    snprintf(text, sizeof text, "%s", members);
    for (char *item = strtok(text, " "); item; item = strtok(NULL, " ")) {
        char *type = strchr(item, ':');
        *type++ = '\0';
        if (!has_type(json_object_get(object, item), *type)) {
            printf("# member %s is missing or not of type %s\n", item, type);
            return false;
        }
    }
    return true;
}

static void check_json(void)
{
    for (size_t i = 0; i < sizeof k_json / sizeof k_json[0]; i++) {
        json_error_t error;
        tool_run(&(tool_call){.args = k_json[i].args}, &result);
        json_t *root = json_loads(result.out, JSON_REJECT_DUPLICATES, &error);
        const char *schema = json_string_value(json_object_get(root, "schema"));
        const json_t *array = json_object_get(root, k_json[i].array ? k_json[i].array : "");
        const json_t *object = k_json[i].array ? json_array_get(array, 0) : root;
        tap(result.code == 0 && schema && strcmp(schema, k_json[i].schema) == 0 &&
                has_members(object, k_json[i].members),
            k_json[i].args, &result);
        json_decref(root);
    }
}

/* Reads a whole file; the caller frees it. NULL when it is not there. */
static char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    char *bytes = calloc(1, TOOL_TEXT);
    *size = bytes ? fread(bytes, 1, TOOL_TEXT - 1, file) : 0;
    fclose(file);
    return bytes;
}

static bool same_files(const char *a, const char *b)
{
    size_t size_a = 0;
    size_t size_b = 0;
    char *bytes_a = read_file(a, &size_a);
    char *bytes_b = read_file(b, &size_b);
    const bool same =
        bytes_a && bytes_b && size_a == size_b && memcmp(bytes_a, bytes_b, size_a) == 0;
    free(bytes_a);
    free(bytes_b);
    return same;
}

/* Two ways that must give the same bytes, and one that must not. */
static void check_same(void)
{
    static const struct {
        const char *name, *first, *second;
        bool same;
    } rows[] = {
        {"W written and read is W drawn", ATTEND " --seed 7 --out a.npy",
         ATTEND " --projection w.npy --out b.npy", true},
        {"another seed is another W", ATTEND " --seed 7 --out a.npy", ATTEND " --out b.npy", false},
        {"a run repeated", ATTEND " --out a.npy", ATTEND " --out b.npy", true},
        {"scale 1/sqrt(D) is the default", X4 " --out a.npy", X4 " --scale 0.5 --out b.npy", true},
        {"the kind of a preset is the default", ATTEND " --preset fast-transformers --out a.npy",
         ATTEND " --preset fast-transformers --kind cosh --out b.npy", true},
        {"W and bias of FAVOR++ are oprf", ATTEND " --kind oprf --A -0.5 --seed 7 --out a.npy",
         ATTEND " --projection w_oprf.npy --bias b_oprf.npy --out b.npy", true},
        {"A of oprf counts", ATTEND " --kind oprf --A -0.5 --out a.npy",
         ATTEND " --kind oprf --A 0 --out b.npy", false},
        {"a bias counts", ATTEND " --projection w.npy --out a.npy",
         ATTEND " --projection w.npy --bias b_16.npy --out b.npy", false},
        {"kernel-eps counts", ATTEND " --kind relu --out a.npy",
         ATTEND " --kind relu --kernel-eps 0.5 --out b.npy", false},
        {"a mask [S] is one [B,S]", ATTEND " --mask m_7.npy --out a.npy",
         ATTEND " --mask m_1x7.npy --out b.npy", true},
        {"a mask counts", ATTEND " --out a.npy", ATTEND " --mask m_7.npy --out b.npy", false},
        {"B = L: a mask is [B,S]", SHORT " --mask m_2x7.npy --out a.npy",
         SHORT " --mask m_7.npy --out b.npy", false},
        {"fused is the default", ATTEND " --out a.npy", ATTEND " --path fused --out b.npy", true},
    };
    tool_run(&(tool_call){.args = "projection --rows 16 --columns 8 --seed 7 --out w.npy"},
             &result);
    tool_run(&(tool_call){.args = "projection --rows 16 --columns 8 --seed 7 --A -0.5 "
                                  "--bias b_oprf.npy --out w_oprf.npy"},
             &result);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        remove("a.npy");
        remove("b.npy");
        tool_run(&(tool_call){.args = rows[i].first}, &result);
        const int first = result.code;
        tool_run(&(tool_call){.args = rows[i].second}, &result);
        tap(first == 0 && result.code == 0 && same_files("a.npy", "b.npy") == rows[i].same,
            rows[i].name, &result);
    }
}

/* Results by their files and by their distance to double precision. */
static const struct {
    const char *args, *descr, *shape, *path;
    bool exact;
} k_results[] = {
    {ATTEND, "<f4", "(2, 5, 6)", "fused", false},
    {"attend --q x_1x5x3x8.npy --k x_1x5x3x8.npy --v x_1x5x3x8.npy --layout blhd --features 16 "
     "--causal",
     "<f4", "(1, 5, 3, 8)", "fused", false},
    {"attend --q q_1x5x4x8.npy --k k_1x5x2x8.npy --v k_1x5x2x8.npy --layout blhd --features 16 "
     "--dtype bf16 --causal --kind relu",
     "<u2", "(1, 5, 4, 8)", "fused", false},
    {"attend --q f2_2x5x8.npy --k k_2x7x8.npy --v u2_2x7x6.npy --features 16 --mask m_7.npy", "<f2",
     "(2, 5, 6)", "fused", false},
    {"attend --q f2_2x5x8.npy --k f2_2x7x8.npy --v u2_2x7x6.npy --features 16 --dtype f32 --kind "
     "oprf",
     "<f4", "(2, 5, 6)", "fused", false},
    {"attend --q q_4x5x8.npy --k k_2x7x8.npy --v v_2x7x6.npy --projection w_2x16x8.npy --bias "
     "b_2x16.npy --kind gelu --kernel-eps 0.125 --preset performer-pytorch --scale 0.5",
     "<f4", "(4, 5, 6)", "fused", false},
    {"attend --q q_4x5x8.npy --k k_2x7x8.npy --v v_2x7x6.npy --path exact --mask m_7.npy --dtype "
     "f16",
     "<f2", "(4, 5, 6)", "exact", true},
};

static bool within(const json_t *value)
{
    return json_is_real(value) && json_real_value(value) >= 0 && json_real_value(value) <= 1;
}

/* Whether the file is one of this type and shape. */
static bool is_array(const char *path, const char *descr, const char *shape)
{
    char expected[128];
    size_t size = 0;
    char *bytes = read_file(path, &size);
    snprintf(expected, sizeof expected, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }",
             descr, shape);
    const bool right = bytes && size > 128 && strstr(bytes + 10, expected);
    free(bytes);
    return right;
}

static void check_results(void)
{
    for (size_t i = 0; i < sizeof k_results / sizeof k_results[0]; i++) {
        char args[512];
        char path[32];
        remove("a.npy");
        snprintf(args, sizeof args, "%s --compare --json --out a.npy", k_results[i].args);
        snprintf(path, sizeof path, " path=%s", k_results[i].path);
        tool_run(&(tool_call){.args = args}, &result);
        json_t *root = json_loads(result.out, JSON_REJECT_DUPLICATES, NULL);
        const json_t *compare = json_object_get(root, "compare");
        const char *plan = json_string_value(json_object_get(root, "plan"));
        const json_t *device = json_object_get(compare, "device_err_tau");
        tap(result.code == 0 && plan && strstr(plan, path) &&
                within(json_object_get(compare, "err_tau")) &&
                json_integer_value(json_object_get(compare, "skipped_rows")) == 0 &&
                (k_results[i].exact ? json_is_null(device) : within(device)) &&
                is_array("a.npy", k_results[i].descr, k_results[i].shape),
            k_results[i].args, &result);
        json_decref(root);
    }
}

static void check_chart(void)
{
    size_t size = 0;
    char *svg = read_file("chart.svg", &size);  // of the demo in k_texts
    tap(svg && strncmp(svg, "<svg ", 5) == 0 && strstr(svg, "16384") && strstr(svg, "</svg>\n"),
        "chart of the demo", &result);
    free(svg);
}

/* Every option of every --help stands in the man page. */
static void check_man_page(const char *page)
{
    static const char *const commands[] = {"devices", "attend", "verify", "projection",
                                           "bench",   "demo",   "kernels"};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        char text[64];
        bool known = true;
        snprintf(text, sizeof text, "%s --help", commands[i]);
        tool_run(&(tool_call){.args = text}, &result);
        for (const char *at = result.out; (at = strstr(at, "\n  --"));) {
            at += 5;
            snprintf(text, sizeof text, "Fl -%.*s", (int)strcspn(at, " "), at);
            if (!strstr(page, text)) {
                printf("# %s is missing in the man page\n", text);
                known = false;
            }
        }
        snprintf(text, sizeof text, "man page, options of %s", commands[i]);
        tap(known && strstr(result.out, "\n  --help"), text, &result);
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: test_output TOOL MANPAGE\n");
        return EXIT_FAILURE;
    }
    size_t size = 0;
    char *page = read_file(argv[2], &size);
    if (!page) {
        perror(argv[2]);
        return EXIT_FAILURE;
    }
    tool_begin(argv[1]);
    fixtures_write();
    tool_need_device();
    check_man_page(page);
    check_texts();
    check_chart();
    check_json();
    check_same();
    check_results();
    free(page);
    tool_end();
    return tap_end();
}
