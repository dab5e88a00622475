/* What a projection is made of, for the files that make one. */
#ifndef CLFI_PROJECTION_H
#define CLFI_PROJECTION_H

#include <clfavor/features.h>

struct clf_projection {
    int64_t heads, M, D;
    float *W;     // [heads, M, D]
    float *bias;  // [heads, M] or NULL
};

/* Checks the sizes and allocates W, and the bias when there is one; the values are not set. */
clf_status clfi_projection_allocate(int64_t heads, int64_t M, int64_t D, bool with_bias,
                                    const clf_log *log, clf_projection **out);

#endif
