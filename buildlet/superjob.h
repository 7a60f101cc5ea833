/*
 * superjob.h - what a supervisor was told to run: SUPER_JOB (superlink.h), taken
 * apart and checked.
 */
#ifndef BUILDLET_SUPERJOB_H
#define BUILDLET_SUPERJOB_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "buildlet/superlink.h"

struct superjob {
	struct super_job  set;
	int		  dir;		/* the exec's directory */
	int		  input;	/* a file for stdin, or -1 */
	const char	 *path, *where;	/* where it runs; "": in "/" */
	char		**argv, **env;
	const char	 *says;		/* of SUPER_SAYS, or NULL */
	char		 *text;		/* all that these point to */
};
#define SUPERJOB_INIT { .dir = -1, .input = -1 }

/* Takes the n descriptors in any case. False: it is no job. */
bool superjob_parse(struct superjob *, const void *payload, size_t len, const int *fds,
    size_t n) MUST;
void superjob_release(struct superjob *);

#endif
