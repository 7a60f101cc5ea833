/*
 * conn.c - one connection of the server.
 *
 * All progress is made in conn_step: it is run when bytes or room came, when a
 * reply is complete, and goes on until nothing more can be done. What a
 * handler calls only notes and asks for another step.
 *
 * A client that half-closes while its request waits for an answer counts as
 * gone away, as it does for stock Go servers: that is how a dead client looks.
 */
#include "http/conn.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "io/buf.h"

#define STEP_REQUESTS	64	/* pipelined ones before others have their turn */

/* What a piece of progress led to. */
enum step { STEP_ON, STEP_WAIT };

static void	on_step(void *);

/* --- the end ------------------------------------------------------------------ */

static void
conn_reap(void *arg)
{
	struct conn	*c = arg;
	struct http_req	*r = c->req;

	c->req = NULL;
	if (r != NULL) {
		if (r->upgrade != NULL)
			r->upgrade(NULL, r->upgrade_arg);
		req_free(r);
	}
	parse_free(c->parse);
	if (c->server != NULL)
		server_conn_gone(c->server, c);
	free(c);
}

void
conn_close(struct conn *c, const char *why)
{
	struct err	 e = ERR_INIT;

	if (c->dead)
		return;
	c->dead = true;
	if (c->stream != NULL) {
		log_debug("%s: http: closed: %s", stream_peer(c->stream), why);
		stream_close(c->stream);
		c->stream = NULL;
	}
	if (c->deferred)
		loop_undefer(c->loop, on_step, c);
	sender_stop(&c->tx);
	if (c->body != NULL) {
		err_code(&e, STREAM_RESET, "request body: %s", why);
		body_on_room(c->body, NULL, NULL);
		body_fail(c->body, &e);
		c->body = NULL;
	}
	loop_defer(c->loop, conn_reap, c);
}

/* What is in out has left: the client may still be sending, and would lose our
 * answer to a reset if we closed on it. */
static void
conn_finish_flushed(struct conn *c)
{
	struct stream	*s = c->stream;

	if (stream_unsent(s) != 0)
		return;
	c->stream = NULL;
	stream_close_soft(s, CONN_LINGER_MS);
	conn_close(c, "done");
}

static void
conn_finish(struct conn *c)
{
	if (c->dead || c->closing)
		return;
	c->closing = true;
	c->deadline = 0;
	buf_drain(stream_in(c->stream), buf_len(stream_in(c->stream)));
	stream_consumed(c->stream);
	conn_finish_flushed(c);
}

static enum step
conn_refuse(struct conn *c, int status, const char *text)
{
	log_debug("%s: http: refused with %d: %s", stream_peer(c->stream),
	    status, text);
	reply_refusal(c, status, text);
	conn_finish(c);
	return STEP_WAIT;
}

/* --- request bodies ------------------------------------------------------------- */

static void
conn_stall_from_now(struct conn *c)
{
	c->deadline = loop_now(c->loop) + c->server->limits.stall_ms;
}

static void
on_body_room(struct body *b, void *arg)
{
	static const char	 go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct conn		*c = arg;

	if (c->continue_due && body_wanted(b) && c->req != NULL &&
	    c->req->reply == REPLY_NONE) {
		c->continue_due = false;
		stream_write(c->stream, go_on, sizeof go_on - 1);
		conn_stall_from_now(c);
	}
	conn_kick(c);
}

static void
conn_body_over(struct conn *c, const struct err *why)
{
	struct body	*b = c->body;

	c->in = IN_OVER;
	c->body = NULL;
	c->deadline = 0;
	if (why != NULL)
		c->close_after = true;
	if (b == NULL)
		return;
	body_on_room(b, NULL, NULL);
	if (why != NULL)
		body_fail(b, why);
	else
		body_end(b, parse_trailers(c->parse));
}

static enum step
conn_body_broken(struct conn *c, struct err *e)
{
	/* Whoever reads it may still want to say what is wrong. */
	c->body_broke = c->body != NULL && c->req != NULL &&
	    c->req->body == NULL;
	err_wrap(e, "request body");
	conn_body_over(c, e);
	return STEP_ON;
}

/* The reply under way cannot be completed. */
void
conn_break(struct conn *c)
{
	struct err	 e = ERR_INIT;

	if (c->in == IN_BODY) {
		err_code(&e, STREAM_RESET, "the reply was broken off");
		(void)conn_body_broken(c, &e);
	}
	c->close_after = true;
	c->req->reply = REPLY_SENT;
	conn_kick(c);
}

/* How much more may come now, and where to. */
static size_t
conn_body_room(struct conn *c, struct evbuffer **out)
{
	struct body	*b = c->body;

	if (b != NULL && body_closed(b)) {
		c->body = NULL;
		body_on_room(b, NULL, NULL);
		body_end(b, NULL);
		b = NULL;
	}
	if (b == NULL) {
		*out = c->server->dropbox;
		return CONN_DROP_MAX - c->dropped;
	}
	*out = body_buf(b);
	return BODY_HIGH > buf_len(*out) ? BODY_HIGH - buf_len(*out) : 0;
}

static void
conn_body_came(struct conn *c)
{
	c->continue_due = false;
	stream_consumed(c->stream);
	conn_stall_from_now(c);
	if (c->body != NULL) {
		body_wrote(c->body);
		return;
	}
	c->dropped += buf_len(c->server->dropbox);
	buf_drain(c->server->dropbox, buf_len(c->server->dropbox));
}

static enum step
conn_body_wait(struct conn *c)
{
	struct err	 e = ERR_INIT;

	if (!c->eof || parse_eof(c->parse, &e) != PARSE_BAD)
		return STEP_WAIT;
	e.code = STREAM_RESET;
	return conn_body_broken(c, &e);
}

static enum step
conn_read_body(struct conn *c)
{
	struct evbuffer	*out;
	size_t		 room = conn_body_room(c, &out);
	struct err	 e = ERR_INIT;

	/* Nobody wants the rest, and the answer is out: no use to go on if the
	 * connection ends anyway or the rest is long. */
	if (c->body == NULL && c->req == NULL &&
	    (c->close_after || c->continue_due || room == 0)) {
		conn_finish(c);
		return STEP_WAIT;
	}
	switch (parse_feed(c->parse, stream_in(c->stream), out, room, &e)) {
	case PARSE_BODY:
		conn_body_came(c);
		return STEP_ON;
	case PARSE_END:
		stream_consumed(c->stream);
		conn_body_over(c, NULL);
		return STEP_ON;
	case PARSE_BAD:
		return conn_body_broken(c, &e);
	case PARSE_FULL:
		c->deadline = 0;	/* the reader's turn */
		return STEP_WAIT;
	default:
		stream_consumed(c->stream);
		if (c->deadline == 0 && !c->continue_due)
			conn_stall_from_now(c);
		return conn_body_wait(c);
	}
}

/* --- heads ------------------------------------------------------------------------ */

static void
conn_body_begin(struct conn *c, const struct parse_head *h)
{
	c->continue_due = h->expect_continue;
	c->body_broke = false;
	c->dropped = 0;
	c->in = h->has_body ? IN_BODY : IN_OVER;
	c->deadline = 0;
	if (!h->has_body)
		return;
	c->body = body_new(c->loop, h->length);
	c->req->body = c->body;
	body_on_room(c->body, on_body_room, c);
	if (!c->continue_due)	/* else it is for us to speak */
		conn_stall_from_now(c);
}

static enum step
conn_begin(struct conn *c)
{
	struct err	 e = ERR_INIT;

	if (c->server->draining)
		return conn_refuse(c, 503, "the server is shutting down");
	c->close_after = !parse_head(c->parse)->keep_alive;
	c->req = req_new(c, c->parse, &e);
	if (c->req == NULL)
		return conn_refuse(c, e.code, e.msg);
	conn_body_begin(c, parse_head(c->parse));
	c->server->handler(c->req, c->server->arg);
	return STEP_ON;
}

static enum step
conn_head_wait(struct conn *c)
{
	if (c->eof) {
		conn_finish(c);
		return STEP_WAIT;
	}
	if (parse_begun(c->parse) && !c->timing_head) {
		c->timing_head = true;
		c->deadline = loop_now(c->loop) + c->server->limits.head_ms;
	}
	return STEP_WAIT;
}

static enum step
conn_read_head(struct conn *c)
{
	struct err	 e = ERR_INIT;

	/* A client that pipelines but does not read its answers waits. */
	if (stream_full(c->stream)) {
		c->deadline = 0;
		return STEP_WAIT;
	}
	switch (parse_feed(c->parse, stream_in(c->stream), NULL, 0, &e)) {
	case PARSE_HEAD:
		stream_consumed(c->stream);
		return conn_begin(c);
	case PARSE_BAD:
		return conn_refuse(c, e.code, e.msg);
	default:
		stream_consumed(c->stream);
		return conn_head_wait(c);
	}
}

/* --- stepping ----------------------------------------------------------------------- */

static void
conn_idle_from_now(struct conn *c)
{
	c->timing_head = false;
	c->deadline = loop_now(c->loop) + c->server->limits.idle_ms;
}

static enum step
conn_next(struct conn *c)
{
	if (c->close_after ||
	    (c->server->draining && buf_len(stream_in(c->stream)) == 0)) {
		conn_finish(c);
		return STEP_WAIT;
	}
	parse_reset(c->parse);
	c->in = IN_HEAD;
	conn_idle_from_now(c);
	return STEP_ON;
}

static enum step
conn_req_done(struct conn *c)
{
	struct http_req	*r = c->req;

	c->req = NULL;
	req_free(r);	/* closes a body that nobody took */
	return STEP_ON;
}

static enum step
conn_once(struct conn *c)
{
	if (c->dead || c->closing)
		return STEP_WAIT;
	if (c->req != NULL && c->req->reply == REPLY_SENT)
		return conn_req_done(c);
	switch (c->in) {
	case IN_HEAD:
		return conn_read_head(c);
	case IN_BODY:
		return conn_read_body(c);
	case IN_OVER:
		break;
	}
	if (c->req == NULL)
		return conn_next(c);
	if (c->eof && !c->body_broke) {
		conn_close(c, "the client went away before the answer");
		return STEP_WAIT;
	}
	if (c->req->reply == REPLY_UPGRADE && reply_upgrade_step(c->req))
		conn_close(c, "upgraded");
	return STEP_WAIT;
}

static void
conn_step(struct conn *c)
{
	int	 budget = STEP_REQUESTS;

	if (c->stepping) {
		c->again = true;
		return;
	}
	c->stepping = true;
	do {
		c->again = false;
		while (budget > 0 && conn_once(c) == STEP_ON)
			budget -= c->in == IN_HEAD;
	} while (c->again && budget > 0);
	c->stepping = false;
	if (budget == 0)
		conn_kick(c);
}

static void
on_step(void *arg)
{
	struct conn	*c = arg;

	c->deferred = false;
	conn_step(c);
}

void
conn_kick(struct conn *c)
{
	if (c->dead)
		return;
	if (c->stepping)
		c->again = true;
	else if (!c->deferred) {
		c->deferred = true;
		loop_defer(c->loop, on_step, c);
	}
}

/* --- what the stream tells ------------------------------------------------------------ */

static void
on_read(struct stream *s, void *arg)
{
	struct conn	*c = arg;

	if (!c->closing) {
		conn_step(c);
		return;
	}
	buf_drain(stream_in(s), buf_len(stream_in(s)));
	stream_consumed(s);
}

static void
on_drained(struct stream *s, void *arg)
{
	struct conn	*c = arg;

	(void)s;
	if (c->closing) {
		conn_finish_flushed(c);
		return;
	}
	sender_drained(&c->tx);
	if (!c->dead)
		conn_step(c);
}

static void
on_eof(struct stream *s, void *arg)
{
	struct conn	*c = arg;

	(void)s;
	c->eof = true;
	conn_step(c);
}

static void
on_error(struct stream *s, const struct err *why, void *arg)
{
	(void)s;
	conn_close(arg, why->msg);
}

static const struct stream_cb conn_cb = {
	.read = on_read,
	.drained = on_drained,
	.eof = on_eof,
	.error = on_error,
};

/* --- for the server --------------------------------------------------------------------- */

void
conn_new(struct http_server *srv, struct stream *s)
{
	struct conn	*c = xcalloc(1, sizeof *c);

	c->server = srv;
	c->loop = srv->loop;
	c->stream = s;
	c->parse = parse_new(false, &srv->limits);
	TAILQ_INSERT_TAIL(&srv->conns, c, entry);
	srv->nconns++;
	conn_idle_from_now(c);
	/* Who has just connected wants to say something. */
	if (srv->limits.head_ms < srv->limits.idle_ms)
		c->deadline = loop_now(c->loop) + srv->limits.head_ms;
	stream_timeout(s, 0, srv->limits.stall_ms);
	stream_set_cb(s, &conn_cb, c);
	if (srv->nconns > srv->limits.connections_max)
		(void)conn_refuse(c, 503, "too many connections");
}

void
conn_expired(struct conn *c)
{
	struct err	 e = ERR_INIT;

	c->deadline = 0;
	if (c->in == IN_BODY) {
		err_code(&e, STREAM_TIMEOUT, "nothing came for %lld ms",
		    (long long)c->server->limits.stall_ms);
		(void)conn_body_broken(c, &e);
		conn_step(c);
	} else if (c->timing_head)
		(void)conn_refuse(c, 408, "the head took too long");
	else
		conn_finish(c);
}

bool
conn_idle(const struct conn *c)
{
	return c->in == IN_HEAD && c->req == NULL && !c->dead;
}

void
conn_drain(struct conn *c)
{
	if (conn_idle(c) && !parse_begun(c->parse) && !c->closing &&
	    buf_len(stream_in(c->stream)) == 0)
		conn_finish(c);
}
