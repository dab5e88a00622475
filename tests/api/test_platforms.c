/* Odd platforms: the fake driver's, and none at all (argument `none`). Meson sets the loader's
 * environment. */
#include "support/device.h"

/* All DEBUG messages, one a line. */
static void collect(void *user, clf_log_level level, const char *message)
{
    char *text = user;
    if (level == CLF_LOG_DEBUG) {
        strcat(text, message);
        strcat(text, "\n");
    }
}

START_TEST(unusable_platforms_and_devices_are_skipped)
{
    static const char *const lines[] = {
        "(EMPTY) is skipped: CL_DEVICE_NOT_FOUND (-1)\n",
        "(ZERO) is skipped: it has no device (0)\n",
        "(BROKEN) is skipped: CL_OUT_OF_RESOURCES (-5)\n",
        ":0 (old, OpenCL 1.1 fake) is skipped: it is older than OpenCL 1.2\n",
        ":1 (gone, OpenCL 1.2 fake) is skipped: it is not available\n",
        ":2 (dumb, OpenCL 1.2 fake) is skipped: it has no compiler\n",
        ":3 (odd, 1.2) is skipped: it tells no OpenCL version\n",
    };
    char text[4096] = "";
    const clf_log log = {.callback = collect, .user = text, .level = CLF_LOG_DEBUG};
    clf_device_list *list = NULL;
    ck_assert_int_eq(clf_device_list_create(&log, &list), CLF_OK);
    ck_assert_int_eq(clf_device_list_count(list), 1);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        ck_assert_msg(strstr(text, lines[i]) != NULL, "'%s' is not in '%s'", lines[i], text);
    clf_device_list_destroy(&list);
}
END_TEST

START_TEST(what_a_driver_does_not_answer_is_zero)
{
    clf_device_list *list = NULL;
    ck_assert_int_eq(clf_device_list_create(NULL, &list), CLF_OK);
    const clf_device_info *info = clf_device_list_get(list, 0);
    ck_assert_ptr_nonnull(info);
    ck_assert_str_eq(info->platform_name, "FAKE");
    ck_assert_str_eq(info->name, "silent");  // blanks cut off
    ck_assert_str_eq(info->vendor, "");
    ck_assert_str_eq(info->driver, "");
    ck_assert_int_eq(info->index, 0);
    ck_assert_int_eq(info->device_index, 4);  // the skipped ones count
    ck_assert_int_eq(info->type, CLF_DEVICE_OTHER);
    ck_assert(!info->emulated && !info->fp16 && !info->fp64 && !info->subgroups);
    ck_assert(info->flushes_denormals && !info->local_mem_dedicated && !info->host_unified_memory);
    ck_assert_uint_eq(info->compute_units, 0);
    ck_assert_uint_eq(info->lockstep_width, 0);
    ck_assert_uint_eq(info->max_alloc_bytes, 0);
    ck_assert_uint_eq(info->max_work_item_sizes[0], 0);
    clf_device_list_destroy(&list);
}
END_TEST

/* Asked for where the extension is listed, and nowhere else. */
START_TEST(the_width_of_what_runs_in_lockstep)
{
    static const struct {
        const char *extensions;
        uint32_t width;
    } cases[] = {{"cl_khr_fp16", 0},
                 {"cl_khr_fp16 cl_nv_device_attribute_query", 32},
                 {"cl_amd_device_attribute_query", 64}};
    for (int i = 0; i < 3; i++) {
        clf_device_list *list = NULL;
        setenv("FAKE_EXTENSIONS", cases[i].extensions, 1);
        ck_assert_int_eq(clf_device_list_create(NULL, &list), CLF_OK);
        ck_assert_uint_eq(clf_device_list_get(list, 0)->lockstep_width, cases[i].width);
        clf_device_list_destroy(&list);
    }
    unsetenv("FAKE_EXTENSIONS");
}
END_TEST

START_TEST(no_platform)
{
    kept_log kept;
    clf_device_list *list = (clf_device_list *)&kept;
    clf_context *ctx = (clf_context *)&kept;
    ck_assert_int_eq(clf_device_list_create(keep(&kept, CLF_LOG_ERROR), &list),
                     CLF_ERROR_NO_PLATFORM);
    ck_assert_ptr_null(list);
    assert_said(&kept, "no OpenCL platform (CL_PLATFORM_NOT_FOUND_KHR, -1001): install a driver");
    ck_assert_int_eq(clf_context_create("0", keep(&kept, CLF_LOG_ERROR), &ctx),
                     CLF_ERROR_NO_PLATFORM);
    ck_assert_ptr_null(ctx);
    ck_assert_int_eq(kept.count, 1);
}
END_TEST

int main(int argc, char **argv)
{
    const TTest *const fake[] = {unusable_platforms_and_devices_are_skipped,
                                 what_a_driver_does_not_answer_is_zero,
                                 the_width_of_what_runs_in_lockstep};
    const TTest *const none[] = {no_platform};
    setenv("CK_FORK", "no", 1);
    if (argc == 2 && strcmp(argv[1], "none") == 0)
        return run_tests("no platform", none, 1);
    return run_tests("odd platforms", fake, 3);
}
