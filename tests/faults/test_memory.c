/* What the process holds does not grow with the number of runs: its resident pages after many runs
 * are within 1 % of those after the first tenth of them. */
#include "operations.h"

static const problem k_problem = {
    "causal", {.B = 1, .H = 2, .L = 53, .S = 53, .D = 5, .E = 3, .R = 6, .causal = true}, false};

static int runs(void)
{
    const char *full = getenv("CLFAVOR_TEST_FULL");
    return full && strcmp(full, "1") == 0 ? 100000 : 5000;
}

static long resident_pages(void)
{
    long all = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%ld %ld", &all, &resident) != 2)
        ck_abort_msg("/proc/self/statm cannot be read");
    fclose(file);
    return resident;
}

/* Some runs are always under way. */
static clf_status run_on_device(world *w, int i)
{
    const clf_run_args args = {
        .q = w->q, .k = w->k, .v = w->v, .out = w->out, .workspace = w->workspace};
    cl_event done = NULL;
    const clf_status status = clf_plan_run(w->plan, &args, &done);
    if (status == CLF_OK)
        clReleaseEvent(done);
    if (i % 64 == 0)
        clFinish(clf_context_queue(w->ctx));
    return status;
}

static clf_status run_on_host(world *w, int i)
{
    (void)i;
    const clf_host_args args = {w->host_q, w->host_k, w->host_v, w->host_out, NULL};
    return clf_plan_run_host(w->plan, &args);
}

static clf_status redraw(world *w, int i)
{
    return clf_plan_set_projection(w->plan, w->projection[i % 2]);
}

static void keep_running(const char *name, clf_status (*run)(world *w, int i))
{
    const int count = runs();
    long first = 0;
    world w;
    world_open(&w, &k_problem);
    for (int i = 0; i < count; i++) {
        if (run(&w, i) != CLF_OK)
            ck_abort_msg("%s, run %d: %s", name, i, w.said.text);
        if (i == count / 10)
            first = resident_pages();
    }
    const long last = resident_pages();
    printf("%s: %d runs, %ld pages, then %ld\n", name, count, first, last);
    world_close(&w);
    ck_assert_msg(last <= first + first / 100, "%s: %ld pages became %ld", name, first, last);
}

START_TEST(runs_on_the_device_leave_nothing)
{
    keep_running("device", run_on_device);
}
END_TEST

START_TEST(runs_on_host_memory_leave_nothing)
{
    keep_running("host", run_on_host);
}
END_TEST

START_TEST(redraws_leave_nothing)
{
    keep_running("redraw", redraw);
}
END_TEST

RUN_DEVICE_TESTS("memory", runs_on_the_device_leave_nothing, runs_on_host_memory_leave_nothing,
                 redraws_leave_nothing)
