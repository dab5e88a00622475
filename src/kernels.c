/* The table of kernels and of their argument lists. Builds and enqueues nothing.
 *
 * Invariant: one row per stage in PLAIN, at most one in WIDE, and a file of kernels/ for each. */
#include "kernels.h"

#define MAX_ARGS 24  // and a zero that ends the longest list

struct argument {
    size_t offset, size;  // within clfi_kernel_args; size 0 ends a list
};

#define A(name)                                                                                    \
    {                                                                                              \
        offsetof(clfi_kernel_args, name), sizeof(((clfi_kernel_args *)NULL)->name)                 \
    }

/* The state is passed twice: kernels see it as floats and as integers. */
static const struct {
    const char *name;
    struct argument arguments[MAX_ARGS];
} stages[CLFI_STAGE_COUNT] = {
    [CLFI_STAGE_FEATURE_MAP] = {"feature_map",
                                {A(q), A(q_at), A(w), A(w_head), A(phi), A(phi_at), A(exponents),
                                 A(exponents_at), A(half_scale), A(eps), A(norm), A(L), A(run_rows),
                                 A(heads)}},
    [CLFI_STAGE_KV_STATE] = {"kv_state",
                             {A(k), A(k_at), A(v), A(v_at), A(mask), A(mask_at), A(w), A(w_head),
                              A(state), A(state), A(peaks_at), A(half_scale), A(eps), A(S),
                              A(segment_rows), A(segments), A(heads), A(compensated)}},
    [CLFI_STAGE_STATE_SCAN] = {"state_scan",
                               {A(state), A(state), A(segments), A(exclusive), A(compensated)}},
    [CLFI_STAGE_Q_APPLY] = {"q_apply",
                            {A(q), A(q_at), A(out), A(out_at), A(w), A(w_head), A(state), A(state),
                             A(half_scale), A(eps), A(L), A(run_rows), A(segments), A(heads),
                             A(compensated)}},
    [CLFI_STAGE_CAUSAL_APPLY] =
        {"causal_apply", {A(q),          A(q_at),       A(k),      A(k_at),         A(v),
                          A(v_at),       A(out),        A(out_at), A(mask),         A(mask_at),
                          A(w),          A(w_head),     A(state),  A(state),        A(peaks_at),
                          A(half_scale), A(eps),        A(L),      A(segment_rows), A(segments),
                          A(heads),      A(compensated)}},
    [CLFI_STAGE_KEY_PEAK] = {"key_peak",
                             {A(k), A(k_at), A(w), A(w_head), A(state), A(peaks_at), A(S),
                              A(peak_rows), A(heads)}},
    [CLFI_STAGE_SOFTMAX] = {"softmax",
                            {A(q), A(q_at), A(k), A(k_at), A(v), A(v_at), A(out), A(out_at),
                             A(mask), A(mask_at), A(score_scale), A(L), A(S), A(run_rows),
                             A(heads)}},
    [CLFI_STAGE_GATHER_KEYS] = {"gather_keys",
                                {A(k), A(k_at), A(v), A(v_at), A(mask), A(mask_at), A(w), A(w_head),
                                 A(state), A(state), A(parts), A(half_scale), A(S), A(chunk_first),
                                 A(chunk_rows), A(heads)}},
    [CLFI_STAGE_KEY_FEATURES] = {"key_features",
                                 {A(state), A(state), A(parts), A(eps), A(chunk_first),
                                  A(chunk_rows)}},
    [CLFI_STAGE_GATHER_QUERIES] = {"gather_queries",
                                   {A(q), A(q_at), A(w), A(w_head), A(state), A(parts), A(L),
                                    A(chunk_first), A(chunk_rows), A(heads)}},
    [CLFI_STAGE_QUERY_FEATURES] = {"query_features",
                                   {A(state), A(state), A(parts), A(eps), A(chunk_rows)}},
    [CLFI_STAGE_DIVIDE] = {"divide",
                           {A(state), A(parts), A(out), A(out_at), A(L), A(chunk_first),
                            A(chunk_rows), A(heads)}},
};

#define BIT(name) (1u << CLFI_PARAMETER_##name)
#define GROUP     BIT(LOCAL_SIZE)
#define SEGMENTS  BIT(SEGMENTS)
#define VECTOR    BIT(VECTOR_WIDTH)
#define FEATURES  (VECTOR | BIT(TILE_ROWS) | BIT(PROJECT_ROWS) | BIT(PACKING))
#define VALUES    (BIT(VALUE_ROWS) | BIT(VALUE_VECTORS))
#define AHEAD     BIT(PREFETCH)

#define PLAIN(stage, file, parameters, ...)                                                        \
    {                                                                                              \
        CLFI_STAGE_##stage, CLF_FAMILY_PLAIN, "plain/" file, CLFI_MAX_LOCAL, parameters,           \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define WIDE(stage, file, parameters, ...)                                                         \
    {                                                                                              \
        CLFI_STAGE_##stage, CLF_FAMILY_WIDE, "wide/" file, 1, parameters,                          \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

const clfi_kernel_row clfi_kernel_rows[] = {
    PLAIN(FEATURE_MAP, "feature_map.cl", GROUP, CLFI_EXTENT_RUNS, CLFI_EXTENT_HEADS),
    PLAIN(KV_STATE, "kv_state.cl", GROUP | SEGMENTS, CLFI_EXTENT_FEATURES, CLFI_EXTENT_KEY_SEGMENTS,
          CLFI_EXTENT_STATES),
    PLAIN(STATE_SCAN, "state_scan.cl", GROUP, CLFI_EXTENT_FEATURES, CLFI_EXTENT_STATES),
    PLAIN(Q_APPLY, "q_apply.cl", GROUP, CLFI_EXTENT_RUNS, CLFI_EXTENT_HEADS),
    PLAIN(CAUSAL_APPLY, "causal_apply.cl", GROUP | SEGMENTS, CLFI_EXTENT_SEGMENTS,
          CLFI_EXTENT_STATES),
    PLAIN(KEY_PEAK, "key_peak.cl", GROUP, CLFI_EXTENT_PEAKS, CLFI_EXTENT_STATES),
    PLAIN(SOFTMAX, "softmax.cl", GROUP, CLFI_EXTENT_RUNS, CLFI_EXTENT_HEADS),
    PLAIN(GATHER_KEYS, "gather_keys.cl", 0, CLFI_EXTENT_CHUNK),
    PLAIN(KEY_FEATURES, "key_features.cl", 0, CLFI_EXTENT_PROJECTIONS),
    PLAIN(GATHER_QUERIES, "gather_queries.cl", 0, CLFI_EXTENT_CHUNK),
    PLAIN(QUERY_FEATURES, "query_features.cl", 0, CLFI_EXTENT_CHUNK),
    PLAIN(DIVIDE, "divide.cl", 0, CLFI_EXTENT_CHUNK),
    WIDE(FEATURE_MAP, "feature_map.cl", FEATURES, CLFI_EXTENT_RUNS, CLFI_EXTENT_HEADS),
    WIDE(KV_STATE, "kv_state.cl", FEATURES | VALUES | SEGMENTS | AHEAD, CLFI_EXTENT_KEY_SEGMENTS,
         CLFI_EXTENT_STATES),
    WIDE(STATE_SCAN, "state_scan.cl", VECTOR, CLFI_EXTENT_BLOCKS, CLFI_EXTENT_STATES),
    WIDE(Q_APPLY, "q_apply.cl", FEATURES | VALUES | AHEAD, CLFI_EXTENT_RUNS, CLFI_EXTENT_HEADS),
    WIDE(CAUSAL_APPLY, "causal_apply.cl", FEATURES | VALUES | SEGMENTS | AHEAD,
         CLFI_EXTENT_SEGMENTS, CLFI_EXTENT_STATES),
    WIDE(KEY_PEAK, "key_peak.cl", FEATURES, CLFI_EXTENT_PEAKS, CLFI_EXTENT_STATES),
    WIDE(SOFTMAX, "softmax.cl", VECTOR | BIT(TILE_ROWS) | BIT(PROJECT_ROWS) | VALUES,
         CLFI_EXTENT_RUNS, CLFI_EXTENT_HEADS),
};
const int clfi_kernel_row_count = sizeof clfi_kernel_rows / sizeof clfi_kernel_rows[0];

const clfi_kernel_row *clfi_kernel_find(clfi_stage stage, clf_family family)
{
    const clfi_kernel_row *found = NULL;
    for (int i = 0; i < clfi_kernel_row_count; i++) {
        const clfi_kernel_row *row = &clfi_kernel_rows[i];
        if (row->stage == stage && (row->family == family || !found))
            found = row;
    }
    return found;
}

const char *clfi_stage_name(clfi_stage stage)
{
    return stages[stage].name;
}

const char *clfi_family_name(clf_family family)
{
    return family == CLF_FAMILY_WIDE ? "wide" : "plain";
}

cl_int clfi_kernel_set_args(cl_kernel kernel, clfi_stage stage, const clfi_kernel_args *args)
{
    const struct argument *list = stages[stage].arguments;
    cl_int code = CL_SUCCESS;
    for (cl_uint i = 0; i < MAX_ARGS && list[i].size && code == CL_SUCCESS; i++)
        code = clSetKernelArg(kernel, i, list[i].size, (const char *)args + list[i].offset);
    return code;
}
