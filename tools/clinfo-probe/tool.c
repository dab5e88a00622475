/* Executes clfavor for one device and condenses its JSON. Computes nothing.
 *
 * Invariant: every device has its own process, and a build is timed with caches in a new folder
 * that goes afterwards. */
#include "tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../clfavor/exit.h"
#include "../clfavor/report.h"
#include "../common/caches.h"
#include "../common/child.h"

static bool is_program(const char *path)
{
    return strchr(path, '/') && access(path, X_OK) == 0;
}

bool tool_find(const char *asked, const char *self, char *path, size_t size)
{
    if (asked) {
        snprintf(path, size, "%s", asked);
        return is_program(path);
    }
    const char *slash = strrchr(self, '/');
    snprintf(path, size, "%.*sclfavor", slash ? (int)(slash - self + 1) : 0, self);
    if (is_program(path))
        return true;
    for (const char *folder = getenv("PATH"); folder && *folder;) {
        const size_t length = strcspn(folder, ":");
        snprintf(path, size, "%.*s/clfavor", (int)length, folder);
        if (is_program(path))
            return true;
        folder += length + (folder[length] == ':');
    }
    return false;
}

/* The object that clfavor printed; drivers may have printed before it. NULL when there is none. */
static json_t *parse_answer(const child_result *result)
{
    const char *at = result->answer ? result->answer : "";
    const char *line = strncmp(at, "{\n", 2) == 0 ? at : strstr(at, "\n{\n");
    return line ? json_loads(line, JSON_DISABLE_EOF_CHECK, NULL) : NULL;
}

/* How it ended: by its exit code if it ended by itself. */
static const char *verdict_of(const child_result *result)
{
    if (result->end == CHILD_NOT_STARTED)
        return "not run";
    if (result->end != CHILD_DONE)
        return child_word(result);
    return result->code == EXIT_RIGHT ? "ok" : result->code == EXIT_MISSED ? "wrong" : "failed";
}

/* {verdict, message, seconds} and the members of `more`, which is released. */
static json_t *sum_up(const child_result *result, json_t *more)
{
    json_t *object = json_pack("{s:s, s:o, s:o}", "verdict", verdict_of(result), "message",
                               child_message(result), "seconds", json_real(result->seconds));
    if (result->end == CHILD_DONE && result->code == EXIT_MISSED)
        json_object_set_new(object, "message", json_null());
    json_object_update_missing(object, more);
    json_decref(more);
    return object;
}

json_t *tool_kernels(const char *tool, const char *selector, double silence)
{
    const char *const argv[] = {tool, "kernels", "--json", "--verbose", "--device", selector, NULL};
    caches fresh;
    const bool made = caches_create("clinfo-probe", &fresh);
    child_result result;
    child_run(&(child_call){argv, STDOUT_FILENO, silence, made ? fresh.set : NULL}, &result);
    caches_destroy(&fresh);
    json_t *answer = parse_answer(&result);
    json_t *rows = json_object_get(answer, "kernels");
    json_t *sum =
        sum_up(&result, json_pack("{s:o}", "rows", rows ? json_incref(rows) : json_array()));
    json_decref(answer);
    child_finish(&result);
    return sum;
}

json_t *tool_selftest(const char *tool, const char *selector, double silence)
{
    const char *const argv[] = {tool, "verify", "--json", "--device", selector, NULL};
    child_result result;
    child_run(&(child_call){argv, STDOUT_FILENO, silence, NULL}, &result);
    json_t *answer = parse_answer(&result);
    const json_t *cases = json_object_get(answer, "cases");
    int run = 0;
    int right = 0;
    size_t i;
    json_t *one;
    json_array_foreach(cases, i, one)
    {
        run += !json_is_true(json_object_get(one, "left_out"));
        right += json_is_true(json_object_get(one, "right"));
    }
    json_t *sum =
        sum_up(&result, json_pack("{s:i, s:i, s:O?, s:O?}", "cases", run, "right", right,
                                  "worst_err_tau", json_object_get(answer, "worst_err_tau"),
                                  "worst", json_object_get(answer, "worst")));
    json_decref(answer);
    child_finish(&result);
    return sum;
}
