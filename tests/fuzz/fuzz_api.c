/* Fuzz target of the public interface: any sequence of calls, with any parameters, on the null
 * driver, whose limits and failures are part of the input. A status of the documented ones, NULL or
 * an object as it says, one reason or more for a failure and none for a success, `out` of a failed
 * call untouched, and nothing left once all is destroyed, in any order.
 *
 * Pointers are valid or NULL: what a caller promises is not tried out. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <clfavor/attention.h>

#include "faults/layer.h"
#include "faults/null_driver.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum {
    CONTEXTS = 2,
    PLANS = 3,
    PROJECTIONS = 2,
    MOST_CALLS = 48,
    MOST_ELEMENTS = 1 << 16  // of a tensor that is made here
};

typedef struct input {
    const uint8_t *at;
    size_t left;
} input;

/* A plan, and what is needed to run it when its context is gone. */
typedef struct slot {
    clf_plan *plan;
    bool features;
    clf_plan_params params;
    cl_context context;
    cl_command_queue queue;
} slot;

typedef struct world {
    input in;
    clf_log log;
    int errors;      // messages of the call under way
    char said[160];  // the last message
    bool failing;    // a fault is in force
    clf_context *ctx[CONTEXTS];
    slot slot[PLANS];
    clf_projection *projection[PROJECTIONS];
} world;

static void demand(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "fuzz_api: %s\n", what);
        abort();
    }
}

static void take_message(void *user, clf_log_level level, const char *message)
{
    world *w = user;
    w->errors += level == CLF_LOG_ERROR;
    snprintf(w->said, sizeof w->said, "%s", message);
    demand(strlen(message) > 0, "an empty message");
}

/* --- from bytes to values --------------------------------------------------------------------- */

static unsigned take(input *in)
{
    if (in->left == 0)
        return 0;
    in->left--;
    return *in->at++;
}

/* Mostly small, sometimes at a limit. */
static int64_t take_size(input *in)
{
    static const int64_t odd[] = {0,    -1,      47,      48,        53,        97,        128,
                                  1024, 1025,    32768,   32769,     65536,     65537,     1 << 20,
                                  1000, 1 << 30, 1 << 24, INT32_MAX, INT64_MAX, INT64_MIN, 64};
    const unsigned byte = take(in);
    return byte < 0xD0 ? byte % 13 + 1 : odd[byte % (sizeof odd / sizeof odd[0])];
}

/* 0 to below `count` for most bytes, out of range for some. */
static int take_choice(input *in, int count)
{
    const unsigned byte = take(in);
    return byte < 0xF8 ? (int)byte % count : byte < 0xFC ? count : -1;
}

static float take_float(input *in)
{
    static const float odd[] = {0.0f, 1.0f, -1.0f, 0.25f, 1e30f, 1e-40f, 1e-30f, (float)1e39};
    return odd[take(in) % 8];
}

static clf_layout take_layout(input *in, int64_t H, int64_t rows, int64_t width)
{
    switch (take(in) % 8) {
    case 0:
        return clf_layout_bhld(H, rows, width);
    case 1:
        return clf_layout_blhd(H, rows, width);
    case 2:
        return (clf_layout){take_size(in), take_size(in), take_size(in)};
    case 3:
        return (clf_layout){1000, 100, 20};
    default:
        return (clf_layout){0};
    }
}

static clf_projection *take_projection(world *w)
{
    return w->projection[take(&w->in) % PROJECTIONS];
}

/* A draw of W costs its size: what would take seconds becomes small. */
static void bound_draw(clf_plan_params *p)
{
    if (p->R > 0 && p->D > 0 && p->R <= 65536 && p->D <= 32768 && p->R * p->D > MOST_ELEMENTS)
        p->R = 2;
}

static clf_plan_params take_params(world *w)
{
    input *in = &w->in;
    clf_plan_params p = {.B = take_size(in), .H = take_size(in), .L = take_size(in)};
    p.D = take_size(in);
    p.E = take_size(in);
    p.R = take_size(in);
    p.R *= p.R > 0 && p.R <= 65536 ? 2 : 1;
    const unsigned flags = take(in);
    p.causal = flags & 1;
    p.S = flags & 3 ? p.L : take_size(in);
    p.Hkv = flags & 4 ? 1 : flags & 8 ? take_size(in) : 0;
    p.deterministic = flags & 16;
    if (flags & 32) {
        p.preset = (clf_preset)take_choice(in, CLF_PRESET_COUNT);
        p.scale = take_float(in);
        p.kernel_eps = take_float(in);
    }
    p.kind = (clf_kind)take_choice(in, CLF_KIND_COUNT);
    p.path = (clf_path)take_choice(in, CLF_PATH_COUNT);
    p.mask = (clf_mask)take_choice(in, CLF_MASK_GENERAL + 1);
    if (flags & 64) {
        p.q_dtype = (clf_dtype)take_choice(in, CLF_DTYPE_COUNT);
        p.k_dtype = (clf_dtype)take_choice(in, CLF_DTYPE_COUNT);
        p.v_dtype = (clf_dtype)take_choice(in, CLF_DTYPE_COUNT);
        p.out_dtype = (clf_dtype)take_choice(in, CLF_DTYPE_COUNT);
        p.q = take_layout(in, p.H, p.L, p.D);
        p.k = take_layout(in, p.Hkv ? p.Hkv : p.H, p.S, p.D);
        p.v = take_layout(in, p.Hkv ? p.Hkv : p.H, p.S, p.E);
        p.out = take_layout(in, p.H, p.L, p.E);
    }
    if (flags & 128) {
        p.tuning.family = (clf_family)take_choice(in, CLF_FAMILY_WIDE + 1);
        p.tuning.vector_width = (int)take(in) % 20;
        p.tuning.tile_rows = (int)take(in);
        p.tuning.segments = (int)take(in) - 1;
        p.projection = take_projection(w);
        p.tuning.project_rows = (int)take(in) % 14;
        p.tuning.value_rows = (int)take(in) % 14;
        p.tuning.value_vectors = (int)take(in) % 10;
        p.tuning.packing = (clf_packing)take_choice(in, CLF_PACKING_PANELS + 1);
        p.tuning.prefetch = (clf_prefetch)take_choice(in, CLF_PREFETCH_ON + 1);
        p.tuning.local_size = (int)take(in) * 5;
        p.lookup = (clf_lookup)take_choice(in, CLF_LOOKUP_NONE + 1);
    }
    bound_draw(&p);
    return p;
}

/* --- tensors of valid parameters -------------------------------------------------------------- */

/* Elements from the first to the last; MOST_ELEMENTS + 1 for what cannot be made. */
static int64_t span_of(const clf_layout *at, int64_t B, int64_t H, int64_t rows, int64_t width)
{
    const clf_layout l = at->b || at->h || at->l ? *at : clf_layout_bhld(H, rows, width);
    const double most = ((double)B - 1) * (double)l.b + ((double)H - 1) * (double)l.h +
                        ((double)rows - 1) * (double)l.l + (double)width;
    // Where nothing is negative no term is above the sum.
    const bool sane = B > 0 && H > 0 && rows > 0 && width > 0 && l.b >= 0 && l.h >= 0 && l.l >= 0;
    return !(sane && most <= MOST_ELEMENTS)
               ? MOST_ELEMENTS + 1
               : (B - 1) * l.b + (H - 1) * l.h + (rows - 1) * l.l + width;
}

typedef struct spans {
    size_t q, k, v, out, mask;  // bytes
    size_t phi, exponents;
    bool fit;
} spans;

static spans spans_of(const clf_plan_params *p, bool features)
{
    const int64_t Hkv = p->Hkv ? p->Hkv : p->H, S = p->S ? p->S : 1, E = p->E ? p->E : 1;
    const double rows = (double)p->B * (double)p->H * (double)p->L;
    const int64_t q = span_of(&p->q, p->B, p->H, p->L, p->D);
    const int64_t k = span_of(&p->k, p->B, Hkv, S, p->D);
    const int64_t v = span_of(&p->v, p->B, Hkv, S, E);
    const int64_t out = span_of(&p->out, p->B, p->H, p->L, E);
    const int64_t mask = span_of(&(clf_layout){0}, p->B, 1, S, 1);
    const bool phi_fits = !features || rows * (double)p->R <= MOST_ELEMENTS;
    const bool positive = p->B > 0 && p->H > 0 && p->L > 0 && p->R > 0;
    spans s = {.fit = positive && q <= MOST_ELEMENTS && k <= MOST_ELEMENTS && v <= MOST_ELEMENTS &&
                      out <= MOST_ELEMENTS && phi_fits && mask <= MOST_ELEMENTS};
    s.q = (size_t)q * clf_dtype_size(p->q_dtype);
    s.k = (size_t)k * clf_dtype_size(p->k_dtype);
    s.v = (size_t)v * clf_dtype_size(p->v_dtype);
    s.out = (size_t)out * clf_dtype_size(p->out_dtype);
    s.mask = (size_t)mask;
    s.exponents = s.fit ? (size_t)rows * sizeof(int32_t) : 1;
    s.phi = s.fit ? (size_t)rows * (size_t)p->R * sizeof(float) : 1;
    return s;
}

/* Memory of exactly this size. */
static void *block(size_t bytes, int value)
{
    void *memory = malloc(bytes);
    demand(memory != NULL, "no memory");
    memset(memory, value, bytes);
    return memory;
}

static void demand_blotted(const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        demand(bytes[i] == 0xA5, "out was touched");
}

/* --- calls ------------------------------------------------------------------------------------ */

/* What holds after every call. `explained`: it had a log. */
static void judge(world *w, clf_status status, bool explained)
{
    demand(status <= CLF_OK && status >= CLF_ERROR_FORMAT, "an unknown status");
    demand(status != CLF_ERROR_IO && status != CLF_ERROR_FORMAT, "a status of files");
    const bool odd = status == CLF_ERROR_DEVICE || status == CLF_ERROR_BUILD ||
                     status == CLF_ERROR_NO_PLATFORM || status == CLF_ERROR_OUT_OF_HOST_MEMORY;
    // CLBlast asks for more than the null driver tells.
    demand(w->failing || !odd || strncmp(w->said, "CLBlast", 7) == 0, w->said);
    demand(!explained || (status == CLF_OK) == (w->errors == 0),
           "failures, and only they, have messages");
    w->errors = 0;
}

static void call_context(world *w)
{
    static const char *const selectors[] = {NULL, "0", "cpu", "gpu", "0:0", "null", "1", "x", ""};
    clf_context **ctx = &w->ctx[take(&w->in) % CONTEXTS];
    const clf_context *other = w->ctx[0];
    const unsigned how = take(&w->in);
    if (*ctx)
        return;
    const clf_status status =
        how & 128 ? clf_context_wrap(clf_context_cl(other), clf_context_queue(other), &w->log, ctx)
                  : clf_context_create(selectors[how % 9], &w->log, ctx);
    demand((status == CLF_OK) == (*ctx != NULL), "a context, or NULL");
    judge(w, status, true);
}

static void call_list(world *w)
{
    clf_device_list *list = NULL;
    const clf_device_info *info = NULL;
    char reason[64];
    clf_status status = clf_device_list_create(&w->log, &list);
    demand((status == CLF_OK) == (list != NULL), "a list, or NULL");
    judge(w, status, true);
    if (list) {
        status = clf_device_select(list, "cpu", &w->log, &info, reason, take(&w->in) % 65);
        demand((status == CLF_OK) == (info != NULL), "a device, or NULL");
        judge(w, status, true);
    }
    clf_device_list_destroy(&list);
}

static void call_projection(world *w)
{
    input *in = &w->in;
    clf_projection **projection = &w->projection[take(in) % PROJECTIONS];
    clf_projection_destroy(projection);
    const clf_projection_params params = {.M = take_size(in),
                                          .D = take_size(in),
                                          .heads = take_size(in),
                                          .kind = (clf_projection_kind)take_choice(in, 2),
                                          .norms = (clf_norms)take_choice(in, 2)};
    if (params.M > 0 && params.D > 0 && params.heads > 0 &&
        (double)params.M * (double)params.D * (double)params.heads > MOST_ELEMENTS)
        return;
    clf_status status = clf_projection_create(&params, &w->log, projection);
    demand((status == CLF_OK) == (*projection != NULL), "a projection, or NULL");
    judge(w, status, true);
    const double A = (double)take_float(in) / 16;
    if (!*projection || A == 0)
        return;
    clf_projection *oprf = NULL;
    status = clf_projection_oprf(*projection, &A, 1, &w->log, &oprf);
    demand((status == CLF_OK) == (oprf != NULL), "a projection, or NULL");
    judge(w, status, true);
    if (oprf) {
        clf_projection_destroy(projection);
        *projection = oprf;
    }
}

static void call_plan(world *w)
{
    slot *s = &w->slot[take(&w->in) % PLANS];
    clf_context *ctx = w->ctx[take(&w->in) % CONTEXTS];
    const bool features = take(&w->in) % 4 == 0;
    const clf_plan_params params = take_params(w);
    if (s->plan)
        return;
    const clf_status status = features ? clf_feature_plan_create(ctx, &params, &s->plan)
                                       : clf_plan_create(ctx, &params, &s->plan);
    demand((status == CLF_OK) == (s->plan != NULL), "a plan, or NULL");
    judge(w, status, ctx != NULL);
    if (!s->plan)
        return;
    s->features = features;
    s->params = params;
    s->context = clf_context_cl(ctx);
    s->queue = clf_context_queue(ctx);
    if (clRetainContext(s->context) != CL_SUCCESS)  // the fault may meet these two
        s->context = NULL;
    if (clRetainCommandQueue(s->queue) != CL_SUCCESS)
        s->queue = NULL;
    demand(strlen(clf_plan_describe(s->plan)) > 0, "a description");
}

static void destroy_plan(slot *s)
{
    if (!s->plan)
        return;
    clf_plan_destroy(&s->plan);
    if (s->context)
        clReleaseContext(s->context);
    if (s->queue)
        clReleaseCommandQueue(s->queue);
}

/* A buffer of so many bytes, or of one less, or none, and where its tensor begins. */
static clf_buffer take_buffer(world *w, const slot *s, size_t bytes)
{
    const unsigned how = take(&w->in);
    const int64_t offset = how & 0x70 ? 0 : (int)(how & 3) - 1;
    const size_t room = bytes + (offset > 0 ? 16 : 0) - (how >= 0xF8);
    clf_buffer buffer = {.offset = offset};
    if (how != 0xFF && room > 0 && s->context)
        buffer.mem = clCreateBuffer(s->context, CL_MEM_READ_WRITE, room, NULL, &(cl_int){0});
    return buffer;
}

static void release(cl_mem mem)
{
    if (mem)
        clReleaseMemObject(mem);
}

static void call_run(world *w)
{
    const slot *s = &w->slot[take(&w->in) % PLANS];
    if (!s->plan)
        return;
    const spans size = spans_of(&s->params, s->features);
    const size_t small = 4;  // of tensors that are too large to be made: refused
    const bool mask = s->params.mask == CLF_MASK_KEYS;
    clf_run_args args = {.q = take_buffer(w, s, size.fit ? size.q : small),
                         .k = take_buffer(w, s, size.fit ? size.k : small),
                         .v = take_buffer(w, s, size.fit ? size.v : small),
                         .out = take_buffer(w, s, size.fit ? size.out : small)};
    if (mask != (take(&w->in) > 0xF0))
        args.mask = take_buffer(w, s, size.mask);
    const size_t workspace = clf_plan_workspace_bytes(s->plan);
    if (take(&w->in) & 1 && workspace < MOST_ELEMENTS)
        args.workspace = take_buffer(w, s, workspace).mem;
    if (take(&w->in) & 1)
        args.queue = s->queue;
    cl_event event = NULL;
    const clf_status status = clf_plan_run(s->plan, &args, take(&w->in) & 1 ? NULL : &event);
    demand(status == CLF_OK || !event, "an event of a failure");
    judge(w, status, true);
    if (event)
        clReleaseEvent(event);
    const cl_mem mems[] = {args.q.mem,   args.k.mem,    args.v.mem,
                           args.out.mem, args.mask.mem, args.workspace};
    for (int i = 0; i < 6; i++)
        release(mems[i]);
}

static void call_feature_run(world *w)
{
    const slot *s = &w->slot[take(&w->in) % PLANS];
    if (!s->plan)
        return;
    const spans size = spans_of(&s->params, true);
    const clf_feature_args args = {.x = take_buffer(w, s, size.fit ? size.q : 4),
                                   .phi = take_buffer(w, s, size.phi),
                                   .exponents = take_buffer(w, s, size.exponents)};
    cl_event event = NULL;
    const clf_status status = clf_feature_plan_run(s->plan, &args, &event);
    demand((status == CLF_OK) == (event != NULL), "an event, or NULL");
    judge(w, status, true);
    if (event)
        clReleaseEvent(event);
    release(args.x.mem);
    release(args.phi.mem);
    release(args.exponents.mem);
}

/* By the plan of a slot; without one, by clf_attention. */
static void call_host(world *w)
{
    const slot *s = &w->slot[take(&w->in) % PLANS];
    clf_context *ctx = w->ctx[0];
    const clf_plan_params params = s->plan ? s->params : take_params(w);
    const spans size = spans_of(&params, false);
    if (!size.fit || (!s->plan && !ctx) || !size.q || !size.k || !size.v || !size.out)
        return;
    const bool mask = (params.mask == CLF_MASK_KEYS) != (take(&w->in) > 0xF0);
    clf_host_args args = {.q = block(size.q, 0),
                          .k = block(size.k, 0),
                          .v = block(size.v, 0),
                          .out = block(size.out, 0xA5),
                          .mask = mask ? block(size.mask, 1) : NULL};
    const clf_status status =
        s->plan ? clf_plan_run_host(s->plan, &args) : clf_attention(ctx, &params, &args);
    judge(w, status, true);
    if (status != CLF_OK)
        demand_blotted(args.out, size.out);
    free((void *)args.q);
    free((void *)args.k);
    free((void *)args.v);
    free(args.out);
    free((void *)args.mask);
}

static void call_feature_map(world *w)
{
    const clf_plan_params params = take_params(w);
    const spans size = spans_of(&params, true);
    if (!w->ctx[0] || !size.fit || !size.q)
        return;
    void *x = block(size.q, 0);
    float *phi = block(size.phi, 0);
    int32_t *exponents = block(size.exponents, 0);
    judge(w, clf_feature_map(w->ctx[0], &params, x, phi, exponents), true);
    free(x);
    free(phi);
    free(exponents);
}

static void call_set_projection(world *w)
{
    const slot *s = &w->slot[take(&w->in) % PLANS];
    const clf_projection *projection = take_projection(w);
    if (s->plan)
        judge(w, clf_plan_set_projection(s->plan, projection), true);
}

/* From the next call on, until another fault or the end. */
static void set_fault(world *w)
{
    static const cl_int codes[] = {CL_OUT_OF_RESOURCES, CL_MEM_OBJECT_ALLOCATION_FAILURE,
                                   CL_OUT_OF_HOST_MEMORY, CL_BUILD_PROGRAM_FAILURE};
    const layer_fault fault = {.entry = (enum entry)(take(&w->in) % ENTRIES),
                               .nth = take(&w->in) % 32 + 1,
                               .persistent = take(&w->in) & 1,
                               .code = codes[take(&w->in) % 4]};
    layer_arm(&fault);
    w->failing = true;
}

static void set_device(world *w)
{
    static const cl_device_type types[] = {CL_DEVICE_TYPE_CPU, CL_DEVICE_TYPE_GPU};
    static const cl_ulong bytes[] = {1 << 28, 0, 1 << 22, 4096, 1 << 16, 1};
    static const cl_uint counts[] = {2, 0, 1, 64, 4, 16, 8};
    input *in = &w->in;
    null_driver_device = (null_device){.type = types[take(in) % 2],
                                       .compute_units = counts[take(in) % 7],
                                       .native_float_width = counts[take(in) % 7],
                                       .global_mem_bytes = bytes[take(in) % 6],
                                       .max_alloc_bytes = bytes[take(in) % 6],
                                       .max_work_group_size = counts[take(in) % 7]};
}

static void call_destroy(world *w)
{
    const unsigned which = take(&w->in) % (CONTEXTS + PLANS);
    if (which < CONTEXTS)
        clf_context_destroy(&w->ctx[which]);
    else
        destroy_plan(&w->slot[which - CONTEXTS]);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    setenv("OCL_ICD_VENDORS", NULL_DRIVER, 1);    // Debian's loader
    setenv("OCL_ICD_FILENAMES", NULL_DRIVER, 1);  // Khronos's
    setenv("OPENCL_LAYERS", FAULT_LAYER, 1);
    unsetenv("CLFAVOR_DEVICE");
    unsetenv("CLFAVOR_KERNEL_DIR");
    setenv("CLFAVOR_CACHE", "0", 1);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static void (*const calls[])(world * w) = {
        call_context, call_plan,           call_run,         call_host,
        call_plan,    call_set_projection, call_run,         call_projection,
        call_destroy, call_list,           call_feature_run, call_feature_map,
        set_fault,    call_plan,           call_host,        call_context};
    world w = {.in = {bytes, size}};
    w.log = (clf_log){.callback = take_message, .user = &w, .level = CLF_LOG_DEBUG};
    set_device(&w);
    for (int i = 0; i < MOST_CALLS && w.in.left > 0; i++)
        calls[take(&w.in) % 16](&w);
    layer_arm(NULL);
    for (int i = 0; i < PROJECTIONS; i++)
        clf_projection_destroy(&w.projection[i]);
    for (int i = 0; i < CONTEXTS; i++)
        clf_context_destroy(&w.ctx[i]);
    for (int i = 0; i < PLANS; i++)
        destroy_plan(&w.slot[i]);
    for (int i = 0; i < OBJECTS; i++)
        demand(layer_held(i) == 0, layer_object_name(i));
    return 0;
}
