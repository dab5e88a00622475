/* The features against their closed forms (docs/math.md): unbiased, and with the variance that
 * theory gives, for independent and for orthogonal rows.
 *
 * Seeds are fixed, so the result is the same every time. The same file is built a second time
 * with the sign fix of the QR taken out, and must then fail. */
#include "support.h"

#include <math.h>

#include <clfavor/features.h>

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

RUN_TESTS("statistics", closed_forms_have_their_check_values, independent_rows, orthogonal_rows,
          orthogonal_rows_with_a_cut_block)
