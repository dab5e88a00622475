/* Programs from files and into files. Neither compiles sources nor chooses options.
 *
 * Invariant: a binary reaches the driver only after clfi_binary_check, so a file that was cut short
 * or has one wrong bit never does. */
#include "disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cl/context_internal.h"
#include "cl/error.h"
#include "cl/quirks.h"
#include "host/env.h"
#include "host/log.h"

#if defined(_WIN32)
cl_program clfi_disk_load(const clf_context *ctx, const clfi_binary_key *key,
                          const clfi_disk_request *request, bool *save)
{
    (void)ctx, (void)key, (void)request;
    *save = false;
    return NULL;
}

void clfi_disk_save(const clf_context *ctx, const clfi_binary_key *key, cl_program program)
{
    (void)ctx, (void)key, (void)program;
}
#else

static const char k_missed[] = "; built from source";

/* Makes what the store tells a message of the cache. */
typedef struct retold {
    const clf_log *log;
    const char *end;
} retold;

static void retell(void *user, clf_log_level level, const char *message)
{
    const retold *to = user;
    clfi_log(to->log, level, "program cache: %s%s", message, to->end);
}

/* Opens the folder; its failures are told to `to`, which must stay until it is closed. */
static clf_status open_folder(retold *to, clfi_store *store)
{
    const clf_log log = {.callback = retell, .user = to, .level = CLF_LOG_DEBUG};
    return clfi_store_open(CLFI_STORE_CACHE, true, &log, CLF_LOG_DEBUG, store);
}

static bool wanted(const clf_context *ctx)
{
    const int given = clfi_env_cache();
    return given >= 0 ? given == 1 : !(ctx->quirks & CLFI_QUIRK_NO_BINARIES);
}

/* Why a file was not taken, for messages. */
struct reason {
    char text[160];
};

static bool refused(cl_int code, const char *what, struct reason *why)
{
    if (code != CL_SUCCESS)
        snprintf(why->text, sizeof why->text, "%s: %s (%d)", what, clfi_cl_error_name(code),
                 (int)code);
    return code != CL_SUCCESS;
}

/* The kernel of "wide/kv_state.cl" is "kv_state". A driver may take a binary that has lost some. */
static bool lacks_kernel(cl_program program, const char *path, struct reason *why)
{
    char name[64];
    cl_int code = CL_SUCCESS;
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(base, "."), base);
    const cl_kernel kernel = clCreateKernel(program, name, &code);
    char what[96];
    snprintf(what, sizeof what, "kernel %s is not in it", name);
    if (refused(code, what, why))
        return true;
    clReleaseKernel(kernel);
    return false;
}

/* A built program, or NULL. */
static cl_program take_binary(const clf_context *ctx, const void *binary, size_t size,
                              const clfi_disk_request *request, struct reason *why)
{
    static const char what[] = "the driver refuses it";
    const cl_device_id *id = &ctx->device.id;
    const unsigned char *bytes = binary;
    cl_int code = CL_SUCCESS, state = CL_SUCCESS;
    const cl_program program =
        clCreateProgramWithBinary(ctx->context, 1, id, &size, &bytes, &state, &code);
    bool failed = refused(code, what, why) || refused(state, what, why) ||
                  refused(clBuildProgram(program, 1, id, request->options, NULL, NULL), what, why);
    for (int i = 0; i < request->n && !failed; i++)
        failed = lacks_kernel(program, request->paths[i], why);
    if (!failed)
        return program;
    if (program)
        clReleaseProgram(program);
    return NULL;
}

cl_program clfi_disk_load(const clf_context *ctx, const clfi_binary_key *key,
                          const clfi_disk_request *request, bool *save)
{
    retold to = {&ctx->log, k_missed};
    clfi_store store;
    clfi_bytes file;
    struct reason why;
    cl_program program = NULL;
    char name[CLFI_BINARY_NAME_SIZE];
    *save = wanted(ctx) && open_folder(&to, &store) == CLF_OK;
    if (!*save)
        return NULL;
    clfi_binary_name(key, name);
    const clf_status status =
        clfi_store_read(&store, name, CLFI_BINARY_HEADER_BYTES + CLFI_BINARY_LIMIT, &file);
    const char *wrong =
        file.data ? clfi_binary_check(key, file.data, file.size) : "it is not there";
    if (!wrong) {
        program = take_binary(ctx, file.data + CLFI_BINARY_HEADER_BYTES,
                              file.size - CLFI_BINARY_HEADER_BYTES, request, &why);
        wrong = why.text;
    }
    if (program) {
        clfi_store_touch(&store, name);
        clfi_log(&ctx->log, CLF_LOG_DEBUG, "program cache: %s/%s: taken", store.path, name);
    } else if (status == CLF_OK) {  // else the store has told
        clfi_log(&ctx->log, CLF_LOG_DEBUG, "program cache: %s/%s: %s%s", store.path, name, wrong,
                 k_missed);
    }
    free(file.data);
    clfi_store_close(&store);
    *save = !program;
    return program;
}

/* The binary of a program, or false. Of one that has several devices there is none: drivers
 * disagree on their order (PoCL 3.1 counts those it was built for). */
static bool get_binary(cl_program program, clfi_bytes *binary, struct reason *why)
{
    static const char what[] = "the driver gives no binary";
    cl_uint devices = 0;
    size_t size = 0;
    *binary = (clfi_bytes){0};
    if (refused(clGetProgramInfo(program, CL_PROGRAM_NUM_DEVICES, sizeof devices, &devices, NULL),
                what, why))
        return false;
    snprintf(why->text, sizeof why->text, "the program has %u devices, not 1", devices);
    if (devices != 1 ||
        refused(clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof size, &size, NULL), what,
                why))
        return false;
    snprintf(why->text, sizeof why->text, "the binary has %zu bytes, not 1 to %d", size,
             CLFI_BINARY_LIMIT);
    if (size == 0 || size > CLFI_BINARY_LIMIT)
        return false;
    *binary = (clfi_bytes){malloc(size), size};
    return !refused(binary->data ? clGetProgramInfo(program, CL_PROGRAM_BINARIES,
                                                    sizeof binary->data, &binary->data, NULL)
                                 : CL_OUT_OF_HOST_MEMORY,
                    what, why);
}

clf_status clfi_disk_write(const clfi_store *store, const clfi_binary_key *key,
                           const clfi_bytes *binary)
{
    unsigned char header[CLFI_BINARY_HEADER_BYTES];
    char name[CLFI_BINARY_NAME_SIZE];
    clfi_binary_name(key, name);
    clfi_binary_header(key, binary->data, binary->size, header);
    const clfi_bytes parts[] = {{(char *)header, sizeof header}, *binary};
    const clf_status status = clfi_store_replace(store, name, parts, 2);
    // A file that cannot be removed is told of, and is no failure of this one.
    if (status == CLF_OK)
        clfi_store_trim(store, ".bin", CLFI_DISK_LIMIT);
    return status;
}

void clfi_disk_save(const clf_context *ctx, const clfi_binary_key *key, cl_program program)
{
    retold to = {&ctx->log, ""};
    clfi_store store;
    clfi_bytes binary;
    struct reason why;
    if (!get_binary(program, &binary, &why)) {
        clfi_log(&ctx->log, CLF_LOG_DEBUG, "program cache: %s: not kept", why.text);
    } else if (open_folder(&to, &store) == CLF_OK) {
        clfi_disk_write(&store, key, &binary);
        clfi_store_close(&store);
    }
    free(binary.data);
}
#endif
