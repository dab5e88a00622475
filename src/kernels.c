/* The table of kernels and of their argument lists. Builds and enqueues nothing.
 *
 * Invariant: one row per pair of stage and family, and a file of kernels/ for each. */
#include "kernels.h"

#define MAX_ARGS 20  // and a zero that ends the longest list

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
                                {A(q), A(q_at), A(w), A(w_head), A(phi), A(exponents),
                                 A(half_scale), A(norm), A(L), A(run_rows), A(H), A(head0)}},
    [CLFI_STAGE_KV_STATE] = {"kv_state",
                             {A(k), A(k_at), A(v), A(v_at), A(w), A(w_head), A(state), A(state),
                              A(half_scale), A(S), A(segment_rows), A(segments), A(H), A(head0),
                              A(compensated)}},
    [CLFI_STAGE_STATE_SCAN] = {"state_scan",
                               {A(state), A(state), A(segments), A(exclusive), A(compensated)}},
    [CLFI_STAGE_Q_APPLY] = {"q_apply",
                            {A(q), A(q_at), A(out), A(out_at), A(w), A(w_head), A(state), A(state),
                             A(L), A(run_rows), A(segments), A(H), A(head0), A(compensated)}},
    [CLFI_STAGE_CAUSAL_APPLY] = {"causal_apply",
                                 {A(q), A(q_at), A(k), A(k_at), A(v), A(v_at), A(out), A(out_at),
                                  A(w), A(w_head), A(state), A(state), A(half_scale), A(L),
                                  A(segment_rows), A(segments), A(H), A(head0), A(compensated)}},
};

#define PLAIN(stage, file, ...)                                                                    \
    {                                                                                              \
        CLFI_STAGE_##stage, CLF_FAMILY_PLAIN, "plain/" file, CLFI_MAX_LOCAL,                       \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define WIDE(stage, file, ...)                                                                     \
    {                                                                                              \
        CLFI_STAGE_##stage, CLF_FAMILY_WIDE, "wide/" file, 1,                                      \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

const clfi_kernel_row clfi_kernel_rows[] = {
    PLAIN(FEATURE_MAP, "feature_map.cl", CLFI_EXTENT_RUNS, CLFI_EXTENT_HEADS),
    PLAIN(KV_STATE, "kv_state.cl", CLFI_EXTENT_FEATURES, CLFI_EXTENT_KEY_SEGMENTS,
          CLFI_EXTENT_HEADS),
    PLAIN(STATE_SCAN, "state_scan.cl", CLFI_EXTENT_FEATURES, CLFI_EXTENT_HEADS),
    PLAIN(Q_APPLY, "q_apply.cl", CLFI_EXTENT_RUNS, CLFI_EXTENT_HEADS),
    PLAIN(CAUSAL_APPLY, "causal_apply.cl", CLFI_EXTENT_SEGMENTS, CLFI_EXTENT_HEADS),
    WIDE(FEATURE_MAP, "feature_map.cl", CLFI_EXTENT_RUNS, CLFI_EXTENT_HEADS),
    WIDE(KV_STATE, "kv_state.cl", CLFI_EXTENT_KEY_SEGMENTS, CLFI_EXTENT_HEADS),
    WIDE(STATE_SCAN, "state_scan.cl", CLFI_EXTENT_BLOCKS, CLFI_EXTENT_HEADS),
    WIDE(Q_APPLY, "q_apply.cl", CLFI_EXTENT_RUNS, CLFI_EXTENT_HEADS),
    WIDE(CAUSAL_APPLY, "causal_apply.cl", CLFI_EXTENT_SEGMENTS, CLFI_EXTENT_HEADS),
};
const int clfi_kernel_row_count = sizeof clfi_kernel_rows / sizeof clfi_kernel_rows[0];

const clfi_kernel_row *clfi_kernel_find(clfi_stage stage, clf_family family)
{
    int i = 0;
    while (clfi_kernel_rows[i].stage != stage || clfi_kernel_rows[i].family != family)
        i++;
    return &clfi_kernel_rows[i];
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
