/*
 * pool.h - a pool makes machines of its host types appear and disappear; how
 * they get in is the same for all (DESIGN, idea 3). Each pool is one file with
 * one ops table; pools know neither scheduling nor instances, and speak to the
 * core through struct pool_host alone.
 */
#ifndef COORDINATOR_POOL_H
#define COORDINATOR_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct catalog;
struct loop;
struct pool;

/* What the core gives to a pool; lives as long as the pool. */
struct pool_host {
	struct loop	*loop;
	const char	*state_dir;
	const char	*buildlet;	/* the program to start */
	int64_t		 start_ms;	/* a machine that has not registered by then is killed */
	int64_t		 idle_ms;	/* machines beyond the first are stopped after so long idle */
	/* Our TCP port on loopback, 0 while we do not serve yet. */
	int		(*port)(void *arg);
	/* A one-time join token for a machine of that name; malloc'ed. */
	char		*(*token)(const char *host_type, const char *name, void *arg);
	/* That machine is dead and will never come back: its key is void, an
	 * instance on it ends with why. */
	void		(*dead)(const char *name, const char *why, void *arg);
	/* Stop it if it is idle; false if it is in use. */
	bool		(*halt)(const char *name, void *arg);
	/* Does somebody have it, even if it is not connected? */
	bool		(*leased)(const char *name, void *arg);
	void		*arg;
};

enum pool_event {
	POOL_JOINED,	/* the machine registered */
	POOL_IDLE,	/* may be lent */
	POOL_BUSY,	/* being prepared, leased or cleaned */
	POOL_LOST,	/* not connected any more */
};

struct pool_row {
	size_t	machines;	/* that the pool has, the starting ones counted; 0 where it has no say */
	size_t	starting;
	size_t	limit;
	char	note[ERR_MAX];	/* trouble in one line, "" if none */
};

struct pool_ops {
	const char	*name;		/* the `pool` of a host type */
	/* NULL and e. Host types come with `types`. */
	struct pool	*(*start)(const struct pool_host *, struct err *e);
	/* The catalog was swapped: borrowed for the call. */
	void		(*types)(struct pool *, const struct catalog *);
	/* n machines of host_type would be of use now: those leased, in whatever
	 * state of being made ready, and one for each who waits. Said again
	 * whenever it may have changed. */
	void		(*want)(struct pool *, const char *host_type, size_t n);
	/* Something happened to a machine of one of its host types. */
	void		(*event)(struct pool *, const char *name, enum pool_event);
	void		(*sweep)(struct pool *, int64_t now);
	void		(*describe)(struct pool *, const char *host_type, struct pool_row *);
	/* An orderly end: machines that nobody has go, the others stay and will
	 * find the next coordinator. done comes once, deferred, within ms. */
	void		(*stop)(struct pool *, int64_t ms, void (*done)(void *), void *arg);
	void		(*free)(struct pool *);	/* at once; processes stay as they are */
};

extern const struct pool_ops pool_reverse_ops;
extern const struct pool_ops pool_local_ops;

#endif
