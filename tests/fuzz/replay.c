/* Runs a fuzz target on every file of the directories it is given, each from a block of exactly its
 * size, so that a read too far is seen. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void give_up(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

/* Returns 1, or 0 for what is no regular file. */
static int replay(const char *path)
{
    static uint8_t room[1 << 16];
    FILE *file = fopen(path, "rb");
    if (!file)
        give_up(path);
    const size_t size = fread(room, 1, sizeof room, file);
    const int regular = !ferror(file);
    fclose(file);
    if (!regular)
        return 0;
    uint8_t *exact = malloc(size ? size : 1);
    if (!exact)
        give_up("malloc");
    memcpy(exact, room, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return 1;
}

#undef main  // the target may have brought another one under another name
int main(int argc, char **argv)
{
    int count = 0;
    LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++) {
        DIR *directory = opendir(argv[i]);
        if (!directory)
            give_up(argv[i]);
        for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
            char path[4096];
            snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name);
            count += replay(path);
        }
        closedir(directory);
    }
    fprintf(stderr, "%d files\n", count);
    return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
