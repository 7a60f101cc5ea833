/*
 * procs.h - the processes below this one, those that carry a mark, and closing
 * descriptors wholesale: what brood.c needs of the operating system. The one
 * file for it.
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
/* As ps shows it, of an ended one that was not reaped too: false. */
#define PROCS_NAME_MAX 32
bool procs_name(pid_t, char name[PROCS_NAME_MAX]);

/* The last resort: a process that left its tree when its mother was killed is
 * known by its environment, where PROCS_MARK is MARK or MARK/anything, unless it
 * took pains to hide it. Whoever starts commands puts that there; a mark for all
 * that belongs to one directory is procs_mark of it. procs_marked gives each
 * process of our user with that mark to each, but for ourselves, and says how
 * many there were. Reads at most 1 MiB of each environment. For a sweep: kill
 * and look again until there is none, a few times. */
#define PROCS_MARK	"GOMOTE_EXEC"
#define PROCS_MARK_MAX	48
void procs_mark(int dir, char mark[PROCS_MARK_MAX]);	/* "" where it cannot be known */
size_t procs_marked(const char *mark, procs_fn each);

/* Closes every descriptor of this process but the n of keep. */
void procs_close_but(const int *keep, size_t n);

#endif
