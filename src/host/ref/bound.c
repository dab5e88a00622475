/* The error bounds that fp32 kernels are held to. Look at norms only.
 *
 * Invariant: a bound is of one head, from both its queries and its keys; what the mask removes is
 * not looked at. */
#include <math.h>
#include <stddef.h>

#include "problem.h"

/* Which rows of a matrix count. */
typedef bool (*filter)(const clfi_view *view, int64_t row);

static bool all(const clfi_view *view, int64_t row)
{
    (void)view;
    (void)row;
    return true;
}

/* The largest finite Euclidean norm of a row. */
static double largest_norm(const clfi_view *view, clfi_matrix matrix, int64_t rows, filter counts)
{
    double largest = 0;
    for (int64_t i = 0; i < rows; i++) {
        if (!counts(view, i))
            continue;
        double square = 0;
        for (int64_t d = 0; d < view->p->D; d++)
            square += (double)clfi_row(matrix, i)[d] * clfi_row(matrix, i)[d];
        if (isfinite(square))
            largest = fmax(largest, sqrt(square));
    }
    return largest;
}

/* The largest finite absolute value. */
static double largest_value(const clfi_view *view, clfi_matrix matrix, int64_t rows,
                            int64_t columns, filter counts)
{
    double largest = 0;
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t e = 0; counts(view, i) && e < columns; e++) {
            const double v = fabs(clfi_row(matrix, i)[e]);
            if (isfinite(v))
                largest = fmax(largest, v);
        }
    }
    return largest;
}

/* |u| is never above this: max|x| max|w| + max|b|. */
static double largest_argument(const clfi_view *view)
{
    const clfi_problem *p = view->p;
    const double root = sqrt(p->scale);
    if (p->deterministic)
        return root * fmax(largest_value(view, view->q, p->L, p->D, all),
                           largest_value(view, view->k, p->S, p->D, clfi_has_key));
    const double x = fmax(largest_norm(view, view->q, p->L, all),
                          largest_norm(view, view->k, p->S, clfi_has_key));
    const double w = largest_norm(view, (clfi_matrix){view->W, p->D}, view->M, all);
    const clfi_matrix bias = {view->bias, view->M};
    return x * root * w + (view->bias ? largest_value(view, bias, 1, view->M, all) : 0);
}

static double floor_of(const clfi_view *view, double R)
{
    const clfi_problem *p = view->p;
    const double v = largest_value(view, view->v, p->S, p->E, clfi_has_value);
    return ldexp(R * (double)p->S * v, -59);
}

clfi_bound clfi_ref_bound(const clfi_problem *p, int64_t b, int64_t h, double chain)
{
    clfi_view view;
    if (!clfi_view_init(p, b, h, true, &view) || !(chain >= 0))
        return (clfi_bound){NAN, NAN, NAN};
    const bool exponential = view.kind->map == CLFI_MAP_EXP;
    const double rho = exponential ? largest_argument(&view) : 0;
    const double constant = exponential ? 8 : 8 + 16;
    const double R = (double)p->R;
    return (clfi_bound){
        .tau = ldexp(6 * rho + 2 * sqrt(chain) + sqrt(R) + constant, -24),
        .floor = floor_of(&view, R),
        .rho = rho,
    };
}

clfi_bound clfi_ref_softmax_bound(const clfi_problem *p, int64_t b, int64_t h, double chain)
{
    clfi_view view;
    if (!clfi_view_init(p, b, h, false, &view) || !(chain >= 0))
        return (clfi_bound){NAN, NAN, NAN};
    const double rho = p->scale * largest_norm(&view, view.q, p->L, all) *
                       largest_norm(&view, view.k, p->S, clfi_has_key);
    return (clfi_bound){
        .tau = ldexp(6 * rho + 2 * sqrt(chain) + 8, -24),
        .floor = floor_of(&view, 1),
        .rho = rho,
    };
}

double clfi_ref_limit(const clfi_bound *bound, const clfi_judgement *judgement, int64_t at)
{
    const double drift = judgement->drift ? judgement->drift[at] : 0;
    return bound->tau * judgement->magnitude[at] + ldexp(6 * drift, -24) + bound->floor;
}

double clfi_ref_rounding(clf_dtype dtype, double value)
{
    if (dtype == CLF_DTYPE_F16)
        return ldexp(fabs(value), -11) + 0x1p-25;
    return dtype == CLF_DTYPE_BF16 ? ldexp(fabs(value), -8) : 0;
}
