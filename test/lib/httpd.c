/*
 * httpd.c - a small HTTP server on our library, for the regress scripts
 * http-*.sh (curl, wrk) and for looking at things by hand.
 *
 *	httpd PORT-FILE [CERT KEY]
 *
 * Listens on a free port of 127.0.0.1 and writes it to PORT-FILE; serves until
 * SIGTERM, which drains it.
 *	GET  /hello	three bytes		GET /stream	chunks and a trailer
 *	GET  /big?n=N	N bytes			ANY /echo	the request body
 *	PUT  /drop	reads, says how many	PUT /refuse	403 without reading
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "http/route.h"
#include "io/buf.h"
#include "io/loop.h"
#include "io/net.h"
#include "io/tls.h"

#define BIG_MAX	((int64_t)16 * 1024 * 1024 * 1024)

struct httpd {
	struct loop		*loop;
	struct http_server	*server;
	struct listener		*listener;
	struct tls_ctx		*tls;
};

struct drop {
	struct http_req	*r;
	struct body	*body;
	uint64_t	 n;
};

struct big {
	struct body	*body;
	int64_t		 left;
};

static void
handle_hello(struct http_req *r, void *arg)
{
	(void)arg;
	reply_text(r, 200, "hi\n");
}

static void
handle_echo(struct http_req *r, void *arg)
{
	(void)arg;
	if (req_has_body(r))
		reply_body(r, 200, req_take_body(r));
	else
		reply_text(r, 200, "");
}

static void
handle_stream(struct http_req *r, void *arg)
{
	struct headers	*t = headers_new();
	struct body	*b;

	(void)arg;
	headers_add(t, "Process-State", "exit status 2");
	reply_header(r, "Trailer", "Process-State");
	b = reply_stream(r, 200, -1);
	buf_adds(body_buf(b), "some output\n");
	body_wrote(b);
	body_end(b, t);
	headers_free(t);
}

static void
on_big_room(struct body *b, void *arg)
{
	static const char	 zeros[64 * 1024];
	struct big		*g = arg;
	size_t			 n;

	while (!body_closed(b) && !body_full(b) && g->left > 0) {
		n = g->left < (int64_t)sizeof zeros ? (size_t)g->left : sizeof zeros;
		buf_add(body_buf(b), zeros, n);
		g->left -= (int64_t)n;
		body_wrote(b);
	}
	if (!body_closed(b) && g->left > 0)
		return;
	body_end(b, NULL);
	free(g);
}

static void
handle_big(struct http_req *r, void *arg)
{
	const char	*n = req_param(r, "n");
	struct big	*g;
	int64_t		 len;

	(void)arg;
	if (n == NULL || str_int64(n, 1, BIG_MAX, &len) == -1) {
		reply_error(r, 400, "n is not a number of bytes");
		return;
	}
	g = malloc(sizeof *g);
	if (g == NULL)
		fatal("malloc");
	g->left = len;
	g->body = reply_stream(r, 200, req_param(r, "chunked") != NULL ? -1 : len);
	body_on_room(g->body, on_big_room, g);
}

static void
drop_release(void *arg)
{
	struct drop	*d = arg;

	if (d->body != NULL)
		body_close(d->body);
}

static void
on_drop_data(struct body *b, void *arg)
{
	struct drop	*d = arg;

	d->n += buf_len(body_buf(b));
	buf_drain(body_buf(b), buf_len(body_buf(b)));
	body_took(b);
	if (body_error(b) != NULL)
		reply_error(d->r, 400, "%s", body_error(b)->msg);
	else if (body_done(b))
		reply_text(d->r, 200, req_printf(d->r, "%llu\n",
		    (unsigned long long)d->n));
}

static void
handle_drop(struct http_req *r, void *arg)
{
	struct drop	*d = req_alloc(r, sizeof *d);

	(void)arg;
	if (!req_has_body(r)) {
		reply_text(r, 200, "0\n");
		return;
	}
	d->r = r;
	d->body = req_take_body(r);
	req_on_done(r, drop_release, d);
	body_on_data(d->body, on_drop_data, d);
}

static void
handle_refuse(struct http_req *r, void *arg)
{
	(void)arg;
	reply_error(r, 403, "not here");
}

static const struct route routes[] = {
	{ "GET", "/hello", 0, handle_hello },
	{ "GET", "/stream", 0, handle_stream },
	{ "GET", "/big", 0, handle_big },
	{ "GET", "/echo", 0, handle_echo },
	{ "POST", "/echo", 0, handle_echo },
	{ "PUT", "/echo", 0, handle_echo },
	{ "PUT", "/drop", 0, handle_drop },
	{ "PUT", "/refuse", 0, handle_refuse },
	{ NULL, NULL, 0, NULL },
};

static void
on_request(struct http_req *r, void *arg)
{
	route_dispatch(routes, r, NULL, 64 * 1024, arg);
}

static void
on_accept(struct stream *s, void *arg)
{
	struct httpd	*h = arg;

	http_server_serve(h->server, s);
}

static void
on_drained(void *arg)
{
	struct httpd	*h = arg;

	loop_stop(h->loop);
}

static void
on_term(void *arg)
{
	struct httpd	*h = arg;

	listener_free(h->listener);
	h->listener = NULL;
	http_server_drain(h->server, on_drained, h);
}

static int
httpd_listen(struct httpd *h, int argc, char **argv, struct err *e)
{
	struct net_listen	 at = { .address = "127.0.0.1:0",
		.handshake_ms = 10000 };
	char			 port[16];

	if (argc == 4 && (h->tls = tls_server(argv[2], argv[3], e)) == NULL)
		return -1;
	at.tls = h->tls;
	h->listener = net_listen(h->loop, &at, on_accept, h, e);
	if (h->listener == NULL)
		return -1;
	snprintf(port, sizeof port, "%d\n", listener_port(h->listener));
	return file_write(argv[1], port, strlen(port), 0644, e);
}

int
main(int argc, char **argv)
{
	struct httpd	 h = { NULL, NULL, NULL, NULL };
	struct err	 e = ERR_INIT;

	log_init("httpd", LOG_WARN);
	if (argc != 2 && argc != 4) {
		fprintf(stderr, "usage: httpd PORT-FILE [CERT KEY]\n");
		return 2;
	}
	h.loop = loop_new(&e);
	if (h.loop == NULL)
		fatalx("%s", e.msg);
	h.server = http_server_new(h.loop, NULL, on_request, &h);
	if (httpd_listen(&h, argc, argv, &e) == -1)
		fatalx("%s", e.msg);
	loop_signal(h.loop, SIGTERM, on_term, &h);
	loop_run(h.loop);
	http_server_free(h.server);
	tls_ctx_free(h.tls);
	loop_free(h.loop);
	return 0;
}
