/* The unfused path over CLBlast: against the fp64 reference as every other kernel, against the
 * fused path, from several threads, on a queue out of order, and what it refuses. Its chunks have
 * 1024 rows at most: some lengths here have two or three of them. */
#include <math.h>
#include <pthread.h>

#include "inputs.h"
#include "judge.h"
#include "runner.h"

#include <clblast_c.h>  // after clfavor, which says what version of OpenCL is meant

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static float largest(const float *x, int64_t count)
{
    float most = 0;
    for (int64_t i = 0; i < count; i++)
        most = isfinite(x[i]) ? fmaxf(most, fabsf(x[i])) : most;
    return most;
}

/* The fused path on the same inputs: two results within their bounds are this near each other,
 * unless denominators cancel. All rows are compared, the judge takes a sample. */
static void compare_with_fused(clf_context *ctx, const trial *t, const tensors *x)
{
    const clf_kind_info *kind = clf_kind_describe(t->kind);
    const bool large = t->D > 1024 || t->E > 1024;
    if (kind->has_sign || t->kind == CLF_KIND_GELU || large)
        return;
    const size_t bytes = (size_t)trial_out_count(t) * sizeof(float);
    float *unfused = malloc(bytes);
    ck_assert_ptr_nonnull(unfused);
    memcpy(unfused, x->out, bytes);
    trial fused = *t;
    fused.path = CLF_PATH_FUSED;
    trial_once(ctx, &fused, x);
    const double coarse = t->out_dtype == CLF_DTYPE_BF16  ? 0x1p-7
                          : t->out_dtype == CLF_DTYPE_F16 ? 0x1p-10
                                                          : 0;
    const double limit = (1e-3 + coarse) * (double)largest(x->v, trial_v_count(t));
    for (int64_t i = 0; i < trial_out_count(t); i++) {
        const double apart = fabs((double)x->out[i] - (double)unfused[i]);
        if (!(apart <= limit))
            ck_abort_msg("wrong result: element %lld is %g fused, %g by CLBlast; %s", (long long)i,
                         x->out[i], unfused[i], trial_describe(t).text);
    }
    free(unfused);
}

/* CLBlast has two algorithms: one kernel for all shapes, and one for large ones that copies its
 * operands first. `least` ^3 multiplications are the fewest for the second. */
static void large_from(clf_context *ctx, size_t least)
{
    const char *name = "XGEMM_MIN_INDIRECT_SIZE";
    ck_assert_int_eq(CLBlastOverrideParameters(clf_context_device(ctx)->id, "GemmRoutine",
                                               CLBlastPrecisionSingle, 1, &name, &least),
                     CLBlastSuccess);
}

static void judge_shapes(clf_context *ctx, const char *name)
{
#define F16  CLF_DTYPE_F16
#define BF16 CLF_DTYPE_BF16
    static const trial trials[] = {
        {.B = 1, .H = 1, .L = 1, .S = 1, .D = 1, .E = 1, .R = 1},
        {.B = 2,
         .H = 6,
         .Hkv = 3,
         .L = 61,
         .S = 97,
         .D = 17,
         .E = 15,
         .R = 49,
         .masking = MASKING_EMPTY,
         .order = ORDER_GAPS,
         .offset = 4},
        {.B = 1, .H = 2, .L = 2100, .S = 130, .D = 16, .E = 16, .R = 48, .order = ORDER_BLHD},
        {.B = 1,
         .H = 4,
         .Hkv = 1,
         .L = 40,
         .S = 2057,
         .D = 33,
         .E = 7,
         .R = 100,
         .kind = CLF_KIND_COSH,
         .masking = MASKING_RANDOM,
         .offset = 1},
        {.B = 3,
         .H = 2,
         .L = 33,
         .S = 1025,
         .D = 8,
         .E = 9,
         .R = 34,
         .bias = true,
         .q_dtype = F16,
         .k_dtype = BF16,
         .v_dtype = F16,
         .out_dtype = BF16},
        {.B = 2,
         .H = 2,
         .L = 48,
         .S = 64,
         .D = 64,
         .E = 64,
         .R = 256,
         .kind = CLF_KIND_COSH,
         .bias = true,
         .masking = MASKING_ONE_KEY,
         .q_dtype = BF16,
         .out_dtype = F16},
        {.B = 1, .H = 2, .L = 300, .S = 1100, .D = 64, .E = 64, .R = 256},
        {.B = 1,
         .H = 2,
         .Hkv = 1,
         .L = 20,
         .S = 1300,
         .D = 12,
         .E = 5,
         .R = 12,
         .kind = CLF_KIND_ELU1,
         .deterministic = true,
         .masking = MASKING_RANDOM},
    };
    tally sum = {0};
    for (size_t i = 0; i < COUNT(trials); i++) {
        trial t = trials[i];
        t.path = CLF_PATH_CLBLAST;
        tensors x = tensors_create(&t, trial_seed() + i);
        fill_mixed(&t, &x, trial_seed() + i);
        clf_plan *plan = trial_plan(ctx, &t, &x);
        trial_run(ctx, plan, &t, &x);
        judge_telling(&t, &x, plan, &sum);
        clf_plan_destroy(&plan);
        compare_with_fused(ctx, &t, &x);
        tensors_destroy(&x);
    }
    tally_print(&sum, name);
}

START_TEST(shapes_by_one_kernel)
{
    clf_context *ctx = trial_context();
    large_from(ctx, (size_t)1 << 20);
    judge_shapes(ctx, "clblast, one kernel");
    clf_context_destroy(&ctx);
}
END_TEST

START_TEST(shapes_by_copies)
{
    clf_context *ctx = trial_context();
    large_from(ctx, 0);
    judge_shapes(ctx, "clblast, copies");
    clf_context_destroy(&ctx);
}
END_TEST

START_TEST(kinds)
{
    tally sum = {0};
    clf_context *ctx = trial_context();
    for (int kind = 0; kind < CLF_KIND_COUNT; kind++) {
        const bool generalized = clf_kind_describe((clf_kind)kind)->generalized;
        trial t = {.B = 1,
                   .H = 2,
                   .Hkv = 1,
                   .L = 30,
                   .S = 61,
                   .D = 20,
                   .E = 12,
                   .R = 60,
                   .kind = (clf_kind)kind,
                   .path = CLF_PATH_CLBLAST,
                   .masking = MASKING_RANDOM,
                   .bias = kind % 2 == 0,
                   .kernel_eps = generalized && kind % 3 ? 0.03f : 0};
        tensors x = tensors_create(&t, trial_seed());
        fill_mixed(&t, &x, trial_seed());
        clf_plan *plan = trial_plan(ctx, &t, &x);
        trial_run(ctx, plan, &t, &x);
        judge(&t, &x, plan, &sum);
        clf_plan_destroy(&plan);
        compare_with_fused(ctx, &t, &x);
        tensors_destroy(&x);
    }
    tally_print(&sum, "clblast, kinds");
    clf_context_destroy(&ctx);
}
END_TEST

/* Norms that fall let shifts rise in the second chunk, where a state is rescaled. */
START_TEST(norms)
{
    static const struct {
        double first, last;
        directions way;
    } cases[] = {{0.5, 0.5, DIRECTIONS_RANDOM}, {30, 30, DIRECTIONS_RANDOM},
                 {30, 0.5, DIRECTIONS_RANDOM},  {0.5, 30, DIRECTIONS_RANDOM},
                 {30, 0.5, DIRECTIONS_OPPOSED}, {8, 8, DIRECTIONS_ALIGNED},
                 {30, 0.5, DIRECTIONS_MIXED}};
    static const clf_kind some[] = {CLF_KIND_EXP, CLF_KIND_COSH, CLF_KIND_GAUSSIAN};
    tally sum = {0};
    clf_context *ctx = trial_context();
    for (size_t i = 0; i < COUNT(cases) * COUNT(some); i++) {
        const trial t = {.B = 1,
                         .H = 1,
                         .L = 50,
                         .S = 2100,
                         .D = 16,
                         .E = 8,
                         .R = 32,
                         .kind = some[i / COUNT(cases)],
                         .path = CLF_PATH_CLBLAST};
        tensors x = tensors_create(&t, trial_seed() + i);
        fill_norms(&t, &x, trial_seed() + i, cases[i % COUNT(cases)].way,
                   cases[i % COUNT(cases)].first, cases[i % COUNT(cases)].last);
        clf_plan *plan = trial_plan(ctx, &t, &x);
        trial_run(ctx, plan, &t, &x);
        judge(&t, &x, plan, &sum);
        clf_plan_destroy(&plan);
        tensors_destroy(&x);
    }
    tally_print(&sum, "clblast, norms");
    clf_context_destroy(&ctx);
}
END_TEST

/* Features of 2^-160 have a shift of -128, as far from a masked key's u = 0 as a float's exponent
 * goes: such a key must neither raise a shift nor become an infinity. */
START_TEST(masked_keys_have_no_say_in_shifts)
{
    const trial t = {.B = 1,
                     .H = 1,
                     .L = 40,
                     .S = 80,
                     .D = 16,
                     .E = 8,
                     .R = 32,
                     .kind = CLF_KIND_F_EXP,
                     .bias = true,
                     .masking = MASKING_RANDOM,
                     .path = CLF_PATH_CLBLAST};
    tally sum = {0};
    clf_context *ctx = trial_context();
    tensors x = tensors_create(&t, trial_seed());
    fill_norms(&t, &x, trial_seed(), DIRECTIONS_RANDOM, 0.05, 0.05);
    float bias[32];
    for (int64_t r = 0; r < t.R; r++)
        bias[r] = -160 * 0.6931472f;
    clf_projection *biased = NULL;
    ck_assert_int_eq(
        clf_projection_import(clf_projection_data(x.projection), bias, 1, t.R, t.D, NULL, &biased),
        CLF_OK);
    clf_projection_destroy(&x.projection);
    x.projection = biased;
    clf_plan *plan = trial_plan(ctx, &t, &x);
    trial_run(ctx, plan, &t, &x);
    judge(&t, &x, plan, &sum);
    tally_print(&sum, "clblast, small features");
    clf_plan_destroy(&plan);
    tensors_destroy(&x);
    clf_context_destroy(&ctx);
}
END_TEST

START_TEST(shapes_too_large_to_be_fused_come_here_by_themselves)
{
    static const trial trials[] = {
        {.B = 1, .H = 2, .Hkv = 1, .L = 30, .S = 70, .D = 1500, .E = 1500, .R = 64},
        {.B = 1, .H = 1, .L = 5, .S = 9, .D = 3, .E = 4097, .R = 16},
    };
    tally sum = {0};
    clf_context *ctx = trial_context();
    for (size_t i = 0; i < COUNT(trials); i++) {
        const trial *t = &trials[i];
        tensors x = tensors_create(t, trial_seed());
        fill_mixed(t, &x, trial_seed());
        clf_plan *plan = trial_plan(ctx, t, &x);
        ck_assert_ptr_nonnull(strstr(clf_plan_describe(plan), "path=clblast(too_large"));
        trial_run(ctx, plan, t, &x);
        judge_telling(t, &x, plan, &sum);
        clf_plan_destroy(&plan);
        tensors_destroy(&x);
    }
    tally_print(&sum, "clblast, large");
    clf_context_destroy(&ctx);
}
END_TEST

START_TEST(the_same_bits_every_run_and_a_redraw)
{
    const trial t = {
        .B = 1, .H = 2, .L = 100, .S = 1500, .D = 24, .E = 24, .R = 64, .path = CLF_PATH_CLBLAST};
    tally sum = {0};
    clf_context *ctx = trial_context();
    tensors x = tensors_create(&t, trial_seed()), again = tensors_create(&t, trial_seed() + 1);
    fill_mixed(&t, &x, trial_seed());
    tensors_copy(&t, &x, &again);
    clf_plan *plan = trial_plan(ctx, &t, &x);
    trial_run(ctx, plan, &t, &x);
    trial_run(ctx, plan, &t, &again);
    same_bits(x.out, again.out, trial_out_count(&t), "the second run", &t);
    ck_assert_int_eq(clf_plan_set_projection(plan, again.projection), CLF_OK);
    trial_run(ctx, plan, &t, &again);
    judge(&t, &again, plan, &sum);
    tally_print(&sum, "clblast, redraw");
    clf_plan_destroy(&plan);
    tensors_destroy(&x);
    tensors_destroy(&again);
    clf_context_destroy(&ctx);
}
END_TEST

static cl_mem buffer_of(clf_context *ctx, float *x, int64_t count)
{
    cl_int code;
    const cl_mem mem = clCreateBuffer(clf_context_cl(ctx), CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR,
                                      (size_t)count * sizeof *x, x, &code);
    ck_assert_int_eq(code, CL_SUCCESS);
    return mem;
}

/* Commands of a run stay in order on a queue that has none, and begin after the caller's event. */
START_TEST(a_queue_out_of_order)
{
    const trial t = {
        .B = 1, .H = 3, .L = 70, .S = 2100, .D = 16, .E = 16, .R = 48, .path = CLF_PATH_CLBLAST};
    clf_context *ctx = trial_context();
    tensors x = tensors_create(&t, trial_seed());
    fill_mixed(&t, &x, trial_seed());
    clf_plan *plan = trial_plan(ctx, &t, &x);
    trial_run(ctx, plan, &t, &x);

    cl_int code;
    const cl_command_queue queue =
        clCreateCommandQueue(clf_context_cl(ctx), clf_context_device(ctx)->id,
                             CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, &code);
    ck_assert_int_eq(code, CL_SUCCESS);
    const cl_event gate = clCreateUserEvent(clf_context_cl(ctx), &code);
    ck_assert_int_eq(code, CL_SUCCESS);
    const int64_t count = trial_out_count(&t);
    float *out = calloc((size_t)count, sizeof *out);
    ck_assert_ptr_nonnull(out);
    const clf_run_args args = {
        .q = {buffer_of(ctx, x.q, trial_q_count(&t)), 0},
        .k = {buffer_of(ctx, x.k, trial_k_count(&t)), 0},
        .v = {buffer_of(ctx, x.v, trial_v_count(&t)), 0},
        .out = {buffer_of(ctx, out, count), 0},
        .queue = queue,
        .num_wait = 1,
        .wait = &gate,
    };
    cl_event done = NULL;
    ck_assert_int_eq(clf_plan_run(plan, &args, &done), CLF_OK);
    ck_assert_int_eq(clFlush(queue), CL_SUCCESS);
    cl_int state = CL_COMPLETE;
    ck_assert_int_eq(
        clGetEventInfo(done, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof state, &state, NULL),
        CL_SUCCESS);
    ck_assert_int_gt(state, CL_COMPLETE);
    ck_assert_int_eq(clSetUserEventStatus(gate, CL_COMPLETE), CL_SUCCESS);
    ck_assert_int_eq(clEnqueueReadBuffer(queue, args.out.mem, CL_TRUE, 0,
                                         (size_t)count * sizeof *out, out, 1, &done, NULL),
                     CL_SUCCESS);
    same_bits(x.out, out, count, "out of order", &t);
    const cl_mem buffers[] = {args.q.mem, args.k.mem, args.v.mem, args.out.mem};
    for (size_t i = 0; i < COUNT(buffers); i++)
        clReleaseMemObject(buffers[i]);
    clReleaseEvent(done);
    clReleaseEvent(gate);
    clReleaseCommandQueue(queue);
    free(out);
    clf_plan_destroy(&plan);
    tensors_destroy(&x);
    clf_context_destroy(&ctx);
}
END_TEST

/* What one thread does: plans and runs on a context of its own. Check does not know threads. */
typedef struct job {
    const trial *t;
    const tensors *x;
    float *out;
    clf_status status;
} job;

static void *work(void *argument)
{
    job *j = argument;
    clf_context *ctx = NULL;
    const clf_plan_params params = trial_params(j->t, j->x);
    const clf_host_args args = {.q = j->x->q, .k = j->x->k, .v = j->x->v, .out = j->out};
    j->status = clf_context_create(NULL, NULL, &ctx);
    for (int round = 0; round < 5 && j->status == CLF_OK; round++) {
        clf_plan *plan = NULL;
        memset(j->out, 0, (size_t)trial_out_count(j->t) * sizeof *j->out);
        j->status = clf_plan_create(ctx, &params, &plan);
        if (j->status == CLF_OK)
            j->status = clf_plan_run_host(plan, &args);
        clf_plan_destroy(&plan);
    }
    clf_context_destroy(&ctx);
    return NULL;
}

START_TEST(threads)
{
    enum {
        THREADS = 4
    };
    static const trial t = {
        .B = 1, .H = 2, .L = 80, .S = 1100, .D = 16, .E = 16, .R = 64, .path = CLF_PATH_CLBLAST};
    tally sum = {0};
    clf_context *ctx = trial_context();
    tensors x = tensors_create(&t, trial_seed());
    fill_mixed(&t, &x, trial_seed());
    job jobs[THREADS];
    pthread_t ids[THREADS];
    for (int i = 0; i < THREADS; i++) {
        jobs[i] = (job){&t, &x, calloc((size_t)trial_out_count(&t), sizeof(float)), CLF_OK};
        ck_assert_ptr_nonnull(jobs[i].out);
        ck_assert_int_eq(pthread_create(&ids[i], NULL, work, &jobs[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(ids[i], NULL), 0);
    clf_plan *plan = trial_plan(ctx, &t, &x);
    trial_run(ctx, plan, &t, &x);
    judge_telling(&t, &x, plan, &sum);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(jobs[i].status, CLF_OK);
        same_bits(x.out, jobs[i].out, trial_out_count(&t), "a thread", &t);
        free(jobs[i].out);
    }
    clf_plan_destroy(&plan);
    tensors_destroy(&x);
    clf_context_destroy(&ctx);
}
END_TEST

START_TEST(refusals)
{
    static const struct {
        trial t;
        clf_status status;
        const char *said;
    } cases[] = {
#define CLBLAST .path = CLF_PATH_CLBLAST
        {{CLBLAST, .causal = true}, CLF_ERROR_UNSUPPORTED, "no causal attention"},
        {{CLBLAST, .preset = CLF_PRESET_GOOGLE_JAX}, CLF_ERROR_UNSUPPORTED, "no presets"},
        {{CLBLAST, .tuning = {.segments = 2}}, CLF_ERROR_UNSUPPORTED, "for fused kernels"},
        {{CLBLAST, .D = 32769}, CLF_ERROR_INVALID_ARGUMENT, "D=32769, but 1 to 32768"},
        {{CLBLAST, .E = 32769}, CLF_ERROR_INVALID_ARGUMENT, "E=32769, but 1 to 32768"},
        {{CLBLAST, .E = 32768, .R = 65536}, CLF_ERROR_UNSUPPORTED, "R=65536 and E=32768 need"},
        {{.D = 1025, .causal = true}, CLF_ERROR_INVALID_ARGUMENT, "D=1025, but 1 to 1024"},
        {{.E = 1025, .path = CLF_PATH_FUSED}, CLF_ERROR_INVALID_ARGUMENT, "E=1025, but 1 to 1024"},
        {{.D = 1025, .path = CLF_PATH_EXACT}, CLF_ERROR_INVALID_ARGUMENT, "D=1025, but 1 to 1024"},
    };
    kept_log kept;
    clf_context *ctx = open_context(keep(&kept, CLF_LOG_ERROR));
    for (size_t i = 0; i < COUNT(cases); i++) {
        trial t = cases[i].t;
        t.B = t.H = t.L = t.S = 1;
        t.D = t.D ? t.D : 4;
        t.E = t.E ? t.E : 4;
        t.R = t.R ? t.R : 4;
        const tensors none = {0};
        const clf_plan_params params = trial_params(&t, &none);
        clf_plan *plan = NULL;
        ck_assert_int_eq(clf_plan_create(ctx, &params, &plan), cases[i].status);
        ck_assert_ptr_null(plan);
        assert_said(&kept, cases[i].said);
    }
    clf_context_destroy(&ctx);
}
END_TEST

RUN_KERNEL_TESTS("clblast", shapes_by_one_kernel, shapes_by_copies, kinds, norms,
                 masked_keys_have_no_say_in_shifts,
                 shapes_too_large_to_be_fused_come_here_by_themselves,
                 the_same_bits_every_run_and_a_redraw, a_queue_out_of_order, threads, refusals)
