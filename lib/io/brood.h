/*
 * brood.h - a command and all that it leaves behind, as its mother sees it: the
 * process that started it and adopts its orphans. Two are such: the keeper of a
 * proc (keeper.c) and the supervisor of an exec in the buildlet.
 *
 * On Linux a mother is a child subreaper: a process whose parent dies becomes
 * hers, whatever session or group it has gone to, so the tree below her is the
 * command's whole tree for as long as she lives. Elsewhere she knows the
 * command's process group only.
 *
 * All of it is for a process with one thread that was forked for this; it writes
 * no log. What is below a mother is taken for the brood, so she has no other
 * children.
 */
#ifndef IO_BROOD_H
#define IO_BROOD_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "io/proc.h"

struct brood {
	pid_t	 leader;	/* the command; 0 before, and once it was reaped */
	pid_t	 group;		/* its process group and session */
	bool	 ended;
	int	 status;	/* of the command, as from waitpid */
	/* Of a kill under way. */
	bool	 killing;
	int64_t	 kill_began;
};
#define BROOD_INIT { 0, 0, false, 0, false, 0 }

/* In the forked child, all signals blocked: becomes a mother of that name, in a
 * session of its own. Signals stay blocked: only SIGKILL ends her. Descriptors
 * but the n of keep, which are above 2, are closed; 0 to 2 are /dev/null. */
void brood_mother(const char *name, const int *keep, size_t n);
/* poll(2), which a child's end interrupts (-1, EINTR), one that happened before
 * too. */
int  brood_wait(struct pollfd *, nfds_t, int ms);

struct brood_command {
	const char	*path;
	char *const	*argv;
	char *const	*env;
	const char	*dir;		/* NULL: stay */
	int		 in, out, err;	/* above 2; two of them may be one */
	int		 tty;		/* above 2: becomes the session's terminal; -1: none */
};
enum brood_failure { BROOD_STARTED, BROOD_NO_FORK, BROOD_NO_CHDIR, BROOD_NO_EXEC };
/* Starts it, in a session of its own, and returns once that has succeeded or
 * failed; then *error is an errno. The mother's death kills it. */
enum brood_failure brood_start(struct brood *, const struct brood_command *, int *error);
/* The end of one that failed so, and of one with that status: in Go's words by
 * proc_end_text. dir may be NULL. */
void brood_failure_end(struct proc_end *, enum brood_failure, int error,
    const char *path, const char *dir);
void brood_status_end(struct proc_end *, int status);

/* Reaps what has ended; false once there is no child left. */
bool brood_reap(struct brood *);
/* To the command's group, if one of ours is still in it. */
void brood_signal(const struct brood *, int signo);
/* How many processes there are; the names (as ps shows them) of some of them,
 * each once: "sleep, server". */
#define BROOD_NAMES_MAX	256
size_t brood_count(char names[BROOD_NAMES_MAX]);	/* names may be NULL */

/* Kills all, over and over: begin, then go_on at each SIGCHLD and at the latest
 * after BROOD_KILL_WAIT_MS, until it is not BROOD_KILLING: the number of those
 * that could not be killed (another user's, or they hang in the kernel), for
 * which it waits 1 to 10 seconds. */
#define BROOD_KILL_WAIT_MS	20
#define BROOD_KILLING		(-1)
void brood_kill_begin(struct brood *);
int  brood_kill_go_on(struct brood *);

int64_t brood_now(void);	/* ms of CLOCK_MONOTONIC */

#endif
