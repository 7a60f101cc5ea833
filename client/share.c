/* share.c - see share.h. */
#include "client/share.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/tree.h"
#include "base/xmalloc.h"
#include "io/loop.h"

#define MARK		"GOMOTE_SHARE"
#define TOLD_MAX	(1024 * 1024)
#define BEAT_MS		1000
#define STILL_MS	30000	/* a claim that does not stir for so long counts no more */
#define LOOK_MS		5	/* to look for what others told, first; then a little */
#define LOOK_MAX_MS	25	/* more each time, since they need the processor */
#ifdef __APPLE__
#define MTIME		st_mtimespec
#else
#define MTIME		st_mtim
#endif

struct share {
	char	*dir;
};

struct share_task {
	struct share	*share;
	struct loop	*loop;
	char		*name;
	int		 fd;		/* of the claim */
	bool		 ours;
	struct timer	*beat;
	struct timespec	 stirred;	/* the claim, as last seen, */
	int64_t		 seen;		/* then; 0: never */
};

/* --- the directory ------------------------------------------------------------ */

char *
share_make(void)
{
	const char	*tmp = getenv("TMPDIR");
	char		*dir;

	dir = xasprintf("%s/gomote-share.XXXXXX",
	    tmp != NULL && *tmp != '\0' ? tmp : "/tmp");
	if (mkdtemp(dir) != NULL)
		return dir;
	free(dir);
	return NULL;
}

char *
share_mark(const char *dir)
{
	return xasprintf(MARK "=%s", dir);
}

void
share_invite(const char *dir)
{
	if (setenv(MARK, dir, 1) == -1) {
		/* Each of them does all of it. */
	}
}

bool
share_is_mark(const char *var)
{
	return str_starts(var, MARK "=");
}

char *
share_told(const char *dir, const char *name)
{
	char	*path = xasprintf("%s/%s", dir, name);
	char	*text = file_read(path, TOLD_MAX, NULL, NULL);

	free(path);
	return text;
}

int64_t
share_told_age(const char *dir, const char *name)
{
	char		*path = xasprintf("%s/%s", dir, name);
	struct stat	 st;
	int		 ret = stat(path, &st);
	int64_t		 age;

	free(path);
	if (ret == -1)
		return -1;
	age = (int64_t)(time(NULL) - st.st_mtime) * 1000;
	return age > 0 ? age : 0;
}

void
share_remove(char *dir)
{
	int	fd = dir != NULL ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd != -1) {
		if (tree_remove(fd, ".", NULL) == -1) {
			/* A temporary directory stays behind. */
		}
		close(fd);
		rmdir(dir);
	}
	free(dir);
}

/* Nobody else may have a hand in what we believe. */
static bool
is_own(const char *dir)
{
	struct stat	st;

	return dir[0] == '/' && lstat(dir, &st) == 0 && S_ISDIR(st.st_mode) &&
	    st.st_uid == geteuid() && (st.st_mode & 077) == 0;
}

struct share *
share_join(void)
{
	const char	*dir = getenv(MARK);
	struct share	*s = NULL;

	if (dir != NULL && is_own(dir)) {
		s = xcalloc(1, sizeof *s);
		s->dir = xstrdup(dir);
	}
	unsetenv(MARK);
	return s;
}

void
share_leave(struct share *s)
{
	if (s == NULL)
		return;
	free(s->dir);
	free(s);
}

/* --- tasks -------------------------------------------------------------------- */

static void
on_beat(void *arg)
{
	struct share_task	*t = arg;

	(void)futimens(t->fd, NULL);
}

struct share_task *
share_task_new(struct share *s, struct loop *loop, const char *name)
{
	struct share_task	*t = xcalloc(1, sizeof *t);
	char			*path = xasprintf("%s/%s.claim", s->dir, name);

	t->share = s;
	t->loop = loop;
	t->name = xstrdup(name);
	t->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	free(path);
	return t;
}

/* Closing drops the lock. */
static void
let_go(struct share_task *t)
{
	timer_free(t->beat);
	t->beat = NULL;
	t->ours = false;
	if (t->fd != -1)
		close(t->fd);
	t->fd = -1;
}

void
share_task_free(struct share_task *t)
{
	if (t == NULL)
		return;
	let_go(t);
	free(t->name);
	free(t);
}

static bool
take_told(struct share_task *t, struct str *told)
{
	char	*text = share_told(t->share->dir, t->name);

	if (text == NULL)
		return false;
	str_clear(told);
	str_add(told, text);
	free(text);
	let_go(t);
	return true;
}

/* Does somebody really work at it? */
static bool
stirs(struct share_task *t)
{
	struct stat	st;
	int64_t		now = loop_now(t->loop);

	if (fstat(t->fd, &st) == -1)
		return false;
	if (t->seen == 0 || st.MTIME.tv_sec != t->stirred.tv_sec ||
	    st.MTIME.tv_nsec != t->stirred.tv_nsec) {
		t->stirred = st.MTIME;
		t->seen = now;
	}
	return now - t->seen < STILL_MS;
}

enum share_turn
share_try(struct share_task *t, struct str *told)
{
	int	got;

	if (take_told(t, told))
		return SHARE_TOLD;
	if (t->fd == -1 || (got = file_claim(t->fd)) == -1)
		return SHARE_ALONE;
	if (got == 1)
		return stirs(t) ? SHARE_OTHERS : SHARE_ALONE;
	/* Told between our look and our claim? */
	if (take_told(t, told))
		return SHARE_TOLD;
	t->ours = true;
	on_beat(t);
	t->beat = loop_every(t->loop, BEAT_MS, on_beat, t);
	return SHARE_OURS;
}

enum share_turn
share_wait(struct share_task *t, struct str *told)
{
	enum share_turn	turn;
	int64_t		ms = LOOK_MS;

	while ((turn = share_try(t, told)) == SHARE_OTHERS) {
		loop_turn(t->loop, ms);
		if (ms < LOOK_MAX_MS)
			ms++;
	}
	return turn;
}

/* All or nothing; unlike file_write it need not outlive a crash. */
static void
write_told(const char *dir, const char *name, const char *text)
{
	int			 root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct tree_file	*f = NULL;

	if (root != -1)
		f = tree_create(root, name, 0600, NULL);
	if (f != NULL && file_write_all(tree_fd(f), text, strlen(text)) == -1)
		tree_drop(f);
	else if (f != NULL && tree_commit(f, NULL) == -1) {
		/* The next one claims it. */
	}
	if (root != -1)
		close(root);
}

void
share_tell(struct share_task *t, const char *text)
{
	if (t->ours)
		write_told(t->share->dir, t->name, text);
	let_go(t);
}
