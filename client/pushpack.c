/* pushpack.c - contents into items. */
#include "client/pushpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/content.h"
#include "api/packed.h"
#include "api/pushwire.h"
#include "base/dirs.h"
#include "base/xmalloc.h"
#include "client/scan.h"
#include "client/treecache.h"
#include "io/helper.h"

#define READ_SIZE	(256 * 1024)
#define COPY_MAX	(8 * 1024 * 1024)
/* From so much on by threads, which take 12 MiB: less is packed by one before others
 * are under way. To a group of machines on the same processors it makes no difference,
 * since all of these are busy then; to one machine it is a sixth of the time. */
#define SPREAD		((size_t)16 * 1024 * 1024)

struct packing {
	const char		*cache, *source, *tree;
	struct inventory	 inv;		/* the tree's, once it is needed */
	bool			 loaded, keyed;	/* inv; content, by its key */
	struct inventory	 base;
	struct inventory	 sent;		/* how the files were that travelled, ... */
	bool			 differs;	/* ... and inv does not say so */
	int			 root;
	struct dirs		*dirs;
	struct content		*content;
	struct push_reader	*in;
	char			*buf;		/* READ_SIZE */
	struct packed		*out;
	bool			 sealed;	/* PUSH_F_SEALED */
	struct str		 item;
	bool			 fine;		/* times of the tree (finetime.h) */
	int64_t			 looked;	/* when the file was that is being read */
	uint64_t		 op_at, op_len;	/* of a copy that is not yet told */
};

static ssize_t
read_stdin(void *arg, const void **p, struct err *e)
{
	struct packing	*k = arg;
	ssize_t		 n;

	do
		n = read(STDIN_FILENO, k->buf, READ_SIZE);
	while (n == -1 && errno == EINTR);
	*p = k->buf;
	return n == -1 ? err_errno(e, "read what to send") : n;
}

static int
flush(struct packing *k, struct err *e)
{
	int	ret = packed_add(k->out, str_text(&k->item), k->item.len, e);

	str_clear(&k->item);
	return ret;
}

static int
pass(struct packing *k, const struct push_item *x, struct err *e)
{
	push_write(&k->item, x);
	return k->item.len < READ_SIZE ? 0 : flush(k, e);
}

static int
to_pack(void *arg, const void *p, size_t len, int64_t at, struct err *e)
{
	(void)at;
	return packed_add(((struct packing *)arg)->out, p, len, e);
}

/* --- the inventory ------------------------------------------------------------------- */

static int
load(struct packing *k, struct err *e)
{
	if (!k->loaded && (!treecache_load(k->cache, k->tree, &k->inv) ||
	    !k->inv.keyed))
		return err_set(e, "the inventory of %s is gone", k->source);
	k->loaded = true;
	return 0;
}

/* Chunks of large files get sums. */
static int
take_key(struct packing *k, struct err *e)
{
	if (k->keyed)
		return 0;
	if (load(k, e) == -1)
		return -1;
	content_set_key(k->content, k->inv.key);
	k->keyed = true;
	return 0;
}

/* What was learned of the files that travelled goes into the inventory, which is
 * kept before the server can take what it is of for good. */
static int
complete(struct packing *k, unsigned char id[INV_DIGEST], struct err *e)
{
	struct inv_entry	*x;
	const char		*path;
	char			*name;
	size_t			 i;

	if (!k->differs && treecache_id(k->tree, id))
		return 0;
	if (load(k, e) == -1)
		return -1;
	for (i = 0; i < k->sent.n; i++) {
		if ((x = inv_find(&k->inv, k->sent.v[i].path)) == NULL)
			return err_set(e, "%s: not in the inventory",
			    k->sent.v[i].path);
		path = x->path;
		*x = k->sent.v[i];
		x->path = path;
		x->fresh = true;
	}
	if (!inv_identify(&k->inv))
		return err_set(e, "the inventory is incomplete");
	memcpy(id, k->inv.id, INV_DIGEST);
	name = treecache_save(k->cache, k->source, &k->inv, e);
	free(name);
	return name != NULL ? 0 : -1;
}

/* --- files --------------------------------------------------------------------------- */

static int
open_file(struct packing *k, const char *path, struct stat *st, struct err *e)
{
	const char	*base;
	int		 dir = dirs_of(k->dirs, path, &base);
	int		 fd = dir == -1 ? -1 : content_open(dir, base, st);

	if (fd == -1)
		return err_errno(e, "open %s/%s", k->source, path);
	if (st->st_size > INV_CHUNKED && take_key(k, e) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool
as_it_was(const struct inv_entry *x, const struct stat *st)
{
	struct inv_entry	now;

	return inv_stat(&now, st) && now.mtime == x->mtime &&
	    now.ctime == x->ctime && now.size == x->size && now.ino == x->ino;
}

/* What was read of it is known from here on, and its digest ends the item.
 * want: what it should be. */
static void
finish_file(struct packing *k, struct inv_entry *y, int fd, struct stat *st,
    const unsigned char want[INV_DIGEST])
{
	content_tell(k->content, &k->sent, y);
	y->settled = fstat(fd, st) == 0 && as_it_was(y, st) &&
	    inv_settles(y, k->looked, k->fine);
	k->differs |= memcmp(y->digest, want, INV_DIGEST) != 0;
	str_addn(&k->item, y->digest, INV_DIGEST);
}

/* The header of x, with what is true now. */
static void
begin_file(struct packing *k, const struct push_item *x, struct inv_entry *y,
    const struct stat *st)
{
	struct push_item	now = *x;

	inv_stat(y, st);
	k->looked = inv_now();
	k->differs |= y->mode != x->mode || y->mtime != x->mtime;
	now.mode = y->mode;
	now.mtime = y->mtime;
	now.size = y->size;
	push_write(&k->item, &now);
}

/* The whole open file fd, which st is of. */
static int
send_content(struct packing *k, const struct push_item *item, int fd,
    struct stat *st, const unsigned char want[INV_DIGEST], struct err *e)
{
	struct push_item	 x = *item;
	struct inv_entry	*y = inv_add(&k->sent, x.path);

	x.letter = PUSH_FILE;
	begin_file(k, &x, y, st);
	if (flush(k, e) == -1)
		return -1;
	if (content_read(k->content, fd, st->st_size, NULL, to_pack, k, e) == -1)
		return err_wrap(e, "%s/%s", k->source, y->path);
	finish_file(k, y, fd, st, want);
	if (k->sealed && y->size > INV_CHUNKED)
		push_write_chunks(&k->item, y);
	return 0;
}

static int
send_file(struct packing *k, const struct push_item *x, struct err *e)
{
	unsigned char	want[INV_DIGEST];
	struct stat	st;
	int		fd, ret;

	if (push_read_digest(k->in, want, e) == -1 ||
	    (fd = open_file(k, x->path, &st, e)) == -1)
		return -1;
	ret = send_content(k, x, fd, &st, want, e);
	close(fd);
	return ret;
}

/* --- patches ------------------------------------------------------------------------- */

static int
op_end(struct packing *k, struct err *e)
{
	if (k->op_len > 0)
		push_write_op(&k->item, PUSH_OP_COPY, k->op_at, k->op_len);
	k->op_len = 0;
	return flush(k, e);
}

/* A chunk: what the base has is copied there, as much at once as stands together
 * (but not all, so that the other side has something to do meanwhile). */
static int
to_patch(void *arg, const void *p, size_t len, int64_t at, struct err *e)
{
	struct packing	*k = arg;

	if (k->op_len > 0 && (at == -1 || k->op_len >= COPY_MAX ||
	    k->op_at + k->op_len != (uint64_t)at) && op_end(k, e) == -1)
		return -1;
	if (at == -1) {
		push_write_op(&k->item, PUSH_OP_DATA, 0, len);
		return flush(k, e) == -1 ? -1 : packed_add(k->out, p, len, e);
	}
	if (k->op_len == 0)
		k->op_at = (uint64_t)at;
	k->op_len += len;
	return 0;
}

static int
send_ops(struct packing *k, const struct push_item *x, int fd,
    const struct inv_entry *old, struct stat *st,
    const unsigned char want[INV_DIGEST], struct err *e)
{
	struct inv_entry	*y = inv_add(&k->sent, x->path);

	begin_file(k, x, y, st);
	k->op_len = 0;
	if (content_read(k->content, fd, st->st_size, old, to_patch, k, e) == -1 ||
	    op_end(k, e) == -1)
		return err_wrap(e, "%s/%s", k->source, y->path);
	push_write_op(&k->item, PUSH_OP_END, 0, 0);
	finish_file(k, y, fd, st, want);
	return 0;
}

/* A file that is not large any more travels whole. */
static int
send_patch(struct packing *k, const struct push_item *x, struct err *e)
{
	const struct inv_entry	*old = inv_find(&k->base, x->other);
	unsigned char		 want[INV_DIGEST];
	struct stat		 st;
	int			 fd, ret;

	if (push_read_digest(k->in, want, e) == -1 ||
	    (fd = open_file(k, x->path, &st, e)) == -1)
		return -1;
	if (st.st_size > INV_CHUNKED && old != NULL)
		ret = send_ops(k, x, fd, old, &st, want, e);
	else
		ret = send_content(k, x, fd, &st, want, e);
	close(fd);
	return ret;
}

/* --- all of it ------------------------------------------------------------------------- */

static int
send_head(struct packing *k, const struct push_item *x, struct err *e)
{
	k->sealed = (x->flags & PUSH_F_SEALED) != 0;
	if (k->sealed)
		packed_seal(k->out);
	return pass(k, x, e);
}

/* Content that came with the item. */
static int
send_text(struct packing *k, const struct push_item *x, struct err *e)
{
	unsigned char	 digest[INV_DIGEST];
	uint64_t	 left = x->size;
	const void	*p;
	ssize_t		 n;

	push_write(&k->item, x);
	for (; left > 0; left -= (uint64_t)n) {
		if ((n = push_read_bytes(k->in, left, &p, e)) == -1)
			return -1;
		str_addn(&k->item, p, (size_t)n);
	}
	if (push_read_digest(k->in, digest, e) == -1)
		return -1;
	str_addn(&k->item, digest, INV_DIGEST);
	return 0;
}

static int
finish(struct packing *k, struct push_item *x, struct err *e)
{
	if (complete(k, x->digest, e) == -1)
		return -1;
	push_write(&k->item, x);
	return flush(k, e) == -1 ? -1 : packed_end(k->out, e);
}

static int
send_item(struct packing *k, const struct push_item *x, struct err *e)
{
	switch (x->letter) {
	case PUSH_HEAD:
		return send_head(k, x, e);
	case PUSH_FILE:
		return send_file(k, x, e);
	case PUSH_PATCH:
		return send_patch(k, x, e);
	case PUSH_ONCE:
		return send_text(k, x, e);
	default:
		return pass(k, x, e);
	}
}

static int
send_all(struct packing *k, struct err *e)
{
	struct push_item	x;

	while (push_read(k->in, &x, e) == 0) {
		if (x.letter == PUSH_END)
			return finish(k, &x, e);
		if (send_item(k, &x, e) == -1)
			return -1;
	}
	return -1;
}

static int
packing_run(struct packing *k, const char *base, struct err *e)
{
	int	ret;

	if ((k->root = open(k->source, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return err_errno(e, "open %s", k->source);
	k->fine = scan_is_fine(k->cache, k->root);
	/* Without it files travel whole. */
	if (!str_eq(base, "-") && !treecache_load(k->cache, base, &k->base))
		inv_init(&k->base);
	k->out = packed_new(STDOUT_FILENO);
	packed_spread(k->out, SPREAD);
	k->dirs = dirs_new(k->root, 0);
	k->content = content_new();
	k->in = push_reader_new(read_stdin, k);
	k->buf = xmalloc(READ_SIZE);
	ret = send_all(k, e);
	free(k->buf);
	push_reader_free(k->in);
	content_free(k->content);
	dirs_free(k->dirs);
	packed_free(k->out);
	close(k->root);
	str_release(&k->item);
	inv_release(&k->inv);
	inv_release(&k->base);
	inv_release(&k->sent);
	return ret;
}

struct made *
pushpack_start(struct loop *loop, const struct pushpack_spec *spec,
    struct body **body, struct err *e)
{
	const char	*argv[] = { "pushpack", spec->cache, spec->source,
	    spec->tree, spec->base, NULL };

	return made_start(loop, argv, spec->items, body, e);
}

int
pushpack_role(int argc, char **argv)
{
	struct packing	k = { .tree = NULL };
	struct err	e = ERR_INIT;

	if (argc != 5) {
		fprintf(stderr, "pushpack: wrong arguments\n");
		return HELPER_FAILED;
	}
	k.cache = argv[1];
	k.source = argv[2];
	k.tree = argv[3];
	if (packing_run(&k, argv[4], &e) == 0)
		return HELPER_OK;
	fprintf(stderr, "%s\n", e.msg);
	return HELPER_FAILED;
}
