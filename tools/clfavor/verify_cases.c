/* What `clfavor verify` runs: shapes, kinds, types of values, presets and paths.
 *
 * Invariant: every kind, preset, type, path and way to draw W has a case, and both directions have
 * all that makes kernels differ. Nearly every row compiles kernels, which takes longer than to run
 * them: so there is no row for each pair of a kind and a direction, and sizes are small. */
#include "verify_cases.h"

#define SIZES(b, h, l, s, d, e, r) .B = b, .H = h, .Hkv = h, .L = l, .S = s, .D = d, .E = e, .R = r
#define USUAL(l, s)                SIZES(1, 2, l, s, 64, 64, 256)
#define NORMS(from, to)            .first = from, .last = to

/* Cases of 4 query heads on 2 key heads: L and S differ, or causal with a mask or without. */
#define SMALL(keys)   .B = 1, .H = 4, .Hkv = 2, .L = 101, .S = keys, .D = 8, .E = 9, .R = 50
#define BOTHWAYS      SMALL(77)
#define CAUSAL        SMALL(101), .causal = true
#define MASKED        .masked = true
#define KIND(which)   .kind = CLF_KIND_##which
#define PRESET(which) .preset = CLF_PRESET_##which

/* Inputs of one type, and of three; the type of the result. */
#define INPUTS(type) .q = CLF_DTYPE_##type, .k = CLF_DTYPE_##type, .v = CLF_DTYPE_##type
#define MIXED        .q = CLF_DTYPE_BF16, .k = CLF_DTYPE_F32, .v = CLF_DTYPE_F16
#define OUT(type)    .out = CLF_DTYPE_##type

const verify_case verify_cases[] = {
    {"one of each", SIZES(1, 1, 1, 1, 1, 1, 1), NORMS(1, 1)},
    {"primes", SIZES(2, 3, 53, 101, 7, 5, 13), NORMS(2, 2)},
    {"primes, causal", SIZES(2, 3, 101, 101, 7, 5, 13), .causal = true, NORMS(2, 2)},
    {"tile - 1", USUAL(47, 47), NORMS(2.8, 2.8)},
    {"tile", USUAL(48, 48), NORMS(2.8, 2.8)},
    {"tile + 1", USUAL(49, 49), NORMS(2.8, 2.8)},
    {"tile - 1, causal", USUAL(47, 47), .causal = true, NORMS(2.8, 2.8)},
    {"tile, causal", USUAL(48, 48), .causal = true, NORMS(2.8, 2.8)},
    {"tile + 1, causal", USUAL(49, 49), .causal = true, NORMS(2.8, 2.8)},
    {"L < S", USUAL(33, 700), NORMS(2.8, 2.8)},
    {"L > S", USUAL(700, 33), NORMS(2.8, 2.8)},
    {"norms 30", USUAL(300, 300), NORMS(30, 30)},
    {"norms 30, causal", USUAL(300, 300), .causal = true, NORMS(30, 30)},
    {"norms 30 to .1, causal", USUAL(300, 300), .causal = true, NORMS(30, 0.1)},
    {"long", USUAL(16384, 16384), NORMS(2.8, 2.8)},
    {"long, causal", USUAL(16384, 16384), .causal = true, NORMS(2.8, 2.8)},

    {"oprf", BOTHWAYS, .kind = CHOICE_OPRF, INPUTS(F16), MASKED, NORMS(2, 2)},
    {"cosh", CAUSAL, KIND(COSH), INPUTS(BF16), NORMS(2, 2)},
    {"trig", CAUSAL, KIND(TRIG), MIXED, MASKED, NORMS(1, 1)},
    {"gaussian", BOTHWAYS, KIND(GAUSSIAN), NORMS(2, 2)},
    {"gaussian-trig", BOTHWAYS, KIND(GAUSSIAN_TRIG), INPUTS(F16), NORMS(1, 1)},
    {"relu", CAUSAL, KIND(RELU), MASKED, .kernel_eps = 0.001, NORMS(2, 2)},
    {"f-exp", BOTHWAYS, KIND(F_EXP), MIXED, MASKED, NORMS(2, 2)},
    {"sigmoid", BOTHWAYS, KIND(SIGMOID), NORMS(2, 2)},
    {"tanh", CAUSAL, KIND(TANH), INPUTS(F16), NORMS(2, 2)},
    {"gelu", BOTHWAYS, KIND(GELU), INPUTS(BF16), NORMS(2, 2)},
    {"abs", BOTHWAYS, KIND(ABS), MIXED, MASKED, NORMS(2, 2)},
    {"cos", BOTHWAYS, KIND(COS), NORMS(1, 1)},
    {"sin", CAUSAL, KIND(SIN), INPUTS(F16), NORMS(2, 2)},
    {"identity", BOTHWAYS, KIND(IDENTITY), INPUTS(BF16), NORMS(2, 2)},
    {"square", BOTHWAYS, KIND(SQUARE), MIXED, NORMS(2, 2)},
    {"requ", BOTHWAYS, KIND(REQU), NORMS(2, 2)},
    {"elu1", CAUSAL, KIND(ELU1), .deterministic = true, INPUTS(BF16), MASKED, NORMS(2, 2)},

    {"iid", BOTHWAYS, .draw = CLF_PROJECTION_IID, NORMS(2, 2)},
    {"structured", USUAL(101, 77), .draw = CLF_PROJECTION_STRUCTURED, NORMS(2.8, 2.8)},
    {"structured, cosh", CAUSAL, KIND(COSH), .draw = CLF_PROJECTION_STRUCTURED, NORMS(2, 2)},
    {"structured, oprf", BOTHWAYS, .kind = CHOICE_OPRF, .draw = CLF_PROJECTION_STRUCTURED,
     INPUTS(F16), MASKED, NORMS(2, 2)},

    {"result of f16", CAUSAL, INPUTS(F16), OUT(F16), MASKED, NORMS(2, 2)},
    {"result of bf16", BOTHWAYS, INPUTS(BF16), OUT(BF16), MASKED, NORMS(2, 2)},

    {"google-jax", CAUSAL, PRESET(GOOGLE_JAX), MASKED, NORMS(2, 2)},
    {"google-tf", BOTHWAYS, PRESET(GOOGLE_TF), NORMS(2, 2)},
    {"google-tf, relu", BOTHWAYS, PRESET(GOOGLE_TF), KIND(RELU), NORMS(2, 2)},
    {"performer-pytorch", CAUSAL, PRESET(PERFORMER_PYTORCH), NORMS(2, 2)},
    {"fast-transformers", BOTHWAYS, PRESET(FAST_TRANSFORMERS), KIND(COSH), MASKED, NORMS(2, 2)},

    {"exact", BOTHWAYS, .path = CLF_PATH_EXACT, NORMS(3, 3)},
    {"exact, norms 30", BOTHWAYS, .path = CLF_PATH_EXACT, NORMS(30, 30)},
    {"exact, causal", CAUSAL, .path = CLF_PATH_EXACT, INPUTS(F16), OUT(F16), MASKED, NORMS(3, 3)},
    {"clblast", BOTHWAYS, .path = CLF_PATH_CLBLAST, NORMS(2, 2)},
    {"clblast, relu", BOTHWAYS, .path = CLF_PATH_CLBLAST, KIND(RELU), MIXED, MASKED, NORMS(2, 2)},
};
const int verify_case_count = sizeof verify_cases / sizeof verify_cases[0];
