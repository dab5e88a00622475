/* What the options of plans do to a run: head groups, dtypes, layouts, masks, exact attention. How
 * they go together, the kernels' tests show. */
#include "plan_reference.h"

static void *copy_of(const void *x, size_t bytes)
{
    void *y = malloc(bytes);
    ck_assert_ptr_nonnull(y);
    memcpy(y, x, bytes);
    return y;
}

/* [B,H,n] of [B,Hkv,n]: each head as often as query heads use it. */
static float *repeated(const float *x, int64_t B, int64_t H, int64_t Hkv, int64_t n)
{
    float *y = noise(B * H * n, 0);
    for (int64_t i = 0; i < B * H; i++) {
        const int64_t from = i / H * Hkv + i % H / (H / Hkv);
        memcpy(y + i * n, x + from * n, (size_t)n * sizeof *y);
    }
    return y;
}

/* Grouped heads against the same problem without groups: the same bits, but for causal fused
 * kernels, whose heads of a group share the shifts of their state. */
static void check_groups(clf_context *ctx, const clf_plan_params *grouped)
{
    host_data data;
    data_init(&data, grouped);
    clf_plan *plan = make_plan(ctx, grouped);
    run_host(plan, &data);
    const clf_host_args args = host_args(&data);
    assert_right(plan, grouped, &args);
    clf_plan_destroy(&plan);

    const int64_t B = grouped->B, H = grouped->H, Hkv = grouped->Hkv, S = grouped->S;
    const clf_projection *W = grouped->projection;
    clf_projection *each = NULL;
    clf_plan_params p = *grouped;
    p.Hkv = 0;
    if (W && clf_projection_heads(W) > 1) {
        float *w = repeated(clf_projection_data(W), 1, H, Hkv, p.R * p.D);
        ck_assert_int_eq(clf_projection_import(w, NULL, H, p.R, p.D, NULL, &each), CLF_OK);
        p.projection = each;
        free(w);
    }
    float *out = copy_of(data.out, (size_t)data.out_count * sizeof *out);
    float *k = repeated(data.k, B, H, Hkv, S * p.D), *v = repeated(data.v, B, H, Hkv, S * p.E);
    free(data.k);
    free(data.v);
    data.k = k;
    data.v = v;
    plan = make_plan(ctx, &p);
    run_host(plan, &data);
    const clf_host_args other = host_args(&data);
    assert_right(plan, &p, &other);
    if (!p.causal || p.path == CLF_PATH_EXACT)
        assert_same(out, data.out, data.out_count);
    free(out);
    clf_projection_destroy(&each);
    clf_plan_destroy(&plan);
    data_finish(&data);
}

START_TEST(grouped_heads_are_repeated_heads)
{
    static const int64_t groups[] = {1, 2};
    clf_context *ctx = open_context(NULL);
    for (int i = 0; i < 8; i++) {
        clf_plan_params p = small_problem(i % 2 == 1);
        p.H = 6;
        p.path = i / 2 % 2 ? CLF_PATH_EXACT : CLF_PATH_FUSED;
        p.tuning.family = i / 4 ? CLF_FAMILY_WIDE : CLF_FAMILY_PLAIN;
        p.tuning.segments = 2;  // for both, whatever the number of states
        for (int j = 0; j < 2; j++) {
            p.Hkv = groups[j];
            clf_projection *W = p.path == CLF_PATH_EXACT ? NULL : make_projection(&p, p.Hkv, false);
            p.projection = W;
            check_groups(ctx, &p);
            clf_projection_destroy(&W);
        }
    }
    clf_context_destroy(&ctx);
}
END_TEST

/* A tensor as it is stored, and its image with rows apart. */
typedef struct stored {
    int64_t heads, rows, width;
    size_t size;  // of an element
    void *data;   // [B, heads, rows, width]
} stored;

static int64_t stored_count(const stored *x, int64_t B)
{
    return B * x->heads * x->rows * x->width;
}

static stored store(const float *x, clf_dtype dtype, int64_t B, int64_t heads, int64_t rows,
                    int64_t width)
{
    stored y = {heads, rows, width, clf_dtype_size(dtype), NULL};
    y.data = malloc((size_t)stored_count(&y, B) * y.size);
    ck_assert_ptr_nonnull(y.data);
    clf_convert(x, CLF_DTYPE_F32, y.data, dtype, (size_t)stored_count(&y, B));
    return y;
}

static size_t image_bytes(const stored *x, int64_t B, int64_t gap)
{
    return (size_t)(B * x->rows * x->heads * (x->width + gap)) * x->size;
}

/* [B,rows,heads,width] with `gap` elements of bytes 0xff after each row; NULL data: all 0xff. */
static char *image_of(const stored *x, const void *data, int64_t B, int64_t gap)
{
    char *image = malloc(image_bytes(x, B, gap));
    ck_assert_ptr_nonnull(image);
    memset(image, 0xff, image_bytes(x, B, gap));
    const size_t row = (size_t)x->width * x->size, step = (size_t)(x->width + gap) * x->size;
    for (int64_t i = 0; data && i < B * x->heads * x->rows; i++) {
        const int64_t n = i % x->rows, h = i / x->rows % x->heads, b = i / x->rows / x->heads;
        memcpy(image + (size_t)((b * x->rows + n) * x->heads + h) * step,
               (const char *)data + (size_t)i * row, row);
    }
    return image;
}

/* The same bits from rows that lie apart, on the host; what is between them stays. */
static void check_layout(clf_context *ctx, const clf_plan_params *params, const stored x[4],
                         int64_t gap)
{
    clf_plan_params p = *params;
    clf_layout *const layouts[] = {&p.q, &p.k, &p.v, &p.out};
    char *image[4];
    for (int i = 0; i < 4; i++) {
        *layouts[i] = clf_layout_blhd(x[i].heads, x[i].rows, x[i].width + gap);
        image[i] = image_of(&x[i], i < 3 ? x[i].data : NULL, p.B, gap);
    }
    clf_plan *plan = make_plan(ctx, &p);
    const clf_host_args args = {.q = image[0], .k = image[1], .v = image[2], .out = image[3]};
    ck_assert_int_eq(clf_plan_run_host(plan, &args), CLF_OK);
    char *expected = image_of(&x[3], x[3].data, p.B, gap);
    ck_assert_mem_eq(image[3], expected, image_bytes(&x[3], p.B, gap));
    free(expected);
    for (int i = 0; i < 4; i++)
        free(image[i]);
    clf_plan_destroy(&plan);
}

/* The same bits from buffers whose offsets are in elements of their own size. */
static void check_offsets(clf_context *ctx, clf_plan *plan, const stored x[4], int64_t B)
{
    const int64_t count = stored_count(&x[3], B);
    clf_run_args args = {.q = device_copy(ctx, x[0].data, x[0].size, stored_count(&x[0], B), 1),
                         .k = device_copy(ctx, x[1].data, x[1].size, stored_count(&x[1], B), 3),
                         .v = device_copy(ctx, x[2].data, x[2].size, stored_count(&x[2], B), 5),
                         .out = device_copy(ctx, NULL, x[3].size, count, 7)};
    void *out = run_device(ctx, plan, &args, x[3].size, count);
    ck_assert_mem_eq(out, x[3].data, (size_t)count * x[3].size);
    free(out);
    release_args(&args);
}

#define F32  CLF_DTYPE_F32
#define F16  CLF_DTYPE_F16
#define BF16 CLF_DTYPE_BF16

START_TEST(dtypes_layouts_and_offsets_go_together)
{
    static const clf_dtype cases[][4] = {{F32, F32, F32, F32},
                                         {F16, F16, F16, F16},
                                         {BF16, BF16, BF16, BF16},
                                         {F16, BF16, F32, BF16},
                                         {BF16, F32, F16, F16}};
    clf_context *ctx = open_context(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        clf_plan_params p = small_problem(false);
        p.H = 6;
        p.Hkv = 2;
        p.q_dtype = cases[i][0];
        p.k_dtype = cases[i][1];
        p.v_dtype = cases[i][2];
        p.out_dtype = cases[i][3];
        p.tuning.family = i % 2 ? CLF_FAMILY_PLAIN : CLF_FAMILY_AUTO;
        clf_projection *W = make_projection(&p, 1, false);
        p.projection = W;
        host_data data;
        data_init(&data, &p);
        const stored x[4] = {store(data.q, p.q_dtype, p.B, p.H, p.L, p.D),
                             store(data.k, p.k_dtype, p.B, p.Hkv, p.S, p.D),
                             store(data.v, p.v_dtype, p.B, p.Hkv, p.S, p.E),
                             store(data.out, p.out_dtype, p.B, p.H, p.L, p.E)};
        const clf_host_args args = {x[0].data, x[1].data, x[2].data, x[3].data, NULL};
        clf_plan *plan = make_plan(ctx, &p);
        ck_assert_int_eq(clf_plan_run_host(plan, &args), CLF_OK);
        assert_right(plan, &p, &args);
        check_layout(ctx, &p, x, 0);
        check_layout(ctx, &p, x, 3);
        check_offsets(ctx, plan, x, p.B);
        for (int t = 0; t < 4; t++)
            free(x[t].data);
        data_finish(&data);
        clf_plan_destroy(&plan);
        clf_projection_destroy(&W);
    }
    clf_context_destroy(&ctx);
}
END_TEST

/* Sets K and V of the masked keys to NaN. */
static void spoil_masked(host_data *data, const clf_plan_params *p, const uint8_t *mask)
{
    for (int64_t i = 0; i < p->B * p->H * p->S; i++) {
        if (mask[i / (p->H * p->S) * p->S + i % p->S])
            continue;
        fill_nan(data->k + i * p->D, p->D);
        fill_nan(data->v + i * p->E, p->E);
    }
}

/* Entry 1 on its own, the first one left out. */
static void check_second_entry(clf_context *ctx, const clf_plan_params *params,
                               const host_data *data, const uint8_t *mask)
{
    clf_plan_params p = *params;
    p.B = 1;
    const int64_t count = data->out_count / 2;
    float *out = noise(count, 0);
    const clf_host_args args = {.q = data->q + data->q_count / 2,
                                .k = data->k + data->k_count / 2,
                                .v = data->v + data->v_count / 2,
                                .out = out,
                                .mask = mask + p.S};
    ck_assert_int_eq(clf_attention(ctx, &p, &args), CLF_OK);
    assert_same(out, data->out + count, count);
    free(out);
}

static void check_mask(clf_context *ctx, const clf_plan_params *p)
{
    const int64_t keys = p->B * p->S;
    uint8_t *mask = malloc((size_t)keys);
    ck_assert_ptr_nonnull(mask);
    for (int64_t i = 0; i < keys; i++)
        mask[i] = (uint8_t)(i < p->S ? i % 3 == 1 : i % 5 != 2);
    host_data data;
    data_init(&data, p);
    spoil_masked(&data, p, mask);
    clf_host_args args = host_args(&data);
    args.mask = mask;
    clf_plan *plan = make_plan(ctx, p);
    ck_assert_int_eq(clf_plan_run_host(plan, &args), CLF_OK);
    assert_right(plan, p, &args);
    check_second_entry(ctx, p, &data, mask);

    clf_run_args run = device_args(ctx, &data, 0);
    run.mask = device_copy(ctx, mask, 1, keys, 3);
    float *out = run_device(ctx, plan, &run, sizeof *out, data.out_count);
    assert_same(out, data.out, data.out_count);
    free(out);
    release_args(&run);

    float *before = copy_of(data.out, (size_t)data.out_count * sizeof *before);
    const int64_t half = data.out_count / 2;
    memset(mask, 0, (size_t)p->S);
    spoil_masked(&data, p, mask);
    ck_assert_int_eq(clf_plan_run_host(plan, &args), CLF_OK);
    for (int64_t i = 0; i < half; i++)
        ck_assert(data.out[i] == 0.0f);
    assert_same(before + half, data.out + half, half);
    free(before);
    free(mask);
    data_finish(&data);
    clf_plan_destroy(&plan);
}

START_TEST(each_batch_entry_has_a_mask_of_its_own)
{
    clf_context *ctx = open_context(NULL);
    for (int i = 0; i < 8; i++) {
        clf_plan_params p = small_problem(i % 2 == 1);
        p.mask = CLF_MASK_KEYS;
        p.path = i / 2 % 2 ? CLF_PATH_EXACT : CLF_PATH_FUSED;
        p.tuning.family = i / 4 ? CLF_FAMILY_WIDE : CLF_FAMILY_PLAIN;
        p.tuning.segments = 2;
        clf_projection *W = make_projection(&p, 1, false);
        p.projection = W;
        check_mask(ctx, &p);
        clf_projection_destroy(&W);
    }
    clf_context_destroy(&ctx);
}
END_TEST

START_TEST(exact_attention_needs_no_workspace)
{
    clf_context *ctx = open_context(NULL);
    for (int causal = 0; causal < 2; causal++) {
        clf_plan_params p = small_problem(causal != 0);
        p.R = 0;
        p.path = CLF_PATH_EXACT;
        host_data data;
        data_init(&data, &p);
        clf_plan *plan = make_plan(ctx, &p);
        ck_assert_uint_eq(clf_plan_workspace_bytes(plan), 0);
        ck_assert_ptr_nonnull(strstr(clf_plan_describe(plan), "softmax="));
        ck_assert_ptr_nonnull(strstr(clf_plan_describe(plan), "path=exact(asked_for)"));
        run_host(plan, &data);
        const clf_host_args args = host_args(&data);
        assert_right(plan, &p, &args);
        plan->choice.states_per_pass = 4;  // of 6
        clf_run_args run = device_args(ctx, &data, 4);
        float *out = run_device(ctx, plan, &run, sizeof *out, data.out_count);
        assert_same(out, data.out, data.out_count);
        ck_assert_ptr_null(plan->workspace);
        free(out);
        release_args(&run);
        data_finish(&data);
        clf_plan_destroy(&plan);
    }
    clf_context_destroy(&ctx);
}
END_TEST

RUN_DEVICE_TESTS("plan options", grouped_heads_are_repeated_heads,
                 dtypes_layouts_and_offsets_go_together, each_batch_entry_has_a_mask_of_its_own,
                 exact_attention_needs_no_workspace)
