/*
 * execlat.c INSTANCE N [PATH [CMD]] - N times POST PATH of CMD, one after
 * another, over one connection to the coordinator of GOMOTE_SERVER. PATH is
 * /exec, or /execs for an exec object that is followed; CMD is /bin/true, or
 * one that prints. Prints milliseconds: the median and the 99th percentile to
 * the end, and the median to the first byte of the answer's body, 0 if there
 * was none. test/bench/exec.sh runs it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/api.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "http/client.h"
#include "http/url.h"
#include "io/buf.h"
#include "io/loop.h"
#include "io/net.h"
#include "io/tls.h"

struct bench {
	struct loop	*loop;
	struct http_conn *conn;
	struct headers	*headers;
	const char	*path, *cmd;
	double		*ms, *first;
	size_t		 done, n;
	double		 began;
};

static void send_one(void *);

static double
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void
die(const char *what)
{
	fprintf(stderr, "execlat: %s\n", what);
	exit(1);
}

static void
on_data(struct body *b, void *arg)
{
	const struct headers	*t;
	const char		*state;
	struct bench		*x = arg;

	if (x->first[x->done] == 0 && buf_len(body_buf(b)) > 0)
		x->first[x->done] = now_ms() - x->began;
	buf_drain(body_buf(b), buf_len(body_buf(b)));
	body_took(b);
	if (body_error(b) != NULL)
		die(body_error(b)->msg);
	if (!body_done(b))
		return;
	t = body_trailers(b);
	state = t == NULL ? NULL : headers_get(t, API_H_PROCESS_STATE);
	if (state == NULL || strcmp(state, "ok") != 0)
		die("the command did not end well");
	body_close(b);
}

static void
on_head(struct http_conn *c, const struct http_resp *r, void *arg)
{
	(void)c;
	if (r->status != 200)
		die("not a 200");
	body_on_data(r->body, on_data, arg);
}

static void
on_fail(struct http_conn *c, const struct err *e, void *arg)
{
	(void)c, (void)arg;
	die(e->msg);
}

static void
on_over(struct http_conn *c, bool reusable, void *arg)
{
	struct bench *x = arg;

	(void)c;
	x->ms[x->done++] = now_ms() - x->began;
	if (x->done == x->n) {
		loop_stop(x->loop);
		return;
	}
	if (!reusable)
		die("the connection was closed");
	loop_defer(x->loop, send_one, x);
}

static void
send_one(void *arg)
{
	static const struct http_client_cb cb = { .head = on_head, .fail = on_fail };
	struct bench		*x = arg;
	struct evbuffer		*b = buf_new();
	struct http_request	 r = {
		.method = "POST", .target = x->path, .host = "localhost",
		.headers = x->headers,
	};

	buf_addf(b, "cmd=%s&mode=sys&cmdArg=x&follow=true", x->cmd);
	r.body = body_of(x->loop, b);
	x->began = now_ms();
	http_conn_send(x->conn, &r, &cb, x);
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
	struct bench	 x = { .n = 1000 };
	struct err	 e = ERR_INIT;
	struct url	 u;
	struct net_dial	 d = { .ms = 10000 };
	struct tls_ctx	*tls;
	char		*addr, *auth;
	int64_t		 n;

	if (argc < 3 || argc > 5 || str_int64(argv[2], 1, 1000000, &n) == -1)
		die("usage: execlat INSTANCE N [PATH [CMD]]");
	x.path = argc > 3 ? argv[3] : "/exec";
	x.cmd = argc > 4 ? argv[4] : "/bin/true";
	if (url_parse(&u, getenv("GOMOTE_SERVER"), &e) == -1 ||
	    (x.loop = loop_new(&e)) == NULL ||
	    (tls = tls_client(getenv("GOMOTE_CA"), TLS_VERIFY_CHAIN, &e)) == NULL)
		die(e.msg);
	x.n = (size_t)n;
	x.ms = xcalloc(x.n, sizeof *x.ms);
	x.first = xcalloc(x.n, sizeof *x.first);
	x.headers = headers_new();
	auth = xasprintf("Bearer %s", getenv("GOMOTE_TOKEN"));
	headers_add(x.headers, "Authorization", auth);
	headers_add(x.headers, API_H_PROXY, argv[1]);
	headers_add(x.headers, "Content-Type", "application/x-www-form-urlencoded");
	addr = xasprintf("%s:%d", u.host, u.port);
	d.address = addr;
	d.tls = tls;
	x.conn = http_conn_new(x.loop, net_dial(x.loop, &d), NULL);
	http_conn_on_over(x.conn, on_over, &x);
	send_one(&x);
	loop_run(x.loop);
	if (x.done != x.n)
		die("stopped early");
	qsort(x.ms, x.n, sizeof *x.ms, by_value);
	qsort(x.first, x.n, sizeof *x.first, by_value);
	printf("%.3f %.3f %.3f\n", x.ms[x.n / 2], x.ms[x.n * 99 / 100], x.first[x.n / 2]);
	http_conn_free(x.conn);
	headers_free(x.headers);
	tls_ctx_free(tls);
	url_release(&u);
	loop_free(x.loop);
	free(addr);
	free(auth);
	free(x.ms);
	free(x.first);
	return 0;
}
