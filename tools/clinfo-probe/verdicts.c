/* The table of capabilities: what is tried, how it is compiled, and when a device advertises it.
 * The tests themselves are in verdicts.cl.
 *
 * Invariant: a row's words are found by trying; what a driver says decides only whether vendors'
 * own instructions are tried at all, and whether a wrong result breaks a promise. */
#include "verdicts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../clfavor/report.h"
#include "cl/device_internal.h"
#include "cl/error.h"
#include "internal.h"
#include "program.h"
#include "properties.h"

enum {
    ITEMS = 64,
    FIGURE = ITEMS,  // where a test writes its figure
    OUTPUTS = ITEMS + 1,
    STANDARDS = 3
};

/* What a device says that a capability may depend on. */
typedef struct claims {
    char *extensions;
    bool c30;            // compiles OpenCL C 3.0
    bool tensor_cores;   // NVIDIA since compute capability 7.5
    char name[256];      // of the device
    unsigned sub_group;  // the least size of Intel's sub-groups, else 0
    bool unified, denormals;
} claims;

typedef struct row {
    const char *name;
    const char *standards[STANDARDS];     // tried in turn until one compiles
    const char *test;                     // -DTEST_..., NULL: try_host_pointer
    bool (*advertised)(const claims *c);  // NULL: every device has to have it
    bool only_if;        // not tried otherwise: foreign assembly can end a compiler
    const char *figure;  // how a note shows the test's figure, or NULL
} row;

static bool has_c30(const claims *c)
{
    return c->c30;
}

static bool has_half(const claims *c)
{
    return clfi_has_extension(c->extensions, "cl_khr_fp16");
}

static bool has_double(const claims *c)
{
    return clfi_has_extension(c->extensions, "cl_khr_fp64");
}

static bool has_sub_groups(const claims *c)
{
    return clfi_has_extension(c->extensions, "cl_khr_subgroups") ||
           clfi_has_extension(c->extensions, "cl_intel_subgroups");
}

static bool has_shuffle(const claims *c)
{
    return clfi_has_extension(c->extensions, "cl_khr_subgroup_shuffle") ||
           clfi_has_extension(c->extensions, "cl_intel_subgroups");
}

static bool has_dot(const claims *c)
{
    return clfi_has_extension(c->extensions, "cl_khr_integer_dot_product");
}

static bool has_dpas(const claims *c)
{
    return clfi_has_extension(c->extensions, "cl_intel_subgroup_matrix_multiply_accumulate");
}

static bool has_mma(const claims *c)
{
    return c->tensor_cores;
}

/* AMD's compilers name their targets gfx...; matrix cores came with gfx908, wmma with gfx11. */
static bool has_mfma(const claims *c)
{
    return strncmp(c->name, "gfx908", 6) == 0 || strncmp(c->name, "gfx90a", 6) == 0 ||
           strncmp(c->name, "gfx94", 5) == 0 || strncmp(c->name, "gfx95", 5) == 0;
}

static bool has_wmma(const claims *c)
{
    return strncmp(c->name, "gfx11", 5) == 0;
}

static bool has_denormals(const claims *c)
{
    return c->denormals;
}

static bool has_unified(const claims *c)
{
    return c->unified;
}

#define C12                                                                                        \
    {                                                                                              \
        "-cl-std=CL1.2"                                                                            \
    }
#define C30                                                                                        \
    {                                                                                              \
        "-cl-std=CL3.0"                                                                            \
    }
#define NEWEST                                                                                     \
    {                                                                                              \
        "-cl-std=CL3.0", "-cl-std=CL2.0", "-cl-std=CL1.2"                                          \
    }

static const row k_rows[] = {
    {"OpenCL C 1.2", C12, "BASE", NULL, false, NULL},
    {"OpenCL C 3.0", C30, "BASE", has_c30, false, NULL},
    {"fp16 storage", C12, "HALF_STORAGE", NULL, false, NULL},
    {"fp16 arithmetic", C12, "HALF", has_half, false, NULL},
    {"fp64", C12, "DOUBLE", has_double, false, NULL},
    {"sub-group reduce", NEWEST, "REDUCE", has_sub_groups, false, "sub-groups of %u"},
    {"sub-group shuffle", NEWEST, "SHUFFLE", has_shuffle, false, "sub-groups of %u"},
    {"integer dot product", NEWEST, "DOT", has_dot, false, NULL},
    {"matrix: Intel DPAS", NEWEST, "DPAS", has_dpas, true, NULL},
    {"matrix: PTX mma", C12, "MMA", has_mma, true, NULL},
    {"matrix: AMD mfma", C12, "MFMA", has_mfma, true, NULL},
    {"matrix: AMD wmma", C12, "WMMA", has_wmma, true, NULL},
    {"fused fma", C12, "FMA", NULL, false, "FP_FAST_FMAF %u"},
    {"long loops", C12, "LOOPS", NULL, false, "%u rounds"},
    {"fixed work-group", C12, "FIXED", NULL, false, NULL},
    {"denormals kept", C12, "DENORMAL", has_denormals, false, NULL},
    {"NaN kept", C12, "NAN", NULL, false, NULL},
    {"zero copy", C12, NULL, has_unified, false, NULL},
};
enum {
    ROWS = sizeof k_rows / sizeof k_rows[0]
};

static cl_uint ask_uint(cl_device_id id, cl_device_info param)
{
    cl_uint value = 0;
    clGetDeviceInfo(id, param, sizeof value, &value, NULL);
    return value;
}

static void read_claims(const clf_device_info *info, claims *c)
{
    static const size_t room = 1 << 16;
    static char nothing[] = "";
    *c = (claims){.extensions = calloc(1, room),
                  .unified = info->host_unified_memory,
                  .denormals = !info->flushes_denormals};
    if (c->extensions)
        properties_text(info->id, CL_DEVICE_EXTENSIONS, c->extensions, room);
    else
        c->extensions = nothing;
    snprintf(c->name, sizeof c->name, "%s", info->name);
    json_t *all = properties_read(info->id, false);
    const char *versions = json_string_value(json_object_get(all, "c_versions"));
    c->c30 = versions && strstr(versions, "3.0");
    if (clfi_has_extension(c->extensions, "cl_nv_device_attribute_query"))
        c->tensor_cores = ask_uint(info->id, 0x4000) * 10 + ask_uint(info->id, 0x4001) >= 75;
    const char *sizes = json_string_value(json_object_get(all, "sub_group_sizes"));
    c->sub_group = sizes ? (unsigned)strtoul(sizes, NULL, 10) : 0;
    json_decref(all);
}

/* The largest power of two that work-groups may have, up to all items. */
static unsigned local_size(const clf_device_info *info)
{
    unsigned local = ITEMS;
    while (local > 1 && local > info->max_work_group_size)
        local /= 2;
    return local;
}

/* What came of a row. */
typedef struct outcome {
    const char *compiles, *runs;
    char note[256];
} outcome;

/* Tells that what comes next is a run: a crash is then no crash of the compiler. */
static void answer_compiled(void)
{
    internal_answer(json_true());
}

static cl_int run_kernel(const session *s, cl_kernel kernel, cl_mem in, cl_mem out)
{
    const size_t global = ITEMS;
    const size_t local = local_size(s->info);
    cl_int code = clSetKernelArg(kernel, 0, sizeof in, &in);
    if (code == CL_SUCCESS)
        code = clSetKernelArg(kernel, 1, sizeof out, &out);
    if (code == CL_SUCCESS)
        code = clEnqueueNDRangeKernel(s->queue, kernel, 1, NULL, &global, &local, 0, NULL, NULL);
    return code == CL_SUCCESS ? clFinish(s->queue) : code;
}

static void fill_inputs(cl_uint in[ITEMS], cl_uint out[OUTPUTS])
{
    for (cl_uint i = 0; i < ITEMS; i++)
        in[i] = i + 1;
    for (int i = 0; i < OUTPUTS; i++)
        out[i] = 0;
}

/* Runs and compares. `outputs`, when not NULL, is memory of the host that the results must reach
 * by themselves: nothing is read back then. */
static cl_int compare(const session *s, cl_kernel kernel, cl_uint *outputs, bool *right,
                      cl_uint *figure)
{
    cl_uint in[ITEMS];
    cl_uint own[OUTPUTS];
    cl_uint *out = outputs ? outputs : own;
    cl_int code;
    fill_inputs(in, out);
    const cl_mem_flags kind = outputs ? CL_MEM_USE_HOST_PTR : CL_MEM_COPY_HOST_PTR;
    const cl_mem a =
        clCreateBuffer(s->context, CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR, sizeof in, in, &code);
    const cl_mem b =
        a ? clCreateBuffer(s->context, CL_MEM_READ_WRITE | kind, sizeof own, out, &code) : NULL;
    if (b)
        code = run_kernel(s, kernel, a, b);
    if (b && code == CL_SUCCESS && !outputs)
        code = clEnqueueReadBuffer(s->queue, b, CL_TRUE, 0, sizeof own, own, 0, NULL, NULL);
    *right = code == CL_SUCCESS && memcmp(in, out, sizeof in) == 0;
    *figure = out[FIGURE];
    if (b)
        clReleaseMemObject(b);
    if (a)
        clReleaseMemObject(a);
    return code;
}

/* Whether results reach host memory of CL_MEM_USE_HOST_PTR without being asked for. */
static cl_int compare_in_place(const session *s, cl_kernel kernel, bool *right)
{
    enum {
        PAGE = 4096
    };
    cl_uint figure;
    cl_uint *outputs = aligned_alloc(PAGE, PAGE);
    if (!outputs)
        return CL_OUT_OF_HOST_MEMORY;
    const cl_int code = compare(s, kernel, outputs, right, &figure);
    free(outputs);
    return code;
}

static cl_int build(const session *s, const row *r, const claims *c, cl_program *program,
                    cl_kernel *kernel, char *note, size_t note_size)
{
    cl_int code = CL_BUILD_PROGRAM_FAILURE;
    for (int i = 0; i < STANDARDS && r->standards[i] && code != CL_SUCCESS; i++) {
        char options[128];
        snprintf(options, sizeof options, "%s -DTEST_%s -DLOCAL=%u -DSUB=%u", r->standards[i],
                 r->test ? r->test : "BASE", local_size(s->info), c->sub_group);
        code = program_build(s, "tools/clinfo-probe/verdicts.cl", options, "probe", program, kernel,
                             note, note_size);
    }
    return code;
}

static void try_row(const session *s, const row *r, const claims *c, outcome *o)
{
    const bool promised = !r->advertised || r->advertised(c);
    cl_program program = NULL;
    cl_kernel kernel = NULL;
    cl_uint figure = 0;
    bool right = false;
    *o = (outcome){.compiles = "-", .runs = "-"};
    if (r->only_if && !promised)
        return;
    cl_int code = build(s, r, c, &program, &kernel, o->note, sizeof o->note);
    if (code != CL_SUCCESS) {
        o->compiles = "no";
        if (!promised)
            o->note[0] = '\0';
        return;
    }
    o->compiles = "ok";
    o->note[0] = '\0';
    answer_compiled();
    code =
        r->test ? compare(s, kernel, NULL, &right, &figure) : compare_in_place(s, kernel, &right);
    o->runs = code != CL_SUCCESS ? "failed" : right ? "ok" : promised && r->test ? "wrong" : "no";
    if (code != CL_SUCCESS)
        snprintf(o->note, sizeof o->note, "%s (%d)", clfi_cl_error_name(code), (int)code);
    else if (r->figure)
        snprintf(o->note, sizeof o->note, r->figure, figure);
    program_release(program, kernel);
}

static const char *advertised_word(const row *r, const claims *c)
{
    return !r->advertised ? "core" : r->advertised(c) ? "yes" : "no";
}

static void answer_outcome(const outcome *o)
{
    internal_answer(json_pack("{s:s, s:s, s:o}", "compiles", o->compiles, "runs", o->runs, "note",
                              report_text(o->note)));
}

/* One answer for each row from `first` on, and `true` before a row's run; then `null`. */
int verdicts_internal(int argc, char **argv)
{
    (void)argc;
    clf_device_list *list = NULL;
    claims c;
    session s;
    const clf_device_info *info = internal_device(argv[0], &list);
    if (!info)
        return EXIT_FAILURE;
    read_claims(info, &c);
    // What is advertised is known before anything can crash.
    json_t *words = json_array();
    for (int i = 0; i < ROWS; i++)
        json_array_append_new(words, json_string(advertised_word(&k_rows[i], &c)));
    internal_answer(words);
    const cl_int code = session_open(info, &s);
    for (int i = atoi(argv[1]); i < ROWS && code == CL_SUCCESS; i++) {
        outcome o;
        try_row(&s, &k_rows[i], &c, &o);
        answer_outcome(&o);
    }
    if (code != CL_SUCCESS) {
        outcome o = {.compiles = "-", .runs = "failed"};
        snprintf(o.note, sizeof o.note, "no context: %s (%d)", clfi_cl_error_name(code), (int)code);
        answer_outcome(&o);
    }
    session_close(&s);
    return 0;
}

/* Appends the rows of one child to `rows`. Returns whether it had compiled one more. */
static bool take_rows(const json_t *lines, json_t *rows)
{
    const json_t *words = json_array_get(lines, 0);
    bool compiled = false;
    for (size_t i = 1; i < json_array_size(lines) && json_array_size(rows) < ROWS; i++) {
        json_t *line = json_array_get(lines, i);
        compiled = json_is_true(line);
        if (!json_is_object(line))
            continue;
        const size_t at = json_array_size(rows);
        json_object_set_new(line, "name", json_string(k_rows[at].name));
        json_object_set(line, "advertised", json_array_get(words, at));
        json_array_append(rows, line);
    }
    return compiled;
}

/* The rest when kernels do not work at all: nothing more can be learnt. */
static void add_untried(json_t *rows)
{
    for (size_t at = json_array_size(rows); at < ROWS; at++)
        json_array_append_new(rows, json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", k_rows[at].name,
                                              "advertised", "-", "compiles", "-", "runs", "-",
                                              "note", ""));
}

/* The row at which a child ended. */
static void add_lost_row(json_t *rows, const json_t *lines, bool compiled,
                         const child_result *result)
{
    const size_t at = json_array_size(rows);
    const char *word = child_word(result);
    const json_t *advertised = json_array_get(json_array_get(lines, 0), at);
    json_array_append_new(rows,
                          json_pack("{s:s, s:s, s:s, s:s, s:o}", "name", k_rows[at].name,
                                    "advertised", advertised ? json_string_value(advertised) : "-",
                                    "compiles", compiled ? "ok" : word, "runs",
                                    compiled ? word : "-", "note", child_message(result)));
}

json_t *verdicts_try(const char *self, const char *selector, double silence, bool *crashed)
{
    json_t *rows = json_array();
    *crashed = false;
    while (json_array_size(rows) < ROWS) {
        char first[16];
        child_result result;
        const size_t begin = json_array_size(rows);
        snprintf(first, sizeof first, "%zu", begin);
        progress("%s: what works, from %s", selector, k_rows[begin].name);
        internal_run(self, "verdicts", selector, first, silence, &result);
        json_t *lines = child_lines(&result);
        const bool compiled = take_rows(lines, rows);
        if (strcmp(child_word(&result), "done") != 0 && json_array_size(rows) < ROWS) {
            add_lost_row(rows, lines, compiled, &result);
            *crashed = true;
        }
        if (!verdicts_sound(rows) || json_array_size(rows) == begin)
            add_untried(rows);
        json_decref(lines);
        child_finish(&result);
    }
    progress_clear();
    return rows;
}

bool verdicts_sound(const json_t *rows)
{
    const char *runs = json_string_value(json_object_get(json_array_get(rows, 0), "runs"));
    return runs && strcmp(runs, "ok") == 0;
}
