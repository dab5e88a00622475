/* Keys, classes of shapes, and where a plan's parameters come from, on invented devices: no device
 * is needed. */
#include "tune_support.h"

#include "cl/embedded.h"
#include "tune/classes.h"

static clf_device_info cpu_of(const char *name, uint32_t units, uint32_t width)
{
    return (clf_device_info){.type = CLF_DEVICE_CPU,
                             .platform_name = "invented",
                             .name = name,
                             .vendor = "nobody",
                             .driver = "1.0",
                             .compute_units = units,
                             .native_float_width = width};
}

static clf_plan_params problem(int64_t H, int64_t L, bool causal)
{
    return (clf_plan_params){
        .B = 1, .H = H, .L = L, .S = L, .D = 64, .E = 64, .R = 256, .causal = causal};
}

static clfi_shape shape_of(const clf_plan_params *params)
{
    kept_log kept;
    clfi_shape shape;
    const clf_status status = clfi_shape_init(&shape, params, keep(&kept, CLF_LOG_ERROR));
    ck_assert_msg(status == CLF_OK, "%s", kept.text);
    return shape;
}

static clfi_key key_of(const clf_plan_params *params, const clf_device_info *device)
{
    clfi_key key;
    const clfi_shape shape = shape_of(params);
    clfi_key_init(&key, &shape, device);
    return key;
}

START_TEST(names_become_printable_and_fit)
{
    char driver[300];
    memset(driver, 'x', sizeof driver - 1);
    driver[sizeof driver - 1] = '\0';
    clfi_identity identity;
    const clf_device_info odd = {.type = CLF_DEVICE_GPU,
                                 .platform_name = NULL,
                                 .name = "Gr\xc3\xa4"
                                         "fik\t2\x7f",
                                 .driver = driver};
    memset(&identity, 0x55, sizeof identity);
    setenv("CL_CONFIG_CPU_TARGET_ARCH", "corei7", 1);
    clfi_identity_init(&identity, &odd);
    ck_assert_str_eq(identity.platform, "");
    ck_assert_str_eq(identity.device, "Gr??fik?2?");
    ck_assert_uint_eq(strlen(identity.driver), sizeof identity.driver - 1);
    ck_assert_str_eq(identity.target, "");  // says nothing of a GPU

    const clf_device_info cpu = cpu_of("c", 2, 8);
    clfi_identity_init(&identity, &cpu);
    ck_assert_str_eq(identity.target, "corei7");
    unsetenv("CL_CONFIG_CPU_TARGET_ARCH");
    clfi_identity_init(&identity, &cpu);
    ck_assert_str_eq(identity.target, "");
}
END_TEST

START_TEST(a_key_names_kernels_and_types)
{
    const clf_device_info cpu = cpu_of("c", 2, 8);
    clf_plan_params p = problem(8, 4096, false);
    setenv("CLFAVOR_KERNEL_DIR", "/nonexistent", 1);
    clfi_key key = key_of(&p, &cpu);
    ck_assert_str_eq(key.kernels, CLFI_KERNELS_FOLDER);
    unsetenv("CLFAVOR_KERNEL_DIR");
    key = key_of(&p, &cpu);
    ck_assert_uint_eq(strlen(key.kernels), 32);
    ck_assert_uint_eq(strspn(key.kernels, "0123456789abcdef"), 32);
    ck_assert_str_eq(key.kernels, key_of(&p, &cpu).kernels);
    ck_assert_str_eq(key.dtype, "f32");
    p.q_dtype = p.k_dtype = p.v_dtype = p.out_dtype = CLF_DTYPE_BF16;
    ck_assert_str_eq(key_of(&p, &cpu).dtype, "bf16");
    p.out_dtype = CLF_DTYPE_F32;
    p.v_dtype = CLF_DTYPE_F16;
    ck_assert_str_eq(key_of(&p, &cpu).dtype, "bf16,bf16,f16,f32");
}
END_TEST

START_TEST(sizes_are_rounded_up)
{
    static const struct {
        int64_t D, E, R;
        const char *text;
    } cases[] = {
        {1, 16, 16, "D=16 E=16 R=16"},         {17, 33, 49, "D=32 E=48 R=64"},
        {65, 81, 97, "D=80 E=96 R=128"},       {129, 193, 257, "D=192 E=256 R=384"},
        {385, 513, 769, "D=512 E=768 R=1024"}, {1024, 1000, 1025, "D=1024 E=1024 R=2048"},
        {64, 64, 65536, "D=64 E=64 R=65536"},
    };
    const clf_device_info cpu = cpu_of("c", 2, 8);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        clf_plan_params p = problem(8, 4096, false);
        p.D = cases[i].D;
        p.E = cases[i].E;
        p.R = cases[i].R;
        char text[96];
        snprintf(text, sizeof text, "bidirectional map=single %s rows=long heads=many",
                 cases[i].text);
        ck_assert_str_eq(key_of(&p, &cpu).shape, text);
    }
}
END_TEST

START_TEST(shapes_that_want_other_parameters_differ)
{
    static const struct {
        clf_plan_params p;
        const char *text;
    } cases[] = {
        {{.H = 8, .L = 4096, .S = 4096}, "bidirectional map=single # rows=long heads=many"},
        {{.H = 8, .L = 1, .S = 1025}, "bidirectional map=single # rows=long heads=many"},
        {{.H = 8, .L = 1024, .S = 1}, "bidirectional map=single # rows=medium heads=many"},
        {{.H = 8, .L = 257, .S = 257}, "bidirectional map=single # rows=medium heads=many"},
        {{.H = 8, .L = 256, .S = 17}, "bidirectional map=single # rows=short heads=many"},
        {{.H = 8, .L = 16, .S = 1}, "bidirectional map=single # rows=few heads=many"},
        {{.H = 7, .L = 5, .S = 5, .causal = true}, "causal map=single # rows=few heads=few"},
        {{.H = 8, .L = 5, .S = 5, .causal = true}, "causal map=single # rows=few heads=many"},
        // Two key heads: two sums, but eight where each query head walks the keys.
        {{.H = 8, .Hkv = 2, .L = 5, .S = 5}, "bidirectional map=single # rows=few heads=few"},
        {{.H = 8, .Hkv = 2, .L = 5, .S = 5, .causal = true},
         "causal map=single # rows=few heads=many"},
        {{.H = 8, .Hkv = 2, .L = 5, .S = 5, .path = CLF_PATH_EXACT},
         "exact D=64 E=64 rows=few heads=many"},
        {{.H = 1, .L = 5, .S = 5, .causal = true, .path = CLF_PATH_EXACT},
         "exact causal D=64 E=64 rows=few heads=few"},
        {{.H = 8, .L = 5, .S = 5, .kind = CLF_KIND_COSH},
         "bidirectional map=pair # rows=few heads=many"},
        {{.H = 8, .L = 5, .S = 5, .draw = CLF_PROJECTION_STRUCTURED},
         "bidirectional map=structured # rows=few heads=many"},
        {{.H = 8, .L = 5, .S = 5, .kind = CLF_KIND_RELU, .deterministic = true, .R = 64},
         "bidirectional map=deterministic D=64 E=64 R=64 rows=few heads=many"},
        {{.H = 8, .L = 5, .S = 5, .preset = CLF_PRESET_GOOGLE_JAX},
         "bidirectional map=single # rows=few heads=many stabilised"},
        // Neither the path that was asked for nor a mask make another class.
        {{.H = 8, .L = 5, .S = 5, .path = CLF_PATH_FUSED, .mask = CLF_MASK_KEYS},
         "bidirectional map=single # rows=few heads=many"},
    };
    const clf_device_info cpu = cpu_of("c", 2, 8);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        clf_plan_params p = cases[i].p;
        p.B = 1;
        p.D = p.E = 64;
        p.R = p.R ? p.R : 256;
        const char *sizes = strchr(cases[i].text, '#');
        char text[128];
        snprintf(text, sizeof text, "%.*s%s%s", (int)(sizes ? sizes - cases[i].text : 0),
                 cases[i].text, sizes ? "D=64 E=64 R=256" : "", sizes ? sizes + 1 : cases[i].text);
        ck_assert_str_eq(key_of(&p, &cpu).shape, text);
    }
}
END_TEST

/* The longest text there can be. */
START_TEST(the_class_of_a_shape_fits_its_room)
{
    const clf_device_info cpu = cpu_of("c", 2, 8);
    const clf_plan_params p = problem(8, 1024, false);
    clfi_shape shape = shape_of(&p);
    shape.deterministic = shape.stabilised = true;
    shape.D = shape.E = 32768;
    shape.R = 65536;
    char text[96];
    clfi_shape_class(&shape, &cpu, text);
    ck_assert_str_eq(text, "bidirectional map=deterministic D=32768 E=32768 R=65536 rows=medium "
                           "heads=many stabilised");
}
END_TEST

START_TEST(what_is_shipped_is_right)
{
    clfi_database db;
    all_messages all;
    ck_assert_uint_eq(clfi_embedded_table_count, 1);
    const struct clfi_embedded *table = &clfi_embedded_tables[0];
    ck_assert_str_eq(table->path, "shipped.json");
    ck_assert_int_eq(clfi_database_parse(table->source, table->length, table->path, listen_to(&all),
                                         CLF_LOG_ERROR, &db),
                     CLF_OK);
    ck_assert_msg(!all.text[0], "%s", all.text);
    clfi_database_finish(&db);
}
END_TEST

/* A device whose class sets a local size, and databases that know more or less of it. */
START_TEST(the_nearest_source_is_taken)
{
    static const struct {
        bool exact[2], hint[2];  // of the user's and the shipped database
        clf_lookup from;
        const char *found;
        int segments;
    } cases[] = {
        {{1, 1}, {1, 1}, CLF_LOOKUP_ALL, "user", 1},
        {{0, 1}, {1, 1}, CLF_LOOKUP_ALL, "user_hint", 2},
        {{0, 1}, {0, 1}, CLF_LOOKUP_ALL, "shipped", 3},
        {{0, 0}, {0, 1}, CLF_LOOKUP_ALL, "shipped_hint", 4},
        {{0, 0}, {0, 0}, CLF_LOOKUP_ALL, "class_nvidia", 0},
        {{1, 1}, {1, 1}, CLF_LOOKUP_SHIPPED, "shipped", 3},
        {{1, 0}, {1, 1}, CLF_LOOKUP_SHIPPED, "shipped_hint", 4},
        {{1, 0}, {1, 0}, CLF_LOOKUP_SHIPPED, "class_nvidia", 0},
        {{1, 1}, {1, 1}, CLF_LOOKUP_CLASS, "class_nvidia", 0},
        {{1, 1}, {1, 1}, CLF_LOOKUP_NONE, "default", 0},
    };
    const clf_device_info gpu = {.type = CLF_DEVICE_GPU, .vendor = "NVIDIA Corporation"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        clfi_database db[2] = {{.count = 0}, {.count = 0}};
        clfi_result r = sample_result("causal", 7);
        const clfi_key key = r.key;
        for (int n = 0; n < 4; n++) {
            r.key = key;
            r.key.kernels[0] ^= (char)(n % 2);
            r.configuration.tuning.segments = n + 1;
            if (n % 2 ? cases[i].hint[n / 2] : cases[i].exact[n / 2])
                ck_assert_int_eq(clfi_database_put(&db[n / 2], &r), CLF_OK);
        }
        all_messages all;
        clfi_found found;
        clfi_lookup_in(&db[0], &db[1], cases[i].from, &key, &gpu, listen_to(&all), &found);
        ck_assert_str_eq(found.from, cases[i].found);
        ck_assert_int_eq(found.configuration.tuning.segments, cases[i].segments);
        if (strcmp(found.from, "class_nvidia") == 0)
            ck_assert(clfi_configuration_equal(&found.configuration,
                                               &clfi_class_find("nvidia")->configuration));
        ck_assert_int_eq(all.count[CLF_LOG_INFO], strstr(found.from, "hint") != NULL);
        clfi_database_finish(&db[0]);
        clfi_database_finish(&db[1]);
    }
}
END_TEST

START_TEST(a_hint_says_what_has_changed)
{
    const clf_device_info cpu = cpu_of("c", 2, 8);
    const clfi_result r = sample_result("causal", 7);
    clfi_database db = {.count = 0}, none = {.count = 0};
    ck_assert_int_eq(clfi_database_put(&db, &r), CLF_OK);
    kept_log kept;
    clfi_found found;
    clfi_key key = r.key;
    key.identity.driver[0] = '4';
    clfi_lookup_in(&db, &none, CLF_LOOKUP_ALL, &key, &cpu, keep(&kept, CLF_LOG_INFO), &found);
    assert_said(&kept, "found with driver 3.1, this is driver 4.1");
    key.kernels[0] = 'x';
    clfi_lookup_in(&db, &none, CLF_LOOKUP_ALL, &key, &cpu, keep(&kept, CLF_LOG_INFO), &found);
    assert_said(&kept, "'causal' were found with driver 3.1 and other kernels, this is driver 4.1");
    clfi_database_finish(&db);
}
END_TEST

/* The class that the user's database knows goes before a guess; one that sets nothing is none. */
START_TEST(a_measured_class_goes_before_a_guess)
{
    clf_device_info gpu = cpu_of("d", 20, 1);
    clfi_database db = {.count = 0}, none = {.count = 0};
    clfi_class_record record = sample_class("d", "mali");
    clfi_key key = sample_result("causal", 7).key;
    key.identity = record.identity;
    clfi_found found;
    gpu.type = CLF_DEVICE_GPU;
    clfi_lookup_in(&db, &none, CLF_LOOKUP_ALL, &key, &gpu, NULL, &found);
    ck_assert_str_eq(found.from, "default");  // class unknown
    ck_assert_int_eq(clfi_database_put_class(&db, &record), CLF_OK);
    snprintf(key.identity.driver, sizeof key.identity.driver, "another");
    clfi_lookup_in(&db, &none, CLF_LOOKUP_CLASS, &key, &gpu, NULL, &found);
    ck_assert_str_eq(found.from, "class_mali");
    ck_assert(
        clfi_configuration_equal(&found.configuration, &clfi_class_find("mali")->configuration));
    clfi_database_finish(&db);
}
END_TEST

/* Folds a result for the problem on the device into the user's database. */
static void tune(const clf_plan_params *p, const clf_device_info *device, int segments)
{
    clfi_result r = sample_result("", 1000 + segments);
    r.key = key_of(p, device);
    r.configuration.path = CLF_PATH_AUTO;
    r.configuration.tuning.segments = segments;
    clfi_store store = open_store(NULL, CLF_LOG_ERROR);
    ck_assert_int_eq(clfi_journal_add(&store, &r), CLF_OK);
    ck_assert_int_eq(clfi_database_fold(&store, NULL), CLF_OK);
    clfi_store_close(&store);
}

static clfi_found look_up(clfi_tables *tables, const clf_plan_params *p,
                          const clf_device_info *device, const clf_log *log)
{
    clfi_found found;
    const clfi_shape shape = shape_of(p);
    clfi_lookup(tables, p->lookup, &shape, device, log, &found);
    return found;
}

START_TEST(the_user_s_database_is_read_once)
{
    char home[64];
    own_data_home(home);
    clf_device_info gpu = cpu_of("d", 20, 1);
    gpu.type = CLF_DEVICE_GPU;
    clf_plan_params p = problem(8, 4096, true);
    all_messages all;
    clfi_tables *tables = clfi_tables_create();
    ck_assert_ptr_nonnull(tables);
    ck_assert_str_eq(look_up(tables, &p, &gpu, listen_to(&all)).from, "default");
    ck_assert_int_eq(all.count[CLF_LOG_DEBUG], 1);  // there is no folder
    ck_assert_int_eq(access(home, F_OK), 0);

    tune(&p, &gpu, 5);
    ck_assert_str_eq(look_up(tables, &p, &gpu, listen_to(&all)).from, "default");
    ck_assert_str_eq(all.text, "");
    clfi_tables_forget(tables);
    clfi_found found = look_up(tables, &p, &gpu, listen_to(&all));
    ck_assert_str_eq(found.from, "user");
    ck_assert_int_eq(found.configuration.tuning.segments, 5);
    ck_assert_str_eq(all.text, "");

    gpu.driver = "1.1";
    found = look_up(tables, &p, &gpu, NULL);
    ck_assert_str_eq(found.from, "user_hint");
    ck_assert_int_eq(found.configuration.tuning.segments, 5);
    p.lookup = CLF_LOOKUP_SHIPPED;
    ck_assert_str_eq(look_up(tables, &p, &gpu, NULL).from, "default");
    p.lookup = CLF_LOOKUP_ALL;
    p.D = 300;
    ck_assert_str_eq(look_up(tables, &p, &gpu, NULL).from, "default");
    p.D = 64;
    setenv("CLFAVOR_KERNEL_DIR", "/nonexistent", 1);
    ck_assert_str_eq(look_up(tables, &p, &gpu, NULL).from, "user_hint");
    clfi_tables_destroy(tables);
    clfi_tables_destroy(NULL);
    drop_data_home(home);
}
END_TEST

/* Nothing that is wrong with the files keeps a plan from being made. */
START_TEST(what_cannot_be_read_is_not_there)
{
    char home[64];
    own_data_home(home);
    const clf_device_info cpu = cpu_of("c", 2, 8);
    const clf_plan_params p = problem(8, 4096, true);
    all_messages all;
    tune(&p, &cpu, 5);
    clfi_store store = open_store(NULL, CLF_LOG_ERROR);
    for (int i = 0; i < 2; i++) {
        if (i == 0)
            write_file(&store, CLFI_DATABASE_NAME, "{\"format\": ");
        else
            ck_assert_int_eq(chmod(store.path, 0777), 0);
        clfi_tables *tables = clfi_tables_create();
        ck_assert_str_eq(look_up(tables, &p, &cpu, listen_to(&all)).from, "default");
        ck_assert_int_eq(all.count[CLF_LOG_DEBUG], 1);
        ck_assert_msg(strstr(all.text, i ? "others can write there" : "tuned.json: ") != NULL, "%s",
                      all.text);
        clfi_tables_destroy(tables);
    }
    clfi_store_close(&store);
    drop_data_home(home);
}
END_TEST

RUN_TESTS("lookup", names_become_printable_and_fit, a_key_names_kernels_and_types,
          sizes_are_rounded_up, shapes_that_want_other_parameters_differ,
          the_class_of_a_shape_fits_its_room, what_is_shipped_is_right, the_nearest_source_is_taken,
          a_hint_says_what_has_changed, a_measured_class_goes_before_a_guess,
          the_user_s_database_is_read_once, what_cannot_be_read_is_not_there)
