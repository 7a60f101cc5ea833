/* when.h - times as people say them, for tables. */
#ifndef CLIENT_WHEN_H
#define CLIENT_WHEN_H

#include <stdint.h>

#include "base/attr.h"

struct json;

/* "3m ago" and "10m27s", of a time before or after now that stands in x as RFC
 * 3339; "-" where none does, "over" where the latter is past. malloc'ed. */
char *when_ago(const struct json *x, const char *key) MUST;
char *when_in(const struct json *x, const char *key, int64_t *left_ms) MUST;

#endif
