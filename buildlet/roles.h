/*
 * roles.h - what a buildlet does in helpers (io/helper.h), since it waits for
 * the disk or reads what a stranger packed. Each role gets the work directory
 * as its first argument and reaches names below it only by base/tree.h.
 *
 *	clean WORKDIR furnish|bare [EXECS [STATE]]
 *					kills what commands have left, empties all three
 *	rm WORKDIR			removes the paths on stdin, each ended by a NUL
 *	write WORKDIR PATH MODE		a file out of frames on stdin (upload.h)
 *	untar WORKDIR DIR		unpacks the archive on stdin
 *	tar WORKDIR DIR gz|zst		packs to stdout
 *	ls WORKDIR DIR FLAGS [SKIP...]	GET /ls to stdout; FLAGS: r, d, rd or -
 *	ssh ...				sshrole.h
 *	pushcheck ..., pushguests ..., pushput ...	pushrole.h
 */
#ifndef BUILDLET_ROLES_H
#define BUILDLET_ROLES_H

#include "io/helper.h"

/* Beside HELPER_OK, HELPER_FAILED and HELPER_BAD. */
#define ROLE_NOSPACE	3	/* the disk is full */
#define ROLE_ABSENT	4	/* what was asked for is not there */
#define ROLE_CONFLICT	5	/* something else is in the way */
#define ROLE_STALE	6	/* the request is made for another state than this */

#define ROLE_NAMES_MAX	(2 * 1024 * 1024)	/* bytes that rm reads */

extern const struct helper_role roles[];

/* For roles in files of their own: says e on stderr, gives the exit status. */
int  role_fail(struct err *e);
/* All of stdin, malloc'ed; NULL if that is ROLE_NAMES_MAX or cannot be read. */
char *role_names(size_t *len);

#endif
