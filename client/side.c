/* side.c - requests beside a call (side.h). */
#include "client/side.h"

#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/queue.h"
#include "base/xmalloc.h"
#include "http/client.h"
#include "io/buf.h"
#include "io/loop.h"

#define ANSWER_MAX	(64 * 1024)
#define STALL_MS	(60 * 1000)

struct ask {
	char			*method, *target;
	bool			 is_form;
	char			*form;		/* its text, owned; NULL: data */
	const void		*data;
	size_t			 len;
	struct body		*body;		/* NULL: none, or sent */
	int64_t			 head_ms;
	bool			 coordinator;
	side_fn			 fn;
	void			*arg;
	TAILQ_ENTRY(ask)	 entry;
};

struct side {
	struct loop		*loop;
	struct call		*way;		/* never called: it knows where to */
	struct http_conn	*conn;		/* NULL: none */
	bool			 kept;		/* it has served a request before */
	struct ask		*now;		/* under way; NULL: none */
	TAILQ_HEAD(, ask)	 asks;		/* that wait */
	int			 status;
	struct body		*answer;	/* of now, the reader's end */
	struct str		 text;
	struct err		 why;
};

static void	side_pump(void *);

static void
ask_free(struct ask *a)
{
	if (a == NULL)
		return;
	if (a->body != NULL)
		body_close(a->body);
	free(a->method);
	free(a->target);
	free(a->form);
	free(a);
}

static void
side_hang_up(struct side *s)
{
	if (s->answer != NULL)
		body_close(s->answer);
	s->answer = NULL;
	http_conn_free(s->conn);
	s->conn = NULL;
}

/* --- the answer ------------------------------------------------------------- */

/* fn may ask again, or end us. */
static void
side_tell(struct side *s, int status)
{
	struct ask		*a = s->now;
	struct str		 text = s->text;
	struct err		 why = s->why;
	struct side_answer	 answer = { status, str_text(&text), text.len,
		status == 0 ? &why : NULL };

	str_init(&s->text);
	s->now = NULL;
	loop_defer(s->loop, side_pump, s);
	a->fn(&answer, a->arg);
	ask_free(a);
	str_release(&text);
}

static void
side_tell_failed(void *arg)
{
	side_tell(arg, 0);
}

static void
on_data(struct body *b, void *arg)
{
	struct side	*s = arg;
	const void	*p;
	size_t		 len, room;

	while ((p = buf_peek(body_buf(b), &len)) != NULL) {
		room = ANSWER_MAX - s->text.len;
		str_addn(&s->text, p, len < room ? len : room);
		buf_drain(body_buf(b), len);
	}
	body_took(b);
	if (body_error(b) != NULL) {
		s->why = *body_error(b);
		side_hang_up(s);
		side_tell(s, 0);
	} else if (body_done(b)) {
		body_close(b);
		s->answer = NULL;
		side_tell(s, s->status);
	}
}

static void
on_head(struct http_conn *c, const struct http_resp *resp, void *arg)
{
	struct side	*s = arg;

	(void)c;
	s->status = resp->status;
	if (resp->upgraded != NULL)
		stream_close(resp->upgraded);
	s->answer = resp->body;
	if (s->answer != NULL)
		body_on_data(s->answer, on_data, s);
	else
		side_tell(s, s->status);
}

static void	side_send(struct side *);

static void
on_fail(struct http_conn *c, const struct err *why, void *arg)
{
	struct side	*s = arg;
	bool		 stale = s->kept && why->code == STREAM_RESET;

	(void)c;
	s->why = *why;
	side_hang_up(s);
	if (stale)	/* closed just when we used it */
		side_send(s);
	else
		side_tell(s, 0);
}

/* --- the request ------------------------------------------------------------ */

static struct body *
ask_body(struct side *s, struct ask *a)
{
	struct evbuffer	*bytes;
	struct body	*b = a->body;

	a->body = NULL;
	if (b != NULL)
		return b;
	bytes = buf_new();
	buf_add(bytes, a->data, a->len);
	b = body_of(s->loop, bytes);
	buf_free(bytes);
	return b;
}

/* A connection that can take a request; the handshake may go on yet. */
static int
side_connect(struct side *s)
{
	struct stream	*stream;

	s->kept = s->conn != NULL && http_conn_idle(s->conn);
	if (s->kept)
		return 0;
	side_hang_up(s);
	if ((stream = call_stream(s->way, &s->why)) == NULL)
		return -1;
	s->conn = http_conn_new(s->loop, stream, NULL);
	return 0;
}

static void
side_send(struct side *s)
{
	static const struct http_client_cb	 cb = { on_head, on_fail };
	struct ask				*a = s->now;
	struct call_request			 q = { .method = a->method };
	struct http_request			 r = { .method = a->method,
		.target = a->target, .head_ms = a->head_ms, .stall_ms = STALL_MS };
	struct headers				*h;

	s->status = 0;
	if (side_connect(s) == -1) {
		loop_defer(s->loop, side_tell_failed, s);
		return;
	}
	h = call_fields(s->way, &q);
	if (a->coordinator)
		headers_del(h, API_H_PROXY);
	if (a->is_form)
		headers_add(h, "Content-Type", "application/x-www-form-urlencoded");
	r.headers = h;
	r.host = call_host(s->way);
	if (!str_eq(a->method, "GET"))
		r.body = ask_body(s, a);
	http_conn_send(s->conn, &r, &cb, s);
	headers_free(h);
}

/* The next one, once the one before is wholly over. */
static void
side_pump(void *arg)
{
	struct side	*s = arg;

	if (s->now != NULL || (s->now = TAILQ_FIRST(&s->asks)) == NULL)
		return;
	TAILQ_REMOVE(&s->asks, s->now, entry);
	side_send(s);
}

static char *
ask_target(const struct side_request *q)
{
	char	*query, *target;

	if (q->query == NULL)
		return xstrdup(q->path);
	query = form_encode(q->query);
	target = xasprintf("%s?%s", q->path, query);
	free(query);
	return target;
}

void
side_ask(struct side *s, const struct side_request *q, side_fn fn, void *arg)
{
	struct ask	*a = xcalloc(1, sizeof *a);

	a->method = xstrdup(q->method);
	a->target = ask_target(q);
	a->data = q->data;
	a->len = q->len;
	a->body = q->body;
	if (q->form != NULL) {
		a->is_form = true;
		a->data = a->form = form_encode(q->form);
		a->len = strlen(a->form);
	}
	a->head_ms = q->head_ms;
	a->coordinator = q->coordinator;
	a->fn = fn;
	a->arg = arg;
	TAILQ_INSERT_TAIL(&s->asks, a, entry);
	if (s->now == NULL)
		side_pump(s);
}

/* --- life ------------------------------------------------------------------- */

struct side *
side_new(struct loop *loop, const struct cred *cred, const char *instance,
    struct err *e)
{
	struct call	*way = call_new(loop, cred, instance, e);
	struct side	*s;

	if (way == NULL)
		return NULL;
	s = xcalloc(1, sizeof *s);
	s->loop = loop;
	s->way = way;
	TAILQ_INIT(&s->asks);
	return s;
}

bool
side_busy(const struct side *s)
{
	return s->now != NULL || !TAILQ_EMPTY(&s->asks);
}

void
side_reset(struct side *s)
{
	struct ask	*a;

	loop_undefer(s->loop, side_pump, s);
	loop_undefer(s->loop, side_tell_failed, s);
	side_hang_up(s);
	str_clear(&s->text);
	ask_free(s->now);
	s->now = NULL;
	while ((a = TAILQ_FIRST(&s->asks)) != NULL) {
		TAILQ_REMOVE(&s->asks, a, entry);
		ask_free(a);
	}
}

void
side_free(struct side *s)
{
	if (s == NULL)
		return;
	side_reset(s);
	str_release(&s->text);
	call_free(s->way);
	free(s);
}
