/* The choices of a plan on invented devices: no device is needed. */
#include "unit/support.h"

#include "kernels.h"
#include "plan_choice.h"

#define MIB ((uint64_t)1 << 20)

static clf_device_info device_of(clf_device_type type, uint32_t units, uint32_t width)
{
    return (clf_device_info){.type = type,
                             .platform_name = "invented",
                             .name = "invented",
                             .compute_units = units,
                             .native_float_width = width,
                             .global_mem_bytes = 8192 * MIB,
                             .max_alloc_bytes = 2048 * MIB,
                             .max_work_group_size = 4096,
                             .max_work_item_sizes = {4096, 4096, 4096}};
}

static clf_plan_params problem(int64_t H, int64_t L, bool causal)
{
    return (clf_plan_params){.B = 1,
                             .H = H,
                             .L = L,
                             .S = L,
                             .D = 64,
                             .E = 64,
                             .R = 256,
                             .causal = causal,
                             .path = CLF_PATH_FUSED};
}

static clf_status choose(const clf_plan_params *params, const clf_device_info *device,
                         const clf_log *log, clfi_choice *choice)
{
    clfi_shape shape;
    ck_assert_int_eq(clfi_shape_init(&shape, params, log), CLF_OK);
    return clfi_choose(&shape, device, log, choice);
}

static clfi_choice chosen(const clf_plan_params *params, const clf_device_info *device)
{
    kept_log kept;
    clfi_choice choice;
    const clf_status status = choose(params, device, keep(&kept, CLF_LOG_ERROR), &choice);
    ck_assert_msg(status == CLF_OK, "%s", kept.text);
    return choice;
}

START_TEST(family_and_width_follow_the_device)
{
    static const struct {
        uint32_t native;
        int width;
    } cases[] = {{0, 4}, {1, 4}, {4, 4}, {7, 4}, {8, 8}, {15, 8}, {16, 16}, {32, 16}};
    const clf_plan_params p = problem(8, 1000, false);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const clf_device_info cpu = device_of(CLF_DEVICE_CPU, 2, cases[i].native);
        const clfi_choice c = chosen(&p, &cpu);
        ck_assert_int_eq(c.family, CLF_FAMILY_WIDE);
        ck_assert_int_eq(c.vector_width, cases[i].width);
        ck_assert_int_eq(c.tile, 48);
    }
    static const int few[][2] = {{1, 4}, {4, 4}, {5, 8}, {8, 8}, {9, 16}};
    const clf_device_info wide = device_of(CLF_DEVICE_CPU, 2, 16);
    for (size_t i = 0; i < sizeof few / sizeof few[0]; i++) {
        const clf_plan_params short_one = problem(8, few[i][0], false);
        ck_assert_int_eq(chosen(&short_one, &wide).vector_width, few[i][1]);
    }
    const clf_device_info gpu = device_of(CLF_DEVICE_GPU, 20, 1);
    ck_assert_int_eq(chosen(&p, &gpu).family, CLF_FAMILY_PLAIN);
    clf_device_info simulator = device_of(CLF_DEVICE_CPU, 2, 8);
    simulator.emulated = true;
    ck_assert_int_eq(chosen(&p, &simulator).family, CLF_FAMILY_PLAIN);
}
END_TEST

/* llvmpipe ends loops without a word: what would go round too often is refused. */
START_TEST(what_a_device_would_cut_short_is_refused)
{
    static const struct {
        int64_t H, L, S, D, E, R;
        bool causal;
        clf_path path;
        bool fits;
    } cases[] = {
        {1, 1000, 1000, 1, 1, 1, false, CLF_PATH_FUSED, true},
        {1, 10000000, 10000000, 1, 1, 1, false, CLF_PATH_FUSED, false},
        {1, 48, 48, 16, 16, 500, false, CLF_PATH_FUSED, true},
        {1, 48, 48, 16, 16, 2000, false, CLF_PATH_FUSED, false},
        {1, 10, 10, 16, 16, 16, true, CLF_PATH_FUSED, true},
        {1, 50, 50, 16, 16, 48, true, CLF_PATH_FUSED, false},
        {1, 50, 50, 16, 16, 48, false, CLF_PATH_EXACT, true},
        {1, 5000, 5000, 16, 16, 48, false, CLF_PATH_EXACT, false},
        // Each a little above the limit.
        {1, 1000000, 1, 1, 1024, 1, false, CLF_PATH_FUSED, false},
        {1, 12000, 12000, 1, 64, 1, true, CLF_PATH_FUSED, false},
        {1, 1, 336, 64, 64, 2, false, CLF_PATH_EXACT, false},
        {1, 1, 31, 1, 1024, 1, false, CLF_PATH_FUSED, false},
        {1, 1, 20, 1, 1024, 1, false, CLF_PATH_FUSED, true},
        {1, 16, 16, 8, 8, 8, true, CLF_PATH_FUSED, true},
        {8, 16, 16, 8, 8, 32, true, CLF_PATH_FUSED, false},  // eight heads share a state
    };
    kept_log kept;
    clfi_choice c;
    clf_device_info device = device_of(CLF_DEVICE_CPU, 2, 8);
    device.name = "llvmpipe (LLVM 15.0.6, 256 bits)";
    device.emulated = true;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        clf_plan_params p = problem(cases[i].H, cases[i].L, cases[i].causal);
        p.Hkv = 1;
        p.S = cases[i].S;
        p.D = cases[i].D;
        p.E = cases[i].E;
        p.R = cases[i].R;
        p.path = cases[i].path;
        const clf_status status = choose(&p, &device, keep(&kept, CLF_LOG_ERROR), &c);
        ck_assert_msg(status == (cases[i].fits ? CLF_OK : CLF_ERROR_UNSUPPORTED), "case %d: %s",
                      (int)i, status == CLF_OK ? "taken" : kept.text);
        if (!cases[i].fits)
            assert_said(&kept,
                        "device llvmpipe (LLVM 15.0.6, 256 bits) ends all loops after 65535");
    }
    clf_plan_params p = problem(1, 10, false);
    p.tuning.family = CLF_FAMILY_WIDE;
    ck_assert_int_eq(choose(&p, &device, keep(&kept, CLF_LOG_ERROR), &c), CLF_ERROR_UNSUPPORTED);
    assert_said(&kept, "takes the plain family alone");
    p = problem(1, 10, false);
    p.path = CLF_PATH_CLBLAST;
    if (!clfi_chunks_refusal(&p)) {
        ck_assert_int_eq(choose(&p, &device, keep(&kept, CLF_LOG_ERROR), &c),
                         CLF_ERROR_UNSUPPORTED);
        assert_said(&kept, "and not the CLBlast path");
    }
}
END_TEST

/* What kernels/common/wide.clh needs of its macros, for every shape that is accepted. */
START_TEST(wide_tiles_fit_registers_and_private_memory)
{
    static const int64_t sizes[] = {1, 3, 16, 63, 64, 65, 128, 512, 1000, 1024};
    static const int widths[] = {4, 8, 16};
    const int n = sizeof sizes / sizeof sizes[0];
    for (int i = 0; i < n * n * 3 * 4; i++) {
        clf_plan_params p = problem(12, 500, i % 2 == 1);
        p.Hkv = 1;
        p.kind = i / 2 % 2 ? CLF_KIND_COSH : CLF_KIND_EXP;
        p.D = sizes[i / 4 % n];
        p.E = sizes[i / 4 / n % n];
        const clf_device_info cpu = device_of(CLF_DEVICE_CPU, 2, (uint32_t)widths[i / 4 / n / n]);
        const clfi_choice c = chosen(&p, &cpu);
        ck_assert_uint_le(c.private_bytes, 256 * 1024);
        ck_assert_int_eq(c.tile % (3 * c.vector_width), 0);
        ck_assert_int_eq(c.tile % c.value_rows + CLFI_FEATURE_BLOCK % c.value_rows, 0);
        ck_assert_int_eq(c.tile % c.project_rows + CLFI_FEATURE_BLOCK % c.project_rows, 0);
        ck_assert_int_eq(c.EP % c.vector_width, 0);
        ck_assert_int_ge(c.EP, p.E);
        ck_assert_int_lt(c.EP, p.E + c.vector_width);
        ck_assert_int_eq(c.MP % CLFI_FEATURE_BLOCK, 0);
        ck_assert_int_ge(c.value_vectors, 1);
        ck_assert_int_le(c.value_vectors, c.EP / c.vector_width);
        const int accumulators = c.value_rows * c.value_vectors + c.value_vectors + 1;
        ck_assert_int_le(accumulators, c.vector_width == 16 ? 32 : 16);
    }
}
END_TEST

static int64_t share_of(const clf_plan_params *p, clf_family family, clfi_choice *choice)
{
    const clf_device_info cpu = device_of(CLF_DEVICE_CPU, 2, 16);
    clf_plan_params tuned = *p;
    tuned.tuning.family = family;
    *choice = chosen(&tuned, &cpu);
    ck_assert_int_eq(choice->states * choice->share, p->B * p->H);
    return choice->share;
}

/* Heads of a group share a state; causal ones, as many as a work-item can hold a tile of. */
START_TEST(heads_of_a_group_share_states)
{
    static const struct {
        int64_t H, Hkv, D, wide, plain;  // D of wide heads, and the shares of causal plans
    } cases[] = {
        {12, 0, 64, 1, 1}, {12, 12, 64, 1, 1}, {12, 6, 64, 2, 2},  {12, 1, 64, 4, 6},
        {10, 2, 64, 5, 5}, {7, 1, 64, 1, 7},   {8, 1, 64, 4, 8},   {16, 1, 64, 4, 8},
        {18, 2, 64, 3, 3}, {11, 1, 64, 1, 1},  {12, 1, 300, 1, 6}, {32, 2, 8, 8, 8},
        {20, 2, 8, 10, 5},
    };
    clfi_choice c;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        clf_plan_params p = problem(cases[i].H, 1000, false);
        p.B = 3;
        p.Hkv = cases[i].Hkv;
        p.D = p.E = cases[i].D;
        const int64_t group = p.Hkv ? p.H / p.Hkv : 1;
        ck_assert_int_eq(share_of(&p, CLF_FAMILY_WIDE, &c), group);
        ck_assert_int_eq(share_of(&p, CLF_FAMILY_PLAIN, &c), group);
        p.causal = true;
        ck_assert_int_eq(share_of(&p, CLF_FAMILY_PLAIN, &c), cases[i].plain);
        const int64_t wide = share_of(&p, CLF_FAMILY_WIDE, &c);
        ck_assert_msg(wide == cases[i].wide, "case %zu: %d", i, (int)wide);
        ck_assert_uint_le(c.private_bytes, 256 * 1024);
    }
}
END_TEST

START_TEST(exact_attention_shares_nothing_and_keeps_nothing)
{
    clfi_choice c;
    for (int i = 0; i < 4; i++) {
        clf_plan_params p = problem(12, (int64_t)1 << (i / 2 ? 30 : 10), i % 2 == 1);
        p.B = 2;
        p.Hkv = 2;
        p.R = 0;
        p.path = CLF_PATH_EXACT;
        for (int family = CLF_FAMILY_PLAIN; family <= CLF_FAMILY_WIDE; family++) {
            ck_assert_int_eq(share_of(&p, (clf_family)family, &c), 1);
            ck_assert_int_eq(c.states, 24);
            ck_assert_int_eq(c.states_per_pass, 24);
            ck_assert_int_eq(c.segments, 1);
            ck_assert_uint_eq(c.workspace_bytes, 0);
            ck_assert_int_ge(c.segment_rows, p.S);
        }
    }
}
END_TEST

START_TEST(a_tile_that_needs_too_much_private_memory_is_refused)
{
    kept_log kept;
    clfi_choice c;
    const clf_device_info cpu = device_of(CLF_DEVICE_CPU, 2, 16);
    clf_plan_params p = problem(1, 100, true);
    p.D = p.E = 1024;
    p.tuning.tile_rows = 48;
    ck_assert_int_eq(choose(&p, &cpu, keep(&kept, CLF_LOG_ERROR), &c), CLF_ERROR_UNSUPPORTED);
    assert_said(&kept, "D=1024 and E=1024");
    assert_said(&kept, "limit is 262144");
}
END_TEST

START_TEST(segments_fill_the_device_and_are_capped)
{
    static const struct {
        int64_t H, L;
        bool causal;
        uint32_t units;
        int forced, segments;
    } cases[] = {
        {8, 4096, false, 2, 0, 2},
        {1, 4096, false, 2, 0, 15},
        {1, 100, false, 2, 0, 3},
        {1, 1 << 20, false, 1000, 0, 64},
        {16, 4096, false, 2, 0, 1},
        {1, 1, false, 2, 0, 1},
        {8, 4096, true, 2, 0, 1},
        {1, 4096, true, 2, 0, 2},
        {1, 48, true, 2, 0, 1},
        {8, 1 << 20, false, 2, 64, 64},
        {8, 97, true, 2, 3, 3},
        {8, 96, true, 2, 3, 2},
        {1, (int64_t)1 << 30, false, 2, 1, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        clf_plan_params p = problem(cases[i].H, cases[i].L, cases[i].causal);
        p.tuning.segments = cases[i].forced;
        const clf_device_info cpu = device_of(CLF_DEVICE_CPU, cases[i].units, 16);
        const clfi_choice c = chosen(&p, &cpu);
        ck_assert_msg(c.segments == cases[i].segments, "case %zu: %d segments", i, c.segments);
        ck_assert_int_ge(c.segments * c.segment_rows, p.S);
        ck_assert_int_lt((c.segments - 1) * c.segment_rows, p.S);
        ck_assert_int_eq(c.segment_rows % c.tile, 0);
        ck_assert(c.compensated == (c.segment_rows / c.tile > 256));
    }
}
END_TEST

START_TEST(workspace_does_not_grow_with_length)
{
    for (int causal = 0; causal < 2; causal++) {
        for (int family = CLF_FAMILY_PLAIN; family <= CLF_FAMILY_WIDE; family++) {
            const clf_device_info cpu = device_of(CLF_DEVICE_CPU, 2, 16);
            clf_plan_params p = problem(4, 65536, causal != 0);
            p.tuning.family = (clf_family)family;
            const size_t bytes = chosen(&p, &cpu).workspace_bytes;
            p.L = p.S = (int64_t)1 << 30;
            ck_assert_uint_eq(chosen(&p, &cpu).workspace_bytes, bytes);
        }
    }
}
END_TEST

START_TEST(heads_go_in_passes_when_memory_is_short)
{
    kept_log kept;
    clfi_choice c;
    clf_device_info cpu = device_of(CLF_DEVICE_CPU, 2, 16);
    const clf_plan_params p = problem(1000, 100, false);
    const size_t all = chosen(&p, &cpu).workspace_bytes;
    cpu.max_alloc_bytes = all / 4;
    ck_assert_int_eq(chosen(&p, &cpu).states_per_pass, 250);
    ck_assert_uint_eq(chosen(&p, &cpu).workspace_bytes, all / 4);
    cpu.max_alloc_bytes = 0;
    cpu.global_mem_bytes = all / 2;
    ck_assert_int_eq(chosen(&p, &cpu).states_per_pass, 125);
    cpu.global_mem_bytes = 4 * (all / 1000) - 4;
    ck_assert_int_eq(choose(&p, &cpu, keep(&kept, CLF_LOG_ERROR), &c), CLF_ERROR_UNSUPPORTED);
    char numbers[96];
    snprintf(numbers, sizeof numbers, "need %zu bytes of state", all / 1000);
    assert_said(&kept, numbers);
    snprintf(numbers, sizeof numbers, "allows %zu", all / 1000 - 1);
    assert_said(&kept, numbers);
}
END_TEST

START_TEST(segments_give_way_to_memory_unless_they_are_tuned)
{
    kept_log kept;
    clfi_choice c;
    clf_device_info cpu = device_of(CLF_DEVICE_CPU, 2, 16);
    clf_plan_params p = problem(1, 4096, false);
    ck_assert_int_eq(chosen(&p, &cpu).segments, 15);
    cpu.max_alloc_bytes = chosen(&p, &cpu).workspace_bytes / 2;
    c = chosen(&p, &cpu);
    ck_assert_int_le(c.segments, 8);
    ck_assert_str_eq(c.segments_from, "to_fit_memory");
    p.tuning.segments = 16;
    ck_assert_int_eq(choose(&p, &cpu, keep(&kept, CLF_LOG_ERROR), &c), CLF_ERROR_UNSUPPORTED);
    assert_said(&kept, "in 15 segments");
}
END_TEST

START_TEST(impossible_tuning_is_refused_by_name)
{
    static const struct {
        clf_tuning tuning;
        const char *text;
    } cases[] = {
        {{.family = (clf_family)3}, "tuning.family=3"},
        {{.family = (clf_family)-1}, "tuning.family=-1"},
        {{.vector_width = 5}, "tuning.vector_width=5"},
        {{.vector_width = -4}, "tuning.vector_width=-4"},
        {{.vector_width = 32}, "tuning.vector_width=32"},
        {{.tile_rows = -48}, "tuning.tile_rows=-48"},
        {{.tile_rows = 50}, "tuning.tile_rows=50, but multiples of 12 up to 96 are possible"},
        {{.tile_rows = 36}, "tuning.tile_rows=36 is no multiple of 48"},
        {{.tile_rows = 144}, "tuning.tile_rows=144"},
        {{.tile_rows = 12, .vector_width = 8}, "tuning.tile_rows=12 is no multiple of 24"},
        {{.segments = -1}, "tuning.segments=-1"},
        {{.segments = 65}, "tuning.segments=65"},
        {{.family = CLF_FAMILY_PLAIN, .vector_width = 8}, "vector_width=8"},
        {{.family = CLF_FAMILY_PLAIN, .tile_rows = 48}, "tile_rows=48"},
        {{.family = CLF_FAMILY_PLAIN, .prefetch = CLF_PREFETCH_ON},
         "tuning.prefetch=2 is for the wide family, but plain is asked for"},
        {{.family = CLF_FAMILY_WIDE, .local_size = 64},
         "tuning.local_size=64 is for the plain family, but wide is asked for"},
        {{.tile_rows = 24, .local_size = 64},
         "tuning.local_size=64 is for the plain family, but wide is asked for"},
        {{.local_size = 1025}, "tuning.local_size=1025, but 1 to 1024 are possible"},
        {{.project_rows = 5}, "tuning.project_rows=5, but 1, 2, 3, 4, 6, 8 and 12 are possible"},
        {{.value_rows = 16}, "tuning.value_rows=16, but 1, 2, 3, 4, 6, 8, 12 and 24 are possible"},
        {{.vector_width = 4, .tile_rows = 36, .value_rows = 8},
         "tuning.value_rows=8 does not divide a tile of 36 rows"},
        {{.vector_width = 4, .tile_rows = 36, .project_rows = 8},
         "tuning.project_rows=8 does not divide a tile of 36 rows"},
        {{.value_vectors = 9}, "tuning.value_vectors=9, but 1 to 8 are possible"},
        {{.value_vectors = 5}, "tuning.value_vectors=5, but E=64 takes 4 vectors of 16"},
        {{.packing = (clf_packing)3}, "tuning.packing=3, but auto, rows and panels are possible"},
        {{.prefetch = (clf_prefetch)-1}, "tuning.prefetch=-1, but auto, off and on are possible"},
    };
    const clf_device_info cpu = device_of(CLF_DEVICE_CPU, 2, 16);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        kept_log kept;
        clfi_choice c;
        clf_plan_params p = problem(1, 100, false);
        p.tuning = cases[i].tuning;
        ck_assert_int_eq(choose(&p, &cpu, keep(&kept, CLF_LOG_ERROR), &c),
                         CLF_ERROR_INVALID_ARGUMENT);
        ck_assert_int_eq(kept.count, 1);
        assert_said(&kept, cases[i].text);
    }
}
END_TEST

/* Stages of the CLBlast path have one implementation, for all devices. */
START_TEST(every_stage_has_a_row_in_each_family_or_in_plain)
{
    ck_assert_int_eq(clfi_kernel_row_count, CLFI_STAGE_GATHER_KEYS + CLFI_STAGE_COUNT);
    for (int stage = 0; stage < CLFI_STAGE_COUNT; stage++) {
        for (int family = CLF_FAMILY_PLAIN; family <= CLF_FAMILY_WIDE; family++) {
            const clfi_kernel_row *row = clfi_kernel_find((clfi_stage)stage, (clf_family)family);
            const bool plain = family == CLF_FAMILY_PLAIN || stage >= CLFI_STAGE_GATHER_KEYS;
            char path[64];
            snprintf(path, sizeof path, "%s/%s.cl", plain ? "plain" : "wide",
                     clfi_stage_name((clfi_stage)stage));
            ck_assert_str_eq(row->path, path);
        }
    }
}
END_TEST

START_TEST(chunks_are_equal_and_give_way_to_memory)
{
    static const struct {
        int64_t S, L, key_rows, query_rows;
    } cases[] = {{1, 1, 1, 1},
                 {1023, 7, 1023, 7},
                 {1024, 1025, 1024, 513},
                 {2049, 100, 683, 100},
                 {1 << 30, 3000, 1024, 1000}};
    clfi_shape shape;
    clfi_choice c = {0}, first;
    clf_device_info device = device_of(CLF_DEVICE_CPU, 2, 16);
    clf_plan_params p = problem(8, 1, false);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        p.S = cases[i].S;
        p.L = cases[i].L;
        ck_assert_int_eq(clfi_shape_init(&shape, &p, NULL), CLF_OK);
        ck_assert_int_eq(clfi_choose_chunks(&shape, &device, NULL, &c), CLF_OK);
        ck_assert_int_eq(c.key_rows, cases[i].key_rows);
        ck_assert_int_eq(c.query_rows, cases[i].query_rows);
        ck_assert_str_eq(c.rows_from, "default");
    }
    first = c;
    ck_assert_int_eq(clfi_chunks_place(&shape, &device, 1000, NULL, &c), CLF_OK);
    ck_assert_int_eq(c.part_at[CLFI_PART_X], 256);
    ck_assert_uint_eq(c.workspace_bytes, first.workspace_bytes + 1024);

    device.max_alloc_bytes = first.workspace_bytes;
    ck_assert_int_eq(clfi_choose_chunks(&shape, &device, NULL, &c), CLF_OK);
    ck_assert_str_eq(c.rows_from, "to_fit_memory");
    ck_assert_int_lt(c.key_rows, 1024);
    ck_assert_uint_le(2 * c.workspace_bytes, device.max_alloc_bytes);

    kept_log kept;
    device.max_alloc_bytes = 64 * 1024;
    ck_assert_int_eq(clfi_choose_chunks(&shape, &device, keep(&kept, CLF_LOG_ERROR), &c),
                     CLF_ERROR_UNSUPPORTED);
    assert_said(&kept, "device invented allows 65536");

    device.max_work_group_size = 16;
    ck_assert_int_eq(clfi_choose_chunks(&shape, &device, keep(&kept, CLF_LOG_ERROR), &c),
                     CLF_ERROR_UNSUPPORTED);
    assert_said(&kept, "CLBlast needs work-groups of 64, device invented allows 16");
}
END_TEST

/* Where CLBlast is built; without it, and where its path cannot serve, the limit stands. */
START_TEST(what_is_too_large_to_be_fused_goes_to_clblast)
{
    clfi_shape shape;
    kept_log kept;
    clf_plan_params p = problem(8, 1000, false);
    p.path = CLF_PATH_AUTO;
    p.D = p.E = 1024;
    ck_assert_int_eq(clfi_shape_init(&shape, &p, NULL), CLF_OK);
    ck_assert_int_eq(shape.path, CLF_PATH_FUSED);
    ck_assert_str_eq(shape.path_from, "default");
    p.E = 1025;
    const bool built = !clfi_chunks_refusal(&p);
    ck_assert_int_eq(clfi_shape_init(&shape, &p, keep(&kept, CLF_LOG_ERROR)),
                     built ? CLF_OK : CLF_ERROR_INVALID_ARGUMENT);
    if (built)
        ck_assert_int_eq(shape.path, CLF_PATH_CLBLAST);
    else
        assert_said(&kept, "E=1025, but 1 to 1024");
    p.causal = true;
    ck_assert_int_eq(clfi_shape_init(&shape, &p, keep(&kept, CLF_LOG_ERROR)),
                     CLF_ERROR_INVALID_ARGUMENT);
    assert_said(&kept, "E=1025, but 1 to 1024");
}
END_TEST

RUN_TESTS("choice", family_and_width_follow_the_device, what_a_device_would_cut_short_is_refused,
          wide_tiles_fit_registers_and_private_memory, heads_of_a_group_share_states,
          exact_attention_shares_nothing_and_keeps_nothing,
          a_tile_that_needs_too_much_private_memory_is_refused,
          segments_fill_the_device_and_are_capped, workspace_does_not_grow_with_length,
          heads_go_in_passes_when_memory_is_short,
          segments_give_way_to_memory_unless_they_are_tuned, impossible_tuning_is_refused_by_name,
          chunks_are_equal_and_give_way_to_memory, what_is_too_large_to_be_fused_goes_to_clblast,
          every_stage_has_a_row_in_each_family_or_in_plain)
