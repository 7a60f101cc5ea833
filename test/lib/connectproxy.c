/*
 * connectproxy.c - an HTTP proxy that knows CONNECT alone, for tests of those
 * who go through one: listens on a free port of 127.0.0.1.
 *
 *	connectproxy -port-file FILE [-user USER:PASSWORD] [-answer TEXT] [-silent]
 *
 * Tells "CONNECT TARGET" for each, and "over: N bytes there, M back" at its end.
 * -user: Basic, or 407. -answer: everybody gets that text in place of a tunnel,
 * and is hung up on. -silent: nobody is answered.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/opt.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "io/buf.h"
#include "io/loop.h"
#include "io/net.h"
#include "io/splice.h"

struct proxy_server {
	struct loop	*loop;
	char		*port_file, *user, *answer;
	bool		 silent;
};

/* A client whose request is not yet whole, or whose target is being dialed. */
struct client {
	struct proxy_server	*server;
	struct stream		*s, *to;
	struct str		 head;
};

static void
on_done(uint64_t there, uint64_t back, const struct err *why, void *arg)
{
	(void)why;
	(void)arg;
	log_info("over: %llu bytes there, %llu back", (unsigned long long)there,
	    (unsigned long long)back);
}

static void
client_free(struct client *c)
{
	str_release(&c->head);
	free(c);
}

static void
client_refuse(struct client *c, const char *text)
{
	stream_write(c->s, text, strlen(text));
	stream_close_soft(c->s, 1000);
	client_free(c);
}

static void
on_target_open(struct stream *to, void *arg)
{
	static const char	 yes[] = "HTTP/1.1 200 Connection established\r\n"
				     "Via: 1.1 test\r\n\r\n";
	struct client		*c = arg;

	stream_write(c->s, yes, sizeof yes - 1);
	stream_splice(c->s, to, 0, NULL, on_done, NULL);
	client_free(c);
}

static void
on_target_error(struct stream *to, const struct err *why, void *arg)
{
	log_info("%s", why->msg);
	stream_close(to);
	client_refuse(arg, "HTTP/1.1 502 Bad Gateway\r\n\r\n");
}

static bool
allowed(const struct client *c)
{
	char	*b64, *want;
	bool	 yes;

	if (c->server->user == NULL)
		return true;
	b64 = str_base64_encode(c->server->user, strlen(c->server->user));
	want = xasprintf("\r\nProxy-Authorization: Basic %s\r\n", b64);
	yes = strstr(str_text(&c->head), want) != NULL;
	free(b64);
	free(want);
	return yes;
}

static void
client_serve(struct client *c)
{
	static const struct stream_cb	 cb = { .open = on_target_open,
	    .error = on_target_error };
	char				 target[300];
	struct net_dial			 d = { .address = target, .ms = 10000 };

	if (sscanf(str_text(&c->head), "CONNECT %299s HTTP/1.1\r\n", target) != 1) {
		client_refuse(c, "HTTP/1.1 405 Method Not Allowed\r\n\r\n");
		return;
	}
	log_info("CONNECT %s", target);
	if (c->server->answer != NULL)
		client_refuse(c, c->server->answer);
	else if (!allowed(c))
		client_refuse(c, "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
	else if (!c->server->silent) {
		c->to = net_dial(c->server->loop, &d);
		stream_set_cb(c->to, &cb, c);
	}
}

static void
on_read(struct stream *s, void *arg)
{
	struct client	*c = arg;
	char		 piece[1024];
	size_t		 n;

	while (c->to == NULL && (n = buf_take(stream_in(s), piece, sizeof piece)) > 0)
		str_addn(&c->head, piece, n);
	stream_consumed(s);
	if (c->to == NULL && strstr(str_text(&c->head), "\r\n\r\n") != NULL)
		client_serve(c);
}

static void
on_gone(struct stream *s, void *arg)
{
	struct client	*c = arg;

	stream_close(s);
	if (c->to != NULL)
		stream_close(c->to);
	client_free(c);
}

static void
on_error(struct stream *s, const struct err *why, void *arg)
{
	(void)why;
	on_gone(s, arg);
}

static void
on_connection(struct stream *s, void *arg)
{
	static const struct stream_cb	 cb = { .read = on_read, .eof = on_gone,
	    .error = on_error };
	struct client			*c = xcalloc(1, sizeof *c);

	c->server = arg;
	c->s = s;
	stream_set_cb(s, &cb, c);
}

static int
begin(struct proxy_server *p, int argc, char **argv, struct err *e)
{
	const struct opt	table[] = {
		{ "answer", OPT_STRING, &p->answer, "TEXT", "what everybody gets" },
		{ "port-file", OPT_STRING, &p->port_file, "FILE", "gets the port" },
		{ "silent", OPT_BOOL, &p->silent, NULL, "answers nobody" },
		{ "user", OPT_STRING, &p->user, "USER:PASSWORD", "who may" },
		{ .name = NULL },
	};
	const struct net_listen	 how = { .address = "127.0.0.1:0" };
	struct listener		*l;
	char			 port[16];

	if (opt_parse(table, argc, argv, e) != argc || p->port_file == NULL)
		return -1;
	if ((p->loop = loop_new(e)) == NULL ||
	    (l = net_listen(p->loop, &how, on_connection, p, e)) == NULL)
		return -1;
	snprintf(port, sizeof port, "%d\n", listener_port(l));
	return file_write(p->port_file, port, strlen(port), 0644, e);
}

int
main(int argc, char **argv)
{
	struct proxy_server	p = { .loop = NULL };
	struct err		e = ERR_INIT;

	log_init("connectproxy", LOG_INFO);
	if (begin(&p, argc, argv, &e) == -1) {
		log_error("%s", e.msg);
		return 1;
	}
	loop_run(p.loop);
	return 0;
}
