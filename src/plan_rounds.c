/* How often the loops of a work-item go round, for devices that put an end to loops. Touches no
 * device.
 *
 * Invariant: never less than the loops of kernels/plain do together, whatever the data. */
#include <math.h>

#include "cl/quirks.h"
#include "host/log.h"
#include "plan_choice.h"

#define MAX_ROUNDS 65535.0  // of CLFI_QUIRK_CUTS_LOOPS

/* Rounds of the longest work-item of the stages that the problem may have; the round in which a
 * loop ends counts, too. */
static double longest_rounds(const clfi_shape *s, const clfi_choice *c)
{
    // Of one feature: its projection, made twice where the largest of a row is needed, and its
    // sums, rescaled and added to.
    const double feature = 2.0 * (double)(s->D + 3) + s->signs * (2.0 * (double)c->EP + 6.0);
    const double row = (double)(s->M + 1) * feature;
    if (s->path == CLF_PATH_EXACT)
        return (double)c->run_rows * (double)(s->S + 1) * (double)(s->D + 2 * s->E + 5);
    const double clear = 2.0 * s->signs * (double)(c->MP * (c->EP + 2));
    const double scan = 4.0 * c->segments * (double)(c->EP + 4);
    const double peak = s->stabilised ? (double)c->peak_rows * row : 0;
    const double rows = fmin((double)c->segment_rows, (double)s->S);
    const double state = 65.0 + (rows * 50.0 / 48.0 + 3.0) * feature;
    const double apply =
        s->causal ? clear + rows * (double)(c->share + 1) * row : (double)c->run_rows * row;
    return fmax(fmax(scan, peak), fmax(state, apply));
}

clf_status clfi_check_rounds(const clfi_shape *shape, const clf_device_info *device,
                             const clfi_choice *choice, const clf_log *log)
{
    if (!(clfi_quirks(device) & CLFI_QUIRK_CUTS_LOOPS))
        return CLF_OK;
    // The loops of the wide family are longer, those of CLBlast are not ours to count.
    if (choice->family != CLF_FAMILY_PLAIN || shape->path == CLF_PATH_CLBLAST)
        return clfi_fail(log, CLF_ERROR_UNSUPPORTED,
                         "device %s puts an end to long loops: it takes the plain family alone, "
                         "and not the CLBlast path",
                         device->name);
    const double rounds = longest_rounds(shape, choice);
    if (rounds > MAX_ROUNDS)
        return clfi_fail(log, CLF_ERROR_UNSUPPORTED,
                         "L=%lld, S=%lld, R=%lld, D=%lld and E=%lld make a work-item loop up to "
                         "%.0f times, device %s ends all loops after %.0f",
                         (long long)shape->L, (long long)shape->S, (long long)shape->R,
                         (long long)shape->D, (long long)shape->E, rounds, device->name,
                         MAX_ROUNDS);
    return CLF_OK;
}
