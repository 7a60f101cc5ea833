/*
 * http_proxy.c - server and client together over real sockets, as the
 * coordinator uses them: a front server hands the bodies of its requests to a
 * client of a back server, and the answers back.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "http/client.h"
#include "http/server.h"
#include "io/net.h"
#include "lib_io.h"
#include "unit.h"

#define BIG	(30 * 1000 * 1000)

static struct loop		*loop;
static struct http_server	*front, *back;
static struct listener		*front_door, *back_door;
static struct http_conn		*conn;		/* the test's, to the front */
static struct http_req		*held;		/* at the back */
static struct body		*back_out;	/* a reply under way at the back */
static int			 back_dones;
static struct body		*answer;	/* the test's */
static int			 heads, fails, overs;
static struct err		 why;

/* --- the back ------------------------------------------------------------------ */

static void
on_back_done(void *arg)
{
	(void)arg;
	back_dones++;
	held = NULL;
}

static void
on_back(struct http_req *r, void *arg)
{
	(void)arg;
	req_on_done(r, on_back_done, NULL);
	if (str_eq(req_path(r), "/echo") && !req_has_body(r))
		reply_text(r, 200, "nothing");
	else if (str_eq(req_path(r), "/echo")) {
		reply_header(r, "Trailer", "Sum");
		reply_body(r, 200, req_take_body(r));
	} else if (str_eq(req_path(r), "/run")) {
		back_out = reply_stream(r, 200, -1);
		buf_adds(body_buf(back_out), "begun\n");
		body_wrote(back_out);
	} else
		held = r;
}

/* --- the proxy ------------------------------------------------------------------- */

struct passing {	/* lives in the request */
	struct http_req		*r;
	struct http_conn	*up;
};

static void
pass_release(void *arg)
{
	struct passing	*p = arg;

	http_conn_free(p->up);
	p->up = NULL;
}

/* The reply is the response body itself. */
static void
on_up_head(struct http_conn *c, const struct http_resp *resp, void *arg)
{
	struct passing	*p = arg;
	struct headers	*h = headers_new();
	const char	*name, *value;
	size_t		 i;

	(void)c;
	headers_copy_end_to_end(h, resp->headers);
	for (i = 0; i < headers_len(h); i++) {
		headers_at(h, i, &name, &value);
		reply_header(p->r, name, value);
	}
	headers_free(h);
	reply_body(p->r, resp->status, resp->body);
}

static void
on_up_fail(struct http_conn *c, const struct err *e, void *arg)
{
	struct passing	*p = arg;

	(void)c;
	reply_error(p->r, 502, "%s", e->msg);
}

static void
on_front(struct http_req *r, void *arg)
{
	static const struct http_client_cb	 up_cb = { on_up_head, on_up_fail };
	struct passing				*p = req_alloc(r, sizeof *p);
	struct net_dial				 d = { .ms = 5000 };
	struct http_request			 q = { .host = "back" };

	(void)arg;
	d.address = back_door != NULL ? listener_address(back_door) : "127.0.0.1:1";
	p->r = r;
	p->up = http_conn_new(loop, net_dial(loop, &d), NULL);
	req_on_done(r, pass_release, p);
	q.method = req_method(r);
	q.target = req_target(r);
	q.body = req_take_body(r);
	http_conn_send(p->up, &q, &up_cb, p);
}

/* --- the test's client --------------------------------------------------------------- */

static void
on_accept(struct stream *s, void *arg)
{
	http_server_serve(*(struct http_server **)arg, s);
}

static struct listener *
listen_for(struct http_server **srv)
{
	struct net_listen	 at = { .address = "127.0.0.1:0" };
	struct err		 e = ERR_INIT;
	struct listener		*l = net_listen(loop, &at, on_accept, srv, &e);

	ck_assert_msg(l != NULL, "%s", e.msg);
	return l;
}

static void
on_head(struct http_conn *c, const struct http_resp *r, void *arg)
{
	(void)c;
	(void)arg;
	heads = r->status;
	answer = r->body;
}

static void
on_fail(struct http_conn *c, const struct err *e, void *arg)
{
	(void)c;
	(void)arg;
	fails++;
	why = *e;
}

static void
on_over(struct http_conn *c, bool reusable, void *arg)
{
	(void)c;
	(void)arg;
	overs += reusable;
}

static void
setup(void)
{
	struct err	 e = ERR_INIT;
	struct net_dial	 d = { .ms = 5000 };

	heads = fails = overs = back_dones = 0;
	answer = back_out = NULL;
	held = NULL;
	loop = loop_new(&e);
	ck_assert_msg(loop != NULL, "%s", e.msg);
	front = http_server_new(loop, NULL, on_front, NULL);
	back = http_server_new(loop, NULL, on_back, NULL);
	front_door = listen_for(&front);
	back_door = listen_for(&back);
	d.address = listener_address(front_door);
	conn = http_conn_new(loop, net_dial(loop, &d), NULL);
	http_conn_on_over(conn, on_over, NULL);
}

static void
teardown(void)
{
	int	 i;

	http_conn_free(conn);
	listener_free(front_door);
	listener_free(back_door);
	http_server_free(front);
	http_server_free(back);
	if (answer != NULL)
		body_close(answer);
	if (back_out != NULL)
		body_end(back_out, NULL);
	for (i = 0; i < 20; i++)
		loop_turn(loop, 0);
	loop_free(loop);
}

static void
ask(const char *method, const char *target, struct body *b)
{
	static const struct http_client_cb	 cb = { on_head, on_fail };
	struct http_request			 q = { .method = method,
		.target = target, .host = "front", .body = b };

	http_conn_send(conn, &q, &cb, NULL);
}

/* --- tests ------------------------------------------------------------------------------ */

/* Both bodies at once, one slower than the other, bounded in between. */
START_TEST(test_both_ways)
{
	struct body	*b = body_new(loop, _i == 0 ? -1 : BIG);
	struct headers	*t = headers_new();
	size_t		 sent = 0, got = 0, most = 0;

	headers_add(t, "Sum", "1");
	ask("PUT", "/echo", b);
	while (got < BIG) {
		while (sent < BIG && !body_full(b)) {
			fill_pattern(body_buf(b), sent, 100000);
			sent += 100000;
			body_wrote(b);
			if (sent == BIG)
				body_end(b, t);
		}
		loop_turn(loop, 1);
		ck_assert_int_eq(fails, 0);
		most = sent - got > most ? sent - got : most;
		if (answer == NULL)
			continue;
		ck_assert_ptr_null(body_error(answer));
		got += check_pattern(body_buf(answer), got);
		body_took(answer);
	}
	headers_free(t);
	WAIT(loop, body_done(answer) && overs == 1);
	if (_i == 0)
		ck_assert_str_eq(headers_get(body_trailers(answer), "Sum"), "1");
	ck_assert_uint_lt(most, 20 * 1024 * 1024);	/* kernel's buffers, too */
}
END_TEST

START_TEST(test_kept)
{
	int	 i;

	for (i = 1; i <= 20; i++) {
		ask("PUT", "/echo", body_of(loop, NULL));
		WAIT(loop, overs == i);
		ck_assert_uint_eq(buf_len(body_buf(answer)), 7);
		ck_assert_int_eq(heads, 200);
		body_close(answer);
		answer = NULL;
	}
	ck_assert_uint_eq(http_server_connections(front), 1);
}
END_TEST

/* The client leaves: it is heard at the back, through two connections. */
START_TEST(test_client_leaves)
{
	ask("POST", _i == 0 ? "/run" : "/hold", NULL);
	if (_i == 0)
		WAIT(loop, heads == 200 && buf_len(body_buf(answer)) == 6);
	else
		WAIT(loop, held != NULL);
	http_conn_free(conn);
	conn = NULL;
	WAIT(loop, back_dones == 1);
	if (_i == 0)
		ck_assert(body_closed(back_out));
}
END_TEST

/* The back breaks off: the client sees a broken body, not a short one. */
START_TEST(test_back_breaks)
{
	struct err	 e = ERR_INIT;

	ask("POST", "/run", NULL);
	WAIT(loop, heads == 200 && buf_len(body_buf(answer)) == 6);
	err_set(&e, "lost the machine");
	body_fail(back_out, &e);
	back_out = NULL;
	WAIT(loop, body_error(answer) != NULL);
	ck_assert_uint_eq(buf_len(body_buf(answer)), 6);
	ck_assert(!body_done(answer));
}
END_TEST

START_TEST(test_back_aborts)
{
	ask("POST", "/hold", NULL);
	WAIT(loop, held != NULL);
	req_abort(held, "a test");
	WAIT(loop, heads != 0);
	ck_assert_int_eq(heads, 502);
	WAIT(loop, body_done(answer) || buf_len(body_buf(answer)) > 60);
	ck_assert_ptr_nonnull(strstr(buf_pullup(body_buf(answer), 60),
	    "POST /hold on 127.0.0.1:"));
}
END_TEST

START_TEST(test_back_refuses)
{
	listener_free(back_door);
	back_door = NULL;
	ask("POST", "/hold", NULL);
	WAIT(loop, heads != 0);
	ck_assert_int_eq(heads, 502);
	ck_assert_int_eq(fails, 0);
}
END_TEST

/* The upload breaks in the middle: the back's reader hears of it. */
START_TEST(test_upload_breaks)
{
	struct body	*b = body_new(loop, 1000), *up;
	struct err	 e = ERR_INIT;

	ask("PUT", "/hold", b);
	buf_adds(body_buf(b), "half");
	body_wrote(b);
	WAIT(loop, held != NULL);
	up = req_take_body(held);
	WAIT(loop, buf_len(body_buf(up)) == 4);
	err_set(&e, "disk gone");
	body_fail(b, &e);
	WAIT(loop, body_error(up) != NULL);
	ck_assert(!body_done(up));
	body_close(up);
	WAIT(loop, fails == 1);
	ck_assert_ptr_nonnull(strstr(why.msg, "request body: disk gone"));
	ck_assert_int_eq(why.code, HTTP_BODY_BROKE);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("http_proxy");
	TCase	*t = tcase_create("http_proxy");

	tcase_add_checked_fixture(t, setup, teardown);
	suite_add_tcase(s, t);
	tcase_add_loop_test(t, test_both_ways, 0, 2);
	tcase_add_test(t, test_kept);
	tcase_add_loop_test(t, test_client_leaves, 0, 2);
	tcase_add_test(t, test_back_breaks);
	tcase_add_test(t, test_back_aborts);
	tcase_add_test(t, test_back_refuses);
	tcase_add_test(t, test_upload_breaks);
	return s;
}
