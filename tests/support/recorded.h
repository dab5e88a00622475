/* Cases of tests/data/presets: what packages put out, named
 * PRESET_KIND[_causal][_masked][_deterministic][_INPUTS].npy; see tests/presets/record.py.
 * CLFAVOR_TEST_DATA names the directory above it. Judges nothing.
 *
 * Invariant: a case's problem points at tensors that live until recorded_close(). */
#ifndef TESTS_RECORDED_H
#define TESTS_RECORDED_H

#include <dirent.h>
#include <math.h>
#include <unistd.h>

#include "host/kinds.h"
#include "host/npy.h"
#include "host/ref/ref.h"

/* A case: the problem, and the package's out [B, H, L, E]. */
typedef struct recorded {
    clfi_problem problem;
    const float *out;
    double unit;  // max|v|
    clfi_npy q, k, v, W, mask, result;
} recorded;

static inline void recorded_path(char path[4096], const char *name)
{
    const char *directory = getenv("CLFAVOR_TEST_DATA");
    ck_assert_msg(directory != NULL, "CLFAVOR_TEST_DATA is not set");
    ck_assert_int_lt(snprintf(path, 4096, "%s/presets/%s", directory, name), 4096);
}

static inline clfi_npy recorded_read(const char *name)
{
    char path[4096];
    recorded_path(path, name);
    kept_log kept;
    clfi_npy npy;
    ck_assert_msg(clfi_npy_read(path, keep(&kept, CLF_LOG_ERROR), &npy) == CLF_OK, "%s", kept.text);
    return npy;
}

/* A set of inputs has files of its own for what it changes, and shares the others. */
static inline clfi_npy recorded_input(const char *set, const char *name)
{
    char own[64], path[4096];
    snprintf(own, sizeof own, "%s_%s.npy", set, name);
    recorded_path(path, own);
    if (access(path, R_OK) != 0)
        snprintf(own, sizeof own, "%s.npy", name);
    return recorded_read(own);
}

/* The value whose name `text` begins with, followed by '_' or '.'; `count` for none. */
static inline int recorded_find(const char *(*name_of)(int), int count, const char *text)
{
    for (int n = 0; n < count; n++) {
        const size_t length = strlen(name_of(n));
        if (strncmp(name_of(n), text, length) == 0 && strchr("_.", text[length]))
            return n;
    }
    return count;
}

static inline const char *recorded_preset_name(int n)
{
    return clf_preset_name((clf_preset)n);
}

static inline const char *recorded_kind_name(int n)
{
    return clf_kind_describe((clf_kind)n)->name;
}

static inline const char *recorded_set(const char *name)
{
    static const char *const sets[] = {"short", "large", "long"};
    for (int n = 0; n < 3; n++) {
        if (strstr(name, sets[n]))
            return sets[n];
    }
    return "no set of its own";
}

/* Opens a case by the name of its file; false when the file is no case. */
static inline bool recorded_open(const char *name, recorded *c)
{
    const int preset = recorded_find(recorded_preset_name, CLF_PRESET_COUNT, name);
    if (preset == CLF_PRESET_COUNT)
        return false;
    const char *set = recorded_set(name);
    *c = (recorded){.q = recorded_input(set, "q"),
                    .k = recorded_input(set, "k"),
                    .v = recorded_input(set, "v"),
                    .W = recorded_input(set, "W"),
                    .mask = recorded_read("mask.npy"),
                    .result = recorded_read(name)};
    c->out = c->result.data;
    clfi_problem *p = &c->problem;
    *p = (clfi_problem){.B = c->q.shape[0],
                        .H = c->q.shape[1],
                        .L = c->q.shape[2],
                        .S = c->k.shape[2],
                        .D = c->q.shape[3],
                        .E = c->v.shape[3],
                        .kernel_eps = clfi_preset((clf_preset)preset)->kernel_eps,
                        .preset = (clf_preset)preset,
                        .causal = strstr(name, "_causal"),
                        .deterministic = strstr(name, "_deterministic"),
                        .q = c->q.data,
                        .k = c->k.data,
                        .v = c->v.data,
                        .mask = strstr(name, "_masked") ? c->mask.data : NULL,
                        .W = c->W.data,
                        .W_heads = 1};
    const int kind = recorded_find(recorded_kind_name, CLF_KIND_COUNT, strchr(name, '_') + 1);
    ck_assert_msg(kind < CLF_KIND_COUNT, "%s is of no kind", name);
    p->kind = (clf_kind)kind;
    const int64_t M = p->deterministic ? 1 : c->W.shape[0];
    p->R = p->deterministic ? p->D : clfi_kind(p->kind)->info.paired ? 2 * M : M;
    p->scale = clfi_default_scale(clfi_preset(p->preset), p->kind, p->D, M);
    for (int64_t n = 0; n < p->B * p->H * p->S * p->E; n++)
        c->unit = fmax(c->unit, fabs((double)p->v[n]));
    return true;
}

static inline void recorded_close(recorded *c)
{
    clfi_npy *const all[] = {&c->q, &c->k, &c->v, &c->W, &c->mask, &c->result};
    for (int n = 0; n < 6; n++)
        clfi_npy_finish(all[n]);
}

/* Calls `visit` for every case. Returns how many there were. */
static inline int recorded_each(void (*visit)(const char *name, const recorded *c, void *user),
                                void *user)
{
    char path[4096];
    recorded_path(path, "");
    DIR *directory = opendir(path);
    ck_assert_ptr_nonnull(directory);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        recorded c;
        if (!recorded_open(entry->d_name, &c))
            continue;
        visit(entry->d_name, &c, user);
        recorded_close(&c);
        count++;
    }
    closedir(directory);
    return count;
}

#endif
