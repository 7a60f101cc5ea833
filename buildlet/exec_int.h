/*
 * exec_int.h - the insides of execs.h, shared by execs.c (the index), execs_load.c
 * and execs_wipe.c (its beginning and end), exec_start.c and exec_object.c (one
 * exec and what its supervisor says), exec_words.c (what is said to it),
 * exec_watch.c (who looks), exec_json.c. Nobody else includes it.
 */
#ifndef BUILDLET_EXEC_INT_H
#define BUILDLET_EXEC_INT_H

#include <sys/types.h>

#include "api/types.h"
#include "base/map.h"
#include "base/queue.h"
#include "buildlet/execdisk.h"
#include "buildlet/execs.h"
#include "buildlet/superline.h"
#include "buildlet/superpool.h"
#include "io/cgroup.h"
#include "io/loop.h"
#include "io/procs.h"

struct exec_plan {		/* what stays known of what was asked for */
	char		*cmd, *dir;
	struct strs	 args;		/* without argv[0] */
	int64_t		 created;	/* wall ms */
	uint64_t	 order;		/* execs_seq when it was made */
	uint64_t	 log_limit;
	bool		 pty, merge, stdin_open;
};

TAILQ_HEAD(exec_list, exec);
TAILQ_HEAD(exec_watch_list, exec_watch);

struct exec {
	struct execs		*all;
	TAILQ_ENTRY(exec)	 entry;		/* all->list or all->transients */
	char			 id[API_EXEC_ID_MAX + 1];
	enum exec_state		 state;
	uint64_t		 seq;		/* of its last change */
	struct exec_plan	 plan;
	bool			 transient;
	bool			 forgotten;	/* in no list: goes with its last watch */
	int			 dir;		/* -1: closed */
	struct execdisk_slot	*slot;		/* of a transient one */

	/* Its supervisor; line NULL: there is none (any more). */
	struct superline	*line;
	pid_t			 super;		/* 0: not a child that we know */
	bool			 pooled;	/* the pool may have it back */
	bool			 killing;
	int64_t			 kill_by;	/* loop_now; then it is killed itself */

	pid_t			 pid;		/* the command's; 0 */
	uint64_t		 log_end;
	uint64_t		 in_got;	/* of stdin, taken by the supervisor */
	uint64_t		 in_sent;	/* sent to it */
	bool			 in_closed;	/* by the command */
	bool			 in_eof;	/* by us */
	struct super_end	 end;
	char			*status;	/* Process-State; NULL while it runs */
	char			*left_names;
	size_t			 weight;	/* memory of its texts */
	bool			 hunted;	/* lost: what carries its mark is killed */

	struct exec_watch_list	 watches;
	uint64_t		 read_said;	/* SUPER_READ; UINT64_MAX: nobody reads */
	int64_t			 read_at;	/* loop_now of that */
	bool			 more_asked;	/* a SUPER_LOG will come */
	bool			 asking;	/* for all that is to be known */
};

struct execs {
	struct buildlet		*b;
	struct superpool	*pool;
	struct cgroup		*cgroup;	/* of all commands; NULL: none to be had */
	struct execdisk		*disk;
	struct map		*by_id;
	struct exec_list	 list;		/* by creation */
	struct exec_list	 transients;
	size_t			 ended, running; /* of list */
	size_t			 weight;	/* of list */
	uint64_t		 promised;	/* limits of the logs of those that run */
	uint64_t		 seq;
	char			 mark[PROCS_MARK_MAX];	/* with "/ID": of its processes */
	struct timer		*sweep;
	int64_t			 restored;	/* loop_now of execs_load */
	/* execs_wipe.c */
	struct timer		*wipe_by;	/* until all lines are gone; then killing */
	int			 wipe_tries;	/* of the cgroup; 0: not yet */
	size_t			 left;		/* processes that could not be killed */
	void			(*wiped)(size_t, void *);
	void			*wiped_arg;
};

/* execs.c */
void	 execs_add(struct execs *, struct exec *);	/* into its list, and the index */
void	 execs_confine(struct execs *);	/* supervisors from now on, to the cgroup */
void	 execs_remove(struct execs *, struct exec *);	/* out of them */
void	 execs_ends(struct execs *, const struct exec *);	/* it counts as ended */
void	 exec_touch(struct exec *);	/* it changed: seq, and watchers are told */
/* Kills what carries its mark; again and again, until there is none. */
void	 exec_hunt(struct exec *);

/* exec_object.c */
struct exec *exec_new(struct execs *, const char *id, bool transient) MUST;
void	 exec_plan_release(struct exec_plan *);
/* From now on that socket is its line; pid 0: not our child. */
void	 exec_join(struct exec *, int fd, pid_t, bool pooled);
void	 exec_ended(struct exec *, const struct super_end *, const char *status,
    const char *left_names);
void	 exec_lose(struct exec *);	/* its supervisor is gone, without a word */
void	 exec_set_state(struct exec *, enum exec_state);
void	 exec_drop_line(struct exec *);
void	 exec_close_dir(struct exec *);		/* nobody reads there now */
void	 exec_release(struct exec *);	/* out of the index; it stays on the disk */
/* Out of the index and off the disk; freed now, or with its last watch. */
void	 exec_discard(struct exec *);
uint64_t exec_log_bytes(const struct exec *);	/* on disk, at most */

/* exec_watch.c */
void	 exec_tell(struct exec *);	/* all watchers, soon */
void	 exec_flow(struct exec *);	/* tells the supervisor how far they have read */
void	 exec_watch_sweep(struct exec *);

/* exec_words.c */
void	 exec_kill_all(struct exec *);	/* its whole tree, now */

/* execs_load.c */
void	 execs_restore(struct execs *);	/* blocks, for two seconds at most */
void	 exec_look(struct exec *);	/* for the supervisor of one that had none then */

/* execs_wipe.c */
void	 execs_wipe_look(struct execs *);	/* one has lost its line */
void	 execs_wipe_end(struct execs *);

/* exec_json.c: the spec on disk. */
struct json *exec_plan_json(const struct exec *) MUST;
int	 exec_plan_read(struct exec *, const struct json *, struct err *e) MUST;

#endif
