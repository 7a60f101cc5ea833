/* agent_pool.c - unit tests of client/agent_pool.h, against a TLS server in the
 * same loop: what is lent, what is not, and what is kept ready. */
#include "unit.h"
#include "lib_io.h"
#include "lib_pki.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/agent_pool.h"
#include "io/net.h"

#define PEERS_MAX	16

static struct loop		*l;
static char			 dir[PKI_DIR_MAX], ca[PKI_PATH_MAX];
static struct tls_ctx		*tls;
static struct listener		*server;
static struct agent_pool	*pool;
static struct stream		*peer[PEERS_MAX];	/* the server's ends */
static int			 opened;	/* of peer, handshake done */
static int			 peers;
static struct stream		*lent;
static int			 calls;
static struct err		 why;

static void
on_open(struct stream *s, void *arg)
{
	(void)s;
	(void)arg;
	opened++;
}

static const struct stream_cb peer_cb = { .open = on_open };

static void
on_accept(struct stream *s, void *arg)
{
	(void)arg;
	ck_assert_int_lt(peers, PEERS_MAX);
	peer[peers++] = s;
	stream_set_cb(s, &peer_cb, NULL);
}

static void
on_lent(struct stream *s, const struct err *e, void *arg)
{
	ck_assert_ptr_eq(arg, &calls);
	ck_assert((s != NULL) != (e != NULL));
	calls++;
	lent = s;
	if (e != NULL)
		why = *e;
}

static void
setup(void)
{
	struct net_listen	how = { .address = "127.0.0.1:0" };
	struct err		e = ERR_INIT;

	peers = opened = calls = 0;
	lent = NULL;
	pki_dir_make(dir);
	l = loop_new(NULL);
	ck_assert_ptr_nonnull(l);
	how.tls = tls = pki_server(dir);
	server = net_listen(l, &how, on_accept, NULL, &e);
	ck_assert_msg(server != NULL, "%s", e.msg);
	pool = agent_pool_new(l, listener_address(server),
	    pki_path(ca, dir, "ca.pem"), &e);
	ck_assert_msg(pool != NULL, "%s", e.msg);
}

static void
teardown(void)
{
	int	i;

	agent_pool_free(pool);
	if (lent != NULL)
		stream_close(lent);
	for (i = 0; i < peers; i++)
		if (peer[i] != NULL)
			stream_close(peer[i]);
	listener_free(server);
	tls_ctx_free(tls);
	loop_turn(l, 0);
	loop_free(l);
	pki_dir_remove(dir);
}

static struct pool_want *
want(bool *waits)
{
	struct pool_want	*w = agent_pool_take(pool, on_lent, &calls, waits);

	ck_assert_ptr_nonnull(w);
	return w;
}

static bool	waited;		/* of the last take */
static int	bell[2];

static void
on_bell(void *arg)
{
	char	c;
	int	before = calls;

	(void)arg;
	ck_assert_int_eq(read(bell[0], &c, 1), 1);
	want(&waited);
	ck_assert_int_eq(calls, before);	/* not inside the call */
}

/* Takes one as an agent does, from the callback of a descriptor. */
static void
take(void)
{
	struct watch	*w;
	int		 before = calls;

	ck_assert_int_eq(pipe(bell), 0);
	w = watch_readable(l, bell[0], on_bell, NULL);
	ck_assert_int_eq(write(bell[1], "x", 1), 1);
	WAIT(l, calls == before + 1);
	watch_free(w);
	close(bell[0]);
	close(bell[1]);
}

/* The server hears at its nth connection what is written to the one lent. */
static void
expect_heard(int n, const char *text)
{
	char	*got;

	stream_write(lent, text, strlen(text));
	WAIT(l, buf_len(stream_in(peer[n])) >= strlen(text));
	got = buf_string(stream_in(peer[n]), NULL);
	stream_consumed(peer[n]);
	ck_assert_str_eq(got, text);
	free(got);
}

START_TEST(lends_again_and_again)
{
	struct stream	*first;

	WAIT(l, agent_pool_ready(pool) == 1);
	take();
	ck_assert(!waited);
	first = lent;
	expect_heard(0, "one");
	agent_pool_add(pool, lent);
	take();
	ck_assert(!waited);
	ck_assert_ptr_eq(lent, first);
	expect_heard(0, "two");
	ck_assert_int_eq(peers, 1);
}
END_TEST

/* While one is out for long another is made, and no more; its handshake
 * is short. */
START_TEST(keeps_one_ready)
{
	WAIT(l, agent_pool_ready(pool) == 1 && opened == 1);
	loop_turn(l, 20);	/* the session's ticket comes after the handshake */
	ck_assert(!tls_resumed(peer[0]));
	take();
	ck_assert_uint_eq(agent_pool_ready(pool), 0);
	clock_advance(loop_clock(l), 1000);
	WAIT(l, agent_pool_ready(pool) == 1 && opened == 2);
	ck_assert(tls_resumed(peer[1]));
	clock_advance(loop_clock(l), 10000);
	loop_turn(l, 5);
	loop_turn(l, 5);
	ck_assert_int_eq(peers, 2);
}
END_TEST

START_TEST(many_wait)
{
	struct pool_want	*w;
	struct stream		*first;
	bool			 waits;

	WAIT(l, agent_pool_ready(pool) == 1);
	want(&waits);
	ck_assert(!waits);
	w = want(&waits);
	ck_assert(waits);
	want(&waits);
	ck_assert(waits);
	agent_pool_cancel(pool, w);	/* that one is gone, and hears nothing */
	WAIT(l, calls == 1);
	first = lent;
	WAIT(l, calls == 2);
	ck_assert_ptr_ne(lent, first);
	stream_close(first);
	loop_turn(l, 5);
	ck_assert_int_eq(calls, 2);
}
END_TEST

/* A goodbye that has arrived is heard before the line is given out; so is
 * anything else that nobody asked for. */
START_TEST(not_what_the_server_closed)
{
	WAIT(l, agent_pool_ready(pool) == 1 && opened == 1);
	loop_turn(l, 20);	/* the session's ticket comes after the handshake */
	if (_i == 0) {
		stream_close(peer[0]);
		peer[0] = NULL;
	} else if (_i == 1)
		stream_shut(peer[0]);
	else
		stream_write(peer[0], "HTTP/1.1 408 Timeout\r\n\r\n", 24);
	if (_i > 0)
		loop_turn(l, 0);	/* closing does not wait for it */
	take();
	ck_assert_ptr_nonnull(lent);
	expect_heard(1, "fresh");
}
END_TEST

START_TEST(not_what_is_old)
{
	WAIT(l, agent_pool_ready(pool) == 1);
	clock_advance(loop_clock(l), POOL_IDLE_MS + 1);
	take();
	ck_assert_ptr_nonnull(lent);
	expect_heard(1, "fresh");
}
END_TEST

/* Old ones are replaced though nobody asks. */
START_TEST(refreshes)
{
	WAIT(l, agent_pool_ready(pool) == 1);
	clock_advance(loop_clock(l), POOL_IDLE_MS + 1);
	WAIT(l, opened == 2 && agent_pool_ready(pool) == 1);
	ck_assert_ptr_null(lent);
}
END_TEST

START_TEST(server_is_gone)
{
	WAIT(l, agent_pool_ready(pool) == 1);
	listener_free(server);
	server = NULL;
	stream_close(peer[0]);
	peer[0] = NULL;
	ck_assert(!agent_pool_is_down(pool));
	take();
	ck_assert_ptr_null(lent);
	ck_assert_int_eq(why.code, STREAM_REFUSED);
	ck_assert(agent_pool_is_down(pool));
	take();
	ck_assert_int_eq(calls, 2);
	ck_assert_ptr_null(lent);
}
END_TEST

/* That it is down is not for ever: each who asks makes it look again. */
START_TEST(server_comes_back)
{
	struct net_listen	how = { .tls = tls };
	struct err		e = ERR_INIT;
	char			address[64];

	WAIT(l, agent_pool_ready(pool) == 1);
	snprintf(address, sizeof address, "%s", listener_address(server));
	how.address = address;
	listener_free(server);
	server = NULL;
	stream_close(peer[0]);
	peer[0] = NULL;
	take();
	ck_assert_ptr_null(lent);
	server = net_listen(l, &how, on_accept, NULL, &e);
	ck_assert_msg(server != NULL, "%s", e.msg);
	ck_assert(agent_pool_is_down(pool));
	WAIT(l, agent_pool_ready(pool) == 1);
	ck_assert(!agent_pool_is_down(pool));
	take();
	ck_assert_ptr_nonnull(lent);
}
END_TEST

START_TEST(closed)
{
	WAIT(l, agent_pool_ready(pool) == 1);
	take();
	agent_pool_close(pool);
	agent_pool_add(pool, lent);
	lent = NULL;
	ck_assert_uint_eq(agent_pool_ready(pool), 0);
	clock_advance(loop_clock(l), POOL_IDLE_MS);
	loop_turn(l, 5);
	loop_turn(l, 5);
	ck_assert_int_eq(peers, 1);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("agent_pool");
	TCase	*t = tcase_create("agent_pool");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, lends_again_and_again);
	tcase_add_test(t, keeps_one_ready);
	tcase_add_test(t, many_wait);
	tcase_add_loop_test(t, not_what_the_server_closed, 0, 3);
	tcase_add_test(t, not_what_is_old);
	tcase_add_test(t, refreshes);
	tcase_add_test(t, server_is_gone);
	tcase_add_test(t, server_comes_back);
	tcase_add_test(t, closed);
	suite_add_tcase(s, t);
	return s;
}
