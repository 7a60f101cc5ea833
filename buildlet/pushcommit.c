/* pushcommit.c - from the staged tree into the real one. */
#include "buildlet/pushcommit.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "api/finetime.h"
#include "api/pushwire.h"
#include "base/dirs.h"
#include "base/tree.h"
#include "base/xmalloc.h"
#include "buildlet/lswalk.h"
#include "buildlet/pushplace.h"
#include "buildlet/pushstage.h"

#define RECORD		PUSHDIR_RECORD
#define JOURNAL		PUSHDIR_JOURNAL
/* Files so young that their digests may not be believed: so many bytes are read
 * again by the next push, and something for each file; for more it is better to
 * wait until they have aged. */
#define YOUNG_MAX	(4 * 1024 * 1024)
#define YOUNG_EACH	(64 * 1024)
#define AGE_NS		25000000L

struct commit {
	struct pushdir		*p;
	struct inventory	*record;
	struct inventory	*changes;
	struct inventory	 went;		/* of the record, backwards */
	int			 target;
	struct place		*place;
	bool			 fine;		/* of what is staged (finetime.h) */
	struct err		*e;
};

static bool
puts_something(const struct inv_entry *x)
{
	return x->mark != PUSH_GONE && x->mark != PUSH_DISOWN &&
	    x->mark != PUSH_MODE && x->mark != INV_LEFT;
}

/* --- what the record will be ---------------------------------------------------- */

/* Only the mode changed, so the content is that of before, if the times say so. */
static void
merge_mode(struct inv_entry *y, const struct inv_entry *x)
{
	y->mode = x->mode;
	y->settled = y->settled && x->settled && y->mtime == x->mtime &&
	    y->size == x->size && y->ino == x->ino;
	y->mtime = x->mtime;
	y->ctime = x->ctime;
	y->ino = x->ino;
}

/* What becomes of an entry of the record (NULL: there is none) by a change. False:
 * there is none then. */
static bool
merged(struct inv_entry *y, const struct inv_entry *old, const struct inv_entry *x)
{
	if (x->mark == PUSH_MODE || x->mark == INV_LEFT) {
		if (old == NULL)
			return false;
		*y = *old;
		if (x->mark == PUSH_MODE)
			merge_mode(y, x);
		else
			y->mark = INV_LEFT;
		return true;
	}
	*y = *x;
	y->mark = 0;
	return puts_something(x) && x->mark != PUSH_ONCE;
}

bool
pushcommit_leads(const struct inventory *record, const struct inventory *changes)
{
	const struct inv_entry	*old, *x;
	struct inv_id		*d = inv_id_new();
	struct inv_entry	 y;
	unsigned char		 id[INV_DIGEST];
	size_t			 i = 0, k = 0;
	bool			 ok = true;
	int			 r;

	while (ok && (i < record->n || k < changes->n)) {
		r = i == record->n ? 1 : k == changes->n ? -1 :
		    inv_order(&record->v[i], &changes->v[k]);
		old = r <= 0 ? &record->v[i++] : NULL;
		x = r >= 0 ? &changes->v[k++] : NULL;
		if (x == NULL)
			ok = inv_id_add(d, old);
		else if (merged(&y, old, x))
			ok = inv_id_add(d, &y);
	}
	inv_id_end(d, id);
	return ok && memcmp(id, changes->id, INV_DIGEST) == 0;
}

/* The record after what was done; went: entries of it that are no more, backwards. */
static void
bring_up(struct inventory *record, const struct inventory *changes,
    const struct inventory *went)
{
	struct inventory	ups;
	const struct inv_entry	*x;
	struct inv_entry	y;
	size_t			i, k = went->n, at = 0;
	bool			there;

	inv_init(&ups);
	inv_expect(&ups, changes->n + went->n);
	for (i = 0; i < changes->n; i++) {
		x = &changes->v[i];
		at = inv_from_here(record, at, x);
		there = at < record->n && inv_order(&record->v[at], x) == 0;
		for (; k > 0 && inv_order(&went->v[k - 1], x) < 0; k--)
			inv_share(&ups, &went->v[k - 1])->mark = INV_GONE;
		if (merged(&y, there ? &record->v[at] : NULL, x))
			inv_share(&ups, &y);
		else
			inv_share(&ups, x)->mark = INV_GONE;
	}
	for (; k > 0; k--)
		inv_share(&ups, &went->v[k - 1])->mark = INV_GONE;
	memcpy(ups.id, changes->id, INV_DIGEST);
	ups.identified = true;
	inv_change(record, &ups);
	inv_release(&ups);
}

/* Past all that lies below v[i]. */
static size_t
skip_below(const struct inventory *inv, size_t i)
{
	const char	*path = inv->v[i].path;
	size_t		 len = strlen(path);

	for (i++; i < inv->n; i++)
		if (strncmp(inv->v[i].path, path, len) != 0 ||
		    inv->v[i].path[len] != '/')
			break;
	return i;
}

/* --- is anything in the way? -------------------------------------------------------- */

struct below {
	const struct inventory	*record;
	const char		*path;
	bool			 foreign;
};

static int
look_below(const struct api_ls *entry, void *arg)
{
	struct below	*b = arg;
	char		*path = xasprintf("%s/%s", b->path, entry->path);

	if (inv_find(b->record, path) == NULL)
		b->foreign = true;
	free(path);
	return 0;
}

static int
check_one(struct commit *c, const struct inv_entry *x)
{
	const struct lswalk	how = { .recursive = true };
	struct below		b = { c->record, x->path, false };
	int			fd;

	if (!puts_something(x) || x->kind == INV_DIR ||
	    (fd = tree_open_dir_strict(c->target, x->path, false, NULL)) == -1)
		return 0;
	if (lswalk(fd, &how, look_below, &b, NULL) == -1)
		b.foreign = true;
	close(fd);
	return b.foreign ? err_code(c->e, PUSH_CONFLICT, "%s: on the instance "
	    "this is a directory with files that no push put there; remove it "
	    "first (gomote rm)", x->path) : 0;
}

/* Nothing can be in the way below what is not there. */
static int
step_check(struct commit *c)
{
	struct stat	st;
	size_t		i = 0;
	int		there;

	while (i < c->changes->n) {
		there = place_look(c->place, c->changes->v[i].path, &st, c->e);
		if (there == -1)
			return -1;
		if (there == 1 && S_ISDIR(st.st_mode) &&
		    check_one(c, &c->changes->v[i]) == -1)
			return -1;
		i = there == 0 ? skip_below(c->changes, i) : i + 1;
	}
	return 0;
}

/* --- into place ------------------------------------------------------------------------ */

/* What came with its directory, which was moved after that time: the modes of
 * directories are still to be set, files are as they were staged. */
static int
came_below(struct commit *c, size_t i, size_t end, int64_t when)
{
	struct inv_entry	*x;

	for (; i < end; i++) {
		x = &c->changes->v[i];
		if (x->kind == INV_DIR && (x->mode & S_IRWXU) != S_IRWXU &&
		    place_mode(c->place, x, c->e) == -1)
			return -1;
		x->settled = x->kind == INV_FILE && puts_something(x) &&
		    x->ctime != 0 && inv_settles(x, when, c->fine);
	}
	return 0;
}

static int
put_one(struct commit *c, const struct inv_entry *x)
{
	struct stat	st;
	int		r;

	if (x->mark == PUSH_MODE)
		return place_mode(c->place, x, c->e);
	if (!puts_something(x))
		return 0;
	if (x->mark == PUSH_ONCE &&
	    (r = place_look(c->place, x->path, &st, c->e)) != 0)
		return r == 1 ? 0 : -1;
	return place_put(c->place, x, c->e);
}

static int
step_put(struct commit *c)
{
	size_t	i = 0, next;
	int64_t	when;
	int	r;

	while (i < c->changes->n) {
		when = inv_now();
		c->changes->v[i].settled = false;
		if ((r = put_one(c, &c->changes->v[i])) == -1)
			return -1;
		next = r == 1 ? skip_below(c->changes, i) : i + 1;
		if (came_below(c, i + 1, next, when) == -1)
			return -1;
		i = next;
	}
	return 0;
}

/* Children before parents. */
static int
step_remove(struct commit *c)
{
	struct inv_entry	*x, *old;
	size_t			 i;
	int			 r;

	for (i = c->changes->n; i > 0; i--) {
		x = &c->changes->v[i - 1];
		if (x->mark != PUSH_GONE ||
		    (old = inv_find(c->record, x->path)) == NULL)
			continue;
		if ((r = place_remove(c->place, old, c->e)) == -1)
			return -1;
		if (r == 0)
			x->mark = INV_LEFT;
	}
	return 0;
}

/* What earlier pushes had to leave, and could go now. */
static int
step_left(struct commit *c)
{
	struct inv_entry	*x;
	size_t			 i;
	int			 r;

	for (i = c->record->n; i > 0; i--) {
		x = &c->record->v[i - 1];
		if (x->mark != INV_LEFT || inv_find(c->changes, x->path) != NULL)
			continue;
		if ((r = place_remove(c->place, x, c->e)) == -1)
			return -1;
		if (r == 1)
			inv_share(&c->went, x);
	}
	return 0;
}

/* --- remembering ------------------------------------------------------------------------ */

/* x as it was at that time. What is not as it was staged was changed by a command: then
 * the digest stands for nothing. */
static void
look_at(struct inv_entry *x, const struct stat *st, int64_t when, bool fine)
{
	struct inv_entry	now;

	x->settled = false;
	if (!inv_stat(&now, st))
		return;
	x->settled = now.kind == x->kind && (x->mark == PUSH_MODE ||
	    (now.mtime == x->mtime && now.size == x->size)) &&
	    inv_settles(&now, when, fine);
	x->mtime = now.mtime;
	x->ctime = now.ctime;
	x->ino = now.ino;
	if (x->mark == PUSH_MODE)
		x->size = now.size;
}

/* Looks at files of which it is not known yet that their digests may be believed;
 * how many bytes are in those that are too young for it. */
static uint64_t
look_again(struct commit *c, struct dirs *there)
{
	struct inv_entry	*x;
	struct stat		 st;
	const char		*base;
	uint64_t		 young = 0;
	int64_t			 when;
	size_t			 i;
	int			 at;

	for (i = 0; i < c->changes->n; i++) {
		x = &c->changes->v[i];
		if (x->kind != INV_FILE || x->settled || x->mark == PUSH_ONCE ||
		    (!puts_something(x) && x->mark != PUSH_MODE))
			continue;
		at = dirs_of(there, x->path, &base);
		when = inv_now();
		if (at != -1 && fstatat(at, base, &st, AT_SYMLINK_NOFOLLOW) == 0)
			look_at(x, &st, when, c->fine);
		/* One that cannot be read cannot be read again either. */
		if (!x->settled)
			young += (x->mode & S_IRUSR) == 0 ? YOUNG_MAX + 1 :
			    x->size + YOUNG_EACH;
	}
	return young;
}

static int
step_remember(struct commit *c)
{
	const struct timespec	 age = { 0, AGE_NS };
	struct dirs		*there = dirs_new(c->target, 0);

	if (look_again(c, there) > YOUNG_MAX) {
		nanosleep(&age, NULL);
		look_again(c, there);
	}
	dirs_free(there);
	bring_up(c->record, c->changes, &c->went);
	return pushdir_save(c->p, RECORD, c->record, c->e);
}

/* --- all of it -------------------------------------------------------------------------- */

/* The modes of directories are set whatever happened. */
static int
put_all(struct commit *c)
{
	struct err	why = ERR_INIT;
	int		ret = step_put(c);

	if (ret == 0)
		ret = step_remove(c);
	if (ret == 0)
		ret = step_left(c);
	if (place_finish(c->place, ret == 0 ? c->e : &why) == -1)
		ret = -1;
	c->place = NULL;
	return ret;
}

static int
commit_all(struct commit *c, bool again)
{
	c->place = place_new(c->p, c->target, again, c->e);
	if (c->place == NULL)
		return -1;
	if (!again && (step_check(c) == -1 ||
	    pushdir_save(c->p, JOURNAL, c->changes, c->e) == -1)) {
		if (place_finish(c->place, NULL) == -1) {
			/* Nothing was changed that it could set right. */
		}
		return -1;
	}
	return put_all(c) == 0 && step_remember(c) == 0 ? 0 : -1;
}

static int
commit(struct pushdir *p, struct inventory *record, struct inventory *changes,
    bool again, struct err *e)
{
	struct commit	c = { .p = p, .record = record, .changes = changes,
		.fine = finetime(p->stage), .e = e };
	int		ret;

	c.target = tree_open_dir(p->work, p->dir, true, e);
	if (c.target == -1)
		return -1;
	ret = commit_all(&c, again);
	inv_release(&c.went);
	close(c.target);
	if (ret == -1)
		return -1;
	pushdir_unlink(p, JOURNAL);
	pushdir_drop(p);
	return 0;
}

int
pushcommit_run(struct pushdir *p, struct inventory *record,
    struct inventory *changes, struct err *e)
{
	return commit(p, record, changes, false, e);
}

bool
pushcommit_pending(const struct pushdir *p)
{
	return faccessat(p->home, JOURNAL, F_OK, 0) == 0;
}

bool
pushcommit_begin(struct pushdir *p, struct inventory *record)
{
	struct inventory	changes;
	bool			there = pushdir_load(p, RECORD, record);

	if (!pushdir_load(p, JOURNAL, &changes))
		return there;
	/* If it fails, what came into place shows as a difference. */
	if (commit(p, record, &changes, true, NULL) == -1)
		pushdir_unlink(p, JOURNAL);
	inv_release(&changes);
	inv_release(record);
	return pushdir_load(p, RECORD, record);
}
