/* feed.c - a descriptor read into a body, as the body has room. */
#include "client/feed.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "io/buf.h"
#include "io/loop.h"

#define PIECE (64 * 1024)

struct feed {
	struct loop	*loop;
	int		 fd;
	const char	*name;
	struct body	*body;		/* the writer's end; NULL: ended */
	bool		 file;		/* left is how much it has */
	int64_t		 left;
	bool		 polled;	/* a pipe, socket or terminal; else always readable */
	uint64_t	 bytes;		/* read */
	struct watch	*watch;		/* where polled, while there is room */
	bool		 failed;
	struct err	 why;
};

static void
feed_stop(struct feed *f)
{
	watch_free(f->watch);
	f->watch = NULL;
}

static void
feed_fail(struct feed *f)
{
	struct body	*b = f->body;

	feed_stop(f);
	f->failed = true;
	f->body = NULL;
	body_on_room(b, NULL, NULL);
	body_fail(b, &f->why);
}

static void
feed_end(struct feed *f)
{
	struct body	*b = f->body;

	if (f->file && f->left > 0 && !body_closed(b)) {
		err_set(&f->why, "read %s: it became shorter meanwhile", f->name);
		feed_fail(f);
		return;
	}
	feed_stop(f);
	f->body = NULL;
	body_on_room(b, NULL, NULL);
	body_end(b, NULL);
}

/* One read; false: nothing more to read for now, or for ever. */
static bool
feed_read(struct feed *f)
{
	size_t	 max = f->file && f->left < PIECE ? (size_t)f->left : PIECE;
	ssize_t	 n = max > 0 ? buf_read_fd(body_buf(f->body), f->fd, max) : 0;

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n == -1) {
		err_errno(&f->why, "read %s", f->name);
		feed_fail(f);
		return false;
	}
	if (n == 0) {
		feed_end(f);
		return false;
	}
	f->left -= n;
	f->bytes += (uint64_t)n;
	body_wrote(f->body);
	return !f->polled;
}

static void
on_readable(void *arg)
{
	struct feed	*f = arg;

	feed_read(f);
	if (f->body != NULL && body_full(f->body))
		feed_stop(f);
}

static void
on_room(struct body *b, void *arg)
{
	struct feed	*f = arg;

	if (body_closed(b))
		feed_end(f);
	else if (f->polled && f->watch == NULL)
		f->watch = watch_readable(f->loop, f->fd, on_readable, f);
	else
		while (!f->polled && f->body != NULL && !body_full(f->body) &&
		    feed_read(f))
			;
}

struct feed *
feed_new(struct loop *loop, int fd, const char *name, struct body **body,
    struct err *e)
{
	struct feed	*f;
	struct stat	 st;
	off_t		 at;

	if (fstat(fd, &st) == -1) {
		err_errno(e, "read %s", name);
		return NULL;
	}
	if (S_ISDIR(st.st_mode)) {
		err_set(e, "read %s: it is a directory", name);
		return NULL;
	}
	f = xcalloc(1, sizeof *f);
	f->loop = loop;
	f->fd = fd;
	f->name = name;
	f->file = S_ISREG(st.st_mode);
	f->polled = S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || isatty(fd);
	at = f->file ? lseek(fd, 0, SEEK_CUR) : 0;
	f->left = at > 0 && at <= st.st_size ? st.st_size - at : st.st_size;
	f->body = *body = body_new(loop, f->file ? f->left : -1);
	body_on_room(f->body, on_room, f);
	return f;
}

uint64_t
feed_bytes(const struct feed *f)
{
	return f->bytes;
}

const struct err *
feed_error(const struct feed *f)
{
	return f->failed ? &f->why : NULL;
}

void
feed_free(struct feed *f)
{
	if (f == NULL)
		return;
	if (f->body != NULL) {
		err_set(&f->why, "read %s: given up", f->name);
		feed_fail(f);
	}
	free(f);
}
