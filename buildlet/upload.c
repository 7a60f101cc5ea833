/* upload.c - frames out of a body, and a file out of frames. */
#include "buildlet/upload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/xmalloc.h"
#include "io/buf.h"

#define PIPE_SIZE	(1024 * 1024)
#define COPY_SIZE	(128 * 1024)

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

static int
bytes_copy(int in, int out, char *buf, size_t len, struct err *e)
{
	size_t	n;
	ssize_t	got;

	while (len > 0) {
		n = len < COPY_SIZE ? len : COPY_SIZE;
		got = file_read_full(in, buf, n);
		if (got == -1)
			return err_errno(e, "read the upload");
		if ((size_t)got < n)
			return err_set(e, "the upload broke off");
		if (file_write_all(out, buf, n) == -1)
			return err_errno(e, "write");
		len -= n;
	}
	return 0;
}

#ifdef __linux__
/* From pipe to file within the kernel. Leaves in *len what is still to come
 * where the kernel cannot do it for this pair. */
static int
bytes_splice(int in, int out, size_t *len, struct err *e)
{
	ssize_t	n;

	while (*len > 0) {
		n = splice(in, NULL, out, NULL, *len, SPLICE_F_MOVE);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && (errno == EINVAL || errno == ENOSYS ||
		    errno == EPERM || errno == EBADF))
			return 0;
		if (n == -1)
			return err_errno(e, "write");
		if (n == 0)
			return err_set(e, "the upload broke off");
		*len -= (size_t)n;
	}
	return 0;
}
#endif

static int
frame_receive(int in, int out, char *buf, size_t len, struct err *e)
{
#ifdef __linux__
	if (bytes_splice(in, out, &len, e) == -1)
		return -1;
#endif
	return bytes_copy(in, out, buf, len, e);
}

/* The length of the next frame; -1 and e. */
static ssize_t
head_receive(int in, struct err *e)
{
	unsigned char	head[UPLOAD_HEAD];
	ssize_t		n = file_read_full(in, head, sizeof head);
	size_t		len;

	if (n == -1)
		return err_errno(e, "read the upload");
	if (n < UPLOAD_HEAD)
		return err_set(e, "the upload broke off");
	len = (size_t)head[0] << 24 | (size_t)head[1] << 16 |
	    (size_t)head[2] << 8 | head[3];
	if (len > UPLOAD_FRAME_MAX)
		return err_set(e, "a frame of %zu bytes", len);
	return (ssize_t)len;
}

int
upload_receive(int in, int out, uint64_t *bytes, struct err *e)
{
	char	*buf = xmalloc(COPY_SIZE);
	ssize_t	 len;
	int	 ret = -1;

#ifdef F_SETPIPE_SZ
	(void)fcntl(in, F_SETPIPE_SZ, PIPE_SIZE);	/* else it keeps its size */
#endif
	*bytes = 0;
	while ((len = head_receive(in, e)) > 0) {
		if (frame_receive(in, out, buf, (size_t)len, e) == -1)
			goto out;
		*bytes += (uint64_t)len;
	}
	ret = len == 0 ? 0 : -1;
out:
	free(buf);
	return ret;
}
