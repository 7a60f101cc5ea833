/*
 * steer.h - what reaches gomote while it shows a command, passed on to that:
 *
 *	SIGINT (Ctrl-C)	once: SIGINT to it; again: it is killed; again: we leave it
 *	SIGTERM		it is killed, with a grace, and we end
 *	SIGHUP		we leave it: the terminal is gone, the command is not
 *	SIGWINCH	the new size of the terminal, where it has a pty
 *	SIGTSTP, SIGCONT the terminal's mode (tty.h)
 *
 * What cannot be said now, since the connection is lost, is said later. A
 * signal that is ignored when we start (nohup, a script's background) stays so.
 */
#ifndef CLIENT_STEER_H
#define CLIENT_STEER_H

#include <stdbool.h>
#include <stdint.h>

#include "client/side.h"
#include "client/tty.h"

struct loop;
struct steer;

#define STEER_GRACE_MS	5000	/* from TERM to KILL */

struct steer_how {
	struct loop	*loop;
	struct side	*side;		/* borrowed */
	const char	*id;
	bool		 pty;		/* it has one, so our size is of interest */
	void		(*leave)(void *arg);	/* we are to end; steer_status tells how */
	void		*arg;
};

/* Catches the signals. One at a time in a program. */
struct steer *steer_new(const struct steer_how *) MUST;
void steer_free(struct steer *);	/* as steer_end, too; NULL is fine */
/* The exec is there; there again after a break (the side was reset). */
void steer_go(struct steer *);
/* The terminal was made raw; borrowed. NULL: no more. */
void steer_tty(struct steer *, struct tty *);
/* The signals have their usual meaning again, for there is nothing to steer. One
 * that came before has it now: SIGINT ends us. Turns the loop. */
void steer_off(struct steer *);
/* The exec is over. The signals have their usual meaning again; one that came
 * before was ours. Gives the exit status that somebody who wanted it, or us, to
 * end has asked for; 0: nobody did. Turns the loop. */
int  steer_end(struct steer *);
/* Kills it, and runs the loop until that is known to be done, or 5 s. */
void steer_kill(struct steer *);
/* Exit status to end with; 0: nobody said that we should. */
int  steer_status(const struct steer *);
bool steer_killed(const struct steer *);	/* the buildlet was told so */

#endif
