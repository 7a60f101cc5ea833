/*
 * pool_local_int.h - the inside of the local pool, shared by pool_local.c (how
 * many there are to be, and what becomes of them) and pool_local_one.c (one
 * buildlet: its directory, its process). Nobody else includes it.
 */
#ifndef COORDINATOR_POOL_LOCAL_INT_H
#define COORDINATOR_POOL_LOCAL_INT_H

#include "base/backoff.h"
#include "base/map.h"
#include "base/queue.h"
#include "coordinator/detached.h"
#include "coordinator/pool.h"

#define LOCAL_GIVE_UP_MS (5 * 60 * 1000)	/* a buildlet ends when it cannot reach us for so long */
#define LOCAL_GIVE_UP_TEXT "5m"

enum local_state {
	LOCAL_STARTING,		/* has not registered with us yet */
	LOCAL_HERE,
	LOCAL_STOPPING,		/* asked to end */
	/* Its process ended, but somebody has it: started again on its work directory,
	 * where its commands may still run. */
	LOCAL_DOWN,
};

struct local {			/* one buildlet */
	char			*name;
	char			*dir;
	struct local_type	*type;
	struct detached		 proc;
	enum local_state	 state;
	int64_t			 deadline;	/* starting: to register; stopping: to end */
	int64_t			 idle_since;	/* 0: it is not idle */
	bool			 used;		/* somebody has it or had it, and it is not clean yet */
	struct backoff		 backoff;	/* of starting it again */
	int64_t			 start_at;	/* down: not before */
	TAILQ_ENTRY(local)	 entry;
};

struct local_type {
	char			*name;
	size_t			 limit;		/* 0: not offered any more */
	size_t			 want;
	size_t			 n, starting, stopping;
	struct backoff		 backoff;
	int64_t			 retry_at;
	char			 note[ERR_MAX];
};

struct removal {
	pid_t			 pid;
	int64_t			 until;		/* killed then */
	TAILQ_ENTRY(removal)	 entry;
};

struct pool {
	struct pool_host	 host;
	char			*root;		/* STATE/local */
	struct map		*types;		/* struct local_type * */
	TAILQ_HEAD(, local)	 list;
	TAILQ_HEAD(, removal)	 removals;
	struct timer		*stop_timer;
	int64_t			 stop_until;
	bool			 stopping;
	void			(*stopped)(void *);
	void			*stopped_arg;
};

struct local_type *local_type_get(struct pool *, const char *name);
struct local *local_new(struct pool *, struct local_type *, const char *name,
    enum local_state, int64_t deadline) MUST;
void local_free(struct pool *, struct local *);
struct local *local_find(struct pool *, const char *name);	/* NULL */
void local_set_state(struct local *, enum local_state);
/* Also remembered in its directory, for the next coordinator. */
void local_set_used(struct local *, bool);
bool local_was_used(const char *dir);
/* Makes its directory, where it is not there yet, and starts it. */
int  local_start(struct pool *, struct local *, struct err *e) MUST;
/* Whatever is in that directory goes, in a child of ours. */
void local_remove_dir(struct pool *, const char *dir);
void local_reap_removals(struct pool *, int64_t now);

#endif
