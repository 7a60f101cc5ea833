/* operate.c - the shell's side of the verbs. */
#include "coordinator/operate.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/xmalloc.h"
#include "coordinator/control.h"
#include "coordinator/lock.h"
#include "coordinator/state.h"
#include "coordinator/verb.h"
#include "http/client.h"
#include "io/buf.h"
#include "io/net.h"

#define START_MS	5000	/* a daemon that starts gets so long to listen */
#define STEP_MS		50
#define ANSWER_MS	30000
#define ANSWER_MAX	(64 * 1024 * 1024)	/* a list of very many instances */

struct call {
	struct loop	*loop;
	bool		 answered;
	int		 status;	/* 0: none came */
	char		*text;
	struct err	*e;
};

static void
over(struct call *c)
{
	c->answered = true;
	loop_stop(c->loop);
}

static void
on_text(char *text, size_t len, const struct err *why, void *arg)
{
	struct call	*c = arg;

	(void)len;
	c->text = text;
	if (text == NULL) {
		c->status = 0;
		(void)err_code(c->e, why->code, "%s", why->msg);
	}
	over(c);
}

static void
on_head(struct http_conn *conn, const struct http_resp *resp, void *arg)
{
	struct call	*c = arg;

	(void)conn;
	c->status = resp->status;
	body_collect(resp->body, ANSWER_MAX, on_text, c);
}

static void
on_fail(struct http_conn *conn, const struct err *why, void *arg)
{
	struct call	*c = arg;

	(void)conn;
	(void)err_code(c->e, why->code, "%s", why->msg);
	over(c);
}

static void
on_late(void *arg)
{
	struct call	*c = arg;

	(void)err_set(c->e, "no answer within %d seconds", ANSWER_MS / 1000);
	over(c);
}

static struct body *
form_body(struct loop *loop, const struct strs *words)
{
	struct form	*f = form_new();
	struct evbuffer	*b = buf_new();
	struct body	*body;
	char		*text;
	size_t		 i;

	for (i = 0; i < words->n; i++)
		form_add(f, "word", words->v[i]);
	text = form_encode(f);
	buf_adds(b, text);
	free(text);
	form_free(f);
	body = body_of(loop, b);
	buf_free(b);
	return body;
}

static void
call_send(struct call *c, struct http_conn *conn, const struct strs *words)
{
	static const struct http_client_cb	cb = { on_head, on_fail };
	struct headers				*h = headers_new();
	struct http_request			 q = { .method = "POST", .target = "/verb",
	    .host = "control", .headers = h, .body = form_body(c->loop, words) };

	headers_add(h, "Content-Type", "application/x-www-form-urlencoded");
	http_conn_send(conn, &q, &cb, c);
	headers_free(h);
}

/* One call to the daemon. c->status 0 and e: no answer. */
static void
call_daemon(struct call *c, const char *state_dir, const struct strs *words)
{
	char			*address = control_address(state_dir);
	const struct net_dial	 d = { .address = address, .ms = ANSWER_MS };
	struct http_conn	*conn;
	struct timer		*late;

	conn = http_conn_new(c->loop, net_dial(c->loop, &d), NULL);
	free(address);
	late = timer_new(c->loop, on_late, c);
	timer_set(late, ANSWER_MS);
	call_send(c, conn, words);
	while (!c->answered)
		loop_run(c->loop);
	timer_free(late);
	http_conn_free(conn);
	loop_turn(c->loop, 0);
}

static int
show(struct call *c, struct err *e)
{
	int	ret = -1;

	if (c->status == 200) {
		fputs(c->text, stdout);
		ret = fflush(stdout) == 0 ? 0 : err_errno(e, "write to standard output");
	} else {
		c->text[strcspn(c->text, "\n")] = '\0';
		(void)err_set(e, "%s", c->text);
	}
	secret_wipe(c->text, strlen(c->text));
	free(c->text);
	return ret;
}

/* 1: nobody listens there. */
static int
ask_daemon(const char *state_dir, const struct strs *words, struct err *e)
{
	struct err	why = ERR_INIT;
	struct call	c = { .e = &why };

	c.loop = loop_new(e);
	if (c.loop == NULL)
		return -1;
	call_daemon(&c, state_dir, words);
	loop_free(c.loop);
	if (c.status != 0)
		return show(&c, e);
	(void)err_set(e, "coordinator in %s: %s", state_dir, why.msg);
	return why.code == STREAM_REFUSED ? 1 : -1;
}

static int
run_here(const char *state_dir, const struct strs *words, struct err *e)
{
	const struct clock	clock = CLOCK_INIT;
	struct verb_context	context = { .now = clock_wall(&clock) };
	struct str		out = STR_INIT;
	int			ret;

	if (!verb_offline(words))
		return err_set(e, "coordinator is not running in %s", state_dir);
	context.store = state_open_store(state_dir, e);
	if (context.store == NULL)
		return -1;
	ret = verb_run(&context, words, &out, e);
	if (ret == 0) {
		fputs(str_text(&out), stdout);
		if (fflush(stdout) != 0)
			ret = err_errno(e, "write to standard output");
	}
	if (out.s != NULL)
		secret_wipe(out.s, out.len);
	str_release(&out);
	store_close(context.store);
	return ret;
}

int
operate(const char *state_dir, const struct strs *words, struct err *e)
{
	const struct clock	clock = CLOCK_INIT;
	int64_t			until = clock_mono(&clock) + START_MS;
	struct stat		st;
	struct lock		*lock;
	int			ret;

	if (stat(state_dir, &st) == -1)
		return err_errno(e, "state directory %s", state_dir);
	/* Whoever has the lock may be starting, ending, or a verb like us. */
	for (;;) {
		lock = lock_take(state_dir, 0, e);
		if (lock != NULL) {
			ret = run_here(state_dir, words, e);
			lock_free(lock);
			return ret;
		}
		if (e->code != LOCK_TAKEN)
			return -1;
		ret = ask_daemon(state_dir, words, e);
		if (ret != 1)
			return ret;
		if (clock_mono(&clock) >= until)
			return -1;
		(void)poll(NULL, 0, STEP_MS);
	}
}
