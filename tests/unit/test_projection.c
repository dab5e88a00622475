/* Projections: the random numbers under them, the QR, the objects, and the bits for ever. */
#include "support.h"

#include <math.h>

#include <clfavor/features.h>

#include "golden.h"
#include "host/detmath.h"
#include "host/projection.h"
#include "host/qr.h"
#include "host/rng.h"

/* Known answers of Philox4x32-10 (Random123, kat_vectors): counter, key, result. */
static const uint32_t k_philox[][10] = {
    {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
    {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d, 0x41c83b0e,
     0xa20bc7c6, 0x6d5451fd},
    {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09, 0x94fdcceb,
     0x5001e420, 0x24126ea1},
};

START_TEST(integers_are_philox)
{
    for (size_t i = 0; i < sizeof k_philox / sizeof k_philox[0]; i++) {
        const uint32_t *row = k_philox[i];
        const clfi_rng rng = {
            .seed = row[4] | (uint64_t)row[5] << 32, .head = row[3], .stream = (clfi_stream)row[2]};
        uint32_t words[4];
        clfi_rng_block(&rng, row[0] | (uint64_t)row[1] << 32, words);
        ck_assert_mem_eq(words, row + 6, sizeof words);
    }
}
END_TEST

/* The distance in units of the last place of the right value. */
static double ulps(double value, long double right)
{
    if (right == 0)
        return value == 0 ? 0 : INFINITY;
    return (double)fabsl((value - right) / ldexpl(1, ilogbl(right) - 52));
}

START_TEST(elementary_functions_are_right)
{
    const long double two_pi = 6.283185307179586476925286766559L;
    const clfi_rng rng = {.seed = 99};
    double worst_log = 0;
    double worst_circle = 0;
    for (uint64_t i = 0; i < 400000; i++) {
        uint32_t w[4];
        clfi_rng_block(&rng, i, w);
        const uint64_t bits = ((uint64_t)w[0] << 32 | w[1]) >> 11;
        /* Numbers over the whole range down to 2^-53, and numbers next to 1. */
        const double small = (double)((bits >> i % 53) + 1) * 0x1p-53;
        const double near_one = 1 - small / 2;
        worst_log = fmax(worst_log, ulps(clfi_det_log(small), logl(small)));
        worst_log = fmax(worst_log, ulps(clfi_det_log(near_one), logl(near_one)));
        const double turn = (double)bits * 0x1p-53;
        double cosine;
        double sine;
        clfi_det_cos_sin(turn, &cosine, &sine);
        /* cosl and sinl are themselves off by 2^-64 of the angle: leave out the zeros'
         * surroundings. */
        if (fabs(cosine) > 1e-3)
            worst_circle = fmax(worst_circle, ulps(cosine, cosl(two_pi * turn)));
        if (fabs(sine) > 1e-3)
            worst_circle = fmax(worst_circle, ulps(sine, sinl(two_pi * turn)));
    }
    ck_assert_msg(worst_log <= 1, "log is off by %g ulp", worst_log);
    ck_assert_msg(worst_circle <= 4, "sine or cosine is off by %g ulp", worst_circle);
}
END_TEST

START_TEST(elementary_functions_are_exact_at_corners)
{
    const double turns[] = {0, 0.25, 0.5, 0.75};
    const double cosines[] = {1, 0, -1, 0};
    const double sines[] = {0, 1, 0, -1};
    for (int i = 0; i < 4; i++) {
        double cosine;
        double sine;
        clfi_det_cos_sin(turns[i], &cosine, &sine);
        ck_assert_double_eq(cosine, cosines[i]);
        ck_assert_double_eq(sine, sines[i]);
    }
    ck_assert_double_eq(clfi_det_log(1), 0);
    ck_assert_double_eq(clfi_det_log(0x1p-53), -53 * 0.69314718055994530942);
}
END_TEST

/* Moments and tails of 10^6 numbers against the normal law, each within 5 standard errors. */
START_TEST(normal_numbers_are_normal)
{
    enum {
        COUNT = 1000000
    };
    double *x = malloc(COUNT * sizeof *x);
    ck_assert_ptr_nonnull(x);
    const clfi_rng rng = {.seed = 5, .head = 3, .stream = CLFI_STREAM_NORMS};
    clfi_rng_normal(&rng, 0, COUNT, x);
    double sum = 0, square = 0, fourth = 0, neighbours = 0, beyond2 = 0, beyond4 = 0;
    for (int i = 0; i < COUNT; i++) {
        sum += x[i];
        square += x[i] * x[i];
        fourth += x[i] * x[i] * x[i] * x[i];
        neighbours += i ? x[i] * x[i - 1] : 0;
        beyond2 += fabs(x[i]) > 2;
        beyond4 += fabs(x[i]) > 4;
    }
    free(x);
    const double n = COUNT;
    const double p2 = erfc(2 / sqrt(2));
    const double p4 = erfc(4 / sqrt(2));
    ck_assert_double_le(fabs(sum / n), 5 / sqrt(n));
    ck_assert_double_le(fabs(square / n - 1), 5 * sqrt(2 / n));
    ck_assert_double_le(fabs(fourth / n - 3), 5 * sqrt(96 / n));
    ck_assert_double_le(fabs(neighbours / n), 5 / sqrt(n));
    ck_assert_double_le(fabs(beyond2 / n - p2), 5 * sqrt(p2 / n));
    ck_assert_double_le(fabs(beyond4 / n - p4), 5 * sqrt(p4 / n));
}
END_TEST

START_TEST(normal_numbers_depend_on_their_place_alone)
{
    const clfi_rng rng = {.seed = 6};
    double whole[33];
    clfi_rng_normal(&rng, 0, 33, whole);
    for (uint64_t first = 0; first < 33; first++) {
        double part[33];
        clfi_rng_normal(&rng, first, (size_t)(33 - first), part);
        ck_assert_mem_eq(part, whole + first, (size_t)(33 - first) * sizeof *part);
    }
}
END_TEST

/* The rows of `a` [b, D] become orthonormal, and R is lower triangular with a positive diagonal. */
static void assert_qr(const double *before, const double *a, int64_t b, int64_t D)
{
    for (int64_t i = 0; i < b; i++) {
        for (int64_t j = 0; j < b; j++) {
            const double dot = clfi_det_dot(a + i * D, a + j * D, D);
            ck_assert_double_le(fabs(dot - (i == j)), 1e-13);
            const double r = clfi_det_dot(before + i * D, a + j * D, D);
            if (j > i)
                ck_assert_double_le(fabs(r), 1e-12);
            if (j == i)
                ck_assert_double_gt(r, 0);
        }
    }
}

START_TEST(qr_is_gram_schmidt)
{
    const int64_t shapes[][2] = {{1, 1}, {1, 5}, {2, 2}, {3, 7}, {16, 16}, {63, 64}, {64, 64}};
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        const int64_t b = shapes[s][0];
        const int64_t D = shapes[s][1];
        double before[64 * 64], a[64 * 64], work[64];
        const clfi_rng rng = {.seed = s};
        clfi_rng_normal(&rng, 0, (size_t)(b * D), before);
        memcpy(a, before, sizeof a);
        clfi_qr_rows(a, b, D, work);
        assert_qr(before, a, b, D);
    }
}
END_TEST

/* Not drawn in practice, yet the result is orthonormal and finite. */
START_TEST(qr_takes_degenerate_rows)
{
    double rows[][9] = {{0}, {0, 0, 0, 1, 2, 3, 1, 2, 3}, {1, 0, 0, 0, 1, 0, 0, 0, 0}};
    for (size_t s = 0; s < 3; s++) {
        double work[3];
        clfi_qr_rows(rows[s], 3, 3, work);
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < 3; j++) {
                const double dot = clfi_det_dot(rows[s] + 3 * i, rows[s] + 3 * j, 3);
                ck_assert_double_le(fabs(dot - (i == j)), 1e-15);
            }
        }
    }
}
END_TEST

START_TEST(dot_takes_every_tail)
{
    double x[11], y[11], right = 0;
    for (int n = 0; n <= 11; n++) {
        ck_assert_double_eq(clfi_det_dot(x, y, n), right);
        if (n == 11)
            break;
        x[n] = n + 1;
        y[n] = 2 * n - 3;
        right += x[n] * y[n];
    }
}
END_TEST

static clf_projection *create(clf_projection_params params)
{
    clf_projection *projection = NULL;
    ck_assert_int_eq(clf_projection_create(&params, NULL, &projection), CLF_OK);
    ck_assert_ptr_nonnull(projection);
    return projection;
}

static double row_dot(const float *W, int64_t D, int64_t i, int64_t j)
{
    double sum = 0;
    for (int64_t d = 0; d < D; d++)
        sum += (double)W[i * D + d] * W[j * D + d];
    return sum;
}

START_TEST(bits_are_golden)
{
    for (int i = 0; i < GOLDEN_ROWS; i++) {
        const clf_projection_params *p = &k_golden[i].params;
        clf_projection *projection = create(*p);
        const int64_t heads = p->heads ? p->heads : 1;
        ck_assert_int_eq(clf_projection_heads(projection), heads);
        ck_assert_int_eq(clf_projection_rows(projection), p->M);
        ck_assert_int_eq(clf_projection_columns(projection), p->D);
        const uint64_t hash = golden_hash(clf_projection_data(projection), heads * p->M * p->D);
        ck_assert_msg(hash == k_golden[i].hash, "row %d: 0x%016llx", i, (unsigned long long)hash);
        clf_projection_destroy(&projection);
        ck_assert_ptr_null(projection);
    }
}
END_TEST

START_TEST(doubles_are_golden)
{
    const uint64_t hash = golden_doubles();
    ck_assert_msg(hash == k_golden_doubles, "0x%016llx", (unsigned long long)hash);
}
END_TEST

static void assert_orthogonal_blocks(clf_projection_kind kind)
{
    enum {
        M = 41,
        D = 16
    };
    clf_projection *projection =
        create((clf_projection_params){.M = M, .D = D, .seed = 8, .kind = kind});
    const float *W = clf_projection_data(projection);
    double between_blocks = 0;
    for (int i = 0; i < M; i++) {
        for (int j = 0; j < i; j++) {
            const double dot =
                row_dot(W, D, i, j) / sqrt(row_dot(W, D, i, i) * row_dot(W, D, j, j));
            if (i / D == j / D)
                ck_assert_double_le(fabs(dot), 1e-6);
            else
                between_blocks = fmax(between_blocks, fabs(dot));
        }
    }
    ck_assert_double_gt(between_blocks, 0.3);
    clf_projection_destroy(&projection);
}

START_TEST(blocks_are_orthogonal)
{
    assert_orthogonal_blocks(CLF_PROJECTION_ORTHOGONAL);
    assert_orthogonal_blocks(CLF_PROJECTION_STRUCTURED);
}
END_TEST

START_TEST(norms_are_as_asked)
{
    enum {
        M = 4000,
        D = 16
    };
    for (int kind = 0; kind < CLF_PROJECTION_KIND_COUNT; kind++) {
        clf_projection_params params = {
            .M = M, .D = D, .seed = 9, .kind = (clf_projection_kind)kind};
        params.norms = CLF_NORMS_SQRT_D;
        clf_projection *projection = create(params);
        for (int i = 0; i < M; i++)
            ck_assert_double_le(fabs(row_dot(clf_projection_data(projection), D, i, i) - D), 1e-4);
        clf_projection_destroy(&projection);

        /* Squared chi norms have mean D and variance 2 D. */
        params.norms = CLF_NORMS_CHI;
        projection = create(params);
        double sum = 0;
        double square = 0;
        for (int i = 0; i < M; i++) {
            const double r = row_dot(clf_projection_data(projection), D, i, i) - D;
            sum += r;
            square += r * r;
        }
        ck_assert_double_le(fabs(sum / M), 5 * sqrt(2.0 * D / M));
        ck_assert_double_le(fabs(square / M / (2 * D) - 1), 5 * sqrt((2 + 12.0 / D) / M));
        clf_projection_destroy(&projection);
    }
}
END_TEST

static void assert_draws_depend_on_seed_and_head(clf_projection_kind kind)
{
    enum {
        D = 12
    };
    clf_projection *three =
        create((clf_projection_params){.M = 30, .D = D, .heads = 3, .seed = 1, .kind = kind});
    clf_projection *shared =
        create((clf_projection_params){.M = 30, .D = D, .seed = 1, .kind = kind});
    clf_projection *other =
        create((clf_projection_params){.M = 30, .D = D, .seed = 2, .kind = kind});
    clf_projection *shorter =
        create((clf_projection_params){.M = 17, .D = D, .seed = 1, .kind = kind});
    const float *W = clf_projection_data(three);
    const size_t bytes = 30 * D * sizeof *W;
    ck_assert_mem_eq(W, clf_projection_data(shared), bytes);
    ck_assert_mem_ne(W, W + 30 * D, bytes);
    ck_assert_mem_ne(W + 30 * D, W + 2 * 30 * D, bytes);
    ck_assert_mem_ne(W, clf_projection_data(other), bytes);
    ck_assert_mem_eq(W, clf_projection_data(shorter), 17 * D * sizeof *W);
    clf_projection_destroy(&three);
    clf_projection_destroy(&shared);
    clf_projection_destroy(&other);
    clf_projection_destroy(&shorter);
}

START_TEST(draws_depend_on_seed_and_head_not_on_M)
{
    for (int kind = 0; kind < CLF_PROJECTION_KIND_COUNT; kind++)
        assert_draws_depend_on_seed_and_head((clf_projection_kind)kind);
}
END_TEST

/* Rows of equal norms are H D1 H D2 H D3 / n: whole numbers of 1/n, and of a column, which is a sum
 * of n signs of sums of n signs, the mean fourth power is 3 - 6/n + 4/n^2. */
START_TEST(structured_rows_are_transforms_of_signs)
{
    enum {
        D = 16,
        HEADS = 20000
    };
    clf_projection *projection = create((clf_projection_params){.M = D,
                                                                .D = D,
                                                                .heads = HEADS,
                                                                .seed = 10,
                                                                .kind = CLF_PROJECTION_STRUCTURED,
                                                                .norms = CLF_NORMS_SQRT_D});
    const float *W = clf_projection_data(projection);
    double sum = 0, square = 0;
    for (int h = 0; h < HEADS; h++) {
        double fourth = 0;
        for (int j = 0; j < D; j++) {
            const double w = W[(h * D + j) * D + h % D];
            ck_assert_double_eq(w * D, rint(w * D));
            fourth += w * w * w * w / D;
        }
        sum += fourth;
        square += fourth * fourth;
    }
    clf_projection_destroy(&projection);
    const double mean = sum / HEADS, error = sqrt((square / HEADS - mean * mean) / HEADS);
    const double right = 3 - 6.0 / D + 4.0 / (D * D);
    printf("fourth powers: %.4f (s.e. %.4f), right %.4f\n", mean, error, right);
    ck_assert_double_le(fabs(mean - right), 5 * error);
    ck_assert_double_le(error, 0.01);  // a normal number has 3
}
END_TEST

/* FAVOR++ of structured rows, one A a head from one W: signs stay, scales and W go together. */
START_TEST(structure_is_kept_by_oprf)
{
    enum {
        M = 11,
        D = 5,
        N = 8
    };
    clf_projection *from =
        create((clf_projection_params){.M = M, .D = D, .kind = CLF_PROJECTION_STRUCTURED});
    clf_projection *to = NULL;
    const double A[] = {0.1, -0.4};
    ck_assert_int_eq(clf_projection_oprf(from, A, 2, NULL, &to), CLF_OK);
    ck_assert_int_eq(to->n, N);
    for (int h = 0; h < 2; h++) {
        const int64_t signs = clfi_structured_signs(M, N);
        ck_assert_mem_eq(to->signs + h * signs, from->signs, (size_t)signs * sizeof(float));
        for (int j = 0; j < M; j++)
            ck_assert_double_eq_tol(to->scale[h * M + j], sqrt(1 - 4 * A[h]) * from->scale[j],
                                    1e-15);
    }
    clf_projection_destroy(&from);
    clf_projection_destroy(&to);
}
END_TEST

START_TEST(import_copies)
{
    float W[2 * 3 * 4];
    float bias[2 * 3];
    for (int i = 0; i < 24; i++)
        W[i] = (float)i - 7.5f;
    for (int i = 0; i < 6; i++)
        bias[i] = (float)i / 4 - 1;
    clf_projection *projection = NULL;
    ck_assert_int_eq(clf_projection_import(W, NULL, 2, 3, 4, NULL, &projection), CLF_OK);
    ck_assert_mem_eq(clf_projection_data(projection), W, sizeof W);
    ck_assert_ptr_null(clf_projection_bias(projection));
    clf_projection_destroy(&projection);
    ck_assert_int_eq(clf_projection_import(W, bias, 2, 3, 4, NULL, &projection), CLF_OK);
    ck_assert_ptr_ne(clf_projection_data(projection), W);
    ck_assert_ptr_ne(clf_projection_bias(projection), bias);
    ck_assert_mem_eq(clf_projection_data(projection), W, sizeof W);
    ck_assert_mem_eq(clf_projection_bias(projection), bias, sizeof bias);
    ck_assert_int_eq(clf_projection_heads(projection), 2);
    ck_assert_int_eq(clf_projection_rows(projection), 3);
    ck_assert_int_eq(clf_projection_columns(projection), 4);
    clf_projection_destroy(&projection);
    const float bad[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < 3; i++) {
        kept_log kept;
        const clf_log *log = keep(&kept, CLF_LOG_ERROR);
        bias[5] = bad[i];
        ck_assert_int_eq(clf_projection_import(W, bias, 2, 3, 4, log, &projection),
                         CLF_ERROR_INVALID_ARGUMENT);
        assert_said(&kept, "bias[5]=");
        ck_assert_ptr_null(projection);
        const float value = W[23];
        W[23] = bad[i];
        ck_assert_int_eq(clf_projection_import(W, NULL, 2, 3, 4, log, &projection),
                         CLF_ERROR_INVALID_ARGUMENT);
        assert_said(&kept, "W[23]=");
        ck_assert_ptr_null(projection);
        W[23] = value;
    }
}
END_TEST

static const struct refused {
    clf_projection_params params;
    const char *said;
} k_refused[] = {
    {{.M = 0, .D = 4}, "M=0"},
    {{.M = -1, .D = 4}, "M=-1"},
    {{.M = ((int64_t)1 << 20) + 1, .D = 4}, "M=1048577"},
    {{.M = INT64_MIN, .D = 4}, "M=-9223372036854775808"},
    {{.M = INT64_MAX, .D = 4}, "M=9223372036854775807"},
    {{.M = 4, .D = 0}, "D=0"},
    {{.M = 4, .D = -1}, "D=-1"},
    {{.M = 4, .D = ((int64_t)1 << 15) + 1}, "D=32769"},
    {{.M = 4, .D = INT64_MAX}, "D=9223372036854775807"},
    {{.M = 4, .D = INT64_MAX, .kind = CLF_PROJECTION_STRUCTURED}, "D=9223372036854775807"},
    {{.M = 4, .D = 4, .heads = -1}, "heads=-1"},
    {{.M = 4, .D = 4, .heads = INT64_MAX}, "heads=9223372036854775807"},
    {{.M = 1 << 20, .D = 1 << 11, .heads = 2}, "heads=2"},
    {{.M = 4, .D = 4, .kind = CLF_PROJECTION_KIND_COUNT}, "kind 3"},
    {{.M = 4, .D = 4, .kind = (clf_projection_kind)-1}, "kind"},
    {{.M = 4, .D = 4, .norms = (clf_norms)2}, "norms 2"},
};

START_TEST(arguments_are_checked)
{
    const float W[] = {1, 2, 3, 4};
    clf_projection *const never = (clf_projection *)W;
    for (size_t i = 0; i < sizeof k_refused / sizeof k_refused[0]; i++) {
        const clf_projection_params *p = &k_refused[i].params;
        kept_log kept;
        clf_projection *projection = never;
        ck_assert_int_eq(clf_projection_create(p, keep(&kept, CLF_LOG_ERROR), &projection),
                         CLF_ERROR_INVALID_ARGUMENT);
        assert_said(&kept, k_refused[i].said);
        ck_assert_ptr_null(projection);
        if (p->kind != 0 || p->norms != 0)
            continue;
        projection = never;
        const int64_t heads = p->heads ? p->heads : 1;
        ck_assert_int_eq(
            clf_projection_import(W, W, heads, p->M, p->D, keep(&kept, CLF_LOG_ERROR), &projection),
            CLF_ERROR_INVALID_ARGUMENT);
        assert_said(&kept, k_refused[i].said);
        ck_assert_ptr_null(projection);
    }
    clf_projection *projection = never;
    const clf_projection_params good = {.M = 1, .D = 1};
    ck_assert_int_eq(clf_projection_create(NULL, NULL, &projection), CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_ptr_null(projection);
    ck_assert_int_eq(clf_projection_create(&good, NULL, NULL), CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clf_projection_import(NULL, W, 1, 1, 1, NULL, &projection),
                     CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clf_projection_import(W, NULL, 0, 1, 1, NULL, &projection),
                     CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clf_projection_import(W, NULL, 1, 1, 1, NULL, NULL),
                     CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_ptr_null(clf_projection_data(NULL));
    ck_assert_ptr_null(clf_projection_bias(NULL));
    ck_assert_int_eq(clf_projection_heads(NULL), 0);
    ck_assert_int_eq(clf_projection_rows(NULL), 0);
    ck_assert_int_eq(clf_projection_columns(NULL), 0);
    clf_projection_destroy(NULL);
    clf_projection_destroy(&projection);
}
END_TEST

RUN_TESTS("projection", integers_are_philox, elementary_functions_are_right,
          elementary_functions_are_exact_at_corners, normal_numbers_are_normal,
          normal_numbers_depend_on_their_place_alone, qr_is_gram_schmidt, qr_takes_degenerate_rows,
          dot_takes_every_tail, bits_are_golden, doubles_are_golden, blocks_are_orthogonal,
          norms_are_as_asked, draws_depend_on_seed_and_head_not_on_M,
          structured_rows_are_transforms_of_signs, structure_is_kept_by_oprf, import_copies,
          arguments_are_checked)
