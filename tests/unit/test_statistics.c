/* The features against their closed forms (docs/math.md): unbiased, and with the variance that
 * theory gives, for independent and for orthogonal rows.
 *
 * Seeds are fixed, so the result is the same every time. The same file is built a second time
 * with the sign fix of the QR taken out, and must then fail. */
#include "support.h"

#include <math.h>

#include <clfavor/features.h>

#include "host/rng.h"

/* |x + y|^2; the estimators are heavy-tailed above. */
static const double k_v2 = 2;

enum {
    D = 16,
    DRAWS = 120000,
    BATCH = 1000,
    KINDS = 2
};

/* A mean and its standard error. */
typedef struct estimate {
    double sum, square;
    int64_t count;
} estimate;

static void add(estimate *e, double value)
{
    e->sum += value;
    e->square += value * value;
    e->count++;
}

static double mean(const estimate *e)
{
    return e->sum / (double)e->count;
}

static double standard_error(const estimate *e)
{
    const double m = mean(e);
    return sqrt((e->square / (double)e->count - m * m) / (double)e->count);
}

/* Per kind, the estimate of SM divided by SM, and its squared distance from 1. */
typedef struct figures {
    estimate ratio[KINDS];
    estimate error[KINDS];
} figures;

/* u_n = w.z_n for the Walsh directions z_n = x + y, n = 0 .. D - 1, (1, .., 1) first; |z_n|^2 = v2.
 * phi(x).phi(y) / SM is the mean over rows of exp(w.z - |z|^2/2): only the sum of x and y counts.
 */
static void project(const float *w, double u[D])
{
    for (int d = 0; d < D; d++)
        u[d] = w[d] * sqrt(k_v2 / D);
    for (int half = 1; half < D; half *= 2) {
        for (int d = 0; d < D; d++) {
            if (d & half)
                continue;
            const double a = u[d];
            const double b = u[d + half];
            u[d] = a + b;
            u[d + half] = a - b;
        }
    }
}

/* One draw of W gives one value per figure: the mean over the directions. */
static void add_draw(figures *f, const float *W, int64_t M)
{
    double ratio[KINDS][D] = {{0}};
    for (int64_t r = 0; r < M; r++) {
        double u[D];
        project(W + r * D, u);
        for (int n = 0; n < D; n++) {
            const double plus = exp(u[n] - k_v2 / 2);
            ratio[CLF_KIND_EXP][n] += plus / (double)M;
            ratio[CLF_KIND_COSH][n] += (plus + exp(-u[n] - k_v2 / 2)) / (double)(2 * M);
        }
    }
    for (int kind = 0; kind < KINDS; kind++) {
        double sum = 0;
        double error = 0;
        for (int n = 0; n < D; n++) {
            sum += ratio[kind][n];
            error += (ratio[kind][n] - 1) * (ratio[kind][n] - 1);
        }
        add(&f->ratio[kind], sum / D);
        add(&f->error[kind], error / D);
    }
}

static figures measure(clf_projection_kind kind, int64_t M)
{
    figures f = {0};
    for (uint64_t batch = 0; batch < DRAWS / BATCH; batch++) {
        clf_projection *projection = NULL;
        ck_assert_int_eq(
            clf_projection_create(
                &(clf_projection_params){
                    .M = M, .D = D, .heads = BATCH, .seed = 1000 + batch, .kind = kind},
                NULL, &projection),
            CLF_OK);
        for (int64_t h = 0; h < BATCH; h++)
            add_draw(&f, clf_projection_data(projection) + h * M * D, M);
        clf_projection_destroy(&projection);
    }
    return f;
}

/* Kummer's function 1F1(a; b; x) by its series. */
static double kummer(double a, double b, double x)
{
    double term = 1;
    double sum = 1;
    for (int n = 0; n < 200; n++) {
        term *= (a + n) / (b + n) * x / (n + 1);
        sum += term;
    }
    return sum;
}

/* The relative mean squared error in closed form. */
static double closed_form(clf_projection_kind projection, clf_kind kind, int64_t M)
{
    const double m = (double)M;
    const double independent =
        kind == CLF_KIND_EXP ? (exp(k_v2) - 1) / m : (exp(k_v2) - 2 + exp(-k_v2)) / (2 * m);
    if (projection == CLF_PROJECTION_IID)
        return independent;
    double pairs = 0;
    for (int64_t left = M; left > 0; left -= D) {
        const double b = left < D ? (double)left : D;
        pairs += b * (b - 1);
    }
    return independent + pairs / (m * m) * (exp(-k_v2) * kummer(D, D / 2.0, k_v2 / 2) - 1);
}

START_TEST(closed_forms_have_their_check_values)
{
    ck_assert_double_eq_tol(closed_form(CLF_PROJECTION_IID, CLF_KIND_EXP, 16), 0.3993, 5e-5);
    ck_assert_double_eq_tol(closed_form(CLF_PROJECTION_ORTHOGONAL, CLF_KIND_EXP, 16), 0.3158, 5e-5);
    /* 1F1(a; a; x) = e^x and 1F1(1; 2; x) = (e^x - 1) / x. */
    ck_assert_double_eq_tol(kummer(3, 3, 1.5), exp(1.5), 1e-14);
    ck_assert_double_eq_tol(kummer(1, 2, 2), (exp(2) - 1) / 2, 1e-14);
}
END_TEST

static void assert_figures(clf_projection_kind projection, int64_t M)
{
    const figures f = measure(projection, M);
    for (int kind = 0; kind < KINDS; kind++) {
        const double right = closed_form(projection, (clf_kind)kind, M);
        const double gap = fabs(closed_form(CLF_PROJECTION_IID, (clf_kind)kind, M) -
                                closed_form(CLF_PROJECTION_ORTHOGONAL, (clf_kind)kind, M));
        const double bias = mean(&f.ratio[kind]) - 1;
        const double bias_error = standard_error(&f.ratio[kind]);
        const double error = mean(&f.error[kind]);
        const double error_error = standard_error(&f.error[kind]);
        printf("%s M=%d %s: bias %+.5f (s.e. %.5f), relative MSE %.4f (s.e. %.4f), theory %.4f\n",
               projection == CLF_PROJECTION_IID ? "iid" : "orthogonal", (int)M,
               kind == CLF_KIND_EXP ? "exp" : "cosh", bias, bias_error, error, error_error, right);
        ck_assert_double_le(fabs(bias), 5 * bias_error);
        ck_assert_double_le(fabs(error - right), 5 * error_error);
        /* Otherwise the test could not tell the two sorts of rows apart. */
        ck_assert_double_le(5 * error_error, gap / 2);
    }
}

START_TEST(independent_rows)
{
    assert_figures(CLF_PROJECTION_IID, 16);
}
END_TEST

START_TEST(orthogonal_rows)
{
    assert_figures(CLF_PROJECTION_ORTHOGONAL, 16);
}
END_TEST

/* The second block is cut to half its rows. */
START_TEST(orthogonal_rows_with_a_cut_block)
{
    assert_figures(CLF_PROJECTION_ORTHOGONAL, 24);
}
END_TEST

/* Structured rows are not Haar's. Their bias is of the order of v2^2 / n^2, and their error that of
 * orthogonal rows (docs/math.md); along Walsh directions no closed form is known. */
START_TEST(structured_rows)
{
    const int64_t M = D;
    const figures f = measure(CLF_PROJECTION_STRUCTURED, M);
    for (int kind = 0; kind < KINDS; kind++) {
        const double bias = mean(&f.ratio[kind]) - 1, error = mean(&f.error[kind]);
        const double orthogonal = closed_form(CLF_PROJECTION_ORTHOGONAL, (clf_kind)kind, M);
        printf("structured M=%d %s: bias %+.5f (s.e. %.5f), relative MSE %.4f (s.e. %.4f), "
               "orthogonal %.4f\n",
               (int)M, kind == CLF_KIND_EXP ? "exp" : "cosh", bias, standard_error(&f.ratio[kind]),
               error, standard_error(&f.error[kind]), orthogonal);
        ck_assert_double_le(fabs(bias), k_v2 * k_v2 / (D * D));
        ck_assert_double_le(fabs(error / orthogonal - 1), 0.1);
    }
}
END_TEST

/* FAVOR++: ln of the relative second moment of one feature for any A, rho = 1 / (1 - 8A). */
static double oprf_log_moment(double A, double v2, int64_t columns)
{
    const double rho = 1 / (1 - 8 * A);
    return (double)columns * log((1 + rho) / (2 * sqrt(rho))) + rho * v2;
}

/* W' and bias of BATCH heads of independent rows. */
static clf_projection *draw_oprf(int64_t M, int64_t columns, uint64_t seed, double A)
{
    const clf_projection_params params = {
        .M = M, .D = columns, .heads = BATCH, .seed = seed, .kind = CLF_PROJECTION_IID};
    clf_projection *projection = NULL;
    clf_projection *oprf = NULL;
    ck_assert_int_eq(clf_projection_create(&params, NULL, &projection), CLF_OK);
    ck_assert_int_eq(clf_projection_oprf(projection, &A, 1, NULL, &oprf), CLF_OK);
    clf_projection_destroy(&projection);
    return oprf;
}

/* The estimate of SM divided by SM, and its squared distance from 1, over the directions. */
static void measure_oprf(double A, int64_t M, estimate *ratio, estimate *error)
{
    enum {
        BATCHES = 20
    };
    const double common = pow(1 - 4 * A, D / 2.0) / (double)M;
    for (uint64_t batch = 0; batch < BATCHES; batch++) {
        clf_projection *oprf = draw_oprf(M, D, 5000 + batch, A);
        const float *W = clf_projection_data(oprf);
        const float *bias = clf_projection_bias(oprf);
        for (int64_t h = 0; h < BATCH; h++) {
            double sums[D] = {0};
            for (int64_t r = h * M; r < (h + 1) * M; r++) {
                double u[D];
                project(W + r * D, u);
                for (int n = 0; n < D; n++)
                    sums[n] += common * exp(u[n] + 2 * (double)bias[r] - k_v2 / 2);
            }
            double sum = 0, square = 0;
            for (int n = 0; n < D; n++) {
                sum += sums[n];
                square += (sums[n] - 1) * (sums[n] - 1);
            }
            add(ratio, sum / D);
            add(error, square / D);
        }
        clf_projection_destroy(&oprf);
    }
}

START_TEST(oprf_closed_form_has_its_check_values)
{
    const double rows[][2] = {{2, 1.89}, {4, 3.59}, {8, 6.61}, {16, 11.61}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const double v2 = rows[i][0];
        ck_assert_double_eq_tol(oprf_log_moment(clf_oprf_optimum(v2, 64), v2, 64), rows[i][1],
                                5e-3);
        /* rho of the optimum as a root of its own. */
        const double s = 2 * v2 + 64;
        const double rho = (sqrt(s * s + 8 * 64 * v2) - s) / (4 * v2);
        ck_assert_double_eq_tol(1 / (1 - 8 * clf_oprf_optimum(v2, 64)), rho, 1e-14);
    }
    ck_assert_double_eq(oprf_log_moment(0, 2, 64), 2);
}
END_TEST

/* A = 0 is FAVOR+. The last A is the optimum, and measurably better than it. */
START_TEST(oprf_is_unbiased_with_the_variance_of_theory)
{
    enum {
        M = 16
    };
    const double A[] = {0, -0.05, -0.3, 0.01, clf_oprf_optimum(k_v2, D)};
    estimate first = {0}, last = {0};
    for (size_t i = 0; i < sizeof A / sizeof A[0]; i++) {
        estimate ratio = {0}, error = {0};
        measure_oprf(A[i], M, &ratio, &error);
        const double right = expm1(oprf_log_moment(A[i], k_v2, D)) / M;
        printf("A=%+.4f: bias %+.5f (s.e. %.5f), relative MSE %.4f (s.e. %.4f), theory %.4f\n",
               A[i], mean(&ratio) - 1, standard_error(&ratio), mean(&error), standard_error(&error),
               right);
        ck_assert_double_le(fabs(mean(&ratio) - 1), 5 * standard_error(&ratio));
        ck_assert_double_le(fabs(mean(&error) - right), 5 * standard_error(&error));
        first = i == 0 ? error : first;
        last = error;
    }
    ck_assert_double_lt(mean(&last) + 5 * standard_error(&last),
                        mean(&first) - 5 * standard_error(&first));
}
END_TEST

/* Three queries and seven longer keys of few columns. */
enum {
    COLUMNS = 4,
    L = 3,
    S = 7
};

/* ln phi(x) for one row of W'. */
static double log_phi(const clf_projection *oprf, int64_t head, const float *x)
{
    const float *w = clf_projection_data(oprf) + head * COLUMNS;
    double u = clf_projection_bias(oprf)[head];
    for (int d = 0; d < COLUMNS; d++)
        u += (double)w[d] * x[d] - (double)x[d] * x[d] / 2;
    return u;
}

/* phi(q_i).phi(k_j) / SM as a mean over all pairs, one value a draw. */
static estimate pairs_ratio(const float *q, const float *k, double A_of_q, double A_of_k)
{
    enum {
        BATCHES = 25
    };
    const double common = pow(1 - 2 * A_of_q - 2 * A_of_k, COLUMNS / 2.0) / (L * S);
    estimate ratio = {0};
    for (uint64_t batch = 0; batch < BATCHES; batch++) {
        clf_projection *of_q = draw_oprf(1, COLUMNS, 7000 + batch, A_of_q);
        clf_projection *of_k = draw_oprf(1, COLUMNS, 7000 + batch, A_of_k);
        for (int64_t h = 0; h < BATCH; h++) {
            double sum = 0;
            for (int i = 0; i < L; i++) {
                for (int j = 0; j < S; j++) {
                    double dot = 0;
                    for (int d = 0; d < COLUMNS; d++)
                        dot += (double)q[i * COLUMNS + d] * k[j * COLUMNS + d];
                    sum += common * exp(log_phi(of_q, h, q + i * COLUMNS) +
                                        log_phi(of_k, h, k + j * COLUMNS) - dot);
                }
            }
            add(&ratio, sum);
        }
        clf_projection_destroy(&of_q);
        clf_projection_destroy(&of_k);
    }
    return ratio;
}

/* The A of all pairs serves both, however many rows each has; an A of its own for each does not. */
START_TEST(one_A_is_unbiased_for_unequal_lengths)
{
    double normal[(L + S) * COLUMNS];
    float x[(L + S) * COLUMNS];
    const float *const q = x;
    const float *const k = x + L * COLUMNS;
    clfi_rng_normal(&(clfi_rng){.seed = 17}, 0, (L + S) * COLUMNS, normal);
    for (int n = 0; n < (L + S) * COLUMNS; n++)
        x[n] = (float)normal[n] * (n < L * COLUMNS ? 0.2f : 0.6f);
    const double A =
        clf_oprf_optimum(clf_oprf_mean_square(q, L, COLUMNS, k, S, COLUMNS, COLUMNS, 1), COLUMNS);
    const estimate one = pairs_ratio(q, k, A, A);
    const estimate two = pairs_ratio(q, k, A * L / (L + S), A * S / (L + S));
    printf("A=%.4f: bias %+.5f (s.e. %.5f); an A for each: %+.5f (s.e. %.5f)\n", A, mean(&one) - 1,
           standard_error(&one), mean(&two) - 1, standard_error(&two));
    ck_assert_double_lt(A, -0.01);
    ck_assert_double_le(fabs(mean(&one) - 1), 5 * standard_error(&one));
    ck_assert_double_gt(fabs(mean(&two) - 1), 5 * standard_error(&two));
}
END_TEST

RUN_TESTS("statistics", closed_forms_have_their_check_values, independent_rows, orthogonal_rows,
          orthogonal_rows_with_a_cut_block, structured_rows, oprf_closed_form_has_its_check_values,
          oprf_is_unbiased_with_the_variance_of_theory, one_A_is_unbiased_for_unequal_lengths)
