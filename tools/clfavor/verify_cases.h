/* The cases of `clfavor verify`. */
#ifndef TOOL_VERIFY_CASES_H
#define TOOL_VERIFY_CASES_H

#include "choices.h"

/* A case; what is zero is as for a plan. */
typedef struct verify_case {
    const char *name;
    int64_t B, H, Hkv, L, S, D, E, R;
    int kind;  // clf_kind or CHOICE_OPRF
    clf_preset preset;
    clf_path path;
    clf_projection_kind draw;
    clf_dtype q, k, v, out;
    bool causal, masked, deterministic;
    double kernel_eps;
    double first, last;  // |x|, x = q sqrt(scale), from row 0 to the last row
} verify_case;

extern const verify_case verify_cases[];
extern const int verify_case_count;

#endif
