/*
 * keeper.h - the process between us and a command; only proc.c uses it.
 *
 * A keeper is a fork of ourselves. It holds one end of a socket pair: words
 * (struct keeper_word) go up to us, signal numbers (a byte each) come down for
 * the command's process group, and the end of file from above, which our death
 * causes too, means: kill every process below and end.
 */
#ifndef IO_KEEPER_H
#define IO_KEEPER_H

#include <stdint.h>

#include "base/attr.h"

enum keeper_what {
	KEEPER_STARTED = 1,	/* value: pid of the command */
	KEEPER_NO_FORK,		/* value: errno; it ends then */
	KEEPER_NO_CHDIR,
	KEEPER_NO_EXEC,
	KEEPER_ENDED,		/* value: status as from waitpid */
	/* value: how many processes could not be killed. Where the line was
	 * not shut it is 0, and another job may follow. */
	KEEPER_GONE,
};

struct keeper_word {
	int32_t	what;		/* enum keeper_what */
	int32_t	value;
};

struct keeper_job {
	const char	*path;
	char *const	*argv;
	char *const	*env;
	const char	*dir;		/* NULL: stay */
	int		 in, out, err;	/* for the command; above 2; err may be out */
	int		 talk;		/* above 2 */
};

/* A job for a keeper that waits: this, with in, out and err as SCM_RIGHTS, then
 * len bytes: path, dir, argv and env, each text with its NUL. */
struct keeper_head {
	uint32_t	len;
	uint32_t	dir;		/* 1: there is one */
	uint32_t	argc, envc;
};
#define KEEPER_FDS	3

/* In the forked child, with every signal blocked: the first job. After each it
 * waits for the next; at the end of file it ends. */
void keeper_run(const struct keeper_job *) NORETURN;

#endif
