/* Random inputs for the kernel tests. */
#include "inputs.h"

#include <math.h>

#include "host/kinds.h"
#include "host/rng.h"

void fill_normal(float *x, int64_t count, uint64_t seed, uint32_t stream)
{
    const clfi_rng rng = {.seed = seed, .head = stream, .stream = CLFI_STREAM_DIRECTIONS};
    double *normal = malloc((size_t)count * sizeof *normal);
    ck_assert_ptr_nonnull(normal);
    clfi_rng_normal(&rng, 0, (size_t)count, normal);
    for (int64_t i = 0; i < count; i++)
        x[i] = (float)normal[i];
    free(normal);
}

void set_norm(const trial *t, float *row, double norm)
{
    double square = 0;
    for (int64_t d = 0; d < t->D; d++)
        square += (double)row[d] * row[d];
    if (square == 0)
        return;
    const double factor = norm * pow((double)t->D, 0.25) / sqrt(square);
    for (int64_t d = 0; d < t->D; d++)
        row[d] = (float)(row[d] * factor);
}

static void scale_row(float *row, int64_t columns, float factor)
{
    for (int64_t i = 0; i < columns; i++)
        row[i] *= factor;
}

static void fill_values(const trial *t, const tensors *x, uint64_t seed)
{
    const int64_t rows = t->B * trial_Hkv(t) * t->S;
    fill_normal(x->v, rows * t->E, seed, STREAM_V);
    for (int64_t j = 0; j < rows; j++) {
        float *row = x->v + j * t->E;
        for (int64_t e = 0; j % 2 && e < t->E; e++)
            row[e] = 0.01f * row[e] - row[e - t->E];
        if (j % 17 == 16)
            scale_row(row, t->E, 100);
    }
}

static void fill_rows(float *x, int64_t rows, int64_t D, uint64_t seed, uint32_t stream)
{
    fill_normal(x, rows * D, seed, stream);
    for (int64_t i = 0; i < rows; i++) {
        if (i % 7 == 3)
            scale_row(x + i * D, D, 0.1f);
        if (i % 11 == 5)
            scale_row(x + i * D, D, 3);
    }
}

void fill_masked(const trial *t, const tensors *x, float value)
{
    const int64_t Hkv = trial_Hkv(t);
    const bool keys_stay =
        t->path != CLF_PATH_EXACT && clfi_preset(t->preset)->padding == CLFI_PADDING_VALUES;
    for (int64_t i = 0; i < t->B * Hkv * t->S; i++) {
        if (trial_has_value(t, x, i / t->S / Hkv, i % t->S))
            continue;
        for (int64_t d = 0; !keys_stay && d < t->D; d++)
            x->k[i * t->D + d] = value;
        for (int64_t e = 0; e < t->E; e++)
            x->v[i * t->E + e] = value;
    }
}

/* A quarter of the rows, and one direction for all of them, |x| = 1. */
static void lean_rows(const trial *t, float *x, int64_t rows, uint64_t seed)
{
    float *direction = malloc((size_t)t->D * sizeof *direction);
    ck_assert_ptr_nonnull(direction);
    fill_normal(direction, t->D, seed, STREAM_DIRECTION);
    set_norm(t, direction, 1);
    for (int64_t i = 0; i < rows * t->D; i++)
        x[i] = 0.25f * x[i] + direction[i % t->D];
    free(direction);
}

void fill_mixed(const trial *t, const tensors *x, uint64_t seed)
{
    const int64_t queries = t->B * t->H * t->L, keys = t->B * trial_Hkv(t) * t->S;
    fill_rows(x->q, queries, t->D, seed, STREAM_Q);
    fill_rows(x->k, keys, t->D, seed, STREAM_K);
    if (clf_kind_describe(t->kind)->has_sign && t->path != CLF_PATH_EXACT) {
        lean_rows(t, x->q, queries, seed);
        lean_rows(t, x->k, keys, seed);
    }
    fill_values(t, x, seed);
    fill_masked(t, x, NAN);
}

/* `count` rows of one tensor; `sign` is that of an aligned row, 0 means either at random. */
static void point_rows(const trial *t, float *x, int64_t count, uint64_t seed, uint32_t stream,
                       directions way, float sign)
{
    float *signs = malloc((size_t)(count + t->D) * sizeof *signs);
    ck_assert_ptr_nonnull(signs);
    float *direction = signs + count;
    fill_normal(signs, count, seed, STREAM_SIGNS + stream);
    fill_normal(direction, t->D, seed, STREAM_DIRECTION);
    fill_normal(x, count * t->D, seed, stream);
    for (int64_t i = 0; way != DIRECTIONS_RANDOM && i < count; i++) {
        const float side = way == DIRECTIONS_MIXED ? copysignf(1, signs[i]) : sign;
        for (int64_t d = 0; d < t->D; d++) /* A little noise, so that no two rows are equal. */
            x[i * t->D + d] = side * direction[d] + 0.05f * x[i * t->D + d];
    }
    free(signs);
}

/* The rows of all heads, `rows` each. */
static void norm_rows(const trial *t, float *x, int64_t count, int64_t rows, double first,
                      double last)
{
    for (int64_t i = 0; i < count; i++) {
        const double part = rows > 1 ? (double)(i % rows) / (double)(rows - 1) : 0;
        set_norm(t, x + i * t->D, first * pow(last / first, part));
    }
}

void fill_norms(const trial *t, const tensors *x, uint64_t seed, directions way, double first,
                double last)
{
    const int64_t queries = t->B * t->H * t->L, keys = t->B * trial_Hkv(t) * t->S;
    point_rows(t, x->q, queries, seed, STREAM_Q, way, way == DIRECTIONS_OPPOSED ? -1.0f : 1.0f);
    point_rows(t, x->k, keys, seed, STREAM_K, way, 1);
    norm_rows(t, x->q, queries, t->L, first, last);
    norm_rows(t, x->k, keys, t->S, first, last);
    fill_values(t, x, seed);
    fill_masked(t, x, NAN);
}
