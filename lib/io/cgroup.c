/* cgroup.c - see cgroup.h. */
#include "io/cgroup.h"

#include <errno.h>
#include <stdlib.h>

#ifdef __linux__

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "base/xmalloc.h"

#define TEXT_MAX	(64 * 1024)	/* of a file that we read */
#define SELF		".self"		/* where we go ourselves, behind the name */
#define SWEEP_MAX	10000		/* entries looked at */

struct cgroup {
	int	 base;		/* the cgroup that ours lies in */
	int	 dir;		/* ours */
	int	 procs;		/* its cgroup.procs */
	char	*name;
	bool	 limits;
};

/* ---- small files ---- */

static int
put(int dir, const char *name, const char *text)
{
	int	fd = openat(dir, name, O_WRONLY | O_CLOEXEC), ret, saved;

	if (fd == -1)
		return -1;
	ret = file_write_all(fd, text, strlen(text));
	saved = errno;
	close(fd);
	errno = saved;
	return ret;
}

/* malloc'ed; NULL and errno. */
static char *
get(int dir, const char *name)
{
	int	 fd = openat(dir, name, O_RDONLY | O_CLOEXEC), saved;
	char	*text;
	ssize_t	 n;

	if (fd == -1)
		return NULL;
	text = xmalloc(TEXT_MAX + 1);
	n = file_read_full(fd, text, TEXT_MAX);
	saved = errno;
	close(fd);
	if (n == -1) {
		free(text);
		errno = saved;
		return NULL;
	}
	text[n] = '\0';
	return text;
}

static bool
has_word(int dir, const char *name, const char *word)
{
	struct strs	 words = STRS_INIT;
	char		*text = get(dir, name);
	bool		 has;

	if (text == NULL)
		return false;
	text[strcspn(text, "\n")] = '\0';
	strs_split(&words, text, ' ', true);
	has = strs_has(&words, word);
	strs_release(&words);
	free(text);
	return has;
}

/* ---- where ---- */

/* Where version 2 is mounted; NULL: nowhere that is usual. */
static const char *
mount_point(void)
{
	static const char *const	usual[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	struct statfs			fs;
	size_t				i;

	for (i = 0; i < nitems(usual); i++)
		if (statfs(usual[i], &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC)
			return usual[i];
	return NULL;
}

/* Our own one there, or its parent where we went into ours ourselves; malloc'ed. */
static char *
base_path(const char *name, struct err *e)
{
	const char	*mount = mount_point();
	char		*text = get(AT_FDCWD, "/proc/self/cgroup"), *line, *path = NULL, *self;

	line = text != NULL ? strstr(text, "0::/") : NULL;
	if (mount == NULL || line == NULL || (line != text && line[-1] != '\n')) {
		err_set(e, "this system has no cgroups of version 2");
	} else {
		line += strlen("0::");
		line[strcspn(line, "\n")] = '\0';
		self = xasprintf("/%s" SELF, name);
		if (str_ends(line, self))
			line[strlen(line) - strlen(self)] = '\0';
		free(self);
		path = xasprintf("%s%s", mount, line);
	}
	free(text);
	return path;
}

/* ---- opening ---- */

/* Whether a process can go there is only known once one has. */
static bool
can_join(const struct cgroup *c)
{
	pid_t	pid = fork();
	int	status;

	if (pid == 0)
		_exit(write(c->procs, "0", 1) == 1 ? 0 : 1);
	if (pid == -1)
		return false;
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool
alone_in(int base)
{
	char	*text = get(base, "cgroup.procs"), self[24];
	bool	 alone;

	snprintf(self, sizeof self, "%ld\n", (long)getpid());
	alone = str_eq(text, self);
	free(text);
	return alone;
}

/* A cgroup that holds processes hands no controller down: so, where we are the
 * only one in it, we go into one beside the commands'. */
static bool
go_aside(const struct cgroup *c)
{
	char	*self = xasprintf("%s" SELF, c->name);
	bool	 done = false;
	int	 dir;

	if (alone_in(c->base) && (mkdirat(c->base, self, 0755) == 0 || errno == EEXIST)) {
		dir = openat(c->base, self, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		done = dir != -1 && put(dir, "cgroup.procs", "0") == 0;
		if (dir != -1)
			close(dir);
	}
	free(self);
	return done;
}

static bool
limit(struct cgroup *c, int64_t max, struct err *e)
{
	char	text[24];

	if (!has_word(c->base, "cgroup.controllers", "pids")) {
		err_set(e, "limit processes: there is no pids controller for us");
		return false;
	}
	if (!has_word(c->base, "cgroup.subtree_control", "pids") &&
	    put(c->base, "cgroup.subtree_control", "+pids") == -1 &&
	    (errno != EBUSY || !go_aside(c) ||
	    put(c->base, "cgroup.subtree_control", "+pids") == -1)) {
		err_errno(e, "limit processes: hand the pids controller down");
		return false;
	}
	snprintf(text, sizeof text, "%lld", (long long)max);
	if (put(c->dir, "pids.max", text) == -1) {
		err_errno(e, "limit processes: pids.max");
		return false;
	}
	return true;
}

/* Who has one open holds a lock on it: of those that were killed with theirs
 * still there nobody does. */
static void
sweep_one(int base, const char *name)
{
	int	dir = openat(base, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir == -1)
		return;
	if (flock(dir, LOCK_EX | LOCK_NB) == 0)
		unlinkat(base, name, AT_REMOVEDIR);	/* not with a process in it */
	close(dir);
}

static void
sweep(const struct cgroup *c)
{
	size_t		 len = strcspn(c->name, "-") + 1;
	int		 fd = openat(c->base, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), seen = 0;
	DIR		*d = fd != -1 ? fdopendir(fd) : NULL;
	struct dirent	*ent;

	while (d != NULL && (ent = readdir(d)) != NULL && seen++ < SWEEP_MAX)
		if (strncmp(ent->d_name, c->name, len) == 0 &&
		    strcmp(ent->d_name, c->name) != 0)
			sweep_one(c->base, ent->d_name);
	if (d != NULL)
		closedir(d);
	else if (fd != -1)
		close(fd);
}

static int
open_dirs(struct cgroup *c, const char *path, struct err *e)
{
	c->base = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->base == -1)
		return err_errno(e, "open %s", path);
	if (mkdirat(c->base, c->name, 0755) == -1 && errno != EEXIST)
		return err_errno(e, "make %s/%s", path, c->name);
	c->dir = openat(c->base, c->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->dir != -1 && flock(c->dir, LOCK_SH) == 0)
		c->procs = openat(c->dir, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (c->procs == -1)
		return err_errno(e, "open %s/%s", path, c->name);
	if (!can_join(c))
		return err_set(e, "no process can be moved to %s/%s", path, c->name);
	return 0;
}

struct cgroup *
cgroup_open(const char *name, int64_t pids_max, struct err *e)
{
	char		*path = base_path(name, e);
	struct cgroup	*c;

	if (path == NULL)
		return NULL;
	c = xcalloc(1, sizeof *c);
	c->base = c->dir = c->procs = -1;
	c->name = xstrdup(name);
	if (open_dirs(c, path, e) == -1) {
		cgroup_close(c, c->dir != -1);
		c = NULL;
	} else {
		sweep(c);
		if (pids_max > 0)
			c->limits = limit(c, pids_max, e);
	}
	free(path);
	return c;
}

void
cgroup_close(struct cgroup *c, bool gone)
{
	if (c == NULL)
		return;
	if (c->procs != -1)
		close(c->procs);
	if (c->dir != -1)
		close(c->dir);
	if (gone && c->base != -1)
		unlinkat(c->base, c->name, AT_REMOVEDIR);
	if (c->base != -1)
		close(c->base);
	free(c->name);
	free(c);
}

/* ---- using ---- */

bool
cgroup_limits(const struct cgroup *c)
{
	return c->limits;
}

void
cgroup_join(const struct cgroup *c)
{
	if (write(c->procs, "0", 1) == -1)
		return;		/* it was possible before; then it goes without */
}

/* Before cgroup.kill (Linux 5.14). */
static int
kill_each(const struct cgroup *c)
{
	char	*text = get(c->dir, "cgroup.procs"), *at, *end;
	long	 pid;

	if (text == NULL)
		return -1;
	for (at = text; (pid = strtol(at, &end, 10)) > 1 && end != at; at = end)
		kill((pid_t)pid, SIGKILL);
	free(text);
	return 0;
}

int
cgroup_kill(const struct cgroup *c)
{
	if (put(c->dir, "cgroup.kill", "1") == 0)
		return 0;
	return errno == ENOENT ? kill_each(c) : -1;
}

bool
cgroup_empty(const struct cgroup *c)
{
	char	*text = get(c->dir, "cgroup.events");
	bool	 empty = text == NULL || strstr(text, "populated 1") == NULL;

	free(text);
	return empty;
}

#else

struct cgroup *
cgroup_open(const char *name, int64_t pids_max, struct err *e)
{
	(void)name;
	(void)pids_max;
	err_set(e, "this system has no cgroups");
	return NULL;
}

void
cgroup_close(struct cgroup *c, bool gone)
{
	(void)c;
	(void)gone;
}

bool
cgroup_limits(const struct cgroup *c)
{
	(void)c;
	return false;
}

void
cgroup_join(const struct cgroup *c)
{
	(void)c;
}

int
cgroup_kill(const struct cgroup *c)
{
	(void)c;
	errno = ENOSYS;
	return -1;
}

bool
cgroup_empty(const struct cgroup *c)
{
	(void)c;
	return true;
}

#endif
