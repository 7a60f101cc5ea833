/* body.c - the pipe between a writer and a reader, body and buffer helpers. */
#include "http/body.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "http/bytes.h"
#include "lib_io.h"
#include "unit.h"

static struct loop	*loop;
static struct body	*b;
static int		 datas, rooms, alives;
static bool		 take_all, close_in_data, end_in_room;

static void
turn(void)
{
	int	 i;

	for (i = 0; i < 10; i++)
		loop_turn(loop, 0);
}

static void
on_data(struct body *body, void *arg)
{
	ck_assert_ptr_eq(arg, &datas);
	datas++;
	if (take_all) {
		buf_drain(body_buf(body), buf_len(body_buf(body)));
		body_took(body);
	}
	if (close_in_data)
		body_close(body);
}

static void
on_room(struct body *body, void *arg)
{
	ck_assert_ptr_eq(arg, &rooms);
	rooms++;
	if (end_in_room)
		body_end(body, NULL);
}

static void
on_alive(void *arg)
{
	ck_assert_ptr_eq(arg, &alives);
	alives++;
}

static void
put(size_t n)
{
	fill_pattern(body_buf(b), 0, n);
	body_wrote(b);
}

static void
setup(void)
{
	struct err	 e = ERR_INIT;

	loop = loop_new(&e);
	ck_assert_msg(loop != NULL, "%s", e.msg);
	b = body_new(loop, -1);
	datas = rooms = alives = 0;
	take_all = close_in_data = end_in_room = false;
}

static void
teardown(void)
{
	turn();
	loop_free(loop);
}

static void
end_both(void)
{
	body_end(b, NULL);
	body_close(b);
}

START_TEST(test_data)
{
	put(10);
	turn();
	ck_assert(!body_wanted(b));
	body_on_data(b, on_data, &datas);
	ck_assert(body_wanted(b));
	ck_assert_int_eq(datas, 0);	/* not from inside our call */
	turn();
	ck_assert_int_eq(datas, 1);
	turn();
	ck_assert_int_eq(datas, 1);	/* what is left is not told again */
	body_read_again(b);
	turn();
	ck_assert_int_eq(datas, 2);
	put(1);
	put(1);
	turn();
	ck_assert_int_eq(datas, 3);	/* joined */
	take_all = true;
	put(1);
	turn();
	ck_assert_int_eq(datas, 4);
	body_read_again(b);	/* nothing to tell */
	turn();
	ck_assert_int_eq(datas, 4);
	body_end(b, NULL);
	turn();
	ck_assert_int_eq(datas, 5);
	ck_assert(body_done(b));
	ck_assert_ptr_null(body_error(b));
	body_close(b);
}
END_TEST

START_TEST(test_end)
{
	struct headers	*t = headers_new();

	headers_add(t, "A", "b");
	put(3);
	body_end(b, t);
	headers_free(t);
	ck_assert(!body_done(b));	/* bytes are left */
	body_on_data(b, on_data, &datas);
	turn();
	ck_assert_int_eq(datas, 1);
	buf_drain(body_buf(b), 3);
	body_took(b);
	ck_assert(body_done(b));
	ck_assert_str_eq(headers_get(body_trailers(b), "a"), "b");
	turn();
	ck_assert_int_eq(datas, 1);
	body_close(b);
}
END_TEST

START_TEST(test_fail)
{
	struct err	 e = ERR_INIT;

	body_on_data(b, on_data, &datas);
	err_code(&e, 7, "cut");
	put(3);
	body_fail(b, &e);
	turn();
	ck_assert_int_eq(datas, 1);
	ck_assert(!body_done(b));
	ck_assert_str_eq(body_error(b)->msg, "cut");
	ck_assert_int_eq(body_error(b)->code, 7);
	ck_assert_uint_eq(buf_len(body_buf(b)), 3);
	buf_drain(body_buf(b), 3);
	ck_assert(!body_done(b));
	body_close(b);
}
END_TEST

START_TEST(test_room)
{
	body_on_room(b, on_room, &rooms);
	put(BODY_HIGH - 1);
	ck_assert(!body_full(b));
	put(1);
	ck_assert(body_full(b));
	buf_drain(body_buf(b), BODY_HIGH - BODY_LOW - 1);
	body_took(b);
	turn();
	ck_assert_int_eq(rooms, 0);
	buf_drain(body_buf(b), 1);
	body_took(b);
	ck_assert_int_eq(rooms, 0);
	turn();
	ck_assert_int_eq(rooms, 1);
	buf_drain(body_buf(b), 100);	/* once a crossing */
	body_took(b);
	turn();
	ck_assert_int_eq(rooms, 1);
	end_both();
}
END_TEST

START_TEST(test_room_wanted)
{
	body_on_room(b, on_room, &rooms);
	turn();
	ck_assert_int_eq(rooms, 0);
	body_on_data(b, on_data, &datas);
	turn();
	ck_assert_int_eq(rooms, 1);
	body_on_data(b, on_data, &datas);
	turn();
	ck_assert_int_eq(rooms, 1);
	end_both();
	/* Asked for before anybody listened. */
	b = body_new(loop, -1);
	body_on_data(b, on_data, &datas);
	body_on_room(b, on_room, &rooms);
	turn();
	ck_assert_int_eq(rooms, 2);
	end_both();
}
END_TEST

START_TEST(test_reader_closes)
{
	body_on_room(b, on_room, &rooms);
	put(BODY_HIGH);
	body_close(b);
	ck_assert(body_closed(b));
	ck_assert(!body_full(b));
	put(100);
	ck_assert_uint_eq(buf_len(body_buf(b)), 0);
	turn();
	ck_assert_int_eq(rooms, 1);
	body_end(b, NULL);
	turn();
	ck_assert_int_eq(rooms, 1);
}
END_TEST

/* Both sides let go from inside their callbacks. */
START_TEST(test_last_calls_inside)
{
	close_in_data = end_in_room = true;
	body_on_room(b, on_room, &rooms);
	body_on_data(b, on_data, &datas);
	put(1);
	turn();
	ck_assert_int_eq(datas, 1);
	ck_assert_int_eq(rooms, 1);
}
END_TEST

START_TEST(test_none_after_the_last)
{
	body_on_room(b, on_room, &rooms);
	body_on_data(b, on_data, &datas);
	put(1);
	end_both();
	turn();
	ck_assert_int_eq(datas + rooms, 0);
}
END_TEST

START_TEST(test_body_of)
{
	struct evbuffer	*buf = buf_new();
	struct body	*all;

	buf_adds(buf, "hello");
	all = body_of(loop, buf);
	ck_assert_uint_eq(buf_len(buf), 0);
	ck_assert_int_eq(body_length(all), 5);
	ck_assert_int_eq(body_length(b), -1);
	ck_assert(!body_done(all));
	buf_drain(body_buf(all), 5);
	ck_assert(body_done(all));
	body_close(all);
	buf_free(buf);
	all = body_of(loop, NULL);
	ck_assert(body_done(all));
	ck_assert_int_eq(body_length(all), 0);
	body_close(all);
	end_both();
}
END_TEST

START_TEST(test_alive)
{
	int	 i;

	body_on_alive(b, on_alive, &alives);
	turn();
	ck_assert_int_eq(alives, 0);
	clock_advance(loop_clock(loop), 5000);
	turn();
	for (i = 0; i < 10; i++) {
		put(1);
		turn();
	}
	ck_assert_int_eq(alives, 1);
	clock_advance(loop_clock(loop), 1001);
	turn();
	ck_assert_int_eq(alives, 1);	/* no bytes */
	put(1);
	turn();
	ck_assert_int_eq(alives, 2);
	body_on_alive(b, NULL, NULL);
	clock_advance(loop_clock(loop), 1001);
	put(1);
	turn();
	ck_assert_int_eq(alives, 2);
	end_both();
}
END_TEST

/* --- bytes ------------------------------------------------------------------ */

/* All the memory that a buffer's blocks hold cannot be asked for, but room can:
 * how much could be added without a new block. */
START_TEST(test_single_bytes_do_not_hoard)
{
	struct evbuffer		*in = buf_new(), *out = buf_new();
	struct evbuffer_iovec	 v;
	int			 i, blocks;

	/* As a stream reads: a big block reserved, one byte in it. */
	for (i = 0; i < 1000; i++) {
		ck_assert_int_eq(evbuffer_reserve_space(in, 65536, &v, 1), 1);
		*(char *)v.iov_base = 'x';
		v.iov_len = 1;
		evbuffer_commit_space(in, &v, 1);
		ck_assert_uint_eq(bytes_move(out, in, 100), 1);
	}
	blocks = evbuffer_peek(out, -1, NULL, NULL, 0);
	ck_assert_int_le(blocks, 4);
	ck_assert_uint_eq(buf_len(out), 1000);
	buf_free(in);
	buf_free(out);
}
END_TEST

START_TEST(test_move)
{
	struct evbuffer	*in = buf_new(), *out = buf_new();
	size_t		 n, got = 0, step = 1, len;

	ck_assert_uint_eq(bytes_move(out, in, 10), 0);
	ck_assert_ptr_null(bytes_piece(in, &len));
	ck_assert_uint_eq(bytes_whole(in, 10), 0);
	fill_pattern(in, 0, 1000000);
	ck_assert_uint_ge(bytes_whole(in, 65536), 65536);
	while (buf_len(in) > 0) {
		n = bytes_move(out, in, step);
		ck_assert_uint_le(n, step);
		got += n;
		step = step * 3 % 100003;
	}
	ck_assert_uint_eq(got, 1000000);
	ck_assert_uint_eq(check_pattern(out, 0), 1000000);
	bytes_add(out, "abc", 3);
	bytes_add(out, "", 0);
	ck_assert_uint_eq(buf_len(out), 3);
	ck_assert_uint_eq(bytes_whole(out, 100), 3);
	buf_free(in);
	buf_free(out);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("body");
	TCase	*t = tcase_create("body");

	tcase_add_checked_fixture(t, setup, teardown);
	suite_add_tcase(s, t);
	tcase_add_test(t, test_data);
	tcase_add_test(t, test_end);
	tcase_add_test(t, test_fail);
	tcase_add_test(t, test_room);
	tcase_add_test(t, test_room_wanted);
	tcase_add_test(t, test_reader_closes);
	tcase_add_test(t, test_last_calls_inside);
	tcase_add_test(t, test_none_after_the_last);
	tcase_add_test(t, test_body_of);
	tcase_add_test(t, test_alive);
	t = tcase_create("bytes");
	suite_add_tcase(s, t);
	tcase_add_test(t, test_single_bytes_do_not_hoard);
	tcase_add_test(t, test_move);
	return s;
}
