/* What the tests of the reference share: problems with memory of their own, and every feature
 * map written out once more, in plain exp. Right for small norms only.
 *
 * Invariant: nothing here is from the reference or from the tables of kinds. */
#ifndef REF_SUPPORT_H
#define REF_SUPPORT_H

#include "support.h"

#include <math.h>

#include "host/ref/ref.h"

enum {
    MAX = 4096
};

/* A problem with memory of its own, and every row of it asked for. */
typedef struct fixture {
    clfi_problem p;
    float q[MAX], k[MAX], v[MAX], W[MAX], bias[MAX];
    uint8_t mask[MAX];
    int64_t index[MAX];
    clfi_rows rows;
    double out[MAX], magnitude[MAX], drift[MAX], condition[MAX];
} fixture;

/* A judgement of the results alone. */
#define ONLY(results) (&(clfi_judgement){.out = (results)})

/* Small, everything different, W per head. */
static const clfi_problem k_small = {
    .B = 2, .H = 3, .L = 7, .S = 5, .D = 4, .E = 3, .R = 6, .scale = 0.5, .W_heads = 3};

/* Uniform in [-1, 1), by a multiplier of Knuth's. */
static inline float next(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (float)(*state >> 40) * 0x1p-23f - 1;
}

/* Fills everything; bias and mask are there to be used, but the problem has none. */
static inline void init(fixture *f, clfi_problem sizes, float size)
{
    memset(f, 0, sizeof *f);
    f->p = sizes;
    f->p.q = f->q;
    f->p.k = f->k;
    f->p.v = f->v;
    f->p.W = f->W;
    uint64_t state = 1;
    for (int i = 0; i < MAX; i++) {
        f->q[i] = size * next(&state);
        f->k[i] = size * next(&state);
        f->v[i] = next(&state);
        f->W[i] = 2 * next(&state);
        f->bias[i] = next(&state);
        f->mask[i] = i % 3 != 1;
        f->index[i] = i;
    }
    f->rows = (clfi_rows){.count = sizes.L, .index = f->index};
}

static inline clf_status favor(fixture *f, int64_t b, int64_t h)
{
    const clfi_judgement all = {f->out, f->magnitude, f->drift, f->condition};
    return clfi_ref_favor(&f->p, b, h, &f->rows, &all);
}

static inline clf_status softmax(fixture *f, int64_t b, int64_t h)
{
    const clfi_judgement all = {f->out, f->magnitude, f->drift, f->condition};
    return clfi_ref_softmax(&f->p, b, h, &f->rows, &all);
}

static inline bool plain_paired(clf_kind kind)
{
    return kind == CLF_KIND_COSH || kind == CLF_KIND_TRIG || kind == CLF_KIND_GAUSSIAN_TRIG;
}

static inline bool plain_generalized(clf_kind kind)
{
    return kind >= CLF_KIND_RELU;
}

static inline int64_t plain_key_head(const clfi_problem *p, int64_t h)
{
    return p->Hkv ? h * p->Hkv / p->H : h;
}

/* Rows of contiguous tensors. */
static inline const float *plain_q(const clfi_problem *p, int64_t b, int64_t h, int64_t i)
{
    return p->q + ((b * p->H + h) * p->L + i) * p->D;
}

static inline int64_t plain_key(const clfi_problem *p, int64_t b, int64_t h, int64_t j)
{
    const int64_t Hkv = p->Hkv ? p->Hkv : p->H;
    return (b * Hkv + plain_key_head(p, h)) * p->S + j;
}

static inline double plain_square(const clfi_problem *p, const float *x)
{
    double sum = 0;
    for (int64_t d = 0; d < p->D; d++)
        sum += p->scale * x[d] * x[d];
    return sum;
}

static inline double plain_bias(const clfi_problem *p, int64_t h, int64_t m)
{
    const int64_t M = plain_paired(p->kind) ? p->R / 2 : p->R;
    if (p->deterministic || !p->bias)
        return 0;
    return p->bias[(p->W_heads == 1 ? 0 : plain_key_head(p, h)) * M + m];
}

/* w_m . x sqrt(scale), for query head h. */
static inline double plain_dot(const clfi_problem *p, int64_t h, const float *x, int64_t m)
{
    const int64_t M = plain_paired(p->kind) ? p->R / 2 : p->R;
    if (p->deterministic)
        return sqrt(p->scale) * x[m];
    const float *w = p->W + ((p->W_heads == 1 ? 0 : plain_key_head(p, h)) * M + m) * p->D;
    double sum = 0;
    for (int64_t d = 0; d < p->D; d++)
        sum += sqrt(p->scale) * x[d] * w[d];
    return sum;
}

static inline double plain_function(clf_kind kind, double u)
{
    switch (kind) {
    case CLF_KIND_RELU:
        return fmax(u, 0);
    case CLF_KIND_F_EXP:
        return exp(u);
    case CLF_KIND_SIGMOID:
        return exp(u) / (1 + exp(u));
    case CLF_KIND_TANH:
        return (exp(2 * u) - 1) / (exp(2 * u) + 1);
    case CLF_KIND_GELU:
        return 0.5 * u * (1 + erf(u / sqrt(2)));
    case CLF_KIND_ABS:
        return fmax(u, -u);
    case CLF_KIND_COS:
        return cos(u);
    case CLF_KIND_SIN:
        return sin(u);
    case CLF_KIND_IDENTITY:
        return u;
    case CLF_KIND_SQUARE:
        return pow(u, 2);
    case CLF_KIND_REQU:
        return pow(fmax(u, 0), 2);
    case CLF_KIND_ELU1:
        return (u > 0 ? u : exp(u) - 1) + 1;
    default:
        ck_abort_msg("kind %d is not generalized", (int)kind);
    }
}

/* Feature r of x, without R^(-1/2). */
static inline double plain_feature(const clfi_problem *p, int64_t h, const float *x, int64_t r)
{
    const int64_t M = plain_paired(p->kind) ? p->R / 2 : p->R;
    const double dot = plain_dot(p, h, x, r % M);
    const double b = plain_bias(p, h, r % M);
    const double half = plain_square(p, x) / 2;
    switch (p->kind) {
    case CLF_KIND_EXP:
        return exp(dot + b - half);
    case CLF_KIND_COSH:
        return exp((r < M ? dot : -dot) + b - half);
    case CLF_KIND_TRIG:
        return exp(half) * (r < M ? cos(dot + b) : sin(dot + b));
    case CLF_KIND_GAUSSIAN:
        return exp(dot + b - 2 * half);
    case CLF_KIND_GAUSSIAN_TRIG:
        return r < M ? cos(dot + b) : sin(dot + b);
    default:
        return plain_function(p->kind, dot + b) + p->kernel_eps;
    }
}

#endif
