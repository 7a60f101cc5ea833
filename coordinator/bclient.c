/*
 * bclient.c - calls, connections and dials to one machine.
 *
 * A call waits for a dial or is on a connection; when its head has come it is
 * over, and the connection alone follows the bodies until they are over too.
 */
#include "coordinator/bclient.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/queue.h"
#include "base/xmalloc.h"
#include "coordinator/ask.h"
#include "io/buf.h"
#include "io/loop.h"
#include "io/stream.h"

struct conn {
	struct bclient		*bc;
	struct loop		*loop;
	uint64_t		 id;		/* from 1 */
	struct http_conn	*hc;		/* NULL once closed */
	struct bclient_call	*call;		/* until its head */
	bool			 idle;
	bool			 kept;		/* the call under way is not its first */
	bool			 last;		/* no call after the one under way */
	int64_t			 idle_since;
	uint64_t		 in_before;	/* bytes received when the call began */
	TAILQ_ENTRY(conn)	 entry;		/* in busy or idle */
};
TAILQ_HEAD(conns, conn);

struct dial {
	struct bclient		*bc;
	struct bclient_call	*call;		/* NULL: nobody waits any more */
	bool			 last;		/* begun before bclient_renew */
	TAILQ_ENTRY(dial)	 entry;
};

struct bclient_call {
	struct bclient		*bc;		/* NULL once it is failing */
	struct loop		*loop;
	char			*what;		/* "POST /exec on machine NAME" */
	char			*method, *target, *host;
	struct headers		*headers;
	struct body		*body;		/* until it is sent */
	bool			 had_body;
	int64_t			 head_ms, stall_ms;
	bool			 lenient;
	bool			 retried;
	const struct bclient_cb	*cb;
	void			*arg;
	struct conn		*conn;
	struct dial		*dial;
	struct err		 why;
	TAILQ_ENTRY(bclient_call) entry;
};

struct bclient {
	struct loop		*loop;
	char			*name;
	bclient_dial_fn		 dial;
	void			*dial_arg;
	struct http_limits	 limits;
	struct conns		 busy, idle;
	TAILQ_HEAD(, dial)	 dials;
	TAILQ_HEAD(, bclient_call) calls;
	struct asks		*asks;
	size_t			 nconns, nidle;	/* dials count as connections */
	uint64_t		 answers, last_id;
};

static void	call_dial(struct bclient_call *);
static void	on_over(struct http_conn *, bool reusable, void *);

/* --- connections ------------------------------------------------------------ */

static void
conn_reap(void *arg)
{
	free(arg);
}

static void
conn_close(struct conn *c)
{
	struct bclient	*bc = c->bc;

	if (c->hc == NULL)
		return;
	TAILQ_REMOVE(c->idle ? &bc->idle : &bc->busy, c, entry);
	if (c->idle)
		bc->nidle--;
	bc->nconns--;
	http_conn_free(c->hc);
	c->hc = NULL;
	c->bc = NULL;
	loop_defer(c->loop, conn_reap, c);
}

static struct conn *
conn_new(struct bclient *bc, struct stream *s, bool last)
{
	struct conn	*c = xcalloc(1, sizeof *c);

	c->bc = bc;
	c->loop = bc->loop;
	c->last = last;
	c->id = ++bc->last_id;
	c->hc = http_conn_new(bc->loop, s, &bc->limits);
	http_conn_on_over(c->hc, on_over, c);
	TAILQ_INSERT_TAIL(&bc->busy, c, entry);
	bc->nconns++;
	return c;
}

static void
conn_keep(struct conn *c)
{
	struct bclient	*bc = c->bc;

	if (c->idle)
		return;
	TAILQ_REMOVE(&bc->busy, c, entry);
	TAILQ_INSERT_HEAD(&bc->idle, c, entry);
	c->idle = true;
	c->kept = true;
	c->idle_since = loop_now(bc->loop);
	if (++bc->nidle > BCLIENT_KEEP)
		conn_close(TAILQ_LAST(&bc->idle, conns));
}

/* The one used last, so that the others may grow old. */
static struct conn *
conn_take(struct bclient *bc)
{
	struct conn	*c;

	while ((c = TAILQ_FIRST(&bc->idle)) != NULL) {
		if (!http_conn_idle(c->hc)) {
			conn_close(c);
			continue;
		}
		TAILQ_REMOVE(&bc->idle, c, entry);
		bc->nidle--;
		c->idle = false;
		TAILQ_INSERT_TAIL(&bc->busy, c, entry);
		return c;
	}
	return NULL;
}

static void
on_over(struct http_conn *hc, bool reusable, void *arg)
{
	struct conn	*c = arg;

	(void)hc;
	if (c->hc == NULL)
		return;
	if (reusable && !c->last && c->call == NULL)
		conn_keep(c);
	else if (c->call == NULL)
		conn_close(c);
}

/* --- calls ------------------------------------------------------------------ */

static void
call_free(struct bclient_call *call)
{
	if (call->bc != NULL)
		TAILQ_REMOVE(&call->bc->calls, call, entry);
	if (call->body != NULL)
		body_close(call->body);
	headers_free(call->headers);
	free(call->method);
	free(call->target);
	free(call->host);
	free(call->what);
	free(call);
}

/* Away from whatever carries it. */
static void
call_detach(struct bclient_call *call)
{
	struct conn	*c = call->conn;

	if (call->dial != NULL)
		call->dial->call = NULL;
	call->dial = NULL;
	call->conn = NULL;
	if (c != NULL) {
		c->call = NULL;
		conn_close(c);
	}
}

static void
call_fail(void *arg)
{
	struct bclient_call	*call = arg;
	const struct bclient_cb	*cb = call->cb;
	void			*cb_arg = call->arg;
	struct err		 why = call->why;

	call_free(call);
	cb->fail(&why, cb_arg);
}

static void
call_fail_later(struct bclient_call *call, int code, const char *why)
{
	call_detach(call);
	if (call->bc == NULL)		/* it is on its way already */
		return;
	TAILQ_REMOVE(&call->bc->calls, call, entry);
	call->bc = NULL;
	(void)err_code(&call->why, code, "%s: %s", call->what, why);
	loop_defer(call->loop, call_fail, call);
}

static void
on_head(struct http_conn *hc, const struct http_resp *resp, void *arg)
{
	struct conn		*c = arg;
	struct bclient_call	*call = c->call;
	const struct bclient_cb	*cb = call->cb;
	void			*cb_arg = call->arg;
	bool			 upgraded = resp->upgraded != NULL;

	(void)hc;
	c->call = NULL;
	call->conn = NULL;
	c->bc->answers++;
	asks_answering(c->bc->asks, c->id);
	call_free(call);
	cb->head(resp, cb_arg);
	/* c outlives this turn whatever that did. */
	if (c->hc != NULL)
		asks_answering(c->bc->asks, 0);
	if (upgraded)
		conn_close(c);
}

/* Did a kept connection die before it could know of this request? */
static bool
call_may_retry(const struct bclient_call *call, const struct conn *c,
    const struct err *why)
{
	struct stream	*s = http_conn_stream(c->hc);

	return c->kept && !call->had_body && !call->retried &&
	    why->code != STREAM_TIMEOUT &&
	    (s == NULL || stream_bytes_in(s) == c->in_before);
}

static void
on_fail(struct http_conn *hc, const struct err *why, void *arg)
{
	struct conn		*c = arg;
	struct bclient_call	*call = c->call;

	(void)hc;
	if (call == NULL) {
		conn_close(c);
		return;
	}
	if (call_may_retry(call, c, why)) {
		log_debug("%s: kept connection was stale (%s), once more", call->what,
		    why->msg);
		call->retried = true;
		call_detach(call);
		call_dial(call);
		return;
	}
	call->why = *why;	/* names the request and, by its peer, us */
	call_detach(call);
	call_fail(call);
}

static void
call_send(struct bclient_call *call, struct conn *c)
{
	static const struct http_client_cb	cb = { on_head, on_fail };
	struct http_request			req = {
		.method = call->method,
		.target = call->target,
		.host = call->host,
		.headers = call->headers,
		.body = call->body,
		.head_ms = call->head_ms,
		.stall_ms = call->stall_ms,
		.lenient_version = call->lenient,
	};
	struct stream				*s = http_conn_stream(c->hc);

	call->body = NULL;
	call->conn = c;
	c->call = call;
	c->in_before = s == NULL ? 0 : stream_bytes_in(s);
	http_conn_send(c->hc, &req, &cb, c);
}

static void
on_opened(struct stream *s, const struct err *why, void *arg)
{
	struct dial		*d = arg;
	struct bclient		*bc = d->bc;
	struct bclient_call	*call = d->call;
	bool			 last = d->last;

	TAILQ_REMOVE(&bc->dials, d, entry);
	bc->nconns--;
	free(d);
	if (call != NULL)
		call->dial = NULL;
	if (s != NULL)
		stream_set_peer(s, bc->name);
	if (s != NULL && call != NULL) {
		call_send(call, conn_new(bc, s, last));
	} else if (s != NULL && last) {
		stream_close(s);
	} else if (s != NULL) {
		conn_keep(conn_new(bc, s, false));
	} else if (call != NULL && last) {
		call_dial(call);
	} else if (call != NULL) {
		call->why = *why;
		(void)err_wrap(&call->why, "%s: dial", call->what);
		call_fail(call);
	}
}

static void
call_dial(struct bclient_call *call)
{
	struct bclient	*bc = call->bc;
	struct dial	*d = xcalloc(1, sizeof *d);

	d->bc = bc;
	d->call = call;
	call->dial = d;
	TAILQ_INSERT_TAIL(&bc->dials, d, entry);
	bc->nconns++;
	bc->dial(bc->dial_arg, on_opened, d);
}

static struct bclient_call *
call_new(struct bclient *bc, const struct http_request *req,
    const struct bclient_cb *cb, void *arg)
{
	struct bclient_call	*call = xcalloc(1, sizeof *call);

	call->bc = bc;
	call->loop = bc->loop;
	call->what = xasprintf("%s %.*s on %s", req->method,
	    (int)strcspn(req->target, "?"), req->target, bc->name);
	call->method = xstrdup(req->method);
	call->target = xstrdup(req->target);
	call->host = xstrdup(req->host == NULL ? "buildlet" : req->host);
	call->headers = headers_copy(req->headers);
	call->body = req->body;
	call->had_body = req->body != NULL;
	call->head_ms = req->head_ms;
	call->stall_ms = req->stall_ms;
	call->lenient = req->lenient_version;
	call->cb = cb;
	call->arg = arg;
	TAILQ_INSERT_TAIL(&bc->calls, call, entry);
	return call;
}

struct bclient_call *
bclient_send(struct bclient *bc, const struct http_request *req,
    const struct bclient_cb *cb, void *arg)
{
	struct bclient_call	*call = call_new(bc, req, cb, arg);
	struct conn		*c = conn_take(bc);

	if (c != NULL)
		call_send(call, c);
	else if (bc->nconns >= BCLIENT_CONNS)
		call_fail_later(call, BCLIENT_BUSY, "too many requests to it at once");
	else
		call_dial(call);
	return call;
}

void
bclient_cancel(struct bclient_call *call)
{
	if (call->bc == NULL)
		loop_undefer(call->loop, call_fail, call);
	call_detach(call);
	call_free(call);
}

/* --- the whole -------------------------------------------------------------- */

struct bclient *
bclient_new(struct loop *loop, const char *name, bclient_dial_fn dial, void *dial_arg,
    const struct http_limits *limits)
{
	struct bclient	*bc = xcalloc(1, sizeof *bc);

	bc->loop = loop;
	bc->name = xstrdup(name);
	bc->dial = dial;
	bc->dial_arg = dial_arg;
	if (limits != NULL)
		bc->limits = *limits;
	TAILQ_INIT(&bc->busy);
	TAILQ_INIT(&bc->idle);
	TAILQ_INIT(&bc->dials);
	TAILQ_INIT(&bc->calls);
	bc->asks = asks_new(bc, bc->loop, bc->name);
	return bc;
}

/* bclient_ask by bclient_query: whom to tell. */
struct plain {
	bclient_fn	 fn;
	void		*arg;
};

static void
tell_plain(const struct bclient_answer *a, void *arg)
{
	struct plain	*p = arg;
	bclient_fn	 fn = p->fn;
	void		*fn_arg = p->arg;

	free(p);
	fn(a->status, a->text, a->len, a->why, fn_arg);
}

void
bclient_ask(struct bclient *bc, const char *method, const char *target,
    const struct form *form, int64_t ms, bclient_fn fn, void *arg)
{
	const struct bclient_query	 q = { .method = method, .target = target,
	    .form = form, .ms = ms };
	struct plain			*p = xcalloc(1, sizeof *p);

	p->fn = fn;
	p->arg = arg;
	asks_send(bc->asks, &q, tell_plain, p);
}

void
bclient_query(struct bclient *bc, const struct bclient_query *q, bclient_answer_fn fn,
    void *arg)
{
	asks_send(bc->asks, q, fn, arg);
}

void
bclient_cut_conn(struct bclient *bc, uint64_t conn)
{
	struct conn	*c;

	TAILQ_FOREACH(c, &bc->busy, entry) {
		if (c->id == conn) {
			conn_close(c);
			return;
		}
	}
}

void
bclient_cut(struct bclient *bc, const char *why)
{
	struct bclient_call	*call;
	struct conn		*c;

	while ((call = TAILQ_FIRST(&bc->calls)) != NULL)
		call_fail_later(call, BCLIENT_CUT, why);
	while ((c = TAILQ_FIRST(&bc->busy)) != NULL)
		conn_close(c);
}

void
bclient_renew(struct bclient *bc)
{
	struct conn	*c;
	struct dial	*d;

	while ((c = TAILQ_FIRST(&bc->idle)) != NULL)
		conn_close(c);
	TAILQ_FOREACH(c, &bc->busy, entry)
		c->last = true;
	TAILQ_FOREACH(d, &bc->dials, entry)
		d->last = true;
}

void
bclient_sweep(struct bclient *bc, int64_t now)
{
	struct conn	*c, *next;

	asks_sweep(bc->asks, now);
	TAILQ_FOREACH_SAFE(c, &bc->idle, entry, next) {
		if (now - c->idle_since >= BCLIENT_KEEP_MS || !http_conn_idle(c->hc))
			conn_close(c);
	}
}

size_t
bclient_conns(const struct bclient *bc)
{
	return bc->nconns;
}

uint64_t
bclient_answers(const struct bclient *bc)
{
	return bc->answers;
}

void
bclient_free(struct bclient *bc, const char *why)
{
	struct conn	*c;
	struct dial	*d;

	if (bc == NULL)
		return;
	bclient_cut(bc, why);
	while ((c = TAILQ_FIRST(&bc->idle)) != NULL)
		conn_close(c);
	while ((d = TAILQ_FIRST(&bc->dials)) != NULL) {
		TAILQ_REMOVE(&bc->dials, d, entry);
		free(d);
	}
	asks_free(bc->asks);
	free(bc->name);
	free(bc);
}
