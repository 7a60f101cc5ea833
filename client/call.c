/*
 * call.c - requests to a server, each a few callbacks behind one function that
 * runs the loop until they have come.
 */
#include "client/call.h"

#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "client/agent.h"
#include "client/hint.h"
#include "client/target.h"
#include "http/client.h"
#include "io/buf.h"
#include "io/loop.h"
#include "io/net.h"
#include "io/tls.h"

#define DIAL_MS		(15 * 1000)
#define STALL_MS	(60 * 1000)
#define REFUSAL_MAX	4096	/* bytes of an error answer that we read */

struct call {
	struct loop		*loop;
	struct target		 to;
	struct tls_ctx		*tls;		/* made at the first dial */
	char			*ca;
	char			*authorization;	/* NULL: none */
	int64_t			 agent_ms;	/* cred.h */
	struct agent_line	*line;		/* of conn; NULL: it is our own */
	struct agent_line	*beside;	/* of the last call_stream */
	bool			 alone;		/* there was no agent for us */
	bool			 reached;	/* and the server was there */
	struct http_conn	*conn;		/* NULL: not dialed */
	bool			 kept;		/* conn has served a request before */

	const char		*doing;
	bool			 waiting;	/* loop_run goes on until this is false */
	bool			 reading;	/* in call_read */
	bool			 looking;	/* in call_look, which is over by itself */
	bool			 failed;
	struct err		 why;
	int			 status;	/* 0: no answer yet */
	struct stream		*upgraded;	/* what an answer 101 made of conn */
	struct body		*answer;	/* the reader's end; NULL: none, or read */
	struct headers		*fields;	/* of the answer's head */
	struct headers		*trailers;

	call_sink		 sink;
	void			*sink_arg;
};

/* --- waiting --------------------------------------------------------------- */

static void
call_wake(struct call *c)
{
	c->waiting = false;
	loop_stop(c->loop);
}

static void
call_fail(struct call *c, const struct err *why)
{
	c->failed = true;
	c->why = *why;
	call_wake(c);
}

/* Runs the loop until something calls call_wake. */
static void
call_wait(struct call *c)
{
	c->waiting = true;
	loop_run(c->loop);
	if (c->waiting)
		fatalx("%s: nothing is left to wait for", c->doing);
}

/* --- connecting ------------------------------------------------------------ */

static void
on_open(struct stream *s, void *arg)
{
	(void)s;
	call_wake(arg);
}

static void
on_dial_error(struct stream *s, const struct err *why, void *arg)
{
	(void)s;
	call_fail(arg, why);
}

static const struct stream_cb dial_cb = {
	.open = on_open,
	.error = on_dial_error,
};

static int
call_prepare_tls(struct call *c, struct err *e)
{
	if (!c->to.tls || c->tls != NULL)
		return 0;
	c->tls = tls_client(c->ca,
	    c->ca != NULL ? TLS_VERIFY_CHAIN : TLS_VERIFY_FULL, e);
	return c->tls != NULL ? 0 : -1;
}

static void
call_hang_up(struct call *c)
{
	bool	whole = c->conn != NULL && http_conn_idle(c->conn);

	agent_give_back(c->line, whole ? http_conn_stream(c->conn) : NULL, whole);
	c->line = NULL;
	http_conn_free(c->conn);
	c->conn = NULL;
}

static struct stream *
call_own_way(struct call *c, struct err *e)
{
	struct net_dial	 d = { .address = c->to.address, .ms = DIAL_MS,
	    .proxied = c->to.tls };

	if (call_prepare_tls(c, e) == -1)
		return NULL;
	d.tls = c->tls;
	return net_dial(c->loop, &d);
}

/* By the agent, with *line, or else our own. */
static struct stream *
call_way(struct call *c, struct agent_line **line, struct err *e)
{
	bool	there;

	*line = NULL;
	if (c->agent_ms == 0)
		return call_own_way(c, e);
	*line = agent_borrow(c->to.address, c->ca, &there);
	if (*line != NULL)
		return agent_stream(*line, c->loop, c->to.address);
	c->alone = !there;
	return call_own_way(c, e);
}

struct stream *
call_stream(struct call *c, struct err *e)
{
	agent_give_back(c->beside, NULL, false);
	return call_way(c, &c->beside, e);
}

/* own: by no agent. */
static int
call_dial(struct call *c, bool own, struct err *e)
{
	struct stream	*s = own ? call_own_way(c, e) : call_way(c, &c->line, e);

	if (s == NULL)
		return -1;
	c->failed = false;
	stream_set_cb(s, &dial_cb, c);
	call_wait(c);
	if (c->failed) {
		stream_close(s);
		return err_code(e, c->why.code, "%s: %s", target_hop(&c->to), c->why.msg);
	}
	c->conn = http_conn_new(c->loop, s, NULL);
	c->kept = false;
	c->reached = true;
	return 0;
}

/* What came meanwhile is let in: while the connection stood, because the person was
 * asked something, say, the server may have closed it, which the loop has not seen.
 * Waits for nothing. -1 and e: call_cut. */
static int
call_look(struct call *c, struct err *e)
{
	c->failed = false;
	c->looking = true;	/* or else a call_cut now would be lost */
	loop_turn(c->loop, 0);
	c->looking = false;
	if (!c->failed)
		return 0;
	call_hang_up(c);
	*e = c->why;
	return -1;
}

/* A connection that can take a request. Our own for a body, which cannot be sent
 * again if the agent's was stale, and for what takes it away; but a small body
 * goes where the requests before it went, since a handshake would cost more than
 * the way through the agent. */
static int
call_connect(struct call *c, const struct call_request *q, struct err *e)
{
	bool	own = (q->body != NULL && !q->small) || q->upgraded != NULL;

	if (c->answer != NULL) {	/* nobody read the last one to its end */
		body_close(c->answer);
		c->answer = NULL;
		call_hang_up(c);
	}
	if (c->conn != NULL && !(own && c->line != NULL)) {
		if (call_look(c, e) == -1)
			return -1;
		if (http_conn_idle(c->conn)) {
			c->kept = true;
			return 0;
		}
	}
	call_hang_up(c);
	return call_dial(c, own || q->body != NULL, e);
}

void
call_pass(struct call *from, struct call *to)
{
	if (from->conn == NULL || from->answer != NULL || to->conn != NULL)
		return;
	to->conn = from->conn;
	to->line = from->line;
	from->conn = NULL;
	from->line = NULL;
}

/* --- the request ----------------------------------------------------------- */

static void
on_head(struct http_conn *conn, const struct http_resp *resp, void *arg)
{
	struct call	*c = arg;

	(void)conn;
	c->status = resp->status;
	c->fields = headers_copy(resp->headers);
	c->answer = resp->body;
	c->upgraded = resp->upgraded;
	call_wake(c);
}

static void
on_fail(struct http_conn *conn, const struct err *why, void *arg)
{
	(void)conn;
	call_fail(arg, why);
}

static const struct http_client_cb request_cb = { on_head, on_fail };

static char *
call_target(const struct call_request *q)
{
	char	*query, *target;

	if (q->query == NULL)
		return xstrdup(q->path);
	query = form_encode(q->query);
	target = xasprintf("%s?%s", q->path, query);
	free(query);
	return target;
}

struct headers *
call_fields(const struct call *c, const struct call_request *q)
{
	struct headers	*h = headers_new();

	headers_add(h, "User-Agent", "gomote/" GOMOTE_VERSION);
	if (c->authorization != NULL)
		headers_add(h, "Authorization", c->authorization);
	if (!c->to.direct && c->to.instance != NULL)
		headers_add(h, API_H_PROXY, c->to.instance);
	if (q->builder_env != NULL)
		headers_add(h, API_H_BUILDER_ENV, q->builder_env);
	if (q->form != NULL)
		headers_add(h, "Content-Type", "application/x-www-form-urlencoded");
	if (q->more != NULL)
		headers_copy_end_to_end(h, q->more);
	return h;
}

static struct body *
call_body(struct call *c, const struct call_request *q)
{
	struct evbuffer	*bytes;
	struct body	*b;
	char		*text;

	if (q->body != NULL)
		return q->body;
	if (q->form == NULL)
		return str_eq(q->method, "POST") ? body_of(c->loop, NULL) : NULL;
	text = form_encode(q->form);
	bytes = buf_new();
	buf_adds(bytes, text);
	b = body_of(c->loop, bytes);
	buf_free(bytes);
	free(text);
	return b;
}

/* One try over c->conn; how it went is in failed, why and status. */
static void
call_try(struct call *c, const struct call_request *q)
{
	char			*target = call_target(q);
	struct headers		*h = call_fields(c, q);
	struct http_request	 r = {
		.method = q->method, .target = target, .host = c->to.host,
		.headers = h, .body = call_body(c, q), .head_ms = q->head_ms,
		.stall_ms = q->stall_ms == 0 ? STALL_MS :
		    q->stall_ms < 0 ? 0 : q->stall_ms,
	};

	c->failed = false;
	c->status = 0;
	http_conn_send(c->conn, &r, &request_cb, c);
	headers_free(h);
	free(target);
	call_wait(c);
}

/* A server may close a connection that it kept for long just when we use it.
 * An agent gives out none of which it knows that; that it then broke all the
 * same may have other reasons, and a command must not be run twice. */
static bool
call_is_stale(const struct call *c, const struct call_request *q)
{
	return c->failed && q->body == NULL && c->why.code == STREAM_RESET &&
	    (c->kept || (c->line != NULL && str_eq(q->method, "GET")));
}

/* --- the answer ------------------------------------------------------------ */

/* The answer is over, or nobody wants the rest of it. */
static void
call_answer_over(struct call *c)
{
	body_close(c->answer);
	c->answer = NULL;
	call_wake(c);
}

static void
on_answer(struct body *b, void *arg)
{
	struct call	*c = arg;

	if (buf_len(body_buf(b)) > 0 &&
	    c->sink(body_buf(b), c->sink_arg, &c->why) == -1) {
		c->failed = true;
		call_answer_over(c);
		return;
	}
	body_took(b);
	if (body_error(b) != NULL) {
		c->failed = true;
		err_code(&c->why, CALL_LOST, "%s: %s: connection lost: %s",
		    target_hop(&c->to), c->doing, body_error(b)->msg);
		call_answer_over(c);
	} else if (body_done(b)) {
		c->trailers = headers_copy(body_trailers(b));
		call_answer_over(c);
	}
}

int
call_read(struct call *c, call_sink sink, void *arg, struct err *e)
{
	c->failed = false;
	if (c->answer == NULL)
		return 0;
	c->sink = sink;
	c->sink_arg = arg;
	c->reading = true;
	body_on_data(c->answer, on_answer, c);
	call_wait(c);
	c->reading = false;
	if (!c->failed)
		return 0;
	*e = c->why;
	call_hang_up(c);
	return -1;
}

void
call_again(struct call *c)
{
	if (c->reading && c->answer != NULL)
		body_read_again(c->answer);
}

void
call_cut(struct call *c)
{
	if (!c->waiting && !c->looking)
		return;
	c->failed = true;
	err_code(&c->why, CALL_CUT, "%s: %s: given up", target_hop(&c->to), c->doing);
	if (c->reading)
		call_answer_over(c);
	else if (c->waiting)
		call_wake(c);
}

const char *
call_field(const struct call *c, const char *name)
{
	return c->fields != NULL ? headers_get(c->fields, name) : NULL;
}

const char *
call_trailer(const struct call *c, const char *name)
{
	return c->trailers != NULL ? headers_get(c->trailers, name) : NULL;
}

/* --- what was refused ------------------------------------------------------ */

/* Who speaks, who may have said so itself: behind a coordinator a refusal of the
 * request as such is its own. */
static const char *
call_speaker(const struct call *c, const char *said)
{
	if (c->to.direct || c->to.instance == NULL)
		return target_hop(&c->to);
	if (str_starts(said, "coordinator: "))
		return "coordinator";
	return c->status == 401 || c->status == 403 ||
	    (c->status >= 502 && c->status <= 504) ? "coordinator" : "buildlet";
}

/* The first line of what the server said, or what the status means. */
static void
call_reason(struct call *c, struct str *text)
{
	struct err	 e = ERR_INIT;
	size_t		 len;

	if (call_collect(c, REFUSAL_MAX, text, &e) == -1)
		call_hang_up(c);	/* what came until then will do */
	len = strcspn(str_text(text), "\r\n");
	if (len == 0) {
		str_clear(text);
		str_addf(text, "%d %s", c->status, http_reason(c->status));
	} else
		text->s[len] = '\0';
}

static int
call_refused(struct call *c, const char *doing, struct err *e)
{
	const char	*hop, *said;
	struct str	 text = STR_INIT;

	call_reason(c, &text);
	said = str_text(&text);
	hop = call_speaker(c, said);
	if (str_starts(said, hop) && str_starts(said + strlen(hop), ": "))
		said += strlen(hop) + 2;	/* once is enough */
	err_set(e, "%s: %s: %s%s", hop, doing, said, hint_answer(c->status, hop,
	    said, c->authorization != NULL, c->to.instance));
	str_release(&text);
	return -1;
}

/* The answer was 101; conn is of no use any more. */
static int
call_taken(struct call *c, const struct call_request *q, struct err *e)
{
	struct stream	*s = c->upgraded;

	c->upgraded = NULL;
	call_hang_up(c);
	if (q->upgraded != NULL) {
		*q->upgraded = s;
		return 0;
	}
	stream_close(s);
	return err_set(e, "%s: %s: the answer is another protocol",
	    target_hop(&c->to), q->doing);
}

int
call_send(struct call *c, const struct call_request *q, struct err *e)
{
	c->doing = q->doing;
	c->status = 0;
	headers_free(c->trailers);
	headers_free(c->fields);
	c->trailers = c->fields = NULL;
	if (call_connect(c, q, e) == -1) {
		if (q->body != NULL)
			body_close(q->body);
		return -1;
	}
	call_try(c, q);
	if (call_is_stale(c, q)) {
		call_hang_up(c);
		if (call_dial(c, true, e) == -1)
			return -1;
		call_try(c, q);
	}
	if (c->failed) {
		call_hang_up(c);
		if (c->why.code == CALL_CUT) {
			*e = c->why;
			return -1;
		}
		return err_code(e, CALL_LOST, "%s: %s: %s", target_hop(&c->to),
		    q->doing, c->why.msg);
	}
	if (c->upgraded != NULL)
		return call_taken(c, q, e);
	if (c->status < 200 || c->status > 299)
		return call_refused(c, q->doing, e);
	return 0;
}

int
call_status(const struct call *c)
{
	return c->status;
}

/* --- life ------------------------------------------------------------------ */

struct call *
call_new(struct loop *loop, const struct cred *cred, const char *instance,
    struct err *e)
{
	struct call	*c;
	struct target	 to;

	if (target_init(&to, cred->server, instance, e) == -1)
		return NULL;
	c = xcalloc(1, sizeof *c);
	c->loop = loop;
	c->to = to;
	c->doing = "";
	c->ca = cred->ca != NULL ? xstrdup(cred->ca) : NULL;
	c->agent_ms = to.tls && !to.direct ? cred->agent_ms : 0;
	c->authorization = to.direct ? cred_password(cred) :
	    cred_authorization(cred);
	return c;
}

void
call_free(struct call *c)
{
	if (c == NULL)
		return;
	if (c->answer != NULL)
		body_close(c->answer);
	call_hang_up(c);
	agent_give_back(c->beside, NULL, false);
	if (c->alone && c->reached)
		agent_start(c->to.address, c->ca, c->agent_ms);
	tls_ctx_free(c->tls);
	headers_free(c->trailers);
	headers_free(c->fields);
	target_release(&c->to);
	free(c->ca);
	free(c->authorization);
	free(c);
}

const char *
call_host(const struct call *c)
{
	return c->to.host;
}

const char *
call_hop(const struct call *c)
{
	return target_hop(&c->to);
}
