/* uploads_read.c - what was uploaded, and what still is, as bodies. */
#include "coordinator/uploads.h"
#include "coordinator/uploads_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xmalloc.h"
#include "io/buf.h"

#define READ_PIECE	(64 * 1024)

/* --- pieces ----------------------------------------------------------------------- */

/* Those who read an upload while it comes in are at the same place: one reads for
 * all, and all send the same bytes. */
struct piece {
	unsigned	 refs;
	unsigned	 serial;	/* of the file */
	uint64_t	 at;
	size_t		 len;
	unsigned char	 bytes[];
};

static void
piece_drop(const void *bytes, size_t len, void *arg)
{
	struct piece	*p = arg;

	(void)bytes;
	(void)len;
	if (--p->refs == 0)
		free(p);
}

static void
piece_keep(struct uploads *all, struct piece *p)
{
	struct piece	**place = &all->pieces[all->next_piece++ % UPLOADS_PIECES];

	if (*place != NULL)
		piece_drop(NULL, 0, *place);
	if ((*place = p) != NULL)
		p->refs++;
}

static struct piece *
piece_find(const struct uploads *all, unsigned serial, uint64_t at)
{
	struct piece	*p;
	size_t		 i;

	for (i = 0; i < UPLOADS_PIECES; i++) {
		p = all->pieces[i];
		if (p != NULL && p->serial == serial && at >= p->at && at < p->at + p->len)
			return p;
	}
	return NULL;
}

/* What is at r->at, at most max bytes; piece_drop when done with it. NULL and e. */
static struct piece *
piece_get(struct reading *r, uint64_t max, struct err *e)
{
	const unsigned	 serial = r->blob != NULL ? r->blob->serial : r->from->serial;
	struct piece	*p = piece_find(r->all, serial, r->at);
	ssize_t		 n;

	if (p != NULL) {
		p->refs++;
		return p;
	}
	if (max > READ_PIECE)
		max = READ_PIECE;
	p = xmalloc(sizeof *p + (size_t)max);
	n = pread(r->fd, p->bytes, (size_t)max, (off_t)r->at);
	if (n <= 0) {
		(void)err_set(e, "upload: read: %s",
		    n == 0 ? "it is shorter than it was" : strerror(errno));
		free(p);
		return NULL;
	}
	p->refs = 1;
	p->serial = serial;
	p->at = r->at;
	p->len = (size_t)n;
	piece_keep(r->all, p);
	return p;
}

/* --- readings --------------------------------------------------------------------- */

/* why NULL: all was read. */
static void
reading_end(struct reading *r, const struct err *why)
{
	size_t	i;

	if (why != NULL)
		body_fail(r->body, why);
	else
		body_end(r->body, NULL);
	if (r->blob != NULL) {
		r->blob->readers--;
		uploads_use(r->all, r->blob);
	}
	TAILQ_REMOVE(&r->all->readings, r, entry);
	for (i = 0; i < UPLOADS_PIECES && TAILQ_EMPTY(&r->all->readings); i++)
		piece_keep(r->all, NULL);
	close(r->fd);
	free(r);
}

/* Bytes that are there to be read. */
static uint64_t
there(const struct reading *r)
{
	return r->blob != NULL ? r->blob->row.bytes : r->from->bytes;
}

static void
on_room(struct body *body, void *arg)
{
	struct reading	*r = arg;
	const uint64_t	 size = there(r);
	struct err	 e = ERR_INIT;
	struct piece	*p;
	size_t		 from;

	while (!body_closed(body) && !body_full(body) && r->at < size) {
		if ((p = piece_get(r, size - r->at, &e)) == NULL) {
			reading_end(r, &e);
			return;
		}
		from = (size_t)(r->at - p->at);
		r->at = p->at + p->len;
		buf_add_ref(body_buf(body), p->bytes + from, p->len - from, piece_drop, p);
		body_wrote(body);
	}
	if (body_closed(body) || (r->at == size && r->blob != NULL))
		reading_end(r, NULL);
}

static struct body *
reading_new(struct uploads *all, struct blob *b, struct upload *u, int fd)
{
	struct reading	*r = xcalloc(1, sizeof *r);

	r->all = all;
	r->blob = b;
	r->from = u;
	r->fd = fd;
	r->body = body_new(all->loop, b != NULL ? (int64_t)b->row.bytes : -1);
	if (b != NULL) {
		b->readers++;
		uploads_use(all, b);
	}
	TAILQ_INSERT_TAIL(&all->readings, r, entry);
	body_on_room(r->body, on_room, r);
	return r->body;
}

struct body *
uploads_open(struct uploads *all, const char *user, const char *id, struct err *e)
{
	struct blob	*b = uploads_blob(all, user, id);
	struct upload	*u = b != NULL ? NULL : uploads_under_way(all, user, id);
	char		 file[UPLOADS_FILE];
	int		 fd;

	if (b == NULL && u == NULL) {
		(void)err_code(e, UPLOADS_MISSING, "upload %.64s: not held (any more)",
		    id);
		return NULL;
	}
	if (b != NULL)
		blob_file(b, file, sizeof file);
	else
		upload_file(u, file, sizeof file);
	if ((fd = openat(all->dir, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) == -1) {
		(void)err_errno(e, "upload %s: open it", id);
		e->code = UPLOADS_MISSING;
		return NULL;
	}
	return reading_new(all, b, u, fd);
}

/* --- of one that still comes in --------------------------------------------------- */

void
readings_more(struct upload *u)
{
	struct reading	*r, *next;

	for (r = TAILQ_FIRST(&u->all->readings); r != NULL; r = next) {
		next = TAILQ_NEXT(r, entry);
		if (r->from == u)
			on_room(r->body, r);
	}
}

void
readings_held(struct upload *u, struct blob *b)
{
	struct reading	*r, *next;

	for (r = TAILQ_FIRST(&u->all->readings); r != NULL; r = next) {
		next = TAILQ_NEXT(r, entry);
		if (r->from != u)
			continue;
		r->from = NULL;
		r->blob = b;
		b->readers++;
		on_room(r->body, r);
	}
}

void
readings_broke(struct upload *u, const struct err *why)
{
	struct reading	*r, *next;

	for (r = TAILQ_FIRST(&u->all->readings); r != NULL; r = next) {
		next = TAILQ_NEXT(r, entry);
		if (r->from == u)
			reading_end(r, why);
	}
}

void
readings_end(struct uploads *all, const struct err *why)
{
	struct reading	*r;

	while ((r = TAILQ_FIRST(&all->readings)) != NULL)
		reading_end(r, why);
}
