/* Builds programs from the kernels in the library, or from a directory while kernels are being
 * written; takes them from the caches first. Chooses no options beyond the language version.
 *
 * Invariant: no option that lets a compiler change results (fast-math and its parts) is added. */
#include "program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cl/cache.h"
#include "cl/context_internal.h"
#include "cl/disk.h"
#include "cl/embedded.h"
#include "cl/error.h"
#include "host/env.h"

/* How many lines of a failed build's log are shown: what matters stands near the end. */
enum {
    LOG_LINES = 40
};

/* What goes to the compiler. */
struct input {
    const char **texts;  // one per path; from disk: an #include each, in `includes`
    char *includes;      // owned
    char *options;       // owned
    bool cacheable;      // the texts say all
};

static clf_status no_memory(const clf_log *log)
{
    return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for a program's source");
}

static void input_finish(struct input *input)
{
    free(input->texts);
    free(input->includes);
    free(input->options);
    *input = (struct input){0};
}

static const char *find_embedded(const char *path)
{
    for (size_t i = 0; i < clfi_embedded_kernel_count; i++)
        if (strcmp(clfi_embedded_kernels[i].path, path) == 0)
            return clfi_embedded_kernels[i].source;
    return NULL;
}

static clf_status check_readable(const char *dir, const char *path, const clf_log *log)
{
    const size_t size = strlen(dir) + strlen(path) + 2;
    char *name = malloc(size);
    if (!name)
        return no_memory(log);
    snprintf(name, size, "%s/%s", dir, path);
    clf_status status = CLF_OK;
    FILE *file = fopen(name, "rb");
    if (file)
        fclose(file);
    else
        status = clfi_fail(log, CLF_ERROR_IO, "cannot read kernel %s (CLFAVOR_KERNEL_DIR): %s",
                           name, strerror(errno));
    free(name);
    return status;
}

/* Leaves reading to the compiler, so that its messages name the files. A driver that caches by
 * source text alone does not see their edits: its own cache must be off then. */
static clf_status take_from_disk(struct input *input, const char *dir, const char *const *paths,
                                 int n, const clf_log *log)
{
    clf_status status = CLF_OK;
    REQUIRE(!strpbrk(dir, " \t\n\"'"), log,
            "CLFAVOR_KERNEL_DIR=%s: a blank or quote in the path reaches no OpenCL compiler", dir);
    const size_t around = strlen("#include \"\"\n") + 1;
    size_t room = 0;
    for (int i = 0; i < n; i++)
        room += strlen(paths[i]) + around;
    char *text = input->includes = malloc(room);
    if (!text)
        return no_memory(log);
    for (int i = 0; i < n; i++) {
        TRY(check_readable(dir, paths[i], log));
        input->texts[i] = text;
        text += snprintf(text, strlen(paths[i]) + around, "#include \"%s\"\n", paths[i]) + 1;
    }
fail:
    return status;
}

static clf_status take_embedded(struct input *input, const char *const *paths, int n,
                                const clf_log *log)
{
    clf_status status = CLF_OK;
    for (int i = 0; i < n; i++) {
        input->texts[i] = find_embedded(paths[i]);
        REQUIRE(input->texts[i], log, "the library holds no kernel file %s", paths[i]);
    }
fail:
    return status;
}

static clf_status input_init(struct input *input, const char *const *paths, int n,
                             const char *options, const clf_log *log)
{
    clf_status status = CLF_OK;
    const char *dir = clfi_env_kernel_dir();
    const size_t size = strlen("-cl-std=CL1.2 -I ") + (dir ? strlen(dir) : 0) + strlen(options) + 2;
    *input =
        (struct input){.texts = calloc((size_t)n, sizeof *input->texts), .options = malloc(size)};
    if (!input->texts || !input->options)
        status = no_memory(log);
    else if (dir)
        status = take_from_disk(input, dir, paths, n, log);
    else
        status = take_embedded(input, paths, n, log);
    TRY(status);
    snprintf(input->options, size, "-cl-std=CL1.2 %s%s%s%s", dir ? "-I " : "", dir ? dir : "",
             dir ? " " : "", options);
    input->cacheable = !dir;
    return CLF_OK;
fail:
    input_finish(input);
    return status;
}

/* The start of the last LOG_LINES lines; blank space at the end is cut off. */
static char *tail(char *text)
{
    size_t at = strlen(text);
    while (at && strchr(" \t\r\n", text[at - 1]))
        at--;
    text[at] = '\0';
    for (int lines = 0; at; at--)
        if (text[at - 1] == '\n' && ++lines == LOG_LINES)
            break;
    return text + at;
}

/* Hands over the end of the build log, one message a line. */
static void show_build_log(const clf_context *ctx, cl_program program, clf_log_level level)
{
    size_t size = 0;
    if (ctx->log.level < level ||
        clGetProgramBuildInfo(program, ctx->device.id, CL_PROGRAM_BUILD_LOG, 0, NULL, &size) !=
            CL_SUCCESS)
        return;
    char *text = calloc(1, size + 1);
    if (text && clGetProgramBuildInfo(program, ctx->device.id, CL_PROGRAM_BUILD_LOG, size, text,
                                      NULL) == CL_SUCCESS) {
        char *line = tail(text);
        while (*line) {
            const size_t length = strcspn(line, "\r\n");
            if (length)
                clfi_log(&ctx->log, level, "build log: %.*s", (int)length, line);
            line += length + (line[length] != '\0');
        }
    }
    free(text);
}

/* `build` is the code of clBuildProgram. A driver that has no memory is no fault of the source. */
static clf_status judge_build(const clf_context *ctx, cl_program program, cl_int build,
                              const char *const *paths, int n, const char *options)
{
    if (build == CL_SUCCESS) {
        show_build_log(ctx, program, CLF_LOG_DEBUG);
        clfi_log(&ctx->log, CLF_LOG_DEBUG, "built %d kernel file%s from %s with %s", n,
                 n == 1 ? "" : "s", paths[0], options);
        return CLF_OK;
    }
    show_build_log(ctx, program, CLF_LOG_ERROR);
    return clfi_fail(
        &ctx->log, build == CL_OUT_OF_HOST_MEMORY ? CLF_ERROR_OUT_OF_HOST_MEMORY : CLF_ERROR_BUILD,
        "%s%s did not build on device %s with %s: %s (%d)", paths[0], n > 1 ? " and others" : "",
        ctx->device.name, options, clfi_cl_error_name(build), (int)build);
}

static clf_status compile(clf_context *ctx, const struct input *input, const char *const *paths,
                          int n, cl_program *out)
{
    clf_status status = CLF_OK;
    cl_int code = CL_SUCCESS;
    const cl_program program =
        clCreateProgramWithSource(ctx->context, (cl_uint)n, input->texts, NULL, &code);
    TRY(clfi_cl_check(&ctx->log, code, "clCreateProgramWithSource"));
    code = clBuildProgram(program, 1, &ctx->device.id, input->options, NULL, NULL);
    TRY(judge_build(ctx, program, code, paths, n, input->options));
    *out = program;
    return CLF_OK;
fail:
    if (program)
        clReleaseProgram(program);
    return status;
}

clf_status clfi_program_compile(clf_context *ctx, const char *const *paths, int n,
                                const char *options, cl_program *out)
{
    clf_status status = CLF_OK;
    struct input input = {0};
    *out = NULL;
    TRY(input_init(&input, paths, n, options, &ctx->log));
    TRY(compile(ctx, &input, paths, n, out));
fail:
    input_finish(&input);
    return status;
}

/* Whether the program has a key. A driver that does not tell its platform's version gets none. */
static bool find_key(const clf_context *ctx, const struct input *input, int n, clfi_binary_key *key)
{
    char version[256] = "";
    const clfi_binary_source source = {.device = &ctx->device,
                                       .platform_version = version,
                                       .cpu_target = clfi_env_cpu_target(),
                                       .texts = input->texts,
                                       .n = n,
                                       .options = input->options};
    return input->cacheable &&
           clGetPlatformInfo(ctx->device.platform, CL_PLATFORM_VERSION, sizeof version, version,
                             NULL) == CL_SUCCESS &&
           clfi_binary_key_init(&source, key);
}

clf_status clfi_program_build(clf_context *ctx, const char *const *paths, int n,
                              const char *options, cl_program *out)
{
    clf_status status = CLF_OK;
    struct input input = {0};
    clfi_binary_key key;
    bool save = false;
    *out = NULL;
    TRY(input_init(&input, paths, n, options, &ctx->log));
    const bool keyed = find_key(ctx, &input, n, &key);
    cl_program program = keyed ? clfi_cache_find(ctx->cache, &key) : NULL;
    const bool found = program != NULL;
    if (keyed && !found)
        program = clfi_disk_load(ctx, &key, &(clfi_disk_request){paths, n, input.options}, &save);
    if (!program)
        TRY(compile(ctx, &input, paths, n, &program));
    if (keyed && !found)
        clfi_cache_put(ctx->cache, &key, program, save);
    *out = program;
fail:
    input_finish(&input);
    return status;
}

void clfi_program_keep(clf_context *ctx, cl_program program)
{
    clfi_binary_key key;
    if (clfi_cache_claim(ctx->cache, program, &key))
        clfi_disk_save(ctx, &key, program);
}

clf_status clfi_kernel_create(clf_context *ctx, cl_program program, const char *name,
                              cl_kernel *out)
{
    cl_int code = CL_SUCCESS;
    *out = NULL;
    const cl_kernel kernel = clCreateKernel(program, name, &code);
    if (code != CL_SUCCESS)
        return clfi_fail(&ctx->log, clfi_cl_status(code), "kernel %s: clCreateKernel: %s (%d)",
                         name, clfi_cl_error_name(code), (int)code);
    *out = kernel;
    return CLF_OK;
}
