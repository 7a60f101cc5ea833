/* pump.c - bodies into streams and streams into bodies. */
#include "http/pump.h"

#include <stdlib.h>
#include <string.h>

#include "lib_io.h"
#include "unit.h"

static struct loop	*loop;
static struct stream	*near;		/* the pump's end */
static struct rec	 far;
static struct body	*b;
static struct pump	*p;
static int		 dones;
static bool		 free_in_done;
static struct err	 why;

static void
turn(void)
{
	int	 i;

	for (i = 0; i < 20; i++)
		loop_turn(loop, 0);
}

static void
on_done(const struct err *e, void *arg)
{
	ck_assert_ptr_eq(arg, &dones);
	dones++;
	err_set(&why, "%s", e != NULL ? e->msg : "peace");
	if (free_in_done) {
		pump_free(p);
		p = NULL;
	}
}

static void
setup(void)
{
	struct stream	*ends[2];
	struct err	 e = ERR_INIT;

	loop = loop_new(&e);
	ck_assert_msg(loop != NULL, "%s", e.msg);
	stream_pair(loop, ends);
	near = ends[0];
	rec_init(&far, ends[1]);
	b = body_new(loop, -1);
	p = NULL;
	dones = 0;
	free_in_done = false;
}

static void
teardown(void)
{
	pump_free(p);
	turn();
	rec_release(&far);
	stream_close(near);
	turn();
	loop_free(loop);
}

static void
put(const char *text)
{
	buf_adds(body_buf(b), text);
	body_wrote(b);
	turn();
}

static void
got(const char *want)
{
	char	*text;

	turn();
	text = rec_text(&far);
	ck_assert_str_eq(text, want);
	free(text);
}

START_TEST(test_out)
{
	put("early ");
	p = pump_to_stream(b, near, on_done, &dones);
	put("late");
	got("early late");
	ck_assert_int_eq(far.eofs, 0);
	ck_assert_int_eq(dones, 0);
	free_in_done = _i == 1;
	body_end(b, NULL);
	turn();
	ck_assert_int_eq(far.eofs, 1);
	ck_assert_int_eq(dones, 1);
	ck_assert_str_eq(why.msg, "peace");
	ck_assert(!free_in_done || p == NULL);
}
END_TEST

START_TEST(test_out_fails)
{
	struct err	 e = ERR_INIT;

	p = pump_to_stream(b, near, on_done, &dones);
	put("half");
	err_set(&e, "the client left");
	body_fail(b, &e);
	got("half");
	ck_assert_int_eq(dones, 1);
	ck_assert_str_eq(why.msg, "the client left");
	ck_assert_int_eq(far.eofs, 0);	/* not to be taken for the end */
}
END_TEST

START_TEST(test_out_peer_gone)
{
	p = pump_to_stream(b, near, on_done, &dones);
	stream_close(far.s);
	far.s = NULL;
	turn();
	put("x");
	turn();
	ck_assert_int_eq(dones, 1);
	ck_assert_str_ne(why.msg, "peace");
	ck_assert(body_closed(b));
	body_end(b, NULL);
}
END_TEST

START_TEST(test_out_bounded)
{
	size_t	 sent = 0, n;

	p = pump_to_stream(b, near, on_done, &dones);
	far.keep = true;
	while (!body_full(b)) {
		fill_pattern(body_buf(b), sent, 50000);
		sent += 50000;
		body_wrote(b);
		turn();
		ck_assert_uint_lt(sent, 1200000);
	}
	body_end(b, NULL);
	n = 0;
	far.keep = false;
	do {
		stream_read_again(far.s);
		turn();
		n += check_pattern(far.got, n);
	} while (n < sent);
	ck_assert_uint_eq(n, sent);
	turn();
	ck_assert_int_eq(dones, 1);
	ck_assert_int_eq(far.eofs, 1);
}
END_TEST

/* What is in the body, as text; drains it. */
static void
body_is(const char *want)
{
	char	*text;

	turn();
	text = buf_string(body_buf(b), NULL);
	body_took(b);
	ck_assert_str_eq(text, want);
	free(text);
}

START_TEST(test_in)
{
	stream_write(far.s, "one", 3);
	p = pump_from_stream(near, b, on_done, &dones);
	body_is("one");
	stream_write(far.s, "two", 3);
	stream_shut(far.s);
	body_is("two");
	ck_assert_int_eq(dones, 1);
	ck_assert_str_eq(why.msg, "peace");
	ck_assert(!body_done(b));	/* that is for done to say */
	body_end(b, NULL);
	body_close(b);
}
END_TEST

START_TEST(test_in_breaks)
{
	p = pump_from_stream(near, b, on_done, &dones);
	fill_pattern(stream_out(far.s), 0, 1000000);
	stream_wrote(far.s);
	turn();
	stream_close(far.s);	/* cuts what was not taken yet */
	far.s = NULL;
	turn();
	ck_assert_int_eq(dones, 0);	/* what came before is not lost */
	ck_assert_uint_ge(buf_len(body_buf(b)), BODY_HIGH);
	buf_drain(body_buf(b), buf_len(body_buf(b)));
	body_took(b);
	turn();
	ck_assert_int_eq(dones, 1);
	ck_assert_str_ne(why.msg, "peace");
	body_end(b, NULL);
	body_close(b);
}
END_TEST

START_TEST(test_in_bounded)
{
	size_t	 n = 0;

	p = pump_from_stream(near, b, on_done, &dones);
	fill_pattern(stream_out(far.s), 0, 3000000);
	stream_wrote(far.s);
	stream_shut(far.s);
	while (n < 3000000) {
		turn();
		ck_assert_uint_le(buf_len(body_buf(b)), BODY_HIGH);
		n += check_pattern(body_buf(b), n);
		body_took(b);
	}
	turn();
	ck_assert_int_eq(dones, 1);
	ck_assert_str_eq(why.msg, "peace");
	body_end(b, NULL);
	body_close(b);
}
END_TEST

START_TEST(test_in_reader_gone)
{
	p = pump_from_stream(near, b, on_done, &dones);
	body_close(b);
	turn();
	ck_assert_int_eq(dones, 1);
	ck_assert_str_eq(why.msg, "nobody reads it any more");
	body_end(b, NULL);
}
END_TEST

START_TEST(test_free_early)
{
	if (_i == 0)
		p = pump_to_stream(b, near, on_done, &dones);
	else
		p = pump_from_stream(near, b, on_done, &dones);
	stream_write(far.s, "x", 1);
	pump_free(p);
	p = NULL;
	turn();
	ck_assert_int_eq(dones, 0);
	ck_assert_int_eq(body_closed(b), _i == 0);
	body_end(b, NULL);
	if (_i == 1)
		body_close(b);
	ck_assert_uint_eq(buf_len(stream_in(near)), 1);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("pump");
	TCase	*t = tcase_create("pump");

	tcase_add_checked_fixture(t, setup, teardown);
	suite_add_tcase(s, t);
	tcase_add_loop_test(t, test_out, 0, 2);
	tcase_add_test(t, test_out_fails);
	tcase_add_test(t, test_out_peer_gone);
	tcase_add_test(t, test_out_bounded);
	tcase_add_test(t, test_in);
	tcase_add_test(t, test_in_breaks);
	tcase_add_test(t, test_in_bounded);
	tcase_add_test(t, test_in_reader_gone);
	tcase_add_loop_test(t, test_free_early, 0, 2);
	return s;
}
