/* The sweep of lengths of `clfavor demo`: a layer's rows, repeated. Judges nothing.
 *
 * Invariant: the rounds go over all lengths in turn, so that a change of clock frequency hits all
 * of them alike. */
#include "sweep.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host/log.h"
#include "measure.h"
#include "report.h"
#include "svg.h"
#include "workload.h"

static const int64_t k_lengths[] = {512, 1024, 2048, 4096, 8192, 16384};
enum {
    LENGTHS = sizeof k_lengths / sizeof k_lengths[0],
    ROUNDS = 7
};

/* A contiguous [heads, from, columns] tensor with each head repeated along its rows. */
static clf_status tile_rows(const array *x, int64_t heads, int64_t from, int64_t to,
                            int64_t columns, const clf_log *log, array *out)
{
    const size_t count = (size_t)(heads * to * columns);
    float *tiled = malloc(count * sizeof *tiled);
    if (!tiled)
        return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY, "no memory for L=%lld", (long long)to);
    for (int64_t row = 0; row < heads * to; row++) {
        const int64_t source = row / to * from + row % to % from;
        memcpy(tiled + row * columns, x->values + source * columns,
               (size_t)columns * sizeof *tiled);
    }
    void *data = tiled;
    return array_take(&data, CLF_DTYPE_F32, x->dtype, count, log, out);
}

static clf_status create_tiled(clf_context *ctx, const attention *layer, const choices *c,
                               int64_t L, const clf_log *log, workload *work)
{
    const clfi_problem *p = &layer->problem;
    const int64_t heads = p->B * p->H;
    const int64_t key_heads = p->B * p->Hkv;
    clf_status status = CLF_OK;
    array x[3] = {{0}};
    attention a = {.problem = *p, .out_dtype = layer->out_dtype};
    a.problem.L = a.problem.S = L;
    a.problem.q_layout = clf_layout_bhld(p->H, L, p->D);
    a.problem.k_layout = clf_layout_bhld(p->Hkv, L, p->D);
    a.problem.v_layout = clf_layout_bhld(p->Hkv, L, p->E);
    a.out_layout = clf_layout_bhld(p->H, L, p->E);
    TRY(tile_rows(&layer->q, heads, p->L, L, p->D, log, &x[0]));
    TRY(tile_rows(&layer->k, key_heads, p->S, L, p->D, log, &x[1]));
    TRY(tile_rows(&layer->v, key_heads, p->S, L, p->E, log, &x[2]));
    attention_set_tensors(&a, &x[0], &x[1], &x[2]);
    TRY(attention_settle(&a, c, NULL, log));
    TRY(workload_create(ctx, &a, log, work));
    TRY(workload_warm_up(work, log));
fail:
    for (int i = 0; i < 3; i++)
        array_finish(&x[i]);
    attention_finish(&a);
    return status;
}

static void print_sweep(const svg_point *points)
{
    double largest = 0;
    for (int i = 0; i < LENGTHS; i++)
        largest = fmax(largest, points[i].us_per_token);
    printf("\n   tokens         ms   us/token\n");
    for (int i = 0; i < LENGTHS; i++) {
        char bar[49];
        report_bar(points[i].us_per_token, largest, 48, bar);
        printf("%9lld %10.2f %10.3f %s\n", (long long)points[i].L,
               points[i].us_per_token * (double)points[i].L * 1e-3, points[i].us_per_token, bar);
    }
}

/* The median time of every length. */
static clf_status measure(workload work[LENGTHS], const clf_log *log, svg_point points[LENGTHS])
{
    double seconds[LENGTHS][ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        progress("round %d of %d", round + 1, ROUNDS);
        for (int i = 0; i < LENGTHS; i++) {
            const clf_status status = workload_time(&work[i], log, &seconds[i][round]);
            if (status != CLF_OK)
                return status;
        }
    }
    progress_clear();
    for (int i = 0; i < LENGTHS; i++) {
        const double median = measure_quartiles(seconds[i], ROUNDS).median;
        points[i] = (svg_point){k_lengths[i], median * 1e6 / (double)k_lengths[i]};
    }
    return CLF_OK;
}

clf_status sweep_run(clf_context *ctx, const attention *layer, const choices *c, const char *name,
                     const char *svg, const clf_log *log)
{
    clf_status status = CLF_OK;
    workload work[LENGTHS] = {{0}};
    svg_point points[LENGTHS];
    char subtitle[160];
    const long long H = layer->problem.H, D = layer->problem.D, R = c->features;
    printf("\n%s tiled along L (H=%lld D=%lld R=%lld), median of %d runs:\n", name, H, D, R,
           ROUNDS);
    for (int i = 0; i < LENGTHS; i++) {
        progress("preparing %lld tokens", (long long)k_lengths[i]);
        TRY(create_tiled(ctx, layer, c, k_lengths[i], log, &work[i]));
    }
    TRY(measure(work, log, points));
    print_sweep(points);
    if (svg) {
        snprintf(subtitle, sizeof subtitle, "%s, H=%lld D=%lld R=%lld, %s", name, H, D, R,
                 clf_context_device(ctx)->name);
        TRY(svg_write(svg, "FAVOR+ attention: time per token", subtitle, points, LENGTHS, log));
        printf("\nchart in %s\n", svg);
    }
fail:
    for (int i = 0; i < LENGTHS; i++)
        workload_destroy(&work[i]);
    return status;
}
