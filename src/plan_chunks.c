/* The choices of the unfused path, which multiplies chunks of rows by GEMM: rows of a chunk and
 * what lies where in the workspace. Touches no device.
 *
 * Invariant: the workspace holds one chunk and one state, whatever L, S and the number of heads. */
#include "host/log.h"
#include "plan_choice.h"

#define MAX_ROWS 1024  // of a chunk: enough for GEMM, and the longest chain of additions inside one
#define GROUP    64    // work-items of a work-group that CLBlast's smallest kernels have

const char *clfi_chunks_refusal(const clf_plan_params *p)
{
    const clf_tuning *t = &p->tuning;
    if (!CLFI_HAVE_CLBLAST)
        return "this build has no CLBlast";
    if (p->causal)
        return "the CLBlast path has no causal attention";
    if (p->preset != CLF_PRESET_NONE)
        return "the CLBlast path has no presets";
    const clfi_configuration asked = {.tuning = *t}, none = {.tuning.family = t->family};
    if (t->family == CLF_FAMILY_WIDE || !clfi_configuration_equal(&asked, &none))
        return "tuning is for fused kernels, and the CLBlast path has none";
    return NULL;
}

/* Rows of chunks that are as equal as can be, so that the last one wastes little. */
static int64_t chunk_rows(int64_t rows, int64_t most)
{
    return clfi_ceil_div(rows, clfi_ceil_div(rows, most));
}

/* Sets the parts' places behind `temp` floats for GEMM. Returns the floats of all. */
static uint64_t set_parts(const clfi_shape *s, clfi_choice *c, int64_t temp)
{
    const int64_t rows = c->key_rows > c->query_rows ? c->key_rows : c->query_rows;
    const int64_t floats[CLFI_PARTS] = {
        [CLFI_PART_X] = s->deterministic ? 0 : rows * s->WD,
        [CLFI_PART_F] = rows * s->R,
        [CLFI_PART_Y] = rows * c->EP,
        [CLFI_PART_NORM] = rows,
        [CLFI_PART_POWER] = rows,
        [CLFI_PART_STATE] = s->R * c->EP,
        [CLFI_PART_SHIFTS] = s->R,
    };
    int64_t at = temp;
    for (int i = 0; i < CLFI_PARTS; i++) {
        c->part_at[i] = at;
        at += clfi_round_up(floats[i], 16);  // vectors of any width are aligned
    }
    c->workspace_bytes = (size_t)at * sizeof(float);
    return (uint64_t)at;
}

clf_status clfi_chunks_place(const clfi_shape *s, const clf_device_info *device, size_t temp_bytes,
                             const clf_log *log, clfi_choice *c)
{
    const uint64_t limit = clfi_workspace_limit(device);
    const int64_t temp = clfi_round_up(clfi_ceil_div((int64_t)temp_bytes, sizeof(float)), 16);
    const uint64_t floats = set_parts(s, c, temp);
    c->temp_bytes = temp_bytes;
    if (floats * sizeof(float) > limit || floats > INT32_MAX)
        return clfi_fail(
            log, CLF_ERROR_UNSUPPORTED,
            "R=%lld and E=%lld need %llu bytes of workspace on the CLBlast path, %zu of "
            "them for CLBlast; device %s allows %llu, and CLBlast 8 GiB",
            (long long)s->R, (long long)s->E, (unsigned long long)(floats * sizeof(float)),
            temp_bytes, device->name, (unsigned long long)limit);
    return CLF_OK;
}

clf_status clfi_choose_chunks(const clfi_shape *s, const clf_device_info *device,
                              const clf_log *log, clfi_choice *c)
{
    if (device->max_work_group_size && device->max_work_group_size < GROUP)
        return clfi_fail(log, CLF_ERROR_UNSUPPORTED,
                         "CLBlast needs work-groups of %d, device %s allows %llu", GROUP,
                         device->name, (unsigned long long)device->max_work_group_size);
    // GEMM's own copies of its operands are about as large as they are.
    const uint64_t fit = clfi_workspace_limit(device) / sizeof(float) / 2;
    c->family = CLF_FAMILY_PLAIN;
    c->family_from = "clblast";
    c->MP = s->M;
    c->EP = clfi_round_up(s->E + 1, 4);
    const int64_t fixed = s->R * (c->EP + 1), a_row = s->WD + s->R + c->EP + 2;
    int64_t most = MAX_ROWS;
    c->rows_from = "default";
    if (fit < (uint64_t)(fixed + most * a_row)) {
        most = fit > (uint64_t)(fixed + a_row) ? (int64_t)(fit - (uint64_t)fixed) / a_row : 1;
        c->rows_from = "to_fit_memory";
    }
    c->key_rows = chunk_rows(s->S, most);
    c->query_rows = chunk_rows(s->L, most);
    c->chain = c->key_rows + clfi_ceil_div(s->S, c->key_rows);
    return clfi_chunks_place(s, device, 0, log, c);
}
