/* What the tests of results share: one made up, a data folder of the test's own, all messages of a
 * call, and files written as somebody else might have.
 *
 * Invariant: no test touches the files of the user who runs it. */
#ifndef TUNE_SUPPORT_H
#define TUNE_SUPPORT_H

#include "unit/support.h"

#include <math.h>
#include <sys/stat.h>

#include "tune/database.h"
#include "tune/lookup.h"

/* A result with something in every member; `shape` stands for a key of its own. */
static inline clfi_result sample_result(const char *shape, int64_t time)
{
    clfi_result r = {
        .key = {.identity = {.platform = "Portable Computing Language",
                             .device = "cpu-skylake \"quoted\" back\\slash",
                             .driver = "3.1",
                             .target = "avx2"},
                .kernels = "0123456789abcdef0123456789abcdef",
                .dtype = "f16,f16,f32,f32"},
        .configuration = {.path = CLF_PATH_FUSED,
                          .tuning = {.family = CLF_FAMILY_WIDE,
                                     .vector_width = 16,
                                     .tile_rows = 48,
                                     .segments = 3,
                                     .project_rows = 8,
                                     .value_rows = 6,
                                     .value_vectors = 4,
                                     .packing = CLF_PACKING_PANELS,
                                     .prefetch = CLF_PREFETCH_OFF}},
        .verdict = CLFI_VERDICT_CORRECT,
        .origin = CLFI_ORIGIN_TUNED,
        .final = true,
        .time = time,
        .correctness = 0.25,
        .compile_seconds = 1.5,
        .runtimes = 3,
        .seconds = {0.001, 0.0011, 0.00105},
        .ratio = {1.125, 1.25, 1.5},
        .message = "nothing to say",
    };
    snprintf(r.key.shape, sizeof r.key.shape, "%s", shape);
    return r;
}

static inline bool near(double a, double b)
{
    return (isnan(a) && isnan(b)) || fabs(a - b) <= 1e-8 * fabs(a);
}

/* Whether the names are the same, and each number to the digits that are written. */
static inline void assert_same_result(const clfi_result *a, const clfi_result *b)
{
    ck_assert_str_eq(a->key.identity.platform, b->key.identity.platform);
    ck_assert_str_eq(a->key.identity.device, b->key.identity.device);
    ck_assert_str_eq(a->key.identity.driver, b->key.identity.driver);
    ck_assert_str_eq(a->key.identity.target, b->key.identity.target);
    ck_assert_str_eq(a->key.kernels, b->key.kernels);
    ck_assert_str_eq(a->key.dtype, b->key.dtype);
    ck_assert_str_eq(a->key.shape, b->key.shape);
    ck_assert(clfi_configuration_equal(&a->configuration, &b->configuration));
    ck_assert_int_eq(a->verdict, b->verdict);
    ck_assert_int_eq(a->origin, b->origin);
    ck_assert(a->final == b->final);
    ck_assert_int_eq(a->time, b->time);
    ck_assert(near(a->correctness, b->correctness));
    ck_assert(near(a->compile_seconds, b->compile_seconds));
    ck_assert_int_eq(a->runtimes, b->runtimes);
    for (int i = 0; i < a->runtimes; i++)
        ck_assert(near(a->seconds[i], b->seconds[i]));
    for (int i = 0; i < 3; i++)
        ck_assert(near(a->ratio[i], b->ratio[i]));
    ck_assert_str_eq(a->message, b->message);
}

/* A record of a device of that name. */
static inline clfi_class_record sample_class(const char *device, const char *name)
{
    clfi_class_record record = {.identity = {.platform = "p", .driver = "1"}, .asked = true};
    snprintf(record.identity.device, sizeof record.identity.device, "%s", device);
    snprintf(record.name, sizeof record.name, "%s", name);
    return record;
}

/* All messages, one a line: whether they are clean is looked at as they come. */
typedef struct all_messages {
    clf_log log;
    int count[CLF_LOG_DEBUG + 1];
    char text[1 << 16];
} all_messages;

static inline void take_message(void *user, clf_log_level level, const char *message)
{
    all_messages *all = user;
    const size_t n = strlen(all->text);
    all->count[level]++;
    snprintf(all->text + n, sizeof all->text - n, "%s\n", message);
    for (; *message; message++)
        ck_assert_msg(*message >= ' ' && *message <= '~', "a message with odd bytes: %s",
                      all->text + n);
}

static inline const clf_log *listen_to(all_messages *all)
{
    *all = (all_messages){.log = {.callback = take_message, .user = all, .level = CLF_LOG_DEBUG}};
    return &all->log;
}

/* Sets XDG_DATA_HOME to a new folder; its name is in `path`. */
static inline void own_data_home(char path[64])
{
    snprintf(path, 64, "/tmp/clfavor-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(path));
    ck_assert_int_eq(setenv("XDG_DATA_HOME", path, 1), 0);
    unsetenv("CLFAVOR_KERNEL_DIR");
    unsetenv("CL_CONFIG_CPU_TARGET_ARCH");
}

/* Removes it with the files that there may be, and no others. */
static inline void drop_data_home(const char *path)
{
    static const char *const names[] = {CLFI_JOURNAL_NAME, CLFI_DATABASE_NAME, CLFI_BAD_NAME,
                                        CLFI_LOCK_NAME};
    char name[128];
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "%s/clfavor/%s", path, names[i]);
        unlink(name);
    }
    snprintf(name, sizeof name, "%s/clfavor", path);
    rmdir(name);
    ck_assert_msg(rmdir(path) == 0, "%s is not empty", path);
}

static inline clfi_store open_store(const clf_log *log, clf_log_level level)
{
    clfi_store store;
    ck_assert_int_eq(clfi_store_open(CLFI_STORE_DATA, true, log, level, &store), CLF_OK);
    return store;
}

static inline void write_file(const clfi_store *store, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", store->path, name);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(text, 1, strlen(text), file), strlen(text));
    ck_assert_int_eq(fclose(file), 0);
}

/* The text of a file, which the caller frees; NULL: there is none. */
static inline char *read_file(const clfi_store *store, const char *name)
{
    clfi_bytes bytes;
    ck_assert_int_eq(clfi_store_read(store, name, (size_t)1 << 28, &bytes), CLF_OK);
    return bytes.data;
}

/* A database of these; the caller finishes it. */
static inline clfi_database database_of(const clfi_result *results, int count)
{
    clfi_database db = {.count = 0};
    for (int i = 0; i < count; i++)
        ck_assert_int_eq(clfi_database_put(&db, &results[i]), CLF_OK);
    return db;
}

static inline char *printed(const clfi_database *db)
{
    char *text;
    ck_assert_int_eq(clfi_database_print(db, &text), CLF_OK);
    return text;
}

#endif
