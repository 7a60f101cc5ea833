/*
 * execspec.h - the form of POST /exec made into what is to be run (PROTOCOL 1):
 * which program, where, with which arguments and environment.
 *
 * It looks names up with a few stat(2) calls and does nothing else, so it is
 * tested alone.
 */
#ifndef BUILDLET_EXECSPEC_H
#define BUILDLET_EXECSPEC_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "http/url.h"

struct execspec {
	char		*cmd;		/* absolute */
	char		*dir;		/* absolute */
	struct strs	 argv;		/* argv[0] is cmd */
	struct strs	 env;		/* each name once */
	bool		 debug;
};

#define EXECSPEC_INIT { NULL, NULL, STRS_INIT, STRS_INIT, false }

/* own: the buildlet's environment, without its secrets. -1 and e, whose code
 * is the status to answer with (400, 422). Release x in any case. */
int  execspec_make(struct execspec *x, const struct form *f, const char *workdir,
    const struct strs *own, struct err *e) MUST;
void execspec_release(struct execspec *);
bool execspec_true(const char *);	/* "true", "1", ... as Go reads it; NULL is not */
/* The two lines that debug=true prints first. malloc'ed. */
char *execspec_debug(const struct execspec *) MUST;
/* Of several K=V with the same K the last stays, at its place; what has no '='
 * stays as it is. */
void execspec_dedup(struct strs *env);

#endif
