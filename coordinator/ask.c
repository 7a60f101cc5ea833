/*
 * ask.c - a form out, a short text back, and one deadline.
 */
#include "coordinator/ask.h"

#include <stdlib.h>
#include <string.h>

#include "base/queue.h"
#include "base/xmalloc.h"
#include "io/buf.h"
#include "io/loop.h"

#define ANSWER_MAX	(64 * 1024)

struct ask {
	struct asks		*asks;		/* NULL: the client is gone */
	struct loop		*loop;
	struct bclient_call	*call;		/* until the head */
	uint64_t		 conn;		/* from the head on */
	char			*what;		/* "POST /removeall on machine NAME" */
	int64_t			 until;
	size_t			 max;
	const char		*header;	/* whose value is wanted */
	char			*value;		/* it */
	int			 status;
	bool			 late;		/* tell_late waits for its turn */
	bool			 told;		/* fn was called */
	bclient_answer_fn	 fn;
	void			*arg;
	struct err		 why;
	TAILQ_ENTRY(ask)	 entry;
};

struct asks {
	struct bclient		*bc;
	struct loop		*loop;
	const char		*name;
	uint64_t		 answering;
	TAILQ_HEAD(, ask)	 list;
};

struct asks *
asks_new(struct bclient *bc, struct loop *loop, const char *name)
{
	struct asks	*as = xcalloc(1, sizeof *as);

	as->bc = bc;
	as->loop = loop;
	as->name = name;
	TAILQ_INIT(&as->list);
	return as;
}

static void
ask_forget(struct ask *a)
{
	if (a->asks != NULL)
		TAILQ_REMOVE(&a->asks->list, a, entry);
	a->asks = NULL;
}

static void	tell_late(void *);

static void
ask_free(struct ask *a)
{
	ask_forget(a);
	if (a->late)
		loop_undefer(a->loop, tell_late, a);
	free(a->value);
	free(a->what);
	free(a);
}

/* On a clean stack. The last use of a. */
static void
ask_tell(struct ask *a, int status, const char *text, size_t len, const struct err *why)
{
	bclient_answer_fn	 fn = a->fn;
	void			*arg = a->arg;
	char			*value = a->value;
	bool			 told = a->told;
	struct err		 copy = ERR_INIT;
	struct bclient_answer	 answer = { status, text, len, value,
	    why == NULL ? NULL : &copy };

	if (why != NULL)
		copy = *why;
	a->value = NULL;
	ask_free(a);
	if (!told)
		fn(&answer, arg);
	free(value);
}

static void
on_text(char *text, size_t len, const struct err *why, void *arg)
{
	struct ask	*a = arg;

	if (text == NULL) {
		ask_tell(a, 0, NULL, 0, why);
	} else if (a->status / 100 != 2) {
		(void)err_code(&a->why, a->status, "%s: %d: %.*s", a->what, a->status,
		    (int)strcspn(text, "\r\n"), text);
		ask_tell(a, a->status, text, len, &a->why);
	} else {
		ask_tell(a, a->status, text, len, NULL);
	}
	free(text);
}

static void
on_head(const struct http_resp *resp, void *arg)
{
	struct ask	*a = arg;
	const char	*value;

	a->call = NULL;
	a->conn = a->asks == NULL ? 0 : a->asks->answering;
	a->status = resp->status;
	if (resp->upgraded != NULL) {
		stream_close(resp->upgraded);
		(void)err_set(&a->why, "%s: answered with an upgrade", a->what);
		ask_tell(a, 0, NULL, 0, &a->why);
		return;
	}
	value = a->header == NULL ? NULL : headers_get(resp->headers, a->header);
	if (value != NULL)
		a->value = xstrdup(value);
	body_collect(resp->body, a->max, on_text, a);
}

static void
on_fail(const struct err *why, void *arg)
{
	struct ask	*a = arg;

	a->call = NULL;
	ask_tell(a, 0, NULL, 0, why);
}

static struct body *
form_body(struct loop *loop, const struct form *form)
{
	struct evbuffer	*buf = buf_new();
	struct body	*b;
	char		*text = form_encode(form);

	buf_adds(buf, text);
	b = body_of(loop, buf);
	buf_free(buf);
	free(text);
	return b;
}

void
asks_send(struct asks *as, const struct bclient_query *q, bclient_answer_fn fn, void *arg)
{
	static const struct bclient_cb	 cb = { on_head, on_fail };
	struct http_request		 req = {
		.method = q->method,
		.target = q->target,
		.head_ms = q->ms,
		.stall_ms = q->ms,
	};
	struct headers			*h = headers_new();
	struct ask			*a = xcalloc(1, sizeof *a);

	a->asks = as;
	a->loop = as->loop;
	a->what = xasprintf("%s %.*s on %s", q->method, (int)strcspn(q->target, "?"),
	    q->target, as->name);
	a->until = loop_now(as->loop) + q->ms;
	a->max = q->max == 0 ? ANSWER_MAX : q->max;
	a->header = q->header;
	a->fn = fn;
	a->arg = arg;
	TAILQ_INSERT_TAIL(&as->list, a, entry);
	if (q->form != NULL) {
		headers_add(h, "Content-Type", "application/x-www-form-urlencoded");
		req.body = form_body(as->loop, q->form);
	}
	req.headers = h;
	a->call = bclient_send(as->bc, &req, &cb, a);
	headers_free(h);
}

void
asks_answering(struct asks *as, uint64_t conn)
{
	as->answering = conn;
}

static void
tell_late(void *arg)
{
	struct ask	*a = arg;

	a->late = false;
	a->told = true;
	a->fn(&(struct bclient_answer){ .why = &a->why }, a->arg);
	if (a->conn == 0)
		ask_free(a);
}

/* Where a body is being collected, its break frees a; else tell_late does. */
static void
ask_late(struct ask *a, struct bclient *bc)
{
	(void)err_code(&a->why, STREAM_TIMEOUT, "%s: no answer in time", a->what);
	ask_forget(a);
	if (a->call != NULL) {
		bclient_cancel(a->call);
		a->call = NULL;
		a->conn = 0;
	}
	a->late = true;
	loop_defer(a->loop, tell_late, a);
	if (a->conn != 0)
		bclient_cut_conn(bc, a->conn);
}

void
asks_sweep(struct asks *as, int64_t now)
{
	struct ask	*a, *next;

	TAILQ_FOREACH_SAFE(a, &as->list, entry, next) {
		if (a->until <= now)
			ask_late(a, as->bc);
	}
}

void
asks_free(struct asks *as)
{
	struct ask	*a;

	while ((a = TAILQ_FIRST(&as->list)) != NULL)
		ask_forget(a);
	free(as);
}
