/*
 * client.c - the HTTP/1.1 client: one connection, one request at a time.
 *
 * Two things go on at once and are joined in conn_try_over: our request goes
 * out (the sender), the answer comes in (the parser). Whichever ends second
 * ends the request.
 */
#include "http/client.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "http/bytes.h"
#include "http/parse.h"
#include "http/send.h"
#include "io/buf.h"
#include "io/loop.h"

#define HEAD_MS		30000
#define LOOK_MS		1000	/* how often deadlines are looked at, at most */

struct http_conn {
	struct loop		*loop;
	struct stream		*stream;	/* NULL: over for good */
	struct parse		*parse;
	struct sender		 tx;
	bool			 busy;		/* a request is under way */
	bool			 head_seen;
	bool			 answered;	/* the answer is complete */
	bool			 reusable;
	bool			 is_head;
	bool			 eof;
	bool			 dead;		/* freed by the user */
	bool			 inside;	/* in one of our callbacks */
	char			*peer;
	char			*what;		/* "POST /exec on PEER" */
	struct http_client_cb	 cb;
	void			*arg;
	struct headers		*headers;	/* of the response */
	struct body		*body;		/* of the response, writer's end */
	struct timer		*timer;
	int64_t			 head_ms, stall_ms;
	int64_t			 last;		/* bytes moved */
	uint64_t		 moved;		/* out, when last looked */
	void			(*over)(struct http_conn *, bool, void *);
	void			*over_arg;
};

static void	conn_read(struct http_conn *);
static void	conn_fail_later(void *);

/* --- the end ------------------------------------------------------------------- */

static void
conn_reap(void *arg)
{
	struct http_conn	*c = arg;

	parse_free(c->parse);
	headers_free(c->headers);
	timer_free(c->timer);
	free(c->peer);
	free(c->what);
	free(c);
}

static void
conn_tell_over(struct http_conn *c)
{
	if (!c->dead && c->over != NULL)
		c->over(c, c->reusable, c->over_arg);
}

/* No byte goes or comes any more; the conn itself stays until it is freed. */
static void
conn_cut(struct http_conn *c)
{
	struct stream	*s = c->stream;

	c->reusable = false;
	c->stream = NULL;
	if (c->timer != NULL)
		timer_stop(c->timer);
	sender_stop(&c->tx);
	if (s != NULL)
		stream_close(s);
}

static void
conn_body_fail(struct http_conn *c, const struct err *why)
{
	struct body	*b = c->body;

	c->body = NULL;
	if (b == NULL)
		return;
	body_on_room(b, NULL, NULL);
	body_fail(b, why);
}

/* The request cannot be completed. */
static void
conn_fail(struct http_conn *c, const struct err *cause)
{
	struct err	 e = *cause;

	err_wrap(&e, "%s", c->what);
	e.code = cause->code;
	conn_cut(c);
	c->busy = false;
	if (c->head_seen)
		conn_body_fail(c, &e);
	else if (c->cb.fail != NULL)
		c->cb.fail(c, &e, c->arg);
	if (!c->dead)
		conn_tell_over(c);
}

static void
conn_fail_text(struct http_conn *c, int code, const char *text)
{
	struct err	 e = ERR_INIT;

	err_code(&e, code, "%s", text);
	conn_fail(c, &e);
}

/* Our side is sent and theirs is in. If the connection ends anyway the rest of
 * our side is of no use. */
static void
conn_try_over(struct http_conn *c)
{
	if (!c->busy || !c->answered)
		return;
	if (c->tx.body != NULL && c->reusable && !c->eof)
		return;
	if (buf_len(stream_in(c->stream)) > 0 || c->eof)
		c->reusable = false;	/* what came unasked is not for us */
	c->busy = false;
	timer_stop(c->timer);
	if (!c->reusable)
		conn_cut(c);
	conn_tell_over(c);
}

void
http_conn_free(struct http_conn *c)
{
	struct err	 e = ERR_INIT;

	if (c == NULL || c->dead)
		return;
	c->dead = true;
	err_code(&e, STREAM_RESET, "%s: given up",
	    c->what != NULL ? c->what : "");
	conn_cut(c);
	conn_body_fail(c, &e);
	loop_undefer(c->loop, conn_fail_later, c);
	loop_defer(c->loop, conn_reap, c);
}

/* --- the answer ------------------------------------------------------------------ */

static void
on_body_room(struct body *b, void *arg)
{
	struct http_conn	*c = arg;

	(void)b;
	c->last = loop_now(c->loop);
	conn_read(c);
}

static void
conn_answered(struct http_conn *c)
{
	struct body	*b = c->body;

	c->answered = true;
	c->body = NULL;
	if (b != NULL) {
		body_on_room(b, NULL, NULL);
		body_end(b, parse_trailers(c->parse));
	}
	conn_try_over(c);
}

static void
conn_upgraded(struct http_conn *c, struct http_resp *resp)
{
	static const struct stream_cb	 none;
	struct stream			*s = c->stream;

	c->stream = NULL;
	conn_cut(c);
	c->busy = false;
	stream_set_cb(s, &none, NULL);
	stream_timeout(s, 0, 0);
	resp->upgraded = s;
	c->cb.head(c, resp, c->arg);
	if (!c->dead)
		conn_tell_over(c);
}

static void
conn_head(struct http_conn *c)
{
	const struct parse_head	*h = parse_head(c->parse);
	struct http_resp	 resp = { h->status, NULL, NULL, NULL };

	if (h->status / 100 == 1 && !h->upgrade) {
		parse_reset(c->parse);	/* the real one follows */
		return;
	}
	c->head_seen = true;
	c->last = loop_now(c->loop);
	c->reusable = h->keep_alive;
	c->headers = parse_take_headers(c->parse);
	resp.headers = c->headers;
	if (h->upgrade) {
		conn_upgraded(c, &resp);
		return;
	}
	if (c->is_head)
		parse_no_body(c->parse);
	c->body = body_new(c->loop, h->length);
	body_on_room(c->body, on_body_room, c);
	resp.body = c->body;
	c->cb.head(c, &resp, c->arg);
}

/* Nobody reads the response body any more, and its end is not here yet. The
 * peer may be working for nothing, so it must hear of it. */
static void
conn_unwanted(struct http_conn *c)
{
	struct body	*b = c->body;

	c->body = NULL;
	body_on_room(b, NULL, NULL);
	body_end(b, NULL);
	c->reusable = false;
	c->answered = true;
	conn_try_over(c);
}

static void
conn_peer_ended(struct http_conn *c)
{
	struct err	 e = ERR_INIT;

	switch (parse_eof(c->parse, &e)) {
	case PARSE_END:
		c->reusable = false;
		conn_answered(c);
		break;
	case PARSE_MORE:
		conn_fail_text(c, STREAM_RESET,
		    "connection closed before the answer");
		break;
	default:
		e.code = STREAM_RESET;
		err_wrap(&e, "the answer");
		conn_fail(c, &e);
		break;
	}
}

/* One event of the parser; false: nothing more to do now. */
static bool
conn_read_once(struct http_conn *c)
{
	struct evbuffer	*out = c->body != NULL ? body_buf(c->body) : NULL;
	size_t		 room = 0, len;
	struct err	 e = ERR_INIT;

	if (out != NULL && (len = buf_len(out)) < BODY_HIGH)
		room = BODY_HIGH - len;
	switch (parse_feed(c->parse, stream_in(c->stream), out, room, &e)) {
	case PARSE_HEAD:
		conn_head(c);
		return true;
	case PARSE_BODY:
		c->last = loop_now(c->loop);
		body_wrote(c->body);
		return true;
	case PARSE_END:
		conn_answered(c);
		return false;
	case PARSE_FULL:
		return false;
	case PARSE_BAD:
		e.code = 0;
		err_wrap(&e, "the answer is malformed");
		conn_fail(c, &e);
		return false;
	default:
		if (c->eof)
			conn_peer_ended(c);
		else if (c->body != NULL && body_closed(c->body))
			conn_unwanted(c);
		return false;
	}
}

static void
conn_read(struct http_conn *c)
{
	if (c->inside)
		return;
	c->inside = true;
	while (!c->dead && c->busy && !c->answered && c->stream != NULL &&
	    conn_read_once(c))
		;
	c->inside = false;
	if (!c->dead && c->stream != NULL)
		stream_consumed(c->stream);
}

/* Have bytes of the request left since we last looked? */
static void
conn_note_moved(struct http_conn *c, struct stream *s)
{
	if (stream_bytes_out(s) != c->moved) {
		c->moved = stream_bytes_out(s);
		c->last = loop_now(c->loop);
	}
}

/* --- what the stream tells --------------------------------------------------------- */

/* Between requests a peer has nothing to say but goodbye. */
static void
conn_idle_ended(struct http_conn *c)
{
	if (c->stream == NULL)
		return;
	conn_cut(c);
	conn_tell_over(c);
}

static void
on_open(struct stream *s, void *arg)
{
	struct http_conn	*c = arg;

	(void)s;
	c->last = loop_now(c->loop);
}

static void
on_read(struct stream *s, void *arg)
{
	struct http_conn	*c = arg;

	(void)s;
	if (c->busy)
		conn_read(c);
	else
		conn_idle_ended(c);
}

static void
on_drained(struct stream *s, void *arg)
{
	struct http_conn	*c = arg;

	conn_note_moved(c, s);
	sender_drained(&c->tx);
}

static void
on_eof(struct stream *s, void *arg)
{
	struct http_conn	*c = arg;

	(void)s;
	c->eof = true;
	if (!c->busy)
		conn_idle_ended(c);
	else if (c->answered)
		conn_try_over(c);
	else
		conn_read(c);
}

/* An answer that came before the break still counts: a server that refuses a
 * long upload may close while we write. */
static void
on_error(struct stream *s, const struct err *why, void *arg)
{
	struct http_conn	*c = arg;

	(void)s;
	if (c->busy)
		conn_read(c);
	if (c->dead || c->stream == NULL)
		return;
	c->eof = true;
	if (!c->busy)
		conn_idle_ended(c);
	else if (c->answered) {
		c->reusable = false;
		conn_try_over(c);
	} else
		conn_fail(c, why);
}

static const struct stream_cb conn_cb = {
	.open = on_open,
	.read = on_read,
	.drained = on_drained,
	.eof = on_eof,
	.error = on_error,
};

/* --- deadlines ----------------------------------------------------------------------- */

static void
conn_look(struct http_conn *c)
{
	int64_t		 idle;
	int64_t		 limit = c->head_seen ? c->stall_ms : c->head_ms;
	const char	*what = c->head_seen ? "nothing more came of the answer" :
	    "no answer";
	char		 buf[CLOCK_TEXT_MAX];
	struct err	 e = ERR_INIT;

	conn_note_moved(c, c->stream);
	/* A body whose reader is slow stalls by our own doing. */
	if (c->body != NULL && body_full(c->body))
		c->last = loop_now(c->loop);
	idle = loop_now(c->loop) - c->last;
	if (limit <= 0 || c->answered || idle < limit) {
		timer_set(c->timer, limit > idle && limit - idle < LOOK_MS ?
		    limit - idle : LOOK_MS);
		return;
	}
	err_code(&e, STREAM_TIMEOUT, "%s for %s", what,
	    clock_duration(limit, buf));
	conn_fail(c, &e);
}

static void
on_timer(void *arg)
{
	struct http_conn	*c = arg;

	if (c->busy && !c->dead && c->stream != NULL)
		conn_look(c);
}

/* --- the request ----------------------------------------------------------------------- */

static void
on_sent(const struct err *why, void *arg)
{
	struct http_conn	*c = arg;
	struct err		 e = ERR_INIT;

	c->last = loop_now(c->loop);
	if (why != NULL)	/* the peer must not take it for a whole one */
		c->reusable = false;
	if (why == NULL || c->answered) {
		conn_try_over(c);
		return;
	}
	/* The server's side has said so already of what it hands on. */
	err_code(&e, HTTP_BODY_BROKE, "%s%s",
	    str_starts(why->msg, "request body: ") ? "" : "request body: ", why->msg);
	conn_fail(c, &e);
}

/* What cannot be sent at all: told from the loop, as any failure. */
static void
conn_fail_later(void *arg)
{
	struct http_conn	*c = arg;

	if (!c->dead && c->busy)
		conn_fail_text(c, 0, c->stream == NULL ?
		    "the connection is over" : "malformed method or target");
}

void
http_conn_send(struct http_conn *c, const struct http_request *q,
    const struct http_client_cb *cb, void *arg)
{
	struct str	 head = STR_INIT;

	if (c->busy)
		fatalx("http: a request while another is under way");
	if (c->stream != NULL) {	/* it may have got a better name */
		free(c->peer);
		c->peer = xstrdup(stream_peer(c->stream));
	}
	free(c->what);
	c->what = xasprintf("%s %.*s on %s", q->method,
	    (int)strcspn(q->target, "?"), q->target, c->peer);
	headers_free(c->headers);
	c->headers = NULL;
	c->cb = *cb;
	c->arg = arg;
	c->busy = true;
	c->head_seen = c->answered = false;
	c->is_head = str_eq(q->method, "HEAD");
	c->head_ms = q->head_ms == 0 ? HEAD_MS : q->head_ms;
	c->stall_ms = q->stall_ms;
	c->last = loop_now(c->loop);
	if (c->stream == NULL || send_request_head(&head, q) == -1) {
		if (q->body != NULL)
			body_close(q->body);
		loop_defer(c->loop, conn_fail_later, c);
		return;
	}
	parse_reset(c->parse);
	parse_lenient_version(c->parse, q->lenient_version);
	bytes_add(stream_out(c->stream), head.s, head.len);
	str_release(&head);
	stream_wrote(c->stream);
	if (q->body != NULL)
		sender_start(&c->tx, c->stream, q->body,
		    body_length(q->body) < 0 ? SEND_CHUNKED : SEND_LENGTH);
	timer_set(c->timer, LOOK_MS / 4);
}

struct http_conn *
http_conn_new(struct loop *loop, struct stream *s, const struct http_limits *limits)
{
	struct http_conn	*c = xcalloc(1, sizeof *c);

	c->loop = loop;
	c->stream = s;
	c->reusable = true;
	c->parse = parse_new(true, limits);
	c->timer = timer_new(loop, on_timer, c);
	c->tx.done = on_sent;
	c->tx.arg = c;
	stream_set_cb(s, &conn_cb, c);
	return c;
}

void
http_conn_on_over(struct http_conn *c,
    void (*fn)(struct http_conn *, bool, void *), void *arg)
{
	c->over = fn;
	c->over_arg = arg;
}

bool
http_conn_idle(const struct http_conn *c)
{
	return !c->busy && c->reusable && c->stream != NULL && !c->eof;
}

struct stream *
http_conn_stream(struct http_conn *c)
{
	return c->stream;
}
