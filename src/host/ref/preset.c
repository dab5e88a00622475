/* The formulas of the presets (kinds.h), in log space. Knows no preset by name.
 *
 * Invariant: for the row of CLF_PRESET_NONE everything here is the identity. */
#include "preset.h"

#include <math.h>

/* A guard whose threshold is this near, relatively, may be taken or not. */
static const double k_torn = 1e-4;

/* Whether this is EXP of a preset that has it: shifted, with an eps and maybe a guard. */
static bool shifts(const clfi_view *view)
{
    return view->preset->feature_eps > 0 && !view->kind->info.generalized;
}

double clfi_preset_shift(const clfi_view *view, clfi_matrix rows, int64_t from, int64_t to)
{
    if (!shifts(view))
        return 0;
    double largest = -INFINITY;
    for (int64_t n = from; n < to; n++) {
        for (int64_t m = 0; m < view->M; m++)
            largest = fmax(largest, clfi_argument(view, clfi_row(rows, n), m));
    }
    return largest;
}

void clfi_preset_features(const clfi_view *view, const float *x, double shift, clfi_features out)
{
    clfi_features_of(view, x, out);
    if (!shifts(view))
        return;
    const double log_eps = log(view->preset->feature_eps);
    for (int64_t r = 0; r < view->p->R; r++)
        out.log_phi[r] = clfi_log_add(out.log_phi[r] - shift, log_eps);
}

double clfi_preset_denominator(const clfi_view *view, clfi_features q, double sum, double largest,
                               bool *torn)
{
    const clfi_preset_row *preset = view->preset;
    const double R = (double)view->p->R;
    const double r = view->kind->info.generalized ? 1 : 1 / sqrt(R);
    /* A denominator of 1, in the unit of the sum: infinite where all weights are below e^-709. */
    const double unit = exp(-largest) / (r * r);
    *torn = false;
    if (preset->causal_eps > 0 && view->p->causal) {
        for (int64_t n = 0; n < view->p->R; n++)
            sum += preset->causal_eps / r * q.sign[n] * exp(q.log_phi[n] - largest);
    }
    if (preset->den_eps > 0)
        sum += preset->den_eps * unit;
    if (preset->guard > 0 && !view->kind->info.generalized) {
        const double threshold = preset->guard * unit;
        *torn = fabs(fabs(sum) / threshold - 1) < k_torn;
        if (fabs(sum) <= threshold)
            sum += 2 * threshold;
    }
    return sum;
}
