/* pushrole.c - the helpers of pushes: arguments, the lock, and who is called. */
#include "buildlet/pushrole.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/finetime.h"
#include "api/packed.h"
#include "api/pushwire.h"
#include "base/file.h"
#include "base/tree.h"
#include "base/xmalloc.h"
#include "buildlet/pushcheck.h"
#include "buildlet/pushcommit.h"
#include "buildlet/pushkept.h"
#include "buildlet/pushstage.h"
#include "buildlet/roles.h"
#include "data/pack.h"
#include "io/ring.h"

#define ITEMS_MAX	(32 * 1024)	/* are written at once */
#define WAIT_MAX	(10 * 60 * 1000)
#define BYTES_MAX	(128 * 1024)	/* of a body at once: hashed, then unpacked */

/* Says why on stderr; the status tells whose fault it was. */
static int
push_fail(struct err *e)
{
	if (e->code != PUSH_STALE && e->code != PUSH_CONFLICT &&
	    e->code != PUSH_BUSY)
		return role_fail(e);
	fprintf(stderr, "%s\n", e->msg);
	return e->code == PUSH_STALE ? ROLE_STALE : ROLE_CONFLICT;
}

/* Opens what argv names. *locked: nobody else pushes there now. */
static int
push_begin(struct pushdir *p, int argc, char **argv, bool *locked, struct err *e)
{
	int64_t	wait;
	int	r;

	if (argc < 5 || str_int64(argv[4], 0, WAIT_MAX, &wait) == -1)
		return err_set(e, "role %s: wrong arguments", argv[0]);
	if (pushdir_open(p, argv[1], argv[2], argv[3], e) == -1)
		return -1;
	if ((r = pushdir_lock(p, wait, e)) == -1) {
		pushdir_close(p);
		return -1;
	}
	*locked = r == 0;
	return 0;
}

static bool
is_gone(const struct pushdir *p)
{
	struct err	why = ERR_INIT;
	int		dir = tree_open_dir(p->work, p->dir, false, &why);

	if (dir != -1)
		close(dir);
	return dir == -1 && why.code == ENOENT;
}

/* Loads the record, after finishing what was begun. What it tells of a directory that
 * is not there any more is all gone, and nothing to compare with: it is not read. */
static bool
push_record(struct pushdir *p, bool locked, struct inventory *record)
{
	const bool	pending = locked && pushcommit_pending(p);
	bool		there = false;

	inv_init(record);
	if (pending)
		there = pushcommit_begin(p, record);
	if (!is_gone(p))
		return pending ? there : pushdir_load(p, PUSHDIR_RECORD, record);
	inv_release(record);
	inv_init(record);
	if (locked)
		pushdir_unlink(p, PUSHDIR_RECORD);
	return false;
}

/* --- GET /push --------------------------------------------------------------------- */

static int
answer_more(struct str *items, void *arg, struct err *e)
{
	int	ret = 0;

	if (items->len >= ITEMS_MAX) {
		ret = packed_add(arg, items->s, items->len, e);
		str_clear(items);
	}
	return ret;
}

static void
add_kept(const unsigned char digest[INV_DIGEST], void *arg)
{
	struct push_item	x = { .letter = PUSH_KEPT };

	memcpy(x.digest, digest, INV_DIGEST);
	push_write(arg, &x);
}

/* The paths to look for are those of the work directory. */
static void
add_looks(struct pushdir *p, int argc, char **argv, struct str *items)
{
	struct err	why;
	int		i, fd;

	for (i = 5; i < argc; i++) {
		if (!str_starts(argv[i], "look="))
			continue;
		fd = tree_open(p->work, argv[i] + 5, 0, &why);
		if (fd != -1)
			close(fd);
		if (fd != -1 || why.code == EACCES)
			push_write_path(items, PUSH_HERE, argv[i] + 5);
	}
}

/* Does the client know the inventory of that id? */
static bool
is_known(const struct inventory *record, int argc, char **argv)
{
	unsigned char	id[INV_DIGEST];
	int		i;

	for (i = 5; i < argc; i++)
		if (str_starts(argv[i], "id=") &&
		    str_unhex(argv[i] + 3, id, INV_DIGEST) == 0 &&
		    memcmp(id, record->id, INV_DIGEST) == 0)
			return true;
	return false;
}

static void
add_head(struct str *items, const struct inventory *record, bool there,
    bool locked)
{
	struct push_item	x = { .letter = PUSH_HEAD, .num = PUSH_VERSION };

	x.flags = (there ? PUSH_F_RECORD : 0) | (locked ? 0 : PUSH_F_BUSY);
	if (there)
		memcpy(x.digest, record->id, INV_DIGEST);
	push_write(items, &x);
}

static int
check_all(struct pushdir *p, struct inventory *record, bool all, bool locked,
    struct str *items, struct packed *out, struct err *e)
{
	struct pushcheck	how = { .all = all, .out = answer_more,
	    .arg = out, .fine = finetime(p->stage) };
	int			dir = tree_open_dir(p->work, p->dir, false, NULL);
	int			ret;

	ret = pushcheck(&how, record, dir, items, e);
	if (dir != -1)
		close(dir);
	if (ret == 0 && how.learned && locked &&
	    pushdir_save(p, PUSHDIR_RECORD, record, NULL) == -1) {
		/* Then it is learned once more. */
	}
	return ret;
}

static int
check(struct pushdir *p, bool locked, int argc, char **argv, struct err *e)
{
	struct push_item	 end = { .letter = PUSH_END };
	struct inventory	 record;
	struct packed		*out = packed_new(STDOUT_FILENO);
	struct str		 items = STR_INIT;
	bool			 there;
	int			 ret = 0;

	there = push_record(p, locked, &record);
	if (locked)
		pushkept_adopt(p);
	add_head(&items, &record, there, locked);
	add_looks(p, argc, argv, &items);
	pushkept_each(p, add_kept, &items);
	if (there)
		ret = check_all(p, &record, !is_known(&record, argc, argv),
		    locked, &items, out, e);
	memcpy(end.digest, record.id, INV_DIGEST);
	push_write(&items, &end);
	if (ret == 0)
		ret = packed_add(out, items.s, items.len, e);
	if (ret == 0)
		ret = packed_end(out, e);
	packed_free(out);
	str_release(&items);
	inv_release(&record);
	return ret;
}

int
pushrole_check(int argc, char **argv)
{
	struct pushdir	p;
	struct err	e = ERR_INIT;
	bool		locked;
	int		ret;

	if (push_begin(&p, argc, argv, &locked, &e) == -1)
		return push_fail(&e);
	ret = check(&p, locked, argc, argv, &e) == -1 ? push_fail(&e) : HELPER_OK;
	pushdir_close(&p);
	return ret;
}

/* --- POST /push ---------------------------------------------------------------------- */

/* Does the directory hold anything that no push put there? */
static bool
has_guests(int dir, const struct inventory *record, const char *path)
{
	int		 fd = tree_open_dir_strict(dir, path, false, NULL);
	DIR		*d = fd != -1 ? fdopendir(fd) : NULL;
	struct dirent	*x;
	bool		 found = false;
	char		*name;

	while (d != NULL && !found && (x = readdir(d)) != NULL) {
		if (str_eq(x->d_name, ".") || str_eq(x->d_name, ".."))
			continue;
		name = xasprintf("%s/%s", path, x->d_name);
		found = inv_find(record, name) == NULL;
		free(name);
	}
	if (d != NULL)
		closedir(d);
	else if (fd != -1)
		close(fd);
	return found;
}

static int
guests(struct pushdir *p, char *names, size_t len, struct err *e)
{
	struct inventory	 record;
	struct str		 out = STR_INIT;
	int			 dir, ret = 0;
	char			*nul;

	dir = tree_open_dir(p->work, p->dir, false, NULL);
	pushdir_load(p, PUSHDIR_RECORD, &record);
	for (; dir != -1 && (nul = memchr(names, '\0', len)) != NULL;
	    len -= (size_t)(nul + 1 - names), names = nul + 1)
		if (inv_path_ok(names, (size_t)(nul - names)) &&
		    has_guests(dir, &record, names))
			str_addn(&out, names, (size_t)(nul + 1 - names));
	if (out.len > 0 && file_write_all(STDOUT_FILENO, out.s, out.len) == -1)
		ret = err_errno(e, "answer");
	str_release(&out);
	inv_release(&record);
	if (dir != -1)
		close(dir);
	return ret;
}

int
pushrole_guests(int argc, char **argv)
{
	struct pushdir	 p;
	struct err	 e = ERR_INIT;
	bool		 locked;
	char		*names;
	size_t		 len;
	int		 ret;

	if (push_begin(&p, argc, argv, &locked, &e) == -1)
		return push_fail(&e);
	if ((names = role_names(&len)) == NULL)
		ret = err_set(&e, "read the names: too many");
	else
		ret = guests(&p, names, len, &e);
	free(names);
	pushdir_close(&p);
	return ret == -1 ? push_fail(&e) : HELPER_OK;
}

/* --- PUT /push ------------------------------------------------------------------------ */

/* The body, as it comes. */
struct incoming {
	struct ring	*ring;
	struct seal	*seal;
	size_t		 given;		/* of the ring, and not yet taken */
};

static ssize_t
next_bytes(void *arg, const void **p, struct err *e)
{
	struct incoming	*in = arg;
	ssize_t		 n;

	ring_took(in->ring, in->given);
	in->given = 0;
	if ((n = ring_next(in->ring, p)) == -1)
		return err_errno(e, "read the push");
	if (n == 0)
		return 0;
	in->given = n < BYTES_MAX ? (size_t)n : BYTES_MAX;
	seal_see(in->seal, *p, in->given);
	return (ssize_t)in->given;
}

static ssize_t
next_piece(void *arg, const void **p, struct err *e)
{
	return unpack_read(arg, p, e);
}

/* Would the record be what the client thinks? */
static int
id_check(const struct inventory *record, const struct inventory *changes,
    struct err *e)
{
	return pushcommit_leads(record, changes) ? 0 : err_code(e, PUSH_STALE,
	    "the push does not lead where it says");
}

/* On a full disk what is staged would only be in everybody's way. */
static void
make_room(struct pushdir *p, const struct err *e)
{
	if ((e->code == ENOSPC || e->code == EDQUOT) && !pushcommit_pending(p))
		pushdir_drop(p);
}

static int
put(struct pushdir *p, struct incoming *in, struct err *e)
{
	struct inventory	 record, changes;
	struct unpack		*u = unpack_new_from(next_bytes, in);
	struct push_reader	*r = push_reader_new(next_piece, u);
	bool			 there = push_record(p, true, &record);
	int			 ret;

	umask(0);
	pushdir_drop_others(p);
	pushkept_adopt(p);
	ret = pushstage_read(p, there ? &record : NULL, r, in->seal, &changes, e);
	if (ret == 0)
		ret = id_check(&record, &changes, e);
	if (ret == 0)
		ret = pushcommit_run(p, &record, &changes, e);
	if (ret == -1)
		make_room(p, e);
	push_reader_free(r);
	unpack_free(u);
	inv_release(&changes);
	inv_release(&record);
	return ret;
}

static int
put_incoming(struct pushdir *p, struct err *e)
{
	struct incoming	in = { ring_join(STDIN_FILENO, e), NULL, 0 };
	int		ret;

	if (in.ring == NULL)
		return -1;
	in.seal = seal_new();
	ret = put(p, &in, e);
	seal_free(in.seal);
	ring_leave(in.ring);
	return ret;
}

int
pushrole_put(int argc, char **argv)
{
	struct pushdir	p;
	struct err	e = ERR_INIT;
	bool		locked;
	int		ret;

	if (push_begin(&p, argc, argv, &locked, &e) == -1)
		return push_fail(&e);
	if (!locked)
		ret = err_code(&e, PUSH_BUSY, "another push to %s is under way",
		    p.dir);
	else
		ret = put_incoming(&p, &e);
	pushdir_close(&p);
	return ret == -1 ? push_fail(&e) : HELPER_OK;
}
