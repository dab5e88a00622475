/* The operations, the problems they work on, and their judgement. See operations.h. */
#include "operations.h"

#include <math.h>

#include "support/files.h"

#define SMALL .B = 1, .H = 2, .L = 53, .S = 53, .D = 5, .E = 3, .R = 6

enum {
    BIDIRECTIONAL = 0,
    CAUSAL,
    MASKED,
    PRESET,
    EXACT,
    GENERALIZED,
    FEATURES,
    CHUNKED
};

static const problem problems[] = {
    [BIDIRECTIONAL] = {"bidirectional", {SMALL, .tuning = {.segments = 2}}, false},
    [CAUSAL] = {"causal", {SMALL, .causal = true, .tuning = {.segments = 2}}, false},
    [MASKED] = {"masked, grouped",
                {SMALL, .Hkv = 1, .mask = CLF_MASK_KEYS, .kind = CLF_KIND_COSH},
                false},
    [PRESET] = {"preset", {SMALL, .preset = CLF_PRESET_PERFORMER_PYTORCH, .causal = true}, false},
    [EXACT] = {"exact", {SMALL, .path = CLF_PATH_EXACT}, false},
    [GENERALIZED] = {"relu, plain kernels",
                     {SMALL, .kind = CLF_KIND_RELU, .tuning = {.family = CLF_FAMILY_PLAIN}},
                     false},
    [FEATURES] = {"features", {SMALL}, true},
    [CHUNKED] = {"clblast", {SMALL, .path = CLF_PATH_CLBLAST}, false},
};

/* A promise of the call. Allocates nothing, for host memory may be what fails. */
static void expect(world *w, bool kept, const char *promise)
{
    if (!kept && !w->broken)
        w->broken = promise;
}

static uint8_t *mask_of(const world *w)
{
    static uint8_t mask[53] = {1, 1, 0, 1, 1, 0, 0, 1};
    return w->params.mask == CLF_MASK_KEYS ? mask : NULL;
}

static clf_host_args host_args(const world *w)
{
    return (clf_host_args){w->host_q, w->host_k, w->host_v, w->host_out, mask_of(w)};
}

/* What host memory holds before a call. */
static void blot(world *w)
{
    memset(w->host_out, 0xA5, (size_t)w->out_count * sizeof(float));
    memset(w->host_exponent, 0xA5, (size_t)w->rows * sizeof(int32_t));
}

static bool is_blotted(const world *w)
{
    const unsigned char *bytes = (const unsigned char *)w->host_out;
    for (size_t i = 0; i < (size_t)w->out_count * sizeof(float); i++) {
        if (bytes[i] != 0xA5)
            return false;
    }
    return true;
}

/* Whether host_out holds the result with the first or second projection, whatever the family. */
static bool is_result(const world *w, int projection)
{
    for (int64_t i = 0; i < w->out_count; i++) {
        double x = (double)w->host_out[i], right = (double)w->expected[projection][i];
        if (w->problem->features) {
            const int64_t row = i / w->params.R;
            x = ldexp(x, w->host_exponent[row]);
            right = ldexp(right, w->expected_exponent[row]);
        }
        if (!(fabs(x - right) <= 1e-4 * (1 + fabs(right))))
            return false;
    }
    return true;
}

/* The result of a call on host memory; attention leaves `out` alone when it fails. */
static void judge_host(world *w, clf_status status)
{
    if (status == CLF_OK)
        expect(w, is_result(w, 0), "the result is right");
    else if (!w->problem->features)
        expect(w, is_blotted(w), "out is untouched");
}

/* --- calls, each with what it needs before and after ------------------------------------------ */

static clf_status call_list(world *w)
{
    clf_device_list *list = NULL;
    const clf_status status = clf_device_list_create(&w->said.log, &list);
    expect(w, (status == CLF_OK) == (list != NULL), "a list is made, or NULL");
    clf_device_list_destroy(&list);
    expect(w, !list, "destroy sets NULL");
    return status;
}

/* Drawn, made that of FAVOR++, and copied: no device is asked. */
static clf_status call_projection(world *w)
{
    const clf_projection_params params = {.M = 6, .D = 5, .heads = 2};
    const double A[] = {-0.1, 0.01};
    clf_projection *drawn = NULL, *oprf = NULL, *copy = NULL;
    clf_status status = clf_projection_create(&params, &w->said.log, &drawn);
    expect(w, (status == CLF_OK) == (drawn != NULL), "a projection is made, or NULL");
    if (drawn) {
        status = clf_projection_oprf(drawn, A, 2, &w->said.log, &oprf);
        expect(w, (status == CLF_OK) == (oprf != NULL), "a projection is made, or NULL");
    }
    if (oprf) {
        status = clf_projection_import(clf_projection_data(oprf), clf_projection_bias(oprf), 2, 6,
                                       5, &w->said.log, &copy);
        expect(w, (status == CLF_OK) == (copy != NULL), "a projection is made, or NULL");
    }
    clf_projection_destroy(&copy);
    clf_projection_destroy(&oprf);
    clf_projection_destroy(&drawn);
    return status;
}

static clf_status call_context(world *w)
{
    clf_context *ctx = NULL;
    const clf_status status = clf_context_create(NULL, &w->said.log, &ctx);
    expect(w, (status == CLF_OK) == (ctx != NULL), "a context is made, or NULL");
    clf_context_destroy(&ctx);
    return status;
}

static clf_status call_wrap(world *w)
{
    clf_context *ctx = NULL;
    const clf_status status =
        clf_context_wrap(clf_context_cl(w->ctx), clf_context_queue(w->ctx), &w->said.log, &ctx);
    expect(w, (status == CLF_OK) == (ctx != NULL), "a context is made, or NULL");
    clf_context_destroy(&ctx);
    return status;
}

static clf_status create(world *w, clf_context *ctx, clf_plan **plan)
{
    return w->problem->features ? clf_feature_plan_create(ctx, &w->params, plan)
                                : clf_plan_create(ctx, &w->params, plan);
}

static clf_status call_plan(world *w)
{
    clf_plan *plan = NULL;
    const clf_status status = create(w, w->ctx, &plan);
    expect(w, (status == CLF_OK) == (plan != NULL), "a plan is made, or NULL");
    clf_plan_destroy(&plan);
    return status;
}

static void prepare_own(world *w)
{
    ck_assert_int_eq(create(w, w->ctx, &w->other_plan), CLF_OK);
}

static clf_status run(world *w, clf_plan *plan, cl_mem workspace, cl_command_queue queue)
{
    if (w->problem->features) {
        const clf_feature_args args = {w->q, w->out, w->exponent, queue, 1, &w->gate};
        return clf_feature_plan_run(plan, &args, &w->done);
    }
    const clf_run_args args = {.q = w->q,
                               .k = w->k,
                               .v = w->v,
                               .out = w->out,
                               .workspace = workspace,
                               .queue = queue,
                               .num_wait = 1,
                               .wait = &w->gate};
    return clf_plan_run(plan, &args, &w->done);
}

static clf_status call_run_own(world *w)
{
    return run(w, w->other_plan, NULL, NULL);
}

static clf_status call_run(world *w)
{
    return run(w, w->plan, w->workspace, NULL);
}

static clf_status call_run_queue(world *w)
{
    return run(w, w->plan, w->workspace, w->queue);
}

static void read_back(const world *w, cl_mem mem, size_t bytes, void *to)
{
    ck_assert_int_eq(clEnqueueReadBuffer(clf_context_queue(w->ctx), mem, CL_TRUE, 0, bytes, to,
                                         w->done ? 1 : 0, w->done ? &w->done : NULL, NULL),
                     CL_SUCCESS);
}

/* After a failure the device's memory is the caller's again, once the queues are empty. */
static void finish_run(world *w, clf_status status)
{
    expect(w, (status == CLF_OK) == (w->done != NULL), "an event is made, or NULL");
    if (status == CLF_OK) {
        read_back(w, w->out.mem, (size_t)w->out_count * sizeof(float), w->host_out);
        if (w->problem->features)
            read_back(w, w->exponent.mem, (size_t)w->rows * sizeof(int32_t), w->host_exponent);
        expect(w, is_result(w, 0), "the result is right");
        clReleaseEvent(w->done);
    }
    w->done = NULL;
    ck_assert_int_eq(clFinish(clf_context_queue(w->ctx)), CL_SUCCESS);
    ck_assert_int_eq(clFinish(w->queue), CL_SUCCESS);
    clf_plan_destroy(&w->other_plan);
}

static clf_status call_run_host(world *w)
{
    const clf_host_args args = host_args(w);
    return clf_plan_run_host(w->plan, &args);
}

static clf_status call_set_projection(world *w)
{
    return clf_plan_set_projection(w->plan, w->projection[1]);
}

/* The plan has the new projection, or the old one. */
static void finish_set_projection(world *w, clf_status status)
{
    const clf_host_args args = host_args(w);
    ck_assert_int_eq(clf_plan_run_host(w->plan, &args), CLF_OK);
    expect(w, is_result(w, status == CLF_OK), "the plan has the new projection, or the old one");
    ck_assert_int_eq(clf_plan_set_projection(w->plan, w->projection[0]), CLF_OK);
}

static clf_status attend(world *w, clf_context *ctx)
{
    const clf_host_args args = host_args(w);
    return w->problem->features
               ? clf_feature_map(ctx, &w->params, w->host_q, w->host_out, w->host_exponent)
               : clf_attention(ctx, &w->params, &args);
}

static clf_status call_attention(world *w)
{
    return attend(w, w->ctx);
}

/* Work is under way when its objects are destroyed. */
static void prepare_destroy(world *w)
{
    ck_assert_int_eq(clf_context_wrap(clf_context_cl(w->ctx), w->queue, NULL, &w->other_ctx),
                     CLF_OK);
    ck_assert_int_eq(create(w, w->other_ctx, &w->other_plan), CLF_OK);
    ck_assert_int_eq(run(w, w->other_plan, NULL, NULL), CLF_OK);
}

static clf_status call_destroy(world *w)
{
    clf_context_destroy(&w->other_ctx);
    clf_plan_destroy(&w->other_plan);
    return CLF_OK;
}

/* A context opened under faults may know its device badly; what it says is right must be. */
static clf_status call_everything(world *w)
{
    clf_context *ctx = NULL;
    clf_status status = clf_context_create(NULL, &w->said.log, &ctx);
    if (status == CLF_OK)
        status = attend(w, ctx);
    clf_context_destroy(&ctx);
    return status;
}

/* --- with programs on disk -------------------------------------------------------------------- */

static char disk[64], *cache_home;

/* An empty folder for programs, and the wish to have them there. */
static void prepare_cold(world *w)
{
    (void)w;
    const char *home = getenv("XDG_CACHE_HOME");
    cache_home = home ? strdup(home) : NULL;
    snprintf(disk, sizeof disk, "/tmp/clfavor-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(disk));
    setenv("XDG_CACHE_HOME", disk, 1);
    setenv("CLFAVOR_CACHE", "1", 1);
}

static void prepare_warm(world *w)
{
    prepare_cold(w);
    ck_assert_int_eq(call_everything(w), CLF_OK);
    blot(w);
}

static void finish_disk(world *w, clf_status status)
{
    setenv("CLFAVOR_CACHE", "0", 1);
    if (cache_home)
        setenv("XDG_CACHE_HOME", cache_home, 1);
    else
        unsetenv("XDG_CACHE_HOME");
    free(cache_home);
    remove_tree(disk);
    judge_host(w, status);
}

#define ON(problem) &problems[problem]
const operation operations[] = {
    {"list devices", ON(EXACT), NULL, call_list, NULL},
    {"make projections", ON(EXACT), NULL, call_projection, NULL},
    {"open a context", ON(EXACT), NULL, call_context, NULL},
    {"wrap a context", ON(EXACT), NULL, call_wrap, NULL},
    {"make a plan", ON(BIDIRECTIONAL), NULL, call_plan, NULL},
    {"make a plan", ON(CAUSAL), NULL, call_plan, NULL},
    {"make a plan", ON(MASKED), NULL, call_plan, NULL},
    {"make a plan", ON(PRESET), NULL, call_plan, NULL},
    {"make a plan", ON(EXACT), NULL, call_plan, NULL},
    {"make a plan", ON(GENERALIZED), NULL, call_plan, NULL},
    {"make a plan", ON(FEATURES), NULL, call_plan, NULL},
    {"first run, own workspace", ON(BIDIRECTIONAL), prepare_own, call_run_own, finish_run},
    {"first run, own workspace", ON(CAUSAL), prepare_own, call_run_own, finish_run},
    {"run", ON(BIDIRECTIONAL), NULL, call_run, finish_run},
    {"run", ON(CAUSAL), NULL, call_run, finish_run},
    {"run", ON(PRESET), NULL, call_run, finish_run},
    {"run", ON(EXACT), NULL, call_run, finish_run},
    {"run", ON(FEATURES), NULL, call_run, finish_run},
    {"run out of order", ON(BIDIRECTIONAL), NULL, call_run_queue, finish_run},
    {"run on host memory", ON(BIDIRECTIONAL), NULL, call_run_host, judge_host},
    {"run on host memory", ON(MASKED), NULL, call_run_host, judge_host},
    {"replace the projection", ON(CAUSAL), NULL, call_set_projection, finish_set_projection},
    {"attention", ON(CAUSAL), NULL, call_attention, judge_host},
    {"attention", ON(GENERALIZED), NULL, call_attention, judge_host},
    {"feature map", ON(FEATURES), NULL, call_attention, judge_host},
    {"destroy the context first", ON(BIDIRECTIONAL), prepare_destroy, call_destroy, finish_run},
    {"context, attention, destroy", ON(BIDIRECTIONAL), NULL, call_everything, judge_host},
    {"the same, keeping it", ON(GENERALIZED), prepare_cold, call_everything, finish_disk},
    {"the same, having kept it", ON(GENERALIZED), prepare_warm, call_everything, finish_disk},
#if CLFI_HAVE_CLBLAST
    {"make a plan", ON(CHUNKED), NULL, call_plan, NULL},
    {"run", ON(CHUNKED), NULL, call_run, finish_run},
    {"run on host memory", ON(CHUNKED), NULL, call_run_host, judge_host},
#endif
};
const int operation_count = sizeof operations / sizeof operations[0];

bool operation_on_disk(const operation *op)
{
    return op->finish == finish_disk;
}

/* --- the world -------------------------------------------------------------------------------- */

static float *draw(int64_t count, uint32_t state)
{
    float *x = malloc((size_t)count * sizeof *x);
    ck_assert_ptr_nonnull(x);
    for (int64_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        x[i] = (float)(state >> 8) / 8388608.0f - 1.0f;
    }
    return x;
}

static clf_buffer to_device(const world *w, const void *data, size_t bytes)
{
    cl_int code = CL_SUCCESS;
    const clf_buffer buffer = {.mem = clCreateBuffer(clf_context_cl(w->ctx),
                                                     CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR,
                                                     bytes, (void *)data, &code)};
    ck_assert_int_eq(code, CL_SUCCESS);
    return buffer;
}

static void make_data(world *w)
{
    const clf_plan_params *p = &w->params;
    w->rows = p->B * p->H * p->L;
    w->out_count = w->rows * (w->problem->features ? p->R : p->E);
    w->host_q = draw(w->rows * p->D, 1);
    w->host_k = draw(p->B * p->H * p->S * p->D, 2);
    w->host_v = draw(p->B * p->H * p->S * p->E, 3);
    w->host_out = draw(w->out_count, 4);
    w->host_exponent = calloc((size_t)w->rows, sizeof(int32_t));
    w->expected_exponent = calloc((size_t)w->rows, sizeof(int32_t));
    ck_assert_ptr_nonnull(w->host_exponent);
    ck_assert_ptr_nonnull(w->expected_exponent);
}

/* The results without faults, of both projections: the first one last, for the plan keeps it. */
static void make_expected(world *w)
{
    for (int i = 1; i >= 0; i--) {
        w->params.projection = w->projection[i];
        ck_assert_int_eq(attend(w, w->ctx), CLF_OK);
        w->expected[i] = draw(w->out_count, 5);
        memcpy(w->expected[i], w->host_out, (size_t)w->out_count * sizeof(float));
    }
    memcpy(w->expected_exponent, w->host_exponent, (size_t)w->rows * sizeof(int32_t));
    w->broken = NULL;
    if (w->params.path != CLF_PATH_EXACT)
        ck_assert(!is_result(w, 1));
}

static void make_device_data(world *w)
{
    const clf_plan_params *p = &w->params;
    const cl_context cl = clf_context_cl(w->ctx);
    cl_int code = CL_SUCCESS;
    w->q = to_device(w, w->host_q, (size_t)(w->rows * p->D) * sizeof(float));
    w->k = to_device(w, w->host_k, (size_t)(p->B * p->H * p->S * p->D) * sizeof(float));
    w->v = to_device(w, w->host_v, (size_t)(p->B * p->H * p->S * p->E) * sizeof(float));
    w->out = to_device(w, w->host_out, (size_t)w->out_count * sizeof(float));
    w->exponent = to_device(w, w->host_exponent, (size_t)w->rows * sizeof(int32_t));
    const size_t bytes = clf_plan_workspace_bytes(w->plan);
    w->workspace = clCreateBuffer(cl, CL_MEM_READ_WRITE, bytes ? bytes : 1, NULL, &code);
    ck_assert_int_eq(code, CL_SUCCESS);
    w->queue = clCreateCommandQueue(cl, clf_context_device(w->ctx)->id,
                                    CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, &code);
    ck_assert_int_eq(code, CL_SUCCESS);
    w->gate = clCreateUserEvent(cl, &code);
    ck_assert_int_eq(code, CL_SUCCESS);
    ck_assert_int_eq(clSetUserEventStatus(w->gate, CL_COMPLETE), CL_SUCCESS);
}

void world_open(world *w, const problem *on)
{
    *w = (world){.problem = on, .params = on->params};
    keep(&w->said, CLF_LOG_ERROR);
    ck_assert_int_eq(clf_context_create(NULL, &w->said.log, &w->ctx), CLF_OK);
    const bool paired = clf_kind_describe(w->params.kind)->paired;
    for (int i = 0; i < 2; i++) {
        const clf_projection_params draw_params = {
            .M = paired ? w->params.R / 2 : w->params.R, .D = w->params.D, .seed = (uint64_t)i};
        ck_assert_int_eq(clf_projection_create(&draw_params, &w->said.log, &w->projection[i]),
                         CLF_OK);
    }
    make_data(w);
    make_expected(w);
    ck_assert_int_eq(create(w, w->ctx, &w->plan), CLF_OK);
    make_device_data(w);
}

void world_close(world *w)
{
    const cl_mem mems[] = {w->q.mem, w->k.mem, w->v.mem, w->out.mem, w->exponent.mem, w->workspace};
    for (size_t i = 0; i < sizeof mems / sizeof mems[0]; i++)
        clReleaseMemObject(mems[i]);
    clReleaseEvent(w->gate);
    clReleaseCommandQueue(w->queue);
    clf_plan_destroy(&w->plan);
    for (int i = 0; i < 2; i++) {
        clf_projection_destroy(&w->projection[i]);
        free(w->expected[i]);
    }
    clf_context_destroy(&w->ctx);
    free(w->host_q);
    free(w->host_k);
    free(w->host_v);
    free(w->host_out);
    free(w->host_exponent);
    free(w->expected_exponent);
}

clf_status operation_run(const operation *op, world *w, arm_calls *arm, const void *fault)
{
    blot(w);
    if (op->prepare)
        op->prepare(w);
    w->broken = NULL;
    w->said.count = 0;
    arm(fault);
    const clf_status status = op->call(w);
    arm(NULL);
    expect(w, (status != CLF_OK) == (w->said.count > 0), "a failure, and it alone, is explained");
    if (op->finish)
        op->finish(w, status);
    return status;
}
