/* The one table of workarounds. A row says what it recognises, what it sets, why, and where that
 * can be read. Asks no driver.
 *
 * Invariant: nothing else in the library looks at a vendor's, platform's or device's name, but for
 * tune/classes.c, which guesses what is fast. */
#include "quirks.h"

#include <string.h>

#include "cl/device_internal.h"

static const struct {
    const char *platform;  // both as parts of the name, whatever the case; NULL: any
    const char *device;
    unsigned flags;
    const char *reason;
    const char *link;
} rows[] = {
    {"oclgrind", NULL, CLFI_QUIRK_EMULATED,
     "A simulator, a thousand times slower than a CPU driver, that claims every device type.",
     "https://github.com/jrprice/Oclgrind"},
    {NULL, "llvmpipe", CLFI_QUIRK_EMULATED,
     "Mesa's GPU in software (rusticl, Clover, clvk): slower than a CPU driver on the same cores.",
     "https://docs.mesa3d.org/drivers/llvmpipe.html"},
    {NULL, "llvmpipe", CLFI_QUIRK_CUTS_LOOPS,
     "It ends the loops of a work-item after 65535 rounds together, without a word: "
     "LP_MAX_TGSI_LOOP_ITERATIONS.",
     "https://gitlab.freedesktop.org/mesa/mesa/-/blob/main/src/gallium/auxiliary/gallivm/"
     "lp_bld_limits.h"},
    {NULL, "softpipe", CLFI_QUIRK_EMULATED, "Mesa's reference GPU in software: slower still.",
     "https://docs.mesa3d.org/systems.html"},
    {"portable computing language", NULL, CLFI_QUIRK_NO_BINARIES,
     "PoCL compiles one more, generic work-group function when asked, and has a good cache.",
     "https://github.com/inducer/pyopencl/pull/738"},
};

static bool matches(const char *text, const char *part)
{
    return !part || clfi_contains(text, part);
}

unsigned clfi_quirks(const clf_device_info *info)
{
    unsigned flags = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (matches(info->platform_name, rows[i].platform) && matches(info->name, rows[i].device))
            flags |= rows[i].flags;
    return flags;
}
