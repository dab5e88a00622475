/* Walks the table of cases: `test_cases TOOL usage|device`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cases.h"
#include "fixtures.h"

static bool contains(const char *text, const char *expected)
{
    return expected ? strstr(text, expected) != NULL : text[0] == '\0';
}

static void check_case(const cli_case *c, tool_result *result)
{
    tool_run(&c->call, result);
    const bool quiet_out = c->call.output && result->out[0] == '\0';
    const bool absent = !c->absent || access(c->absent, F_OK) != 0;
    const bool right = result->code == c->code && contains(result->err, c->err) &&
                       (quiet_out || contains(result->out, c->out)) && absent &&
                       tool_fits(result->out) && !tool_left_part();
    tap(right, c->name, result);
    if (!absent) {
        printf("# %s was written\n", c->absent);
        remove(c->absent);
    }
}

int main(int argc, char **argv)
{
    static tool_result result;
    if (argc != 3) {
        fprintf(stderr, "usage: test_cases TOOL usage|device\n");
        return EXIT_FAILURE;
    }
    const bool device = strcmp(argv[2], "device") == 0;
    tool_begin(argv[1]);
    fixtures_write();
    if (device)
        tool_need_device();
    const cli_case *cases = device ? cli_device_cases : cli_usage_cases;
    const size_t count = device ? cli_device_count : cli_usage_count;
    for (size_t i = 0; i < count; i++)
        check_case(&cases[i], &result);
    tool_end();
    return tap_end();
}
