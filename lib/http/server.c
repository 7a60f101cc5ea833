/* server.c - all connections of a server: limits, deadlines, draining. */
#include "http/server.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/xmalloc.h"
#include "http/conn.h"
#include "io/buf.h"

#define SWEEP_MS	250

static void
on_sweep(void *arg)
{
	struct http_server	*srv = arg;
	struct conn		*c, *next;
	int64_t			 now = loop_now(srv->loop);

	TAILQ_FOREACH_SAFE(c, &srv->conns, entry, next)
		if (!c->dead && c->deadline != 0 && now >= c->deadline)
			conn_expired(c);
	if (srv->nconns > 0)
		timer_set(srv->sweep, SWEEP_MS);
}

struct http_server *
http_server_new(struct loop *loop, const struct http_limits *limits,
    http_handler handler, void *arg)
{
	struct http_server	*srv = xcalloc(1, sizeof *srv);

	srv->loop = loop;
	srv->limits = http_limits_of(limits);
	srv->handler = handler;
	srv->arg = arg;
	TAILQ_INIT(&srv->conns);
	srv->sweep = timer_new(loop, on_sweep, srv);
	srv->dropbox = buf_new();
	srv->date_second = -1;
	return srv;
}

void
http_server_serve(struct http_server *srv, struct stream *s)
{
	conn_new(srv, s);
	if (!timer_armed(srv->sweep))
		timer_set(srv->sweep, SWEEP_MS);
}

size_t
http_server_connections(const struct http_server *srv)
{
	return srv->nconns;
}

const char *
server_date(struct http_server *srv)
{
	int64_t	 wall = clock_wall(loop_clock(srv->loop));
	char	 text[CLOCK_TEXT_MAX];

	if (wall / 1000 != srv->date_second) {
		srv->date_second = wall / 1000;
		snprintf(srv->date, sizeof srv->date, "Date: %s\r\n",
		    clock_http_date(wall, text));
	}
	return srv->date;
}

/* On a clean stack: nothing of the last connection is left. */
static void
on_drained(void *arg)
{
	struct http_server	*srv = arg;
	void			(*fn)(void *) = srv->drained;

	srv->drained = NULL;
	if (fn != NULL)
		fn(srv->drained_arg);
}

static void
drain_check(struct http_server *srv)
{
	if (srv->draining && srv->drained != NULL && srv->nconns == 0) {
		loop_undefer(srv->loop, on_drained, srv);
		loop_defer(srv->loop, on_drained, srv);
	}
}

void
server_conn_gone(struct http_server *srv, struct conn *c)
{
	TAILQ_REMOVE(&srv->conns, c, entry);
	srv->nconns--;
	if (srv->nconns == 0)
		timer_stop(srv->sweep);
	drain_check(srv);
}

void
http_server_drain(struct http_server *srv, void (*drained)(void *), void *arg)
{
	struct conn	*c, *next;

	srv->draining = true;
	srv->drained = drained;
	srv->drained_arg = arg;
	TAILQ_FOREACH_SAFE(c, &srv->conns, entry, next)
		conn_drain(c);
	drain_check(srv);
}

void
http_server_free(struct http_server *srv)
{
	struct conn	*c;

	if (srv == NULL)
		return;
	while ((c = TAILQ_FIRST(&srv->conns)) != NULL) {
		conn_close(c, "the server ends");
		c->server = NULL;
		TAILQ_REMOVE(&srv->conns, c, entry);
	}
	loop_undefer(srv->loop, on_drained, srv);
	timer_free(srv->sweep);
	buf_free(srv->dropbox);
	free(srv);
}
