/*
 * proc.h - a command as a child: a whole process tree that can be killed.
 *
 * Between us and the command stands a keeper: a fork of ourselves (no exec, so
 * it costs little) that is a child subreaper (Linux; elsewhere the process group
 * alone), starts the command in a session of its own, reports how it started and
 * ended, and adopts whatever escapes. Killing it, or our death, ends every
 * process below it: the keeper sees its control pipe close.
 */
#ifndef IO_PROC_H
#define IO_PROC_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "io/stream.h"

struct proc;

struct proc_spec {
	const char	 *path;		/* to execve, found by the caller */
	char *const	 *argv;
	char *const	 *env;
	const char	 *dir;		/* chdir there first; NULL: stay */
	bool		  split;	/* stderr apart (proc_err), else merged into proc_out */
	bool		  input;	/* proc_in is a pipe to its stdin, else /dev/null */
};

enum proc_phase { PROC_RUNNING, PROC_EXITED, PROC_SIGNALED, PROC_UNSTARTED };

struct proc_end {
	enum proc_phase	 phase;
	int		 status;	/* exit status, or signal number */
	bool		 core;
	/* PROC_UNSTARTED: what failed, as Go says it: "fork/exec PATH: no such
	 * file or directory", "chdir DIR: no such file or directory". Else ""
	 * unless the keeper died: the command then counts as killed. */
	char		 why[ERR_MAX];
};

/* The command itself ended (its tree may live on, its output may still come).
 * Once. */
typedef void (*proc_end_fn)(struct proc *, const struct proc_end *, void *arg);

/* Returns NULL and e only where we could not even fork. */
struct proc *proc_spawn(struct loop *, const struct proc_spec *, proc_end_fn,
    void *arg, struct err *e) MUST;
pid_t proc_pid(const struct proc *);		/* the command's; 0 until it runs */
/* Streams are the proc's and are closed with it; out and err reach EOF when
 * every holder of the pipe has closed it. */
struct stream *proc_in(struct proc *);
struct stream *proc_out(struct proc *);
struct stream *proc_err(struct proc *);
/* To the command's process group, e.g. SIGTERM. */
void proc_signal(struct proc *, int signo);
/* KILL for the whole tree, escaped processes included. gone(arg) is called
 * when no process of it is left (soon, from the loop, if so already), or after
 * 15 seconds with a warning in the log: what has become another user, or hangs
 * in the kernel, cannot be killed. It comes after the end callback. Of several
 * calls the last one's gone counts; it may be NULL. */
void proc_kill(struct proc *, void (*gone)(void *arg), void *arg);
/* Lets go: kills the tree if it lives. No callback comes any more. The memory
 * goes when the keeper has ended, for which the loop must run; a program that
 * ends instead takes the tree with it all the same. NULL is fine. */
void proc_free(struct proc *);

/* Go's words: "ok", "exit status 2", "signal: killed",
 * "signal: segmentation fault (core dumped)", or why. buf holds ERR_MAX. */
const char *proc_end_text(const struct proc_end *, char *buf);
/* The reverse, for clients: exit status to end with (128+N for signals),
 * -1 if the text is a reason why it could not start. */
int  proc_text_status(const char *text);

#endif
