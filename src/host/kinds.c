/* The rows of kinds and presets. Computes no feature.
 *
 * Invariant: one row per value of the enums, in their order. */
#include "kinds.h"

#include <math.h>
#include <stddef.h>

#define SOFTMAX(name, paired, sign, map, norms)                                                    \
    {                                                                                              \
        {name, paired, sign, false}, CLFI_MAP_##map, norms, "CLF_MAP_" #map                        \
    }
#define GENERALIZED(name, sign, function)                                                          \
    {                                                                                              \
        {name, false, sign, true}, CLFI_MAP_FUNCTION, 0, "CLF_MAP_" #function                      \
    }

static const clfi_kind_row k_kinds[CLF_KIND_COUNT] = {
    [CLF_KIND_EXP] = SOFTMAX("exp", false, false, EXP, 1),
    [CLF_KIND_COSH] = SOFTMAX("cosh", true, false, EXP, 1),
    [CLF_KIND_TRIG] = SOFTMAX("trig", true, true, TRIG, -1),
    [CLF_KIND_GAUSSIAN] = SOFTMAX("gaussian", false, false, EXP, 2),
    [CLF_KIND_GAUSSIAN_TRIG] = SOFTMAX("gaussian-trig", true, true, TRIG, 0),
    [CLF_KIND_RELU] = GENERALIZED("relu", false, RELU),
    [CLF_KIND_F_EXP] = {{"f-exp", false, false, true}, CLFI_MAP_EXP, 0, "CLF_MAP_EXP"},
    [CLF_KIND_SIGMOID] = GENERALIZED("sigmoid", false, SIGMOID),
    [CLF_KIND_TANH] = GENERALIZED("tanh", true, TANH),
    [CLF_KIND_GELU] = GENERALIZED("gelu", false, GELU),
    [CLF_KIND_ABS] = GENERALIZED("abs", false, ABS),
    [CLF_KIND_COS] = GENERALIZED("cos", true, COS),
    [CLF_KIND_SIN] = GENERALIZED("sin", true, SIN),
    [CLF_KIND_IDENTITY] = GENERALIZED("identity", true, IDENTITY),
    [CLF_KIND_SQUARE] = GENERALIZED("square", false, SQUARE),
    [CLF_KIND_REQU] = GENERALIZED("requ", false, REQU),
    [CLF_KIND_ELU1] = GENERALIZED("elu1", false, ELU1),
};

static const clfi_preset_row k_presets[CLF_PRESET_COUNT] = {
    [CLF_PRESET_NONE] = {.name = "none"},
    [CLF_PRESET_GOOGLE_JAX] = {.name = "google-jax",
                               .softmax_kind = CLF_KIND_EXP,
                               .feature_eps = 1e-6,
                               .kernel_eps = 1e-3,
                               .generalized_scale = CLFI_SCALE_ONE,
                               .guard = 1e-6,
                               .padding = CLFI_PADDING_VALUES},
    [CLF_PRESET_GOOGLE_TF] = {.name = "google-tf",
                              .softmax_kind = CLF_KIND_EXP,
                              .only_relu = true,
                              .feature_eps = 1e-6,
                              .kernel_eps = 1e-3,
                              .generalized_scale = CLFI_SCALE_PER_ROW,
                              .padding = CLFI_PADDING_REFUSED},
    [CLF_PRESET_PERFORMER_PYTORCH] = {.name = "performer-pytorch",
                                      .softmax_kind = CLF_KIND_EXP,
                                      .feature_eps = 1e-4,
                                      .kernel_eps = 1e-3,
                                      .causal_eps = 1e-6,
                                      .padding = CLFI_PADDING_VALUES},
    [CLF_PRESET_FAST_TRANSFORMERS] = {.name = "fast-transformers",
                                      .softmax_kind = CLF_KIND_COSH,
                                      .generalized_scale = CLFI_SCALE_ONE,
                                      .den_eps = 1e-6},
};

const clfi_kind_row *clfi_kind(clf_kind kind)
{
    return (int)kind >= 0 && kind < CLF_KIND_COUNT ? &k_kinds[kind] : NULL;
}

const clfi_preset_row *clfi_preset(clf_preset preset)
{
    return (int)preset >= 0 && preset < CLF_PRESET_COUNT ? &k_presets[preset] : NULL;
}

bool clfi_preset_has(const clfi_preset_row *preset, clf_kind kind)
{
    if (preset == &k_presets[CLF_PRESET_NONE])
        return true;
    if (!k_kinds[kind].info.generalized)
        return kind == preset->softmax_kind;
    return !preset->only_relu || kind == CLF_KIND_RELU;
}

double clfi_default_scale(const clfi_preset_row *preset, clf_kind kind, int64_t D, int64_t M)
{
    const clfi_preset_scale rule =
        k_kinds[kind].info.generalized ? preset->generalized_scale : CLFI_SCALE_ROOT;
    if (rule == CLFI_SCALE_ONE)
        return 1;
    return rule == CLFI_SCALE_PER_ROW ? 1.0 / (double)M : 1.0 / sqrt((double)D);
}

const clf_kind_info *clf_kind_describe(clf_kind kind)
{
    const clfi_kind_row *row = clfi_kind(kind);
    return row ? &row->info : NULL;
}

const char *clf_preset_name(clf_preset preset)
{
    const clfi_preset_row *row = clfi_preset(preset);
    return row ? row->name : NULL;
}
