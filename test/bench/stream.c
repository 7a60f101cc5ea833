/*
 * stream.c - how fast the byte stream is, over loopback: one figure a run, as
 * bare numbers for stream.sh. Source, relay and sink are processes of their
 * own, since in the product they are.
 *
 *	stream plain|tls MIB	MB/s of one connection, receiver's CPU in s/GB
 *	stream relay MIB	TLS to TLS by stream_splice: MB/s, relay's CPU in s/GB
 *	stream mux MIB		the same, from TLS into a stream of a yamux session
 *	stream ping N		TLS, 64 bytes there and back: p50 and p99 in us
 *	stream idle N		RSS in bytes for each idle accepted TLS connection
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "io/buf.h"
#include "io/loop.h"
#include "io/net.h"
#include "io/pki.h"
#include "io/splice.h"
#include "io/stream.h"
#include "io/tls.h"
#include "revdial/carriers.h"

#define BLOCK		(64 * 1024 - 64)
#define DIAL_MS		10000
#define PING_BYTES	64

struct bench {
	struct loop	*loop;
	struct tls_ctx	*server, *client;
	struct listener	*ls;
	struct revdial	*session;
	struct stream	*source;	/* of the relay, until there is a way on */
	int64_t		 want;		/* bytes, pings or connections */
	int64_t		 done;
	int		 to;		/* the port of the next in the chain */
	double		 began;
	double		*us;
	double		 sent_at;
	long		 rss;
};

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double
cpu(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
	    (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

static void
on_error(struct stream *s, const struct err *e, void *arg)
{
	(void)s;
	(void)arg;
	fatalx("%s", e->msg);
}

static void
tell_result(struct bench *b, double a, double c)
{
	printf("%.1f %.2f\n", a, c);
	fflush(stdout);
	loop_stop(b->loop);
}

/* --- sink -------------------------------------------------------------------- */

static void
sink_read(struct stream *s, void *arg)
{
	struct bench *b = arg;

	if (b->done == 0)
		b->began = now();
	b->done += (int64_t)buf_len(stream_in(s));
	buf_drain(stream_in(s), buf_len(stream_in(s)));
	stream_consumed(s);
}

static void
sink_eof(struct stream *s, void *arg)
{
	struct bench *b = arg;

	if (b->done != b->want)
		fatalx("%lld bytes came, not %lld", (long long)b->done,
		    (long long)b->want);
	tell_result(b, (double)b->done / 1e6 / (now() - b->began),
	    cpu() * 1e9 / (double)b->done);
	stream_close(s);
}

static const struct stream_cb sink_cb = {
	.read = sink_read, .eof = sink_eof, .error = on_error,
};

static void
sink_accept(struct stream *s, void *arg)
{
	stream_set_cb(s, &sink_cb, arg);
}

/* --- source ------------------------------------------------------------------ */

static void
source_more(struct stream *s, void *arg)
{
	static const char	 block[BLOCK] = "some bytes";
	struct bench		*b = arg;
	int64_t			 n;

	while (b->done < b->want && !stream_full(s)) {
		n = b->want - b->done < BLOCK ? b->want - b->done : BLOCK;
		buf_add(stream_out(s), block, (size_t)n);
		b->done += n;
	}
	stream_wrote(s);
	if (b->done == b->want)
		stream_shut(s);
}

static void
source_eof(struct stream *s, void *arg)
{
	struct bench *b = arg;

	stream_close(s);
	loop_stop(b->loop);
}

/* The sink may close as soon as it has all. */
static void
source_error(struct stream *s, const struct err *e, void *arg)
{
	if (e->code != STREAM_RESET || stream_unsent(s) > 0)
		on_error(s, e, arg);
	source_eof(s, arg);
}

static const struct stream_cb source_cb = {
	.open = source_more, .drained = source_more, .eof = source_eof,
	.error = source_error,
};

static struct stream *
dial(struct bench *b)
{
	char		*where = xasprintf("127.0.0.1:%d", b->to);
	struct net_dial	 how = { .address = where, .tls = b->client,
			    .ms = DIAL_MS };
	struct stream	*s = net_dial(b->loop, &how);

	free(where);
	return s;
}

/* --- relay ------------------------------------------------------------------- */

static void
relay_done(uint64_t there, uint64_t back, const struct err *why, void *arg)
{
	struct bench *b = arg;

	(void)back;
	/* The sink ends as soon as it has all. */
	if (why != NULL && why->code != STREAM_RESET && why->code != STREAM_GONE)
		fatalx("relay: %s", why->msg);
	tell_result(b, 0, cpu() * 1e9 / (double)there);
}

static void
relay_accept(struct stream *s, void *arg)
{
	struct bench *b = arg;

	stream_splice(s, dial(b), 0, NULL, relay_done, b);
}

/* --- relay into a yamux session, as the coordinator into a machine's ------------ */

static void
session_down(struct revdial *r, const struct err *why, void *arg)
{
	struct bench *b = arg;

	(void)r;
	if (b->source != NULL)
		fatalx("session: %s", why->msg);
}

static void
sink_stream(struct revdial *r, struct stream *s, void *arg)
{
	(void)r;
	stream_set_cb(s, &sink_cb, arg);
}

static const struct revdial_cb session_cb = {
	.accept = sink_stream, .down = session_down,
};

static void
session_accept(struct stream *s, void *arg)
{
	struct bench *b = arg;

	b->session = revdial_yamux(b->loop, s, false, NULL, &session_cb, b);
}

static void
mux_opened(struct stream *s, const struct err *why, void *arg)
{
	struct bench *b = arg;

	if (s == NULL)
		fatalx("open: %s", why->msg);
	stream_splice(b->source, s, 0, NULL, relay_done, b);
	b->source = NULL;
}

static void
carrier_open(struct stream *s, void *arg)
{
	struct bench *b = arg;

	b->session = revdial_yamux(b->loop, s, true, NULL, &session_cb, b);
	revdial_open(b->session, mux_opened, b);
}

static const struct stream_cb carrier_cb = {
	.open = carrier_open, .error = on_error,
};

static void
mux_accept(struct stream *s, void *arg)
{
	struct bench *b = arg;

	b->source = s;
	stream_set_cb(dial(b), &carrier_cb, b);
}

/* --- ping -------------------------------------------------------------------- */

static void
echo_read(struct stream *s, void *arg)
{
	(void)arg;
	buf_move(stream_out(s), stream_in(s), SIZE_MAX);
	stream_consumed(s);
	stream_wrote(s);
}

static void
echo_end(struct stream *s, void *arg)
{
	struct bench *b = arg;

	stream_close(s);
	loop_stop(b->loop);
}

static void
echo_error(struct stream *s, const struct err *e, void *arg)
{
	(void)e;
	echo_end(s, arg);
}

static const struct stream_cb echo_cb = {
	.read = echo_read, .eof = echo_end, .error = echo_error,
};

static void
echo_accept(struct stream *s, void *arg)
{
	stream_set_cb(s, &echo_cb, arg);
}

static int
by_size(const void *p, const void *q)
{
	double x = *(const double *)p, y = *(const double *)q;

	return x < y ? -1 : x > y;
}

static void
ping(struct stream *s, void *arg)
{
	static const char	 bytes[PING_BYTES];
	struct bench		*b = arg;

	b->sent_at = now();
	stream_write(s, bytes, sizeof bytes);
}

static void
pong(struct stream *s, void *arg)
{
	struct bench *b = arg;

	if (buf_len(stream_in(s)) < PING_BYTES)
		return;
	buf_drain(stream_in(s), PING_BYTES);
	stream_consumed(s);
	b->us[b->done++] = (now() - b->sent_at) * 1e6;
	if (b->done < b->want) {
		ping(s, b);
		return;
	}
	qsort(b->us, (size_t)b->done, sizeof *b->us, by_size);
	tell_result(b, b->us[b->done / 2], b->us[b->done * 99 / 100]);
	stream_close(s);
}

static const struct stream_cb ping_cb = {
	.open = ping, .read = pong, .error = on_error,
};

/* --- idle -------------------------------------------------------------------- */

static long
rss(void)
{
	char	*text = file_read("/proc/self/statm", 1000, NULL, NULL);
	long	 pages = 0;

	if (text == NULL || sscanf(text, "%*d %ld", &pages) != 1)
		fatalx("no /proc/self/statm");
	free(text);
	return pages * sysconf(_SC_PAGESIZE);
}

static void
idle_open(struct stream *s, void *arg)
{
	struct bench *b = arg;

	(void)s;
	if (++b->done == b->want)
		tell_result(b, (double)(rss() - b->rss) / (double)b->want, 0);
}

static const struct stream_cb idle_cb = {
	.open = idle_open,
};

static void
idle_accept(struct stream *s, void *arg)
{
	struct bench *b = arg;

	if (b->rss == 0)
		b->rss = rss();
	stream_set_cb(s, &idle_cb, b);
}

/* Their server ends: so do we. */
static void
idle_gone(struct stream *s, const struct err *e, void *arg)
{
	struct bench *b = arg;

	(void)e;
	(void)s;
	loop_stop(b->loop);
}

static void
idle_next(struct stream *s, void *arg);

static const struct stream_cb idler_cb = {
	.open = idle_next, .eof = echo_end, .error = idle_gone,
};

/* One after the other, as machines come. */
static void
idle_next(struct stream *s, void *arg)
{
	struct bench *b = arg;

	(void)s;
	if (b->done++ < b->want)
		stream_set_cb(dial(b), &idler_cb, b);
}

/* --- processes ---------------------------------------------------------------- */

/* Starts a server in a child: forks, serves and never returns there; gives
 * its port here. */
static int
serve(struct bench *b, net_accept_fn fn)
{
	struct net_listen	how = { .address = "127.0.0.1:0", .tls = b->server,
				    .handshakes_max = 100000 };
	struct err		e = ERR_INIT;
	int			p[2], port;
	pid_t			pid;

	fflush(stdout);
	if (pipe(p) == -1 || (pid = fork()) == -1)
		fatal("fork");
	if (pid > 0) {
		close(p[1]);
		if (file_read_full(p[0], &port, sizeof port) != sizeof port)
			fatalx("the server did not come up");
		close(p[0]);
		return port;
	}
	if ((b->loop = loop_new(&e)) == NULL ||
	    (b->ls = net_listen(b->loop, &how, fn, b, &e)) == NULL)
		fatalx("%s", e.msg);
	port = listener_port(b->ls);
	if (file_write_all(p[1], &port, sizeof port) == -1)
		fatal("tell the port");
	close(p[1]);
	loop_run(b->loop);
	exit(0);
}

static void
make_contexts(struct bench *b)
{
	struct strs	 names = STRS_INIT;
	struct err	 e = ERR_INIT;
	char		 dir[] = "/tmp/bench-stream-XXXXXX";
	static const char *const file[] = { "ca.pem", "ca-key.pem", "server.pem",
	    "server-key.pem" };
	char		*path[4];
	size_t		 i;

	if (mkdtemp(dir) == NULL)
		fatal("make %s", dir);
	strs_add(&names, "127.0.0.1");
	for (i = 0; i < 4; i++)
		path[i] = xasprintf("%s/%s", dir, file[i]);
	if (pki_ensure(dir, &names, &e) == -1 ||
	    (b->server = tls_server(path[2], path[3], &e)) == NULL ||
	    (b->client = tls_client(path[0], TLS_VERIFY_FULL, &e)) == NULL)
		fatalx("%s", e.msg);
	for (i = 0; i < 4; i++) {
		unlink(path[i]);
		free(path[i]);
	}
	rmdir(dir);
	strs_release(&names);
}

static void
run_client(struct bench *b, const struct stream_cb *cb)
{
	struct err e = ERR_INIT;

	if ((b->loop = loop_new(&e)) == NULL)
		fatalx("%s", e.msg);
	stream_set_cb(dial(b), cb, b);
	loop_run(b->loop);
	loop_free(b->loop);
	while (wait(NULL) > 0)
		continue;
}

int
main(int argc, char **argv)
{
	struct rlimit	files;
	struct bench	b = { 0 };
	bool		mux;

	if (argc != 3 || str_int64(argv[2], 1, 1000000, &b.want) == -1) {
		fputs("usage: stream plain|tls|relay|mux|ping|idle N\n", stderr);
		return 2;
	}
	log_init("stream", LOG_WARN);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	if (!str_eq(argv[1], "plain"))
		make_contexts(&b);
	if (str_eq(argv[1], "ping")) {
		b.us = xreallocarray(NULL, (size_t)b.want, sizeof *b.us);
		b.to = serve(&b, echo_accept);
		run_client(&b, &ping_cb);
		return 0;
	}
	if (str_eq(argv[1], "idle")) {
		b.to = serve(&b, idle_accept);
		b.done = 1;
		run_client(&b, &idler_cb);
		return 0;
	}
	b.want *= 1024 * 1024;
	mux = str_eq(argv[1], "mux");
	b.to = serve(&b, mux ? session_accept : sink_accept);
	if (mux || str_eq(argv[1], "relay"))
		b.to = serve(&b, mux ? mux_accept : relay_accept);
	run_client(&b, &source_cb);
	return 0;
}
