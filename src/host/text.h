/* Texts that others wrote, drivers and programs among them, made fit for a message. Safe. */
#ifndef CLFI_TEXT_H
#define CLFI_TEXT_H

#include <stddef.h>

/* As much of a text as fits, with '?' for what is not printable ASCII. */
void clfi_printable(char *out, size_t size, const char *text);

/* The last line of `text` that holds more than blanks; cuts the text behind it. */
const char *clfi_last_line(char *text);

#endif
