/*
 * answers.h - what several instances have answered in JSON, as one value: an
 * array with an object for each, in the order in which they are added:
 *
 *	{ "Instance": NAME, "ExitStatus": 0, "Answer": what its gomote printed }
 *	{ "Instance": NAME, "ExitStatus": 1, "Error": why there is none }
 */
#ifndef CLIENT_ANSWERS_H
#define CLIENT_ANSWERS_H

#include "base/str.h"
#include "client/asjson.h"

#define ANSWERS_MAX	(64 * 1024 * 1024)	/* bytes of one; more is an error */

/* text: all that was printed, or more than ANSWERS_MAX of it; error: what was said
 * of a status that is not 0, NULL: nothing. Returns the status: 1 in place of 0
 * where the text is no answer. Print the end with asjson_end. */
int answers_item(struct asjson *, const char *instance, int status,
    const struct str *text, const char *error);

#endif
