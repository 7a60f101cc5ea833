/* route.c - the table of who answers what, forms and the guard. */
#include "http/route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "lib_io.h"
#include "unit.h"

#define H " HTTP/1.1\r\nHost: a\r\n"
#define FORM "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n"

static struct loop		*loop;
static struct http_server	*server;
static struct rec		 peer;
static int			 guards;
static bool			 guard_says;
static char			 marker;	/* arg of everything */

static void
answer(struct http_req *r, const char *name, void *arg)
{
	const char	*a = req_param(r, "a"), *b = req_param(r, "b");

	ck_assert_ptr_eq(arg, &marker);
	reply_text(r, 200, req_printf(r, "%s %s a=%s b=%s %s", name, req_path(r),
	    a != NULL ? a : "-", b != NULL ? b : "-",
	    req_form(r) != NULL ? "form" : "no form"));
}

static void
on_root(struct http_req *r, void *arg)
{
	answer(r, "root", arg);
}

static void
on_get(struct http_req *r, void *arg)
{
	answer(r, "get", arg);
}

static void
on_put(struct http_req *r, void *arg)
{
	answer(r, "put", arg);
}

static void
on_form(struct http_req *r, void *arg)
{
	answer(r, "form", arg);
}

static void
on_tree(struct http_req *r, void *arg)
{
	answer(r, "tree", arg);
}

static void
on_deep(struct http_req *r, void *arg)
{
	answer(r, "deep", arg);
}

static const struct route table[] = {
	{ "GET", "/", ROUTE_OPEN, on_root },
	{ "GET", "/x", 0, on_get },
	{ "PUT", "/x", 0, on_put },
	{ "POST", "/form", ROUTE_FORM, on_form },
	{ "GET", "/tree", ROUTE_PREFIX, on_tree },
	{ "GET", "/tree/deep/", ROUTE_PREFIX, on_deep },
	{ NULL, NULL, 0, NULL },
};

static bool
guard(struct http_req *r, const struct route *t, void *arg)
{
	ck_assert_ptr_eq(arg, &marker);
	guards++;
	if (guard_says || (t->flags & ROUTE_OPEN) != 0)
		return true;
	reply_error(r, 401, "who are you?");
	return false;
}

static void
on_request(struct http_req *r, void *arg)
{
	route_dispatch(table, r, guard, 100, arg);
}

static void
turn(void)
{
	int	 i;

	for (i = 0; i < 20; i++)
		loop_turn(loop, 0);
}

static void
setup(void)
{
	struct stream	*ends[2];
	struct err	 e = ERR_INIT;

	loop = loop_new(&e);
	ck_assert_msg(loop != NULL, "%s", e.msg);
	server = http_server_new(loop, NULL, on_request, &marker);
	stream_pair(loop, ends);
	rec_init(&peer, ends[0]);
	http_server_serve(server, ends[1]);
	guards = 0;
	guard_says = true;
}

static void
teardown(void)
{
	rec_release(&peer);
	http_server_free(server);
	turn();
	loop_free(loop);
}

/* Sends q and checks status and body, and a piece of the head if not NULL. */
static void
ask(const char *q, int status, const char *body, const char *head)
{
	char	*got, *end;

	stream_write(peer.s, q, strlen(q));
	turn();
	got = rec_text(&peer);
	ck_assert_msg(strlen(got) > 13, "%s: %s", q, got);
	ck_assert_msg(strtol(got + 9, NULL, 10) == status, "%s: %s", q, got);
	end = strstr(got, "\r\n\r\n");
	ck_assert_ptr_nonnull(end);
	ck_assert_str_eq(end + 4, body);
	if (head != NULL)
		ck_assert_msg(strstr(got, head) != NULL, "%s", got);
	free(got);
}

START_TEST(test_found)
{
	ask("GET /" H "\r\n", 200, "root / a=- b=- no form", NULL);
	ask("GET /x?a=1&b=%20" H "\r\n", 200, "get /x a=1 b=  no form", NULL);
	ask("PUT /x" H "Content-Length: 0\r\n\r\n", 200, "put /x a=- b=- no form", NULL);
	ask("GET /%78" H "\r\n", 200, "get /x a=- b=- no form", NULL);
	ask("HEAD /x" H "\r\n", 200, "", "Content-Length: 22\r\n");
	ask("GET /tree" H "\r\n", 200, "tree /tree a=- b=- no form", NULL);
	ask("GET /tree/" H "\r\n", 200, "tree /tree/ a=- b=- no form", NULL);
	ask("GET /tree/a/b" H "\r\n", 200, "tree /tree/a/b a=- b=- no form", NULL);
	ask("GET /tree/deep" H "\r\n", 200, "tree /tree/deep a=- b=- no form", NULL);
	ask("GET /tree/deep/" H "\r\n", 200, "deep /tree/deep/ a=- b=- no form", NULL);
	ask("GET /tree/deep/x" H "\r\n", 200, "deep /tree/deep/x a=- b=- no form", NULL);
}
END_TEST

START_TEST(test_not_found)
{
	ask("GET /y" H "\r\n", 404, "no such page: /y\n", NULL);
	ask("GET /x/" H "\r\n", 404, "no such page: /x/\n", NULL);
	ask("GET /treehouse" H "\r\n", 404, "no such page: /treehouse\n", NULL);
	ask("OPTIONS *" H "\r\n", 404, "no such page: *\n", NULL);
	ck_assert_int_eq(guards, 0);
}
END_TEST

START_TEST(test_wrong_method)
{
	ask("POST /x" H "Content-Length: 0\r\n\r\n", 405,
	    "/x is not for POST, but GET, HEAD, PUT\n", "Allow: GET, HEAD, PUT\r\n");
	ask("HEAD /form" H "\r\n", 405, "", "Allow: POST\r\n");
	ask("DELETE /tree/deep/x" H "\r\n", 405,
	    "/tree/deep/x is not for DELETE, but GET, HEAD\n", NULL);
}
END_TEST

START_TEST(test_guard)
{
	guard_says = false;
	ask("GET /" H "\r\n", 200, "root / a=- b=- no form", NULL);
	ask("GET /x" H "\r\n", 401, "who are you?\n", NULL);
	/* Before the body is read. */
	ask("POST /form" H FORM "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n",
	    401, "who are you?\n", NULL);
	ck_assert_int_eq(guards, 3);
}
END_TEST

START_TEST(test_form)
{
	ask("POST /form?a=q&b=q" H FORM "Content-Length: 9\r\n\r\na=1%26&c=",
	    200, "form /form a=1& b=q form", NULL);
	ask("POST /form" H FORM "Transfer-Encoding: chunked\r\n\r\n"
	    "2\r\na=\r\n1\r\n2\r\n0\r\n\r\n", 200, "form /form a=2 b=- form", NULL);
	ask("POST /form?b=1" H "Content-Length: 0\r\n\r\n", 200,
	    "form /form a=- b=1 form", NULL);
	ask("POST /form" H "Content-Type: Application/X-WWW-Form-Urlencoded\r\n"
	    "Content-Length: 3\r\n\r\na=b", 200, "form /form a=b b=- form", NULL);
}
END_TEST

START_TEST(test_form_bad)
{
	ask("POST /form" H FORM "Content-Length: 4\r\n\r\na=%z", 400,
	    "form: broken escape or NUL in \"a=%z\"\n", NULL);
	ask("POST /form" H "Content-Type: text/plain\r\nContent-Length: 3\r\n\r\na=b", 415,
	    "the body must be a form (application/x-www-form-urlencoded)\n", NULL);
	ask("POST /form" H "Content-Length: 3\r\n\r\na=b", 415,
	    "the body must be a form (application/x-www-form-urlencoded)\n", NULL);
	ask("POST /form" H FORM "Transfer-Encoding: chunked\r\n\r\n3\r\na=bX", 400,
	    "request body: chunk longer than announced\n", NULL);
}
END_TEST

START_TEST(test_form_long)
{
	char	 text[300], x[102] = "";

	memset(x, 'x', 101);
	/* At once when it says so itself, else when it is too long. */
	ask("POST /form" H FORM "Content-Length: 101\r\n\r\n", 413,
	    "the form is too long\n", NULL);
	stream_write(peer.s, x, 101);	/* dropped */
	snprintf(text, sizeof text, "POST /form" H FORM
	    "Transfer-Encoding: chunked\r\n\r\n65\r\n%s\r\n0\r\n\r\n", x);
	ask(text, 413, "the form is too long\n", NULL);
	x[100] = '\0';
	snprintf(text, sizeof text, "POST /form" H FORM "Content-Length: 100\r\n\r\n%s",
	    x);
	ask(text, 200, "form /form a=- b=- form", NULL);
}
END_TEST

/* The client leaves in the middle of its form. */
START_TEST(test_form_gone)
{
	static const char	 half[] = "POST /form" H FORM "Content-Length: 9\r\n\r\na=";

	stream_write(peer.s, half, strlen(half));
	turn();
	stream_close(peer.s);
	peer.s = NULL;
	turn();
	ck_assert_uint_eq(http_server_connections(server), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("route");
	TCase	*t = tcase_create("route");

	tcase_add_checked_fixture(t, setup, teardown);
	suite_add_tcase(s, t);
	tcase_add_test(t, test_found);
	tcase_add_test(t, test_not_found);
	tcase_add_test(t, test_wrong_method);
	tcase_add_test(t, test_guard);
	tcase_add_test(t, test_form);
	tcase_add_test(t, test_form_bad);
	tcase_add_test(t, test_form_long);
	tcase_add_test(t, test_form_gone);
	return s;
}
