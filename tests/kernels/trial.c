/* Tensors of a trial, its plan, and one run. Knows nothing of right and wrong values. */
#include "trial.h"

#include <math.h>

#include "guarded.h"
#include "inputs.h"

static void print_message(void *user, clf_log_level level, const char *message)
{
    (void)user;
    (void)level;
    fprintf(stderr, "%s\n", message);
}

clf_context *trial_context(void)
{
    return open_context(&(clf_log){.callback = print_message, .level = CLF_LOG_ERROR});
}

uint64_t trial_seed(void)
{
    const char *text = getenv("CLFAVOR_TEST_SEED");
    return text ? strtoull(text, NULL, 0) : 1;
}

int64_t trial_M(const trial *t)
{
    return clf_kind_describe(t->kind)->paired ? t->R / 2 : t->R;
}

int64_t trial_Hkv(const trial *t)
{
    return t->Hkv ? t->Hkv : t->H;
}

int64_t trial_q_count(const trial *t)
{
    return t->B * t->H * t->L * t->D;
}

int64_t trial_k_count(const trial *t)
{
    return t->B * trial_Hkv(t) * t->S * t->D;
}

int64_t trial_v_count(const trial *t)
{
    return t->B * trial_Hkv(t) * t->S * t->E;
}

int64_t trial_out_count(const trial *t)
{
    return t->B * t->H * t->L * t->E;
}

bool trial_has_value(const trial *t, const tensors *x, int64_t b, int64_t j)
{
    return !x->mask || x->mask[b * t->S + j] != 0;
}

/* The features of the trial in words. */
static void describe_features(const trial *t, char *text, size_t size)
{
    if (t->path == CLF_PATH_EXACT) {
        snprintf(text, size, "exact");
        return;
    }
    snprintf(text, size, "%s%s%s %s eps=%g preset=%s", clf_kind_describe(t->kind)->name,
             t->deterministic ? " deterministic" : "", t->bias ? " bias" : "",
             clf_projection_kind_name(t->draw), (double)t->kernel_eps, clf_preset_name(t->preset));
}

trial_name trial_describe(const trial *t)
{
    static const char *const orders[] = {"BHLD", "BLHD", "gaps"};
    static const char *const families[] = {"auto", "plain", "wide"};
    static const char *const masks[] = {"none", "all", "random", "one-key", "empty"};
    char features[96];
    trial_name name;
    describe_features(t, features, sizeof features);
    snprintf(name.text, sizeof name.text,
             "%s vw=%d tile=%d segments=%d %s %s mask=%s %s,%s,%s,%s B=%d H=%d Hkv=%d L=%d S=%d "
             "D=%d E=%d R=%d %s+%d seed=%llu",
             families[t->tuning.family], t->tuning.vector_width, t->tuning.tile_rows,
             t->tuning.segments, features, t->causal ? "causal" : "bidirectional",
             masks[t->masking], clf_dtype_name(t->q_dtype), clf_dtype_name(t->k_dtype),
             clf_dtype_name(t->v_dtype), clf_dtype_name(t->out_dtype), (int)t->B, (int)t->H,
             (int)trial_Hkv(t), (int)t->L, (int)t->S, (int)t->D, (int)t->E, (int)t->R,
             orders[t->order], (int)t->offset, (unsigned long long)trial_seed());
    return name;
}

static void *grab(int64_t count, size_t size)
{
    void *p = calloc((size_t)count, size);
    ck_assert_ptr_nonnull(p);
    return p;
}

static uint8_t *make_mask(const trial *t, uint64_t seed)
{
    if (t->masking == MASKING_NONE)
        return NULL;
    uint8_t *mask = grab(t->B * t->S, 1);
    float *noise = grab(t->B * t->S, sizeof *noise);
    fill_normal(noise, t->B * t->S, seed, STREAM_MASK);
    for (int64_t i = 0; i < t->B * t->S; i++) {
        const int64_t b = i / t->S, j = i % t->S;
        switch (t->masking) {
        case MASKING_NONE:
            break;
        case MASKING_ALL:
            mask[i] = 1;
            break;
        case MASKING_ONE_KEY:
            mask[i] = j == (t->S / 2 + 7 * b) % t->S;
            break;
        case MASKING_EMPTY:
            mask[i] = b + 1 < t->B && noise[i] > -0.524f;
            break;
        case MASKING_RANDOM:
            mask[i] = noise[i] > -0.524f;
            break;
        }
    }
    free(noise);
    return mask;
}

/* W, and a bias of the size of a feature's own spread when the trial has one. */
static clf_projection *make_projection(const trial *t, uint64_t seed)
{
    clf_projection *drawn = NULL, *biased = NULL;
    if (t->deterministic || t->path == CLF_PATH_EXACT)
        return NULL;
    const int64_t heads = t->B % 2 ? trial_Hkv(t) : 1, M = trial_M(t);
    const clf_projection_params params = {
        .M = M, .D = t->D, .heads = heads, .seed = seed, .kind = t->draw};
    ck_assert_int_eq(clf_projection_create(&params, NULL, &drawn), CLF_OK);
    if (!t->bias)
        return drawn;
    if (t->draw == CLF_PROJECTION_STRUCTURED) {  // what is imported is dense
        ck_assert_int_eq(clf_projection_oprf(drawn, &(double){-0.1}, 1, NULL, &biased), CLF_OK);
    } else {
        float *bias = grab(heads * M, sizeof *bias);
        fill_normal(bias, heads * M, seed, STREAM_BIAS);
        ck_assert_int_eq(
            clf_projection_import(clf_projection_data(drawn), bias, heads, M, t->D, NULL, &biased),
            CLF_OK);
        free(bias);
    }
    clf_projection_destroy(&drawn);
    return biased;
}

tensors tensors_create(const trial *t, uint64_t seed)
{
    return (tensors){
        .q = grab(trial_q_count(t), sizeof(float)),
        .k = grab(trial_k_count(t), sizeof(float)),
        .v = grab(trial_v_count(t), sizeof(float)),
        .out = grab(trial_out_count(t), sizeof(float)),
        .mask = make_mask(t, seed),
        .projection = make_projection(t, seed),
    };
}

void tensors_destroy(tensors *x)
{
    free(x->q);
    free(x->k);
    free(x->v);
    free(x->out);
    free(x->mask);
    clf_projection_destroy(&x->projection);
}

void tensors_copy(const trial *t, const tensors *from, const tensors *to)
{
    memcpy(to->q, from->q, (size_t)trial_q_count(t) * sizeof(float));
    memcpy(to->k, from->k, (size_t)trial_k_count(t) * sizeof(float));
    memcpy(to->v, from->v, (size_t)trial_v_count(t) * sizeof(float));
}

/* Zero, the default, for contiguous [B, H, L, D]. */
static clf_layout layout_of(const trial *t, int64_t H, int64_t rows, int64_t columns)
{
    if (t->order == ORDER_BLHD)
        return clf_layout_blhd(H, rows, columns);
    if (t->order == ORDER_BHLD)
        return (clf_layout){0};
    const int64_t l = columns + 3;
    const int64_t h = rows * l + 5;
    return (clf_layout){.b = H * h + 7, .h = h, .l = l};
}

clf_plan_params trial_params(const trial *t, const tensors *x)
{
    const int64_t Hkv = trial_Hkv(t);
    return (clf_plan_params){
        .B = t->B,
        .H = t->H,
        .Hkv = t->Hkv,
        .L = t->L,
        .S = t->S,
        .D = t->D,
        .E = t->E,
        .R = t->R,
        .kind = t->kind,
        .causal = t->causal,
        .kernel_eps = t->kernel_eps,
        .deterministic = t->deterministic,
        .mask = x->mask ? CLF_MASK_KEYS : CLF_MASK_NONE,
        .preset = t->preset,
        .path = t->path,
        .q_dtype = t->q_dtype,
        .k_dtype = t->k_dtype,
        .v_dtype = t->v_dtype,
        .out_dtype = t->out_dtype,
        .q = layout_of(t, t->H, t->L, t->D),
        .k = layout_of(t, Hkv, t->S, t->D),
        .v = layout_of(t, Hkv, t->S, t->E),
        .out = layout_of(t, t->H, t->L, t->E),
        .projection = x->projection,
        .tuning = t->tuning,
    };
}

clf_plan *trial_plan(clf_context *ctx, const trial *t, const tensors *x)
{
    const clf_plan_params params = trial_params(t, x);
    clf_plan *plan = NULL;
    const clf_status status = clf_plan_create(ctx, &params, &plan);
    ck_assert_msg(status == CLF_OK, "no plan (%s) for %s", clf_status_string(status),
                  trial_describe(t).text);
    return plan;
}

static tensor_form form_of(const trial *t, int64_t H, int64_t rows, int64_t columns,
                           clf_dtype dtype)
{
    return (tensor_form){
        .B = t->B,
        .H = H,
        .rows = rows,
        .columns = columns,
        .size = clf_dtype_size(dtype),
        .layout = layout_of(t, H, rows, columns),
        .offset = t->offset,
    };
}

/* An input in the dtype of the plan; x gets the values as they are then. */
static placed place_input(clf_context *ctx, const tensor_form *form, clf_dtype dtype, float *x)
{
    const int64_t count = form->B * form->H * form->rows * form->columns;
    void *stored = grab(count, form->size);
    clf_convert(x, CLF_DTYPE_F32, stored, dtype, (size_t)count);
    clf_convert(stored, dtype, x, CLF_DTYPE_F32, (size_t)count);
    const placed p = place(ctx, form, stored);
    free(stored);
    return p;
}

/* Reads the result, whatever its dtype. */
static void finish_output(clf_context *ctx, placed *p, clf_dtype dtype, float *out)
{
    const int64_t count = p->form.B * p->form.H * p->form.rows * p->form.columns;
    void *stored = grab(count, p->form.size);
    placed_finish(ctx, p, "out", stored);
    clf_convert(stored, dtype, out, CLF_DTYPE_F32, (size_t)count);
    free(stored);
}

void trial_run(clf_context *ctx, clf_plan *plan, const trial *t, const tensors *x)
{
    const int64_t Hkv = trial_Hkv(t);
    const tensor_form q_form = form_of(t, t->H, t->L, t->D, t->q_dtype);
    const tensor_form k_form = form_of(t, Hkv, t->S, t->D, t->k_dtype);
    const tensor_form v_form = form_of(t, Hkv, t->S, t->E, t->v_dtype);
    const tensor_form out_form = form_of(t, t->H, t->L, t->E, t->out_dtype);
    const tensor_form mask_form = {
        .B = 1, .H = 1, .rows = t->B, .columns = t->S, .size = 1, .offset = t->offset};
    placed q = place_input(ctx, &q_form, t->q_dtype, x->q);
    placed k = place_input(ctx, &k_form, t->k_dtype, x->k);
    placed v = place_input(ctx, &v_form, t->v_dtype, x->v);
    placed out = place(ctx, &out_form, NULL);
    placed mask = {0};
    if (x->mask)
        mask = place(ctx, &mask_form, x->mask);
    guarded workspace = guard_bytes(ctx, clf_plan_workspace_bytes(plan));
    const clf_run_args args = {
        .q = placed_buffer(&q),
        .k = placed_buffer(&k),
        .v = placed_buffer(&v),
        .out = placed_buffer(&out),
        .mask = placed_buffer(&mask),
        .workspace = workspace.part,
    };
    cl_event event = NULL;
    const clf_status status = clf_plan_run(plan, &args, &event);
    ck_assert_msg(status == CLF_OK, "no run (%s) for %s", clf_status_string(status),
                  trial_describe(t).text);
    ck_assert_int_eq(clWaitForEvents(1, &event), CL_SUCCESS);
    clReleaseEvent(event);
    placed_finish(ctx, &q, "q", NULL);
    placed_finish(ctx, &k, "k", NULL);
    placed_finish(ctx, &v, "v", NULL);
    if (x->mask)
        placed_finish(ctx, &mask, "the mask", NULL);
    finish_output(ctx, &out, t->out_dtype, x->out);
    guarded_finish(ctx, &workspace);
}

/* Where row r of a head begins, in elements. */
static int64_t row_at(const tensor_form *f, int64_t b, int64_t h, int64_t r)
{
    const clf_layout dense = clf_layout_bhld(f->H, f->rows, f->columns);
    const clf_layout *at = f->layout.l ? &f->layout : &dense;
    return b * at->b + h * at->h + r * at->l;
}

static void *host_image(const tensor_form *f)
{
    return grab(row_at(f, f->B - 1, f->H - 1, f->rows - 1) + f->columns, f->size);
}

/* Copies between contiguous floats and an image of the form: into it, or out of it. */
static void copy_image(const tensor_form *f, clf_dtype dtype, void *image, float *x, bool in)
{
    const size_t columns = (size_t)f->columns;
    for (int64_t b = 0; b < f->B; b++) {
        for (int64_t h = 0; h < f->H; h++) {
            for (int64_t r = 0; r < f->rows; r++, x += columns) {
                char *row = (char *)image + (size_t)row_at(f, b, h, r) * f->size;
                if (in)
                    clf_convert(x, CLF_DTYPE_F32, row, dtype, columns);
                clf_convert(row, dtype, x, CLF_DTYPE_F32, columns);
            }
        }
    }
}

void trial_run_host(clf_plan *plan, const trial *t, const tensors *x)
{
    const int64_t Hkv = trial_Hkv(t);
    const tensor_form forms[4] = {
        form_of(t, t->H, t->L, t->D, t->q_dtype), form_of(t, Hkv, t->S, t->D, t->k_dtype),
        form_of(t, Hkv, t->S, t->E, t->v_dtype), form_of(t, t->H, t->L, t->E, t->out_dtype)};
    const clf_dtype dtypes[4] = {t->q_dtype, t->k_dtype, t->v_dtype, t->out_dtype};
    float *const data[4] = {x->q, x->k, x->v, x->out};
    void *image[4];
    for (int i = 0; i < 4; i++) {
        image[i] = host_image(&forms[i]);
        copy_image(&forms[i], dtypes[i], image[i], data[i], true);
    }
    const clf_status status =
        clf_plan_run_host(plan, &(clf_host_args){image[0], image[1], image[2], image[3], x->mask});
    ck_assert_msg(status == CLF_OK, "no run (%s) for %s", clf_status_string(status),
                  trial_describe(t).text);
    copy_image(&forms[3], t->out_dtype, image[3], x->out, false);
    for (int i = 0; i < 4; i++)
        free(image[i]);
}

void trial_once(clf_context *ctx, const trial *t, const tensors *x)
{
    clf_plan *plan = trial_plan(ctx, t, x);
    trial_run(ctx, plan, t, x);
    clf_plan_destroy(&plan);
}
