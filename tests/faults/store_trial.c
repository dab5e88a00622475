/* One operation on the library's own files, for store_trials.py: which system calls it makes, and
 * what becomes of it when one of them fails, is up to store_shim.h.
 *
 *   store_trial OPERATION [ARGUMENT...]
 *
 * Prints `calls` and their names to standard output, messages of the library to standard error.
 * Exit code 0: the operation says that it succeeded; 1: that it failed; 2: wrong usage; 3: what it
 * did was wrong.
 *
 * Invariant: nothing here opens, writes or removes a file. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <clfavor/attention.h>

#include "cl/disk.h"
#include "host/store.h"
#include "store_shim.h"

enum {
    WRONG = 3,
    LARGEST = 1 << 20,
    ROWS = 8,
    SIZE = 4,
    FLOATS = ROWS * SIZE
};

static void print_message(void *user, clf_log_level level, const char *message)
{
    (void)user;
    fprintf(stderr, "%d %s\n", (int)level, message);
}

static const clf_log k_log = {.callback = print_message, .level = CLF_LOG_DEBUG};

static clf_status open_store(clfi_store_kind kind, clfi_store *store)
{
    return clfi_store_open(kind, true, &k_log, CLF_LOG_ERROR, store);
}

/* As many bytes of one letter. */
static clfi_bytes letters(const char *letter, const char *count)
{
    const clfi_bytes bytes = {calloc(1, LARGEST), strtoul(count, NULL, 10)};
    if (!bytes.data || bytes.size > LARGEST)
        exit(2);
    memset(bytes.data, letter[0], bytes.size);
    return bytes;
}

static int done(clf_status status)
{
    return status == CLF_OK ? 0 : 1;
}

/* replace NAME LETTER COUNT: in two parts. */
static int replace(char **arguments)
{
    clfi_store store;
    clfi_bytes all = letters(arguments[1], arguments[2]);
    const clfi_bytes parts[] = {{all.data, all.size / 3},
                                {all.data + all.size / 3, all.size - all.size / 3}};
    clf_status status = open_store(CLFI_STORE_DATA, &store);
    if (status == CLF_OK)
        status = clfi_store_replace(&store, arguments[0], parts, 2);
    clfi_store_close(&store);
    free(all.data);
    return done(status);
}

/* append NAME LINE */
static int append(char **arguments)
{
    clfi_store store;
    clf_status status = open_store(CLFI_STORE_DATA, &store);
    if (status == CLF_OK)
        status = clfi_store_append(&store, arguments[0], arguments[1]);
    clfi_store_close(&store);
    return done(status);
}

static const clfi_binary_key k_key = {"key of a trial.."};

/* keep LETTER COUNT: the binary of a program. */
static int keep_binary(char **arguments)
{
    clfi_store store;
    clfi_bytes binary = letters(arguments[0], arguments[1]);
    clf_status status = open_store(CLFI_STORE_CACHE, &store);
    if (status == CLF_OK)
        status = clfi_disk_write(&store, &k_key, &binary);
    clfi_store_close(&store);
    free(binary.data);
    return done(status);
}

/* kept: prints `binary LETTER COUNT`, or `no binary`. */
static int print_binary(char **arguments)
{
    (void)arguments;
    clfi_store store;
    clfi_bytes file = {0};
    char name[CLFI_BINARY_NAME_SIZE];
    clfi_binary_name(&k_key, name);
    clf_status status = open_store(CLFI_STORE_CACHE, &store);
    if (status == CLF_OK)
        status = clfi_store_read(&store, name, LARGEST, &file);
    clfi_store_close(&store);
    if (status != CLF_OK)
        return 1;
    const char *wrong = file.data ? clfi_binary_check(&k_key, file.data, file.size) : NULL;
    if (!file.data)
        printf("no binary\n");
    else if (!wrong)
        printf("binary %c %zu\n", file.data[CLFI_BINARY_HEADER_BYTES],
               file.size - CLFI_BINARY_HEADER_BYTES);
    else
        fprintf(stderr, "%s: %s\n", name, wrong);
    free(file.data);
    return wrong ? WRONG : 0;
}

/* Attention in a context of its own, with programs kept on disk or not. */
static clf_status compute(const char *kept, float out[FLOATS])
{
    clf_plan_params params = {.B = 1, .H = 1, .L = ROWS, .S = ROWS, .D = SIZE, .E = SIZE, .R = 8};
    params.tuning.family = CLF_FAMILY_PLAIN;
    float in[3 * FLOATS];
    for (int i = 0; i < 3 * FLOATS; i++)
        in[i] = (float)(i * 37 % 101) / 50.0f - 1.0f;
    const clf_host_args args = {in, in + FLOATS, in + 2 * FLOATS, out, NULL};
    clf_context *ctx = NULL;
    setenv("CLFAVOR_CACHE", kept, 1);
    clf_status status = clf_context_create(NULL, &k_log, &ctx);
    if (status == CLF_OK)
        status = clf_attention(ctx, &params, &args);
    clf_context_destroy(&ctx);
    return status;
}

/* attend: the result must be right whatever happens to the files. */
static int attend(char **arguments)
{
    (void)arguments;
    float expected[FLOATS], out[FLOATS];
    if (compute("0", expected) != CLF_OK || compute("1", out) != CLF_OK)
        return 1;
    int wrong = 0;
    for (int i = 0; i < FLOATS; i++)
        wrong += !(fabsf(out[i] - expected[i]) <= 1e-5f * (1 + fabsf(expected[i])));
    return wrong ? WRONG : 0;
}

static const struct {
    const char *name;
    int arguments;
    int (*run)(char **arguments);
} operations[] = {{"replace", 3, replace},
                  {"append", 2, append},
                  {"keep", 2, keep_binary},
                  {"kept", 0, print_binary},
                  {"attend", 0, attend}};

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof operations / sizeof operations[0] && argc > 1; i++) {
        if (strcmp(argv[1], operations[i].name) != 0 || argc - 2 != operations[i].arguments)
            continue;
        const int code = operations[i].run(argv + 2);
        store_shim_print();
        return code;
    }
    fprintf(stderr, "store_trial: no such operation, or other arguments\n");
    return 2;
}
