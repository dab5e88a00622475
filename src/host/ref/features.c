/* Features of one row in log space, feature by feature. Sums nothing over keys.
 *
 * Invariant: no exponential is ever formed on its own, so no norm is too large. */
#include "features.h"

#include <math.h>
#include <stdlib.h>

#include "../checked.h"
#include "functions.h"

clf_status clfi_features_create(int64_t rows, int64_t R, bool with_drift, clfi_features *out)
{
    const int64_t counts[] = {rows, R, with_drift ? 3 : 2};
    size_t bytes;
    *out = (clfi_features){0};
    if (!clfi_product_bytes(counts, 3, sizeof(double), &bytes))
        return CLF_ERROR_OUT_OF_HOST_MEMORY;
    out->log_phi = malloc(bytes);
    if (!out->log_phi)
        return CLF_ERROR_OUT_OF_HOST_MEMORY;
    out->sign = out->log_phi + rows * R;
    out->log_drift = with_drift ? out->sign + rows * R : NULL;
    return CLF_OK;
}

void clfi_features_finish(clfi_features *features)
{
    free(features->log_phi);
    *features = (clfi_features){0};
}

clfi_features clfi_features_at(clfi_features features, int64_t row, int64_t R)
{
    return (clfi_features){
        .log_phi = features.log_phi + row * R,
        .sign = features.sign + row * R,
        .log_drift = features.log_drift ? features.log_drift + row * R : NULL,
    };
}

/* w_m . x sqrt(scale). */
static double dot(const clfi_view *view, const float *x, int64_t m)
{
    const double root = sqrt(view->p->scale);
    if (view->p->deterministic)
        return x[m] * root;
    const float *w = view->W + m * view->p->D;
    double sum = 0;
    for (int64_t d = 0; d < view->p->D; d++)
        sum += w[d] * (x[d] * root);
    return sum;
}

static double bias(const clfi_view *view, int64_t m)
{
    return view->bias ? view->bias[m] : 0;
}

static double square_of(const float *x, int64_t D)
{
    double sum = 0;
    for (int64_t d = 0; d < D; d++)
        sum += (double)x[d] * x[d];
    return sum;
}

/* What relative errors of the products in u_m multiply: |w_m| |x| sqrt(scale) + |b_m|. */
static double size_of(const clfi_view *view, const float *x, double square, int64_t m)
{
    if (view->p->deterministic)
        return fabs(dot(view, x, m));
    const double w = sqrt(square_of(view->W + m * view->p->D, view->p->D));
    return w * sqrt(square) + fabs(bias(view, m));
}

double clfi_argument(const clfi_view *view, const float *x, int64_t m)
{
    return dot(view, x, m) + bias(view, m);
}

double clfi_log_add(double a, double b)
{
    if (b == -INFINITY)
        return a;
    return a > b ? a + log1p(exp(b - a)) : b + log1p(exp(a - b));
}

/* Feature r as f(u) + eps, times exp(norm). Rounding of f matters where eps cancels it: a library's
 * 16 u of f are 3 eps in units of 6 u. */
static void put_function(clf_kind f, double u, double size, double eps, double norm, int64_t r,
                         clfi_features out)
{
    const double phi = clfi_function(f, u) + eps;
    out.log_phi[r] = log(fabs(phi)) + norm;
    out.sign[r] = phi < 0 ? -1 : 1;
    if (out.log_drift)
        out.log_drift[r] = log(clfi_function_drift(f, u, size) + 3 * eps) + norm;
}

static void put_exponential(double u, double eps, double norm, int64_t r, clfi_features out)
{
    out.log_phi[r] = clfi_log_add(u + norm, log(eps));
    out.sign[r] = 1;
}

void clfi_features_of(const clfi_view *view, const float *x, clfi_features out)
{
    const clfi_kind_row *kind = view->kind;
    const double square = view->p->scale * square_of(x, view->p->D);
    /* 0 times an infinite square is no NaN of the formula's. */
    const double norm = kind->norms == 0 ? 0 : -kind->norms * square / 2;
    const double eps = kind->info.generalized ? view->p->kernel_eps : 0;
    const int64_t M = view->M;
    for (int64_t m = 0; m < M; m++) {
        const double u = clfi_argument(view, x, m);
        const double size = out.log_drift ? size_of(view, x, square, m) : 0;
        switch (kind->map) {
        case CLFI_MAP_EXP:
            put_exponential(u, eps, norm, m, out);
            if (kind->info.paired)
                put_exponential(bias(view, m) - dot(view, x, m), eps, norm, M + m, out);
            break;
        case CLFI_MAP_TRIG:
            put_function(CLF_KIND_COS, u, size, eps, norm, m, out);
            put_function(CLF_KIND_SIN, u, size, eps, norm, M + m, out);
            break;
        case CLFI_MAP_FUNCTION:
            put_function(view->p->kind, u, size, eps, norm, m, out);
            break;
        }
    }
}

void clfi_ref_features(const clfi_problem *p, const float *W, const float *bias_of_head,
                       const float *x, double *log_phi, double *sign)
{
    clfi_view view = {0};
    clfi_view_set_features(&view, p, W, bias_of_head);
    clfi_features_of(&view, x, (clfi_features){.log_phi = log_phi, .sign = sign});
}
