/* uploads.c - see uploads.h. */
#include "coordinator/uploads.h"
#include "coordinator/uploads_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "base/tree.h"
#include "base/xmalloc.h"
#include "io/buf.h"

#define READ_PIECE	(64 * 1024)
#define DISK_PART	10	/* one part of so many of the disk stays free, */
#define DISK_FREE	(512ULL * 1024 * 1024)	/* but no more than this */

/* --- files ------------------------------------------------------------------ */

void
blob_file(const struct blob *b, char *file, size_t size)
{
	snprintf(file, size, "%s-%u", b->row.digest, b->serial);
}

void
upload_file(const struct upload *u, char *file, size_t size)
{
	snprintf(file, size, "new-%u", u->serial);
}

static int
not_written(struct err *e)
{
	return err_code(e, UPLOADS_FULL, "upload: write it down: %s", strerror(errno));
}

/* --- what there is ---------------------------------------------------------- */

bool
uploads_is_digest(const char *s)
{
	return strlen(s) == DIGEST_HEX_MAX - 1 &&
	    strspn(s, "0123456789abcdef") == DIGEST_HEX_MAX - 1;
}

bool
uploads_is_name(const char *s)
{
	return strlen(s) == UPLOADS_NAME &&
	    strspn(s, "0123456789abcdef") == UPLOADS_NAME;
}

struct blob *
uploads_blob(const struct uploads *all, const char *user, const char *id)
{
	struct blob	*b;

	TAILQ_FOREACH(b, &all->blobs, entry)
		if (str_eq(b->user, user) && (str_eq(b->row.digest, id) ||
		    (b->name != NULL && str_eq(b->name, id))))
			return b;
	return NULL;
}

struct upload *
uploads_under_way(const struct uploads *all, const char *user, const char *name)
{
	struct upload	*u;

	TAILQ_FOREACH(u, &all->under_way, entry)
		if (u->name != NULL && str_eq(u->name, name) &&
		    str_eq(u->user, user))
			return u;
	return NULL;
}

void
uploads_use(struct uploads *all, struct blob *b)
{
	b->used = loop_now(all->loop);
	TAILQ_REMOVE(&all->blobs, b, entry);
	TAILQ_INSERT_TAIL(&all->blobs, b, entry);
}

static void
drop(struct uploads *all, struct blob *b)
{
	char	name[UPLOADS_FILE];

	blob_file(b, name, sizeof name);
	if (unlinkat(all->dir, name, 0) == -1)
		log_warn("uploads: remove %s: %s", name, strerror(errno));
	TAILQ_REMOVE(&all->blobs, b, entry);
	free(b->user);
	free(b->name);
	free(b);
}

/* user NULL: of all. pinned: only what cannot make room. */
static uint64_t
sum(const struct uploads *all, const char *user, bool pinned, size_t *n)
{
	const struct blob	*b;
	const struct upload	*u;
	uint64_t		 bytes = 0;

	*n = 0;
	TAILQ_FOREACH(b, &all->blobs, entry) {
		if ((user != NULL && !str_eq(user, b->user)) ||
		    (pinned && b->readers == 0))
			continue;
		bytes += b->row.bytes;
		++*n;
	}
	TAILQ_FOREACH(u, &all->under_way, entry) {
		if (user != NULL && !str_eq(user, u->user))
			continue;
		bytes += u->bytes;
		++*n;
	}
	return bytes;
}

uint64_t
uploads_bytes(const struct uploads *all)
{
	size_t	n;

	return sum(all, NULL, false, &n);
}

/* --- room ------------------------------------------------------------------- */

/* The least recently used goes; false: there is none that may. */
static bool
evict(struct uploads *all, const char *user)
{
	struct blob	*b;

	TAILQ_FOREACH(b, &all->blobs, entry) {
		if (b->readers > 0 || (user != NULL && !str_eq(user, b->user)))
			continue;
		log_info("uploads: %s of %s makes room", b->row.digest, b->user);
		drop(all, b);
		return true;
	}
	return false;
}

/* pinned: even without all that can make room. */
static bool
exceeds(const struct uploads *all, const char *user, uint64_t more, bool pinned)
{
	size_t		n;
	uint64_t	bytes = sum(all, user, pinned, &n);

	return bytes + more > (user != NULL ? all->cfg.user_max : all->cfg.max) ||
	    n > (user != NULL ? UPLOADS_USER_MAX : UPLOADS_MAX);
}

static bool
disk_is_tight(const struct uploads *all, uint64_t more, bool pinned)
{
	struct statvfs	st;
	uint64_t	keep, room = 0;
	size_t		n;

	if (fstatvfs(all->dir, &st) == -1)
		return false;	/* then writing tells */
	keep = (uint64_t)st.f_blocks * st.f_frsize / DISK_PART;
	if (keep > DISK_FREE)
		keep = DISK_FREE;
	if (pinned)
		room = sum(all, NULL, false, &n) - sum(all, NULL, true, &n);
	return (uint64_t)st.f_bavail * st.f_frsize + room < keep + more;
}

static int
no_disk(struct err *e)
{
	return err_code(e, UPLOADS_FULL, "upload: the disk of the state directory is "
	    "almost full");
}

/* Nothing goes in vain: can there be room at all? */
static int
check_room(const struct uploads *all, const char *user, uint64_t more, struct err *e)
{
	char	size[32];

	if (exceeds(all, user, more, true))
		return err_code(e, UPLOADS_FULL, "upload: that would be more than %s "
		    "(user-upload-space) for %s",
		    str_human_size(all->cfg.user_max, size), user);
	if (exceeds(all, NULL, more, true))
		return err_code(e, UPLOADS_FULL, "upload: that would be more than %s "
		    "(upload-space) for all users", str_human_size(all->cfg.max, size));
	return disk_is_tight(all, more, true) ? no_disk(e) : 0;
}

/* For more bytes of user's, whose upload is under way (and counted). */
static int
make_room(struct uploads *all, const char *user, uint64_t more, struct err *e)
{
	if (!exceeds(all, user, more, false) && !exceeds(all, NULL, more, false) &&
	    !disk_is_tight(all, more, false))
		return 0;
	if (check_room(all, user, more, e) == -1)
		return -1;
	while (exceeds(all, user, more, false) && evict(all, user))
		continue;
	while (exceeds(all, NULL, more, false) && evict(all, NULL))
		continue;
	while (disk_is_tight(all, more, false))
		if (!evict(all, NULL))
			return no_disk(e);
	return 0;
}

/* --- one under way ------------------------------------------------------------ */

/* What is left of it goes, but not its body. */
static void
upload_free(struct upload *u)
{
	char	name[UPLOADS_FILE];

	upload_file(u, name, sizeof name);
	if (u->fd != -1) {
		close(u->fd);
		(void)unlinkat(u->all->dir, name, 0);
	}
	TAILQ_REMOVE(&u->all->under_way, u, entry);
	digest_free(u->digest);
	free(u->user);
	free(u->want);
	free(u->name);
	free(u);
}

void
upload_cancel(struct upload *u)
{
	struct err	e = ERR_INIT;

	(void)err_set(&e, "upload: it was called off");
	readings_broke(u, &e);
	body_close(u->body);
	upload_free(u);
}

static void
upload_fail(struct upload *u, const struct err *why)
{
	upload_fn	 fn = u->fn;
	void		*arg = u->arg;

	readings_broke(u, why);
	upload_cancel(u);
	fn(NULL, why, arg);
}

static int
add(struct upload *u, const void *p, size_t len, struct err *e)
{
	if (make_room(u->all, u->user, len, e) == -1)
		return -1;
	u->bytes += len;
	digest_add(u->digest, p, len);
	if (file_write_all(u->fd, p, len) == 0)
		return 0;
	return not_written(e);
}

static void
keep_name(struct upload *u, struct blob *b)
{
	if (u->name == NULL)
		return;
	free(b->name);
	b->name = u->name;
	u->name = NULL;
}

/* Its file gets its name. One that is held already is only used once more. */
static struct blob *
keep(struct upload *u, const char *digest, struct err *e)
{
	struct uploads	*all = u->all;
	struct blob	*b = uploads_blob(all, u->user, digest);
	char		 from[UPLOADS_FILE], to[UPLOADS_FILE];

	if (b != NULL) {
		uploads_use(all, b);
		keep_name(u, b);
		return b;
	}
	b = xcalloc(1, sizeof *b);
	snprintf(b->row.digest, sizeof b->row.digest, "%s", digest);
	b->row.bytes = u->bytes;
	b->serial = u->serial;
	upload_file(u, from, sizeof from);
	blob_file(b, to, sizeof to);
	if (renameat(all->dir, from, all->dir, to) == -1) {
		(void)not_written(e);
		free(b);
		return NULL;
	}
	close(u->fd);
	u->fd = -1;
	b->user = xstrdup(u->user);
	keep_name(u, b);
	b->used = loop_now(all->loop);
	TAILQ_INSERT_TAIL(&all->blobs, b, entry);
	return b;
}

static void
finish(struct upload *u)
{
	char			 digest[DIGEST_HEX_MAX];
	struct blob		*b = NULL;
	struct upload_row	 row;
	struct err		 e = ERR_INIT;
	upload_fn		 fn = u->fn;
	void			*arg = u->arg;

	digest_hex(u->digest, digest);
	if (u->want != NULL && !str_eq(u->want, digest))
		(void)err_code(&e, UPLOADS_MISMATCH, "upload: its SHA-256 is %s, "
		    "not %s", digest, u->want);
	else
		b = keep(u, digest, &e);
	if (b == NULL) {
		upload_fail(u, &e);
		return;
	}
	row = b->row;
	readings_held(u, b);
	upload_cancel(u);
	fn(&row, NULL, arg);
}

static void
on_data(struct body *body, void *arg)
{
	struct upload	*u = arg;
	struct err	 e = ERR_INIT;
	const void	*p;
	size_t		 len;

	while ((p = buf_peek(body_buf(body), &len)) != NULL && len > 0) {
		if (add(u, p, len, &e) == -1) {
			upload_fail(u, &e);
			return;
		}
		buf_drain(body_buf(body), len);
	}
	body_took(body);
	readings_more(u);
	if (body_error(body) != NULL) {
		(void)err_code(&e, UPLOADS_BROKE, "upload: %s", body_error(body)->msg);
		upload_fail(u, &e);
	} else if (body_done(body))
		finish(u);
}

struct upload *
uploads_take(struct uploads *all, const char *user, const char *digest,
    const char *as, struct body *body, upload_fn fn, void *arg, struct err *e)
{
	struct upload	*u = xcalloc(1, sizeof *u);
	int64_t		 len = body_length(body);
	char		 name[UPLOADS_FILE];

	u->all = all;
	u->user = xstrdup(user);
	u->want = digest != NULL ? xstrdup(digest) : NULL;
	u->name = as != NULL ? xstrdup(as) : NULL;
	u->body = body;
	u->digest = digest_new(DIGEST_SHA256);
	u->serial = ++all->serial;
	u->fd = -1;
	u->fn = fn;
	u->arg = arg;
	TAILQ_INSERT_TAIL(&all->under_way, u, entry);
	upload_file(u, name, sizeof name);
	if (make_room(all, user, len > 0 ? (uint64_t)len : 0, e) == 0) {
		u->fd = openat(all->dir, name,
		    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (u->fd != -1) {
			body_on_data(body, on_data, u);
			return u;
		}
		(void)not_written(e);
	}
	upload_cancel(u);
	return NULL;
}

/* --- asking ------------------------------------------------------------------- */

bool
uploads_find(struct uploads *all, const char *user, const char *id,
    struct upload_row *row)
{
	const struct blob	*b = uploads_blob(all, user, id);
	const struct upload	*u = b != NULL ? NULL : uploads_under_way(all, user, id);

	if (b != NULL)
		*row = b->row;
	else if (u != NULL)
		*row = (struct upload_row){ "", u->bytes };
	return b != NULL || u != NULL;
}

/* --- all of them ---------------------------------------------------------------- */

void
uploads_sweep(struct uploads *all, int64_t now)
{
	struct blob	*b, *next;

	for (b = TAILQ_FIRST(&all->blobs); b != NULL; b = next) {
		next = TAILQ_NEXT(b, entry);
		if (b->readers == 0 && now - b->used >= all->cfg.keep_ms)
			drop(all, b);
	}
}

/* The directory, open and empty; -1 and e. */
static int
clean_dir(const char *path, struct err *e)
{
	int	fd;

	if (file_mkdirs(path, 0700, e) == -1)
		return -1;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1)
		return err_errno(e, "open %s", path);
	if (tree_remove(fd, ".", e) == -1) {
		(void)err_wrap(e, "empty %s", path);
		close(fd);
		return -1;
	}
	return fd;
}

struct uploads *
uploads_new(struct loop *loop, const struct uploads_config *cfg, struct err *e)
{
	struct uploads	*all;
	int		 dir = clean_dir(cfg->dir, e);

	if (dir == -1)
		return NULL;
	all = xcalloc(1, sizeof *all);
	all->loop = loop;
	all->cfg = *cfg;
	all->cfg.dir = NULL;
	all->dir = dir;
	TAILQ_INIT(&all->blobs);
	TAILQ_INIT(&all->under_way);
	TAILQ_INIT(&all->readings);
	return all;
}

void
uploads_free(struct uploads *all)
{
	struct err	 e = ERR_INIT;
	struct upload	*u;
	struct blob	*b;

	if (all == NULL)
		return;
	(void)err_set(&e, "the coordinator ends");
	readings_end(all, &e);
	while ((u = TAILQ_FIRST(&all->under_way)) != NULL)
		upload_cancel(u);
	while ((b = TAILQ_FIRST(&all->blobs)) != NULL)
		drop(all, b);
	close(all->dir);
	free(all);
}
