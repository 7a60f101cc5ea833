/* procs.c - looking at processes, in Linux's /proc (procs.h). */
#include "io/procs.h"

#include <sys/stat.h>
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
#define ENVIRON_MAX	(1024 * 1024)
#define ENVIRON_BLOCK	(16 * 1024)
#define ENVIRON_VAR	256

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

/* A line "PID (NAME) STATE PPID ...": what follows the name, NULL if there is none. */
static char *
stat_read(const char *pid, char buf[STAT_MAX])
{
	char	 path[64], *p;
	ssize_t	 n;
	int	 fd;

	snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return NULL;
	n = read(fd, buf, STAT_MAX - 1);
	close(fd);
	if (n <= 0)
		return NULL;
	buf[n] = '\0';
	p = strrchr(buf, ')');	/* the name may hold anything */
	return p != NULL && strlen(p) >= 5 ? p : NULL;
}

static pid_t
parent_of(const char *name)
{
	char	 buf[STAT_MAX], *p = stat_read(name, buf);

	return p != NULL ? (pid_t)strtol(p + 4, NULL, 10) : -1;
}

bool
procs_name(pid_t pid, char name[PROCS_NAME_MAX])
{
	char	 number[24], buf[STAT_MAX], *p, *from;
	size_t	 len;

	snprintf(number, sizeof number, "%ld", (long)pid);
	p = stat_read(number, buf);
	if (p == NULL || p[2] == 'Z' || p[2] == 'X')
		return false;
	*p = '\0';
	from = strchr(buf, '(');
	snprintf(name, PROCS_NAME_MAX, "%s", from != NULL ? from + 1 : "?");
	for (len = 0; name[len] != '\0'; len++)
		if ((unsigned char)name[len] < ' ' || name[len] == 0x7f)
			name[len] = '?';
	return true;
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

/* ---- marks ---- */

void
procs_mark(int dir, char mark[PROCS_MARK_MAX])
{
	struct stat	st;

	mark[0] = '\0';
	if (fstat(dir, &st) == 0)
		snprintf(mark, PROCS_MARK_MAX, "%llx-%llx", (unsigned long long)st.st_dev,
		    (unsigned long long)st.st_ino);
}

/* Does one variable, as far as it was read, carry the mark? */
static bool
var_has_mark(const char *var, const char *mark)
{
	size_t	len = strlen(mark);

	if (strncmp(var, PROCS_MARK "=", sizeof PROCS_MARK) != 0)
		return false;
	var += sizeof PROCS_MARK;
	return strncmp(var, mark, len) == 0 && (var[len] == '\0' || var[len] == '/');
}

/* Variable by variable; of long ones only the beginning matters. */
static bool
environ_has_mark(int fd, const char *mark)
{
	char	 buf[ENVIRON_BLOCK], var[ENVIRON_VAR];
	size_t	 have = 0, total = 0;
	ssize_t	 n, i;

	while (total < ENVIRON_MAX && (n = read(fd, buf, sizeof buf)) > 0) {
		total += (size_t)n;
		for (i = 0; i < n; i++) {
			if (have < sizeof var - 1)
				var[have++] = buf[i];
			if (buf[i] != '\0')
				continue;
			var[have] = '\0';
			if (var_has_mark(var, mark))
				return true;
			have = 0;
		}
	}
	var[have] = '\0';
	return var_has_mark(var, mark);
}

static bool
has_mark(const char *pid, const char *mark)
{
	char		path[64];
	struct stat	st;
	bool		has;
	int		fd;

	snprintf(path, sizeof path, "/proc/%.20s/environ", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return false;
	has = fstat(fd, &st) == 0 && st.st_uid == geteuid() && environ_has_mark(fd, mark);
	close(fd);
	return has;
}

size_t
procs_marked(const char *mark, procs_fn each)
{
	DIR		*d = mark[0] != '\0' ? opendir("/proc") : NULL;
	struct dirent	*ent;
	pid_t		 pid;
	size_t		 n = 0;

	if (d == NULL)
		return 0;
	while ((ent = readdir(d)) != NULL) {
		if (ent->d_name[0] < '1' || ent->d_name[0] > '9' ||
		    !has_mark(ent->d_name, mark))
			continue;
		pid = (pid_t)strtol(ent->d_name, NULL, 10);
		if (pid <= 1 || pid == getpid())
			continue;
		n++;
		if (each != NULL)
			each(pid);
	}
	closedir(d);
	return n;
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
