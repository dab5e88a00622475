/* Dispatches internal commands and carries their answers.
 *
 * Invariant: an answer is on its way before the next call of a driver, so that a crash loses
 * nothing that was known. */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../clfavor/exit.h"
#include "loader.h"

static const struct {
    const char *name;
    int arguments;
    int (*run)(int argc, char **argv);
} k_commands[] = {
    {"driver", 1, driver_internal},
    {"listing", 1, listing_internal},
    {"verdicts", 2, verdicts_internal},
    {"bench", 1, bench_internal},
};

void internal_answer(json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(9));
    json_decref(value);
    if (!text || dprintf(CHILD_ANSWERS, "%s\n", text) < 0)
        _exit(EXIT_IO);
    free(text);
}

int internal_main(int argc, char **argv)
{
    for (size_t i = 0; argc > 2 && i < sizeof k_commands / sizeof k_commands[0]; i++) {
        if (strcmp(argv[2], k_commands[i].name) == 0 && argc == 3 + k_commands[i].arguments)
            // Not exit(): what drivers do when a process ends is none of the probe's questions.
            _exit(k_commands[i].run(argc - 3, argv + 3));
    }
    fprintf(stderr, "clinfo-probe: %s is for the probe itself\n", INTERNAL);
    return EXIT_USAGE;
}

const clf_device_info *internal_device(const char *selector, clf_device_list **list)
{
    const clf_device_info *info = NULL;
    json_decref(loader_open());
    if (clf_device_list_create(NULL, list) == CLF_OK)
        clf_device_select(*list, selector, NULL, &info, NULL, 0);
    return info;
}

void internal_run(const char *self, const char *name, const char *first, const char *second,
                  double silence, child_result *result)
{
    const char *const argv[] = {self, INTERNAL, name, first, second, NULL};
    child_run(&(child_call){.argv = argv, .answers = CHILD_ANSWERS, .silence = silence}, result);
}
