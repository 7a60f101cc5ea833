/*
 * front.h - an exec in the foreground, as run and attach have it: followed to
 * its end, with our signals, stdin and terminal, and an eye on its instance.
 */
#ifndef CLIENT_FRONT_H
#define CLIENT_FRONT_H

#include <stdbool.h>
#include <stdint.h>

#include "client/cmd.h"
#include "client/follow.h"
#include "client/show.h"

struct front_end;

struct front_how {
	const char		*instance, *id;
	const char		*cmd;		/* for texts: "make" */
	const char		*doing;		/* "run make" */
	const struct form	*start;		/* as in follow.h */
	const struct form	*query;
	struct show		*show;
	int64_t			 give_up_ms;
	bool			 input;		/* our stdin is its */
	uint64_t		 input_at;	/* so much it has had */
	bool			 pty;		/* it has one */
	bool			 raw;		/* and our terminal, if stdin is one, belongs to it */
	void			(*begun)(void *arg);	/* its output begins; NULL: nobody asks */
	void			*arg;
	const char		*builder_env;	/* as in call.h; NULL */
	struct front_end	*end;		/* filled; NULL: nobody asks */
};

/* What its exit status does not tell. */
struct front_end {
	bool	ended;		/* the command has; else we left it, or lost it */
	int	asked;		/* the exit status (130, 143, 129) if somebody wanted
				 * it, or us, to end; else 0 */
};

/* Its exit status, 128+N for signal N, or what our own end was asked with; says
 * what there is to be said of it. -1 and e: cmd_fail(e). A code of
 * FOLLOW_NO_EXECS: nothing was done, and signals have their usual meaning. */
int front_run(struct gomote *, const struct front_how *, struct err *e) MUST;

/* How an exec is named to attach and others: ID, or INSTANCE/ID where there is
 * no coordinator that would know. malloc'ed. */
char *front_name(const char *instance, const char *id) MUST;
/* The exit status of end, -1 and e; says what is to be said. */
int front_told(const struct follow_end *end, const char *cmd, const char *doing,
    struct err *e) MUST;

#endif
