/* The selector, the default order and the quirk rows on recorded strings of drivers. Needs no
 * device. */
#include "unit/support.h"

#include "cl/device_internal.h"
#include "cl/error.h"
#include "cl/quirks.h"

enum {
    AMD,
    INTEL_GPU,
    NVIDIA_0,
    NVIDIA_1,
    APPLE,
    POCL,
    INTEL_CPU,
    FPGA,
    RUSTICL,
    CLOVER,
    OCLGRIND
};

static const clf_device_info recorded[] = {
    [AMD] = {.platform_name = "AMD Accelerated Parallel Processing",
             .vendor = "Advanced Micro Devices, Inc.",
             .name = "gfx1030",
             .type = CLF_DEVICE_GPU,
             .compute_units = 36},
    [INTEL_GPU] = {.platform_name = "Intel(R) OpenCL Graphics",
                   .vendor = "Intel(R) Corporation",
                   .name = "Intel(R) UHD Graphics 630",
                   .type = CLF_DEVICE_GPU,
                   .compute_units = 24},
    [NVIDIA_0] = {.platform_name = "NVIDIA CUDA",
                  .vendor = "NVIDIA Corporation",
                  .name = "NVIDIA A100-SXM4-40GB",
                  .type = CLF_DEVICE_GPU,
                  .compute_units = 108},
    [NVIDIA_1] = {.platform_name = "NVIDIA CUDA",
                  .vendor = "NVIDIA Corporation",
                  .name = "NVIDIA A100-SXM4-40GB",
                  .type = CLF_DEVICE_GPU,
                  .compute_units = 108},
    [APPLE] = {.platform_name = "Apple",
               .vendor = "Apple",
               .name = "Apple M1",
               .type = CLF_DEVICE_GPU,
               .compute_units = 8},
    [POCL] = {.platform_name = "Portable Computing Language",
              .vendor = "GenuineIntel",
              .name = "pthread-skylake-avx512-Intel(R) Xeon(R) Processor",
              .type = CLF_DEVICE_CPU,
              .compute_units = 2},
    [INTEL_CPU] = {.platform_name = "Intel(R) OpenCL",
                   .vendor = "Intel(R) Corporation",
                   .name = "Intel(R) Xeon(R) Processor",
                   .type = CLF_DEVICE_CPU,
                   .compute_units = 2},
    [FPGA] = {.platform_name = "Intel(R) FPGA Emulation Platform for OpenCL(TM)",
              .vendor = "Intel(R) Corporation",
              .name = "Intel(R) FPGA Emulation Device",
              .type = CLF_DEVICE_ACCELERATOR,
              .compute_units = 4},
    [RUSTICL] = {.platform_name = "rusticl",
                 .vendor = "Mesa/X.org",
                 .name = "llvmpipe (LLVM 15.0.6, 256 bits)",
                 .type = CLF_DEVICE_GPU,
                 .compute_units = 8},
    [CLOVER] = {.platform_name = "Clover",
                .vendor = "Mesa/X.org",
                .name = "softpipe",
                .type = CLF_DEVICE_CPU,
                .compute_units = 1},
    [OCLGRIND] = {.platform_name = "Oclgrind",
                  .vendor = "University of Bristol",
                  .name = "Oclgrind Simulator",
                  .type = CLF_DEVICE_OTHER,
                  .compute_units = 1},
};
enum {
    RECORDED = sizeof recorded / sizeof recorded[0]
};

/* The chosen records as one machine would show them: a platform a row, but NVIDIA's two. */
static int machine(clf_device_info *infos, const int *which, int count)
{
    int platform = -1;
    for (int i = 0; i < count; i++) {
        infos[i] = recorded[which[i]];
        const bool second = which[i] == NVIDIA_1 && i > 0 && which[i - 1] == NVIDIA_0;
        platform += !second;
        infos[i].index = i;
        infos[i].platform_index = platform;
        infos[i].device_index = second;
        infos[i].emulated = clfi_quirks(&infos[i]) & CLFI_QUIRK_EMULATED;
    }
    return count;
}

static int whole_machine(clf_device_info infos[RECORDED])
{
    int all[RECORDED];
    for (int i = 0; i < RECORDED; i++)
        all[i] = i;
    return machine(infos, all, RECORDED);
}

START_TEST(extensions_are_whole_words)
{
    const char *list = " cl_khr_fp16_extra  cl_khr_fp64 xcl_khr_fp16 cl_khr_subgroups_shuffle ";
    ck_assert(clfi_has_extension(list, "cl_khr_fp64"));
    ck_assert(!clfi_has_extension(list, "cl_khr_fp16"));
    ck_assert(!clfi_has_extension(list, "cl_khr_subgroups"));
    ck_assert(clfi_has_extension("cl_khr_fp16", "cl_khr_fp16"));
    ck_assert(!clfi_has_extension("cl_khr_fp1", "cl_khr_fp16"));
    ck_assert(!clfi_has_extension("", "cl_khr_fp16"));
}
END_TEST

START_TEST(contains_ignores_case)
{
    ck_assert(clfi_contains("Portable Computing Language", "COMPUTING"));
    ck_assert(clfi_contains("aab", "ab"));
    ck_assert(clfi_contains("x", ""));
    ck_assert(!clfi_contains("x", "xx"));
    ck_assert(!clfi_contains("", "x"));
}
END_TEST

START_TEST(quirk_rows_match_their_drivers_only)
{
    for (int i = 0; i < RECORDED; i++) {
        const unsigned expected = i == POCL      ? CLFI_QUIRK_NO_BINARIES
                                  : i == RUSTICL ? CLFI_QUIRK_EMULATED | CLFI_QUIRK_CUTS_LOOPS
                                  : i > RUSTICL /* the rest */ ? CLFI_QUIRK_EMULATED
                                                               : 0;
        ck_assert_msg(clfi_quirks(&recorded[i]) == expected, "%s: %u", recorded[i].platform_name,
                      clfi_quirks(&recorded[i]));
    }
}
END_TEST

/* Who wins of two that are named in either order. */
START_TEST(default_order)
{
    const int pairs[][2] = {
        {AMD, POCL},           // a GPU before a CPU, whatever its units
        {APPLE, INTEL_CPU},    // likewise
        {POCL, FPGA},          // a CPU before an accelerator, whatever its units
        {FPGA, RUSTICL},       // emulated devices last, whatever type they claim
        {POCL, RUSTICL},       // a GPU in software after the CPU
        {POCL, CLOVER},        // the same type: emulated last
        {FPGA, OCLGRIND},      // a simulator last
        {NVIDIA_0, AMD},       // the same type: compute units
        {AMD, INTEL_GPU},      // likewise
        {INTEL_CPU, POCL},     // the same units: by name, "Intel" before "pthread"
        {NVIDIA_0, NVIDIA_1},  // the same name: the first
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        for (int turn = 0; turn < 2; turn++) {
            clf_device_info infos[2];
            const clf_device_info *best = NULL;
            const int which[2] = {pairs[i][turn], pairs[i][1 - turn]};
            machine(infos, which, 2);
            ck_assert_int_eq(clfi_device_choose(infos, 2, NULL, "device", NULL, &best, NULL, 0),
                             CLF_OK);
            ck_assert_str_eq(best->name, recorded[pairs[i][0]].name);
            ck_assert_str_eq(best->platform_name, recorded[pairs[i][0]].platform_name);
            if (pairs[i][1] == NVIDIA_1)
                ck_assert_int_eq(best->index, 0);
        }
}
END_TEST

/* Selectors that name one device, and why. */
START_TEST(selectors_that_fit)
{
    static const struct {
        const char *selector;
        int index;
        const char *why;
    } rows[] = {
        {NULL, NVIDIA_0, "best of 11 devices by the default order"},
        {"", NVIDIA_0, "best of 11 devices by the default order"},
        {"0", AMD, "device \"0\": the only device that fits"},
        {"10", OCLGRIND, "the only device that fits"},
        {"0000000003", NVIDIA_1, "the only device that fits"},
        {"0:0", AMD, "the only device that fits"},
        {"2:1", NVIDIA_1, "the only device that fits"},
        {"9:0", OCLGRIND, "the only device that fits"},
        {"gpu", NVIDIA_0, "best of 6 devices that fit by the default order"},
        {"GPU", NVIDIA_0, "best of 6 devices that fit by the default order"},
        {"cpu", INTEL_CPU, "best of 3 devices that fit by the default order"},
        {"accelerator", FPGA, "the only device that fits"},
        {"GFX10", AMD, "device \"GFX10\": the only device that fits"},
        {"pthread", POCL, "the only device that fits"},
        {"portable", POCL, "the only device that fits"},
        {"genuineintel", POCL, "the only device that fits"},
        {"rusticl", RUSTICL, "the only device that fits"},
        {"Apple / Apple / Apple M1", APPLE, "Apple / Apple / Apple M1: "},
        {"oclgrind / univ", OCLGRIND, "the only device that fits"},
    };
    clf_device_info infos[RECORDED];
    const int count = whole_machine(infos);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        kept_log kept;
        char reason[512] = "unset";
        const clf_device_info *chosen = NULL;
        ck_assert_int_eq(clfi_device_choose(infos, count, rows[i].selector, "device",
                                            keep(&kept, CLF_LOG_ERROR), &chosen, reason,
                                            sizeof reason),
                         CLF_OK);
        ck_assert_int_eq(kept.count, 0);
        ck_assert_ptr_eq(chosen, &infos[rows[i].index]);
        ck_assert_msg(strstr(reason, rows[i].why) != NULL, "'%s' is not in '%s'", rows[i].why,
                      reason);
        ck_assert_msg(strstr(reason, infos[rows[i].index].name) != NULL, "no name in '%s'", reason);
    }
}
END_TEST

/* Selectors that are refused, and the words for it. */
START_TEST(selectors_that_do_not_fit)
{
    static const struct {
        const char *selector;
        clf_status status;
        const char *says;
    } rows[] = {
        {"11", CLF_ERROR_INVALID_ARGUMENT, "device \"11\": no device has this flat index"},
        {"4294967296", CLF_ERROR_INVALID_ARGUMENT, "no device has this flat index"},
        {"99999999999999999999", CLF_ERROR_INVALID_ARGUMENT, "no device has this flat index"},
        {"0:1", CLF_ERROR_INVALID_ARGUMENT,
         "device \"0:1\": no device has this platform and device number"},
        {"4294967296:0", CLF_ERROR_INVALID_ARGUMENT, "this platform and device number"},
        {"0:18446744073709551616", CLF_ERROR_INVALID_ARGUMENT, "this platform and device number"},
        {"voodoo", CLF_ERROR_INVALID_ARGUMENT,
         "device \"voodoo\": no platform, vendor or device name contains it"},
        {"-1", CLF_ERROR_INVALID_ARGUMENT, "no platform, vendor or device name contains it"},
        {"0:", CLF_ERROR_INVALID_ARGUMENT, "no platform, vendor or device name contains it"},
        {":0", CLF_ERROR_INVALID_ARGUMENT, "no platform, vendor or device name contains it"},
        {"0:0:0", CLF_ERROR_INVALID_ARGUMENT, "no platform, vendor or device name contains it"},
        {"0x", CLF_ERROR_INVALID_ARGUMENT, "no platform, vendor or device name contains it"},
        {"nvidia", CLF_ERROR_AMBIGUOUS_DEVICE,
         "device \"nvidia\" fits 2 devices, choose one by its index or a longer text: "
         "2 (2:0) NVIDIA CUDA / NVIDIA Corporation / NVIDIA A100-SXM4-40GB; "
         "3 (2:1) NVIDIA CUDA / NVIDIA Corporation / NVIDIA A100-SXM4-40GB"},
        {"xeon", CLF_ERROR_AMBIGUOUS_DEVICE, "fits 2 devices"},
        {" ", CLF_ERROR_AMBIGUOUS_DEVICE, "fits 11 devices"},
    };
    clf_device_info infos[RECORDED];
    const int count = whole_machine(infos);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        kept_log kept;
        char reason[64] = "unset";
        const clf_device_info *chosen = &infos[0];
        ck_assert_int_eq(clfi_device_choose(infos, count, rows[i].selector, "device",
                                            keep(&kept, CLF_LOG_ERROR), &chosen, reason,
                                            sizeof reason),
                         rows[i].status);
        ck_assert_ptr_null(chosen);
        ck_assert_str_eq(reason, "");
        ck_assert_int_eq(kept.count, 1);
        assert_said(&kept, rows[i].says);
        if (rows[i].status == CLF_ERROR_INVALID_ARGUMENT) {
            assert_said(&kept, "; there are: 0 (0:0) AMD Accelerated");
            assert_said(&kept, "10 (9:0) Oclgrind / University of Bristol / Oclgrind Simulator");
        }
    }
}
END_TEST

START_TEST(type_that_is_not_there)
{
    clf_device_info infos[1];
    const int which[] = {POCL};
    const char *words[] = {"gpu", "accelerator"};
    machine(infos, which, 1);
    for (int i = 0; i < 2; i++) {
        kept_log kept;
        const clf_device_info *chosen = NULL;
        ck_assert_int_eq(clfi_device_choose(infos, 1, words[i], "CLFAVOR_DEVICE",
                                            keep(&kept, CLF_LOG_ERROR), &chosen, NULL, 0),
                         CLF_ERROR_INVALID_ARGUMENT);
        assert_said(&kept, i ? "CLFAVOR_DEVICE \"accelerator\": no device is of this type"
                             : "CLFAVOR_DEVICE \"gpu\": no device is of this type");
        assert_said(&kept, "there are: 0 (0:0) Portable Computing Language / GenuineIntel / ");
    }
}
END_TEST

START_TEST(one_device_and_none)
{
    clf_device_info infos[1];
    const int which[] = {POCL};
    char reason[512];
    kept_log kept;
    const clf_device_info *chosen = NULL;
    machine(infos, which, 1);
    ck_assert_int_eq(
        clfi_device_choose(infos, 1, NULL, "device", NULL, &chosen, reason, sizeof reason), CLF_OK);
    ck_assert_str_eq(reason, "Portable Computing Language / GenuineIntel / "
                             "pthread-skylake-avx512-Intel(R) Xeon(R) Processor: the only device");
    ck_assert_int_eq(clfi_device_choose(NULL, 0, "0", "device", keep(&kept, CLF_LOG_ERROR), &chosen,
                                        reason, sizeof reason),
                     CLF_ERROR_NO_DEVICE);
    ck_assert_ptr_null(chosen);
    assert_said(&kept, "no usable OpenCL device on any platform");
}
END_TEST

START_TEST(reason_is_cut_to_its_buffer)
{
    clf_device_info infos[1];
    const int which[] = {POCL};
    char reason[10];
    const clf_device_info *chosen = NULL;
    machine(infos, which, 1);
    memset(reason, 'x', sizeof reason);
    ck_assert_int_eq(clfi_device_choose(infos, 1, NULL, "device", NULL, &chosen, reason, 9),
                     CLF_OK);
    ck_assert_str_eq(reason, "Portable");
    ck_assert_int_eq(reason[9], 'x');
    ck_assert_int_eq(clfi_device_choose(infos, 1, NULL, "device", NULL, &chosen, reason, 0),
                     CLF_OK);
    ck_assert_str_eq(reason, "Portable");
}
END_TEST

START_TEST(long_names_and_selectors_are_cut_not_overrun)
{
    enum {
        COUNT = 3,
        LENGTH = 5000
    };
    static char name[LENGTH + 1];
    static char selector[LENGTH + 1];
    clf_device_info infos[COUNT];
    char reason[2048];
    kept_log kept;
    const clf_device_info *chosen = NULL;
    memset(name, 'n', LENGTH);
    memset(selector, 's', LENGTH);
    for (int i = 0; i < COUNT; i++)
        infos[i] =
            (clf_device_info){.index = i, .platform_name = name, .vendor = name, .name = name};
    ck_assert_int_eq(clfi_device_choose(infos, COUNT, selector, "device",
                                        keep(&kept, CLF_LOG_ERROR), &chosen, reason, sizeof reason),
                     CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(clfi_device_choose(infos, COUNT, "nn", "device", keep(&kept, CLF_LOG_ERROR),
                                        &chosen, reason, sizeof reason),
                     CLF_ERROR_AMBIGUOUS_DEVICE);
    assert_said(&kept, "; 2 (0:0) nnn");
    ck_assert_int_eq(
        clfi_device_choose(infos, COUNT, "2", "device", NULL, &chosen, reason, sizeof reason),
        CLF_OK);
    ck_assert_ptr_eq(chosen, &infos[2]);
}
END_TEST

START_TEST(opencl_errors_have_names_and_status)
{
    static const struct {
        cl_int code;
        const char *name;
        clf_status status;
    } rows[] = {
        {0, "CL_SUCCESS", CLF_OK},
        {-1, "CL_DEVICE_NOT_FOUND", CLF_ERROR_DEVICE},
        {-4, "CL_MEM_OBJECT_ALLOCATION_FAILURE", CLF_ERROR_DEVICE_MEMORY},
        {-5, "CL_OUT_OF_RESOURCES", CLF_ERROR_DEVICE},
        {-6, "CL_OUT_OF_HOST_MEMORY", CLF_ERROR_OUT_OF_HOST_MEMORY},
        {-11, "CL_BUILD_PROGRAM_FAILURE", CLF_ERROR_BUILD},
        {-20, "unknown OpenCL error", CLF_ERROR_DEVICE},
        {-54, "CL_INVALID_WORK_GROUP_SIZE", CLF_ERROR_DEVICE},
        {-61, "CL_INVALID_BUFFER_SIZE", CLF_ERROR_DEVICE_MEMORY},
        {-68, "CL_INVALID_DEVICE_PARTITION_COUNT", CLF_ERROR_DEVICE},
        {-69, "unknown OpenCL error", CLF_ERROR_DEVICE},
        {-1001, "CL_PLATFORM_NOT_FOUND_KHR", CLF_ERROR_DEVICE},
        {1, "unknown OpenCL error", CLF_ERROR_DEVICE},
        {-2147483647 - 1, "unknown OpenCL error", CLF_ERROR_DEVICE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        kept_log kept;
        ck_assert_str_eq(clfi_cl_error_name(rows[i].code), rows[i].name);
        ck_assert_int_eq(clfi_cl_status(rows[i].code), rows[i].status);
        ck_assert_int_eq(
            clfi_cl_check(keep(&kept, CLF_LOG_ERROR), rows[i].code, "clFlush(queue, (a))"),
            rows[i].status);
        ck_assert_int_eq(kept.count, rows[i].code != CL_SUCCESS);
        if (rows[i].code == -5)
            ck_assert_str_eq(kept.text, "clFlush failed: CL_OUT_OF_RESOURCES (-5)");
    }
}
END_TEST

RUN_TESTS("select", extensions_are_whole_words, contains_ignores_case,
          quirk_rows_match_their_drivers_only, default_order, selectors_that_fit,
          selectors_that_do_not_fit, type_that_is_not_there, one_device_and_none,
          reason_is_cut_to_its_buffer, long_names_and_selectors_are_cut_not_overrun,
          opencl_errors_have_names_and_status)
