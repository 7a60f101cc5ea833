/*
 * rdsoak.c [-seconds N] [-drops N] [-seed N] - many yamux sessions with
 * themselves over loopback, half of them in TLS, for a long time: streams that
 * echo random sizes, resets from either end at random bytes, sessions that are
 * cut or drained under load and dialed again; and then connections that are
 * dropped at once. In between everything comes to rest, and there memory,
 * descriptors and streams must be what they were. Exits 0 if they were and no
 * byte was wrong; says what it did.
 */
#include <dirent.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/opt.h"
#include "base/queue.h"
#include "base/xmalloc.h"
#include "io/buf.h"
#include "io/loop.h"
#include "io/net.h"
#include "io/tls.h"
#include "revdial/carriers.h"

#define PAIRS		50
#define STREAMS		6		/* at once on each */
#define ROUNDS		5
#define REST_MS		60000		/* coming to rest may take so long */
#define HEAD		(2 * sizeof(uint64_t))
#define NEVER		UINT64_MAX
#define SLACK		(256 << 10)	/* bytes: what lists and caches may differ by */

/* One end of a session. */
struct end {
	struct pair	*pair;
	struct revdial	*session;	/* NULL: not up */
};

struct pair {
	struct end	 dialer, server;
	struct stream	*dialing;
	struct listener	*listener;	/* of this pair alone */
	struct tls_ctx	*tls;
	int		 open;		/* streams of the dialer */
	bool		 draining;
	TAILQ_HEAD(, job) waiting;	/* asked for, not yet there */
};

/* A stream: at the dialer's end it checks, at the other it echoes. */
struct job {
	struct pair	*pair;		/* NULL: it echoes */
	struct stream	*s;
	uint64_t	 n, cut;	/* bytes in all; the server resets after so many */
	uint64_t	 reset;		/* the dialer resets after so many have come back */
	uint64_t	 sent, got, send_x, get_x;
	bool		 headed;
	TAILQ_ENTRY(job) entry;
};

static struct loop *loop;
static struct pair pairs[PAIRS];
static struct tls_ctx *tls_here, *tls_there;
static uint64_t seed = 1;
static bool resting;
static int64_t jobs, echoes;
static int64_t drops_left;	/* so many of the next connections are dropped at once */
static struct { int64_t done, resets, gone, cuts, drops, bad; } count;

static uint64_t
next(uint64_t *x)
{
	*x = *x * 6364136223846793005U + 1442695040888963407U;
	return *x >> 33;
}

static uint64_t
under(uint64_t n)
{
	return next(&seed) % n;
}

static void fill(struct pair *);

static void
job_end(struct job *j, const char *wrong)
{
	struct pair	*p = j->pair;

	if (wrong != NULL) {
		count.bad++;
		log_error("stream of %" PRIu64 " bytes, %" PRIu64 " came: %s", j->n, j->got, wrong);
	}
	free(j);
	if (p == NULL) {
		echoes--;
		return;
	}
	jobs--;
	p->open--;
	fill(p);
}

static void
job_send(struct job *j)
{
	unsigned char	buf[8192];
	size_t		len, i;

	while (j->sent < j->n && !stream_full(j->s)) {
		len = j->n - j->sent < sizeof buf ? (size_t)(j->n - j->sent) : sizeof buf;
		for (i = 0; i < len; i++)
			buf[i] = (unsigned char)next(&j->send_x);
		stream_write(j->s, buf, len);
		j->sent += len;
	}
	if (j->sent == j->n)
		stream_shut(j->s);
}

static void
job_read(struct stream *s, void *arg)
{
	struct job		*j = arg;
	const unsigned char	*p;
	size_t			 len, i;

	while ((p = buf_peek(stream_in(s), &len)) != NULL) {
		for (i = 0; i < len; i++)
			if (p[i] != (unsigned char)next(&j->get_x)) {
				stream_close(s);
				job_end(j, "wrong byte");
				return;
			}
		j->got += len;
		buf_drain(stream_in(s), len);
	}
	stream_consumed(s);
	if (j->got >= j->reset) {
		stream_close(s);
		count.resets++;
		job_end(j, NULL);
	}
}

static void
job_drained(struct stream *s, void *arg)
{
	(void)s;
	job_send(arg);
}

static void
job_eof(struct stream *s, void *arg)
{
	struct job	*j = arg;

	stream_close(s);
	count.done++;
	job_end(j, j->got == j->n && j->cut == NEVER ? NULL : "ended too early");
}

static void
job_error(struct stream *s, const struct err *why, void *arg)
{
	struct job	*j = arg;
	bool		 fine = why->code == STREAM_GONE ||
			    (why->code == STREAM_RESET && j->cut != NEVER);

	stream_close(s);
	if (why->code == STREAM_GONE)
		count.gone++;
	else
		count.resets++;
	job_end(j, fine ? NULL : why->msg);
}

static const struct stream_cb job_cb = {
	.read = job_read, .drained = job_drained, .eof = job_eof, .error = job_error,
};

/* Small, around a window of 256 KiB, or anything. */
static uint64_t
some_size(void)
{
	switch (under(8)) {
	case 0:
		return 0;
	case 1:
		return 256 * 1024 - 3 + under(6);
	case 2:
		return under(1000000);
	default:
		return under(20000);
	}
}

static void
on_opened(struct stream *s, const struct err *why, void *arg)
{
	struct job	*j = arg;
	uint64_t	 head[2] = { j->n, j->cut };

	(void)why;
	TAILQ_REMOVE(&j->pair->waiting, j, entry);
	if (s == NULL) {	/* the session's end came first */
		count.gone++;
		job_end(j, NULL);
		return;
	}
	j->s = s;
	stream_set_cb(s, &job_cb, j);
	stream_write(s, head, sizeof head);
	job_send(j);
}

static void
add_job(struct pair *p)
{
	struct job	*j = xcalloc(1, sizeof *j);

	j->pair = p;
	j->n = some_size();
	j->cut = under(6) == 0 ? under(j->n + 1) : NEVER;
	j->reset = under(6) == 0 ? under(j->n + 1) : NEVER;
	j->send_x = j->get_x = seed;
	p->open++;
	jobs++;
	TAILQ_INSERT_TAIL(&p->waiting, j, entry);
	revdial_open(p->dialer.session, on_opened, j);
}

/* As many streams as there should be; none while all come to rest. */
static void
fill(struct pair *p)
{
	while (!resting && !p->draining && p->dialer.session != NULL && p->open < STREAMS)
		add_job(p);
}

/* ---- the end that echoes ---- */

static void
echo_more(struct job *j)
{
	struct evbuffer	*in = stream_in(j->s);
	uint64_t	 head[2];
	size_t		 len;
	const void	*p;

	if (!j->headed && (p = buf_pullup(in, sizeof head)) != NULL) {
		memcpy(head, p, sizeof head);
		buf_drain(in, sizeof head);
		j->n = head[0];
		j->cut = head[1];
		j->headed = true;
	}
	while (j->headed && !stream_full(j->s) && (p = buf_peek(in, &len)) != NULL) {
		stream_write(j->s, p, len);
		buf_drain(in, len);
		j->got += len;
	}
	stream_consumed(j->s);
	if (j->headed && j->got >= j->cut) {
		stream_close(j->s);
		job_end(j, NULL);
	} else if (stream_at_eof(j->s)) {
		stream_close_soft(j->s, REST_MS);
		job_end(j, NULL);
	}
}

static void
echo_read(struct stream *s, void *arg)
{
	(void)s;
	echo_more(arg);
}

static void
echo_error(struct stream *s, const struct err *why, void *arg)
{
	(void)why;
	stream_close(s);
	job_end(arg, NULL);
}

static const struct stream_cb echo_cb = {
	.read = echo_read, .drained = echo_read, .eof = echo_read, .error = echo_error,
};

static void
on_accept(struct revdial *r, struct stream *s, void *arg)
{
	struct job	*j = xcalloc(1, sizeof *j);

	(void)r;
	(void)arg;
	echoes++;
	j->s = s;
	stream_set_cb(s, &echo_cb, j);
	stream_read_again(s);
}

/* ---- sessions ---- */

static void dial(struct pair *);

/* One end is over; what it was asked for does not come. When both are, the pair
 * is dialed again. */
static void
end_over(struct end *e)
{
	struct pair	*p = e->pair;
	struct job	*j;

	revdial_free(e->session);
	e->session = NULL;
	while (e == &p->dialer && (j = TAILQ_FIRST(&p->waiting)) != NULL) {
		TAILQ_REMOVE(&p->waiting, j, entry);
		count.gone++;
		job_end(j, NULL);
	}
	if (p->dialer.session == NULL && p->server.session == NULL && p->dialing == NULL)
		dial(p);
}

static void
on_down(struct revdial *r, const struct err *why, void *arg)
{
	(void)r;
	(void)why;
	end_over(arg);
}

static const struct revdial_cb session_cb = { .accept = on_accept, .down = on_down };

static void
accepted(struct stream *s, void *arg)
{
	struct pair	*p = arg;

	if (p->server.session != NULL)
		revdial_free(p->server.session);
	p->server.session = revdial_yamux(loop, s, false, NULL, &session_cb, &p->server);
}

static void
accept_failed(struct stream *s, const struct err *why, void *arg)
{
	(void)why;	/* the dialer cut it in its handshake */
	(void)arg;
	stream_close(s);
}

static const struct stream_cb accept_cb = { .open = accepted, .error = accept_failed };

static void
on_connection(struct stream *s, void *arg)
{
	stream_set_cb(s, &accept_cb, arg);
}

/* A connection that is dropped as soon as it stands, with a stream or without. */
static void
drop(struct pair *p)
{
	drops_left--;
	count.drops++;
	if (under(2) == 0)
		add_job(p);
	end_over(&p->dialer);
}

static void
dialed(struct stream *s, void *arg)
{
	struct pair	*p = arg;

	p->dialing = NULL;
	p->draining = false;
	p->dialer.session = revdial_yamux(loop, s, true, NULL, &session_cb, &p->dialer);
	if (drops_left > 0)
		drop(p);
	else
		fill(p);
}

static void
dial_failed(struct stream *s, const struct err *why, void *arg)
{
	struct pair	*p = arg;

	stream_close(s);
	count.bad++;
	log_error("%s", why->msg);
	dial(p);
}

static const struct stream_cb dial_cb = { .open = dialed, .error = dial_failed };

static void
dial(struct pair *p)
{
	const struct net_dial	d = { .address = listener_address(p->listener),
				    .tls = p->tls, .server_name = "localhost", .ms = 30000 };

	p->dialing = net_dial(loop, &d);
	stream_set_cb(p->dialing, &dial_cb, p);
}

/* One session comes to an end, in one of three ways. */
static void
on_chaos(void *arg)
{
	struct pair	*p = &pairs[under(PAIRS)];

	(void)arg;
	if (resting || p->dialer.session == NULL || p->server.session == NULL)
		return;
	count.cuts++;
	switch (under(3)) {
	case 0:
		end_over(&p->dialer);
		break;
	case 1:
		end_over(&p->server);
		break;
	default:
		p->draining = true;
		revdial_drain(p->dialer.session);
	}
}

/* ---- at rest ---- */

struct level {
	size_t	bytes, descriptors;
};

size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static struct level
level(void)
{
	struct level	 l = { 0 };
	DIR		*d = opendir("/proc/self/fd");

	if (d == NULL)
		fatalx("/proc/self/fd cannot be read");
	while (readdir(d) != NULL)
		l.descriptors++;
	closedir(d);
	l.bytes = __sanitizer_get_current_allocated_bytes != NULL ?
	    __sanitizer_get_current_allocated_bytes() : mallinfo2().uordblks;
	return l;
}

static bool
at_rest(void)
{
	int	i;

	if (jobs > 0 || echoes > 0 || drops_left > 0)
		return false;
	for (i = 0; i < PAIRS; i++)
		if (pairs[i].dialer.session == NULL || pairs[i].server.session == NULL ||
		    pairs[i].draining || revdial_streams(pairs[i].dialer.session) > 0 ||
		    revdial_streams(pairs[i].server.session) > 0)
			return false;
	return true;
}

/* Lets everything come to rest; how much there is then must be as before. */
static struct level
rest(const char *when, const struct level *before)
{
	int64_t		end = loop_now(loop) + REST_MS;
	struct level	l;

	resting = true;
	while (!at_rest() && loop_now(loop) < end)
		loop_turn(loop, 50);
	if (!at_rest())
		fatalx("%s: not at rest: %" PRId64 " streams, %" PRId64 " echoes", when, jobs, echoes);
	l = level();
	printf("%s: %zu bytes, %zu descriptors\n", when, l.bytes, l.descriptors);
	if (before != NULL && (l.descriptors != before->descriptors ||
	    l.bytes > before->bytes + SLACK)) {
		count.bad++;
		log_error("%s: %zu bytes and %zu descriptors, but %zu and %zu at first",
		    when, l.bytes, l.descriptors, before->bytes, before->descriptors);
	}
	return l;
}

static void
work(int64_t ms)
{
	int64_t	end = loop_now(loop) + ms;
	int	i;

	resting = false;
	for (i = 0; i < PAIRS; i++)
		fill(&pairs[i]);
	while (loop_now(loop) < end)
		loop_turn(loop, 50);
}

static void
drop_many(int64_t n)
{
	int	i;

	drops_left = n;
	for (i = 0; i < PAIRS; i++)
		end_over(&pairs[i].dialer);
	while (drops_left > 0)
		loop_turn(loop, 50);
}

static void
begin(const char *cert, const char *key)
{
	struct net_listen	 n = { .address = "127.0.0.1:0", .handshake_ms = 30000 };
	struct err		 e = ERR_INIT;
	struct pair		*p;

	tls_here = tls_server(cert, key, &e);
	tls_there = tls_client(NULL, TLS_VERIFY_NONE, &e);
	if (tls_here == NULL || tls_there == NULL)
		fatalx("%s", e.msg);
	for (p = pairs; p < pairs + PAIRS; p++) {
		TAILQ_INIT(&p->waiting);
		p->dialer.pair = p->server.pair = p;
		p->tls = (p - pairs) % 2 == 0 ? tls_there : NULL;
		n.tls = p->tls != NULL ? tls_here : NULL;
		if ((p->listener = net_listen(loop, &n, on_connection, p, &e)) == NULL)
			fatalx("%s", e.msg);
		dial(p);
	}
}

static void
end(void)
{
	struct pair	*p;

	for (p = pairs; p < pairs + PAIRS; p++) {
		revdial_free(p->dialer.session);
		revdial_free(p->server.session);
		listener_free(p->listener);
	}
	loop_free(loop);
	tls_ctx_free(tls_here);
	tls_ctx_free(tls_there);
}

int
main(int argc, char **argv)
{
	char		*cert = NULL, *key = NULL;
	int64_t		 seconds = 10, drops = 1000, first = 1;
	struct opt	 options[] = {
		{ "cert", OPT_STRING, &cert, "FILE", "TLS certificate" },
		{ "key", OPT_STRING, &key, "FILE", "TLS key" },
		{ "seconds", OPT_INT, &seconds, "N", "of random work" },
		{ "drops", OPT_INT, &drops, "N", "connections dropped at once" },
		{ "seed", OPT_INT, &first, "N", "of everything random" },
		{ NULL, OPT_BOOL, NULL, NULL, NULL },
	};
	struct err	 e = ERR_INIT;
	struct timer	*chaos;
	struct level	 before;
	int		 i;

	log_init("rdsoak", LOG_WARN);
	if (opt_parse(options, argc, argv, &e) < 0 || cert == NULL || key == NULL)
		fatalx("usage: rdsoak -cert F -key F [-seconds N] [-drops N] [-seed N]: %s", e.msg);
	seed = (uint64_t)first;
	if ((loop = loop_new(&e)) == NULL)
		fatalx("%s", e.msg);
	begin(cert, key);
	chaos = loop_every(loop, 20, on_chaos, NULL);
	work(1000);
	before = rest("after a second", NULL);
	for (i = 0; i < ROUNDS; i++) {
		work(seconds * 1000 / ROUNDS);
		rest("after a round", &before);
	}
	drop_many(drops);
	rest("after the drops", &before);
	timer_free(chaos);
	end();
	printf("%" PRId64 " streams whole, %" PRId64 " reset, %" PRId64 " gone with %" PRId64
	    " sessions; %" PRId64 " connections dropped; %" PRId64 " faults\n", count.done,
	    count.resets, count.gone, count.cuts, count.drops, count.bad);
	return count.bad > 0;
}
