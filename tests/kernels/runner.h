/* The main function of a kernel test. One test case per test, so that CK_RUN_CASE=name runs that
 * test alone. `--seed N` sets the seed of all random inputs. */
#ifndef KERNELS_RUNNER_H
#define KERNELS_RUNNER_H

#include "trial.h"

/* Reads the arguments of a kernel test; false when they are wrong. */
static inline bool take_seed(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--seed") == 0)
        setenv("CLFAVOR_TEST_SEED", argv[2], 1);
    else if (argc != 1)
        fprintf(stderr, "usage: %s [--seed N]\n", argv[0]);
    return argc == 1 || (argc == 3 && strcmp(argv[1], "--seed") == 0);
}

static inline int run_kernel_tests(int argc, char **argv, const char *name,
                                   const TTest *const *tests, size_t count)
{
    if (!take_seed(argc, argv))
        return EXIT_FAILURE;
    setenv("CK_FORK", "no", 1);
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    need_device();
    printf("seed %llu\n", (unsigned long long)trial_seed());
    Suite *suite = suite_create(name);
    for (size_t i = 0; i < count; i++) {
        TCase *tcase = tcase_create(tests[i]->name);
        tcase_set_timeout(tcase, 0);
        tcase_add_test(tcase, tests[i]);
        suite_add_tcase(suite, tcase);
    }
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define RUN_KERNEL_TESTS(name, ...)                                                                \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        const TTest *const tests[] = {__VA_ARGS__};                                                \
        return run_kernel_tests(argc, argv, (name), tests, sizeof tests / sizeof tests[0]);        \
    }

#endif
