/* The space of configurations and the order of a search, on invented devices: no device is needed.
 */
#include "unit/support.h"

#include "tune/search.h"

static clf_device_info device_of(clf_device_type type)
{
    return (clf_device_info){.type = type,
                             .platform_name = "invented",
                             .name = "invented",
                             .compute_units = 4,
                             .native_float_width = 16,
                             .global_mem_bytes = (uint64_t)8 << 30,
                             .max_alloc_bytes = (uint64_t)2 << 30,
                             .max_work_group_size = 4096,
                             .max_work_item_sizes = {4096, 4096, 4096}};
}

static const clf_plan_params k_problem = {
    .B = 1, .H = 8, .L = 4096, .S = 4096, .D = 64, .E = 64, .R = 256};

static clfi_configuration parsed(const char *text)
{
    clfi_configuration c;
    ck_assert_int_eq(clfi_configuration_parse(text, NULL, &c), CLF_OK);
    return c;
}

static const char *printed(const clfi_configuration *c)
{
    static char text[CLFI_CONFIGURATION_TEXT];
    clfi_configuration_print(c, text);
    return text;
}

START_TEST(a_configuration_is_resolved_to_what_the_plan_makes_of_it)
{
    static const struct {
        const char *asked, *made;
        clf_path path;
    } cases[] = {
        {"default",
         "path=fused family=wide vector_width=16 tile_rows=48 segments=4 project_rows=8 "
         "value_rows=6 value_vectors=4 packing=rows prefetch=on",
         CLF_PATH_AUTO},
        {"value_vectors=2 packing=panels",
         "path=fused family=wide vector_width=16 tile_rows=48 segments=4 project_rows=8 "
         "value_rows=12 value_vectors=2 packing=panels prefetch=on",
         CLF_PATH_AUTO},
        {"family=plain", "path=fused family=plain segments=2 local_size=64", CLF_PATH_AUTO},
        {"local_size=32", "path=fused family=plain segments=2 local_size=32", CLF_PATH_AUTO},
        // No kernel of exact attention has segments, a packing or prefetches.
        {"segments=5 packing=panels prefetch=off",
         "path=exact family=wide vector_width=16 tile_rows=48 project_rows=8 value_rows=6 "
         "value_vectors=4",
         CLF_PATH_EXACT},
    };
    const clf_device_info cpu = device_of(CLF_DEVICE_CPU);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        clfi_search s;
        clf_plan_params p = k_problem;
        p.path = cases[i].path;
        clfi_search_init(&s, &p, &cpu, false);
        const clfi_configuration asked = parsed(cases[i].asked);
        clfi_configuration made;
        ck_assert_msg(clfi_search_resolve(&s, &asked, &made), "%s", cases[i].asked);
        ck_assert_str_eq(printed(&made), cases[i].made);
        clfi_search_finish(&s);
    }
}
END_TEST

START_TEST(what_no_plan_takes_is_no_candidate)
{
    static const char *const texts[] = {"tile_rows=24", "value_vectors=5", "path=exact",
                                        "vector_width=4 tile_rows=36 value_rows=8",
                                        "path=clblast tile_rows=48"};
    const clf_device_info cpu = device_of(CLF_DEVICE_CPU);
    clfi_search s;
    clfi_search_init(&s, &k_problem, &cpu, false);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const clfi_configuration c = parsed(texts[i]);
        clfi_configuration made;
        ck_assert_msg(!clfi_search_resolve(&s, &c, &made), "%s", texts[i]);
    }
    clfi_search_finish(&s);
}
END_TEST

/* All that a search proposes, with `told` as the gain of each candidate that contains `word`. */
static int walk(clfi_search *s, int most, const char *word, double told)
{
    clfi_configuration c, made, *all = calloc((size_t)most, sizeof *all), standard;
    const clfi_configuration none = {0};
    int count = 0;
    ck_assert_ptr_nonnull(all);
    ck_assert(clfi_search_resolve(s, &none, &standard));
    while (count < most && clfi_search_next(s, &c)) {
        ck_assert(clfi_search_resolve(s, &c, &made));
        ck_assert_msg(!clfi_configuration_equal(&made, &standard), "the default again");
        for (int i = 0; i < count; i++)
            ck_assert_msg(!clfi_configuration_equal(&made, &all[i]), "%s twice", printed(&c));
        all[count++] = made;
        clfi_search_tell(s, &c, word && strstr(printed(&made), word) ? told : 0.9);
    }
    free(all);
    return count;
}

START_TEST(nothing_is_proposed_twice_and_suggestions_come_first)
{
    const clf_device_info cpu = device_of(CLF_DEVICE_CPU);
    const clfi_configuration first = parsed("vector_width=8 tile_rows=24"),
                             impossible = parsed("tile_rows=24"), none = {0};
    clfi_search s;
    clfi_configuration c;
    clfi_search_init(&s, &k_problem, &cpu, false);
    clfi_search_suggest(&s, &none);
    clfi_search_suggest(&s, &impossible);
    clfi_search_suggest(&s, &first);
    ck_assert(clfi_search_next(&s, &c));
    ck_assert(clfi_configuration_equal(&c, &first));
    clfi_search_finish(&s);
    clfi_search_init(&s, &k_problem, &cpu, false);
    ck_assert_int_eq(walk(&s, 400, "packing=panels", 1.1), 400);
    ck_assert_int_eq(s.best.tuning.packing, CLF_PACKING_PANELS);
    clfi_search_finish(&s);
}
END_TEST

/* A second search is proposed the same: it finds the answers in the journal. */
START_TEST(the_order_is_always_the_same)
{
    const clf_device_info cpu = device_of(CLF_DEVICE_CPU);
    clfi_search a, b;
    clfi_search_init(&a, &k_problem, &cpu, false);
    clfi_search_init(&b, &k_problem, &cpu, false);
    for (int i = 0; i < 300; i++) {
        clfi_configuration x, y;
        ck_assert(clfi_search_next(&a, &x) && clfi_search_next(&b, &y));
        ck_assert(clfi_configuration_equal(&x, &y));
        clfi_search_tell(&a, &x, i % 7 == 3 ? 1 + i * 0.01 : 0);
        clfi_search_tell(&b, &y, i % 7 == 3 ? 1 + i * 0.01 : 0);
    }
    clfi_search_finish(&a);
    clfi_search_finish(&b);
}
END_TEST

/* Small spaces: one is walked to its end, and its size is what was said. */
START_TEST(an_exhaustive_search_proposes_all_there_is)
{
    const clf_device_info devices[] = {device_of(CLF_DEVICE_GPU), device_of(CLF_DEVICE_CPU)};
    clf_plan_params p = k_problem;
    p.path = CLF_PATH_EXACT;
    p.L = p.S = 20;
    p.E = 4;
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++) {
        clfi_search s;
        clfi_search_init(&s, &p, &devices[i], true);
        const int64_t size = clfi_search_size(&s);
        ck_assert_int_gt(size, 50);
        // Steps from the default may leave it a value that the lists do not have.
        const int proposed = walk(&s, 5000, NULL, 0);
        ck_assert_int_ge(proposed, size);
        ck_assert_int_lt(proposed, 5000);
        clfi_search_finish(&s);
    }
}
END_TEST

START_TEST(texts_and_configurations_are_the_same)
{
    static const char full[] =
        "family=wide vector_width=8 tile_rows=24 segments=64 project_rows=12 value_rows=24 "
        "value_vectors=8 packing=panels prefetch=off";
    static const char *const texts[] = {"default", "path=clblast", full,
                                        "family=plain segments=1 local_size=1024"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const clfi_configuration c = parsed(texts[i]);
        ck_assert_str_eq(printed(&c), texts[i]);
    }
    static const struct {
        const char *text, *said;
    } bad[] = {{"tile_rows", "'tile_rows' in 'tile_rows' is no parameter=value"},
               {"tile_rows=", "'tile_rows='"},
               {"tile_rows=-1", "'tile_rows=-1'"},
               {"tile_rows=12x", "'tile_rows=12x'"},
               {"tile_rows=99999999999", "'tile_rows=99999999999'"},
               {"packing=3", "'packing=3', but auto, rows and panels are possible"},
               {"Packing=rows", "'Packing=rows'"},
               {"vector_width=8 vector_width=5", "'vector_width=5', but 4, 8 and 16"},
               {"family=plain prefetch=on", "tuning.prefetch=2 is for the wide family"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        kept_log kept;
        clfi_configuration c;
        ck_assert_int_eq(clfi_configuration_parse(bad[i].text, keep(&kept, CLF_LOG_ERROR), &c),
                         CLF_ERROR_INVALID_ARGUMENT);
        assert_said(&kept, bad[i].said);
    }
}
END_TEST

RUN_TESTS("search", a_configuration_is_resolved_to_what_the_plan_makes_of_it,
          what_no_plan_takes_is_no_candidate, nothing_is_proposed_twice_and_suggestions_come_first,
          the_order_is_always_the_same, an_exhaustive_search_proposes_all_there_is,
          texts_and_configurations_are_the_same)
