/* workdir.c - takes, marks and furnishes the work directory. */
#include "buildlet/workdir.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "base/tree.h"
#include "base/xmalloc.h"

#define MARK		"workdir"	/* in the state directory: our inode */
#define MARK_MAX	64
#define LOCK_PAUSE_MS	50

struct workdir {
	char	*path;
	char	*state;
	int	 fd;
};

const char *const workdir_furniture[] = { "gocache", "goplscache", "tmp", NULL };

/* 1 if it has entries, 0 if it is empty, -1 and e. */
static int
dir_has_entries(const char *path, struct err *e)
{
	DIR		*d = opendir(path);
	struct dirent	*ent;
	int		 found = 0;

	if (d == NULL)
		return err_errno(e, "read work directory %s", path);
	while (!found && (ent = readdir(d)) != NULL)
		found = strcmp(ent->d_name, ".") != 0 &&
		    strcmp(ent->d_name, "..") != 0;
	closedir(d);
	return found;
}

/* Is the state directory one that only we can have written to? */
static bool
state_is_ours(const char *path)
{
	struct stat	st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
	    st.st_uid == geteuid() && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static char *
mark_text(int fd)
{
	struct stat	st;

	if (fstat(fd, &st) == -1)
		return xstrdup("");
	return xasprintf("inode %llu", (unsigned long long)st.st_ino);
}

static bool
mark_is_there(const struct workdir *w)
{
	char	*file = xasprintf("%s/%s", w->state, MARK);
	char	*want = mark_text(w->fd);
	char	*text = NULL;
	bool	 same;

	if (state_is_ours(w->state))
		text = file_read_trimmed(file, MARK_MAX, NULL);
	same = text != NULL && want[0] != '\0' && str_eq(text, want);
	free(text);
	free(want);
	free(file);
	return same;
}

static int
mark_write(struct workdir *w, struct err *e)
{
	char	*file = xasprintf("%s/%s", w->state, MARK);
	char	*text = mark_text(w->fd);
	int	 ret = -1;

	if (mkdir(w->state, 0711) == -1 && errno != EEXIST)
		err_errno(e, "make %s", w->state);
	else if (!state_is_ours(w->state))
		err_set(e, "%s is not a directory that only this user can "
		    "write to", w->state);
	else
		ret = file_write(file, text, strlen(text), 0600, e);
	free(text);
	free(file);
	return ret;
}

/* The one before may still be ending. */
static int
lock_take(const struct workdir *w, int64_t lock_ms, struct err *e)
{
	const struct clock	 clock = CLOCK_INIT;
	const struct timespec	 pause = { 0, LOCK_PAUSE_MS * 1000000L };
	int64_t			 until = clock_mono(&clock) + lock_ms;

	while (flock(w->fd, LOCK_EX | LOCK_NB) == -1) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_errno(e, "lock work directory %s", w->path);
		if (clock_mono(&clock) >= until)
			return err_set(e, "lock work directory %s: another "
			    "buildlet works there", w->path);
		nanosleep(&pause, NULL);
	}
	return 0;
}

static int
owner_check(const struct workdir *w, struct err *e)
{
	struct stat	st;

	if (fstat(w->fd, &st) == -1)
		return err_errno(e, "work directory %s", w->path);
	if (st.st_uid != geteuid() && geteuid() != 0)
		return err_set(e, "work directory %s belongs to another user",
		    w->path);
	return 0;
}

/* Empty or marked: else it holds somebody's files and is not touched. */
static int
claim(struct workdir *w, struct err *e)
{
	struct err	why = ERR_INIT;
	int		full = dir_has_entries(w->path, e);

	if (full == -1)
		return -1;
	if (full && !mark_is_there(w))
		return err_set(e, "work directory %s is not empty and was not "
		    "made by a buildlet: it would be emptied", w->path);
	if (fchmod(w->fd, 0700) == -1)
		return err_errno(e, "make work directory %s private", w->path);
	if (mark_write(w, &why) == -1) {
		log_warn("work directory %s cannot be marked as a buildlet's "
		    "(%s): after a crash it must be emptied by hand, and there "
		    "is no ssh", w->path, why.msg);
		free(w->state);
		w->state = NULL;
	}
	return 0;
}

static int
workdir_take(struct workdir *w, const char *path, int64_t lock_ms, struct err *e)
{
	if (file_mkdirs(path, 0755, e) == -1)
		return err_wrap(e, "make work directory");
	w->path = realpath(path, NULL);
	if (w->path == NULL)
		return err_errno(e, "work directory %s", path);
	w->state = xasprintf("%s.gomote", w->path);
	w->fd = open(w->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w->fd == -1)
		return err_errno(e, "open work directory %s", w->path);
	if (owner_check(w, e) == -1 || lock_take(w, lock_ms, e) == -1)
		return -1;
	return claim(w, e);
}

struct workdir *
workdir_open(const char *path, int64_t lock_ms, struct err *e)
{
	struct workdir	*w = xcalloc(1, sizeof *w);

	w->fd = -1;
	if (workdir_take(w, path, lock_ms, e) == -1) {
		workdir_close(w);
		return NULL;
	}
	return w;
}

void
workdir_close(struct workdir *w)
{
	if (w == NULL)
		return;
	if (w->fd != -1)
		close(w->fd);
	free(w->path);
	free(w->state);
	free(w);
}

const char *
workdir_path(const struct workdir *w)
{
	return w->path;
}

int
workdir_fd(const struct workdir *w)
{
	return w->fd;
}

const char *
workdir_state(const struct workdir *w)
{
	return w->state;
}

int
workdir_furnish(int dir, struct err *e)
{
	size_t	i;

	for (i = 0; workdir_furniture[i] != NULL; i++)
		if (mkdirat(dir, workdir_furniture[i], 0755) == -1 &&
		    errno != EEXIST)
			return err_errno(e, "make %s in the work directory",
			    workdir_furniture[i]);
	return 0;
}

int
workdir_empty(int dir, bool furnish, struct err *e)
{
	if (tree_remove(dir, ".", e) == -1)
		return err_wrap(e, "empty the work directory");
	return furnish ? workdir_furnish(dir, e) : 0;
}
