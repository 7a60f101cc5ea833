/*
 * revdial.c - one end of a yamux session, to be timed: test/bench/revdial.sh
 * holds it against the same in Go (test/lib/yamuxpeer/speed.go).
 *
 *	revdial -listen ADDR -port FILE [-cert F -key F] | -connect ADDR [-tls]
 *	    [-bulk BYTES | -turn N | -beside N] [-p PARALLEL] [-plain]
 *
 * The side that connects opens the streams, prints what it measured, and ends
 * the session:
 *	-bulk	MB/s of BYTES, in PARALLEL streams together
 *	-turn	N times a new stream, one byte there and back, close, PARALLEL at
 *		once: p50 and p99 in microseconds, and how many a second
 *	-beside	the same, while a bulk stream runs on the session
 * On a stream the first byte says what follows: 't' is sent back; 'b' and a
 * length in eight bytes, big-endian: that much, and then 'd' is sent back.
 * With -plain the bulk goes over the bare connection, without yamux.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "base/opt.h"
#include "base/xmalloc.h"
#include "io/buf.h"
#include "revdial/carriers.h"
#include "test/lib/lib_link.h"

#define BULK_HEAD	9		/* 'b' and the length */
#define PIECE		(64 * 1024)	/* of one write */
#define ENDLESS		(INT64_C(1) << 50)
#define CLOSE_MS	30000

struct job {
	struct stream	*s;
	bool		 opener, begun, bulk;
	int64_t		 left;		/* bytes of bulk to send, or to come */
	int64_t		 since_us;
};

static struct link way;
static struct revdial *session;
static struct {
	char *bulk;
	bool plain;
	int64_t turns, beside, parallel;
} want = { .parallel = 1 };
static int64_t bulk_bytes, jobs, started, finished, start_us;
static int64_t *took_us;		/* of each turn */
static struct job *aside;		/* the bulk stream of -beside */

static int64_t
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* --- what is printed ---------------------------------------------------------- */

static int
by_size(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
report(void)
{
	double seconds = (double)(now_us() - start_us) / 1e6;

	if (bulk_bytes > 0) {
		printf("%.1f\n", (double)bulk_bytes * (double)jobs / 1e6 / seconds);
		return;
	}
	qsort(took_us, (size_t)jobs, sizeof *took_us, by_size);
	printf("%" PRId64 " %" PRId64 " %.0f\n", took_us[jobs / 2],
	    took_us[jobs * 99 / 100], (double)jobs / seconds);
}

/* --- one stream ----------------------------------------------------------------- */

static void start_more(void);

static void
job_close(struct job *j)
{
	stream_close_soft(j->s, CLOSE_MS);
	free(j);
}

static void
job_done(struct job *j)
{
	if (!j->bulk)
		took_us[finished] = now_us() - j->since_us;
	finished++;
	job_close(j);
	if (finished == jobs)
		report();
	if (session != NULL)
		start_more();
}

static void
send_bulk(struct job *j)
{
	static unsigned char	piece[PIECE];
	size_t			len = sizeof piece;

	while (j->left > 0 && !stream_full(j->s)) {
		if ((int64_t)len > j->left)
			len = (size_t)j->left;
		stream_write(j->s, piece, len);
		j->left -= (int64_t)len;
	}
}

static void
opener_read(struct job *j)
{
	buf_drain(stream_in(j->s), buf_len(stream_in(j->s)));
	job_done(j);
}

static void
server_begin(struct job *j)
{
	unsigned char	head[BULK_HEAD];
	const char	*p = buf_pullup(stream_in(j->s), 1);
	int		 i;

	if (p == NULL || (*p == 'b' && buf_len(stream_in(j->s)) < sizeof head))
		return;
	j->begun = true;
	j->bulk = *p == 'b';
	if (!j->bulk)
		return;
	if (buf_take(stream_in(j->s), head, sizeof head) != sizeof head)
		fatalx("no head");
	for (i = 1; i < BULK_HEAD; i++)
		j->left = j->left << 8 | head[i];
}

static void
server_read(struct job *j)
{
	struct evbuffer	*in = stream_in(j->s);
	size_t		 len;

	if (!j->begun)
		server_begin(j);
	if (!j->begun)
		return;
	len = buf_len(in);
	buf_drain(in, len);
	if (j->bulk && (j->left -= (int64_t)len) > 0)
		return;
	stream_write(j->s, j->bulk ? "d" : "t", 1);
	job_close(j);
}

static void
on_read(struct stream *s, void *arg)
{
	struct job *j = arg;

	stream_consumed(s);
	if (j->opener)
		opener_read(j);
	else
		server_read(j);
}

static void
on_drained(struct stream *s, void *arg)
{
	struct job *j = arg;

	(void)s;
	if (j->opener && j->bulk)
		send_bulk(j);
}

static void
on_eof(struct stream *s, void *arg)
{
	struct job *j = arg;

	if (j->opener)
		fatalx("%s: end of file", stream_peer(s));
	stream_close(s);
	free(j);
}

static void
on_error(struct stream *s, const struct err *e, void *arg)
{
	struct job *j = arg;

	if (j->opener && j != aside)
		fatalx("%s", e->msg);
	stream_close(s);
	free(j);
}

static const struct stream_cb job_cb = {
	.read = on_read, .drained = on_drained, .eof = on_eof, .error = on_error,
};

/* --- opening ----------------------------------------------------------------------- */

static void
job_begin(struct job *j, struct stream *s)
{
	unsigned char	head[BULK_HEAD] = { 'b' };
	int		i;

	j->s = s;
	stream_set_cb(s, &job_cb, j);
	if (!j->bulk) {
		stream_write(s, "t", 1);
		return;
	}
	for (i = 1; i < BULK_HEAD; i++)
		head[i] = (unsigned char)(j->left >> (64 - 8 * i));
	stream_write(s, head, sizeof head);
	send_bulk(j);
}

static void
on_opened(struct stream *s, const struct err *why, void *arg)
{
	if (s == NULL)
		fatalx("%s", why->msg);
	job_begin(arg, s);
}

static struct job *
job_new(int64_t bulk)
{
	struct job *j = xcalloc(1, sizeof *j);

	j->opener = true;
	j->bulk = bulk > 0;
	j->left = bulk;
	j->since_us = now_us();
	return j;
}

static void
start_more(void)
{
	while (started < jobs && started - finished < want.parallel) {
		started++;
		revdial_open(session, on_opened, job_new(bulk_bytes));
	}
	if (finished < jobs)
		return;
	if (aside != NULL) {
		stream_close(aside->s);
		free(aside);
		aside = NULL;
	}
	revdial_drain(session);
}

static void
start_all(void)
{
	start_us = now_us();
	if (want.beside > 0) {
		aside = job_new(ENDLESS);
		revdial_open(session, on_opened, aside);
	}
	start_more();
}

static void
on_accept(struct revdial *r, struct stream *s, void *arg)
{
	struct job *j = xcalloc(1, sizeof *j);

	(void)r;
	(void)arg;
	j->s = s;
	stream_set_cb(s, &job_cb, j);
}

static void
on_down(struct revdial *r, const struct err *why, void *arg)
{
	(void)arg;
	if (finished < jobs)
		fatalx("%s", why->msg);
	revdial_free(r);
	session = NULL;
	link_no_more(&way);	/* the loop ends when nothing is left */
}

static const struct revdial_cb revdial_cb = { .accept = on_accept, .down = on_down };

/* --- the link ----------------------------------------------------------------------- */

static void
on_link(struct stream *s)
{
	if (want.plain && way.connect != NULL) {
		start_us = now_us();
		job_begin(job_new(bulk_bytes), s);
		return;
	}
	if (want.plain) {
		on_accept(NULL, s, NULL);
		link_no_more(&way);
		return;
	}
	session = revdial_yamux(way.loop, s, way.connect != NULL, NULL, &revdial_cb, NULL);
	if (way.connect != NULL)
		start_all();
}

static void
set_work(void)
{
	if (want.bulk != NULL) {
		bulk_bytes = strtoll(want.bulk, NULL, 10);
		jobs = want.parallel;
		bulk_bytes /= jobs;
	} else
		jobs = want.beside > 0 ? want.beside : want.turns;
	took_us = xcalloc((size_t)jobs + 1, sizeof *took_us);
}

int
main(int argc, char **argv)
{
	struct opt options[] = {
		LINK_OPTIONS(&way),
		{ "p", OPT_INT, &want.parallel, "N", "streams at once" },
		{ "bulk", OPT_STRING, &want.bulk, "BYTES", "send so much" },
		{ "turn", OPT_INT, &want.turns, "N", "streams of one byte each" },
		{ "beside", OPT_INT, &want.beside, "N", "the same beside a bulk stream" },
		{ "plain", OPT_BOOL, &want.plain, NULL, "bulk without yamux" },
		{ NULL, OPT_BOOL, NULL, NULL, NULL },
	};
	struct err	 e = ERR_INIT;

	log_init("revdial", LOG_WARN);
	if (opt_parse(options, argc, argv, &e) < 0)
		fatalx("%s", e.msg);
	if (way.connect != NULL)
		set_work();
	link_run(&way, on_link);
	free(took_us);
	return 0;
}
