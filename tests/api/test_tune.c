/* clf_tune: what it makes of what the program that measures answers. That program is a fake one
 * (fake_worker.py), so that times are what a test wants them to be; the real one is tested through
 * the tool. */
#include <sys/stat.h>
#include <unistd.h>

#include <clfavor/tune.h>
#include <clfavor/version.h>

#include "support/device.h"
#include "tune/database.h"
#include "tune/lookup.h"
#include "tune/search.h"

static const clf_plan_params k_problem = {
    .B = 1, .H = 8, .L = 4096, .S = 4096, .D = 64, .E = 64, .R = 256};

/* A context, and an empty folder for its user. */
typedef struct fixture {
    char folder[64];
    kept_log kept;
    clf_context *ctx;
    clf_tune_params params;
} fixture;

static void open_fixture(fixture *f, const char *mode)
{
    clfi_shape shape;
    clfi_key key;
    enter_scratch(f->folder);
    setenv("XDG_DATA_HOME", f->folder, 1);
    setenv("FAKE_MODE", mode, 1);
    f->ctx = open_context(keep(&f->kept, CLF_LOG_ERROR));
    ck_assert_int_eq(clfi_shape_init(&shape, &k_problem, NULL), CLF_OK);
    clfi_key_init(&key, &shape, clf_context_device(f->ctx));
    setenv("FAKE_KERNELS", key.kernels, 1);
    setenv("FAKE_VERSION", clf_version_string(), 1);
    f->params = (clf_tune_params){
        .plan = &k_problem, .budget = 2, .timeout = 20, .worker = getenv("FAKE_WORKER")};
}

static void close_fixture(fixture *f)
{
    static const char *const files[] = {"clfavor/journal.jsonl", "clfavor/tuned.json",
                                        "clfavor/lock", "starts"};
    clf_context_destroy(&f->ctx);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        remove(files[i]);
    rmdir("clfavor");
    leave_scratch(f->folder);
}

static clf_tune_report tuned(fixture *f)
{
    clf_tune_report report;
    const clf_status status = clf_tune(f->ctx, &f->params, &report);
    ck_assert_msg(status == CLF_OK, "%s", f->kept.text);
    return report;
}

/* Lines of the file that each start of the worker adds one to. */
static int starts(void)
{
    FILE *file = fopen("starts", "r");
    int count = 0;
    for (int c; file && (c = fgetc(file)) != EOF;)
        count += c == '\n';
    if (file)
        fclose(file);
    return count;
}

static clf_plan *planned(fixture *f, clf_lookup lookup)
{
    clf_plan_params p = k_problem;
    clf_plan *plan = NULL;
    p.L = p.S = 2000;  // of the same class
    p.lookup = lookup;
    ck_assert_int_eq(clf_plan_create(f->ctx, &p, &plan), CLF_OK);
    return plan;
}

/* Both gains are found by single steps, and their product by climbing. */
START_TEST(gains_are_found_kept_and_used)
{
    fixture f;
    open_fixture(&f, "gains");
    const clf_tune_report report = tuned(&f);
    ck_assert_int_eq(report.tuning.packing, CLF_PACKING_PANELS);
    ck_assert_int_eq(report.tuning.tile_rows, 96);
    ck_assert_int_ne(report.tuning.prefetch, CLF_PREFETCH_OFF);
    ck_assert_double_eq_tol(report.ratio[1], 1.05 * 1.04, 1e-6);
    ck_assert_double_lt(report.ratio[0], report.ratio[1]);
    ck_assert_double_gt(report.ratio[2], report.ratio[1]);
    ck_assert_str_eq(report.device_class, "cpu_8");
    ck_assert_int_gt(report.tried, 20);
    ck_assert_int_eq(report.rejected, 0);

    clf_plan *plan = planned(&f, CLF_LOOKUP_ALL);
    static const char *const words[] = {"tuned_by=user ", "packing=panels(user)",
                                        "tile_rows=96(user)"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        ck_assert_msg(strstr(clf_plan_describe(plan), words[i]) != NULL, "%s in %s", words[i],
                      clf_plan_describe(plan));
    clf_plan_destroy(&plan);
    plan = planned(&f, CLF_LOOKUP_NONE);
    ck_assert_ptr_nonnull(strstr(clf_plan_describe(plan), "tuned_by=default "));
    ck_assert_ptr_null(strstr(clf_plan_describe(plan), "user"));
    clf_plan_destroy(&plan);

    const clf_tune_report again = tuned(&f);
    ck_assert_int_ge(again.known, report.tried);
    ck_assert_double_eq_tol(again.ratio[1], 1.05 * 1.04, 1e-6);
    close_fixture(&f);
}
END_TEST

/* The word of a description that begins with `name`. */
static const char *word_of(const clf_plan *plan, const char *name, char text[64])
{
    const char *at = strstr(clf_plan_describe(plan), name);
    ck_assert_msg(at != NULL, "no %s in %s", name, clf_plan_describe(plan));
    snprintf(text, 64, "%.*s", (int)strcspn(at, " "), at);
    return text;
}

/* A result is used as it was measured, with the width that the driver tells; the class counts where
 * there is no result. */
START_TEST(the_class_does_not_change_what_was_measured)
{
    fixture f;
    char tuned_width[64], untuned_width[64], class_width[64];
    open_fixture(&f, "gains");
    tuned(&f);
    clf_plan *plan = planned(&f, CLF_LOOKUP_ALL), *untuned = planned(&f, CLF_LOOKUP_NONE);
    ck_assert_str_eq(word_of(plan, "vector_width=", tuned_width),
                     word_of(untuned, "vector_width=", untuned_width));
    clf_plan_destroy(&plan);
    clf_plan_destroy(&untuned);
    clf_plan_params other = k_problem;
    other.D = 32;
    ck_assert_int_eq(clf_plan_create(f.ctx, &other, &plan), CLF_OK);
    ck_assert_str_eq(word_of(plan, "vector_width=", class_width), "vector_width=8(class)");
    clf_plan_destroy(&plan);
    close_fixture(&f);
}
END_TEST

static bool stop_at_once(void *user, const clf_tune_progress *p)
{
    (void)user;
    (void)p;
    return false;
}

/* A search that is stopped, or whose race fails, does not undo what an earlier race decided. */
START_TEST(an_earlier_decision_stands)
{
    static const char *const modes[] = {"gains", "unraced"};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        fixture f;
        open_fixture(&f, "gains");
        const clf_tune_report first = tuned(&f);
        setenv("FAKE_MODE", modes[i], 1);
        f.params.progress = i == 0 ? stop_at_once : NULL;
        f.params.candidates = "project_rows=6";
        const clf_tune_report second = tuned(&f);
        ck_assert_int_eq(second.tuning.tile_rows, first.tuning.tile_rows);
        ck_assert_int_eq(second.tuning.packing, first.tuning.packing);
        ck_assert_double_eq_tol(second.ratio[1], first.ratio[1], 1e-6);
        clf_plan *plan = planned(&f, CLF_LOOKUP_ALL);
        ck_assert_ptr_nonnull(strstr(clf_plan_describe(plan), "tile_rows=96(user)"));
        clf_plan_destroy(&plan);
        close_fixture(&f);
    }
}
END_TEST

/* Nor is it left out because others look better alone. */
START_TEST(an_earlier_decision_is_raced)
{
    fixture f;
    open_fixture(&f, "gains");
    const clf_tune_report first = tuned(&f);
    ck_assert_int_eq(remove("clfavor/journal.jsonl"), 0);  // so that nothing is known
    setenv("FAKE_MODE", "boasting", 1);
    f.params.candidates = "value_rows=3; value_vectors=2; prefetch=off; project_rows=6";
    const clf_tune_report second = tuned(&f);
    ck_assert_int_ge(second.tried, 2);
    ck_assert_int_eq(second.tuning.tile_rows, 96);
    ck_assert_int_eq(second.tuning.packing, first.tuning.packing);
    ck_assert_double_eq_tol(second.ratio[1], first.ratio[1], 1e-6);
    close_fixture(&f);
}
END_TEST

/* And without an earlier one the default stays. */
START_TEST(a_race_that_fails_decides_nothing)
{
    fixture f;
    open_fixture(&f, "unraced");
    f.params.candidates = "packing=panels; tile_rows=96";
    const clf_tune_report report = tuned(&f);
    ck_assert_int_eq(report.tried, 2);
    ck_assert_int_eq(report.tuning.packing, CLF_PACKING_AUTO);
    ck_assert_double_eq(report.ratio[1], 1);
    close_fixture(&f);
}
END_TEST

/* A class that could not be measured is a guess for this search alone. */
START_TEST(a_guess_is_not_kept)
{
    fixture f;
    clfi_store store;
    clfi_database db;
    open_fixture(&f, "classless");
    f.params.candidates = "prefetch=off";
    const clf_tune_report report = tuned(&f);
    ck_assert_str_ne(report.device_class, "");
    ck_assert_int_eq(clfi_store_open(CLFI_STORE_DATA, false, NULL, CLF_LOG_ERROR, &store), CLF_OK);
    ck_assert_int_eq(clfi_database_read(&store, &db), CLF_OK);
    ck_assert_int_eq(db.class_count, 0);
    ck_assert_int_eq(db.count, 1);
    clfi_database_finish(&db);
    clfi_store_close(&store);
    close_fixture(&f);
}
END_TEST

/* What is not faster beyond doubt does not replace the default. */
START_TEST(the_default_stays)
{
    static const char *const modes[] = {"little", "doubtful", "lucky", "wrong"};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        fixture f;
        open_fixture(&f, modes[i]);
        f.params.budget = 1;
        const clf_tune_report report = tuned(&f);
        const clfi_configuration none = {0};
        const clfi_configuration best = {.path = report.path, .tuning = report.tuning};
        ck_assert_msg(clfi_configuration_equal(&best, &none), "mode %s", modes[i]);
        ck_assert_double_eq(report.ratio[1], 1);
        ck_assert_int_gt(report.tried, 0);
        ck_assert_int_eq(report.rejected, strcmp(modes[i], "wrong") == 0 ? report.tried : 0);
        clf_plan *plan = planned(&f, CLF_LOOKUP_ALL);
        ck_assert_ptr_nonnull(strstr(clf_plan_describe(plan), "tuned_by=user "));
        ck_assert_ptr_nonnull(strstr(clf_plan_describe(plan), "tile_rows=48(default)"));
        clf_plan_destroy(&plan);
        close_fixture(&f);
    }
}
END_TEST

START_TEST(a_worker_that_fails_costs_one_candidate)
{
    static const struct {
        const char *mode, *verdict, *text;
    } cases[] = {{"dies", "runtime", "exit code 9: a driver said so"},
                 {"nonsense", "runtime", "makes no sense"},
                 {"silent", "timeout", "no sign of life for 1 s"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fixture f;
        clfi_store store;
        clfi_database journal;
        open_fixture(&f, cases[i].mode);
        f.params.timeout = 1;
        f.params.candidates = "prefetch=off; packing=panels";
        const clf_tune_report report = tuned(&f);
        ck_assert_int_eq(report.tried, 2);
        ck_assert_int_eq(report.rejected, 2);
        ck_assert_int_eq(starts(), 2);
        ck_assert_int_eq(clfi_store_open(CLFI_STORE_DATA, false, NULL, CLF_LOG_ERROR, &store),
                         CLF_OK);
        ck_assert_int_eq(clfi_journal_read(&store, &journal), CLF_OK);
        for (int j = 0; j < 2; j++) {
            const clfi_result *r = &journal.results[j];
            ck_assert_str_eq(clfi_verdict_name(r->verdict), cases[i].verdict);
            ck_assert_msg(strstr(r->message, cases[i].text) != NULL, "'%s'", r->message);
        }
        clfi_database_finish(&journal);
        clfi_store_close(&store);
        close_fixture(&f);
    }
}
END_TEST

START_TEST(what_cannot_be_tuned_is_said)
{
    static const struct {
        const char *mode, *worker;
        clf_status status;
        const char *text;
    } cases[] = {
        {"gains", "/nonexistent/clfavor", CLF_ERROR_IO, "'/nonexistent/clfavor', cannot be run"},
        {"gains", "/bin/false", CLF_ERROR_DEVICE, "'/bin/false': the process ended"},
        {"other", NULL, CLF_ERROR_IO, "is of another version, or has other kernels"},
        {"refuses", NULL, CLF_ERROR_DEVICE, "the default is slow today"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fixture f;
        open_fixture(&f, cases[i].mode);
        if (cases[i].worker)
            f.params.worker = cases[i].worker;
        ck_assert_int_eq(clf_tune(f.ctx, &f.params, NULL), cases[i].status);
        assert_said(&f.kept, cases[i].text);
        close_fixture(&f);
    }
}
END_TEST

START_TEST(bad_arguments_are_refused_by_name)
{
    fixture f;
    clf_plan_params odd = k_problem;
    odd.D = 0;
    open_fixture(&f, "gains");
    const clf_tune_params good = f.params;
    struct {
        clf_tune_params params;
        const char *text;
    } cases[] = {{good, "params.plan is NULL"},
                 {good, "budget=-1"},
                 {good, "timeout=nan"},
                 {good, "device_class=toaster"},
                 {good, "D=0"},
                 {good, "'speed=1'"},
                 {good, "tile_rows=48 value_vectors=7"},
                 {good, "candidates='packing=rows; ': place 2 is empty"}};
    cases[0].params.plan = NULL;
    cases[1].params.budget = -1;
    cases[2].params.timeout = (double)NAN;
    cases[3].params.device_class = "toaster";
    cases[4].params.plan = &odd;
    cases[5].params.candidates = "speed=1";
    cases[6].params.candidates = "tile_rows=48 value_vectors=7";
    cases[7].params.candidates = "packing=rows; ";
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_int_eq(clf_tune(f.ctx, &cases[i].params, NULL), CLF_ERROR_INVALID_ARGUMENT);
        assert_said(&f.kept, cases[i].text);
    }
    ck_assert_int_eq(clf_tune(f.ctx, NULL, NULL), CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clf_tune(NULL, &good, NULL), CLF_ERROR_INVALID_ARGUMENT);
    close_fixture(&f);
}
END_TEST

/* Ends the search after the second candidate. */
static bool stop_soon(void *user, const clf_tune_progress *p)
{
    int *calls = user;
    ++*calls;
    ck_assert_double_ge(p->seconds, 0);
    ck_assert_double_eq(p->budget, 2);
    ck_assert_int_gt(p->space, 1000);
    ck_assert(p->tried == 0 || strcmp(p->verdict, "correct") == 0);
    return p->tried < 2;
}

START_TEST(the_caller_can_stop_it)
{
    fixture f;
    int calls = 0;
    open_fixture(&f, "gains");
    f.params.progress = stop_soon;
    f.params.user = &calls;
    const clf_tune_report report = tuned(&f);
    ck_assert_int_eq(report.tried, 2);
    ck_assert_int_ge(calls, 2);
    // The first step is the packing; its own measurement decides, for there was no race.
    ck_assert_int_eq(report.tuning.packing, CLF_PACKING_PANELS);
    ck_assert_double_eq_tol(report.ratio[1], 1.05, 1e-6);
    close_fixture(&f);
}
END_TEST

START_TEST(all_of_a_small_space_is_tried)
{
    fixture f;
    clfi_search search;
    clf_plan_params small = k_problem;
    small.path = CLF_PATH_EXACT;
    small.E = 4;
    small.L = small.S = 3;
    open_fixture(&f, "little");
    f.params.plan = &small;
    f.params.exhaustive = true;
    clfi_search_init(&search, &small, clf_context_device(f.ctx), true);
    const int64_t size = clfi_search_size(&search);
    clfi_search_finish(&search);
    const clf_tune_report report = tuned(&f);
    ck_assert_int_ge(report.tried, size);
    ck_assert_int_gt(size, 50);
    close_fixture(&f);
}
END_TEST

RUN_DEVICE_TESTS("tune", gains_are_found_kept_and_used, an_earlier_decision_is_raced,
                 the_class_does_not_change_what_was_measured, an_earlier_decision_stands,
                 a_race_that_fails_decides_nothing, a_guess_is_not_kept, the_default_stays,
                 a_worker_that_fails_costs_one_candidate, what_cannot_be_tuned_is_said,
                 bad_arguments_are_refused_by_name, the_caller_can_stop_it,
                 all_of_a_small_space_is_tried)
