/* The error bound that fp32 kernels are held to. Looks at norms only.
 *
 * Invariant: the bound is of one head, from both its queries and its keys. */
#include <math.h>

#include "problem.h"

/* The largest finite Euclidean norm of `rows` rows of `columns` floats, `stride` apart. */
static double largest_norm(const float *first, int64_t stride, int64_t rows, int64_t columns)
{
    double largest = 0;
    for (int64_t i = 0; i < rows; i++) {
        double square = 0;
        for (int64_t d = 0; d < columns; d++)
            square += (double)first[i * stride + d] * first[i * stride + d];
        if (isfinite(square))
            largest = fmax(largest, sqrt(square));
    }
    return largest;
}

static double largest_value(const float *first, int64_t stride, int64_t rows, int64_t columns)
{
    double largest = 0;
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t e = 0; e < columns; e++) {
            const double v = fabs(first[i * stride + e]);
            if (isfinite(v))
                largest = fmax(largest, v);
        }
    }
    return largest;
}

clfi_bound clfi_ref_bound(const clfi_problem *p, int64_t b, int64_t h, double chain)
{
    clfi_view view;
    if (!clfi_view_init(p, b, h, true, &view) || !(chain >= 0))
        return (clfi_bound){NAN, NAN, NAN};
    const double q = largest_norm(clfi_row(p->q, view.q, b, h, 0), view.q.l, p->L, p->D);
    const double k = largest_norm(clfi_row(p->k, view.k, b, h, 0), view.k.l, p->S, p->D);
    const double w = largest_norm(view.W, p->D, view.M, p->D);
    const double v = largest_value(clfi_row(p->v, view.v, b, h, 0), view.v.l, p->S, p->E);
    const double rho = fmax(q, k) * sqrt(p->scale) * w;
    const double R = (double)p->R;
    return (clfi_bound){
        .tau = ldexp(6 * rho + 2 * sqrt(chain) + sqrt(R) + 8, -24),
        .floor = ldexp(R * (double)p->S * v, -59),
        .rho = rho,
    };
}
