/* The choices of a plan: family, tile sizes, segments, passes. Touches no device.
 *
 * Invariant: a choice depends on the problem, the tuning and the device's record only, so the
 * same plan gives the same bits on every run. */
#include "plan_choice.h"

#include "host/log.h"

#define PRIVATE_LIMIT   (256 * 1024)  // bytes of private memory of a work-item; more crashes PoCL
#define DEFAULT_TILE    48
#define MAX_PLAIN_SHARE 8      // query heads a work-item of the plain family walks at once
#define MAX_WIDE_SHARE  128    // the same, causal: more never fit PRIVATE_LIMIT
#define COMPENSATE_FROM 256    // tiles of a segment above which their sum is compensated
#define MAX_GRID        32768  // PoCL compiles again for a grid dimension of 65535 and more
#define GROUPS_PER_UNIT 8      // work-groups that keep a compute unit of a CPU busy
#define ITEMS_PER_UNIT  1024   // work-items that keep a compute unit of a GPU busy

int64_t clfi_ceil_div(int64_t a, int64_t b)
{
    return a / b + (a % b != 0);
}

int64_t clfi_round_up(int64_t a, int64_t b)
{
    return clfi_ceil_div(a, b) * b;
}

static int64_t min_i64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t max_i64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void choose_family(const clfi_shape *shape, const clf_device_info *device, clfi_choice *c)
{
    const clfi_configuration asked = {.tuning = shape->tuning};
    // A GPU in software, whatever it says it is, may take minutes to compile `wide`.
    const bool cpu = device->type == CLF_DEVICE_CPU && !device->emulated;
    c->family = clfi_configuration_family(&asked);
    c->family_from = shape->tuning_from;
    if (c->family != CLF_FAMILY_AUTO)
        return;
    c->family = cpu ? CLF_FAMILY_WIDE : CLF_FAMILY_PLAIN;
    c->family_from = cpu ? "cpu" : device->emulated ? "emulated" : "not_a_cpu";
}

/* Private memory of the largest kernel with this tile, in bytes: the arrays of the .cl files. */
static int64_t private_bytes(const clfi_shape *s, const clfi_choice *c, int tile)
{
    const int64_t JB = CLFI_FEATURE_BLOCK;
    const int64_t XD = c->DP ? 2 * c->DP : s->D + (s->biased ? 1 : 0);
    const int64_t both = XD + c->EP + s->signs * JB;
    int64_t floats = (s->causal ? both + c->share * (both + tile) : both) * tile;
    if (s->path == CLF_PATH_EXACT)
        floats = (s->D + c->EP + JB + 5) * tile + (max_i64(s->D, c->EP) + 2) * JB;
    return floats * (int64_t)sizeof(float);
}

/* Sets what follows from vector width and tile. */
static void set_tile(const clfi_shape *s, clfi_choice *c, int width, int tile)
{
    c->vector_width = width;
    c->tile = tile;
    c->EP = clfi_round_up(s->E, width);
    c->private_bytes = (size_t)private_bytes(s, c, tile);
}

/* Rows of a register tile of values: as many accumulators as the registers (32 of 16 floats, else
 * 16) hold beside the operands. */
static int value_rows(bool many, int vectors)
{
    static const int wide_rows[] = {0, 12, 12, 8, 6}, narrow_rows[] = {0, 8, 6};
    const int accumulators = many ? 24 : 12;
    if (vectors <= (many ? 4 : 2))
        return many ? wide_rows[vectors] : narrow_rows[vectors];
    return accumulators / vectors > 0 ? accumulators / vectors : 1;
}

/* Register tiles: what the tuning says, else what the registers hold. Rows must divide the tile
 * and the feature block. */
static clf_status choose_registers(const clfi_shape *s, const clf_log *log, clfi_choice *c)
{
    clf_status status = CLF_OK;
    const clf_tuning *t = &s->tuning;
    const bool many = c->vector_width == 16;
    const int vectors = (int)(c->EP / c->vector_width);
    const int blocks = (int)clfi_ceil_div(vectors, many ? 4 : 2);
    const bool tuned = t->project_rows || t->value_rows || t->value_vectors;
    REQUIRE(t->value_vectors <= vectors, log,
            "tuning.value_vectors=%d, but E=%lld takes %d vectors of %d", t->value_vectors,
            (long long)s->E, vectors, c->vector_width);
    REQUIRE(t->value_rows == 0 || c->tile % t->value_rows == 0, log,
            "tuning.value_rows=%d does not divide a tile of %d rows", t->value_rows, c->tile);
    REQUIRE(t->project_rows == 0 || c->tile % t->project_rows == 0, log,
            "tuning.project_rows=%d does not divide a tile of %d rows", t->project_rows, c->tile);
    c->registers_from = tuned ? s->tuning_from : "default";
    c->value_vectors = t->value_vectors ? t->value_vectors : (int)clfi_ceil_div(vectors, blocks);
    c->project_rows = t->project_rows ? t->project_rows : many ? 8 : 4;
    c->value_rows = t->value_rows ? t->value_rows : value_rows(many, c->value_vectors);
    while (c->tile % c->value_rows || CLFI_FEATURE_BLOCK % c->value_rows)
        c->value_rows--;
    while (c->tile % c->project_rows || CLFI_FEATURE_BLOCK % c->project_rows)
        c->project_rows--;
fail:
    return status;
}

/* How W is packed, and whether rows are asked for in advance. */
static void choose_memory(const clfi_shape *s, const clf_device_info *device, clfi_choice *c)
{
    const clf_tuning *t = &s->tuning;
    const bool matrix = s->path != CLF_PATH_EXACT && !c->DP && !s->deterministic;
    c->panels = matrix && t->packing == CLF_PACKING_PANELS;
    c->packing_from = !matrix ? "no_matrix" : t->packing ? s->tuning_from : "default";
    c->prefetch = t->prefetch ? t->prefetch == CLF_PREFETCH_ON
                              : device->type == CLF_DEVICE_CPU && !device->emulated;
    c->prefetch_from = t->prefetch ? s->tuning_from : "default";
}

/* Vector width of the wide family: what the tuning says, else the device's, but no wider than a
 * short problem has rows, for a vector is made for all of its rows. */
static int choose_width(const clfi_shape *s, const clf_device_info *device, clfi_choice *c)
{
    const int64_t rows = max_i64(s->L, s->S);
    const uint32_t native = s->float_width ? s->float_width : device->native_float_width;
    const int preferred = native >= 16 ? 16 : native >= 8 ? 8 : 4;
    const int enough = rows > 8 ? 16 : rows > 4 ? 8 : 4;
    if (s->tuning.vector_width) {
        c->width_from = s->tuning_from;
        return s->tuning.vector_width;
    }
    c->width_from = enough < preferred ? "few_rows" : s->float_width ? "class" : "native";
    return enough < preferred ? enough : preferred;
}

/* Vector width and tile of the wide family: the tile is what the tuning says, else the default,
 * else the first smaller pair that fits private memory. */
static clf_status choose_tile(const clfi_shape *s, const clf_device_info *device,
                              const clf_log *log, clfi_choice *c)
{
    clf_status status = CLF_OK;
    static const struct {
        int width, tile;
    } smaller[] = {{8, 24}, {4, 24}, {4, 12}};
    const clf_tuning *t = &s->tuning;
    const int width = choose_width(s, device, c);
    const int tile = t->tile_rows ? t->tile_rows : DEFAULT_TILE;
    c->tile_from = t->tile_rows ? s->tuning_from : "default";
    REQUIRE(tile % (3 * width) == 0, log,
            "tuning.tile_rows=%d is no multiple of %d, three times the vector width", tile,
            3 * width);
    set_tile(s, c, width, tile);
    for (size_t i = 0; i < sizeof smaller / sizeof smaller[0]; i++) {
        if (c->private_bytes <= PRIVATE_LIMIT || t->tile_rows ||
            (t->vector_width && t->vector_width != smaller[i].width) || width < smaller[i].width)
            continue;
        set_tile(s, c, smaller[i].width, smaller[i].tile);
        c->tile_from = "private_memory";
        c->width_from = c->vector_width == width ? c->width_from : "private_memory";
    }
    if (c->private_bytes > PRIVATE_LIMIT)
        return clfi_fail(log, CLF_ERROR_UNSUPPORTED,
                         "D=%lld and E=%lld need %zu bytes of private memory with tiles of %d "
                         "rows, the limit is %d: use smaller tiles or the plain family",
                         (long long)s->D, (long long)s->E, c->private_bytes, c->tile,
                         PRIVATE_LIMIT);
    TRY(choose_registers(s, log, c));
fail:
    return status;
}

/* The tile, and whether a structured W is applied as such: where the tile of the dense W that it
 * stands for has room for its transforms. */
static clf_status choose_tile_and_projection(const clfi_shape *s, const clf_device_info *device,
                                             const clf_log *log, clfi_choice *c)
{
    clf_status status = CLF_OK;
    TRY(choose_tile(s, device, log, c));
    clfi_choice structured = *c;
    structured.DP = s->n;
    set_tile(s, &structured, c->vector_width, c->tile);
    if (structured.private_bytes <= PRIVATE_LIMIT)
        *c = structured;
fail:
    return status;
}

/* Query heads that share a state. Causal, a work-item holds a tile of each of them. */
static void choose_share(const clfi_shape *s, clfi_choice *c)
{
    int64_t share = s->path == CLF_PATH_EXACT ? 1 : s->group;
    if (s->causal)
        share = min_i64(share, MAX_WIDE_SHARE);
    for (; s->causal && share > 1; share--) {
        c->share = share;
        const bool fits = c->family == CLF_FAMILY_WIDE
                              ? private_bytes(s, c, c->tile) <= PRIVATE_LIMIT
                              : share <= MAX_PLAIN_SHARE;
        if (s->group % share == 0 && fits)
            break;
    }
    c->share = share;
    c->states = s->B * s->H / share;
    if (c->family == CLF_FAMILY_WIDE)
        c->private_bytes = (size_t)private_bytes(s, c, c->tile);
}

/* Segments of a causal head: the state pass costs half of the apply pass, and work-groups go
 * through the compute units in whole rounds. The fewest within 2 % of the cheapest. */
static int causal_segments(int64_t heads, int64_t units)
{
    double cost[CLFI_MAX_SEGMENTS + 1], best = 0.0;
    for (int g = 1; g <= CLFI_MAX_SEGMENTS; g++) {
        const double state = g > 1 ? 0.5 * (double)clfi_ceil_div(heads * (g - 1), units) : 0.0;
        cost[g] = (state + (double)clfi_ceil_div(heads * g, units)) / g;
        best = g == 1 || cost[g] < best ? cost[g] : best;
    }
    int g = 1;
    while (cost[g] > 1.02 * best)
        g++;
    return g;
}

static int64_t compute_units(const clf_device_info *device)
{
    return device->compute_units ? (int64_t)device->compute_units : 1;
}

static int64_t wanted_segments(const clfi_shape *s, const clf_device_info *device,
                               const clfi_choice *c)
{
    const int64_t units = compute_units(device);
    const bool wide = c->family == CLF_FAMILY_WIDE;
    if (s->causal)
        return causal_segments(c->states, wide ? units : units * CLFI_MAX_LOCAL);
    return wide ? clfi_ceil_div(GROUPS_PER_UNIT * units, c->states)
                : clfi_ceil_div(ITEMS_PER_UNIT * units, c->states * s->signs * c->MP);
}

uint64_t clfi_workspace_limit(const clf_device_info *device)
{
    const uint64_t quarter = device->global_mem_bytes / 4, one = device->max_alloc_bytes;
    if (quarter == 0 || one == 0)
        return quarter | one ? quarter | one : UINT64_MAX;
    return quarter < one ? quarter : one;
}

/* Cuts `rows` rows into at most `segments` segments of whole tiles, none of them empty. Returns
 * the bytes of one state. */
static uint64_t set_segments(const clfi_shape *s, int64_t rows, int64_t segments, clfi_choice *c)
{
    const int64_t state_rows = s->signs * c->MP, errors = state_rows * (c->EP + 1);
    const int64_t all = clfi_ceil_div(rows, c->tile), tiles = clfi_ceil_div(all, segments);
    c->segment_rows = tiles * c->tile;
    c->segments = (int)clfi_ceil_div(rows, c->segment_rows);
    c->compensated = tiles > COMPENSATE_FROM || (s->causal && c->family == CLF_FAMILY_PLAIN);
    // Sx, z and s; with the errors of Sx and z (kernels/common/layout.clh).
    c->slot_floats = state_rows * (c->EP + 2) + (c->compensated ? errors : 0);
    // What a longer problem would need for its errors is kept free, so that memory does not grow.
    const int64_t kept_free = all > COMPENSATE_FROM && !c->compensated ? errors : 0;
    return (uint64_t)c->segments * (uint64_t)(c->slot_floats + kept_free) * sizeof(float);
}

/* As many states in a pass as fit, each with `bytes` of slots and the peaks of its keys. */
static void set_pass(const clfi_shape *s, uint64_t fit, uint64_t bytes, clfi_choice *c)
{
    const int64_t most = min_i64(c->states, max_i64(1, MAX_GRID / c->share));
    c->states_per_pass = (int)(fit < (uint64_t)most ? (int64_t)fit : most);
    c->peaks_at = (int64_t)((uint64_t)c->states_per_pass * (bytes / sizeof(float)));
    c->peak_rows = clfi_round_up(clfi_ceil_div(s->S, CLFI_PEAKS), c->tile);
    const int64_t peaks = s->stabilised ? (int64_t)c->states_per_pass * CLFI_PEAKS : 0;
    c->workspace_bytes = (size_t)(c->peaks_at + peaks) * sizeof(float);
}

/* The segments, and the states of a pass, that fit the memory a workspace may take. */
static clf_status choose_segments(const clfi_shape *s, const clf_device_info *device,
                                  const clf_log *log, clfi_choice *c)
{
    const int64_t rows = s->causal ? s->L : s->S;
    const bool forced = s->tuning.segments > 0;
    const uint64_t limit = clfi_workspace_limit(device);
    int64_t segments = forced ? s->tuning.segments : wanted_segments(s, device, c);
    segments = min_i64(segments, CLFI_MAX_SEGMENTS);
    segments = min_i64(segments, clfi_ceil_div(rows, c->tile));
    uint64_t bytes = set_segments(s, rows, segments, c);
    c->segments_from = !forced                             ? "to_fill_the_device"
                       : c->segments == s->tuning.segments ? s->tuning_from
                                                           : "whole_tiles";
    for (; bytes > limit && !forced && segments > 1; c->segments_from = "to_fit_memory")
        bytes = set_segments(s, rows, --segments, c);
    if (bytes > limit)
        return clfi_fail(log, CLF_ERROR_UNSUPPORTED,
                         "R=%lld and E=%lld in %d segments need %llu bytes of state for one head, "
                         "device %s allows %llu",
                         (long long)s->R, (long long)s->E, c->segments, (unsigned long long)bytes,
                         device->name, (unsigned long long)limit);
    set_pass(s, limit / bytes, bytes, c);
    return CLF_OK;
}

/* Exact attention has no state. */
static void choose_no_state(const clfi_shape *s, clfi_choice *c)
{
    c->segments = 1;
    c->segments_from = "exact";
    c->segment_rows = clfi_round_up(s->S, c->tile);
    set_pass(s, UINT64_MAX, 0, c);
}

/* Query rows of a work-item: wide, whole tiles, enough of them to fill the device; plain, one. */
static int64_t choose_run_rows(const clfi_shape *s, const clf_device_info *device,
                               const clfi_choice *c)
{
    if (c->family == CLF_FAMILY_PLAIN)
        return clfi_ceil_div(s->L, MAX_GRID);
    const int64_t tiles = clfi_ceil_div(s->L, c->tile);
    const int64_t groups = GROUPS_PER_UNIT * compute_units(device);
    const int64_t runs = min_i64(clfi_ceil_div(groups, s->B * s->H), tiles);
    return max_i64(clfi_ceil_div(tiles, runs), clfi_ceil_div(tiles, MAX_GRID)) * c->tile;
}

/* The sum of a tile; of the segment's tiles, unless it is compensated; of the segments. Exact
 * attention goes over the keys in blocks, whatever the tile of its rows. */
static int64_t longest_chain(const clfi_shape *s, const clfi_choice *c)
{
    if (s->path == CLF_PATH_EXACT)
        return CLFI_FEATURE_BLOCK + clfi_ceil_div(s->S, CLFI_FEATURE_BLOCK);
    return c->tile + (c->compensated ? 2 : c->segment_rows / c->tile) + c->segments;
}

/* For the kernels of the fused and the exact path. */
static clf_status choose_kernels(const clfi_shape *shape, const clf_device_info *device,
                                 const clf_log *log, clfi_choice *choice)
{
    clf_status status = CLF_OK;
    TRY(clfi_configuration_check(&(clfi_configuration){.tuning = shape->tuning}, log));
    choose_family(shape, device, choice);
    choice->MP = clfi_round_up(shape->M, CLFI_FEATURE_BLOCK);
    choice->EP = clfi_round_up(shape->E, 4);
    if (choice->family == CLF_FAMILY_WIDE)
        TRY(choose_tile_and_projection(shape, device, log, choice));
    choose_memory(shape, device, choice);
    choice->max_local = (size_t)shape->tuning.local_size;
    choice->local_from = choice->max_local ? shape->tuning_from : "default";
    choose_share(shape, choice);
    if (shape->path == CLF_PATH_EXACT)
        choose_no_state(shape, choice);
    else
        TRY(choose_segments(shape, device, log, choice));
    choice->run_rows = choose_run_rows(shape, device, choice);
    choice->chain = longest_chain(shape, choice);
fail:
    return status;
}

clf_status clfi_choose(const clfi_shape *shape, const clf_device_info *device, const clf_log *log,
                       clfi_choice *choice)
{
    clf_status status = CLF_OK;
    *choice = (clfi_choice){.tile = DEFAULT_TILE, .tile_from = "default", .share = 1};
    TRY(shape->path == CLF_PATH_CLBLAST ? clfi_choose_chunks(shape, device, log, choice)
                                        : choose_kernels(shape, device, log, choice));
    TRY(clfi_check_rounds(shape, device, choice, log));
fail:
    return status;
}

int clfi_choose_stages(const clfi_shape *s, const clfi_choice *c, bool features,
                       clfi_stage out[CLFI_MAX_STAGES])
{
    const bool one = c->segments == 1;
    const bool fused = s->path == CLF_PATH_FUSED && !features;
    const bool chunked = s->path == CLF_PATH_CLBLAST;
    // One segment has nothing to merge; a causal one needs no state from before it.
    const struct {
        clfi_stage stage;
        bool wanted;
    } stages[] = {
        {CLFI_STAGE_FEATURE_MAP, features},
        {CLFI_STAGE_SOFTMAX, s->path == CLF_PATH_EXACT},
        {CLFI_STAGE_KEY_PEAK, fused && s->stabilised},
        {CLFI_STAGE_KV_STATE, fused && (!one || !s->causal)},
        {CLFI_STAGE_STATE_SCAN, fused && !one},
        {CLFI_STAGE_Q_APPLY, fused && !s->causal},
        {CLFI_STAGE_CAUSAL_APPLY, fused && s->causal},
        {CLFI_STAGE_GATHER_KEYS, chunked},
        {CLFI_STAGE_KEY_FEATURES, chunked},
        {CLFI_STAGE_GATHER_QUERIES, chunked},
        {CLFI_STAGE_QUERY_FEATURES, chunked},
        {CLFI_STAGE_DIVIDE, chunked},
    };
    int count = 0;
    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
        if (stages[i].wanted)
            out[count++] = stages[i].stage;
    }
    return count;
}
