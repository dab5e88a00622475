/* Fuzz target of the .npy parser: any bytes give a status, never a crash, a leak or a read too
 * far; what is accepted is what the file says.
 *
 * With libFuzzer:  clang -fsanitize=fuzzer,address,undefined (see meson.build).
 * With replay.c: a program that runs each file of the directories it is given. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/npy.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "fuzz_npy: %s\n", what);
        abort();
    }
}

/* Message and status go together, and a message is clean text. */
static void take_message(void *user, clf_log_level level, const char *message)
{
    int *count = user;
    *count += level == CLF_LOG_ERROR;
    for (; *message; message++)
        check(*message >= ' ' && *message <= '~', "a message with control characters");
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const uint8_t nothing[1];
    int messages = 0;
    const clf_log log = {.callback = take_message, .user = &messages, .level = CLF_LOG_DEBUG};
    clfi_npy npy;
    const clf_status status = clfi_npy_parse(size ? bytes : nothing, size, "f.npy", &log, &npy);
    if (status != CLF_OK) {
        check(messages == 1, "a failure without its one message");
        check(!npy.data && npy.ndim == 0, "a failure that left something behind");
        check(status == CLF_ERROR_FORMAT || status == CLF_ERROR_UNSUPPORTED, "another status");
        return 0;
    }
    check(messages == 0, "a success with a message");
    check(npy.ndim >= 1 && npy.ndim <= CLFI_NPY_MAX_DIMS, "a rank out of range");
    size_t count = 1;
    for (int i = 0; i < npy.ndim; i++) {
        check(npy.shape[i] > 0, "a size below 1");
        count *= (size_t)npy.shape[i];
    }
    check(clfi_npy_describe(npy.type) != NULL, "elements of no type");
    const size_t data_bytes = count * clfi_npy_describe(npy.type)->size;
    check(data_bytes < size, "more data than the file has");
    check(memcmp(npy.data, bytes + size - data_bytes, data_bytes) == 0,
          "other data than the file's");
    clfi_npy_finish(&npy);
    return 0;
}
