/*
 * v2listen.c - revdial version 2, the side that serves (the machine): hears
 * on the control channel that a stream is wanted, makes a new connection and
 * picks the stream up on it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "http/client.h"
#include "io/buf.h"
#include "revdial/v2control.h"
#include "revdial/v2stream.h"

#define REDIRECTS_MAX	2
#define REDIRECT_BODY	(64 * 1024)	/* the text beside a 307 that we read over */

struct listener_v2;

/* A stream that is being picked up. */
struct pick {
	struct listener_v2	*l;
	struct http_conn	*conn;		/* NULL once s is there */
	char			*path;		/* as conn-ready said */
	char			*next;		/* where a 307 sent us */
	int			 redirects;
	int64_t			 by;		/* clock_mono */
	struct stream		*s;		/* picked up: for the owner */
	TAILQ_ENTRY(pick)	 entry;
};

struct listener_v2 {
	struct revdial		 r;
	revdial_dial_fn		 dial;
	void			*dial_arg;
	TAILQ_HEAD(, pick)	 picks;		/* oldest first */
	size_t			 picks_n;	/* without those in set */
	struct v2_set		 set;
	struct timer		*late;
};

static struct listener_v2 *
of(struct revdial *r)
{
	return (struct listener_v2 *)r;
}

static void
pick_free(struct pick *p)
{
	TAILQ_REMOVE(&p->l->picks, p, entry);
	if (p->s == NULL)
		p->l->picks_n--;
	http_conn_free(p->conn);
	free(p->path);
	free(p->next);
	free(p);
}

static void
pick_fail(struct pick *p, const char *why)
{
	v2_control_say(&p->l->r, V2_PICKUP_FAILED, p->path, why);
	session_post(&p->l->r);
	pick_free(p);
}

/* --- the handshake ------------------------------------------------------------------ */

static void pick_send(struct pick *, const char *target);

static void
pick_redirect(struct pick *p, const struct http_resp *resp)
{
	const char *to = headers_get(resp->headers, "Location");

	if (to == NULL || !v2_path_ok(to)) {
		pick_fail(p, "redirected to nowhere on this connection");
		return;
	}
	if (p->redirects++ == REDIRECTS_MAX) {
		pick_fail(p, "redirected too often");
		return;
	}
	free(p->next);
	p->next = xstrdup(to);
}

/* The body of a redirection must be read for the connection to go on. */
static void
on_redirect_body(char *text, size_t len, const struct err *why, void *arg)
{
	(void)len;
	(void)why;
	(void)arg;
	free(text);
}

static void
on_head(struct http_conn *c, const struct http_resp *resp, void *arg)
{
	struct pick	*p = arg;
	char		 why[80];

	(void)c;
	if (resp->upgraded != NULL) {
		p->s = v2_stream_new(&p->l->set, resp->upgraded, p->l->r.peer);
		p->l->picks_n--;
		http_conn_free(p->conn);
		p->conn = NULL;
		session_post(&p->l->r);
		return;
	}
	if (resp->status == 307) {
		body_collect(resp->body, REDIRECT_BODY, on_redirect_body, NULL);
		pick_redirect(p, resp);
		return;
	}
	body_close(resp->body);
	snprintf(why, sizeof why, "answered %d %s", resp->status,
	    http_reason(resp->status));
	pick_fail(p, why);
}

static void
on_fail(struct http_conn *c, const struct err *e, void *arg)
{
	(void)c;
	pick_fail(arg, e->msg);
}

/* After the answer that redirected us, if it ended well. */
static void
on_over(struct http_conn *c, bool reusable, void *arg)
{
	struct pick	*p = arg;
	char		*to = p->next;

	(void)c;
	if (to == NULL)
		return;		/* on_fail follows, or was called */
	if (!reusable) {
		pick_fail(p, "closed the connection after redirecting");
		return;
	}
	p->next = NULL;
	pick_send(p, to);
	free(to);
}

static void
pick_send(struct pick *p, const char *target)
{
	static const struct http_client_cb cb = { .head = on_head, .fail = on_fail };
	struct http_request rq = { .method = "GET", .target = target, .host = "" };

	rq.head_ms = p->l->r.config.open_ms;
	rq.stall_ms = p->l->r.config.open_ms;
	rq.lenient_version = true;
	http_conn_send(p->conn, &rq, &cb, p);
}

/* --- the control channel -------------------------------------------------------------- */

static void
late_set(struct listener_v2 *l)
{
	struct pick *p;

	if (l->r.down || l->r.freed)
		return;
	TAILQ_FOREACH(p, &l->picks, entry)
		if (p->s == NULL)
			break;
	if (p == NULL)
		timer_stop(l->late);
	else
		timer_set(l->late, p->by - clock_mono(loop_clock(l->r.loop)));
}

static void
pick_start(struct listener_v2 *l, const char *path)
{
	struct stream	*s;
	struct pick	*p;

	if (l->r.draining) {
		v2_control_say(&l->r, V2_PICKUP_FAILED, path, "takes no new streams");
		return;
	}
	if (l->set.n + l->picks_n >= l->r.config.streams_max) {
		v2_control_say(&l->r, V2_PICKUP_FAILED, path, "too many streams");
		return;
	}
	if ((s = l->dial(l->dial_arg)) == NULL) {
		v2_control_say(&l->r, V2_PICKUP_FAILED, path, "cannot dial");
		return;
	}
	p = xcalloc(1, sizeof *p);
	p->l = l;
	p->path = xstrdup(path);
	p->by = loop_now(l->r.loop) + l->r.config.open_ms;
	p->conn = http_conn_new(l->r.loop, s, NULL);
	TAILQ_INSERT_TAIL(&l->picks, p, entry);
	l->picks_n++;
	http_conn_on_over(p->conn, on_over, p);
	pick_send(p, path);
	late_set(l);
}

static void
listener_hear(struct revdial *r, const struct v2_line *line)
{
	if (line->command == V2_CONN_READY)
		pick_start(of(r), line->path);
}

/* --- work -------------------------------------------------------------------------------- */

static struct pick *
next_picked(struct listener_v2 *l)
{
	struct pick *p;

	TAILQ_FOREACH(p, &l->picks, entry)
		if (p->s != NULL)
			return p;
	return NULL;
}

static void
listener_work(struct revdial *r)
{
	struct listener_v2	*l = of(r);
	struct pick		*p;
	struct stream		*s;
	struct err		 e = ERR_INIT;

	err_set(&e, "%s: only the other side opens streams", r->peer);
	session_refuse(r, &e);
	while (!r->freed && !r->down && (p = next_picked(l)) != NULL) {
		s = p->s;
		pick_free(p);
		if (r->cb->accept != NULL)
			r->cb->accept(r, s, r->arg);
		else
			stream_close(s);
	}
	late_set(l);
	if (!r->freed && !r->down && r->draining && l->set.n + l->picks_n == 0)
		session_down(r, 0, "drained");
}

static void
on_late(void *arg)
{
	struct listener_v2	*l = arg;
	struct pick		*p, *next;
	int64_t			 now = loop_now(l->r.loop);

	TAILQ_FOREACH_SAFE(p, &l->picks, entry, next)
		if (p->s == NULL && p->by <= now)
			pick_fail(p, "the pick-up took too long");
	late_set(l);
}

/* --- life -------------------------------------------------------------------------------- */

static void
on_heard(void *arg)
{
	session_heard(arg);
}

static void
on_left(void *arg)
{
	session_post(arg);
}

static void
listener_drain(struct revdial *r)
{
	(void)r;	/* version 2 has no word for it */
}

static void
listener_cut(struct revdial *r, const char *why)
{
	struct listener_v2	*l = of(r);
	struct pick		*p;

	v2_set_cut(&l->set, why);
	while ((p = TAILQ_FIRST(&l->picks)) != NULL) {
		if (p->s != NULL)
			stream_close(p->s);
		pick_free(p);
	}
	timer_free(l->late);
	l->late = NULL;
	stream_close(r->carrier);
	r->carrier = NULL;
}

static size_t
listener_streams(const struct revdial *r)
{
	return ((const struct listener_v2 *)r)->set.n;
}

static int64_t
listener_rtt_us(const struct revdial *r)
{
	(void)r;
	return -1;
}

static void
listener_destroy(struct revdial *r)
{
	free(of(r));
}

static const struct session_ops listener_ops = {
	.name = "2",
	.work = listener_work,
	.drain = listener_drain,
	.cut = listener_cut,
	.streams = listener_streams,
	.rtt_us = listener_rtt_us,
	.destroy = listener_destroy,
	.hear = listener_hear,
};

struct revdial *
revdial_v2_listener(struct loop *loop, struct stream *carrier,
    revdial_dial_fn dial, void *dial_arg, const struct revdial_config *config,
    const struct revdial_cb *cb, void *arg)
{
	struct listener_v2 *l = xcalloc(1, sizeof *l);

	session_init(&l->r, &listener_ops, loop, carrier, config, cb, arg);
	if (l->r.config.dead_ms < V2_DEAD_MS)
		l->r.config.dead_ms = V2_DEAD_MS;
	l->dial = dial;
	l->dial_arg = dial_arg;
	TAILQ_INIT(&l->picks);
	v2_set_init(&l->set, on_heard, on_left, l);
	l->late = timer_new(loop, on_late, l);
	stream_timeout(carrier, l->r.config.dead_ms, l->r.config.write_ms);
	v2_control_begin(&l->r);
	return &l->r;
}
