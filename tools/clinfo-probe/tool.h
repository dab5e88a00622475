/* What the probe leaves to clfavor: building our kernels and checking their results. */
#ifndef PROBE_TOOL_H
#define PROBE_TOOL_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

/* Finds the program: `asked` if given, else beside the probe `self`, else in PATH. False: nowhere.
 */
bool tool_find(const char *asked, const char *self, char *path, size_t size);

/* Builds every kernel of ours on the device, first with empty caches, then again:
 * {verdict, message, seconds, rows}. The verdict is ok, failed, crashed, hung or not run. */
json_t *tool_kernels(const char *tool, const char *selector, double silence);

/* Runs the library's self-test: {verdict, message, seconds, cases, right, worst_err_tau, worst}.
 * The verdict is ok, wrong, failed, crashed, hung or not run. */
json_t *tool_selftest(const char *tool, const char *selector, double silence);

#endif
