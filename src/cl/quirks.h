/* Workarounds for drivers: one table of rows in quirks.c, flags here. */
#ifndef CLFI_QUIRKS_H
#define CLFI_QUIRKS_H

#include <clfavor/device.h>

typedef enum clfi_quirk {
    CLFI_QUIRK_EMULATED = 1 << 0,     // a simulator, or a GPU in software: ranked last
    CLFI_QUIRK_NO_BINARIES = 1 << 1,  // ask for CL_PROGRAM_BINARIES only when told to
    CLFI_QUIRK_CUTS_LOOPS = 1 << 2    // ends all loops of a work-item after 65535 rounds in all
} clfi_quirk;

/* The flags of all rows that match the record's strings, or-ed. Safe. */
unsigned clfi_quirks(const clf_device_info *info);

#endif
