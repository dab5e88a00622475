/* Fuzz target of the .npy parser: any bytes give a status, never a crash, a leak or a read too
 * far; what is accepted is what the file says.
 *
 * With libFuzzer:  clang -fsanitize=fuzzer,address,undefined (see meson.build).
 * With CLFI_FUZZ_REPLAY: a program that runs each file of the directories it is given. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/npy.h"

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

#ifdef CLFI_FUZZ_REPLAY
#include <dirent.h>

/* Runs one file from a block of exactly its size. Returns 1, or 0 for what is no regular file. */
static int replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    check(file != NULL, path);
    static uint8_t room[1 << 20];
    const size_t size = fread(room, 1, sizeof room, file);
    const int regular = !ferror(file);
    fclose(file);
    if (!regular)
        return 0;
    uint8_t *exact = malloc(size ? size : 1);
    check(exact != NULL, "no memory");
    memcpy(exact, room, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return 1;
}

int main(int argc, char **argv)
{
    int count = 0;
    for (int i = 1; i < argc; i++) {
        DIR *directory = opendir(argv[i]);
        check(directory != NULL, argv[i]);
        for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
            char path[4096];
            snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name);
            count += replay(path);
        }
        closedir(directory);
    }
    printf("%d files\n", count);
    return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
#endif
