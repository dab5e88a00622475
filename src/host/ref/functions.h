/* The functions f of generalized kinds, their slopes, and what fp32 may do to them. */
#ifndef CLFI_REF_FUNCTIONS_H
#define CLFI_REF_FUNCTIONS_H

#include <clfavor/features.h>

/* f(u). `kind` is a generalized kind other than F_EXP. */
double clfi_function(clf_kind kind, double u);

/* By how much f(u) may be off, in units of 6 * 2^-24, when its argument is off by `size` of them:
 * the largest |f'| within that distance times `size`, and what an honest fp32 evaluation of f adds
 * that is no relative error:
 *   GELU      u/2 (1 + erf(u/sqrt 2)) cancels below 0, and OpenCL's erf is right to 16 ulp of 1:
 *             16 * 2^-24 |u|/2
 *   COS, SIN  a polynomial on a reduced argument is right to a few ulp of 1, not of a small cosine
 *   all       what is below 2^-126 may be 0 */
double clfi_function_drift(clf_kind kind, double u, double size);

#endif
