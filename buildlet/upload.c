/* upload.c - frames out of a body, and a file out of frames. */
#include "buildlet/upload.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/xmalloc.h"
#include "io/buf.h"

/* ---- the sending side ---- */

struct framing {
	struct body	*src;
	struct body	*dst;
	struct evbuffer	*head;	/* scratch: a frame's length must not cost a block */
};

static void
framing_free(struct framing *f)
{
	body_close(f->src);
	buf_free(f->head);
	free(f);
}

static void
head_add(struct framing *f, size_t len)
{
	const unsigned char	head[UPLOAD_HEAD] = {
		(unsigned char)(len >> 24), (unsigned char)(len >> 16),
		(unsigned char)(len >> 8), (unsigned char)len };

	buf_add(f->head, head, sizeof head);
	buf_move(body_buf(f->dst), f->head, sizeof head);
}

/* Moves what there is, as frames; true while dst has room. */
static bool
framing_move(struct framing *f)
{
	struct evbuffer	*in = body_buf(f->src);
	size_t		 len;

	while ((len = buf_len(in)) > 0) {
		if (body_full(f->dst))
			return false;
		if (len > UPLOAD_FRAME_MAX)
			len = UPLOAD_FRAME_MAX;
		head_add(f, len);
		buf_move(body_buf(f->dst), in, len);
		body_took(f->src);
		body_wrote(f->dst);
	}
	return true;
}

static void
framing_pass(struct framing *f)
{
	const struct err	*why;

	if (body_closed(f->dst)) {
		body_end(f->dst, NULL);
		framing_free(f);
		return;
	}
	if (!framing_move(f))
		return;
	why = body_error(f->src);
	if (why == NULL && !body_done(f->src))
		return;
	if (why != NULL) {
		body_fail(f->dst, why);
	} else {
		head_add(f, 0);
		body_wrote(f->dst);
		body_end(f->dst, NULL);
	}
	framing_free(f);
}

static void
on_src(struct body *b, void *arg)
{
	(void)b;
	framing_pass(arg);
}

static void
on_room(struct body *b, void *arg)
{
	(void)b;
	framing_pass(arg);
}

struct body *
upload_frames(struct loop *loop, struct body *src)
{
	struct framing	*f = xcalloc(1, sizeof *f);
	struct body	*dst = body_new(loop, -1);

	f->src = src;
	f->dst = dst;
	f->head = buf_new();
	body_on_room(dst, on_room, f);
	body_on_data(src, on_src, f);
	return dst;
}

/* ---- the receiving side ---- */

/* The next bytes, at most max, where they lie; -1 and e. */
static ssize_t
piece_next(struct ring *in, const void **p, size_t max, struct err *e)
{
	ssize_t	n = ring_next(in, p);

	if (n == -1)
		return err_errno(e, "read the upload");
	if (n == 0)
		return err_set(e, "the upload broke off");
	return (size_t)n < max ? n : (ssize_t)max;
}

/* The length of the next frame; -1 and e. */
static ssize_t
head_receive(struct ring *in, struct err *e)
{
	unsigned char	head[UPLOAD_HEAD];
	const void	*p;
	size_t		i, len;
	ssize_t		n;

	for (i = 0; i < sizeof head; i += (size_t)n) {
		if ((n = piece_next(in, &p, sizeof head - i, e)) == -1)
			return -1;
		memcpy(head + i, p, (size_t)n);
		ring_took(in, (size_t)n);
	}
	len = (size_t)head[0] << 24 | (size_t)head[1] << 16 |
	    (size_t)head[2] << 8 | head[3];
	if (len > UPLOAD_FRAME_MAX)
		return err_set(e, "a frame of %zu bytes", len);
	return (ssize_t)len;
}

static int
frame_receive(struct ring *in, int out, size_t len, struct err *e)
{
	const void	*p;
	ssize_t		 n;

	for (; len > 0; len -= (size_t)n) {
		if ((n = piece_next(in, &p, len, e)) == -1)
			return -1;
		if (file_write_all(out, p, (size_t)n) == -1)
			return err_errno(e, "write");
		ring_took(in, (size_t)n);
	}
	return 0;
}

int
upload_receive(struct ring *in, int out, uint64_t *bytes, struct err *e)
{
	ssize_t	len;

	*bytes = 0;
	while ((len = head_receive(in, e)) > 0) {
		if (frame_receive(in, out, (size_t)len, e) == -1)
			return -1;
		*bytes += (uint64_t)len;
	}
	return len == 0 ? 0 : -1;
}
