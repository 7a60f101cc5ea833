/* remote.c - reads the answer of GET /push. */
#include "client/remote.h"

#include <stdlib.h>
#include <string.h>

#include "api/pushwire.h"
#include "base/xmalloc.h"
#include "data/pack.h"

#define KEPT_MAX	1000000
#define HERE_MAX	1000	/* more are never asked for */
#define TEXT_MAX	(1024UL * 1024 * 1024)	/* paths, targets and chunks of one answer */

static ssize_t
next_piece(void *arg, const void **p, struct err *e)
{
	return unpack_read(arg, p, e);
}

static int
add_kept(struct remote *r, const struct push_item *x, struct err *e)
{
	if (r->nkept >= KEPT_MAX)
		return err_set(e, "too much is kept there");
	if ((r->nkept & (r->nkept + 1)) == 0)	/* room runs out at 0, 1, 3, 7, ... */
		r->kept = xreallocarray(r->kept, 2 * r->nkept + 2, INV_DIGEST);
	memcpy(r->kept + r->nkept++ * INV_DIGEST, x->digest, INV_DIGEST);
	return 0;
}

/* A small packed answer can be a very large one. */
static int
count_text(struct remote *r, const struct push_item *x, struct err *e)
{
	r->text += strlen(x->path) + strlen(x->other) +
	    (size_t)x->nchunks * INV_CHUNK;
	return r->text <= TEXT_MAX ? 0 : err_set(e, "the answer is too large");
}

static int
add_entry(struct inventory *to, const struct push_item *x, struct err *e)
{
	static const unsigned char	none[INV_DIGEST];
	struct inv_entry		*y;

	if (to->n >= INV_ENTRIES_MAX || (to->n > 0 &&
	    inv_compare(to->v[to->n - 1].path, x->path) >= 0))
		return err_set(e, "the answer is out of order");
	y = inv_add(to, x->path);
	y->mode = x->mode;
	y->kind = x->letter == PUSH_LINK ? INV_LINK :
	    x->letter == PUSH_ENTRY ? INV_FILE : INV_DIR;
	y->target = inv_keep(to, x->other, strlen(x->other));
	y->size = x->size;
	memcpy(y->digest, x->digest, INV_DIGEST);
	y->hashed = memcmp(x->digest, none, INV_DIGEST) != 0;
	y->nchunks = x->nchunks;
	if (x->nchunks > 0)
		y->chunks = (unsigned char *)inv_keep(to, x->chunks,
		    (size_t)x->nchunks * INV_CHUNK);
	if (x->letter == PUSH_GONE)
		y->mark = REMOTE_GONE;
	else if (x->letter == PUSH_EMPTIED)
		y->mark = REMOTE_EMPTIED;
	return 0;
}

/* to: where entries go by now; NULL: none may come. */
static int
take(struct remote *r, const struct push_item *x, struct inventory **to,
    struct err *e)
{
	switch (x->letter) {
	case PUSH_KEPT:
		return add_kept(r, x, e);
	case PUSH_HERE:
		if (r->here.n >= HERE_MAX)
			return err_set(e, "the answer is too large");
		strs_add(&r->here, x->path);
		return 0;
	case PUSH_ALL:
		r->told = true;
		*to = &r->record;
		return 0;
	case PUSH_DIFFS:
		*to = &r->differs;
		return 0;
	case PUSH_DIR:
	case PUSH_LINK:
	case PUSH_ENTRY:
	case PUSH_GONE:
	case PUSH_EMPTIED:
		if (*to != NULL)
			return add_entry(*to, x, e);
		break;
	}
	return err_set(e, "the answer has an item in the wrong place");
}

static int
by_digest(const void *a, const void *b)
{
	return memcmp(a, b, INV_DIGEST);
}

static int
read_all(struct remote *r, struct push_reader *in, struct err *e)
{
	struct push_item	 x;
	struct inventory	*to = NULL;

	if (push_read(in, &x, e) == -1)
		return -1;
	if (x.letter != PUSH_HEAD || x.num != PUSH_VERSION)
		return err_set(e, "the answer is of a version that is not known");
	r->busy = (x.flags & PUSH_F_BUSY) != 0;
	r->recorded = (x.flags & PUSH_F_RECORD) != 0;
	memcpy(r->id, x.digest, INV_DIGEST);
	while (push_read(in, &x, e) == 0) {
		if (x.letter == PUSH_END)
			return 0;
		if (count_text(r, &x, e) == -1 || take(r, &x, &to, e) == -1)
			return -1;
	}
	return -1;
}

int
remote_parse(struct remote *r, const void *p, size_t len, struct err *e)
{
	struct unpack		*u = unpack_new_bytes(p, len);
	struct push_reader	*in = push_reader_new(next_piece, u);
	int			 ret;

	memset(r, 0, sizeof *r);
	ret = read_all(r, in, e);
	push_reader_free(in);
	unpack_free(u);
	if (r->nkept > 1)
		qsort(r->kept, r->nkept, INV_DIGEST, by_digest);
	if (ret == -1)
		remote_release(r);
	return ret;
}

void
remote_release(struct remote *r)
{
	inv_release(&r->record);
	inv_release(&r->differs);
	strs_release(&r->here);
	free(r->kept);
	memset(r, 0, sizeof *r);
}

bool
remote_keeps(const struct remote *r, const unsigned char digest[INV_DIGEST])
{
	return r->nkept > 0 && bsearch(digest, r->kept, r->nkept, INV_DIGEST,
	    by_digest) != NULL;
}
