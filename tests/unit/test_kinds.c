/* The rows of kinds and presets: names for ever, and the rules that hold over all of them. */
#include "support.h"

#include <math.h>

#include "host/kinds.h"

static const char *const k_kinds[] = {
    "exp",  "cosh", "trig", "gaussian", "gaussian-trig", "relu",   "f-exp", "sigmoid", "tanh",
    "gelu", "abs",  "cos",  "sin",      "identity",      "square", "requ",  "elu1"};
static const char *const k_presets[] = {"none", "google-jax", "google-tf", "performer-pytorch",
                                        "fast-transformers"};
static const int k_bad[] = {-1, 1000, 2147483647, -2147483647 - 1};

START_TEST(kinds_have_their_names)
{
    ck_assert_uint_eq(sizeof k_kinds / sizeof k_kinds[0], CLF_KIND_COUNT);
    for (int kind = 0; kind < CLF_KIND_COUNT; kind++)
        ck_assert_str_eq(clf_kind_describe((clf_kind)kind)->name, k_kinds[kind]);
    ck_assert_ptr_null(clf_kind_describe(CLF_KIND_COUNT));
    for (size_t i = 0; i < sizeof k_bad / sizeof k_bad[0]; i++)
        ck_assert_ptr_null(clf_kind_describe((clf_kind)k_bad[i]));
}
END_TEST

/* Sines are pairs and signed, exponentials positive; generalized kinds have no pairs, no norms. */
START_TEST(rows_of_kinds_agree_with_themselves)
{
    for (int kind = 0; kind < CLF_KIND_COUNT; kind++) {
        const clfi_kind_row *row = clfi_kind((clf_kind)kind);
        ck_assert_ptr_eq(&row->info, clf_kind_describe((clf_kind)kind));
        ck_assert(row->map != CLFI_MAP_TRIG || (row->info.paired && row->info.has_sign));
        ck_assert(row->map != CLFI_MAP_EXP || !row->info.has_sign);
        ck_assert(row->map != CLFI_MAP_FUNCTION || row->info.generalized);
        ck_assert(!row->info.generalized || (!row->info.paired && row->norms == 0));
        ck_assert_int_eq(strncmp(row->function, "CLF_MAP_", 8), 0);
    }
}
END_TEST

START_TEST(presets_have_their_names)
{
    ck_assert_uint_eq(sizeof k_presets / sizeof k_presets[0], CLF_PRESET_COUNT);
    for (int preset = 0; preset < CLF_PRESET_COUNT; preset++)
        ck_assert_str_eq(clf_preset_name((clf_preset)preset), k_presets[preset]);
    ck_assert_ptr_null(clf_preset_name(CLF_PRESET_COUNT));
    for (size_t i = 0; i < sizeof k_bad / sizeof k_bad[0]; i++) {
        ck_assert_ptr_null(clf_preset_name((clf_preset)k_bad[i]));
        ck_assert_ptr_null(clfi_preset((clf_preset)k_bad[i]));
    }
}
END_TEST

START_TEST(presets_have_the_kinds_of_their_packages)
{
    static const struct {
        clf_preset preset;
        clf_kind has, lacks;
    } rows[] = {
        {CLF_PRESET_GOOGLE_JAX, CLF_KIND_EXP, CLF_KIND_COSH},
        {CLF_PRESET_GOOGLE_JAX, CLF_KIND_TANH, CLF_KIND_TRIG},
        {CLF_PRESET_GOOGLE_TF, CLF_KIND_EXP, CLF_KIND_GELU},
        {CLF_PRESET_GOOGLE_TF, CLF_KIND_RELU, CLF_KIND_F_EXP},
        {CLF_PRESET_PERFORMER_PYTORCH, CLF_KIND_EXP, CLF_KIND_GAUSSIAN},
        {CLF_PRESET_PERFORMER_PYTORCH, CLF_KIND_ELU1, CLF_KIND_GAUSSIAN_TRIG},
        {CLF_PRESET_FAST_TRANSFORMERS, CLF_KIND_COSH, CLF_KIND_EXP},
        {CLF_PRESET_FAST_TRANSFORMERS, CLF_KIND_RELU, CLF_KIND_TRIG},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const clfi_preset_row *preset = clfi_preset(rows[i].preset);
        ck_assert_msg(clfi_preset_has(preset, rows[i].has), "row %zu", i);
        ck_assert_msg(!clfi_preset_has(preset, rows[i].lacks), "row %zu", i);
    }
    for (int kind = 0; kind < CLF_KIND_COUNT; kind++)
        ck_assert(clfi_preset_has(clfi_preset(CLF_PRESET_NONE), (clf_kind)kind));
}
END_TEST

/* Softmax kinds keep D^(-1/2) under every preset. */
START_TEST(scales_are_those_of_the_packages)
{
    const double generalized[CLF_PRESET_COUNT] = {
        [CLF_PRESET_NONE] = 0.25,           [CLF_PRESET_GOOGLE_JAX] = 1,
        [CLF_PRESET_GOOGLE_TF] = 1.0 / 64,  [CLF_PRESET_PERFORMER_PYTORCH] = 0.25,
        [CLF_PRESET_FAST_TRANSFORMERS] = 1,
    };
    for (int n = 0; n < CLF_PRESET_COUNT; n++) {
        const clfi_preset_row *preset = clfi_preset((clf_preset)n);
        ck_assert_double_eq(clfi_default_scale(preset, CLF_KIND_RELU, 16, 64), generalized[n]);
        ck_assert_double_eq(clfi_default_scale(preset, CLF_KIND_EXP, 16, 64), 0.25);
    }
}
END_TEST

RUN_TESTS("kinds", kinds_have_their_names, rows_of_kinds_agree_with_themselves,
          presets_have_their_names, presets_have_the_kinds_of_their_packages,
          scales_are_those_of_the_packages)
