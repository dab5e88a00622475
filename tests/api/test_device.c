/* Enumeration and selection on the real devices of this machine. */
#include "support/device.h"

static clf_device_list *make_list(void)
{
    clf_device_list *list = NULL;
    ck_assert_int_eq(clf_device_list_create(NULL, &list), CLF_OK);
    ck_assert_ptr_nonnull(list);
    return list;
}

START_TEST(records_say_what_the_driver_says)
{
    clf_device_list *list = make_list();
    for (int i = 0; i < clf_device_list_count(list); i++) {
        const clf_device_info *info = clf_device_list_get(list, i);
        cl_uint units = 0;
        cl_ulong global = 0;
        cl_uint align = 0;
        cl_device_type type = 0;
        size_t group = 0;
        char driver[256] = "";
        ck_assert_int_eq(info->index, i);
        ck_assert_int_ge(info->platform_index, 0);
        ck_assert_int_ge(info->device_index, 0);
        clGetDeviceInfo(info->id, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof units, &units, NULL);
        clGetDeviceInfo(info->id, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof global, &global, NULL);
        clGetDeviceInfo(info->id, CL_DEVICE_MEM_BASE_ADDR_ALIGN, sizeof align, &align, NULL);
        clGetDeviceInfo(info->id, CL_DEVICE_TYPE, sizeof type, &type, NULL);
        clGetDeviceInfo(info->id, CL_DEVICE_MAX_WORK_GROUP_SIZE, sizeof group, &group, NULL);
        clGetDeviceInfo(info->id, CL_DRIVER_VERSION, sizeof driver, driver, NULL);
        ck_assert_uint_eq(info->compute_units, units);
        ck_assert_uint_eq(info->global_mem_bytes, global);
        ck_assert_uint_eq(info->base_align_bytes, align / 8);
        ck_assert_uint_eq(info->max_work_group_size, group);
        ck_assert_uint_gt(info->max_alloc_bytes, 0);
        ck_assert_uint_le(info->max_alloc_bytes, info->global_mem_bytes);
        ck_assert_uint_gt(info->local_mem_bytes, 0);
        ck_assert_uint_gt(info->native_float_width, 0);
        ck_assert_uint_ge(info->max_work_item_sizes[0], 1);
        ck_assert_uint_ge(info->max_work_item_sizes[2], 1);
        ck_assert_str_eq(info->driver, driver);
        ck_assert(strlen(info->platform_name) && strlen(info->name) && strlen(info->version));
        if (info->type == CLF_DEVICE_CPU)
            ck_assert(type & CL_DEVICE_TYPE_CPU);
        if (info->type == CLF_DEVICE_GPU)
            ck_assert(type & CL_DEVICE_TYPE_GPU);
    }
    clf_device_list_destroy(&list);
    ck_assert_ptr_null(list);
}
END_TEST

/* The index of the device that the selector names, -1 when it is refused. */
static int select_index(const clf_device_list *list, const char *selector)
{
    const clf_device_info *info = NULL;
    const clf_status status = clf_device_select(list, selector, NULL, &info, NULL, 0);
    ck_assert((status == CLF_OK) == (info != NULL));
    return info ? info->index : -1;
}

START_TEST(every_device_can_be_named)
{
    clf_device_list *list = make_list();
    for (int i = 0; i < clf_device_list_count(list); i++) {
        const clf_device_info *info = clf_device_list_get(list, i);
        char selector[1024];
        snprintf(selector, sizeof selector, "%d", i);
        ck_assert_int_eq(select_index(list, selector), i);
        snprintf(selector, sizeof selector, "%d:%d", info->platform_index, info->device_index);
        ck_assert_int_eq(select_index(list, selector), i);
        if (clf_device_list_count(list) == 1)
            ck_assert_int_eq(select_index(list, info->name), i);
    }
    clf_device_list_destroy(&list);
}
END_TEST

/* Runs last of those that read CLFAVOR_DEVICE, which it restores. */
START_TEST(environment_is_the_default_selector)
{
    clf_device_list *list = make_list();
    const char *before = getenv("CLFAVOR_DEVICE");
    char *copy = before ? strdup(before) : NULL;
    kept_log kept;
    char reason[512];
    const clf_device_info *info = NULL;
    setenv("CLFAVOR_DEVICE", "0", 1);
    ck_assert_int_eq(clf_device_select(list, NULL, NULL, &info, reason, sizeof reason), CLF_OK);
    ck_assert_int_eq(info->index, 0);
    ck_assert_ptr_nonnull(strstr(reason, "CLFAVOR_DEVICE \"0\""));
    setenv("CLFAVOR_DEVICE", "no such device", 1);
    ck_assert_int_eq(
        clf_device_select(list, "", keep(&kept, CLF_LOG_ERROR), &info, reason, sizeof reason),
        CLF_ERROR_INVALID_ARGUMENT);
    ck_assert_ptr_null(info);
    assert_said(&kept, "CLFAVOR_DEVICE \"no such device\": no platform, vendor or device name");
    ck_assert_int_eq(clf_device_select(list, "0", NULL, &info, NULL, 0), CLF_OK);
    setenv("CLFAVOR_DEVICE", "", 1);
    ck_assert_int_eq(clf_device_select(list, NULL, NULL, &info, reason, sizeof reason), CLF_OK);
    ck_assert_ptr_null(strstr(reason, "CLFAVOR_DEVICE"));
    if (copy)
        setenv("CLFAVOR_DEVICE", copy, 1);
    else
        unsetenv("CLFAVOR_DEVICE");
    free(copy);
    clf_device_list_destroy(&list);
}
END_TEST

START_TEST(arguments_are_checked)
{
    clf_device_list *list = make_list();
    kept_log kept;
    const clf_device_info *info = clf_device_list_get(list, 0);
    ck_assert_int_eq(clf_device_list_create(keep(&kept, CLF_LOG_ERROR), NULL),
                     CLF_ERROR_INVALID_ARGUMENT);
    assert_said(&kept, "clf_device_list_create: out is NULL");
    ck_assert_int_eq(clf_device_list_count(NULL), 0);
    ck_assert_ptr_null(clf_device_list_get(NULL, 0));
    ck_assert_ptr_null(clf_device_list_get(list, -1));
    ck_assert_ptr_null(clf_device_list_get(list, clf_device_list_count(list)));
    ck_assert_int_eq(clf_device_select(NULL, NULL, keep(&kept, CLF_LOG_ERROR), &info, NULL, 0),
                     CLF_ERROR_INVALID_ARGUMENT);
    assert_said(&kept, "clf_device_select: list is NULL");
    ck_assert_ptr_null(info);
    ck_assert_int_eq(clf_device_select(list, NULL, keep(&kept, CLF_LOG_ERROR), NULL, NULL, 0),
                     CLF_ERROR_INVALID_ARGUMENT);
    assert_said(&kept, "clf_device_select: out is NULL");
    ck_assert_int_eq(clf_device_select(list, "0", NULL, &info, NULL, 100), CLF_OK);
    clf_device_list_destroy(&list);
    clf_device_list_destroy(&list);
    clf_device_list_destroy(NULL);
}
END_TEST

RUN_DEVICE_TESTS("device", records_say_what_the_driver_says, every_device_can_be_named,
                 environment_is_the_default_selector, arguments_are_checked)
