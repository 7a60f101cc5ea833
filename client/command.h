/*
 * command.h - a command on an instance, from its first word to its end: as an
 * exec object in the foreground (front.h) where the buildlet has these, else for
 * as long as its connection lives.
 */
#ifndef CLIENT_COMMAND_H
#define CLIENT_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "client/cmd.h"
#include "client/copy.h"
#include "client/newid.h"
#include "client/show.h"

struct command {		/* borrowed */
	const char		*instance, *cmd;
	char *const		*args;		/* NULL-terminated */
	const char		*dir;		/* NULL: where it is */
	const char		*path;		/* PATH, commas between; NULL: as it is */
	const struct strs	*env;		/* NULL: none */
	const char		*builder_env;	/* as in call.h; NULL */
	bool			 system, debug;
	bool			 firewall;	/* told not to reach out of the machine */
	bool			 input;		/* our stdin is its, if there are execs */
	bool			 pty;
	bool			 needs_exec;	/* refuse it where there are none */
	int64_t			 timeout_ms;	/* 0: none */
	int64_t			 give_up_ms;	/* PATIENCE_MS */
};

struct command_out {		/* where its output goes */
	bool		 quiet;		/* not to stdout and stderr */
	struct copy	*copy;		/* opened when it begins */
	show_tap_fn	 tap;		/* NULL: none */
	void		*arg;
};

struct command_end {
	int	status;		/* that we are to exit with */
	bool	ended;		/* it has; else we were told to leave it */
	int	asked;		/* as in front.h */
	bool	copied;		/* the copy is whole */
	char	id[NEWID_MAX];	/* of its exec; "": there was none */
};

/* -1 and e: cmd_fail(e). */
int command_run(struct gomote *, const struct command *, const struct command_out *,
    struct command_end *, struct err *e) MUST;
/* Has the machine forget such an end, its output with it. That it cannot is no
 * matter: it forgets the oldest itself when it has no room. */
void command_forget(struct gomote *, const struct command *, const struct command_end *);
/* Begins it, and prints its id. */
int command_detach(struct gomote *, const struct command *, struct err *e) MUST;

#endif
