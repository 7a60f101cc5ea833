/* superline.c - words over a socket to a supervisor, both ways. */
#include "buildlet/superline.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "io/loop.h"

#define IN_FIRST	1024	/* most words have no payload */
#define FDS_MAX		2

struct superline {
	struct loop			*loop;
	int				 fd;
	const struct superline_cb	*cb;
	void				*arg;
	struct watch			*readable;
	struct watch			*writable;	/* while out is stuck */
	unsigned char			*in;
	size_t				 in_len, in_cap;
	size_t				 in_at;		/* of it, what was given out */
	struct str			 out;
	size_t				 out_at;	/* of it, what is sent */
	bool				 flushing;	/* deferred */
	bool				 dead;
};

static void	on_flush(void *arg);

/* ---- the end ---- */

static void
superline_destroy(void *arg)
{
	struct superline	*l = arg;

	str_release(&l->out);
	free(l->in);
	free(l);
}

/* Lets go of the socket; the memory goes on a clean stack. */
static void
superline_drop(struct superline *l)
{
	l->dead = true;
	watch_free(l->readable);
	watch_free(l->writable);
	l->readable = l->writable = NULL;
	if (l->flushing)
		loop_undefer(l->loop, on_flush, l);
	l->flushing = false;
	loop_defer(l->loop, superline_destroy, l);
}

void
superline_free(struct superline *l)
{
	if (l == NULL || l->dead)
		return;
	superline_drop(l);
	close(l->fd);
}

int
superline_take(struct superline *l)
{
	bool	clean;

	if (l->flushing)
		on_flush(l);
	clean = superline_unsent(l) == 0 && l->in_len == l->in_at;
	superline_drop(l);
	if (clean)
		return l->fd;
	close(l->fd);
	return -1;
}

static void
superline_broken(struct superline *l)
{
	void	(*broken)(void *) = l->cb->broken;
	void	*arg = l->arg;

	superline_free(l);
	broken(arg);
}

/* ---- words to us ---- */

/* Gives out the whole words; false: this is no line. */
static bool
words_give(struct superline *l)
{
	struct superlink_word	w;
	const unsigned char	*payload;

	while (!l->dead && l->in_len - l->in_at >= sizeof w) {
		memcpy(&w, l->in + l->in_at, sizeof w);
		if (w.len > SUPERLINE_IN_MAX)
			return false;
		if (l->in_len - l->in_at < sizeof w + w.len)
			break;
		payload = l->in + l->in_at + sizeof w;
		l->in_at += sizeof w + w.len;
		l->cb->word(&w, payload, l->arg);
	}
	return true;
}

/* What is left is the beginning of a word. */
static void
words_shift(struct superline *l)
{
	l->in_len -= l->in_at;
	memmove(l->in, l->in + l->in_at, l->in_len);
	l->in_at = 0;
	if (l->in_cap == IN_FIRST && l->in_len >= sizeof(struct superlink_word)) {
		l->in_cap = sizeof(struct superlink_word) + SUPERLINE_IN_MAX;
		l->in = xreallocarray(l->in, l->in_cap, 1);
	}
}

static void
on_readable(void *arg)
{
	struct superline	*l = arg;
	ssize_t			 n;

	do
		n = recv(l->fd, l->in + l->in_len, l->in_cap - l->in_len, MSG_DONTWAIT);
	while (n == -1 && errno == EINTR);
	if (n == -1 && errno == EAGAIN)
		return;
	if (n > 0)
		l->in_len += (size_t)n;
	if (n <= 0 || !words_give(l))
		superline_broken(l);
	else if (!l->dead)
		words_shift(l);
}

/* ---- words from us ---- */

/* What the other side's end leaves unsent is found by reading. */
static void
out_send(struct superline *l)
{
	ssize_t	n = 0;

	while (l->out_at < l->out.len) {
		n = send(l->fd, l->out.s + l->out_at, l->out.len - l->out_at,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			break;
		l->out_at += (size_t)n;
	}
	if (l->out_at < l->out.len && errno == EAGAIN)
		return;
	str_clear(&l->out);
	l->out_at = 0;
}

static void
on_flush(void *arg)
{
	struct superline	*l = arg;

	l->flushing = false;
	out_send(l);
	if (l->out.len == 0) {
		watch_free(l->writable);
		l->writable = NULL;
	} else if (l->writable == NULL)
		l->writable = watch_writable(l->loop, l->fd, on_flush, l);
}

void
superline_send(struct superline *l, enum superlink_what what, uint64_t value,
    const void *payload, size_t len)
{
	const struct superlink_word	w = { what, (uint32_t)len, value };

	if (l == NULL || l->dead)
		return;
	if (len > SUPERLINK_PAYLOAD_MAX)
		fatalx("superline: a word of %zu bytes", len);
	str_addn(&l->out, &w, sizeof w);
	if (len > 0)
		str_addn(&l->out, payload, len);
	if (l->flushing || l->writable != NULL)
		return;
	l->flushing = true;
	loop_defer(l->loop, on_flush, l);
}

void
superline_say(struct superline *l, enum superlink_what what, uint64_t value)
{
	superline_send(l, what, value, NULL, 0);
}

size_t
superline_unsent(const struct superline *l)
{
	return l->out.len - l->out_at;
}

/* What did not go out at once: it was a long one. */
static void
job_rest(struct superline *l, const char *payload, size_t len, size_t sent, bool read)
{
	const struct superlink_word	more = { SUPER_READ, 0, 0 };
	size_t				gone = sent < len ? sent : len;

	str_addn(&l->out, payload + gone, len - gone);
	if (read)
		str_addn(&l->out, (const char *)&more + (sent - gone),
		    sizeof more - (sent - gone));
	on_flush(l);
}

int
superline_job(struct superline *l, const void *payload, size_t len,
    const int *fds, size_t n, bool read)
{
	const struct superlink_word	w = { SUPER_JOB, (uint32_t)len, SUPERLINK_VERSION };
	const struct superlink_word	more = { SUPER_READ, 0, 0 };
	union {
		struct cmsghdr	 head;
		char		 room[CMSG_SPACE(FDS_MAX * sizeof(int))];
	}				control;
	struct iovec			v[3] = { { (void *)&w, sizeof w },
					    { (void *)payload, len },
					    { (void *)&more, sizeof more } };
	struct msghdr			m = { .msg_iov = v, .msg_iovlen = read ? 3 : 2,
					    .msg_control = &control,
					    .msg_controllen = CMSG_SPACE(n * sizeof(int)) };
	ssize_t				sent;

	memset(&control, 0, sizeof control);
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(&control.head), fds, n * sizeof(int));
	do
		sent = sendmsg(l->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent == -1 && errno == EINTR);
	if (sent < (ssize_t)sizeof w)
		return -1;
	if (sent < (ssize_t)(sizeof w + len + (read ? sizeof more : 0)))
		job_rest(l, payload, len, (size_t)sent - sizeof w, read);
	return 0;
}

struct superline *
superline_new(struct loop *loop, int fd, const struct superline_cb *cb, void *arg)
{
	struct superline	*l = xcalloc(1, sizeof *l);

	l->loop = loop;
	l->fd = fd;
	l->cb = cb;
	l->arg = arg;
	l->in_cap = IN_FIRST;
	l->in = xmalloc(l->in_cap);
	l->readable = watch_readable(loop, fd, on_readable, l);
	return l;
}
