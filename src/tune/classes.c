/* The table of device classes: what each is recognised by, and what suits it where nothing was
 * measured. Asks no driver, and decides nothing that makes a result right or wrong.
 *
 * Invariant: a device that no rule knows, and every simulator, is of the class `unknown`, which
 * sets nothing. */
#include "tune/classes.h"

#include <string.h>

#include "cl/device_internal.h"

/* A work-group of GPUs: one or two of what runs in lockstep, as the vendors' guides ask for at
 * least; more of them only where registers are left, which nobody has measured here.
 *   NVIDIA    CUDA C++ Best Practices Guide, thread and block heuristics: warps of 32, 64 and more
 *   AMD       ROCm HIP performance guidelines: wavefronts of 64 (GCN, CDNA) or 32 (RDNA)
 *   Intel     oneAPI GPU optimization guide: sub-groups of 8, 16 or 32
 *   Adreno    Snapdragon OpenCL guide (80-NB295-11): waves of 64 or 128
 *   Mali      Arm Mali GPU OpenCL developer guide: multiples of 4, small for many registers
 *   Apple     Metal feature set tables: SIMD-groups of 32 */
#define LOCAL(size) .configuration.tuning.local_size = (size)

const clfi_class_row clfi_classes[] = {
    {.name = "cpu_16",
     .what = "CPU with vectors of 16 floats (AVX-512)",
     .float_width = 16,
     .measured_on = "Intel Xeon with AVX-512, PoCL 3.1: no change of a default helps all shapes"},
    {.name = "cpu_8",
     .what = "CPU with vectors of 8 floats (AVX, AVX2)",
     .float_width = 8,
     .measured_on =
         "the same, Intel's runtime for core-avx2: nothing but the width helps all shapes"},
    {.name = "cpu_4",
     .what = "CPU with vectors of 4 floats (SSE, NEON), or of unknown ones",
     .float_width = 4},
    {.name = "nvidia", .what = "NVIDIA GPU, warps of 32", LOCAL(64)},
    {.name = "amd_wave64", .what = "AMD GPU, wavefronts of 64 (GCN, CDNA)", LOCAL(64)},
    {.name = "amd_wave32", .what = "AMD GPU, wavefronts of 32 (RDNA)", LOCAL(64)},
    {.name = "intel_gpu", .what = "Intel GPU", LOCAL(32)},
    {.name = "adreno", .what = "Qualcomm Adreno GPU", LOCAL(64)},
    {.name = "mali", .what = "Arm Mali GPU", LOCAL(32)},
    {.name = "apple", .what = "Apple GPU", LOCAL(64)},
    {.name = "unknown", .what = "any other device, and simulators"},
};
const int clfi_class_count = sizeof clfi_classes / sizeof clfi_classes[0];

#define CPU(name, ...)                                                                             \
    {                                                                                              \
        .class_name = name, .type = CLF_DEVICE_CPU, __VA_ARGS__                                    \
    }
#define GPU(name, ...)                                                                             \
    {                                                                                              \
        .class_name = name, .type = CLF_DEVICE_GPU, __VA_ARGS__                                    \
    }

/* The first rule that fits says the class. Texts are parts of a name, whatever the case; what is
 * NULL or 0 fits all. Widths are in floats, and at least as many. */
static const struct {
    const char *class_name;
    clf_device_type type;
    uint32_t float_width, lockstep;
    const char *vendor, *device;
} rules[] = {
    CPU("cpu_16", .float_width = 16),
    CPU("cpu_8", .float_width = 8),
    CPU("cpu_4", .float_width = 0),
    GPU("nvidia", .vendor = "nvidia"),
    // By what the driver tells, else by the names of RDNA chips; Mesa and macOS say "AMD".
    GPU("amd_wave64", .vendor = "advanced micro devices", .lockstep = 64),
    GPU("amd_wave32", .vendor = "advanced micro devices", .lockstep = 32),
    GPU("amd_wave32", .vendor = "advanced micro devices", .device = "gfx10"),
    GPU("amd_wave32", .vendor = "advanced micro devices", .device = "gfx11"),
    GPU("amd_wave32", .vendor = "advanced micro devices", .device = "gfx12"),
    GPU("amd_wave64", .vendor = "advanced micro devices"),
    GPU("amd_wave64", .vendor = "amd"),
    GPU("intel_gpu", .vendor = "intel"),
    GPU("adreno", .vendor = "qualcomm"),
    GPU("adreno", .device = "adreno"),
    GPU("mali", .device = "mali"),
    GPU("apple", .vendor = "apple"),
};

const clfi_class_row *clfi_class_find(const char *name)
{
    for (int i = 0; i < clfi_class_count; i++) {
        if (strcmp(clfi_classes[i].name, name) == 0)
            return &clfi_classes[i];
    }
    return NULL;
}

static bool has(const char *text, const char *part)
{
    return !part || (text && clfi_contains(text, part));
}

const clfi_class_row *clfi_class_guess(const clf_device_info *device)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0] && !device->emulated; i++) {
        if (device->type == rules[i].type && device->native_float_width >= rules[i].float_width &&
            device->lockstep_width >= rules[i].lockstep && has(device->vendor, rules[i].vendor) &&
            has(device->name, rules[i].device))
            return clfi_class_find(rules[i].class_name);
    }
    return clfi_class_find("unknown");
}
