/* fetch.c - the buildlet fetching a URL: redirects and what goes wrong. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "buildlet/fetch.h"
#include "http/client.h"
#include "http/server.h"
#include "io/net.h"
#include "lib_io.h"

static struct loop		*loop;
static struct settings		 set;
static struct http_server	*server;
static struct listener		*listener;
static struct err		 e, failure;
static char			*text;		/* what was fetched */
static bool			 done;
static int			 requests;

/* /hop/N leads to /hop/N-1, /hop/0 has the bytes; /abs leads there by a whole
 * URL; /loop to itself; /never does not answer. */
static void
serve(struct http_req *r, void *arg)
{
	const char	*path = req_path(r);
	int64_t		 n;

	(void)arg;
	requests++;
	if (strcmp(path, "/hop/0") == 0) {
		reply_text(r, 200, "the bytes");
	} else if (str_starts(path, "/hop/") &&
	    str_int64(path + 5, 1, 100, &n) == 0) {
		reply_header(r, "Location", req_printf(r, "/hop/%d", (int)n - 1));
		reply_text(r, 302, "elsewhere");
	} else if (strcmp(path, "/abs") == 0) {
		reply_header(r, "Location", req_printf(r, "http://%s/hop/0?x=y",
		    listener_address(listener)));
		reply_text(r, 307, "elsewhere");
	} else if (strcmp(path, "/ftp") == 0) {
		reply_header(r, "Location", "ftp://x/y");
		reply_text(r, 302, "elsewhere");
	} else if (strcmp(path, "/never") != 0) {
		reply_error(r, 410, "gone");
	}
}

static void
on_connection(struct stream *s, void *arg)
{
	(void)arg;
	http_server_serve(server, s);
}

static void
setup(void)
{
	const struct net_listen	how = { .address = "127.0.0.1:0" };

	loop = loop_new(&e);
	settings_init(&set);
	server = http_server_new(loop, NULL, serve, NULL);
	listener = net_listen(loop, &how, on_connection, NULL, &e);
	ck_assert_ptr_nonnull(listener);
	failure = (struct err)ERR_INIT;
	text = NULL;
	done = false;
	requests = 0;
}

static void
teardown(void)
{
	/* The connections of fetches end by themselves. */
	WAIT(loop, http_server_connections(server) == 0);
	listener_free(listener);
	http_server_free(server);
	free(text);
	loop_turn(loop, 0);
	loop_free(loop);
}

static void
on_text(char *got, size_t len, const struct err *why, void *arg)
{
	(void)len;
	(void)why;
	(void)arg;
	text = got;
	done = true;
}

static void
on_fetched(struct body *b, const struct err *why, void *arg)
{
	(void)arg;
	if (b != NULL) {
		body_collect(b, 1000, on_text, NULL);
		return;
	}
	failure = *why;
	done = true;
}

static struct fetch *
fetch(const char *path)
{
	char		*url = xasprintf("http://%s%s", listener_address(listener), path);
	struct fetch	*f = fetch_start(loop, &set, url, on_fetched, NULL, &e);

	ck_assert_msg(f != NULL, "%s", e.msg);
	free(url);
	return f;
}

static void
check_failure(const char *path, const char *want)
{
	(void)fetch(path);
	WAIT(loop, done);
	ck_assert_ptr_null(text);
	ck_assert_msg(strstr(failure.msg, want) != NULL, "%s", failure.msg);
}

START_TEST(gets_the_bytes)
{
	(void)fetch("/hop/0");
	WAIT(loop, done);
	ck_assert_str_eq(text, "the bytes");
}
END_TEST

START_TEST(follows_redirects)
{
	(void)fetch("/hop/5");
	WAIT(loop, done);
	ck_assert_str_eq(text, "the bytes");
	ck_assert_int_eq(requests, 6);
}
END_TEST

START_TEST(follows_whole_urls)
{
	(void)fetch("/abs");
	WAIT(loop, done);
	ck_assert_str_eq(text, "the bytes");
}
END_TEST

START_TEST(not_for_ever)
{
	check_failure("/hop/6", "over 5 redirects");
}
END_TEST

START_TEST(tells_the_status)
{
	check_failure("/other", "410 Gone");
}
END_TEST

START_TEST(other_schemes_are_refused)
{
	check_failure("/ftp", "ftp://x/y");
}
END_TEST

START_TEST(a_server_that_does_not_answer)
{
	set.fetch_head_ms = 200;
	check_failure("/never", "fetching http://");
}
END_TEST

START_TEST(can_be_called_off)
{
	struct fetch	*f = fetch("/never");

	WAIT(loop, requests == 1);
	fetch_free(f);
	ck_assert(!done);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("fetch");
	TCase	*t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, gets_the_bytes);
	tcase_add_test(t, follows_redirects);
	tcase_add_test(t, follows_whole_urls);
	tcase_add_test(t, not_for_ever);
	tcase_add_test(t, tells_the_status);
	tcase_add_test(t, other_schemes_are_refused);
	tcase_add_test(t, a_server_that_does_not_answer);
	tcase_add_test(t, can_be_called_off);
	suite_add_tcase(s, t);
	return s;
}
