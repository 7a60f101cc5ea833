/*
 * asjson.h - the answer of a command for programs: what -json prints.
 *
 * One value on stdout, with a newline behind it, in the form that json_text
 * calls pretty. What is a list is an array also where it has one element or
 * none. Names of members are those of the coordinator's API. Members are only
 * ever added, as gomote(1) promises.
 */
#ifndef CLIENT_ASJSON_H
#define CLIENT_ASJSON_H

#include <stdbool.h>

#include "base/err.h"

struct json;

/* -1 and e where stdout cannot be written. */
int  asjson_print(const struct json *, struct err *e) MUST;

/* An array whose elements are printed as they come, for answers of any length. */
struct asjson {
	bool	 begun;
};
#define ASJSON_INIT { false }
void asjson_item(struct asjson *, const struct json *);
int  asjson_end(struct asjson *, struct err *e) MUST;

#endif
