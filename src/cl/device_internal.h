/* The parts of enumeration and choice that stand alone, so that tests can feed them invented
 * devices. Everything here is Safe. */
#ifndef CLFI_DEVICE_INTERNAL_H
#define CLFI_DEVICE_INTERNAL_H

#include <clfavor/device.h>

/* Whether `token` is one of the words of `list` (separated by blanks): a word, not a part of
 * one. */
bool clfi_has_extension(const char *list, const char *token);

/* Whether `text` contains `part`, whatever the case of ASCII letters. */
bool clfi_contains(const char *text, const char *part);

/* Fills a record by asking the driver; what it does not answer becomes 0, false or "". The three
 * indices become -1. Errors: OUT_OF_HOST_MEMORY. The record owns its strings:
 * clfi_device_info_finish. */
clf_status clfi_device_info_init(clf_device_info *info, cl_platform_id platform, cl_device_id id,
                                 const clf_log *log);

/* Frees the strings and zeroes the record. A zeroed record is a no-op. */
void clfi_device_info_finish(clf_device_info *info);

/* clf_device_select over an array of records. Does not read the environment: `selector` NULL or
 * "" is the default order, `source` says in messages where the selector is from. */
clf_status clfi_device_choose(const clf_device_info *infos, int count, const char *selector,
                              const char *source, const clf_log *log, const clf_device_info **out,
                              char *reason, size_t reason_size);

#endif
