/*
 * keeper.h - the process between us and a command; only proc.c uses it.
 *
 * A keeper is a fork of ourselves, a mother of one brood (brood.h). It holds one
 * end of a socket pair: words (struct keeper_word) go up to us, signal numbers
 * (a byte each) come down for the command's process group, and the end of file
 * from above, which our death causes too, means: kill every process below and
 * end.
 */
#ifndef IO_KEEPER_H
#define IO_KEEPER_H

#include <stdint.h>

#include "base/attr.h"
#include "io/brood.h"

enum keeper_what {
	KEEPER_STARTED = 1,	/* value: pid of the command */
	KEEPER_NO_FORK,		/* value: errno; it ends then */
	KEEPER_NO_CHDIR,
	KEEPER_NO_EXEC,
	KEEPER_ENDED,		/* value: status as from waitpid */
	KEEPER_GONE,		/* value: how many processes could not be killed */
};

struct keeper_word {
	int32_t	what;		/* enum keeper_what */
	int32_t	value;
};

struct keeper_job {
	struct brood_command	command;
	int			talk;		/* above 2 */
};

/* In the forked child, with every signal blocked. Ends once its last word was
 * said and the line is closed. */
void keeper_run(const struct keeper_job *) NORETURN;

#endif
