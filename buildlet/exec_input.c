/*
 * exec_input.c - PUT /execs/ID/stdin: a body into a command, as it is taken.
 *
 * A body says where in all of stdin it begins, so what comes twice, after a
 * connection that was lost, is left out. It is answered when the supervisor has
 * told that it has all of it.
 */
#include "buildlet/exec_api.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "buildlet/buildlet.h"
#include "buildlet/execs.h"
#include "buildlet/execspec.h"
#include "data/json.h"
#include "io/buf.h"

struct input {
	struct buildlet		*b;
	struct http_req		*r;
	struct exec		*x;
	struct exec_watch	*watch;
	struct body		*body;		/* NULL: it was read to its end */
	uint64_t		 at;		/* of its next byte */
	bool			 eof;		/* close stdin behind it */
};

static void
input_free(struct input *in)
{
	if (in->body != NULL)
		body_close(in->body);
	exec_unwatch(in->watch);
	free(in);
}

static void
on_gone(void *arg)
{
	input_free(arg);
}

static void
input_refuse(struct input *in, int status, const char *why)
{
	struct http_req	*r = in->r;

	req_not_on_done(r, on_gone, in);
	reply_error(r, status, "buildlet: exec %s: %s", exec_id(in->x), why);
	input_free(in);
}

static void
input_answer(struct input *in)
{
	struct http_req	*r = in->r;
	struct json	*j = json_object();
	char		*text;

	json_set_int(j, "StdinBytes", (int64_t)exec_stdin_got(in->x));
	text = json_text(j, false);
	req_not_on_done(r, on_gone, in);
	reply_data(r, 200, "application/json; charset=utf-8", text, strlen(text));
	free(text);
	json_free(j);
	input_free(in);
}

/* From the body to the command, as much as both let through. */
static void
input_pass(struct input *in)
{
	struct evbuffer	*from = body_buf(in->body);
	uint64_t	 sent;
	const void	*p;
	size_t		 len, n;

	while ((p = buf_peek(from, &len)) != NULL && len > 0) {
		sent = exec_stdin_sent(in->x);
		if (in->at < sent)
			n = sent - in->at < len ? (size_t)(sent - in->at) : len;
		else if ((n = exec_stdin(in->x, p, len)) == 0)
			break;
		buf_drain(from, n);
		in->at += n;
	}
	body_took(in->body);
}

/* The body is in: stdin is closed behind it, if that is wanted. False: r is
 * answered. */
static bool
input_over(struct input *in)
{
	struct err	e = ERR_INIT;

	if (in->eof && exec_stdin_eof(in->x, &e) == -1) {
		input_refuse(in, e.code, e.code == 410 ? "its stdin is closed" :
		    "its supervisor does not answer yet: try again");
		return false;
	}
	if (in->body != NULL)
		body_close(in->body);
	in->body = NULL;
	return true;
}

/* Can what is still to come not be taken? */
static bool
input_stuck(const struct input *in)
{
	bool	more = in->body != NULL && buf_len(body_buf(in->body)) > 0;

	if (exec_stdin_eof_said(in->x))	/* perhaps all of it is a repetition */
		return more || (in->body == NULL && exec_stdin_closed(in->x));
	return exec_stdin_closed(in->x);
}

static void
input_step(struct input *in)
{
	if (in->body != NULL) {
		input_pass(in);
		if (body_error(in->body) != NULL && buf_len(body_buf(in->body)) == 0) {
			input_refuse(in, 400, body_error(in->body)->msg);
			return;
		}
		if (body_done(in->body) && !input_over(in))
			return;
	}
	if (in->body == NULL && exec_stdin_got(in->x) >= in->at)
		input_answer(in);
	else if (input_stuck(in))
		input_refuse(in, 410, exec_state(in->x) >= EXEC_ENDED ?
		    "it has ended" : "its stdin is closed");
}

static void
on_data(struct body *b, void *arg)
{
	(void)b;
	input_step(arg);
}

static void
on_changed(struct exec *x, void *arg)
{
	(void)x;
	input_step(arg);
}

/* Is it one that takes anything, and does this go on where it stands? What it
 * has already may come again after its end. */
static bool
input_may(struct http_req *r, struct exec *x, int64_t offset)
{
	if (!exec_stdin_open(x) && ((uint64_t)offset >= exec_stdin_sent(x) &&
	    !exec_stdin_eof_said(x)))
		reply_error(r, 410, "buildlet: exec %s: stdin is closed", exec_id(x));
	else if ((uint64_t)offset > exec_stdin_sent(x))
		reply_error(r, 409, "buildlet: exec %s has taken %llu bytes of stdin, "
		    "and cannot go on at %lld", exec_id(x),
		    (unsigned long long)exec_stdin_sent(x), (long long)offset);
	else
		return true;
	return false;
}

void
exec_api_stdin(struct buildlet *b, struct http_req *r, struct exec *x)
{
	struct input	*in;
	int64_t		 offset;

	if (exec_api_number(r, "offset", 0, INT64_MAX, 0, &offset) == -1 ||
	    !input_may(r, x, offset))
		return;
	in = xcalloc(1, sizeof *in);
	in->b = b;
	in->r = r;
	in->x = x;
	in->at = (uint64_t)offset;
	in->eof = execspec_true(req_param(r, "eof"));
	in->watch = exec_watch(x, on_changed, in);
	req_on_done(r, on_gone, in);
	in->body = req_take_body(r);
	if (in->body != NULL)
		body_on_data(in->body, on_data, in);
	else if (!input_over(in))
		return;
	exec_watch_wake(in->watch);
}
