/* The unfused path: kernels of this library for features, CLBlast for products. Bidirectional, no
 * presets. Built where CLBlast is. */
#ifndef CLFI_PLAN_CLBLAST_H
#define CLFI_PLAN_CLBLAST_H

#include "plan_internal.h"

/* Asks CLBlast for the memory of its own, sets plan->enqueue, and runs a chunk of no rows, so that
 * everything is compiled. Errors: UNSUPPORTED, and those of clfi_blas_multiply. */
clf_status clfi_clblast_open(clf_plan *plan);

#endif
