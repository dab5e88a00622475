/* Random inputs for the kernel tests. */
#include "inputs.h"

#include <math.h>

#include "host/rng.h"

enum {
    STREAM_Q,
    STREAM_K,
    STREAM_V,
    STREAM_SIGNS,
    STREAM_DIRECTION = 8
};

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
    const int64_t rows = t->B * t->H * t->S;
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

void fill_mixed(const trial *t, const tensors *x, uint64_t seed)
{
    fill_rows(x->q, t->B * t->H * t->L, t->D, seed, STREAM_Q);
    fill_rows(x->k, t->B * t->H * t->S, t->D, seed, STREAM_K);
    fill_values(t, x, seed);
}

/* Rows of one tensor; `sign` is that of an aligned row, 0 means either at random. */
static void point_rows(const trial *t, float *x, int64_t rows, uint64_t seed, uint32_t stream,
                       directions way, float sign)
{
    float *signs = malloc((size_t)(t->B * t->H * rows + t->D) * sizeof *signs);
    ck_assert_ptr_nonnull(signs);
    float *direction = signs + t->B * t->H * rows;
    fill_normal(signs, t->B * t->H * rows, seed, STREAM_SIGNS + stream);
    fill_normal(direction, t->D, seed, STREAM_DIRECTION);
    fill_normal(x, t->B * t->H * rows * t->D, seed, stream);
    for (int64_t i = 0; way != DIRECTIONS_RANDOM && i < t->B * t->H * rows; i++) {
        const float side = way == DIRECTIONS_MIXED ? copysignf(1, signs[i]) : sign;
        for (int64_t d = 0; d < t->D; d++) /* A little noise, so that no two rows are equal. */
            x[i * t->D + d] = side * direction[d] + 0.05f * x[i * t->D + d];
    }
    free(signs);
}

static void norm_rows(const trial *t, float *x, int64_t rows, double first, double last)
{
    for (int64_t i = 0; i < t->B * t->H * rows; i++) {
        const double part = rows > 1 ? (double)(i % rows) / (double)(rows - 1) : 0;
        set_norm(t, x + i * t->D, first * pow(last / first, part));
    }
}

void fill_norms(const trial *t, const tensors *x, uint64_t seed, directions way, double first,
                double last)
{
    point_rows(t, x->q, t->L, seed, STREAM_Q, way, way == DIRECTIONS_OPPOSED ? -1.0f : 1.0f);
    point_rows(t, x->k, t->S, seed, STREAM_K, way, 1);
    norm_rows(t, x->q, t->L, first, last);
    norm_rows(t, x->k, t->S, first, last);
    fill_values(t, x, seed);
}
