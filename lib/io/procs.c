/* procs.c - walking the processes below us, in Linux's /proc (procs.h). */
#include "io/procs.h"

#include <sys/types.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/syscall.h>
#endif

#define PROCS_MAX	(1024 * 1024)
#define STAT_MAX	512	/* pid (name) state ppid: the name has 16 bytes */

/* ---- the list ---- */

static void
procs_add(struct procs *all, pid_t pid)
{
	pid_t	*grown;
	size_t	 cap;

	if (pid <= 1 || all->n >= PROCS_MAX)
		return;
	if (all->n == all->cap) {
		cap = all->cap != 0 ? all->cap * 2 : 64;
		grown = realloc(all->pid, cap * sizeof *grown);
		if (grown == NULL)
			return;		/* the next walk finds it, after some were killed */
		all->pid = grown;
		all->cap = cap;
	}
	all->pid[all->n++] = pid;
}

static int
pid_order(const void *a, const void *b)
{
	pid_t	x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

void
procs_sort(struct procs *all)
{
	if (all->n > 1)
		qsort(all->pid, all->n, sizeof *all->pid, pid_order);
}

bool
procs_same(const struct procs *a, const struct procs *b)
{
	return a->n == b->n && (a->n == 0 ||
	    memcmp(a->pid, b->pid, a->n * sizeof *a->pid) == 0);
}

void
procs_release(struct procs *all)
{
	free(all->pid);
	*all = (struct procs)PROCS_INIT;
}

static bool
procs_signal(pid_t pid, int signo)
{
	return kill(pid, signo) == 0 || errno != EPERM;
}

bool
procs_stop(pid_t pid)
{
	return procs_signal(pid, SIGSTOP);
}

bool
procs_kill(pid_t pid)
{
	return procs_signal(pid, SIGKILL);
}

/* ---- whose children ---- */

/* A line of process numbers. False if the file cannot be read. */
static bool
add_numbers(struct procs *all, const char *path)
{
	char	 buf[4096];
	ssize_t	 n, i;
	long	 pid = 0;
	int	 fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return false;
	while ((n = read(fd, buf, sizeof buf)) > 0)
		for (i = 0; i < n; i++) {
			if (buf[i] >= '0' && buf[i] <= '9' && pid < INT_MAX / 10)
				pid = pid * 10 + (buf[i] - '0');
			else {
				procs_add(all, (pid_t)pid);
				pid = 0;
			}
		}
	procs_add(all, (pid_t)pid);
	close(fd);
	return true;
}

/* Each thread has its children. False where the kernel does not list them. */
static bool
add_children(struct procs *all, pid_t pid)
{
	char		 path[80];
	DIR		*d;
	struct dirent	*ent;
	bool		 listed = true;

	snprintf(path, sizeof path, "/proc/%ld/task", (long)pid);
	d = opendir(path);
	if (d == NULL)
		return errno == ENOENT && access("/proc/self", F_OK) == 0;
	while ((ent = readdir(d)) != NULL) {
		if (ent->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "/proc/%ld/task/%.20s/children",
		    (long)pid, ent->d_name);
		/* ENOENT is also that of a thread that has just ended. */
		if (!add_numbers(all, path) && pid == getpid())
			listed = false;
	}
	closedir(d);
	return listed;
}

static pid_t
parent_of(const char *name)
{
	char	 path[64], buf[STAT_MAX];
	char	*p;
	ssize_t	 n;
	int	 fd;

	snprintf(path, sizeof path, "/proc/%.20s/stat", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	n = read(fd, buf, sizeof buf - 1);
	close(fd);
	if (n <= 0)
		return -1;
	buf[n] = '\0';
	p = strrchr(buf, ')');	/* the name may hold anything */
	if (p == NULL || strlen(p) < 5)
		return -1;
	return (pid_t)strtol(p + 4, NULL, 10);
}

/* The slow way: every process of the system is asked for its parent. */
static void
scan_children(struct procs *all, pid_t pid)
{
	DIR		*d = opendir("/proc");
	struct dirent	*ent;

	if (d == NULL)
		return;
	while ((ent = readdir(d)) != NULL)
		if (ent->d_name[0] >= '1' && ent->d_name[0] <= '9' &&
		    parent_of(ent->d_name) == pid)
			procs_add(all, (pid_t)strtol(ent->d_name, NULL, 10));
	closedir(d);
}

void
procs_below(struct procs *all, procs_fn each)
{
	bool	listed;
	size_t	i;

	all->n = all->refused = 0;
	listed = add_children(all, getpid());
	if (!listed)
		scan_children(all, getpid());
	for (i = 0; i < all->n; i++) {
		if (each != NULL && !each(all->pid[i]))
			all->refused++;
		if (listed)
			add_children(all, all->pid[i]);
		else
			scan_children(all, all->pid[i]);
	}
}

/* ---- descriptors ---- */

static bool
is_kept(int fd, const int *keep, size_t n)
{
	while (n-- > 0)
		if (keep[n] == fd)
			return true;
	return false;
}

#ifdef SYS_close_range
/* The gaps between the kept ones, each with one call. */
static bool
close_gaps(const int *keep, size_t n)
{
	unsigned	from = 0, to;
	size_t		i;

	for (;;) {
		to = UINT_MAX;
		for (i = 0; i < n; i++)
			if ((unsigned)keep[i] >= from && (unsigned)keep[i] < to)
				to = (unsigned)keep[i];
		if (to > from && syscall(SYS_close_range, from,
		    to == UINT_MAX ? to : to - 1, 0) == -1)
			return false;
		if (to == UINT_MAX)
			return true;
		from = to + 1;
	}
}
#else
static bool
close_gaps(const int *keep, size_t n)
{
	(void)keep;
	(void)n;
	return false;
}
#endif

void
procs_close_but(const int *keep, size_t n)
{
	DIR		*d;
	struct dirent	*ent;
	long		 fd, max;

	if (close_gaps(keep, n))
		return;
	d = opendir("/dev/fd");
	if (d == NULL) {
		max = sysconf(_SC_OPEN_MAX);
		for (fd = 0; fd < (max > 0 ? max : 1024); fd++)
			if (!is_kept((int)fd, keep, n))
				close((int)fd);
		return;
	}
	while ((ent = readdir(d)) != NULL) {
		fd = ent->d_name[0] == '.' ? -1 : strtol(ent->d_name, NULL, 10);
		if (fd >= 0 && fd != dirfd(d) && !is_kept((int)fd, keep, n))
			close((int)fd);
	}
	closedir(d);
}
