/* What each feature kind and each preset is, as data: one row each. Plans, references, the tool
 * and tests read these rows; nobody else switches on a kind. */
#ifndef CLFI_KINDS_H
#define CLFI_KINDS_H

#include <clfavor/features.h>

/* How a feature is made from u = w.x + b. */
typedef enum clfi_map {
    CLFI_MAP_EXP = 0,  // exp(u), or the pair exp(+-u)
    CLFI_MAP_TRIG,     // the pair cos(u), sin(u)
    CLFI_MAP_FUNCTION  // f(u)
} clfi_map;

typedef struct clfi_kind_row {
    clf_kind_info info;
    clfi_map map;
    int norms;             // features carry exp(-norms |x|^2/2): 1, 2 (Gaussian), -1 (TRIG) or 0
    const char *function;  // the map in kernels/common/feature.clh: "CLF_MAP_RELU"
} clfi_kind_row;

/* NULL for a value that is no kind. */
const clfi_kind_row *clfi_kind(clf_kind kind);

/* What a masked key is removed from. */
typedef enum clfi_padding {
    CLFI_PADDING_KEYS = 0,  // numerator and denominator
    CLFI_PADDING_VALUES,    // the numerator only: its features stay in z and in the maximum
    CLFI_PADDING_REFUSED
} clfi_padding;

/* The scale of q.k that a preset's generalized kinds imply. */
typedef enum clfi_preset_scale {
    CLFI_SCALE_ROOT = 0,  // D^(-1/2), as everywhere else
    CLFI_SCALE_ONE,       // 1
    CLFI_SCALE_PER_ROW    // 1/M: the package multiplies W x by M^(-1/2)
} clfi_preset_scale;

/* A preset, with a_ij the features without their factor r (r = M^(-1/2) for EXP, else 1):
 *   a = exp(u - max u - |x|^2/2) + feature_eps     EXP; the maximum of a query over its features,
 *                                                  of the keys over all keys and features
 *   den = sum r^2 a_q a_k + (causal: causal_eps r sum_j a_q) + den_eps
 *   if |den| <= guard, den += 2 guard              EXP
 * For COSH (FAST_TRANSFORMERS) features are exp(+-u - |x|^2/2) / sqrt(R) with no shift at all. */
typedef struct clfi_preset_row {
    const char *name;
    clf_kind softmax_kind;  // the one softmax kind the package has
    bool only_relu;         // of the generalized kinds
    double feature_eps;     // 0: features carry none and are shifted as clfavor's own
    double kernel_eps;      // default of generalized kinds
    clfi_preset_scale generalized_scale;
    double causal_eps, den_eps, guard;
    clfi_padding padding;
} clfi_preset_row;

/* NULL for a value that is no preset. */
const clfi_preset_row *clfi_preset(clf_preset preset);

/* Whether the preset has this kind. */
bool clfi_preset_has(const clfi_preset_row *preset, clf_kind kind);

/* The scale of q.k when the caller gives none; M is 1 for deterministic features. */
double clfi_default_scale(const clfi_preset_row *preset, clf_kind kind, int64_t D, int64_t M);

#endif
