/* Fuzz target of the tool's command line: arguments, one a line. Whatever they are, one of the
 * documented exit codes, and no crash, leak or read too far. There is no OpenCL platform, so a
 * command ends where it would begin to compute; `projection` needs none, and is kept to small
 * sizes, and a `bench` that would start this very program is left out.
 *
 * The tool's files are compiled with -Dmain=tool_main. Runs in a directory of its own, and refuses
 * arguments with a slash, so that no other file is touched. */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MOST_BYTES = 1024,
    MOST_WORDS = 32,
    MOST_SIZE = 128,         // of `projection`: above it, it works for long
    BEYOND_SIZES = 1 << 20,  // what is refused at once
    LAST_EXIT_CODE = 8
};

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int tool_main(int argc, char **argv);

static void demand(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "fuzz_args: %s\n", what);
        abort();
    }
}

/* An array of zeros of `size` bytes an element. */
static void write_npy(const char *name, const char *type, const char *shape, size_t bytes)
{
    static const char zeros[256];
    char header[128];
    const int used = snprintf(header, sizeof header,
                              "\x93NUMPY\x01%cv%c{'descr': '%s', 'fortran_order': False, "
                              "'shape': (%s), }",
                              0, 0, type, shape);
    memset(header + used, ' ', sizeof header - (size_t)used);
    header[sizeof header - 1] = '\n';
    FILE *file = fopen(name, "wb");
    demand(file && fwrite(header, sizeof header, 1, file) == 1 &&
               fwrite(zeros, bytes, 1, file) == 1 && fclose(file) == 0,
           "the scratch directory cannot be written");
}

static char scratch[] = "/tmp/clfavor-fuzz-XXXXXX";

static void remove_scratch(void)
{
    DIR *directory = opendir(scratch);
    for (struct dirent *entry; directory && (entry = readdir(directory)) != NULL;)
        unlink(entry->d_name);
    if (directory)
        closedir(directory);
    rmdir(scratch);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    setenv("OCL_ICD_VENDORS", "/nonexistent", 1);
    setenv("OCL_ICD_FILENAMES", "", 1);
    unsetenv("CLFAVOR_DEVICE");
    demand(mkdtemp(scratch) && chdir(scratch) == 0 && atexit(remove_scratch) == 0,
           "no scratch directory");
    demand(freopen("/dev/null", "w", stdout) != NULL, "no /dev/null");
    write_npy("q", "<f4", "4, 3", 48);
    write_npy("k", "<f2", "1, 4, 3", 24);
    write_npy("v", "<f4", "1, 2, 4, 2", 64);
    write_npy("m", "|u1", "4,", 4);
    write_npy("w", "<f4", "6, 3", 72);
    return 0;
}

/* Cuts the text into words. Returns how many, or 0 for what is not to be run. */
static int cut(char *text, char *words[MOST_WORDS])
{
    int count = 0;
    if (strchr(text, '/'))
        return 0;
    for (char *at = text; at && count + 1 < MOST_WORDS; count++) {
        words[count] = at;
        at = strchr(at, '\n');
        if (at)
            *at++ = '\0';
    }
    for (int i = 1; i < count && strcmp(words[0], "projection") == 0; i++) {
        const char *number = words[i] + strcspn(words[i], "+0123456789");
        const long long value = strtoll(number, NULL, 10);
        if (value > MOST_SIZE && value <= BEYOND_SIZES)
            return 0;
    }
    for (int i = 1; i < count; i++) {
        if (strcmp(words[0], "bench") == 0 && strncmp(words[i], "--st", 4) == 0)
            return 0;  // --startup or the beginning of it
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static char name[] = "clfavor";
    char text[MOST_BYTES + 1], *argv[MOST_WORDS + 1] = {name};
    if (size > MOST_BYTES)
        return 0;
    memcpy(text, bytes, size);
    text[size] = '\0';
    const int words = cut(text, argv + 1);
    if (words == 0)
        return 0;
    argv[words + 1] = NULL;
    const int code = tool_main(words + 1, argv);
    demand(code >= 0 && code <= LAST_EXIT_CODE, "another exit code");
    return 0;
}
