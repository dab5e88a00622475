/* Cuts and cleans texts. Prints nothing. */
#include "text.h"

#include <string.h>

void clfi_printable(char *out, size_t size, const char *text)
{
    size_t n = 0;
    for (; n + 1 < size && text[n]; n++)
        out[n] = (char)(text[n] >= ' ' && text[n] <= '~' ? text[n] : '?');
    out[n] = '\0';
}

const char *clfi_last_line(char *text)
{
    size_t length = strlen(text);
    while (length && (text[length - 1] == '\n' || text[length - 1] == ' '))
        text[--length] = '\0';
    const char *line = strrchr(text, '\n');
    return line ? line + 1 : text;
}
