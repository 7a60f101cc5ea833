/*
 * fan.h - a command's way to the instances that it is meant for: one, and it
 * goes on by itself, or several, and it is broadcast.
 */
#ifndef CLIENT_FAN_H
#define CLIENT_FAN_H

#include "base/attr.h"
#include "client/broadcast.h"
#include "client/cmd.h"
#include "client/who.h"

struct fan {
	const struct cmd *cmd;
	const struct opt *opts;		/* -prefix comes in addition */
	int		 min, max;	/* operands besides the instance; max -1: any */
	bool		 alone;		/* for one instance only: no -prefix, and no groups
					 * of several */
	/* Before it is broadcast: operands[0] to [n - 1] are the command's own. Adds
	 * to how what it needs. Returns EXIT_OK, or says what cannot be done on
	 * several and returns the status. NULL: all can be. */
	int		 (*several)(struct broadcast_how *how, char **operands, int n,
			    void *arg);
	void		*arg;
	const bool	*json;		/* what it prints is one JSON value; of a group, also
					 * of a group of one, an array (answers.h); NULL: no */
};

/* Reads options, finds the instances. One: *instance is its name, good as long as
 * the session; returns the index of the first operand of the command's own. Else
 * -1, and *status is what to return: all was done, or said. */
int fan_in(struct gomote *, const struct fan *, int argc, char **argv,
    const char **instance, int *status) MUST;

/* The same in two steps, for who has more to do: options and instances (-1:
 * *status; 0: go on from argv[*at]), then the broadcast. */
int fan_find(struct gomote *, const struct fan *, int argc, char **argv, struct who *,
    bool *prefix, int *at, int *status) MUST;
int fan_out(struct gomote *, const struct fan *, const struct who *, bool prefix,
    int argc, char **argv, int at);

#endif
