/* Programs on disk: what is taken, and what is built again with one message that says why. Keys and
 * format are in test_binary.c; processes that are killed and full disks are in suite `faults`.
 *
 * A binary with a right checksum that is no binary is up to the driver. PoCL 3.1 refuses one whose
 * first bytes are not its own, and ends the process for some that begin like its own: only the
 * former are tried. */
#include "api/cache_support.h"
#include "api/plan_support.h"
#include "support/files.h"

#include "cl/context_internal.h"
#include "cl/disk.h"
#include "cl/quirks.h"

enum {
    NOBODY = 65534
};

/* A folder of caches, an attention problem that has one program, and its result without a cache. */
typedef struct scene {
    char path[64];
    char *cache_home;  // before
    clf_plan_params params;
    host_data data;
    float *expected;
    char file[96];  // of its program, once it was written
    char *good;     // its bytes
    size_t size;
} scene;

/* Runs the problem in a context of its own; the result must be right whatever is on the disk. */
static void attend(scene *s, record *r)
{
    const clf_host_args args = host_args(&s->data);
    fill_nan(s->data.out, s->data.out_count);
    clf_context *ctx = open_context(listen(r));
    ck_assert_int_eq(clf_attention(ctx, &s->params, &args), CLF_OK);
    clf_context_destroy(&ctx);
    for (int64_t i = 0; i < s->data.out_count && s->expected; i++) {
        const float right = s->expected[i], error = fabsf(s->data.out[i] - right);
        ck_assert_msg(error <= 1e-5f * (1 + fabsf(right)), "%g is not %g; %s", s->data.out[i],
                      right, r->text);
    }
}

/* The only *.bin in the folder. */
static void find_file(char path[96])
{
    path[0] = '\0';
    DIR *entries = opendir("clfavor");
    ck_assert_ptr_nonnull(entries);
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        if (strlen(entry->d_name) != CLFI_BINARY_NAME_SIZE - 1)
            continue;
        ck_assert_str_eq(path, "");
        snprintf(path, 96, "clfavor/%.*s", CLFI_BINARY_NAME_SIZE, entry->d_name);
    }
    closedir(entries);
    ck_assert_str_ne(path, "");
}

/* Without a folder yet. */
static void scene_begin(scene *s)
{
    record r;
    *s = (scene){.params = {.B = 1, .H = 1, .L = 8, .S = 8, .D = 4, .E = 4, .R = 8, .seed = 3}};
    s->params.tuning.family = CLF_FAMILY_PLAIN;
    data_init(&s->data, &s->params);
    setenv("CLFAVOR_CACHE", "0", 1);
    attend(s, &r);
    ck_assert_int_eq(r.built, 1);
    ck_assert_int_eq(r.cache, 0);
    s->expected = malloc((size_t)s->data.out_count * sizeof(float));
    ck_assert_ptr_nonnull(s->expected);
    memcpy(s->expected, s->data.out, (size_t)s->data.out_count * sizeof(float));
    const char *home = getenv("XDG_CACHE_HOME");
    s->cache_home = home ? strdup(home) : NULL;
    enter_scratch(s->path);
    setenv("XDG_CACHE_HOME", s->path, 1);
    setenv("CLFAVOR_CACHE", "1", 1);
}

/* With a folder and the program in it. */
static void scene_fill(scene *s)
{
    record r;
    attend(s, &r);
    ck_assert_int_eq(r.built, 1);
    ck_assert_int_eq(r.cache, 1);
    find_file(s->file);
    s->good = read_bytes(s->file, &s->size);
}

static void scene_end(scene *s)
{
    setenv("CLFAVOR_CACHE", "0", 1);
    if (s->cache_home)
        setenv("XDG_CACHE_HOME", s->cache_home, 1);
    else
        unsetenv("XDG_CACHE_HOME");
    remove_tree("clfavor");
    leave_scratch(s->path);
    data_finish(&s->data);
    free(s->cache_home);
    free(s->expected);
    free(s->good);
}

/* The problem is right, from source, with one message that holds `part`. */
static void assert_missed(scene *s, const char *part)
{
    record r;
    attend(s, &r);
    ck_assert_msg(r.built == 1 && r.cache == 1 && strstr(r.text, part) != NULL,
                  "%s: built %d, said %d: %s", part, r.built, r.cache, r.text);
    ck_assert_ptr_nonnull(strstr(r.text, "; built from source"));
}

static void assert_taken(scene *s)
{
    record r;
    attend(s, &r);
    ck_assert_msg(r.built == 0 && r.cache == 1 && r.taken == 1, "built %d, said %d: %s", r.built,
                  r.cache, r.text);
}

/* The file was missed for that reason, and mended. */
static void assert_mended(scene *s, const char *part)
{
    assert_missed(s, part);
    ck_assert_uint_eq(mode_of(s->file), 0600);
    assert_taken(s);
    ck_assert_int_eq(count_files("clfavor", "", ""), 1);
}

START_TEST(a_later_process_takes_the_binary)
{
    scene s;
    struct stat before, after;
    scene_begin(&s);
    assert_missed(&s, ".bin: it is not there");
    find_file(s.file);
    ck_assert_uint_eq(mode_of("clfavor"), 0700);
    ck_assert_uint_eq(mode_of(s.file), 0600);
    make_older(s.file, 1000);
    ck_assert_int_eq(stat(s.file, &before), 0);
    assert_taken(&s);
    ck_assert_int_eq(stat(s.file, &after), 0);
    ck_assert_int_eq(before.st_ino, after.st_ino);
    ck_assert_int_gt(after.st_mtime, before.st_mtime);  // it was used
    scene_end(&s);
}
END_TEST

START_TEST(where_it_pays)
{
    scene s;
    record r;
    scene_begin(&s);
    clf_context *ctx = open_context(NULL);
    const bool pays = !(ctx->quirks & CLFI_QUIRK_NO_BINARIES);
    clf_context_destroy(&ctx);
    const struct {
        const char *value;
        bool wanted;
    } rows[] = {{"0", false}, {"1", true}, {"2", pays}, {"", pays}, {"01", pays}, {NULL, pays}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].value)
            setenv("CLFAVOR_CACHE", rows[i].value, 1);
        else
            unsetenv("CLFAVOR_CACHE");
        attend(&s, &r);
        ck_assert_int_eq(r.built, 1);
        ck_assert_int_eq(r.cache, rows[i].wanted);
        ck_assert_int_eq(mode_of("clfavor") != 0, rows[i].wanted);
        remove_tree("clfavor");
    }
    scene_end(&s);
}
END_TEST

/* What is in memory is neither looked for on disk nor written again. */
START_TEST(memory_comes_first)
{
    scene s;
    record r;
    scene_begin(&s);
    const clf_host_args args = host_args(&s.data);
    clf_context *ctx = open_context(listen(&r));
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(clf_attention(ctx, &s.params, &args), CLF_OK);
        ck_assert_int_eq(r.cache, 1);
        ck_assert_int_eq(r.built, 1);
        ck_assert_int_eq(mode_of("clfavor") != 0, i == 0);
        remove_tree("clfavor");
    }
    clf_context_destroy(&ctx);
    scene_end(&s);
}
END_TEST

START_TEST(the_folder_is_bounded)
{
    scene s;
    scene_begin(&s);
    ck_assert_int_eq(mkdir("clfavor", 0700), 0);
    write_text("clfavor/old.bin", "");
    ck_assert_int_eq(truncate("clfavor/old.bin", CLFI_DISK_LIMIT), 0);
    make_older("clfavor/old.bin", 1000);
    assert_missed(&s, ": it is not there");
    ck_assert_uint_eq(mode_of("clfavor/old.bin"), 0);
    assert_taken(&s);
    scene_end(&s);
}
END_TEST

START_TEST(files_of_another_length)
{
    scene s;
    scene_begin(&s);
    scene_fill(&s);
    const size_t sizes[] = {0, 1, 7, 8, 15, 16, 31, 32, 39, 40, 55, 56, 57, s.size / 2, s.size - 1};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        write_bytes(s.file, s.good, sizes[i]);
        assert_mended(&s, ": it is cut short");
    }
    FILE *file = fopen(s.file, "ab");
    ck_assert_ptr_nonnull(file);
    fputc('x', file);
    fclose(file);
    assert_mended(&s, ": it is too long");
    ck_assert_int_eq(truncate(s.file, (off_t)CLFI_BINARY_LIMIT + CLFI_BINARY_HEADER_BYTES + 1), 0);
    assert_mended(&s, ": it is larger than any");
    scene_end(&s);
}
END_TEST

START_TEST(files_with_a_wrong_byte)
{
    scene s;
    scene_begin(&s);
    scene_fill(&s);
    const size_t step = (s.size - CLFI_BINARY_HEADER_BYTES) / 17;
    for (size_t at = 0; at < s.size; at += at < CLFI_BINARY_HEADER_BYTES ? 5 : step) {
        s.good[at] ^= 0x10;
        write_bytes(s.file, s.good, s.size);
        s.good[at] ^= 0x10;
        assert_mended(&s, at < 8    ? ": it is no program of clfavor"
                          : at < 16 ? ": it has another format"
                          : at < 32 ? ": it is another program"
                          : at < 40 ? ": it is "  // too long, or cut short
                                    : ": its checksum is wrong");
    }
    scene_end(&s);
}
END_TEST

/* The key that a file's name tells. */
static clfi_binary_key key_of_name(const char *file)
{
    clfi_binary_key key;
    const char *hex = strrchr(file, '/') + 1;
    for (int i = 0; i < 16; i++) {
        const char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        key.hash[i] = (unsigned char)strtoul(digits, NULL, 16);
    }
    return key;
}

/* A file that is right but for what is in it. */
static void plant(const scene *s, const clfi_binary_key *key, const void *binary, size_t size)
{
    unsigned char header[CLFI_BINARY_HEADER_BYTES];
    clfi_binary_header(key, binary, size, header);
    FILE *file = fopen(s->file, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(header, sizeof header, 1, file), 1);
    ck_assert_uint_eq(fwrite(binary, size, 1, file), 1);
    ck_assert_int_eq(fclose(file), 0);
}

/* Whole files of other programs and devices under our name. */
START_TEST(files_of_others)
{
    scene s, other;
    scene_begin(&s);
    scene_fill(&s);
    remove(s.file);
    other = s;
    other.params.E = 3;
    data_init(&other.data, &other.params);
    other.expected = NULL;
    scene_fill(&other);
    ck_assert_str_ne(other.file, s.file);
    ck_assert_int_eq(rename(other.file, s.file), 0);
    assert_mended(&s, ": it is another program");

    clfi_binary_key key = key_of_name(s.file);
    key.hash[0] ^= 1;
    plant(&s, &key, s.good + CLFI_BINARY_HEADER_BYTES, s.size - CLFI_BINARY_HEADER_BYTES);
    assert_mended(&s, ": it is another program");
    data_finish(&other.data);
    free(other.good);
    scene_end(&s);
}
END_TEST

START_TEST(binaries_that_the_driver_refuses)
{
    static const char garbage[100] = "no binary of any driver";
    scene s;
    scene_begin(&s);
    scene_fill(&s);
    const clfi_binary_key key = key_of_name(s.file);
    plant(&s, &key, garbage, sizeof garbage);
    assert_mended(&s, ": the driver refuses it: CL_");
    plant(&s, &key, garbage, 1);
    assert_mended(&s, ": the driver refuses it: CL_");
    scene_end(&s);
}
END_TEST

/* A right binary of a program with other kernels: the driver takes it. */
START_TEST(binaries_without_the_kernel)
{
    scene s;
    scene_begin(&s);
    scene_fill(&s);
    clf_context *ctx = open_context(NULL);
    const cl_program program = build(ctx, "-DTEST=5");
    size_t size = 0;
    ck_assert_int_eq(clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof size, &size, NULL),
                     CL_SUCCESS);
    unsigned char *binary = malloc(size);
    ck_assert_ptr_nonnull(binary);
    ck_assert_int_eq(clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof binary, &binary, NULL),
                     CL_SUCCESS);
    const clfi_binary_key key = key_of_name(s.file);
    plant(&s, &key, binary, size);
    assert_mended(&s, ": kernel kv_state is not in it: CL_");
    free(binary);
    clReleaseProgram(program);
    clf_context_destroy(&ctx);
    scene_end(&s);
}
END_TEST

START_TEST(what_is_no_file_of_ours)
{
    scene s;
    record r;
    scene_begin(&s);
    scene_fill(&s);
    write_bytes("elsewhere", s.good, s.size);
    make_older("elsewhere", 1000);
    remove(s.file);
    ck_assert_int_eq(symlink("../elsewhere", s.file), 0);
    assert_mended(&s, ": Too many levels of symbolic links");
    size_t size;
    char *bytes = read_bytes("elsewhere", &size);
    ck_assert(size == s.size && memcmp(bytes, s.good, size) == 0);
    free(bytes);
    remove("elsewhere");
    remove(s.file);
    ck_assert_int_eq(mkfifo(s.file, 0600), 0);
    assert_mended(&s, ": it is no regular file");
    if (geteuid() == 0) {
        ck_assert_int_eq(chown(s.file, NOBODY, NOBODY), 0);
        assert_mended(&s, ": it belongs to another user");
    }
    remove(s.file);
    ck_assert_int_eq(mkdir(s.file, 0700), 0);
    attend(&s, &r);
    ck_assert_int_eq(r.built, 1);
    ck_assert_int_eq(r.cache, 2);  // it is not read, and cannot be replaced
    ck_assert_ptr_nonnull(strstr(r.text, ".bin: Is a directory"));
    scene_end(&s);
}
END_TEST

START_TEST(folders_that_are_not_used)
{
    scene s;
    scene_begin(&s);
    ck_assert_int_eq(mkdir("clfavor", 0700), 0);
    ck_assert_int_eq(chmod("clfavor", 0770), 0);
    assert_missed(&s, "/clfavor: others can write there");
    ck_assert_int_eq(chmod("clfavor", 0700), 0);
    if (geteuid() == 0) {
        ck_assert_int_eq(chown("clfavor", NOBODY, NOBODY), 0);
        assert_missed(&s, "/clfavor: it belongs to another user");
    } else {
        ck_assert_int_eq(chmod("clfavor", 0), 0);
        assert_missed(&s, "/clfavor: Permission denied");
    }
    ck_assert_int_eq(count_files("clfavor", "", ""), 0);
    remove_tree("clfavor");
    ck_assert_int_eq(mkdir("real", 0700), 0);
    ck_assert_int_eq(symlink("real", "clfavor"), 0);
    assert_missed(&s, "/clfavor: Not a directory");
    ck_assert_int_eq(rmdir("real"), 0);
    remove("clfavor");
    setenv("XDG_CACHE_HOME", "/dev/null", 1);
    assert_missed(&s, "/dev/null/clfavor: Not a directory");
    scene_end(&s);
}
END_TEST

/* With two devices in a context nothing is kept, and files are taken as ever. */
START_TEST(contexts_of_two_devices)
{
    scene s;
    record r;
    cl_device_id devices[8];
    cl_uint count = 0;
    cl_int code = CL_SUCCESS;
    clf_context *ctx = open_context(NULL);
    clGetDeviceIDs(ctx->device.platform, CL_DEVICE_TYPE_ALL, 8, devices, &count);
    clf_context_destroy(&ctx);
    if (count < 2) {
        printf("one device: contexts of two are not tried\n");
        return;
    }
    scene_begin(&s);
    const clf_host_args args = host_args(&s.data);
    const cl_context context = clCreateContext(NULL, 2, devices, NULL, NULL, &code);
    ck_assert_int_eq(code, CL_SUCCESS);
    for (int i = 0; i < 4; i++) {
        const cl_command_queue queue = clCreateCommandQueue(context, devices[i % 2], 0, &code);
        ck_assert_int_eq(code, CL_SUCCESS);
        ck_assert_int_eq(clf_context_wrap(context, queue, listen(&r), &ctx), CLF_OK);
        ck_assert_int_eq(clf_attention(ctx, &s.params, &args), CLF_OK);
        ck_assert_float_eq_tol(s.data.out[0], s.expected[0], 1e-5f);
        clf_context_destroy(&ctx);
        clReleaseCommandQueue(queue);
        ck_assert_int_eq(r.cache, i < 2 ? 2 : 1);
        if (i < 2)
            ck_assert_ptr_nonnull(strstr(r.text, "the program has 2 devices, not 1: not kept"));
        else
            ck_assert_int_eq(r.taken, 1);
        if (i == 1)
            attend(&s, &r);  // on the first device alone
    }
    clReleaseContext(context);
    scene_end(&s);
}
END_TEST

RUN_DEVICE_TESTS("disk", a_later_process_takes_the_binary, where_it_pays, memory_comes_first,
                 the_folder_is_bounded, files_of_another_length, files_with_a_wrong_byte,
                 files_of_others, binaries_that_the_driver_refuses, binaries_without_the_kernel,
                 what_is_no_file_of_ours, folders_that_are_not_used, contexts_of_two_devices)
