/* What the reference refuses. */
#include "ref_support.h"

/* Each makes a good problem bad in one place; `softmax` when softmax cares, too. */
static void assert_refused(const fixture *f, int64_t b, int64_t h, bool softmax)
{
    double out[64];
    ck_assert_int_eq(clfi_ref_favor(&f->p, b, h, &f->rows, ONLY(out)), CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clfi_ref_softmax(&f->p, b, h, &f->rows, ONLY(out)),
                     softmax ? CLF_ERROR_INVALID_ARGUMENT : CLF_OK);
}

START_TEST(problems_are_checked)
{
    static const size_t sizes[] = {offsetof(clfi_problem, B), offsetof(clfi_problem, H),
                                   offsetof(clfi_problem, L), offsetof(clfi_problem, S),
                                   offsetof(clfi_problem, D), offsetof(clfi_problem, E)};
    static const size_t tensors[] = {offsetof(clfi_problem, q), offsetof(clfi_problem, k),
                                     offsetof(clfi_problem, v)};
    static const size_t layouts[] = {offsetof(clfi_problem, q_layout.l),
                                     offsetof(clfi_problem, k_layout.h),
                                     offsetof(clfi_problem, v_layout.b)};
    const int64_t bad_sizes[] = {0, -1, INT64_MIN};
    const float *const null = NULL;
    fixture f;
    init(&f, k_small, 1);
    const clfi_problem good = f.p;
    for (size_t n = 0; n < sizeof sizes / sizeof sizes[0]; n++) {
        for (size_t i = 0; i < 3; i++) {
            f.p = good;
            memcpy((char *)&f.p + sizes[n], bad_sizes + i, sizeof bad_sizes[i]);
            assert_refused(&f, 0, 0, true);
        }
    }
    for (size_t n = 0; n < 3; n++) {
        f.p = good;
        memcpy((char *)&f.p + tensors[n], &null, sizeof null);
        assert_refused(&f, 0, 0, true);
        f.p = good;
        memcpy((char *)&f.p + layouts[n], bad_sizes + 1, sizeof bad_sizes[1]);
        assert_refused(&f, 0, 0, true);
    }
    const double bad_scales[] = {0, -1, NAN, INFINITY};
    for (size_t i = 0; i < 4; i++) {
        f.p = good;
        f.p.scale = bad_scales[i];
        assert_refused(&f, 0, 0, true);
    }
    const int64_t bad_heads[] = {-1, 2, 4, INT64_MIN};
    for (size_t i = 0; i < 4; i++) {
        f.p = good;
        f.p.Hkv = bad_heads[i];
        assert_refused(&f, 0, 0, true);
    }
    f.p = good;
    assert_refused(&f, 2, 0, true);
    assert_refused(&f, -1, 0, true);
    assert_refused(&f, 0, 3, true);
    assert_refused(&f, 0, -1, true);
    f.p.causal = true;
    assert_refused(&f, 0, 0, true);

    f.p = good;
    f.p.R = 0;
    assert_refused(&f, 0, 0, false);
    f.p.R = 5;
    f.p.kind = CLF_KIND_COSH;
    assert_refused(&f, 0, 0, false);
    f.p = good;
    f.p.kind = CLF_KIND_GAUSSIAN_TRIG;
    f.p.R = 7;
    assert_refused(&f, 0, 0, false);
    f.p = good;
    f.p.kind = CLF_KIND_COUNT;
    assert_refused(&f, 0, 0, false);
    f.p.kind = (clf_kind)-1;
    assert_refused(&f, 0, 0, false);
    f.p = good;
    f.p.preset = CLF_PRESET_COUNT;
    assert_refused(&f, 0, 0, false);
    f.p.preset = CLF_PRESET_GOOGLE_JAX;
    f.p.kind = CLF_KIND_GAUSSIAN;
    assert_refused(&f, 0, 0, false);
    f.p.preset = CLF_PRESET_GOOGLE_TF;
    f.p.kind = CLF_KIND_SIGMOID;
    assert_refused(&f, 0, 0, false);
    f.p.kind = CLF_KIND_EXP;
    f.p.mask = f.mask;
    assert_refused(&f, 0, 0, false);
    const double bad_eps[] = {-1, NAN, INFINITY};
    for (size_t i = 0; i < 3; i++) {
        f.p = good;
        f.p.kernel_eps = bad_eps[i];
        assert_refused(&f, 0, 0, false);
    }
    f.p = good;
    f.p.deterministic = true;
    f.p.R = f.p.D;
    assert_refused(&f, 0, 0, false);
    f.p.kind = CLF_KIND_RELU;
    f.p.R = f.p.D + 2;
    assert_refused(&f, 0, 0, false);
    f.p = good;
    f.p.W = NULL;
    assert_refused(&f, 0, 0, false);
    f.p = good;
    f.p.W_heads = 2;
    assert_refused(&f, 0, 0, false);
    f.p = good;
    f.p.Hkv = 1;
    assert_refused(&f, 0, 0, false);
}
END_TEST

START_TEST(rows_and_pointers_are_checked)
{
    fixture f;
    init(&f, k_small, 1);
    const int64_t bad_rows[][2] = {{-1, 0}, {0, 7}, {2, 2}, {3, 1}};
    for (size_t i = 0; i < 4; i++) {
        f.rows = (clfi_rows){.count = 2, .index = bad_rows[i]};
        assert_refused(&f, 0, 0, true);
    }
    f.rows = (clfi_rows){.count = 0, .index = f.index};
    assert_refused(&f, 0, 0, true);
    f.rows = (clfi_rows){.count = 1, .index = NULL};
    assert_refused(&f, 0, 0, true);
    f.rows = (clfi_rows){.count = 1, .index = f.index};
    ck_assert_int_eq(clfi_ref_favor(NULL, 0, 0, &f.rows, ONLY(f.out)), CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clfi_ref_favor(&f.p, 0, 0, NULL, ONLY(f.out)), CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clfi_ref_favor(&f.p, 0, 0, &f.rows, ONLY(NULL)), CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clfi_ref_softmax(NULL, 0, 0, &f.rows, ONLY(f.out)),
                     CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clfi_ref_softmax(&f.p, 0, 0, &f.rows, ONLY(NULL)), CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clfi_ref_favor(&f.p, 0, 0, &f.rows, NULL), CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clfi_ref_softmax(&f.p, 0, 0, &f.rows, NULL), CLF_ERROR_INVALID_ARGUMENT);
    /* More log features than memory can hold. */
    f.p.R = (int64_t)1 << 60;
    ck_assert_int_eq(clfi_ref_favor(&f.p, 0, 0, &f.rows, ONLY(f.out)),
                     CLF_ERROR_OUT_OF_HOST_MEMORY);
}
END_TEST

RUN_TESTS("ref-checks", problems_are_checked, rows_and_pointers_are_checked)
