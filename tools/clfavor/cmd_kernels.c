/* clfavor kernels: builds every kernel for the device and says what each needs.
 *
 * Invariant: each file is built alone with its own defaults, twice, so that the second time tells
 * what the driver's cache is worth; a kernel that fails hides no other. */
#include <stdlib.h>
#include <string.h>

#include "cl/context_internal.h"
#include "cl/error.h"
#include "cl/program.h"
#include "cl/quirks.h"
#include "commands.h"
#include "exit.h"
#include "host/clock.h"
#include "host/log.h"
#include "kernels.h"
#include "measure.h"
#include "report.h"

typedef struct values {
    const char *device;
    bool json;
} values;

static const option_row k_options[] = {
    OPTION_ROW_DEVICE(values),
    OPTION_ROW_JSON(values),
    {.name = NULL},
};

/* One kernel on the device. */
typedef struct built {
    clf_status status;
    double first_ms, second_ms;
    size_t work_group, multiple;
    cl_ulong local_bytes, private_bytes;
    size_t binary_bytes;  // 0: not asked for
    char log[2048];       // what was said while it failed
} built;

/* Keeps errors for the row that they belong to. */
static void keep_message(void *user, clf_log_level level, const char *message)
{
    built *b = user;
    const size_t used = strlen(b->log);
    if (level == CLF_LOG_ERROR)
        snprintf(b->log + used, sizeof b->log - used, "%s%s", used ? "\n" : "", message);
}

static clf_status build_once(clf_context *ctx, const clfi_kernel_row *row, double *ms,
                             cl_program *program, cl_kernel *kernel)
{
    clf_status status = CLF_OK;
    const double begin = clfi_seconds();
    TRY(clfi_program_compile(ctx, &row->path, 1, "", program));
    TRY(clfi_kernel_create(ctx, *program, clfi_stage_name(row->stage), kernel));
    *ms = (clfi_seconds() - begin) * 1e3;
fail:
    return status;
}

static void release(cl_program *program, cl_kernel *kernel)
{
    if (*kernel)
        clReleaseKernel(*kernel);
    if (*program)
        clReleaseProgram(*program);
    *kernel = NULL;
    *program = NULL;
}

static clf_status ask(const clf_context *ctx, cl_program program, cl_kernel kernel, built *b)
{
    clf_status status = CLF_OK;
    const cl_device_id id = ctx->device.id;
    const struct {
        cl_kernel_work_group_info param;
        void *value;
        size_t size;
    } rows[] = {
        {CL_KERNEL_WORK_GROUP_SIZE, &b->work_group, sizeof b->work_group},
        {CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE, &b->multiple, sizeof b->multiple},
        {CL_KERNEL_LOCAL_MEM_SIZE, &b->local_bytes, sizeof b->local_bytes},
        {CL_KERNEL_PRIVATE_MEM_SIZE, &b->private_bytes, sizeof b->private_bytes},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        TRY_CL(&ctx->log, clGetKernelWorkGroupInfo(kernel, id, rows[i].param, rows[i].size,
                                                   rows[i].value, NULL));
    if (!(ctx->quirks & CLFI_QUIRK_NO_BINARIES))
        TRY_CL(&ctx->log, clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof b->binary_bytes,
                                           &b->binary_bytes, NULL));
fail:
    return status;
}

static clf_status build_row(clf_context *ctx, const clfi_kernel_row *row, built *b)
{
    clf_status status = CLF_OK;
    cl_program program = NULL;
    cl_kernel kernel = NULL;
    TRY(build_once(ctx, row, &b->first_ms, &program, &kernel));
    release(&program, &kernel);
    TRY(build_once(ctx, row, &b->second_ms, &program, &kernel));
    TRY(ask(ctx, program, kernel, b));
fail:
    release(&program, &kernel);
    return status;
}

static json_t *row_json(const clfi_kernel_row *row, const built *b)
{
    const bool right = b->status == CLF_OK;
    char local[32];
    char private[32];
    char binary[32];
    snprintf(local, sizeof local, "%llu", (unsigned long long)b->local_bytes);
    snprintf(private, sizeof private, "%llu", (unsigned long long)b->private_bytes);
    snprintf(binary, sizeof binary, "%zu", b->binary_bytes);
    return json_pack("{s:s, s:b, s:o, s:o, s:I, s:I, s:s, s:s, s:s?, s:o}", "file", row->path,
                     "built", right, "first_ms", right ? json_real(b->first_ms) : json_null(),
                     "second_ms", right ? json_real(b->second_ms) : json_null(), "work_group_limit",
                     (json_int_t)b->work_group, "preferred_multiple", (json_int_t)b->multiple,
                     "local_bytes", local, "private_bytes", private, "binary_bytes",
                     b->binary_bytes ? binary : NULL, "log",
                     b->log[0] ? report_text(b->log) : json_null());
}

static clf_status print_json(const clf_context *ctx, const built *rows, const clf_log *log)
{
    json_t *list = json_array();
    for (int i = 0; i < clfi_kernel_row_count; i++)
        json_array_append_new(list, row_json(&clfi_kernel_rows[i], &rows[i]));
    return report_json(json_pack("{s:s, s:o, s:o, s:o}", "schema", "clfavor-kernels/1", "device",
                                 report_text(ctx->device.name), "driver",
                                 report_text(ctx->device.driver), "kernels", list),
                       log);
}

static void print_row(const clfi_kernel_row *row, const built *b)
{
    if (b->status != CLF_OK) {
        report_wrapped(stdout, b->log, printf("%-26s ", row->path), 27);
        return;
    }
    printf("%-26s %9.1f %9.1f %9zu %8zu %7llu %7llu\n", row->path, b->first_ms, b->second_ms,
           b->work_group, b->multiple, (unsigned long long)b->local_bytes,
           (unsigned long long)b->private_bytes);
}

/* Builds all; a failure of one is its row's, and makes the status of all. */
static clf_status build_all(const values *o, clf_context *ctx, const clf_log *log, built *rows)
{
    clf_status status = CLF_OK;
    if (!o->json)
        printf(
            "kernel                      first ms second ms  group of multiple local B private\n");
    for (int i = 0; i < clfi_kernel_row_count; i++) {
        const clfi_kernel_row *row = &clfi_kernel_rows[i];
        progress("kernel %d of %d: %s", i + 1, clfi_kernel_row_count, row->path);
        clfi_log(log, CLF_LOG_DEBUG, "building %s", row->path);
        ctx->log = (clf_log){keep_message, &rows[i], CLF_LOG_ERROR};
        rows[i].status = build_row(ctx, row, &rows[i]);
        progress_clear();
        if (rows[i].status != CLF_OK)
            status = rows[i].status;
        if (!o->json)
            print_row(row, &rows[i]);
    }
    return status;
}

static int run(const void *parsed, const clf_log *log)
{
    const values *o = parsed;
    clf_status status = CLF_OK;
    clf_status building = CLF_OK;
    clf_context *ctx = NULL;
    built *rows = calloc((size_t)clfi_kernel_row_count, sizeof *rows);
    if (!rows)
        return exit_of(clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for %d kernels",
                                 clfi_kernel_row_count));
    TRY(clf_context_create(o->device, log, &ctx));
    building = build_all(o, ctx, log, rows);
    if (o->json)
        TRY(print_json(ctx, rows, log));
    status = building;
fail:
    clf_context_destroy(&ctx);
    free(rows);
    return exit_of(status);
}

const command cmd_kernels = {
    .name = "kernels",
    .summary = "builds every kernel and says what each needs",
    .details =
        "Builds each kernel twice, alone and with its own defaults, and asks the driver what "
        "it needs. The second time tells what the driver's cache is worth. Drivers that "
        "compile at the first launch, as PoCL does, do a part of the work then.",
    .options = k_options,
    .values_size = sizeof(values),
    .run = run,
};
