/* lib_client.c - see lib_client.h. */
#include "lib_client.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

struct asking	 asking;

void
ask_turn(void)
{
	int	 i;

	for (i = 0; i < 30; i++)
		loop_turn(asking.loop, 0);
}

void
ask_later(int64_t ms)
{
	clock_advance(loop_clock(asking.loop), ms);
	ask_turn();
	clock_advance(loop_clock(asking.loop), 1000);	/* how often it looks */
	ask_turn();
}

static void
on_text(char *t, size_t len, const struct err *e, void *arg)
{
	(void)arg;
	asking.text = t;
	if (t != NULL)
		ck_assert_uint_eq(strlen(t), len);
	else
		asking.text_why = *e;
}

static void
on_head(struct http_conn *c, const struct http_resp *r, void *arg)
{
	(void)arg;
	asking.heads++;
	asking.status = r->status;
	asking.upgraded = r->upgraded;
	ck_assert((r->body != NULL) != (r->upgraded != NULL));
	if (r->body != NULL && asking.do_collect)
		body_collect(r->body, 1000, on_text, NULL);
	else
		asking.body = r->body;
	if (asking.free_in_head) {
		http_conn_free(c);
		asking.conn = NULL;
	}
}

static void
on_fail(struct http_conn *c, const struct err *e, void *arg)
{
	(void)c;
	(void)arg;
	asking.fails++;
	asking.why = *e;
}

const struct http_client_cb ask_cb = { on_head, on_fail };

void
ask(const char *method, const char *target, struct body *b)
{
	struct http_request	 q = { .method = method, .target = target,
		.host = "h:1", .body = b, .stall_ms = 60000 };

	http_conn_send(asking.conn, &q, &ask_cb, NULL);
}

static void
on_over(struct http_conn *c, bool again, void *arg)
{
	(void)c;
	(void)arg;
	asking.overs++;
	asking.reusable = again;
	if (asking.resend && again) {
		asking.resend = false;
		ask("GET", "/again", NULL);
	}
}

static void
connect_pair(void)
{
	struct stream	*ends[2];

	stream_pair(asking.loop, ends);
	stream_set_peer(ends[0], "machine alice-box");
	rec_init(&asking.srv, ends[1]);
	asking.conn = http_conn_new(asking.loop, ends[0], NULL);
	http_conn_on_over(asking.conn, on_over, NULL);
}

void
ask_setup(void)
{
	struct err	 e = ERR_INIT;

	memset(&asking, 0, sizeof asking);
	asking.loop = loop_new(&e);
	ck_assert_msg(asking.loop != NULL, "%s", e.msg);
	connect_pair();
}

void
ask_teardown(void)
{
	http_conn_free(asking.conn);
	asking.conn = NULL;
	rec_release(&asking.srv);
	ask_turn();
	if (asking.body != NULL)
		body_close(asking.body);
	if (asking.upgraded != NULL)
		stream_close(asking.upgraded);
	ask_turn();
	free(asking.text);
	loop_free(asking.loop);
}

void
ask_says(const char *t)
{
	stream_write(asking.srv.s, t, strlen(t));
	ask_turn();
}

void
ask_ends(void)
{
	stream_close(asking.srv.s);
	asking.srv.s = NULL;
	ask_turn();
}

void
ask_heard(const char *want)
{
	char	*got;

	ask_turn();
	got = rec_text(&asking.srv);
	ck_assert_str_eq(got, want);
	free(got);
}

/* The response body so far. */
void
ask_body_is(const char *want)
{
	char	*got = buf_string(body_buf(asking.body), NULL);

	body_took(asking.body);
	ck_assert_str_eq(got, want);
	free(got);
}

void
ask_close_body(void)
{
	body_close(asking.body);
	asking.body = NULL;
}
