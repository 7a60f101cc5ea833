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

/* why NULL: all was read. */
static void
reading_end(struct reading *r, const struct err *why)
{
	if (why != NULL)
		body_fail(r->body, why);
	else
		body_end(r->body, NULL);
	if (r->blob != NULL) {
		r->blob->readers--;
		uploads_use(r->all, r->blob);
	}
	TAILQ_REMOVE(&r->all->readings, r, entry);
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
	ssize_t		 n;

	while (!body_closed(body) && !body_full(body) && r->at < size) {
		n = buf_pread_fd(body_buf(body), r->fd, (int64_t)r->at,
		    size - r->at < READ_PIECE ? (size_t)(size - r->at) : READ_PIECE);
		if (n <= 0) {
			(void)err_set(&e, "upload: read: %s",
			    n == 0 ? "it is shorter than it was" : strerror(errno));
			reading_end(r, &e);
			return;
		}
		r->at += (uint64_t)n;
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
