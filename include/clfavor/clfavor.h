/* clfavor: Performer attention (FAVOR+) on any OpenCL device. Everything public.
 *
 * Tiers: 0 status log tensor features (no OpenCL), 1 device context, 2 attention tune; a header
 * uses lower tiers only. Conventions that hold everywhere:
 *  - a call returns a clf_status, its result last, NULL on failure;
 *  - create allocates and destroy(&x) frees, accepts NULL inside and sets NULL;
 *  - params live until the call returns, a zeroed params struct is the default;
 *  - threading is one of: Safe. / One thread at a time per object. / Immutable after create. */
#ifndef CLFAVOR_CLFAVOR_H
#define CLFAVOR_CLFAVOR_H

#include <clfavor/attention.h>
#include <clfavor/context.h>
#include <clfavor/device.h>
#include <clfavor/features.h>
#include <clfavor/log.h>
#include <clfavor/status.h>
#include <clfavor/tensor.h>
#include <clfavor/tune.h>
#include <clfavor/version.h>

#endif
