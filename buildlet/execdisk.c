/* execdisk.c - directories of execs: made, found, out of sight, removed. */
#include "buildlet/execdisk.h"

#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/types.h"
#include "base/file.h"
#include "base/log.h"
#include "base/queue.h"
#include "base/xmalloc.h"
#include "buildlet/logdir.h"
#include "buildlet/roles.h"
#include "io/helper.h"
#include "io/loop.h"

#define SPEC		"spec"
#define SPEC_MAX	(4 * 1024 * 1024)	/* of a form of 1 MiB, escaped */
#define SLOT		".slot-"
#define GONE		".gone-"
#define NEXT		".next-"
#define REMOVE_MS	200			/* one helper for what goes meanwhile */
#define REMOVE_LONG_MS	(10 * 60 * 1000)
#define SLOTS_MAX	8			/* kept for the next */
#define SLOT_FILES_MAX	64
#define TIDY_MS		1

TAILQ_HEAD(slot_list, execdisk_slot);

struct execdisk_slot {
	TAILQ_ENTRY(execdisk_slot)	 entry;
	char				 name[32];
	int				 dir;
	unsigned			 life;	/* execdisk_forget came since, if it differs */
	bool				 used;
};

/* Made ahead of need: on a file system that has many files it takes a third of a
 * millisecond to make one. Its spec is there and empty. */
struct spare {
	char	name[32];
	int	dir, spec;		/* -1: not yet */
};

struct execdisk {
	struct loop			*loop;
	char				*path;
	int				 fd;
	bool				 passing;	/* made in $TMPDIR */
	unsigned long			 made;		/* names of slots, and of what goes */
	unsigned			 life;
	struct slot_list		 slots;		/* free ones; used ones last */
	size_t				 nslots;
	struct timer			*tidy;		/* while one is used */
	struct spare			 spare;		/* dir -1: there is none */
	struct timer			*ahead;		/* to make one */
	struct timer			*timer;		/* to remove */
	struct str			 going;		/* names, each with its NUL */
	struct helper			*helper;
};

/* ---- removing ---- */

static void	remove_start(void *arg);

static void
on_removed(struct helper *h, int status, const char *text, void *arg)
{
	struct execdisk	*d = arg;

	(void)h;
	if (status != HELPER_OK)
		log_warn("remove old execs: %s", text[0] != '\0' ? text :
		    "the helper failed");
	helper_free(d->helper);
	d->helper = NULL;
	if (d->going.len > 0)
		timer_set(d->timer, REMOVE_MS);
}

static void
remove_start(void *arg)
{
	struct execdisk		*d = arg;
	const char *const	 argv[] = { "rm", d->path, NULL };
	const struct helper_spec spec = { .argv = argv, .ms = REMOVE_LONG_MS,
				    .input = true };
	struct err		 e = ERR_INIT;

	if (d->helper != NULL)
		return;
	d->helper = helper_start(d->loop, &spec, on_removed, d, &e);
	if (d->helper == NULL) {
		log_warn("remove old execs: %s", e.msg);
		timer_set(d->timer, REMOVE_LONG_MS);
		return;
	}
	stream_write(helper_in(d->helper), d->going.s, d->going.len);
	stream_shut(helper_in(d->helper));
	str_clear(&d->going);
}

static void
remove_later(struct execdisk *d, const char *name)
{
	if (d->going.len + strlen(name) + 1 >= ROLE_NAMES_MAX)
		return;		/* the next start finds it */
	str_addn(&d->going, name, strlen(name) + 1);
	if (d->helper == NULL && !timer_armed(d->timer))
		timer_set(d->timer, REMOVE_MS);
}

/* ---- slots ---- */

static void
slot_free(struct execdisk *d, struct execdisk_slot *s, bool remove)
{
	if (remove && s->life == d->life)
		remove_later(d, s->name);
	close(s->dir);
	free(s);
}

/* One segment of the log, empty, serves the next one. */
static bool
segment_keep(int dir, const char *name)
{
	int		fd = openat(dir, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat	st;
	bool		kept;

	if (fd == -1)
		return false;
	kept = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1 &&
	    ftruncate(fd, 0) == 0 && renameat(dir, name, dir, LOGSEG_AHEAD) == 0;
	close(fd);
	return kept;
}

/* Removes what the last one wrote; false: there is what we do not understand. */
static bool
slot_tidy(struct execdisk_slot *s)
{
	int		 fd = openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), n = 0;
	DIR		*d = fd == -1 ? NULL : fdopendir(fd);
	struct dirent	*ent;
	bool		 ok = d != NULL, kept = false;

	if (d == NULL && fd != -1)
		close(fd);
	while (ok && (ent = readdir(d)) != NULL) {
		if (ent->d_name[0] == '.' || strcmp(ent->d_name, SPEC) == 0)
			continue;
		if (kept && strcmp(ent->d_name, LOGSEG_AHEAD) == 0)
			continue;
		if (!kept && str_starts(ent->d_name, "log") &&
		    (kept = segment_keep(s->dir, ent->d_name)))
			continue;
		ok = n++ < SLOT_FILES_MAX && (unlinkat(s->dir, ent->d_name, 0) == 0 ||
		    errno == ENOENT);
	}
	if (d != NULL)
		closedir(d);
	s->used = false;
	return ok;
}

static void
on_tidy(void *arg)
{
	struct execdisk		*d = arg;
	struct execdisk_slot	*s;

	while ((s = TAILQ_LAST(&d->slots, slot_list)) != NULL && s->used) {
		TAILQ_REMOVE(&d->slots, s, entry);
		if (slot_tidy(s)) {
			TAILQ_INSERT_HEAD(&d->slots, s, entry);
			continue;
		}
		d->nslots--;
		slot_free(d, s, true);
	}
}

static struct execdisk_slot *
slot_new(struct execdisk *d, struct err *e)
{
	struct execdisk_slot	*s = xcalloc(1, sizeof *s);

	s->life = d->life;
	do
		snprintf(s->name, sizeof s->name, SLOT "%lu", d->made++);
	while (mkdirat(d->fd, s->name, 0700) == -1 && errno == EEXIST);
	s->dir = execdisk_find(d, s->name);
	if (s->dir != -1)
		return s;
	err_errno(e, "make %s/%s", d->path, s->name);
	e->code = 500;
	free(s);
	return NULL;
}

struct execdisk_slot *
execdisk_slot(struct execdisk *d, struct err *e)
{
	struct execdisk_slot	*s = TAILQ_FIRST(&d->slots);

	if (s == NULL || s->used)
		return slot_new(d, e);
	TAILQ_REMOVE(&d->slots, s, entry);
	d->nslots--;
	return s;
}

int
execdisk_slot_dir(const struct execdisk_slot *s)
{
	return s->dir;
}

void
execdisk_slot_back(struct execdisk *d, struct execdisk_slot *s, bool used)
{
	if (d->nslots == SLOTS_MAX || s->life != d->life) {
		slot_free(d, s, true);
		return;
	}
	s->used = used;
	d->nslots++;
	if (!used) {
		TAILQ_INSERT_HEAD(&d->slots, s, entry);
		return;
	}
	/* Not now, when somebody waits for the end of the command. */
	TAILQ_INSERT_TAIL(&d->slots, s, entry);
	timer_set(d->tidy, TIDY_MS);
}

/* ---- spares ---- */

static void
spare_forget(struct execdisk *d)
{
	if (d->spare.dir != -1)
		close(d->spare.dir);
	if (d->spare.spec != -1)
		close(d->spare.spec);
	d->spare = (struct spare){ "", -1, -1 };
}

static int
spec_create(int dir)
{
	return openat(dir, SPEC, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    0600);
}

/* A step in each turn, since others wait. */
static void
on_ahead(void *arg)
{
	struct execdisk	*d = arg;
	struct spare	*s = &d->spare;

	if (s->dir == -1) {
		snprintf(s->name, sizeof s->name, NEXT "%lu", d->made++);
		if (mkdirat(d->fd, s->name, 0700) == 0)
			s->dir = execdisk_find(d, s->name);
		if (s->dir != -1)
			timer_set(d->ahead, 0);
	} else if (s->spec == -1)
		s->spec = spec_create(s->dir);
}

/* One of that name: its descriptor, -1 and errno; *spec likewise. */
static int
dir_new(struct execdisk *d, const char *id, int *spec)
{
	int	dir = -1;

	*spec = -1;
	timer_set(d->ahead, 0);
	if (d->spare.dir != -1 &&
	    renameat(d->fd, d->spare.name, d->fd, id) == 0) {
		dir = d->spare.dir;
		*spec = d->spare.spec;
		d->spare = (struct spare){ "", -1, -1 };
	} else {
		if (d->spare.dir != -1)
			remove_later(d, d->spare.name);
		spare_forget(d);
		if (mkdirat(d->fd, id, 0700) == 0)
			dir = execdisk_find(d, id);
	}
	if (dir != -1 && *spec == -1)
		*spec = spec_create(dir);
	return dir;
}

/* ---- all of it ---- */

static int
passing_make(struct execdisk *d, struct err *e)
{
	const char	*tmp = getenv("TMPDIR");

	d->passing = true;
	d->path = xasprintf("%s/buildlet-execs-XXXXXX",
	    tmp != NULL && tmp[0] == '/' ? tmp : "/tmp");
	return mkdtemp(d->path) == NULL ? err_errno(e, "make %s", d->path) : 0;
}

static int
execdisk_find_place(struct execdisk *d, const char *state, struct err *e)
{
	if (state == NULL) {
		if (passing_make(d, e) == -1)
			return -1;
	} else {
		d->path = xasprintf("%s/" EXECDISK_NAME, state);
		if (mkdir(d->path, 0700) == -1 && errno != EEXIST)
			return err_errno(e, "make %s", d->path);
	}
	d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return d->fd == -1 ? err_errno(e, "open %s", d->path) : 0;
}

struct execdisk *
execdisk_open(struct loop *loop, const char *state, struct err *e)
{
	struct execdisk	*d = xcalloc(1, sizeof *d);

	d->loop = loop;
	d->fd = -1;
	TAILQ_INIT(&d->slots);
	if (execdisk_find_place(d, state, e) == -1) {
		free(d->path);
		free(d);
		return NULL;
	}
	d->timer = timer_new(loop, remove_start, d);
	d->tidy = timer_new(loop, on_tidy, d);
	d->ahead = timer_new(loop, on_ahead, d);
	d->spare = (struct spare){ "", -1, -1 };
	return d;
}

void
execdisk_forget(struct execdisk *d)
{
	struct execdisk_slot	*s;

	while ((s = TAILQ_FIRST(&d->slots)) != NULL) {
		TAILQ_REMOVE(&d->slots, s, entry);
		slot_free(d, s, false);
	}
	spare_forget(d);
	timer_stop(d->ahead);
	d->nslots = 0;
	d->life++;
	execdisk_stop(d);
}

void
execdisk_stop(struct execdisk *d)
{
	str_clear(&d->going);
	timer_stop(d->timer);
	helper_free(d->helper);
	d->helper = NULL;
}

void
execdisk_close(struct execdisk *d)
{
	if (d == NULL)
		return;
	execdisk_forget(d);
	timer_free(d->timer);
	timer_free(d->tidy);
	timer_free(d->ahead);
	helper_free(d->helper);
	str_release(&d->going);
	close(d->fd);
	if (d->passing && rmdir(d->path) == -1)
		log_warn("remove %s: %s", d->path, strerror(errno));
	free(d->path);
	free(d);
}

const char *
execdisk_path(const struct execdisk *d)
{
	return d->path;
}

void
execdisk_list(struct execdisk *d, struct strs *ids)
{
	int		 fd = openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR		*dir = fd == -1 ? NULL : fdopendir(fd);
	struct dirent	*ent;

	if (dir == NULL) {
		log_error("read %s: %s", d->path, strerror(errno));
		if (fd != -1)
			close(fd);
		return;
	}
	while ((ent = readdir(dir)) != NULL) {
		if (strcmp(ent->d_name, ".") == 0 || strcmp(ent->d_name, "..") == 0)
			continue;
		if (api_exec_id_ok(ent->d_name))
			strs_add(ids, ent->d_name);
		else
			remove_later(d, ent->d_name);
	}
	closedir(dir);
}

/* ---- one ---- */

int
execdisk_find(struct execdisk *d, const char *id)
{
	return openat(d->fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int
spec_write(int fd, const struct json *spec)
{
	char	*text = json_text(spec, false);
	int	 ret = fd == -1 ? -1 : file_write_all(fd, text, strlen(text)), saved = errno;

	if (fd != -1)
		close(fd);
	free(text);
	errno = saved;
	return ret;
}

int
execdisk_make(struct execdisk *d, const char *id, const struct json *spec,
    struct err *e)
{
	int	fd, dir = dir_new(d, id, &fd);

	if (dir != -1 && spec_write(fd, spec) == 0)
		return dir;
	err_errno(e, "make %s/%s", d->path, id);
	e->code = errno == ENOSPC || errno == EDQUOT ? 507 : 500;
	if (dir != -1)
		close(dir);
	return -1;
}

void
execdisk_drop(struct execdisk *d, const char *id)
{
	char	name[64];

	snprintf(name, sizeof name, GONE "%lu-%.32s", d->made++, id);
	if (renameat(d->fd, id, d->fd, name) == 0)
		remove_later(d, name);
	else if (errno != ENOENT)
		log_warn("remove %s/%s: %s", d->path, id, strerror(errno));
}

struct json *
execdisk_spec_read(int dir, struct err *e)
{
	int		 fd = openat(dir, SPEC, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
			    O_CLOEXEC);
	struct json	*j = NULL;
	struct stat	 st;
	ssize_t		 n;
	char		*text;

	if (fd == -1) {
		err_errno(e, "open spec");
		return NULL;
	}
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) || st.st_size > SPEC_MAX)
		err_set(e, "spec: no file of ours");
	else {
		text = xmalloc((size_t)st.st_size + 1);
		n = file_read_full(fd, text, (size_t)st.st_size);
		j = json_parse(text, n > 0 ? (size_t)n : 0, e);
		free(text);
	}
	close(fd);
	return j;
}

bool
execdisk_held(int dir)
{
	int	fd = openat(dir, SPEC, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool	held;

	if (fd == -1)
		return false;
	held = flock(fd, LOCK_SH | LOCK_NB) == -1 && errno == EWOULDBLOCK;
	close(fd);
	return held;
}

/* The name of a socket has little room, so it is reached from its directory. */
static int
connect_there(int fd, int dir)
{
	const struct sockaddr_un	sa = { .sun_family = AF_UNIX, .sun_path = "sock" };
	int				here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int				ret = -1, error;

	if (here == -1)
		return -1;
	if (fchdir(dir) == 0) {
		ret = connect(fd, (const struct sockaddr *)&sa, sizeof sa);
		error = errno;
		if (fchdir(here) == -1)
			fatal("go back to where we were");
		errno = error;
	}
	close(here);
	return ret;
}

int
execdisk_connect(int dir, pid_t *pid)
{
	int		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int		error;
#ifdef SO_PEERCRED
	struct ucred	who;
	socklen_t	len = sizeof who;
#endif

	*pid = 0;
	if (fd == -1)
		return -1;
	if (connect_there(fd, dir) == -1) {
		error = errno;
		close(fd);
		errno = error;
		return -1;
	}
#ifdef SO_PEERCRED
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0)
		*pid = who.pid;
#endif
	return fd;
}
