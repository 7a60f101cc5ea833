/*
 * procs.h - the processes below this one, and closing descriptors wholesale:
 * what keeper.c needs of the operating system. The one file for it.
 */
#ifndef IO_PROCS_H
#define IO_PROCS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct procs {
	pid_t	*pid;
	size_t	 n, cap;
	size_t	 refused;	/* what could not be signalled (EPERM) */
};

#define PROCS_INIT { NULL, 0, 0, 0 }

/* Lists our children, then theirs, and so on, parents first; each is given to
 * each (may be NULL) before its own children are looked at. A process that
 * begins or ends meanwhile may be missing. Does not know any process where
 * the system has no /proc as Linux has it. */
typedef bool (*procs_fn)(pid_t);	/* false: the system refused */
void procs_below(struct procs *, procs_fn each);
bool procs_stop(pid_t);			/* SIGSTOP */
bool procs_kill(pid_t);			/* SIGKILL */
void procs_sort(struct procs *);
bool procs_same(const struct procs *, const struct procs *);	/* sorted both */
void procs_release(struct procs *);

/* Closes every descriptor of this process but the n of keep. */
void procs_close_but(const int *keep, size_t n);

#endif
