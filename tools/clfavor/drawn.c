/* Makes random tensors fast: a block of numbers is drawn and repeated. Not for tests, whose rows
 * must differ.
 *
 * Invariant: one line gives the same bits on every host. */
#include "drawn.h"

#include <stdlib.h>

#include "host/checked.h"
#include "host/log.h"
#include "measure.h"

static clf_status draw(const line *l, uint32_t sequence, int64_t width, const clf_log *log,
                       array *out)
{
    enum {
        PERIOD = 65521  // a prime, so that rows differ
    };
    clf_status status = CLF_OK;
    const int64_t counts[] = {l->B, l->H, l->L, width};
    void *data = NULL;
    size_t bytes;
    REQUIRE(clfi_product_bytes(counts, 4, sizeof(float), &bytes), log,
            "--lengths %lld with --batch %lld, --heads %lld and a head of %lld columns overflows",
            (long long)l->L, (long long)l->B, (long long)l->H, (long long)width);
    const size_t count = bytes / sizeof(float);
    data = malloc(bytes);
    if (!data)
        return clfi_fail(log, CLF_ERROR_OUT_OF_HOST_MEMORY,
                         "no memory for a tensor of %zu bytes of length %lld", bytes,
                         (long long)l->L);
    float *random = data;
    const size_t fresh = count < PERIOD ? count : PERIOD;
    measure_fill_normal(l->choices.seed, sequence, random, (int64_t)fresh);
    for (size_t i = fresh; i < count; i++)
        random[i] = random[i - fresh];
    TRY(array_take(&data, CLF_DTYPE_F32, (clf_dtype)l->choices.dtype.index, count, log, out));
fail:
    return status;
}

clf_status drawn_attention(const line *l, const clf_log *log, attention *out)
{
    const clf_layout qk = clf_layout_bhld(l->H, l->L, l->D);
    const clf_layout v = clf_layout_bhld(l->H, l->L, l->E);
    clf_status status = CLF_OK;
    array x[3] = {{0}};
    *out = (attention){
        .problem = {.B = l->B,
                    .H = l->H,
                    .Hkv = l->H,
                    .L = l->L,
                    .S = l->L,
                    .D = l->D,
                    .E = l->E,
                    .q_layout = qk,
                    .k_layout = qk,
                    .v_layout = v},
        .out_dtype = (clf_dtype)l->choices.dtype.index,
        .out_layout = v,
    };
    TRY(draw(l, 0, l->D, log, &x[0]));
    TRY(draw(l, 1, l->D, log, &x[1]));
    TRY(draw(l, 2, l->E, log, &x[2]));
    attention_set_tensors(out, &x[0], &x[1], &x[2]);
    TRY(attention_settle(out, &l->choices, NULL, log));
fail:
    for (int i = 0; i < 3; i++)
        array_finish(&x[i]);
    return status;
}
