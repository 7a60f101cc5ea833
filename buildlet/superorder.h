/*
 * superorder.h - in which order a command wrote to two pipes: what a reader of
 * both cannot see, when more than one write was made since it last looked.
 *
 * On Linux inotify tells of each write to a pipe, in order, writes in a row to
 * the same pipe as one: so it is known that there was a run of stdout, one of
 * stderr, one of stdout, though not how long each was. Where there are as many
 * lines as runs, and where the runs are alike, the order is exact; else lines
 * are shared evenly among the runs of their pipe. Elsewhere, and where the
 * user has no inotify left, nothing is known of the order.
 */
#ifndef BUILDLET_SUPERORDER_H
#define BUILDLET_SUPERORDER_H

#include <stdbool.h>
#include <stddef.h>

struct superorder {
	int	fd;		/* -1: it cannot be known */
	int	watch[2];	/* of stdout and stderr */
	/* Runs that were told of and not yet used up; they alternate. */
	int	next;		/* 0 stdout, 1 stderr */
	size_t	runs;
};
#define SUPERORDER_INIT { -1, { -1, -1 }, 0, 0 }

/* Kept from one pair of pipes to the next, since making it takes a while. */
void superorder_watch(struct superorder *, const int pipes[2]);
void superorder_unwatch(struct superorder *);
/* Takes in what was told meanwhile; did anything? */
bool superorder_look(struct superorder *);

#endif
