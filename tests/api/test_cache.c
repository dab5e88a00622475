/* Programs that a context keeps in memory. Those on disk are in test_disk.c. */
#include "api/cache_support.h"
#include "support/files.h"

#include "cl/cache.h"
#include "cl/context_internal.h"

static cl_uint references(cl_program program)
{
    cl_uint count = 0;
    ck_assert_int_eq(
        clGetProgramInfo(program, CL_PROGRAM_REFERENCE_COUNT, sizeof count, &count, NULL),
        CL_SUCCESS);
    return count;
}

START_TEST(a_context_builds_a_program_once)
{
    record r;
    clf_context *ctx = open_context(listen(&r)), *other = open_context(NULL);
    const cl_program first = build(ctx, "-DTEST=5"), again = build(ctx, "-DTEST=5");
    ck_assert_ptr_eq(first, again);
    ck_assert_uint_eq(references(first), 3);
    ck_assert_int_eq(r.built, 1);
    const cl_program second = build(ctx, "-DTEST=6"), elsewhere = build(other, "-DTEST=5");
    ck_assert_int_eq(r.built, 2);
    ck_assert_ptr_ne(second, first);
    ck_assert_ptr_ne(elsewhere, first);
    cl_program afresh = NULL;
    ck_assert_int_eq(clfi_program_compile(ctx, k_path, 1, "-DTEST=5", &afresh), CLF_OK);
    ck_assert_ptr_ne(afresh, first);
    ck_assert_int_eq(r.built, 3);
    clReleaseProgram(again);
    clReleaseProgram(second);
    clReleaseProgram(afresh);
    clf_context_destroy(&ctx);
    ck_assert_uint_eq(references(first), 1);
    clf_context_destroy(&other);
    clReleaseProgram(elsewhere);
    clReleaseProgram(first);
}
END_TEST

/* Sources of a folder may change: each build reads them. */
START_TEST(kernels_of_a_folder_are_not_kept)
{
    static const char *const paths[] = {"one.cl"};
    char path[64];
    record r;
    cl_program programs[2];
    enter_scratch(path);
    setenv("CLFAVOR_KERNEL_DIR", path, 1);
    setenv("CLFAVOR_CACHE", "1", 1);
    clf_context *ctx = open_context(listen(&r));
    for (int i = 0; i < 2; i++) {
        write_text("one.cl", i ? "kernel void two(global int *x) { x[0] = 2; }\n"
                               : "kernel void one(global int *x) { x[0] = 1; }\n");
        ck_assert_int_eq(clfi_program_build(ctx, paths, 1, i ? "-DA=1" : "", &programs[i]), CLF_OK);
        clfi_program_keep(ctx, programs[i]);
    }
    ck_assert_ptr_ne(programs[0], programs[1]);
    ck_assert_int_eq(r.built, 2);
    ck_assert_int_eq(r.cache, 0);
    ck_assert_uint_eq(references(programs[0]), 1);
    clReleaseProgram(programs[0]);
    clReleaseProgram(programs[1]);
    clf_context_destroy(&ctx);
    unsetenv("CLFAVOR_KERNEL_DIR");
    setenv("CLFAVOR_CACHE", "0", 1);
    remove("one.cl");
    leave_scratch(path);
}
END_TEST

static clfi_binary_key key_number(int i)
{
    return (clfi_binary_key){{7, [14] = (unsigned char)(i >> 8), [15] = (unsigned char)i}};
}

/* Whether a program is kept under a number. */
static bool is_kept(clfi_cache *cache, int i)
{
    const clfi_binary_key key = key_number(i);
    const cl_program program = clfi_cache_find(cache, &key);
    if (program)
        clReleaseProgram(program);
    return program != NULL;
}

START_TEST(the_last_programs_that_were_used_are_kept)
{
    clf_context *ctx = open_context(NULL);
    const cl_program program = build(ctx, "-DTEST=5");
    const cl_uint before = references(program);
    clfi_cache *cache = clfi_cache_create();
    ck_assert_ptr_nonnull(cache);
    ck_assert(!is_kept(cache, 0));
    for (int i = 0; i < CLFI_CACHE_PROGRAMS; i++) {
        const clfi_binary_key key = key_number(i);
        clfi_cache_put(cache, &key, program, false);
        clfi_cache_put(cache, &key, program, false);
        ck_assert_uint_eq(references(program), before + (cl_uint)i + 1);
    }
    ck_assert(is_kept(cache, 0));  // now the first is the last
    for (int i = CLFI_CACHE_PROGRAMS; i < 2 * CLFI_CACHE_PROGRAMS - 1; i++) {
        const clfi_binary_key key = key_number(i);
        clfi_cache_put(cache, &key, program, false);
        ck_assert_uint_eq(references(program), before + CLFI_CACHE_PROGRAMS);
    }
    for (int i = 1; i < CLFI_CACHE_PROGRAMS; i++)
        ck_assert(!is_kept(cache, i));
    ck_assert(is_kept(cache, 0));
    for (int i = CLFI_CACHE_PROGRAMS; i < 2 * CLFI_CACHE_PROGRAMS - 1; i++)
        ck_assert(is_kept(cache, i));
    clfi_cache_destroy(cache);
    clfi_cache_destroy(NULL);
    ck_assert_uint_eq(references(program), before);
    clReleaseProgram(program);
    clf_context_destroy(&ctx);
}
END_TEST

START_TEST(a_program_is_saved_by_one)
{
    clf_context *ctx = open_context(NULL);
    const cl_program saved = build(ctx, "-DTEST=5"), unsaved = build(ctx, "-DTEST=6");
    const clfi_binary_key keys[] = {key_number(1), key_number(2)};
    clfi_binary_key key;
    clfi_cache *cache = clfi_cache_create();
    ck_assert_ptr_nonnull(cache);
    clfi_cache_put(cache, &keys[0], saved, false);
    clfi_cache_put(cache, &keys[1], unsaved, true);
    ck_assert(!clfi_cache_claim(cache, saved, &key));
    ck_assert(clfi_cache_claim(cache, unsaved, &key));
    ck_assert_mem_eq(&key, &keys[1], sizeof key);
    ck_assert(!clfi_cache_claim(cache, unsaved, &key));
    clfi_cache_destroy(cache);
    clReleaseProgram(saved);
    clReleaseProgram(unsaved);
    clf_context_destroy(&ctx);
}
END_TEST

RUN_DEVICE_TESTS("cache", a_context_builds_a_program_once, kernels_of_a_folder_are_not_kept,
                 the_last_programs_that_were_used_are_kept, a_program_is_saved_by_one)
