/* The functions of generalized kinds as tables of f and f'. Knows nothing of features.
 *
 * Invariant: NaN goes in and comes out. */
#include "functions.h"

#include <math.h>

static const double k_root_half = 0.70710678118654752440;     // 1/sqrt(2)
static const double k_root_half_pi = 0.39894228040143267794;  // 1/sqrt(2 pi)
static const double k_underflow = 0x1p-104;                   // 2^-126 in units of 6 * 2^-24

static double relu(double u)
{
    return u < 0 ? 0 : u;
}

static double relu_slope(double u)
{
    return u > 0 ? 1 : 0;
}

static double sigmoid(double u)
{
    return 1 / (1 + exp(-u));
}

static double sigmoid_slope(double u)
{
    return sigmoid(u) * sigmoid(-u);
}

static double tanh_slope(double u)
{
    return 1 / (cosh(u) * cosh(u));
}

/* Phi(u), the normal distribution, by erfc: right in its lower tail, too. */
static double normal(double u)
{
    return erfc(-u * k_root_half) / 2;
}

static double gelu(double u)
{
    return u * normal(u);
}

static double gelu_slope(double u)
{
    return normal(u) + u * k_root_half_pi * exp(-u * u / 2);
}

static double one(double u)
{
    (void)u;
    return 1;
}

static double identity(double u)
{
    return u;
}

static double square(double u)
{
    return u * u;
}

static double twice(double u)
{
    return 2 * u;
}

static double requ(double u)
{
    return relu(u) * relu(u);
}

static double requ_slope(double u)
{
    return 2 * relu(u);
}

static double elu1(double u)
{
    return u > 0 ? u + 1 : exp(u);
}

static double elu1_slope(double u)
{
    return u > 0 ? 1 : exp(u);
}

typedef struct function_row {
    double (*value)(double u);
    double (*slope)(double u);  // f', its sign does not matter
    double error;               // absolute, in units of 6 * 2^-24
    double tail;                // the same for each -u below 0
} function_row;

static const function_row k_functions[CLF_KIND_COUNT] = {
    [CLF_KIND_RELU] = {relu, relu_slope, 0, 0}, [CLF_KIND_SIGMOID] = {sigmoid, sigmoid_slope, 0, 0},
    [CLF_KIND_TANH] = {tanh, tanh_slope, 0, 0}, [CLF_KIND_GELU] = {gelu, gelu_slope, 0, 1.5},
    [CLF_KIND_ABS] = {fabs, one, 0, 0},         [CLF_KIND_COS] = {cos, sin, 1, 0},
    [CLF_KIND_SIN] = {sin, cos, 1, 0},          [CLF_KIND_IDENTITY] = {identity, one, 0, 0},
    [CLF_KIND_SQUARE] = {square, twice, 0, 0},  [CLF_KIND_REQU] = {requ, requ_slope, 0, 0},
    [CLF_KIND_ELU1] = {elu1, elu1_slope, 0, 0},
};

double clfi_function(clf_kind kind, double u)
{
    return k_functions[kind].value(u);
}

double clfi_function_drift(clf_kind kind, double u, double size)
{
    const function_row *f = &k_functions[kind];
    const double reach = 6 * 0x1p-24 * size;
    const double here = fabs(f->slope(u));
    const double aside = fmax(fabs(f->slope(u - reach)), fabs(f->slope(u + reach)));
    return fmax(here, aside) * size + f->error + f->tail * relu(-u) + k_underflow;
}
