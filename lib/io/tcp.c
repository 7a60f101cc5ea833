/*
 * tcp.c - the bottom over descriptors: sockets, pipes, ptys, plain files.
 * tls.c stands on it too.
 *
 * Events are level-triggered. Reading is disarmed lazily: only when an event
 * finds `in` full, so that a user who keeps up costs no epoll_ctl. Writing is
 * tried at once, and EV_WRITE armed only after the system took less than all.
 */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <string.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "io/buf.h"
#include "io/inside.h"

/* A read of at least this much is bulk: the next goes into a block of its own
 * instead of being copied from the scratch memory. */
#define BULK_MIN	(32 * 1024)

static void tcp_fill(struct stream *);
static void tcp_flush(struct stream *);
static void tcp_close(struct stream *);
static void tcp_destroy(struct stream *);

static const struct stream_ops tcp_ops = {
	.name = "tcp",
	.fill = tcp_fill,
	.flush = tcp_flush,
	.consumed = tcp_consumed,
	.close = tcp_close,
	.destroy = tcp_destroy,
};

static struct tcp *
of(struct stream *s)
{
	return (struct tcp *)s;
}

/* --- events --------------------------------------------------------------- */

void
tcp_arm_read(struct tcp *t)
{
	static const struct timeval at_once = { 0, 0 };

	if (t->reading || t->dead || t->rev == NULL || t->s.eof)
		return;
	if (event_add(t->rev, t->file ? &at_once : NULL) == -1)
		fatal("%s: watch descriptor %d", t->s.peer, t->rfd);
	t->reading = true;
}

void
tcp_stop_read(struct tcp *t)
{
	if (!t->reading)
		return;
	event_del(t->rev);
	t->reading = false;
}

void
tcp_arm_write(struct tcp *t)
{
	if (t->blocked || t->dead || t->wev == NULL)
		return;
	if (event_add(t->wev, NULL) == -1)
		fatal("%s: watch descriptor %d", t->s.peer, t->wfd);
	t->blocked = true;
}

static void
on_read(evutil_socket_t fd, short what, void *arg)
{
	struct tcp *t = arg;

	(void)fd;
	(void)what;
	if (t->file)
		t->reading = false;
	if (stream_room(&t->s) == 0) {
		tcp_stop_read(t);
		return;
	}
	tcp_fill(&t->s);
	if (t->file)
		tcp_arm_read(t);
}

static void
on_write(evutil_socket_t fd, short what, void *arg)
{
	struct tcp *t = arg;

	(void)fd;
	(void)what;
	t->blocked = false;
	tcp_flush(&t->s);
}

/* Plain files and /dev/null: epoll refuses them, and they never block. */
static bool
always_ready(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 &&
	    (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) ||
	    (S_ISCHR(st.st_mode) && !isatty(fd)));
}

void
tcp_attach(struct tcp *t, int rfd, int wfd, event_callback_fn reader,
    event_callback_fn writer)
{
	struct event_base *base = loop_base(t->s.loop);

	t->rfd = rfd;
	t->wfd = wfd;
	t->s.one_way = rfd == -1;
	if (rfd != -1) {
		file_nonblock(rfd, true);
		file_cloexec(rfd);
		t->file = always_ready(rfd);
		t->rev = t->file ? event_new(base, -1, 0, reader, t) :
		    event_new(base, rfd, EV_READ | EV_PERSIST, reader, t);
		if (t->rev == NULL)
			fatalx("stream: out of memory");
		tcp_arm_read(t);
	}
	if (wfd == -1)
		return;
	if (wfd != rfd) {
		file_nonblock(wfd, true);
		file_cloexec(wfd);
	}
	if ((t->wev = event_new(base, wfd, EV_WRITE, writer, t)) == NULL)
		fatalx("stream: out of memory");
}

/* --- reading --------------------------------------------------------------- */

static enum stream_err
kind_of(int error)
{
	switch (error) {
	case EPIPE:
	case ECONNRESET:
	case ECONNABORTED:
	case ENOTCONN:
		return STREAM_RESET;
	case ETIMEDOUT:
		return STREAM_TIMEOUT;
	default:
		return STREAM_SYSTEM;
	}
}

void
tcp_fail(struct tcp *t, const char *doing)
{
	int error = errno;

	tcp_stop_read(t);
	t->dead = true;
	if (t->s.opened || t->s.doing == NULL)
		stream_bottom_error(&t->s, kind_of(error), "%s: %s: %s",
		    t->s.peer, doing, strerror(error));
	else
		stream_bottom_error(&t->s, kind_of(error), "%s: %s", doing,
		    strerror(error));
}

void
tcp_unreserve(struct evbuffer *b)
{
	int error = errno;

	if (buf_len(b) == 0) {
		buf_add(b, "", 1);	/* draining it all frees all blocks */
		buf_drain(b, 1);
	}
	errno = error;
}

static ssize_t
read_small(struct tcp *t, size_t want)
{
	unsigned char	*p = loop_io(t->s.loop)->in;
	ssize_t		 n;

	if (want > SCRATCH_IN)
		want = SCRATCH_IN;
	if ((n = read(t->rfd, p, want)) > 0)
		buf_add(t->s.in, p, (size_t)n);
	return n;
}

static ssize_t
read_bulk(struct tcp *t, size_t want)
{
	struct evbuffer_iovec	v;
	ssize_t			n;

	if (want > CHAIN_BULK)
		want = CHAIN_BULK;
	if (evbuffer_reserve_space(t->s.in, (ev_ssize_t)want, &v, 1) != 1)
		fatalx("stream: out of memory");
	if (v.iov_len > want)
		v.iov_len = want;
	n = read(t->rfd, v.iov_base, v.iov_len);
	v.iov_len = n > 0 ? (size_t)n : 0;
	if (n > 0 && evbuffer_commit_space(t->s.in, &v, 1) == -1)
		fatalx("stream: commit what was read");
	if (n <= 0) {
		t->bulk = false;
		tcp_unreserve(t->s.in);
	}
	return n;
}

/* False: this was all for now. */
static bool
read_once(struct tcp *t, size_t want, size_t *got)
{
	size_t	asked;
	ssize_t	n;

	asked = want < CHAIN_BULK ? want : CHAIN_BULK;
	n = t->bulk ? read_bulk(t, asked) : read_small(t, asked);
	if (n > 0) {
		t->bulk = n >= BULK_MIN;
		*got += (size_t)n;
		return (size_t)n == asked;
	}
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return false;
	/* A pty says EIO where the last holder of the other side is gone. */
	if (n == 0 || (errno == EIO && isatty(t->rfd))) {
		tcp_stop_read(t);
		stream_bottom_eof(&t->s);
		return false;
	}
	tcp_fail(t, "read");
	return false;
}

static void
tcp_fill(struct stream *s)
{
	struct tcp	*t = of(s);
	size_t		 got = 0, room;

	if (t->dead || t->rfd == -1)
		return;
	while (got < TURN_BUDGET && (room = stream_room(s)) > 0)
		if (!read_once(t, room, &got))
			break;
	if (got > 0)
		stream_bottom_readable(s, got);
}

void
tcp_consumed(struct stream *s)
{
	if (stream_room(s) > 0)
		tcp_arm_read(of(s));
}

/* --- writing --------------------------------------------------------------- */

static void
half_close(struct tcp *t)
{
	if (t->wfd != -1 && t->wfd == t->rfd)
		(void)shutdown(t->wfd, SHUT_WR); /* a pty has no half-close */
	else if (t->wfd != -1) {
		event_free(t->wev);
		t->wev = NULL;
		close(t->wfd);
		t->wfd = -1;
	}
	stream_bottom_shut(&t->s);
}

/* The peer takes no more; what it had said before is still worth reading. */
static void
write_failed(struct tcp *t)
{
	int error = errno;

	if (t->rfd != -1 && !t->s.eof)
		tcp_fill(&t->s);
	errno = error;
	if (!t->dead)
		tcp_fail(t, "write");
}

static void
tcp_flush(struct stream *s)
{
	struct tcp	*t = of(s);
	size_t		 len, done = 0;
	ssize_t		 n;

	if (t->dead || t->blocked)
		return;
	while ((len = buf_len(s->out)) > 0 && done < TURN_BUDGET) {
		if (t->wfd == -1) {
			errno = EPIPE;
			write_failed(t);
			return;
		}
		if (len > TURN_BUDGET)
			len = TURN_BUDGET;
		n = buf_write_fd(s->out, t->wfd, len);
		if (n == -1 && errno != EAGAIN && errno != EINTR) {
			write_failed(t);
			return;
		}
		if (n > 0) {
			done += (size_t)n;
			stream_bottom_wrote(s, (size_t)n);
		}
		if (n == -1 && errno == EAGAIN) {
			tcp_arm_write(t);
			return;
		}
	}
	if (len > 0)
		stream_again(s);
	else if (s->shut_wanted && !s->shut_done)
		half_close(t);
}

/* --- life ------------------------------------------------------------------ */

struct stream *
tcp_new(struct loop *l, const char *peer)
{
	struct tcp *t = xcalloc(1, sizeof *t);

	t->rfd = t->wfd = -1;
	stream_init(&t->s, l, &tcp_ops, peer);
	return &t->s;
}

void
tcp_open(struct stream *s, int fd)
{
	tcp_attach(of(s), fd, fd, on_read, on_write);
	stream_bottom_open(s);
}

struct stream *
stream_from_fd(struct loop *l, int rfd, int wfd, const char *peer)
{
	struct stream *s = tcp_new(l, peer);

	tcp_attach(of(s), rfd, wfd, on_read, on_write);
	stream_bottom_open(s);
	return s;
}

void
tcp_release(struct tcp *t)
{
	t->dead = true;
	t->reading = t->blocked = false;
	if (t->rev != NULL)
		event_free(t->rev);
	if (t->wev != NULL)
		event_free(t->wev);
	t->rev = t->wev = NULL;
	if (t->rfd != -1)
		close(t->rfd);
	if (t->wfd != -1 && t->wfd != t->rfd)
		close(t->wfd);
	t->rfd = t->wfd = -1;
}

static void
tcp_close(struct stream *s)
{
	tcp_release(of(s));
}

static void
tcp_destroy(struct stream *s)
{
	free(of(s));
}
