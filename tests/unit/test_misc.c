/* The small parts of the host tier: status, log, sizes, layouts, environment, output files. */
#include "support.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <clfavor/status.h>
#include <clfavor/tensor.h>
#include <clfavor/version.h>

#include "host/checked.h"
#include "host/env.h"
#include "host/log.h"
#include "host/output.h"

START_TEST(status_has_words)
{
    for (int code = 0; code >= CLF_ERROR_FORMAT; code--) {
        const char *words = clf_status_string((clf_status)code);
        ck_assert_ptr_nonnull(words);
        ck_assert_str_ne(words, "unknown status");
        for (int other = 0; other > code; other--)
            ck_assert_str_ne(words, clf_status_string((clf_status)other));
    }
    const int unknown[] = {1, CLF_ERROR_FORMAT - 1, 2147483647, -2147483647 - 1};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        ck_assert_str_eq(clf_status_string((clf_status)unknown[i]), "unknown status");
}
END_TEST

START_TEST(version_is_that_of_the_header)
{
    char text[64];
    snprintf(text, sizeof text, "%d.%d.%d", CLF_VERSION_MAJOR, CLF_VERSION_MINOR,
             CLF_VERSION_PATCH);
    ck_assert_str_eq(clf_version_string(), text);
}
END_TEST

START_TEST(log_wants_its_level_and_less)
{
    kept_log kept;
    const clf_log *log = keep(&kept, CLF_LOG_WARNING);
    clfi_log(log, CLF_LOG_INFO, "no");
    ck_assert_int_eq(kept.count, 0);
    clfi_log(log, CLF_LOG_WARNING, "%s=%d", "E", 5);
    ck_assert_int_eq(kept.count, 1);
    ck_assert_str_eq(kept.text, "E=5");
    ck_assert_int_eq(kept.level, CLF_LOG_WARNING);
    ck_assert_int_eq(clfi_fail(log, CLF_ERROR_IO, "lost %c", 'x'), CLF_ERROR_IO);
    ck_assert_int_eq(kept.level, CLF_LOG_ERROR);
    ck_assert_str_eq(kept.text, "lost x");

    keep(&kept, CLF_LOG_NONE);
    clfi_log(log, CLF_LOG_ERROR, "no");
    ck_assert_int_eq(kept.count, 0);
}
END_TEST

START_TEST(log_may_be_null_or_without_callback)
{
    const clf_log silent = {.level = CLF_LOG_DEBUG};
    clfi_log(NULL, CLF_LOG_ERROR, "x");
    clfi_log(&silent, CLF_LOG_ERROR, "x");
    ck_assert_int_eq(clfi_fail(NULL, CLF_ERROR_BUILD, "x"), CLF_ERROR_BUILD);
    ck_assert_int_eq(clfi_fail(&silent, CLF_ERROR_BUILD, "x"), CLF_ERROR_BUILD);
}
END_TEST

START_TEST(log_keeps_long_messages_whole)
{
    /* The lengths around the size of the formatter's own buffer, and one far beyond. */
    const int lengths[] = {510, 511, 512, 513, 3000};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        kept_log kept;
        clfi_log(keep(&kept, CLF_LOG_DEBUG), CLF_LOG_DEBUG, "%*d", lengths[i], 7);
        ck_assert_uint_eq(strlen(kept.text), (size_t)lengths[i]);
        ck_assert_int_eq(kept.text[lengths[i] - 1], '7');
    }
}
END_TEST

START_TEST(sizes_are_checked)
{
    int64_t out = 42;
    ck_assert(!clfi_mul_i64(-1, 1, &out) && !clfi_mul_i64(1, -1, &out));
    ck_assert(!clfi_mul_i64(INT64_MAX, 2, &out) && !clfi_mul_i64(2, INT64_MAX, &out));
    ck_assert(!clfi_mul_i64((int64_t)1 << 32, (int64_t)1 << 31, &out));
    ck_assert(!clfi_add_i64(-1, 1, &out) && !clfi_add_i64(1, -1, &out));
    ck_assert(!clfi_add_i64(INT64_MAX, 1, &out) && !clfi_add_i64(1, INT64_MAX, &out));
    ck_assert_int_eq(out, 42);
    ck_assert(clfi_mul_i64(INT64_MAX, 1, &out) && out == INT64_MAX);
    ck_assert(clfi_mul_i64((int64_t)1 << 31, (int64_t)1 << 31, &out) && out == (int64_t)1 << 62);
    ck_assert(clfi_mul_i64(INT64_MAX, 0, &out) && out == 0);
    ck_assert(clfi_add_i64(INT64_MAX - 1, 1, &out) && out == INT64_MAX);

    size_t bytes = 42;
    const int64_t large[] = {(int64_t)1 << 31, (int64_t)1 << 31, 3};
    const int64_t negative[] = {3, -1};
    ck_assert(!clfi_product_bytes(large, 2, 4, &bytes));
    ck_assert(!clfi_product_bytes(large, 3, 1, &bytes));
    ck_assert(!clfi_product_bytes(negative, 2, 1, &bytes));
    ck_assert(!clfi_product_bytes(negative, 1, SIZE_MAX, &bytes));
    ck_assert_uint_eq(bytes, 42);
    ck_assert(clfi_product_bytes(large + 1, 2, 4, &bytes));
    ck_assert_uint_eq(bytes, ((size_t)3 << 31) * 4);
}
END_TEST

static void assert_layout(clf_layout layout, int64_t b, int64_t h, int64_t l)
{
    ck_assert_int_eq(layout.b, b);
    ck_assert_int_eq(layout.h, h);
    ck_assert_int_eq(layout.l, l);
}

START_TEST(layouts)
{
    assert_layout(clf_layout_bhld(2, 3, 5), 30, 15, 5);
    assert_layout(clf_layout_blhd(2, 3, 5), 30, 5, 10);
    assert_layout(clf_layout_bhld(1, 1, 1), 1, 1, 1);
    const int64_t good[3] = {2, 3, 5};
    const int64_t bad[] = {0, -1, INT64_MIN, INT64_MAX};
    for (int position = 0; position < 3; position++) {
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
            int64_t n[3];
            memcpy(n, good, sizeof n);
            n[position] = bad[i];
            assert_layout(clf_layout_bhld(n[0], n[1], n[2]), -1, -1, -1);
            assert_layout(clf_layout_blhd(n[0], n[1], n[2]), -1, -1, -1);
        }
    }
}
END_TEST

START_TEST(environment)
{
    const struct {
        const char *name;
        const char *(*get)(void);
    } variables[] = {{"CLFAVOR_DEVICE", clfi_env_device},
                     {"CLFAVOR_KERNEL_DIR", clfi_env_kernel_dir}};
    for (size_t i = 0; i < 2; i++) {
        unsetenv(variables[i].name);
        ck_assert_ptr_null(variables[i].get());
        setenv(variables[i].name, "", 1);
        ck_assert_ptr_null(variables[i].get());
        setenv(variables[i].name, "here", 1);
        ck_assert_str_eq(variables[i].get(), "here");
        unsetenv(variables[i].name);
    }
}
END_TEST

static void assert_content(const char *path, const char *expected)
{
    char text[64] = {0};
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fread(text, 1, sizeof text - 1, file), strlen(expected));
    fclose(file);
    ck_assert_str_eq(text, expected);
}

START_TEST(output_is_whole_or_not_there)
{
    char directory[64];
    enter_scratch(directory);
    clfi_output output;
    ck_assert_int_eq(clfi_output_open("a", NULL, &output), CLF_OK);
    fputs("one", output.stream);
    ck_assert_int_ne(access("a", F_OK), 0);
    ck_assert_int_eq(clfi_output_commit(&output, NULL), CLF_OK);
    assert_content("a", "one");

    ck_assert_int_eq(clfi_output_open("a", NULL, &output), CLF_OK);
    fputs("two", output.stream);
    clfi_output_discard(&output);
    clfi_output_discard(&output);
    assert_content("a", "one");

    /* Two writers of one path do not disturb each other; the last commit stays. */
    clfi_output other;
    ck_assert_int_eq(clfi_output_open("a", NULL, &output), CLF_OK);
    ck_assert_int_eq(clfi_output_open("a", NULL, &other), CLF_OK);
    fputs("three", output.stream);
    fputs("four", other.stream);
    ck_assert_int_eq(clfi_output_commit(&other, NULL), CLF_OK);
    assert_content("a", "four");
    ck_assert_int_eq(clfi_output_commit(&output, NULL), CLF_OK);
    assert_content("a", "three");
    ck_assert_int_eq(unlink("a"), 0);
    leave_scratch(directory);
}
END_TEST

START_TEST(output_refuses)
{
    char directory[64];
    enter_scratch(directory);
    kept_log kept;
    const clf_log *log = keep(&kept, CLF_LOG_ERROR);
    clfi_output output;
    ck_assert_int_eq(clfi_output_open("a", log, NULL), CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clfi_output_open(NULL, log, &output), CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clfi_output_open("", log, &output), CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_ptr_null(output.stream);
    ck_assert_int_eq(clfi_output_open("nowhere/a", log, &output), CLF_ERROR_IO);
    assert_said(&kept, "nowhere/a");
    ck_assert_int_eq(clfi_output_open("/dev/null", log, &output), CLF_ERROR_IO);
    assert_said(&kept, "not a regular file");
    ck_assert_int_eq(clfi_output_open(".", log, &output), CLF_ERROR_IO);
    ck_assert_int_eq(clfi_output_commit(&output, log), CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clfi_output_commit(NULL, log), CLF_ERROR_INVALID_ARGUMENT);
    clfi_output_discard(NULL);
    leave_scratch(directory);
}
END_TEST

START_TEST(output_survives_a_full_disk)
{
    char directory[64];
    enter_scratch(directory);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = 4096;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    kept_log kept;
    clfi_output output;
    ck_assert_int_eq(clfi_output_open("a", keep(&kept, CLF_LOG_ERROR), &output), CLF_OK);
    fprintf(output.stream, "%*d", 100000, 1);
    ck_assert_int_eq(clfi_output_commit(&output, &kept.log), CLF_ERROR_IO);
    assert_said(&kept, "cannot write a");
    limit.rlim_cur = before;
    setrlimit(RLIMIT_FSIZE, &limit);
    leave_scratch(directory);
}
END_TEST

START_TEST(output_survives_a_failing_rename)
{
    char directory[64];
    enter_scratch(directory);
    clfi_output output;
    ck_assert_int_eq(clfi_output_open("a", NULL, &output), CLF_OK);
    fputs("one", output.stream);
    ck_assert_int_eq(mkdir("a", 0777), 0);
    ck_assert_int_eq(clfi_output_commit(&output, NULL), CLF_ERROR_IO);
    ck_assert_int_eq(rmdir("a"), 0);
    leave_scratch(directory);
}
END_TEST

RUN_TESTS("misc", status_has_words, version_is_that_of_the_header, log_wants_its_level_and_less,
          log_may_be_null_or_without_callback, log_keeps_long_messages_whole, sizes_are_checked,
          layouts, environment, output_is_whole_or_not_there, output_refuses,
          output_survives_a_full_disk, output_survives_a_failing_rename)
