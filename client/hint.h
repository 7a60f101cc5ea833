/*
 * hint.h - what a person can do about an error, for each kind of it; one place
 * that knows.
 *
 * A hint is a few words in brackets behind the error, on the same line. An
 * error whose text tells already has none.
 */
#ifndef CLIENT_HINT_H
#define CLIENT_HINT_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

/* What the code of an error is worth: errno, enum stream_err and the codes of
 * call.h share one number line, and only the text tells the first two apart.
 * " (...)", to be put behind the text; "". */
const char *hint_for(const struct err *e) MUST;

/* The same for an answer other than 2xx: who gave it ("coordinator", "buildlet"),
 * what it said, whether we sent a token or password, and about which instance
 * (NULL: none) we asked. */
const char *hint_answer(int status, const char *hop, const char *said,
    bool token, const char *instance) MUST;

#endif
