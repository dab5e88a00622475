/* Environment, caches and permissions; and what must not be published of them.
 *
 * Invariant: nothing here loads or runs code of others. */
#define _XOPEN_SOURCE 700  // nftw, gethostname
#include "facts.h"

#include <ctype.h>
#include <ftw.h>
#include <glob.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../clfavor/report.h"

extern char **environ;

static const char *const k_prefixes[] = {
    "OCL_ICD_",   "OPENCL_", "POCL_", "NEO_",        "CL_CONFIG_",    "RUSTICL_",     "MESA_",
    "AMD_COMGR_", "GPU_",    "HSA_",  "CUDA_CACHE_", "CUDA_VISIBLE_", "OCLGRIND",     "CLFAVOR_",
    "CLBLAST_",   "ONEAPI_", "ZE_",   "ROCR_",       "LIBCLC",        "LD_LIBRARY_P", "LD_PRELOAD",
};

static bool is_ours(const char *entry)
{
    for (size_t i = 0; i < sizeof k_prefixes / sizeof k_prefixes[0]; i++)
        if (strncmp(entry, k_prefixes[i], strlen(k_prefixes[i])) == 0)
            return true;
    return false;
}

static int compare_entries(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

json_t *facts_environment(void)
{
    json_t *list = json_array();
    size_t count = 0;
    while (environ && environ[count])
        count++;
    char **sorted = calloc(count + 1, sizeof *sorted);
    if (!sorted)
        return list;
    memcpy(sorted, environ, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_entries);
    for (size_t i = 0; i < count; i++) {
        const char *value = strchr(sorted[i], '=');
        if (value && value[1] && is_ours(sorted[i]))
            json_array_append_new(list,
                                  json_pack("{s:o, s:o}", "name",
                                            json_stringn(sorted[i], (size_t)(value - sorted[i])),
                                            "value", report_text(value + 1)));
    }
    free(sorted);
    return list;
}

/* nftw takes no context. */
static struct {
    uint64_t bytes;
    int files;
} walked;

static int add_file(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)path;
    (void)where;
    if (type == FTW_F) {
        walked.bytes += (uint64_t)info->st_size;
        walked.files++;
    }
    return 0;
}

json_t *facts_caches(void)
{
    // A row: whose, the variable that names the folder, else the base and what follows it.
    static const struct {
        const char *owner, *variable, *base, *below;
    } rows[] = {
        {"PoCL", "POCL_CACHE_DIR", "XDG_CACHE_HOME", "/pocl/kcache"},
        {"Intel GPU", "NEO_CACHE_DIR", "XDG_CACHE_HOME", "/neo_compiler_cache"},
        {"NVIDIA", "CUDA_CACHE_PATH", "HOME", "/.nv/ComputeCache"},
        {"AMD comgr", "AMD_COMGR_CACHE_DIR", "XDG_CACHE_HOME", "/comgr"},
        {"Mesa", "MESA_SHADER_CACHE_DIR", "XDG_CACHE_HOME", "/mesa_shader_cache"},
    };
    enum {
        OPEN_FOLDERS = 16
    };
    json_t *list = json_array();
    const char *home = getenv("HOME");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char path[4096];
        char bytes[32];
        const char *own = getenv(rows[i].variable);
        const char *base = getenv(rows[i].base);
        if (own && *own)
            snprintf(path, sizeof path, "%s", own);
        else if (base && *base)
            snprintf(path, sizeof path, "%s%s", base, rows[i].below);
        else
            snprintf(path, sizeof path, "%s/.cache%s", home ? home : "", rows[i].below);
        walked.bytes = 0;
        walked.files = 0;
        if (access(path, F_OK) || nftw(path, add_file, OPEN_FOLDERS, FTW_PHYS))
            continue;
        snprintf(bytes, sizeof bytes, "%llu", (unsigned long long)walked.bytes);
        json_array_append_new(list,
                              json_pack("{s:s, s:o, s:i, s:s, s:b}", "owner", rows[i].owner, "path",
                                        report_text(path), "files", walked.files, "bytes", bytes,
                                        "writable", access(path, W_OK | X_OK) == 0));
    }
    return list;
}

json_t *facts_closed_devices(void)
{
    static const char *const patterns[] = {"/dev/dri/renderD*", "/dev/kfd", "/dev/nvidiactl",
                                           "/dev/mali*"};
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        glob_t found;
        if (glob(patterns[i], 0, NULL, &found))
            continue;
        for (size_t j = 0; j < found.gl_pathc; j++)
            if (access(found.gl_pathv[j], R_OK | W_OK))
                json_array_append_new(list, report_text(found.gl_pathv[j]));
        globfree(&found);
    }
    return list;
}

/* A name, which counts between characters that no name has, and what stands for it. */
typedef struct secret {
    char name[256];
    const char *mask;
} secret;

static bool in_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* Writes `text` without the secret into `out`, which has room for it. */
static void mask(const char *text, const secret *s, char *out)
{
    const size_t length = strlen(s->name);
    const char *at = text;
    while (*at) {
        const bool fits = strncmp(at, s->name, length) == 0 && (at == text || !in_name(at[-1])) &&
                          !in_name(at[length]);
        if (fits) {
            out += sprintf(out, "%s", s->mask);
            at += length;
        } else {
            *out++ = *at++;
        }
    }
    *out = '\0';
}

static void hide(json_t *text, const secret *secrets, int count)
{
    for (int i = 0; i < count; i++) {
        const char *old = json_string_value(text);
        // A mask is at most six characters for one.
        char *masked = strstr(old, secrets[i].name) ? malloc(strlen(old) * 6 + 1) : NULL;
        if (!masked)
            continue;
        mask(old, &secrets[i], masked);
        json_string_set(text, masked);
        free(masked);
    }
}

/* Members whose texts are the probe's own words stay as they are. */
static bool is_free(const char *member)
{
    static const char *const members[] = {
        "value",   "path", "folder", "file",     "library", "message", "error", "reason",    "note",
        "why_not", "name", "vendor", "platform", "driver",  "version", "id",    "set_aside", "log",
    };
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (strcmp(member, members[i]) == 0)
            return true;
    return false;
}

static void walk(json_t *value, const char *member, const secret *secrets, int count)
{
    const char *key;
    json_t *item;
    size_t i;
    if (json_is_string(value) && is_free(member))
        hide(value, secrets, count);
    json_array_foreach(value, i, item) walk(item, member, secrets, count);
    json_object_foreach(value, key, item) walk(item, key, secrets, count);
}

void facts_hide_names(json_t *value)
{
    enum {
        SHORTEST = 2  // one letter is no secret
    };
    secret all[3] = {{.mask = "~"}, {.mask = "<user>"}, {.mask = "<host>"}};
    secret known[3];
    int count = 0;
    const char *home = getenv("HOME");
    const struct passwd *user = getpwuid(getuid());
    snprintf(all[0].name, sizeof all[0].name, "%s", home ? home : "");
    snprintf(all[1].name, sizeof all[1].name, "%s", user && user->pw_uid ? user->pw_name : "");
    if (gethostname(all[2].name, sizeof all[2].name - 1))
        all[2].name[0] = '\0';
    for (int i = 0; i < 3; i++)
        if (strlen(all[i].name) >= SHORTEST)
            known[count++] = all[i];
    walk(value, "", known, count);
}
