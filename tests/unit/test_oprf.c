/* FAVOR++ as a projection: the numbers of W' and the bias, the best A, and the mean it is made
 * from. That the estimator is unbiased, and its variance, is in test_statistics.c. */
#include "support.h"

#include <float.h>
#include <math.h>

#include <clfavor/features.h>

#include "host/rng.h"

enum {
    M = 5,
    D = 7
};

static clf_projection *draw(int64_t heads)
{
    clf_projection *projection = NULL;
    const clf_projection_params params = {.M = M, .D = D, .heads = heads, .seed = 21};
    ck_assert_int_eq(clf_projection_create(&params, NULL, &projection), CLF_OK);
    return projection;
}

START_TEST(heads_are_scaled_each_by_its_A)
{
    const double A[] = {-0.3, 0, 0.1};
    const struct {
        int64_t heads, count, result;
    } rows[] = {{1, 1, 1}, {1, 3, 3}, {3, 1, 3}, {3, 3, 3}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        clf_projection *from = draw(rows[i].heads);
        clf_projection *oprf = NULL;
        ck_assert_int_eq(clf_projection_oprf(from, A, rows[i].count, NULL, &oprf), CLF_OK);
        ck_assert_int_eq(clf_projection_heads(oprf), rows[i].result);
        ck_assert_int_eq(clf_projection_rows(oprf), M);
        ck_assert_int_eq(clf_projection_columns(oprf), D);
        for (int64_t h = 0; h < rows[i].result; h++) {
            const double a = A[rows[i].count == 1 ? 0 : h];
            const float *W = clf_projection_data(from) + (rows[i].heads == 1 ? 0 : h * M * D);
            for (int64_t j = 0; j < M; j++) {
                double square = 0;
                for (int64_t d = 0; d < D; d++) {
                    const double w = W[j * D + d];
                    square += w * w;
                    ck_assert_float_eq(clf_projection_data(oprf)[(h * M + j) * D + d],
                                       (float)(sqrt(1 - 4 * a) * w));
                }
                ck_assert_float_eq(clf_projection_bias(oprf)[h * M + j], (float)(a * square));
            }
        }
        clf_projection_destroy(&from);
        clf_projection_destroy(&oprf);
    }
}
END_TEST

START_TEST(A_of_zero_changes_nothing)
{
    const double zero = 0;
    const float none[M] = {0};
    clf_projection *from = draw(1);
    clf_projection *oprf = NULL;
    ck_assert_int_eq(clf_projection_oprf(from, &zero, 1, NULL, &oprf), CLF_OK);
    ck_assert_mem_eq(clf_projection_data(oprf), clf_projection_data(from), M * D * sizeof(float));
    ck_assert_mem_eq(clf_projection_bias(oprf), none, sizeof none);
    ck_assert_ptr_null(clf_projection_bias(from));
    clf_projection_destroy(&from);
    clf_projection_destroy(&oprf);
}
END_TEST

static void assert_refused(const clf_projection *from, const double *A, int64_t count,
                           const char *said)
{
    kept_log kept;
    clf_projection *oprf = (clf_projection *)&kept;
    ck_assert_int_eq(clf_projection_oprf(from, A, count, keep(&kept, CLF_LOG_ERROR), &oprf),
                     CLF_ERROR_INVALID_ARGUMENT);
    assert_said(&kept, said);
    ck_assert_ptr_null(oprf);
}

START_TEST(bad_arguments_are_refused)
{
    const double bad[] = {NAN, INFINITY, -INFINITY, 0.125, 1, 1e300};
    double A[4] = {0};
    clf_projection *one = draw(1);
    clf_projection *three = draw(3);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        A[2] = bad[i];
        assert_refused(one, A, 3, "A[2]=");
        assert_refused(three, A, 3, "A[2]=");
    }
    A[2] = -1e300;
    assert_refused(three, A, 3, "A[2]=-1e+300 takes W or the bias of head 2 beyond fp32");
    A[2] = nextafter(0.125, 0);
    clf_projection *biased = NULL;
    ck_assert_int_eq(clf_projection_oprf(one, A, 3, NULL, &biased), CLF_OK);
    assert_refused(biased, A, 1, "a bias already");
    assert_refused(NULL, A, 1, "from is NULL");
    assert_refused(one, NULL, 1, "A is NULL");
    assert_refused(one, A, 0, "count=0");
    assert_refused(one, A, -1, "count=-1");
    assert_refused(one, A, INT64_MAX, "heads=9223372036854775807");
    assert_refused(three, A, 2, "count=2 values of A do not fit heads=3");
    assert_refused(three, A, 4, "count=4 values of A do not fit heads=3");
    ck_assert_int_eq(clf_projection_oprf(one, A, 1, NULL, NULL), CLF_ERROR_INVALID_ARGUMENT);
    clf_projection_destroy(&one);
    clf_projection_destroy(&three);
    clf_projection_destroy(&biased);
}
END_TEST

/* W is near the end of fp32, so that sqrt(1 - 4A) or |w|^2 goes beyond. */
START_TEST(what_fp32_cannot_hold_is_refused)
{
    const float W[] = {1, FLT_MAX / 2};
    const double A[] = {-1e-30, 0, -3};
    clf_projection *from = NULL;
    ck_assert_int_eq(clf_projection_import(W, NULL, 1, 1, 2, NULL, &from), CLF_OK);
    assert_refused(from, A, 1, "A[0]=-1e-30 takes");
    assert_refused(from, A + 2, 1, "A[0]=-3 takes");
    clf_projection *oprf = NULL;
    ck_assert_int_eq(clf_projection_oprf(from, A + 1, 1, NULL, &oprf), CLF_OK);
    clf_projection_destroy(&oprf);
    clf_projection_destroy(&from);
}
END_TEST

/* ln of the relative second moment for one feature and |x + y|^2 = v2, any A (docs/math.md). */
static double log_moment(double A, double v2, int64_t columns)
{
    return (double)columns * log((1 - 4 * A) / sqrt(1 - 8 * A)) + v2 / (1 - 8 * A);
}

START_TEST(the_optimum_has_the_least_variance)
{
    const double squares[] = {0.01, 0.5, 2, 16, 64, 1000};
    const int64_t sizes[] = {1, 16, 64, 1024};
    for (size_t i = 0; i < sizeof squares / sizeof squares[0]; i++) {
        for (size_t j = 0; j < sizeof sizes / sizeof sizes[0]; j++) {
            const double best = clf_oprf_optimum(squares[i], sizes[j]);
            const double least = log_moment(best, squares[i], sizes[j]);
            ck_assert_double_lt(best, 0);
            for (double away = 1e-3; away < 2; away *= 2) {
                const double step = away * -best;
                ck_assert_double_gt(log_moment(best - step, squares[i], sizes[j]), least);
                if (best + step < 0.125)
                    ck_assert_double_gt(log_moment(best + step, squares[i], sizes[j]), least);
            }
        }
    }
}
END_TEST

START_TEST(the_optimum_has_its_ends)
{
    ck_assert_double_eq(clf_oprf_optimum(0, 1), 0);
    ck_assert_double_eq_tol(clf_oprf_optimum(16, 16), (-1 - sqrt(17)) / 16, 1e-15);
    /* -u / 4 far out, where (2u + 1)^2 is beyond a double. */
    ck_assert_double_eq_tol(clf_oprf_optimum(1e300, 1) / -2.5e299, 1, 1e-14);
    const double bad[] = {-1, -DBL_MIN, NAN, -INFINITY};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert(isnan(clf_oprf_optimum(bad[i], 4)));
    ck_assert(isnan(clf_oprf_optimum(1, 0)));
    ck_assert(isnan(clf_oprf_optimum(1, -1)));
}
END_TEST

START_TEST(mean_square_is_the_double_loop)
{
    enum {
        L = 9,
        S = 4,
        WIDTH = 140
    };
    const int64_t sizes[] = {1, 7, 63, 64, 65, 130};
    const double scales[] = {0, 0.3};
    double normal[(L + S) * WIDTH];
    float q[L * WIDTH], k[S * WIDTH];
    clfi_rng_normal(&(clfi_rng){.seed = 4}, 0, (L + S) * WIDTH, normal);
    for (int i = 0; i < L * WIDTH; i++)
        q[i] = (float)normal[i] + 0.5f;
    for (int i = 0; i < S * WIDTH; i++)
        k[i] = (float)normal[L * WIDTH + i] * 2;
    for (size_t n = 0; n < sizeof sizes / sizeof sizes[0]; n++) {
        for (int s = 0; s < 2; s++) {
            const int64_t columns = sizes[n];
            const int64_t q_stride = columns == 130 ? WIDTH : columns;
            const int64_t k_stride = columns + 3;
            const double root = sqrt(s ? scales[s] : 1 / sqrt((double)columns));
            double right = 0;
            for (int i = 0; i < L; i++) {
                for (int j = 0; j < S; j++) {
                    for (int d = 0; d < columns; d++) {
                        const double z = root * q[i * q_stride + d] + root * k[j * k_stride + d];
                        right += z * z / (L * S);
                    }
                }
            }
            const double mean =
                clf_oprf_mean_square(q, L, q_stride, k, S, k_stride, columns, scales[s]);
            ck_assert_double_eq_tol(mean / right, 1, 1e-13);
        }
    }
}
END_TEST

/* Rounding must not take the mean of squares below 0, where there is no optimum. */
START_TEST(opposed_queries_and_keys_have_mean_square_zero)
{
    for (uint64_t seed = 0; seed < 50; seed++) {
        double normal[D];
        float q[D], k[3 * D];
        clfi_rng_normal(&(clfi_rng){.seed = seed}, 0, D, normal);
        for (int i = 0; i < 3 * D; i++) {
            q[i % D] = (float)normal[i % D];
            k[i] = -q[i % D];
        }
        const double mean = clf_oprf_mean_square(q, 1, D, k, 3, D, D, 0);
        ck_assert_double_ge(mean, 0);
        ck_assert_double_le(mean, 1e-14);
    }
}
END_TEST

START_TEST(mean_square_of_bad_arguments_is_nan)
{
    const float x[D] = {0};
    const float lost[D] = {0, NAN};
    ck_assert_double_eq(clf_oprf_mean_square(x, 1, D, x, 1, D, D, 0), 0);
    ck_assert(isnan(clf_oprf_mean_square(NULL, 1, D, x, 1, D, D, 0)));
    ck_assert(isnan(clf_oprf_mean_square(x, 1, D, NULL, 1, D, D, 0)));
    ck_assert(isnan(clf_oprf_mean_square(x, 0, D, x, 1, D, D, 0)));
    ck_assert(isnan(clf_oprf_mean_square(x, 1, D, x, -1, D, D, 0)));
    ck_assert(isnan(clf_oprf_mean_square(x, 1, D, x, 1, D, 0, 0)));
    ck_assert(isnan(clf_oprf_mean_square(x, 1, D, x, 1, D, D, -1)));
    ck_assert(isnan(clf_oprf_mean_square(x, 1, D, x, 1, D, D, NAN)));
    ck_assert(isnan(clf_oprf_mean_square(x, 1, D, lost, 1, D, D, 1)));
}
END_TEST

RUN_TESTS("oprf", heads_are_scaled_each_by_its_A, A_of_zero_changes_nothing,
          bad_arguments_are_refused, what_fp32_cannot_hold_is_refused,
          the_optimum_has_the_least_variance, the_optimum_has_its_ends,
          mean_square_is_the_double_loop, opposed_queries_and_keys_have_mean_square_zero,
          mean_square_of_bad_arguments_is_nan)
