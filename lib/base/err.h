/*
 * err.h - a failure that is not ours: peers, files, users.
 *
 * A function that can fail in such a way takes a `struct err *` of its caller
 * and returns -1 (or NULL) after filling it with one line that reads
 * "doing what: to what: why". All functions here accept e == NULL and then
 * only return. They keep errno as it was.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/attr.h"

#define ERR_MAX 512

struct err {
	int	code;		/* 0, an errno, or a value that the callee documents */
	char	msg[ERR_MAX];	/* one line, no newline, cut if too long */
};

#define ERR_INIT { 0, "" }

/* Each returns -1, so that `return err_set(e, ...)` reads well. */
int err_set(struct err *e, const char *fmt, ...) PRINTF(2, 3);
int err_code(struct err *e, int code, const char *fmt, ...) PRINTF(3, 4);
/* As err_set, then ": " and strerror(errno); code becomes errno. */
int err_errno(struct err *e, const char *fmt, ...) PRINTF(2, 3);
/* Puts "text: " before what is there already; code stays. */
int err_wrap(struct err *e, const char *fmt, ...) PRINTF(2, 3);

#endif
