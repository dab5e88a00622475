/* Classes of devices, on strings of drivers. Needs no device. */
#include "unit/support.h"

#include "tune/classes.h"
#include "tune/database.h"

/* What drivers call themselves. */
static const struct {
    clf_device_info device;
    const char *name;
} recorded[] = {
    {{.type = CLF_DEVICE_CPU, .vendor = "GenuineIntel", .native_float_width = 16}, "cpu_16"},
    {{.type = CLF_DEVICE_CPU, .vendor = "AuthenticAMD", .native_float_width = 8}, "cpu_8"},
    {{.type = CLF_DEVICE_CPU, .vendor = "Intel(R) Corporation", .native_float_width = 8}, "cpu_8"},
    {{.type = CLF_DEVICE_CPU, .vendor = "ARM", .native_float_width = 4}, "cpu_4"},
    {{.type = CLF_DEVICE_CPU, .vendor = "Apple", .native_float_width = 1}, "cpu_4"},
    {{.type = CLF_DEVICE_GPU, .vendor = "NVIDIA Corporation", .lockstep_width = 32}, "nvidia"},
    {{.type = CLF_DEVICE_GPU,
      .vendor = "Advanced Micro Devices, Inc.",
      .name = "gfx1030",
      .lockstep_width = 32},
     "amd_wave32"},
    {{.type = CLF_DEVICE_GPU,
      .vendor = "Advanced Micro Devices, Inc.",
      .name = "gfx1100",
      .lockstep_width = 64},
     "amd_wave64"},
    {{.type = CLF_DEVICE_GPU, .vendor = "Advanced Micro Devices, Inc.", .name = "gfx1201"},
     "amd_wave32"},
    {{.type = CLF_DEVICE_GPU,
      .vendor = "Advanced Micro Devices, Inc.",
      .name = "gfx90a:sramecc+:xnack-"},
     "amd_wave64"},
    {{.type = CLF_DEVICE_GPU, .vendor = "AMD", .name = "AMD Radeon Pro 560X Compute Engine"},
     "amd_wave64"},
    {{.type = CLF_DEVICE_GPU, .vendor = "Intel(R) Corporation", .name = "Intel(R) UHD Graphics"},
     "intel_gpu"},
    {{.type = CLF_DEVICE_GPU, .vendor = "QUALCOMM", .name = "QUALCOMM Adreno(TM)"}, "adreno"},
    {{.type = CLF_DEVICE_GPU, .vendor = "freedreno", .name = "Adreno (TM) 690"}, "adreno"},
    {{.type = CLF_DEVICE_GPU, .vendor = "ARM", .name = "Mali-G78 r0p1"}, "mali"},
    {{.type = CLF_DEVICE_GPU, .vendor = "Apple", .name = "Apple M1"}, "apple"},
    {{.type = CLF_DEVICE_GPU, .vendor = "Mesa/X.org", .name = "llvmpipe (LLVM 15.0.6)"}, "unknown"},
    {{.type = CLF_DEVICE_CPU, .native_float_width = 8, .emulated = true}, "unknown"},
    {{.type = CLF_DEVICE_ACCELERATOR, .vendor = "Intel(R) Corporation"}, "unknown"},
    {{.type = CLF_DEVICE_OTHER}, "unknown"},
};

START_TEST(devices_get_their_class)
{
    for (size_t i = 0; i < sizeof recorded / sizeof recorded[0]; i++) {
        const clfi_class_row *row = clfi_class_guess(&recorded[i].device);
        ck_assert_msg(strcmp(row->name, recorded[i].name) == 0, "%zu: %s instead of %s", i,
                      row->name, recorded[i].name);
    }
    for (int i = 0; i < clfi_class_count; i++) {  // and each class has a device
        size_t n = 0;
        while (n < sizeof recorded / sizeof recorded[0] &&
               strcmp(recorded[n].name, clfi_classes[i].name) != 0)
            n++;
        ck_assert_msg(n < sizeof recorded / sizeof recorded[0], "%s", clfi_classes[i].name);
    }
}
END_TEST

START_TEST(every_class_can_be_asked_for_and_kept)
{
    kept_log kept;
    for (int i = 0; i < clfi_class_count; i++) {
        const clfi_class_row *row = &clfi_classes[i];
        ck_assert_ptr_eq(clfi_class_find(row->name), row);
        ck_assert_uint_lt(strlen(row->name), sizeof((clfi_class_record *)NULL)->name);
        ck_assert_ptr_nonnull(row->what);
        ck_assert_msg(clfi_configuration_check(&row->configuration, keep(&kept, CLF_LOG_ERROR)) ==
                          CLF_OK,
                      "%s: %s", row->name, kept.text);
        ck_assert_int_eq(row->configuration.path, CLF_PATH_AUTO);
    }
    ck_assert_ptr_null(clfi_class_find(""));
    ck_assert_ptr_null(clfi_class_find("cpu"));
}
END_TEST

RUN_TESTS("classes", devices_get_their_class, every_class_can_be_asked_for_and_kept)
