/* Trials of operations, and the main function of the tests that make them. See trials.h. */
#include "trials.h"

#include <signal.h>

#if CLFI_HAVE_CLBLAST
#include <clblast_c.h>
#endif

enum {
    HANG_SECONDS = 60  // a call that takes longer hangs
};

static long all_trials;
static char current[256];  // the trial under way, for messages and for what hangs

static void hung(int number)
{
    (void)number;
    static const char text[] = ": hangs\n";
    if (write(STDERR_FILENO, current, strlen(current)) > 0 &&
        write(STDERR_FILENO, text, sizeof text - 1) > 0)
        _exit(EXIT_FAILURE);
    _exit(EXIT_FAILURE);
}

static void assert_balance(const trials *t)
{
    for (int i = 0; i < OBJECTS; i++)
        ck_assert_msg(layer_held(i) == t->held[i], "%s: %ld %s are held, before it were %ld",
                      current, layer_held(i), layer_object_name(i), t->held[i]);
}

static void note_held(trials *t)
{
    for (int i = 0; i < OBJECTS; i++)
        t->held[i] = layer_held(i);
}

static void assert_clean_call(trials *t, const void *fault)
{
    const clf_status status = operation_run(t->op, &t->world, t->arm, fault);
    ck_assert_msg(status == CLF_OK && !t->world.broken, "%s, then without: status %d, %s", current,
                  (int)status, t->world.broken ? t->world.broken : t->world.said.text);
}

void trials_begin(trials *t, const operation *op, arm_calls *arm, const void *none)
{
    *t = (trials){.op = op, .arm = arm, .step = 1};
    snprintf(current, sizeof current, "%s (%s) without a fault", op->name, op->problem->name);
    world_open(&t->world, op->problem);
    assert_clean_call(t, none);
    note_held(t);
    assert_clean_call(t, none);
    assert_balance(t);
}

void trials_expect(trials *t, long count, long sample)
{
    const char *full = getenv("CLFAVOR_TEST_FULL");
    const bool all = count <= sample || (full && strcmp(full, "1") == 0);
    t->step = all ? 1 : (count + sample - 1) / sample;
    t->number = (all_trials + t->made) * 7919 % t->step;  // now an early one, now a late one
}

void trials_make(trials *t, const void *fault, unsigned promised, const char *name)
{
    if (t->number++ % t->step != 0)
        return;
    snprintf(current, sizeof current, "%s (%s), %s", t->op->name, t->op->problem->name, name);
    alarm(HANG_SECONDS);
    const clf_status status = operation_run(t->op, &t->world, t->arm, fault);
    ck_assert_msg(promised & BIT(status), "%s: status %d (%s), said '%s'", current, (int)status,
                  clf_status_string(status), t->world.said.text);
    ck_assert_msg(!t->world.broken, "%s: broken promise: %s; status %d", current, t->world.broken,
                  (int)status);
    assert_balance(t);
    assert_clean_call(t, NULL);
    assert_balance(t);
    alarm(0);
    t->made++;
    t->statuses[-status]++;
}

void trials_end(trials *t)
{
    printf("%s, %s: %ld faults", t->op->name, t->op->problem->name, t->made);
    for (int i = 0; i < 16; i++) {
        if (t->statuses[i])
            printf(", %ld %s", t->statuses[i], clf_status_string((clf_status)-i));
    }
    printf("\n");
    all_trials += t->made;
    world_close(&t->world);
#if CLFI_HAVE_CLBLAST
    CLBlastClearCache();  // it is no part of the library, and keeps programs
#endif
    for (int i = 0; i < OBJECTS; i++)
        ck_assert_msg(layer_held(i) == 0, "%s: %ld %s are left", t->op->name, layer_held(i),
                      layer_object_name(i));
}

int trials_main(const char *name, const TTest *test, const TTest *more)
{
    static const layer_fault none = {.nth = 0};
    setenv("OPENCL_LAYERS", FAULT_LAYER, 1);
    setenv("CK_FORK", "no", 1);
    setenv("CLFAVOR_CACHE", "0", 1);
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    signal(SIGALRM, hung);
    layer_arm(&none);
    need_device();
    if (layer_calls(ENTRY_clGetPlatformIDs) == 0) {
        fprintf(stderr, "failed: the loader takes no layers\n");
        return EXIT_FAILURE;
    }
    layer_arm(NULL);
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 0);
    tcase_add_loop_test(tcase, test, 0, operation_count);
    if (more)
        tcase_add_test(tcase, more);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    printf("%s: %ld faults\n", name, all_trials);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
