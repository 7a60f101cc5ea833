/* lib_link.c - see lib_link.h. */
#include "test/lib/lib_link.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "io/loop.h"
#include "io/net.h"
#include "io/tls.h"

static void
on_open(struct stream *s, void *arg)
{
	struct link *c = arg;

	c->open(s);
}

static void
on_error(struct stream *s, const struct err *e, void *arg)
{
	(void)s;
	(void)arg;
	fatalx("%s", e->msg);
}

static const struct stream_cb link_cb = { .open = on_open, .error = on_error };

static void
on_connection(struct stream *s, void *arg)
{
	struct link *c = arg;

	stream_set_cb(s, &link_cb, c);
	listener_pause(c->listener, true);
}

static int
serve(struct link *c, struct err *e)
{
	struct net_listen	 n = { .address = c->listen, .handshake_ms = 10000 };
	char			 port[16];
	int			 len;

	if (c->cert != NULL && (c->tls = tls_server(c->cert, c->key, e)) == NULL)
		return -1;
	n.tls = c->tls;
	if ((c->listener = net_listen(c->loop, &n, on_connection, c, e)) == NULL)
		return -1;
	len = snprintf(port, sizeof port, "%d\n", listener_port(c->listener));
	if (c->port_file == NULL)
		return 0;
	return file_write(c->port_file, port, (size_t)len, 0644, e);
}

static int
call(struct link *c, struct err *e)
{
	struct net_dial d = { .address = c->connect, .ms = 10000 };

	if (c->connect == NULL)
		return err_set(e, "neither -listen nor -connect");
	if (c->dial_tls && (c->tls = tls_client(NULL, TLS_VERIFY_NONE, e)) == NULL)
		return -1;
	d.tls = c->tls;
	stream_set_cb(net_dial(c->loop, &d), &link_cb, c);
	return 0;
}

void
link_no_more(struct link *c)
{
	listener_free(c->listener);
	c->listener = NULL;
}

void
link_run(struct link *c, void (*open)(struct stream *))
{
	struct err	e = ERR_INIT;

	c->open = open;
	if ((c->loop = loop_new(&e)) == NULL ||
	    (c->listen != NULL ? serve(c, &e) : call(c, &e)) == -1)
		fatalx("%s", e.msg);
	loop_run(c->loop);
	loop_free(c->loop);
	tls_ctx_free(c->tls);
}
