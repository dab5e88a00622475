/* The error of FAVOR+ against exact softmax falls as 1/sqrt(R), on real q and k of a protein
 * model, both scaled by 0.25 (at full scale it does not, see docs/math.md). The reference is
 * judged here, not a device. CLFAVOR_TEST_DATA names the directory of the tensors. */
#include "support.h"

#include <math.h>

#include "host/npy.h"
#include "host/ref/ref.h"

enum {
    HEADS = 8,
    L = 124,
    D = 64,
    ROWS = 8,
    SEEDS = 5,
    SIZES = 7
};

static clfi_npy read_tensor(const char *name)
{
    const char *directory = getenv("CLFAVOR_TEST_DATA");
    ck_assert_msg(directory != NULL, "CLFAVOR_TEST_DATA is not set");
    char path[4096];
    snprintf(path, sizeof path, "%s/antiberty_vh_L7_%s.npy", directory, name);
    kept_log kept;
    clfi_npy npy;
    ck_assert_msg(clfi_npy_read(path, keep(&kept, CLF_LOG_ERROR), &npy) == CLF_OK, "%s", kept.text);
    ck_assert_int_eq(npy.ndim, 3);
    ck_assert_int_eq(npy.shape[0], HEADS);
    ck_assert_int_eq(npy.shape[1], L);
    ck_assert_int_eq(npy.shape[2], D);
    return npy;
}

/* The relative Frobenius error over some rows of every other head, for one draw of W. */
static double relative_error(clfi_problem *p, int64_t R, uint64_t seed)
{
    int64_t index[ROWS];
    for (int n = 0; n < ROWS; n++)
        index[n] = n * L / ROWS + 7;
    const clfi_rows rows = {.count = ROWS, .index = index};
    clf_projection *projection = NULL;
    ck_assert_int_eq(clf_projection_create(
                         &(clf_projection_params){.M = R, .D = D, .heads = HEADS, .seed = seed},
                         NULL, &projection),
                     CLF_OK);
    p->R = R;
    p->W = clf_projection_data(projection);
    p->W_heads = HEADS;
    double difference = 0;
    double whole = 0;
    for (int64_t h = 0; h < HEADS; h += 2) {
        double out[ROWS * D];
        double exact[ROWS * D];
        ck_assert_int_eq(clfi_ref_favor(p, 0, h, &rows, &(clfi_judgement){.out = out}), CLF_OK);
        ck_assert_int_eq(clfi_ref_softmax(p, 0, h, &rows, &(clfi_judgement){.out = exact}), CLF_OK);
        for (int n = 0; n < ROWS * D; n++) {
            difference += (out[n] - exact[n]) * (out[n] - exact[n]);
            whole += exact[n] * exact[n];
        }
    }
    clf_projection_destroy(&projection);
    return sqrt(difference / whole);
}

START_TEST(error_falls_as_the_root_of_R)
{
    clfi_npy q = read_tensor("q");
    clfi_npy k = read_tensor("k");
    clfi_npy v = read_tensor("v");
    clfi_problem p = {.B = 1,
                      .H = HEADS,
                      .L = L,
                      .S = L,
                      .D = D,
                      .E = D,
                      .scale = 0.25 * 0.25 / sqrt(D),
                      .q = q.data,
                      .k = k.data,
                      .v = v.data};
    /* Least squares of mean log error on log R, R = 64 .. 4096. */
    double sx = 0, sy = 0, sxx = 0, sxy = 0;
    for (int n = 0; n < SIZES; n++) {
        const int64_t R = (int64_t)64 << n;
        double y = 0;
        for (uint64_t seed = 0; seed < SEEDS; seed++)
            y += log(relative_error(&p, R, seed)) / SEEDS;
        printf("R=%d: relative error %.5f\n", (int)R, exp(y));
        const double x = log((double)R);
        sx += x;
        sy += y;
        sxx += x * x;
        sxy += x * y;
    }
    const double slope = (SIZES * sxy - sx * sy) / (SIZES * sxx - sx * sx);
    printf("slope %.3f\n", slope);
    ck_assert_double_ge(slope, -0.65);
    ck_assert_double_le(slope, -0.35);
    clfi_npy_finish(&q);
    clfi_npy_finish(&k);
    clfi_npy_finish(&v);
}
END_TEST

RUN_TESTS("slope", error_falls_as_the_root_of_R)
