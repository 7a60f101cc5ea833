/* reverse.c - registration of a buildlet, against coordinators that each do one
 * thing of PROTOCOL 2. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/xmalloc.h"
#include "buildlet/buildlet.h"
#include "buildlet/reverse.h"
#include "http/client.h"
#include "http/server.h"
#include "io/net.h"
#include "lib_io.h"
#include "lib_pki.h"
#include "revdial/carriers.h"

static char			 dir[PKI_DIR_MAX], ca[PKI_PATH_MAX];
static struct loop		*loop;
static struct err		 e;

/* The coordinator. */
static struct tls_ctx		*tls;
static struct listener		*listener;
static struct http_server	*door;
static struct revdial		*session;
static struct revdial_pickups	*pickups;
static struct http_conn		*conn;
static bool			 only_v2, silent_choice;
static int			 redirects;	/* before it takes a machine */
static int			 refuse;	/* with this status */
static const char		*give_key;
static int			 asked;		/* registrations */
static char			 last_key[64], last_offer[32], last_name[32];
static char			*answer;	/* of the machine, to a request */
static int			 refused_versions;
static struct body		*long_answer;	/* that the machine is giving */

/* The machine. */
static struct settings		 set;
static struct buildlet		 b;
static struct http_server	*server;
static struct reverse		*reverse;
static int			 stops;

static void
on_down(struct revdial *r, const struct err *why, void *arg)
{
	(void)why;
	(void)arg;
	revdial_free(r);
	session = NULL;
}

static const struct revdial_cb session_cb = { .down = on_down };
static const struct revdial_cb *session_events;

static void
on_turned(struct stream *s, void *arg)
{
	ck_assert_ptr_nonnull(s);
	session = arg != NULL ?
	    revdial_yamux(loop, s, true, NULL, session_events, NULL) :
	    revdial_v2_dialer(loop, s, pickups, NULL, &session_cb, NULL);
}

static void
on_picked_up(struct stream *s, void *arg)
{
	revdial_pickup_deliver(arg, s);
}

static void
note(char *to, size_t size, const char *value)
{
	snprintf(to, size, "%s", value != NULL ? value : "");
}

static void
register_machine(struct http_req *r)
{
	bool	yamux;

	asked++;
	note(last_key, sizeof last_key, req_header(r, API_H_KEY));
	note(last_offer, sizeof last_offer, req_header(r, API_H_REVDIAL));
	note(last_name, sizeof last_name, req_header(r, API_H_HOSTNAME));
	if (refuse != 0) {
		reply_error(r, refuse, "no such machine");
		return;
	}
	if (only_v2 && strcmp(last_offer, "2") != 0) {
		refused_versions++;
		reply_error(r, 400, "unknown version");
		return;
	}
	yamux = headers_has_token(req_headers(r), API_H_REVDIAL, "yamux");
	if (!silent_choice)
		reply_header(r, API_H_REVDIAL, yamux ? "yamux" : "2");
	if (give_key != NULL)
		reply_header(r, API_H_MACHINE_KEY, give_key);
	reply_upgrade(r, 101, on_turned, yamux ? &session : NULL);
}

static void
serve_door(struct http_req *r, void *arg)
{
	struct revdial_pickup	*up;

	(void)arg;
	if (strcmp(req_path(r), "/revdial") == 0) {
		up = revdial_pickups_claim(pickups, req_param(r, "revdial.dialer"));
		ck_assert_ptr_nonnull(up);
		reply_upgrade(r, 101, on_picked_up, up);
	} else if (redirects > 0) {
		reply_header(r, "Location", req_printf(r, "/again/%d", redirects--));
		reply_text(r, 307, "elsewhere\n");
	} else {
		register_machine(r);
	}
}

static void
on_connection(struct stream *s, void *arg)
{
	(void)arg;
	http_server_serve(door, s);
}

static void
door_open(void)
{
	const struct net_listen	how = { .address = "127.0.0.1:0", .tls = tls };

	door = http_server_new(loop, NULL, serve_door, NULL);
	listener = net_listen(loop, &how, on_connection, NULL, &e);
	ck_assert_ptr_nonnull(listener);
}

/* ---- the machine ---- */

static void
serve_machine(struct http_req *r, void *arg)
{
	(void)arg;
	if (strcmp(req_path(r), "/long") == 0)
		long_answer = reply_stream(r, 200, -1);
	else
		reply_text(r, 200, req_path(r));
}

static void
on_stop(struct buildlet *it, const char *why, bool machine)
{
	(void)it;
	(void)why;
	ck_assert(!machine);
	stops++;
}

static void
setup(void)
{
	pki_dir_make(dir);
	loop = loop_new(&e);
	tls = pki_server(dir);
	pickups = revdial_pickups_new(loop);
	only_v2 = silent_choice = false;
	redirects = refuse = asked = stops = refused_versions = 0;
	give_key = NULL;
	session = NULL;
	session_events = &session_cb;
	long_answer = NULL;
	conn = NULL;
	answer = NULL;
	door_open();

	settings_init(&set);
	set.reverse_type = "host-test";
	set.coordinator = xstrdup(listener_address(listener));
	set.ca = (char *)pki_path(ca, dir, "ca.pem");
	set.key = xstrdup("first key");
	set.name = xstrdup("box");
	set.retry_first_ms = 20;
	set.refused_ms = 100000;
	memset(&b, 0, sizeof b);
	b.loop = loop;
	b.set = &set;
	b.stop = on_stop;
	server = http_server_new(loop, NULL, serve_machine, NULL);
	reverse = NULL;
}

static void
teardown(void)
{
	reverse_free(reverse);
	http_server_free(server);
	http_conn_free(conn);
	revdial_free(session);
	listener_free(listener);
	http_server_free(door);
	revdial_pickups_free(pickups);
	tls_ctx_free(tls);
	free(answer);
	free(set.coordinator);
	settings_release(&set);
	loop_turn(loop, 0);
	loop_free(loop);
	pki_dir_remove(dir);
}

static void
begin(void)
{
	reverse = reverse_start(&b, server, &e);
	ck_assert_msg(reverse != NULL, "%s", e.msg);
}

/* ---- asking the machine something, as the coordinator does ---- */

static void
on_answer(char *text, size_t len, const struct err *why, void *arg)
{
	(void)len;
	(void)arg;
	ck_assert_msg(text != NULL, "%s", why != NULL ? why->msg : "?");
	answer = text;
}

static void
on_head(struct http_conn *c, const struct http_resp *resp, void *arg)
{
	(void)c;
	(void)arg;
	ck_assert_int_eq(resp->status, 200);
	body_collect(resp->body, 1000, on_answer, NULL);
}

static void
on_fail(struct http_conn *c, const struct err *why, void *arg)
{
	(void)c;
	(void)arg;
	ck_abort_msg("%s", why->msg);
}

static void
on_opened(struct stream *s, const struct err *why, void *arg)
{
	static const struct http_client_cb	cb = { on_head, on_fail };
	const struct http_request		req = { .method = "GET",
	    .target = "/hello", .host = "x" };

	(void)arg;
	ck_assert_msg(s != NULL, "%s", why != NULL ? why->msg : "?");
	conn = http_conn_new(loop, s, NULL);
	http_conn_send(conn, &req, &cb, NULL);
}

static void
check_serves(const char *version)
{
	WAIT(loop, session != NULL);
	ck_assert_str_eq(revdial_name(session), version);
	revdial_open(session, on_opened, NULL);
	WAIT(loop, answer != NULL);
	ck_assert_str_eq(answer, "/hello");
}

START_TEST(registers_and_serves)
{
	begin();
	check_serves("yamux");
	ck_assert_str_eq(last_key, "first key");
	ck_assert_str_eq(last_offer, "yamux, 2");
	ck_assert_str_eq(last_name, "box");
	ck_assert_int_eq(asked, 1);
}
END_TEST

START_TEST(falls_back_to_version_2)
{
	only_v2 = silent_choice = true;
	begin();
	check_serves("2");
	ck_assert_int_eq(asked, 2);
	ck_assert_str_eq(last_offer, "2");
}
END_TEST

START_TEST(a_forced_version_does_not_fall_back)
{
	only_v2 = true;
	set.revdial = "yamux";
	begin();
	WAIT(loop, refused_versions >= 3);
	ck_assert_str_eq(last_offer, "yamux");
	ck_assert_ptr_null(session);
}
END_TEST

START_TEST(version_2_can_be_forced)
{
	set.revdial = "2";
	begin();
	check_serves("2");
	ck_assert_int_eq(asked, 1);
}
END_TEST

START_TEST(follows_two_redirects)
{
	redirects = 2;
	begin();
	check_serves("yamux");
}
END_TEST

START_TEST(does_not_follow_three)
{
	redirects = 3;
	begin();
	/* The next try begins anew, and there are none left then. */
	WAIT(loop, session != NULL);
	ck_assert_int_eq(asked, 1);
	ck_assert_int_eq(redirects, 0);
}
END_TEST

START_TEST(keeps_the_key_that_it_was_given)
{
	set.join_token_file = "token";
	give_key = "machine key";
	begin();
	WAIT(loop, session != NULL);
	ck_assert_str_eq(last_key, "first key");
	give_key = NULL;
	revdial_free(session);
	session = NULL;
	WAIT(loop, session != NULL);
	ck_assert_str_eq(last_key, "machine key");
}
END_TEST

START_TEST(comes_back_after_a_loss)
{
	begin();
	WAIT(loop, session != NULL);
	revdial_free(session);
	session = NULL;
	check_serves("yamux");
	ck_assert_int_eq(asked, 2);
}
END_TEST

/* What lasted no longer than one may have to wait is no success: two machines under
 * one name stand for as long as the other waits. */
START_TEST(goes_on_waiting_after_short_sessions)
{
	int64_t	lost;

	set.retry_first_ms = 400;
	set.settled_ms = 0;
	begin();
	WAIT(loop, session != NULL);
	revdial_free(session);
	session = NULL;
	lost = loop_now(loop);
	WAIT(loop, session != NULL);
	ck_assert_int_ge(loop_now(loop) - lost, 200);
	/* And this one lasts. */
	lost = loop_now(loop);
	WAIT(loop, loop_now(loop) - lost > 1000);
	revdial_free(session);
	session = NULL;
	lost = loop_now(loop);
	WAIT(loop, session != NULL);
	ck_assert_int_lt(loop_now(loop) - lost, 400);
	ck_assert_int_eq(asked, 3);
}
END_TEST

static bool	old_down;

static void
on_old_down(struct revdial *r, const struct err *why, void *arg)
{
	(void)arg;
	ck_assert_int_eq(why->code, 0);
	ck_assert_str_ne(why->msg, "");
	revdial_free(r);
	old_down = true;
}

static void
on_long_head(struct http_conn *c, const struct http_resp *resp, void *arg)
{
	(void)c;
	*(struct body **)arg = resp->body;
}

static struct http_conn	*long_conn;

static void
on_long_opened(struct stream *s, const struct err *why, void *arg)
{
	static const struct http_client_cb	cb = { on_long_head, on_fail };
	const struct http_request		req = { .method = "GET",
	    .target = "/long", .host = "x" };

	(void)why;
	ck_assert_ptr_nonnull(s);
	long_conn = http_conn_new(loop, s, NULL);
	http_conn_send(long_conn, &req, &cb, arg);
}

static const struct revdial_cb old_cb = { .down = on_old_down };

/* It takes leave while an answer is under way: the machine registers once more, and
 * both go on side by side, until that answer has ended. */
START_TEST(a_session_that_takes_leave_gets_a_successor)
{
	struct body	*reading = NULL;
	struct revdial	*old;

	old_down = false;
	session_events = &old_cb;
	begin();
	WAIT(loop, session != NULL);
	old = session;
	session = NULL;
	session_events = &session_cb;
	revdial_open(old, on_long_opened, &reading);
	WAIT(loop, reading != NULL && long_answer != NULL);
	revdial_drain(old);
	check_serves("yamux");
	ck_assert_int_eq(asked, 2);
	ck_assert(!old_down);
	buf_adds(body_buf(long_answer), "the end");
	body_wrote(long_answer);
	WAIT(loop, buf_len(body_buf(reading)) == 7);
	buf_drain(body_buf(reading), 7);
	body_took(reading);
	body_end(long_answer, NULL);
	WAIT(loop, body_done(reading));
	body_close(reading);
	http_conn_free(long_conn);
	WAIT(loop, old_down);
	ck_assert_ptr_nonnull(session);
	ck_assert_int_eq(asked, 2);
}
END_TEST

/* Go's coordinator hangs up as soon as POST /halt is answered. */
START_TEST(does_not_come_back_to_end)
{
	int64_t	end;

	begin();
	WAIT(loop, session != NULL);
	b.halting = true;
	revdial_free(session);
	session = NULL;
	end = wait_now() + 300;
	while (wait_now() < end)
		loop_turn(loop, 20);
	ck_assert_int_eq(asked, 1);
}
END_TEST

START_TEST(a_wrong_key_is_tried_slowly)
{
	int64_t	end;

	refuse = 412;
	begin();
	WAIT(loop, asked == 1);
	end = wait_now() + 300;
	while (wait_now() < end)
		loop_turn(loop, 20);
	ck_assert_int_eq(asked, 1);
	refuse = 0;
	clock_advance(loop_clock(loop), set.refused_ms);
	WAIT(loop, session != NULL);
}
END_TEST

START_TEST(gives_up)
{
	refuse = 500;
	set.give_up_ms = 60000;
	begin();
	WAIT(loop, asked >= 2);
	ck_assert_int_eq(stops, 0);
	clock_advance(loop_clock(loop), 60000);
	WAIT(loop, stops == 1);
}
END_TEST

START_TEST(checks_the_certificate)
{
	char	other[PKI_DIR_MAX], file[PKI_PATH_MAX];
	int64_t	end = wait_now() + 300;

	pki_dir_make(other);
	set.ca = (char *)pki_path(file, other, "ca.pem");
	begin();
	while (wait_now() < end)
		loop_turn(loop, 20);
	ck_assert_int_eq(asked, 0);
	pki_dir_remove(other);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("reverse");
	TCase	*t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, registers_and_serves);
	tcase_add_test(t, falls_back_to_version_2);
	tcase_add_test(t, a_forced_version_does_not_fall_back);
	tcase_add_test(t, version_2_can_be_forced);
	tcase_add_test(t, follows_two_redirects);
	tcase_add_test(t, does_not_follow_three);
	tcase_add_test(t, keeps_the_key_that_it_was_given);
	tcase_add_test(t, comes_back_after_a_loss);
	tcase_add_test(t, goes_on_waiting_after_short_sessions);
	tcase_add_test(t, a_session_that_takes_leave_gets_a_successor);
	tcase_add_test(t, does_not_come_back_to_end);
	tcase_add_test(t, a_wrong_key_is_tried_slowly);
	tcase_add_test(t, gives_up);
	tcase_add_test(t, checks_the_certificate);
	suite_add_tcase(s, t);
	return s;
}
