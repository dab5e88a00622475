/* Building programs from a directory (CLFAVOR_KERNEL_DIR) and from the library. */
#include "support/device.h"

#include <sys/stat.h>

#include "cl/embedded.h"
#include "cl/program.h"

/* All messages, one a line. */
struct lines {
    int count;
    char last[1024];
};

static void count_lines(void *user, clf_log_level level, const char *message)
{
    struct lines *lines = user;
    (void)level;
    ck_assert_ptr_null(strchr(message, '\n'));
    lines->count++;
    snprintf(lines->last, sizeof lines->last, "%s", message);
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
}

/* A kernel directory with one good family; the current directory until close_kernels. */
static void open_kernels(char path[64])
{
    enter_scratch(path);
    ck_assert_int_eq(mkdir("plain", 0700), 0);
    ck_assert_int_eq(mkdir("common", 0700), 0);
    write_text("common/value.clh", "#ifndef VALUE\n#define VALUE (A + 1)\n#endif\n");
    write_text("plain/one.cl", "#include \"common/value.clh\"\n"
                               "kernel void one(global int *x) { x[0] = VALUE; }\n");
    write_text("plain/two.cl", "#include \"common/value.clh\"\n"
                               "kernel void two(global int *x) { x[0] += VALUE; }");
    setenv("CLFAVOR_KERNEL_DIR", path, 1);
}

static void close_kernels(const char *path)
{
    unsetenv("CLFAVOR_KERNEL_DIR");
    remove("plain/one.cl");
    remove("plain/two.cl");
    remove("common/value.clh");
    rmdir("plain");
    rmdir("common");
    leave_scratch(path);
}

START_TEST(files_of_a_directory_make_one_program)
{
    const char *const paths[] = {"plain/one.cl", "plain/two.cl"};
    const char *const names[] = {"one", "two"};
    char path[64];
    clf_context *ctx = open_context(NULL);
    cl_program program = NULL;
    cl_mem mem = NULL;
    cl_int code = CL_SUCCESS;
    int value = 0;
    open_kernels(path);
    ck_assert_int_eq(clfi_program_build(ctx, paths, 2, "-DA=20", &program), CLF_OK);
    mem = clCreateBuffer(clf_context_cl(ctx), CL_MEM_READ_WRITE, sizeof value, NULL, &code);
    ck_assert_int_eq(code, CL_SUCCESS);
    for (int i = 0; i < 2; i++) {
        const size_t one = 1;
        cl_kernel kernel = NULL;
        ck_assert_int_eq(clfi_kernel_create(ctx, program, names[i], &kernel), CLF_OK);
        ck_assert_int_eq(clSetKernelArg(kernel, 0, sizeof mem, &mem), CL_SUCCESS);
        ck_assert_int_eq(clEnqueueNDRangeKernel(clf_context_queue(ctx), kernel, 1, NULL, &one, &one,
                                                0, NULL, NULL),
                         CL_SUCCESS);
        clReleaseKernel(kernel);
    }
    clEnqueueReadBuffer(clf_context_queue(ctx), mem, CL_TRUE, 0, sizeof value, &value, 0, NULL,
                        NULL);
    ck_assert_int_eq(value, 42);
    clReleaseMemObject(mem);
    clReleaseProgram(program);
    close_kernels(path);
    clf_context_destroy(&ctx);
}
END_TEST

START_TEST(a_failed_build_shows_the_end_of_its_log)
{
    const char *const paths[] = {"plain/one.cl"};
    char path[64];
    struct lines lines = {0};
    const clf_log log = {.callback = count_lines, .user = &lines, .level = CLF_LOG_ERROR};
    clf_context *ctx = open_context(&log);
    cl_program program = (cl_program)&lines;
    open_kernels(path);
    FILE *file = fopen("plain/one.cl", "w");
    for (int i = 0; i < 60; i++)
        fprintf(file, "#warning line %d\n", i);
    fputs("kernel void one(global int *x) { x[0] = undeclared; }\n", file);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(clfi_program_build(ctx, paths, 1, "-DA=20", &program), CLF_ERROR_BUILD);
    ck_assert_ptr_null(program);
    ck_assert_int_gt(lines.count, 1);
    ck_assert_int_le(lines.count, 41);
    ck_assert_msg(strstr(lines.last, "plain/one.cl did not build on device ") != NULL, "'%s'",
                  lines.last);
    ck_assert_ptr_nonnull(strstr(lines.last, "-cl-std=CL1.2 "));
    ck_assert_ptr_nonnull(strstr(lines.last, "-DA=20: CL_BUILD_PROGRAM_FAILURE (-11)"));
    close_kernels(path);
    clf_context_destroy(&ctx);
}
END_TEST

START_TEST(a_file_that_is_not_there)
{
    const char *const paths[] = {"plain/one.cl", "plain/three.cl"};
    char path[64];
    kept_log kept;
    clf_context *ctx = open_context(keep(&kept, CLF_LOG_ERROR));
    cl_program program = (cl_program)&kept;
    open_kernels(path);
    ck_assert_int_eq(clfi_program_build(ctx, paths, 2, "-DA=1", &program), CLF_ERROR_IO);
    ck_assert_ptr_null(program);
    assert_said(&kept, "/plain/three.cl (CLFAVOR_KERNEL_DIR): No such file");
    setenv("CLFAVOR_KERNEL_DIR", "/tmp/a b", 1);
    ck_assert_int_eq(clfi_program_build(ctx, paths, 2, "-DA=1", &program),
                     CLF_ERROR_INVALID_ARGUMENT);
    assert_said(&kept, "CLFAVOR_KERNEL_DIR=/tmp/a b: a blank or quote");
    close_kernels(path);
    ck_assert_int_eq(clfi_program_build(ctx, paths, 2, "-DA=1", &program),
                     CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_ptr_null(program);
    assert_said(&kept, "the library holds no kernel file plain/one.cl");
    clf_context_destroy(&ctx);
}
END_TEST

START_TEST(a_kernel_that_is_not_there)
{
    const char *const paths[] = {"plain/one.cl"};
    char path[64];
    kept_log kept;
    clf_context *ctx = open_context(keep(&kept, CLF_LOG_ERROR));
    cl_program program = NULL;
    cl_kernel kernel = (cl_kernel)&kept;
    open_kernels(path);
    ck_assert_int_eq(clfi_program_build(ctx, paths, 1, "-DA=1", &program), CLF_OK);
    ck_assert_int_eq(clfi_kernel_create(ctx, program, "nine", &kernel), CLF_ERROR_DEVICE);
    ck_assert_ptr_null(kernel);
    assert_said(&kept, "kernel nine: clCreateKernel: CL_INVALID_KERNEL_NAME (-46)");
    clReleaseProgram(program);
    close_kernels(path);
    clf_context_destroy(&ctx);
}
END_TEST

START_TEST(embedded_kernels_are_found)
{
    ck_assert_uint_gt(clfi_embedded_kernel_count, 0);
    for (size_t i = 0; i < clfi_embedded_kernel_count; i++) {
        const struct clfi_embedded *kernel = &clfi_embedded_kernels[i];
        ck_assert_uint_eq(strlen(kernel->source), kernel->length);
        ck_assert_uint_eq(strlen(kernel->hash), 32);
        ck_assert_ptr_null(strstr(kernel->source, "#include"));
    }
}
END_TEST

RUN_DEVICE_TESTS("program", files_of_a_directory_make_one_program,
                 a_failed_build_shows_the_end_of_its_log, a_file_that_is_not_there,
                 a_kernel_that_is_not_there, embedded_kernels_are_found)
