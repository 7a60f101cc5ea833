/* tunnel.c - unit tests of dialing through a proxy (lib/io/tunnel.c): whose bytes
 * are whose. Here the accepted end is the proxy. */
#include "unit.h"
#include "lib_two.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "io/net.h"

static struct listener	*ls;	/* a dials, b is the proxy */

static void
setup(void)
{
	struct net_listen	 how = { .address = "127.0.0.1:0" };
	struct err		 e = ERR_INIT;
	char			*url;

	two_setup();
	rec_init(&a, NULL);
	rec_init(&b, NULL);
	ls = net_listen(l, &how, rec_accept, &b, &e);
	ck_assert_msg(ls != NULL, "%s", e.msg);
	url = xasprintf("http://%s", listener_address(ls));
	setenv("https_proxy", url, 1);
	setenv("no_proxy", "", 1);
	free(url);
}

static void
teardown(void)
{
	listener_free(ls);
	two_teardown();
}

static void
dial(const char *target)
{
	struct net_dial how = { .address = target, .ms = 5000, .proxied = true };

	rec_take(&a, net_dial(l, &how));
}

static void
expect_got(struct rec *r, const char *want)
{
	WAIT(l, buf_len(r->got) >= strlen(want));
	rec_expect(r, want);
}

/* The answer comes in two pieces, cut at _i; what stands behind its head is of the
 * target, and so is what was written before there was a way to it. */
START_TEST(not_a_byte_more)
{
	static const char	request[] = "CONNECT far.org:7 HTTP/1.1\r\nHost: far.org:7\r\n\r\n";
	static const char	answer[] = "HTTP/1.1 200 Yes\r\nA: b\r\n\r\nhello";
	size_t			cut = (size_t)_i, head = sizeof answer - 1 - strlen("hello");
	int			i;

	dial("far.org:7");
	stream_write(a.s, "early", 5);
	expect_got(&b, request);
	buf_drain(b.got, buf_len(b.got));
	stream_write(b.s, answer, cut);
	WAIT(l, stream_unsent(b.s) == 0);
	for (i = 0; i < 5; i++)
		loop_turn(l, 1);
	ck_assert_int_eq(a.opens, cut >= head);
	stream_write(b.s, answer + cut, sizeof answer - 1 - cut);
	expect_got(&a, "hello");
	ck_assert_int_eq(a.opens, 1);
	expect_got(&b, "early");
}
END_TEST

static void
expect_error(int code, const char *part)
{
	WAIT(l, a.errors == 1);
	ck_assert_int_eq(a.err.code, code);
	ck_assert_msg(strstr(a.err.msg, part) != NULL, "%s", a.err.msg);
	ck_assert_int_eq(a.opens, 0);
}

/* Not one that never ends. */
START_TEST(long_head)
{
	char	much[16384] = "HTTP/1.1 200 ";

	memset(much + strlen(much), 'x', sizeof much - strlen(much));
	dial("far.org:7");
	WAIT(l, buf_len(b.got) > 0);
	stream_write(b.s, much, sizeof much);
	expect_error(STREAM_REFUSED, "the head of its answer is too long");
}
END_TEST

START_TEST(name_with_a_line_of_its_own)
{
	dial("far.org\r\nX:7");
	expect_error(STREAM_SYSTEM, "cannot stand in a request");
	WAIT(l, b.eofs == 1);
	ck_assert_uint_eq(buf_len(b.got), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("tunnel");
	TCase	*t = tcase_create("all");

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, not_a_byte_more, 0, 32);
	tcase_add_test(t, long_head);
	tcase_add_test(t, name_with_a_line_of_its_own);
	return s;
}
