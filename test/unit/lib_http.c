/* lib_http.c - see lib_http.h; the handler with all the paths is here. */
#include "lib_http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static struct str	 heard;

static void
on_done(void *arg)
{
	struct web	*w = arg;

	w->dones++;
	w->held = NULL;
}

static void
on_upgraded(struct stream *s, void *arg)
{
	struct web	*w = arg;

	w->upgrades++;
	w->upgraded = s;
}

static void
note_request(struct web *w, struct http_req *r)
{
	const char	*user = "-", *password = "-", *bearer = req_bearer(r);
	const char	*a = req_param(r, "a");

	(void)req_basic_auth(r, &user, &password);
	snprintf(w->seen, sizeof w->seen, "%s %s %s?%s a=%s %s:%s %s %s %d%d%d",
	    req_method(r), req_target(r), req_path(r), req_query_text(r),
	    a != NULL ? a : "-", user, password, bearer != NULL ? bearer : "-",
	    req_peer(r), req_secure(r), req_http10(r), req_has_body(r));
}

static void
reply_fields(struct http_req *r)
{
	reply_header(r, "X-A", "1");
	reply_header(r, "X-A", "2");
	reply_header(r, "X-Split", "a\r\nSet-Cookie: evil");
	reply_header(r, "X Bad", "a");
	reply_header(r, "Content-Length", "99");
	reply_header(r, "Transfer-Encoding", "gzip");
	reply_header(r, "Content-Type", "text/html");
	reply_text(r, 200, "<p>");
}

static void
handle_more(struct web *w, struct http_req *r, const char *p)
{
	if (str_eq(p, "/status"))
		reply_text(r, (int)strtol(req_param(r, "n"), NULL, 10), "text\n");
	else if (str_eq(p, "/error"))
		reply_error(r, 404, "no %s\nhere", "such\r\nthing");
	else if (str_eq(p, "/fields"))
		reply_fields(r);
	else if (str_eq(p, "/abort"))
		req_abort(r, "a test");
	else if (str_eq(p, "/bye")) {
		reply_header(r, "Connection", "close");
		reply_text(r, 200, "bye\n");
	} else if (str_eq(p, "/upgrade")) {
		reply_header(r, "Upgrade", "x");
		reply_upgrade(r, 101, on_upgraded, w);
	} else if (str_eq(p, "/known")) {
		w->out = reply_stream(r, 200, 10);
	} else
		reply_text(r, 200, "hi\n");
}

static void
on_request(struct http_req *r, void *arg)
{
	struct web	*w = arg;
	const char	*p = req_path(r);

	w->requests++;
	req_on_done(r, on_done, w);
	note_request(w, r);
	if (str_eq(p, "/hold"))
		w->held = r;
	else if (str_eq(p, "/take")) {
		w->held = r;
		w->body = req_take_body(r);
	} else if (str_eq(p, "/echo"))
		reply_body(r, 200, req_take_body(r));
	else if (str_eq(p, "/stream"))
		w->out = reply_stream(r, 200, -1);
	else if (str_eq(p, "/takestream")) {
		w->body = req_take_body(r);
		w->out = reply_stream(r, 200, -1);
	} else
		handle_more(w, r, p);
}

void
web_connect(struct web *w)
{
	struct stream	*ends[2];

	if (w->peer.s != NULL)
		rec_release(&w->peer);
	stream_pair(w->loop, ends);
	rec_init(&w->peer, ends[0]);
	http_server_serve(w->server, ends[1]);
}

void
web_open(struct web *w, const struct http_limits *limits)
{
	struct err	 e = ERR_INIT;

	memset(w, 0, sizeof *w);
	w->loop = loop_new(&e);
	ck_assert_msg(w->loop != NULL, "%s", e.msg);
	w->server = http_server_new(w->loop, limits, on_request, w);
	web_connect(w);
}

void
web_turn(struct web *w)
{
	int	 i;

	/* Nothing but the program's own turns moves a pair. */
	for (i = 0; i < 30; i++)
		loop_turn(w->loop, 0);
}

void
web_close(struct web *w)
{
	rec_release(&w->peer);
	http_server_free(w->server);
	web_turn(w);
	if (w->body != NULL)
		body_close(w->body);
	if (w->out != NULL)
		body_end(w->out, NULL);
	if (w->upgraded != NULL)
		stream_close(w->upgraded);
	web_turn(w);
	loop_free(w->loop);
	str_release(&heard);
}

void
web_say(struct web *w, const char *text)
{
	stream_write(w->peer.s, text, strlen(text));
	web_turn(w);
}

/* Each answer has exactly one Date; tests compare the rest. */
static void
drop_dates(char *s)
{
	char	*date, *end;

	while ((date = strstr(s, "Date: ")) != NULL) {
		end = strstr(date, "GMT\r\n");
		ck_assert_ptr_nonnull(end);
		ck_assert_int_eq(end - date, 32);
		memmove(date, end + 5, strlen(end + 5) + 1);
	}
}

const char *
web_heard(struct web *w)
{
	char	*text;

	web_turn(w);
	text = buf_string(w->peer.got, NULL);
	drop_dates(text);
	str_clear(&heard);
	str_add(&heard, text);
	free(text);
	return str_text(&heard);
}

void
web_check(struct web *w, const char *text, const char *want)
{
	web_say(w, text);
	ck_assert_str_eq(web_heard(w), want);
}

bool
web_ended(const struct web *w)
{
	return w->peer.eofs + w->peer.errors > 0;
}

void
web_later(struct web *w, int64_t ms)
{
	clock_advance(loop_clock(w->loop), ms);
	web_turn(w);
	/* Sweeps are at most half a second apart. */
	clock_advance(loop_clock(w->loop), 500);
	web_turn(w);
}

void
web_put(struct body *b, const char *text)
{
	buf_adds(body_buf(b), text);
	body_wrote(b);
}

void
web_end(struct body **b)
{
	body_end(*b, NULL);
	*b = NULL;
}

char *
web_take(struct web *w)
{
	char	*text = buf_string(body_buf(w->body), NULL);

	body_took(w->body);
	return text;
}
