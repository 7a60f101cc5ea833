/* pushdir.c - places and files of the memory of pushes. */
#include "buildlet/pushdir.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/tree.h"
#include "base/xmalloc.h"

#define HOME		"push"
#define KEY		"%016llx"
#define KEY_LEN		16
#define RECORD_MAX	(1024UL * 1024 * 1024)
#define LOCK_PAUSE_MS	20
#define CHANGES_PART	8		/* so many times less than what they are of */
#define LOADS		3

/* --- where ----------------------------------------------------------------------- */

/* Two directories of one key are told apart by what the record says. */
static uint64_t
key_of(const char *dir)
{
	uint64_t	h = 0xcbf29ce484222325ULL;

	for (; *dir != '\0'; dir++)
		h = (h ^ (unsigned char)*dir) * 0x100000001b3ULL;
	return h;
}

static int
open_dir(int at, const char *name, bool make, struct err *e)
{
	const int	flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int		fd = openat(at, name, flags);

	if (fd == -1 && errno == ENOENT && make &&
	    (mkdirat(at, name, 0700) == 0 || errno == EEXIST))
		fd = openat(at, name, flags);
	return fd == -1 ? err_errno(e, "open %s of the push", name) : fd;
}

/* A name that listings and cleaners know as temporary (base/tree.h). */
static int
open_stage(struct pushdir *p, bool make, struct err *e)
{
	struct stat	 work, home;
	char		*name;
	int		 fd;

	if (fstat(p->work, &work) == -1 || fstat(p->home, &home) == -1)
		return err_errno(e, "look at the work directory");
	if (work.st_dev == home.st_dev)
		return fcntl(p->home, F_DUPFD_CLOEXEC, 0);
	name = xasprintf(TREE_TEMP_PREFIX "%012llx",
	    (unsigned long long)p->key & 0xffffffffffffULL);
	fd = open_dir(p->work, name, make, e);
	free(name);
	return fd;
}

int
pushdir_open(struct pushdir *p, const char *work, const char *state,
    const char *dir, struct err *e)
{
	char	*path;
	int	 ret = -1;

	memset(p, 0, sizeof *p);
	p->home = p->stage = p->lock = -1;
	p->dir = xstrdup(dir);
	p->key = key_of(dir);
	path = xasprintf("%s/" HOME "/" KEY, state, (unsigned long long)p->key);
	if ((p->work = open(work, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		err_errno(e, "open work directory %s", work);
	else if (file_mkdirs(path, 0700, e) == 0 &&
	    (p->home = open_dir(AT_FDCWD, path, false, e)) != -1 &&
	    (p->stage = open_stage(p, true, e)) != -1)
		ret = 0;
	free(path);
	if (ret == -1)
		pushdir_close(p);
	return ret;
}

static void
close_one(int fd)
{
	if (fd != -1)
		close(fd);
}

void
pushdir_close(struct pushdir *p)
{
	close_one(p->work);
	close_one(p->home);
	close_one(p->stage);
	close_one(p->lock);
	free(p->dir);
	memset(p, 0, sizeof *p);
	p->work = p->home = p->stage = p->lock = -1;
}

int
pushdir_lock(struct pushdir *p, int64_t ms, struct err *e)
{
	const struct clock	 clock = CLOCK_INIT;
	const struct timespec	 pause = { 0, LOCK_PAUSE_MS * 1000000L };
	int64_t			 until = clock_mono(&clock) + ms;
	int			 fd = openat(p->home, "lock", O_RDWR | O_CREAT |
				    O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd == -1)
		return err_errno(e, "open the lock of the push");
	while (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		if (errno != EWOULDBLOCK && errno != EINTR) {
			err_errno(e, "lock the push");
			close(fd);
			return -1;
		}
		if (clock_mono(&clock) >= until) {
			close(fd);
			return 1;
		}
		nanosleep(&pause, NULL);
	}
	p->lock = fd;
	return 0;
}

/* --- inventories -------------------------------------------------------------------- */

/* NULL: errno is ENOENT where there is none, and only then. */
static char *
read_file(const struct pushdir *p, const char *file, size_t *len)
{
	int	 fd = openat(p->home, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char	*text;

	if (fd == -1)
		return NULL;
	text = file_read_open(fd, RECORD_MAX, len);
	close(fd);
	if (text == NULL)
		errno = EIO;
	return text;
}

static char *
changes_of(const char *file)
{
	return xasprintf("%s.changes", file);
}

/* 1, or 0 where what is there is of no use; -1: only the changes, which are taken
 * (NULL: there are none), are not, as they are of another base. */
static int
load_base(struct pushdir *p, const char *file, char *changes, size_t more,
    struct inventory *inv)
{
	struct inv_stamp	 base;
	size_t			 len;
	char			*text = read_file(p, file, &len);

	if (text == NULL || inv_read(inv, text, len, p->dir, NULL) == -1) {
		free(changes);
		return 0;
	}
	if (changes == NULL)
		return 1;
	if (inv_is_changes(changes, more, &base) &&
	    (base.len != inv->base.len || base.sum != inv->base.sum)) {
		free(changes);
		return -1;
	}
	return inv_read_changes(inv, changes, more, p->dir, NULL) == 0;
}

/* The changes first: so who has no lock gets, if not those of another base, which are
 * tried again, what once was true. */
static int
load_once(struct pushdir *p, const char *file, struct inventory *inv)
{
	char	*name = changes_of(file), *changes;
	size_t	 len = 0;

	inv_init(inv);
	changes = read_file(p, name, &len);
	free(name);
	if (changes == NULL && errno != ENOENT)
		return 0;
	return load_base(p, file, changes, len, inv);
}

int
pushdir_load(struct pushdir *p, const char *file, struct inventory *inv)
{
	int	ret = load_once(p, file, inv), i;

	for (i = 1; ret == -1 && i < LOADS; i++) {
		inv_release(inv);
		ret = load_once(p, file, inv);
	}
	return ret != 0;	/* -1: a crash left those of the former base */
}

/* Not synced: what it tells of goes with the machine, and it has a sum. */
static int
write_file(struct pushdir *p, const char *file, const struct str *bytes,
    struct err *e)
{
	char	*temp = xasprintf("%s.new", file);
	int	 fd = openat(p->home, temp, O_WRONLY | O_CREAT | O_TRUNC |
		    O_NOFOLLOW | O_CLOEXEC, 0600);
	int	 ret = -1;

	if (fd != -1 && file_write_all(fd, bytes->s, bytes->len) == 0 &&
	    renameat(p->home, temp, p->home, file) == 0)
		ret = 0;
	else
		err_errno(e, "write the %s of the push", file);
	close_one(fd);
	if (ret == -1)
		unlinkat(p->home, temp, 0);
	free(temp);
	return ret;
}

int
pushdir_save(struct pushdir *p, const char *file, const struct inventory *inv,
    struct err *e)
{
	struct str	 bytes = STR_INIT;
	char		*changes = changes_of(file);
	int		 ret;

	if (inv->based)
		inv_write_changes(inv, p->dir, &bytes);
	if (inv->based && bytes.len <= inv->base.len / CHANGES_PART) {
		ret = write_file(p, changes, &bytes, e);
	} else {
		str_clear(&bytes);
		inv_write(inv, p->dir, &bytes);
		if ((ret = write_file(p, file, &bytes, e)) == 0)
			unlinkat(p->home, changes, 0);
	}
	free(changes);
	str_release(&bytes);
	return ret;
}

void
pushdir_unlink(struct pushdir *p, const char *file)
{
	unlinkat(p->home, file, 0);
}

int
pushdir_stage(struct pushdir *p, const char *name, struct err *e)
{
	return open_dir(p->stage, name, true, e);
}

void
pushdir_clear(struct pushdir *p, const char *name)
{
	struct stat	st;

	if (fstatat(p->stage, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    tree_remove(p->stage, name, NULL) == -1) {
		/* It is in nobody's way; the next push tries again. */
	}
}

void
pushdir_drop(struct pushdir *p)
{
	pushdir_clear(p, PUSHDIR_TREE);
	pushdir_clear(p, PUSHDIR_KEPT);
	pushdir_clear(p, PUSHDIR_ASIDE);
}

/* --- other directories ---------------------------------------------------------------- */

/* The one whose key has that name in the directory homes. */
static void
drop_other(const struct pushdir *p, int homes, const char *name)
{
	struct pushdir	q = { .key = strtoull(name, NULL, 16), .lock = -1 };

	q.dir = xstrdup("");
	q.work = fcntl(p->work, F_DUPFD_CLOEXEC, 0);
	q.home = open_dir(homes, name, false, NULL);
	q.stage = q.work != -1 && q.home != -1 ? open_stage(&q, false, NULL) : -1;
	if (q.stage != -1 && pushdir_lock(&q, 0, NULL) == 0 &&
	    faccessat(q.home, PUSHDIR_JOURNAL, F_OK, 0) == -1)
		pushdir_drop(&q);
	pushdir_close(&q);
}

void
pushdir_drop_others(const struct pushdir *p)
{
	int		 homes = open_dir(p->home, "..", false, NULL);
	DIR		*d = homes != -1 ? fdopendir(homes) : NULL;
	char		 own[KEY_LEN + 1];
	struct dirent	*x;

	snprintf(own, sizeof own, KEY, (unsigned long long)p->key);
	while (d != NULL && (x = readdir(d)) != NULL)
		if (strspn(x->d_name, "0123456789abcdef") == KEY_LEN &&
		    !str_eq(x->d_name, own))
			drop_other(p, homes, x->d_name);
	if (d != NULL)
		closedir(d);
	else
		close_one(homes);
}

void
pushdir_clean(const char *state)
{
	int	fd = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd != -1 && tree_remove(fd, HOME, NULL) == -1) {
		/* Records whose tree is gone only cost a comparison. */
	}
	close_one(fd);
}
