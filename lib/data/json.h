/*
 * json.h - JSON values; the only file that knows json-c.
 *
 * A `struct json` is a handle of one reference. Putting a value into an object
 * or array gives it away. Getters on NULL or on the wrong type give the
 * default, so chains need no checks; whoever must know uses json_is.
 */
#ifndef DATA_JSON_H
#define DATA_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct json;

enum json_type { JSON_NULL, JSON_BOOL, JSON_INT, JSON_DOUBLE, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/* Whole text must be one value, UTF-8, nesting at most JSON_DEPTH_MAX; a bare
 * null is refused, and so is \u0000 in a string (our strings end at it). Of
 * members with one name the last counts; integers outside of int64 become its
 * limits. NULL and e. */
#define JSON_DEPTH_MAX 32
struct json *json_parse(const char *text, size_t len, struct err *e) MUST;
/* malloc'ed; pretty as stock servers print it: two blanks of indent, "key":
 * value, [] and {} for empty ones, no newline at the end. Bytes of strings that
 * are not UTF-8 come out as U+FFFD, so the text always is JSON. */
char *json_text(const struct json *, bool pretty) MUST;
void  json_free(struct json *);			/* NULL is fine */

struct json *json_object(void) MUST;
struct json *json_array(void) MUST;
void json_set(struct json *object, const char *key, struct json *value); /* takes value */
void json_set_str(struct json *object, const char *key, const char *s); /* NULL: null */
void json_set_int(struct json *object, const char *key, int64_t n);
void json_set_double(struct json *object, const char *key, double d);
void json_set_bool(struct json *object, const char *key, bool b);
void json_push(struct json *array, struct json *value);		/* takes value */
void json_push_str(struct json *array, const char *s);

/* For a value itself. */
enum json_type json_is(const struct json *);	/* JSON_NULL for NULL */
const char *json_value_str(const struct json *);	/* borrowed; NULL if not a string */
int64_t json_value_int(const struct json *, int64_t otherwise);

/* Members of an object; results are borrowed. */
struct json *json_get(const struct json *object, const char *key);
const char *json_str(const struct json *object, const char *key, const char *otherwise);
int64_t json_int(const struct json *object, const char *key, int64_t otherwise);
bool json_bool(const struct json *object, const char *key, bool otherwise);
size_t json_len(const struct json *array_or_object);
struct json *json_at(const struct json *array, size_t i);
/* Walks members in order: start with *it = NULL; ends with false. */
bool json_next(const struct json *object, void **it, const char **key, struct json **value);

#endif
