/* Results and classes of devices as JSON: one object each, the same in the journal, in the database
 * and in what users send. docs/tuning.md has the members. Knows no file. Everything here is Safe.
 */
#ifndef CLFI_RESULT_JSON_H
#define CLFI_RESULT_JSON_H

#include <jansson.h>

#include "tune/database.h"

/* Texts of a key; the first four are those of a device. */
enum {
    CLFI_IDENTITY_TEXTS = 4,
    CLFI_KEY_TEXTS = 7
};
typedef struct clfi_text_row {
    const char *name;
    size_t offset, room;  // in clfi_key, with the terminator
} clfi_text_row;
extern const clfi_text_row clfi_key_texts[CLFI_KEY_TEXTS];

/* Words of the enums, NULL at the end. */
extern const char *const clfi_verdict_names[];
extern const char *const clfi_origin_names[];

/* Names of the measurements that are kept in clfi_result.ratio, in that order. */
extern const char *const clfi_ratio_names[3];

/* Digits of a number that are written. */
#define CLFI_JSON_DIGITS 9

/* New objects; NULL without memory. What is not printable ASCII becomes '?', what is not finite
 * null. */
json_t *clfi_result_json(const clfi_result *result);
json_t *clfi_class_json(const clfi_class_record *record);

/* Where something is read, for messages. */
typedef struct clfi_place {
    const clf_log *log;
    clf_log_level level;
    const char *name;  // "tuned.json: results[3]."
} clfi_place;

/* Reads one value, which must be an object; the caller owns *out. Errors: FORMAT (one message),
 * OUT_OF_HOST_MEMORY. */
clf_status clfi_json_load(const char *text, size_t size, const clfi_place *place, json_t **out);

/* Take an object after a check of all that is in it. Members that are not known are passed over,
 * but for parameters: without one of them a configuration is another one. Errors: FORMAT; one
 * message names the member, its value and what is possible. */
clf_status clfi_result_read(json_t *json, const clfi_place *place, clfi_result *out);
clf_status clfi_class_read(json_t *json, const clfi_place *place, clfi_class_record *out);

#endif
