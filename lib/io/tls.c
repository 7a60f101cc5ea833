/*
 * tls.c - the TLS bottom; its contexts are in tls_ctx.c.
 *
 * OpenSSL never touches the descriptor: its BIO reads from a window over the
 * loop's scratch memory, filled by one read(2), and writes into another
 * scratch that one write(2) empties, so a system call moves up to sixteen full
 * records.
 * All ciphertext that was read is decrypted at once, so nothing can be left
 * over in between when `in` is full (it may then hold one record too many).
 * What the system did not take waits in `pend`; until it is gone nothing more
 * is encrypted.
 */
#include "io/tls.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "io/buf.h"
#include "io/inside.h"
#include "io/tls_ctx.h"

#define RECORD		(16 * 1024)	/* plain bytes of a full record */
#define BATCH		(256 * 1024)	/* ciphertext for one write */
#define BLOCK		(128 * 1024 - 64) /* as CHAIN_BULK, but fewer of them */
#define PIECE_MIN	(8 * 1024)	/* shorter pieces are gathered to a record */
#define BULK_MIN	(8 * 1024)	/* shorter reads are copied, not chained */
#define PEND_MAX	(512 * 1024)	/* answers that a peer lets pile up */

struct tls {
	struct tcp		 t;	/* first: a stream too */
	struct tls_ctx		*ctx;
	SSL			*ssl;
	char			*name;	/* of the server; key of its session */
	const unsigned char	*win;	/* ciphertext not yet taken by OpenSSL */
	size_t			 win_len;
	size_t			 out_len;	/* ours in the loop's out scratch */
	struct evbuffer		*pend;	/* ciphertext; NULL when there is none */
	bool			 said_bye;	/* close_notify is encrypted */
	bool			 failing;	/* in write_failed: no more writes */
};

static struct tls *
of(struct stream *s)
{
	return (struct tls *)s;
}

/* --- BIO ------------------------------------------------------------------ */

static int
bio_read(BIO *b, char *p, int len)
{
	struct tls	*t = BIO_get_data(b);
	size_t		 n = t->win_len;

	BIO_clear_retry_flags(b);
	if (len <= 0)
		return 0;
	if (n == 0) {
		BIO_set_retry_read(b);
		return -1;
	}
	if (n > (size_t)len)
		n = (size_t)len;
	memcpy(p, t->win, n);
	t->win += n;
	t->win_len -= n;
	return (int)n;
}

static void
pend_add(struct tls *t, const void *p, size_t len)
{
	if (len == 0)
		return;
	if (t->pend == NULL)
		t->pend = buf_new();
	buf_add(t->pend, p, len);
	t->t.s.below = buf_len(t->pend);
}

static void
spill(struct tls *t)
{
	pend_add(t, loop_io(t->t.s.loop)->out, t->out_len);
	t->out_len = 0;
}

static int
bio_write(BIO *b, const char *p, int len)
{
	struct tls *t = BIO_get_data(b);

	BIO_clear_retry_flags(b);
	if (len <= 0)
		return 0;
	if (t->pend != NULL || t->out_len + (size_t)len > SCRATCH_OUT) {
		spill(t);
		pend_add(t, p, (size_t)len);
		return len;
	}
	memcpy(loop_io(t->t.s.loop)->out + t->out_len, p, (size_t)len);
	t->out_len += (size_t)len;
	return len;
}

static long
bio_ctrl(BIO *b, int cmd, long num, void *p)
{
	(void)b;
	(void)num;
	(void)p;
	return cmd == BIO_CTRL_FLUSH;
}

BIO_METHOD *
tls_bio(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "stream");

	if (m == NULL || !BIO_meth_set_read(m, bio_read) ||
	    !BIO_meth_set_write(m, bio_write) ||
	    !BIO_meth_set_ctrl(m, bio_ctrl))
		fatalx("TLS: out of memory");
	return m;
}

/* --- what went wrong -------------------------------------------------------- */

static void
tls_fail(struct tls *t)
{
	struct stream	*s = &t->t.s;
	char		 buf[256];
	const char	*why;

	why = tls_ctx_why(t->ctx, s->opened ? NULL : t->ssl, t->name, buf,
	    sizeof buf);
	tcp_stop_read(&t->t);
	t->t.dead = true;
	if (s->opened || s->doing == NULL)
		stream_bottom_error(s, STREAM_TLS, "%s: TLS: %s", s->peer, why);
	else
		stream_bottom_error(s, STREAM_TLS, "TLS: %s", why);
	ERR_clear_error();
}

/* --- sending ---------------------------------------------------------------- */

static void tls_fill(struct stream *);

/* What the peer said before it left is still worth reading. */
static void
write_failed(struct tls *t)
{
	int error = errno;

	t->failing = true;
	if (t->t.s.opened && !t->t.s.eof)
		tls_fill(&t->t.s);
	errno = error;
	if (!t->t.dead)
		tcp_fail(&t->t, "write");
}

/* True: nothing is pending any more. */
static bool
send_pend(struct tls *t)
{
	ssize_t n = 1;

	if (t->pend == NULL)
		return true;
	if (t->t.dead || t->failing || t->t.blocked)
		return false;
	while (n > 0 && buf_len(t->pend) > 0)
		n = buf_write_fd(t->pend, t->t.wfd, buf_len(t->pend));
	if (n == -1 && errno != EAGAIN && errno != EINTR) {
		write_failed(t);
		return false;
	}
	t->t.s.below = buf_len(t->pend);
	if (t->t.s.below > 0) {
		tcp_arm_write(&t->t);
	} else {
		buf_free(t->pend);
		t->pend = NULL;
	}
	stream_bottom_wrote(&t->t.s, 0);
	return t->pend == NULL;
}

/* The scratch to the system; what it does not take becomes pend. */
static void
send_scratch(struct tls *t)
{
	const unsigned char	*p = loop_io(t->t.s.loop)->out;
	size_t			 len = t->out_len;
	ssize_t			 n;

	t->out_len = 0;
	if (t->t.dead || t->failing)
		return;
	if (len == 0) {
		(void)send_pend(t);
		return;
	}
	n = write(t->t.wfd, p, len);
	if (n == -1 && errno != EAGAIN && errno != EINTR) {
		write_failed(t);
		return;
	}
	if (n < 0)
		n = 0;
	pend_add(t, p + n, len - (size_t)n);
	if (t->pend != NULL)
		tcp_arm_write(&t->t);
}

/* The next bytes of out, for one record; gathered where they lie in crumbs. */
static const void *
piece(struct tls *t, size_t *len)
{
	struct stream	*s = &t->t.s;
	unsigned char	*plain = loop_io(s->loop)->plain;
	const void	*p = buf_peek(s->out, len);
	size_t		 all = buf_len(s->out);

	if (*len >= PIECE_MIN || *len == all) {
		if (*len > RECORD)
			*len = RECORD;
		return p;
	}
	*len = all < RECORD ? all : RECORD;
	if (evbuffer_copyout(s->out, plain, *len) != (ev_ssize_t)*len)
		fatalx("TLS: the buffer holds less than it says");
	return plain;
}

/* Returns how much of out was encrypted; 0 where that failed. */
static size_t
encrypt_batch(struct tls *t)
{
	struct stream	*s = &t->t.s;
	size_t		 taken = 0, len, n;
	const void	*p;

	ERR_clear_error();
	while (t->out_len < BATCH && buf_len(s->out) > 0) {
		p = piece(t, &len);
		if (SSL_write_ex(t->ssl, p, len, &n) != 1) {
			tls_fail(t);
			return 0;
		}
		buf_drain(s->out, n);
		taken += n;
	}
	return taken;
}

static void
say_goodbye(struct tls *t)
{
	if (!t->said_bye) {
		t->said_bye = true;
		ERR_clear_error();
		(void)SSL_shutdown(t->ssl);	/* 0: sent, not yet answered */
		ERR_clear_error();
		send_scratch(t);
	}
	if (t->pend != NULL || t->t.dead)
		return;
	(void)shutdown(t->t.wfd, SHUT_WR);
	stream_bottom_shut(&t->t.s);
}

static void
tls_flush(struct stream *s)
{
	struct tls	*t = of(s);
	size_t		 done = 0, n;

	if (t->t.dead || t->t.blocked || !s->opened || !send_pend(t))
		return;
	while (buf_len(s->out) > 0 && done < TURN_BUDGET) {
		if ((n = encrypt_batch(t)) == 0)
			return;
		send_scratch(t);
		done += n;
		stream_bottom_wrote(s, n);
		if (t->t.dead || t->pend != NULL)
			return;
	}
	if (buf_len(s->out) > 0)
		stream_again(s);
	else if (s->shut_wanted && !s->shut_done)
		say_goodbye(t);
}

static void
on_write(evutil_socket_t fd, short what, void *arg)
{
	struct tls *t = arg;

	(void)fd;
	(void)what;
	t->t.blocked = false;
	if (send_pend(t) && t->t.s.opened)
		tls_flush(&t->t.s);
}

/* --- receiving -------------------------------------------------------------- */

/* After SSL_read_ex said no. */
static void
read_stopped(struct tls *t)
{
	struct stream *s = &t->t.s;

	switch (SSL_get_error(t->ssl, 0)) {
	case SSL_ERROR_WANT_READ:
		return;
	case SSL_ERROR_ZERO_RETURN:
		tcp_stop_read(&t->t);
		t->win_len = 0;
		stream_bottom_eof(s);
		return;
	default:
		send_scratch(t);	/* the alert */
		tls_fail(t);
	}
}

/* Decrypts into memory of the loop and copies: for little. */
static bool
decrypt_small(struct tls *t, size_t *got)
{
	unsigned char	*p = loop_io(t->t.s.loop)->plain;
	size_t		 n;

	if (SSL_read_ex(t->ssl, p, SCRATCH_PLAIN, &n) != 1)
		return false;
	buf_add(t->t.s.in, p, n);
	*got += n;
	return true;
}

/* Decrypts into a block of `in`. */
static bool
decrypt_bulk(struct tls *t, size_t *got)
{
	struct evbuffer_iovec	 v;
	unsigned char		*p;
	size_t			 room, n, used = 0;
	bool			 more = true;

	/* What was read, and the record of which OpenSSL has the beginning. */
	room = t->win_len + (SSL_has_pending(t->ssl) ? RECORD : 0);
	if (room > BLOCK)
		room = BLOCK;
	if (evbuffer_reserve_space(t->t.s.in, (ev_ssize_t)room, &v, 1) != 1)
		fatalx("TLS: out of memory");
	p = v.iov_base;		/* and room, or more */
	while (used < room && more) {
		more = SSL_read_ex(t->ssl, p + used, room - used, &n) == 1;
		used += more ? n : 0;
	}
	v.iov_len = used;
	if (used > 0 && evbuffer_commit_space(t->t.s.in, &v, 1) == -1)
		fatalx("TLS: commit what was read");
	if (used == 0)
		tcp_unreserve(t->t.s.in);
	*got += used;
	return more;
}

static void
decrypt(struct tls *t)
{
	size_t	got = 0;
	bool	bulk = t->win_len >= BULK_MIN, more = true;

	ERR_clear_error();
	while (more && (t->win_len > 0 || SSL_pending(t->ssl) > 0))
		more = bulk ? decrypt_bulk(t, &got) : decrypt_small(t, &got);
	if (got > 0)
		stream_bottom_readable(&t->t.s, got);
	if (!more)
		read_stopped(t);
	send_scratch(t);
	if (t->pend != NULL && buf_len(t->pend) > PEND_MAX && !t->t.dead) {
		errno = ENOBUFS;
		tcp_fail(&t->t, "answer");
	}
}

static void
shake(struct tls *t)
{
	int r;

	ERR_clear_error();
	r = SSL_do_handshake(t->ssl);
	send_scratch(t);
	if (t->t.dead)
		return;
	if (r == 1) {
		stream_bottom_open(&t->t.s);
		decrypt(t);
	} else if (SSL_get_error(t->ssl, r) != SSL_ERROR_WANT_READ)
		tls_fail(t);
}

static void
ended(struct tls *t)
{
	struct stream *s = &t->t.s;

	tcp_stop_read(&t->t);
	if (s->opened) {
		s->truncated = true;
		stream_bottom_eof(s);
		return;
	}
	t->t.dead = true;
	stream_bottom_error(s, STREAM_RESET, "%sthe peer closed during the TLS handshake",
	    s->doing == NULL ? "TLS: " : "");
}

/* Returns false when this was all for now. */
static bool
read_once(struct tls *t, size_t want, size_t *done)
{
	unsigned char	*p = loop_io(t->t.s.loop)->in;
	ssize_t		 n = read(t->t.rfd, p, want);

	if (n == 0) {
		ended(t);
		return false;
	}
	if (n == -1) {
		if (errno != EAGAIN && errno != EINTR)
			tcp_fail(&t->t, "read");
		return false;
	}
	t->win = p;
	t->win_len = (size_t)n;
	if (t->t.s.opened)
		decrypt(t);
	else
		shake(t);
	*done += (size_t)n;
	return (size_t)n == want && !t->t.dead;
}

static void
tls_fill(struct stream *s)
{
	struct tls	*t = of(s);
	size_t		 done = 0, room;

	while (!t->t.dead && done < TURN_BUDGET && (room = stream_room(s)) > 0)
		if (!read_once(t, room < SCRATCH_IN ? room : SCRATCH_IN, &done))
			break;
}

static void
on_read(evutil_socket_t fd, short what, void *arg)
{
	struct tls *t = arg;

	(void)fd;
	(void)what;
	if (stream_room(&t->t.s) == 0)
		tcp_stop_read(&t->t);
	else
		tls_fill(&t->t.s);
}

/* --- life ------------------------------------------------------------------- */

static void
tls_close(struct stream *s)
{
	struct tls *t = of(s);

	/* Else OpenSSL would throw the session away that we keep. */
	SSL_set_shutdown(t->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(t->ssl);
	t->ssl = NULL;
	buf_free(t->pend);
	t->pend = NULL;
	tcp_release(&t->t);
	tls_ctx_free(t->ctx);
}

static void
tls_destroy(struct stream *s)
{
	struct tls *t = of(s);

	free(t->name);
	free(t);
}

static const struct stream_ops tls_ops = {
	.name = "tls",
	.fill = tls_fill,
	.flush = tls_flush,
	.consumed = tcp_consumed,
	.close = tls_close,
	.destroy = tls_destroy,
};

bool
stream_is_tls(const struct stream *s)
{
	return s->ops == &tls_ops;
}

bool
tls_resumed(const struct stream *s)
{
	return stream_is_tls(s) && s->opened && !s->closed &&
	    SSL_session_reused(((const struct tls *)s)->ssl) == 1;
}

static void
set_client(struct tls *t, const char *name)
{
	SSL_set_connect_state(t->ssl);
	t->name = xstrdup(name);
	SSL_set_app_data(t->ssl, t->name);
	tls_ctx_name(t->ctx, t->ssl, name);
	tls_ctx_resume(t->ctx, t->ssl, name);
}

struct stream *
tls_new(struct loop *l, struct tls_ctx *c, bool server, const char *server_name,
    const char *peer)
{
	struct tls	*t = xcalloc(1, sizeof *t);
	BIO		*b;

	stream_init(&t->t.s, l, &tls_ops, peer);
	t->t.rfd = t->t.wfd = -1;
	t->ctx = c;
	c->refs++;
	ERR_clear_error();
	if ((t->ssl = SSL_new(c->ssl)) == NULL || (b = BIO_new(c->bio)) == NULL)
		fatalx("TLS: out of memory");
	BIO_set_data(b, t);
	BIO_set_init(b, 1);
	SSL_set_bio(t->ssl, b, b);
	if (server)
		SSL_set_accept_state(t->ssl);
	else
		set_client(t, server_name != NULL ? server_name : "");
	return &t->t.s;
}

void
tls_attach(struct stream *s, int fd)
{
	struct tls *t = of(s);

	tcp_attach(&t->t, fd, fd, on_read, on_write);
	shake(t);
}

struct stream *
tls_over_fd(struct loop *l, struct tls_ctx *c, int fd, bool server,
    const char *server_name, int64_t handshake_ms, const char *peer)
{
	struct stream	*s = tls_new(l, c, server, server_name, peer);
	char		*doing = xasprintf("TLS handshake with %s", peer);

	stream_open_by(s, handshake_ms, doing);
	free(doing);
	tls_attach(s, fd);
	return s;
}
