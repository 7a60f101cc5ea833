/* stream.c - unit tests of io/stream.h over pairs, pipes and sockets. */
#include "unit.h"
#include "lib_two.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Loop tests: 0 pairs, 1 sockets. */
static void
make(int kind, struct stream *ends[2])
{
	int fd[2];

	if (kind == 0) {
		stream_pair(l, ends);
		return;
	}
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	ends[0] = stream_from_fd(l, fd[0], fd[0], "left");
	ends[1] = stream_from_fd(l, fd[1], fd[1], "right");
}

static void
make_both(int kind)
{
	struct stream *ends[2];

	make(kind, ends);
	rec_init(&a, ends[0]);
	rec_init(&b, ends[1]);
}

START_TEST(bytes_both_ways)
{
	make_both(_i);
	ck_assert(stream_is_open(a.s));
	stream_write(a.s, "ping", 4);
	stream_write(b.s, "po", 2);
	stream_write(b.s, "ng", 2);
	ck_assert_int_eq(a.opens + b.opens + a.reads, 0);	/* not from our call */
	WAIT(l, buf_len(a.got) == 4 && buf_len(b.got) == 4);
	rec_expect(&b, "ping");
	rec_expect(&a, "pong");
	ck_assert_int_eq(a.opens, 1);
	ck_assert_int_eq(a.reads, 1);	/* the two writes went as one */
	ck_assert_int_eq(a.drains, 1);
	ck_assert_uint_eq(stream_bytes_in(a.s), 4);
	ck_assert_uint_eq(stream_bytes_out(b.s), 4);
	ck_assert(!stream_is_tls(a.s));
}
END_TEST

static void
write_body(void *arg)
{
	(void)arg;
	stream_write(a.s, "body", 4);
}

static void
write_head(void *arg)
{
	stream_write(a.s, "head ", 5);
	loop_defer(l, write_body, arg);
}

/* As a request goes out that was begun from a deferred call. */
START_TEST(head_and_body_go_as_one)
{
	make_both(_i);
	WAIT(l, a.opens == 1 && b.opens == 1);
	loop_defer(l, write_head, NULL);
	WAIT(l, buf_len(b.got) == 9);
	rec_expect(&b, "head body");
	ck_assert_int_eq(b.reads, 1);
}
END_TEST

START_TEST(half_close)
{
	make_both(_i);
	stream_write(a.s, "question", 8);
	stream_shut(a.s);
	WAIT(l, b.eofs == 1);
	ck_assert_str_eq(b.order, "ore");
	rec_expect(&b, "question");
	ck_assert(stream_at_eof(b.s));
	ck_assert(!stream_truncated(b.s));
	stream_write(b.s, "answer", 6);		/* still goes */
	stream_shut(b.s);
	WAIT(l, a.eofs == 1);
	rec_expect(&a, "answer");
	ck_assert_int_eq(a.errors + b.errors, 0);
}
END_TEST

START_TEST(at_eof_only_when_all_is_taken)
{
	make_both(_i);
	b.keep = true;
	stream_write(a.s, "rest", 4);
	stream_shut(a.s);
	WAIT(l, b.eofs == 1);
	ck_assert(!stream_at_eof(b.s));
	buf_drain(stream_in(b.s), 4);
	stream_consumed(b.s);
	ck_assert(stream_at_eof(b.s));
}
END_TEST

/* A user who does not take: `in` stops at its mark, then the writer at his;
 * when he takes, all of it comes. */
START_TEST(back_pressure)
{
	size_t	want = 3 * 1024 * 1024, at = 0;
	int	quiet, seen = -1;

	make_both(_i);
	b.keep = true;
	fill_pattern(stream_out(a.s), 0, want);
	ck_assert(stream_full(a.s));
	stream_wrote(a.s);
	for (quiet = 0; quiet < 5; quiet++) {
		if (b.reads != seen)
			quiet = 0;
		seen = b.reads;
		loop_turn(l, 10);
	}
	ck_assert_uint_eq(buf_len(stream_in(b.s)), STREAM_IN_HIGH);
	ck_assert_uint_gt(stream_unsent(a.s), STREAM_OUT_HIGH);
	ck_assert_int_eq(a.drains, 0);
	b.keep = false;
	stream_read_again(b.s);
	while (at < want) {
		WAIT(l, buf_len(b.got) > 0);
		at += check_pattern(b.got, at);
		ck_assert_uint_eq(buf_len(b.got), 0);
	}
	WAIT(l, stream_unsent(a.s) == 0);
	ck_assert(!stream_full(a.s));
	WAIT(l, a.drains > 0);
	loop_turn(l, 5);
	ck_assert_int_le(a.drains, 2);	/* fell below the mark; became empty */
	ck_assert_uint_eq(stream_bytes_in(b.s), want);
}
END_TEST

START_TEST(read_again_only_with_bytes)
{
	make_both(_i);
	b.keep = true;
	stream_write(a.s, "x", 1);
	WAIT(l, b.reads == 1);
	loop_turn(l, 5);
	ck_assert_int_eq(b.reads, 1);	/* what is left is not told again */
	stream_read_again(b.s);
	ck_assert_int_eq(b.reads, 1);
	WAIT(l, b.reads == 2);
	b.keep = false;
	stream_read_again(b.s);
	WAIT(l, b.reads == 3);
	stream_read_again(b.s);
	loop_turn(l, 5);
	ck_assert_int_eq(b.reads, 3);
}
END_TEST

START_TEST(close_in_every_callback)
{
	make_both(_i);
	b.close_on_read = true;
	stream_write(a.s, "bytes", 5);
	stream_shut(a.s);
	WAIT(l, b.reads == 1);
	loop_turn(l, 5);
	ck_assert_int_eq(b.eofs + b.errors, 0);	/* nothing after the close */
	b.s = NULL;
	WAIT(l, a.eofs == 1);
	rec_release(&a);
	rec_release(&b);
	make_both(_i);
	b.close_on_open = true;
	stream_write(a.s, "bytes", 5);
	WAIT(l, b.opens == 1 && (a.eofs + a.errors) > 0);
	ck_assert_int_eq(b.reads, 0);
	b.s = NULL;
	rec_release(&a);
	rec_release(&b);
	make_both(_i);
	b.close_on_eof = a.close_on_eof = true;
	stream_shut(a.s);
	WAIT(l, b.eofs == 1);
	b.s = NULL;
	WAIT(l, a.eofs == 1);
	a.s = NULL;
}
END_TEST

START_TEST(close_twice_and_before_any_turn)
{
	make_both(_i);
	stream_write(a.s, "lost", 4);
	stream_close(a.s);
	stream_close(a.s);
	stream_write(a.s, "x", 1);
	stream_shut(a.s);
	stream_timeout(a.s, 1, 1);
	stream_set_cb(a.s, NULL, NULL);
	ck_assert(!stream_is_open(a.s));
	a.s = NULL;
	WAIT(l, b.eofs + b.errors > 0);
	ck_assert_int_eq(a.opens, 0);
}
END_TEST

START_TEST(write_after_the_peer_left)
{
	make_both(_i);
	WAIT(l, a.opens == 1);
	stream_close(b.s);
	b.s = NULL;
	WAIT(l, a.eofs == 1);
	stream_write(a.s, "anybody?", 8);
	WAIT(l, a.errors == 1);
	ck_assert_int_eq(a.err.code, STREAM_RESET);
	ck_assert_str_ne(a.err.msg, "");
	ck_assert(!stream_is_open(a.s));
	stream_write(a.s, "hello", 5);	/* harmless */
	loop_turn(l, 5);
	ck_assert_int_eq(a.errors, 1);
}
END_TEST

/* What is in `in` and the end of it are told to a new owner. */
START_TEST(hand_over)
{
	struct rec next;

	make_both(_i);
	b.keep = true;
	stream_write(a.s, "upgraded bytes", 14);
	stream_shut(a.s);
	WAIT(l, b.eofs == 1);
	rec_init(&next, b.s);
	b.s = NULL;
	ck_assert_int_eq(next.reads, 0);
	WAIT(l, next.eofs == 1);
	ck_assert_str_eq(next.order, "re");
	rec_expect(&next, "upgraded bytes");
	loop_turn(l, 5);
	ck_assert_int_eq(b.reads, 1);
	stream_set_cb(next.s, NULL, NULL);
	rec_release(&next);
}
END_TEST

START_TEST(nobody_listens_yet)
{
	struct stream *ends[2];

	make(_i, ends);
	rec_init(&a, ends[0]);
	rec_init(&b, NULL);
	stream_write(a.s, "early", 5);
	stream_shut(a.s);
	WAIT(l, stream_unsent(a.s) == 0);
	loop_turn(l, 5);
	loop_turn(l, 5);
	rec_take(&b, ends[1]);
	WAIT(l, b.eofs == 1);
	ck_assert_str_eq(b.order, "ore");
	rec_expect(&b, "early");
}
END_TEST

/* Everything arrives although the sender let go at once; the receiver's own
 * chatter is dropped, and the sender's end goes when the receiver closes. */
START_TEST(close_soft_delivers)
{
	size_t want = 1024 * 1024, at = 0;

	make_both(_i);
	fill_pattern(stream_out(a.s), 0, want);
	stream_wrote(a.s);
	stream_close_soft(a.s, 60000);
	a.s = NULL;
	stream_write(b.s, "not heard", 9);
	while (at < want) {
		WAIT(l, buf_len(b.got) > 0);
		at += check_pattern(b.got, at);
	}
	WAIT(l, b.eofs == 1);
	ck_assert_int_eq(a.opens + a.reads + a.drains, 0);
	stream_close(b.s);
	b.s = NULL;
}
END_TEST

START_TEST(close_soft_has_a_deadline)
{
	make_both(_i);
	b.keep = true;
	fill_pattern(stream_out(a.s), 0, 4 * 1024 * 1024);
	stream_wrote(a.s);
	stream_close_soft(a.s, 5000);
	a.s = NULL;
	WAIT(l, buf_len(stream_in(b.s)) == STREAM_IN_HIGH);
	loop_turn(l, 5);
	ck_assert_int_eq(b.eofs + b.errors, 0);
	clock_advance(loop_clock(l), 6000);
	b.keep = false;
	stream_read_again(b.s);
	WAIT(l, b.eofs + b.errors > 0);
	ck_assert_uint_lt(stream_bytes_in(b.s), 4 * 1024 * 1024);
}
END_TEST

START_TEST(close_soft_when_the_peer_is_done)
{
	make_both(_i);
	stream_shut(b.s);
	WAIT(l, a.eofs == 1);
	stream_write(a.s, "last", 4);
	stream_close_soft(a.s, 3600 * 1000);
	a.s = NULL;
	WAIT(l, b.eofs == 1);
	rec_expect(&b, "last");
	stream_close(b.s);
	b.s = NULL;
	loop_run(l);	/* ends: no deadline is left behind */
}
END_TEST

/* Nobody has it any more: with the loop its descriptor goes. */
START_TEST(close_soft_ends_with_the_loop)
{
	int fd[2];

	l = loop_new(NULL);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	stream_close_soft(stream_from_fd(l, fd[0], fd[0], "left"), 3600 * 1000);
	loop_turn(l, 0);
	ck_assert_int_eq(write(fd[1], "heard", 5), 5);
	loop_free(l);
	ck_assert_int_eq(write(fd[1], "gone", 4), -1);
	ck_assert_int_eq(errno, EPIPE);
	close(fd[1]);
}
END_TEST

START_TEST(read_deadline)
{
	make_both(_i);
	stream_timeout(a.s, 30000, 0);
	WAIT(l, a.opens == 1);
	clock_advance(loop_clock(l), 20000);
	stream_write(b.s, "x", 1);
	WAIT(l, a.reads == 1);
	clock_advance(loop_clock(l), 20000);
	loop_turn(l, 300);
	ck_assert_int_eq(a.errors, 0);	/* 20 s since the last byte */
	clock_advance(loop_clock(l), 11000);
	WAIT(l, a.errors == 1);
	ck_assert_int_eq(a.err.code, STREAM_TIMEOUT);
	ck_assert_ptr_nonnull(strstr(a.err.msg, "30s"));
	ck_assert_int_eq(b.errors, 0);
}
END_TEST

/* The peer is not to blame when our own user takes nothing. */
START_TEST(read_deadline_spares_a_full_stream)
{
	make_both(_i);
	b.keep = true;
	stream_timeout(b.s, 1000, 0);
	fill_pattern(stream_out(a.s), 0, 4 * 1024 * 1024);
	stream_wrote(a.s);
	WAIT(l, buf_len(stream_in(b.s)) == STREAM_IN_HIGH);
	clock_advance(loop_clock(l), 5000);
	loop_turn(l, 300);
	loop_turn(l, 300);
	ck_assert_int_eq(b.errors, 0);
}
END_TEST

START_TEST(write_deadline)
{
	make_both(_i);
	b.keep = true;
	stream_timeout(a.s, 0, 10000);
	clock_advance(loop_clock(l), 60000);
	loop_turn(l, 300);
	ck_assert_int_eq(a.errors, 0);	/* nothing to write: no deadline */
	fill_pattern(stream_out(a.s), 0, 4 * 1024 * 1024);
	stream_wrote(a.s);
	WAIT(l, buf_len(stream_in(b.s)) == STREAM_IN_HIGH);
	ck_assert_int_eq(a.errors, 0);
	loop_turn(l, 5);
	clock_advance(loop_clock(l), 11000);
	WAIT(l, a.errors == 1);
	ck_assert_int_eq(a.err.code, STREAM_TIMEOUT);
}
END_TEST

START_TEST(one_way_pipes)
{
	int p[2];

	ck_assert_int_eq(pipe(p), 0);
	rec_init(&a, stream_from_fd(l, -1, p[1], "out"));
	rec_init(&b, stream_from_fd(l, p[0], -1, "in"));
	stream_timeout(a.s, 1000, 0);
	stream_write(a.s, "through", 7);
	WAIT(l, buf_len(b.got) == 7);
	clock_advance(loop_clock(l), 5000);
	loop_turn(l, 300);
	ck_assert_int_eq(a.errors, 0);	/* it can never receive */
	stream_shut(a.s);
	WAIT(l, b.eofs == 1);
	ck_assert_int_eq(a.eofs, 0);
	stream_write(b.s, "no", 2);
	WAIT(l, b.errors == 1);
}
END_TEST

/* epoll refuses plain files; a redirected stdin is one. */
START_TEST(plain_files)
{
	char	name[] = "/tmp/unit-stream-XXXXXX";
	int	fd = mkstemp(name), null;
	size_t	want = 700000;

	ck_assert_int_ne(fd, -1);
	rec_init(&a, stream_from_fd(l, -1, fd, "file"));
	fill_pattern(stream_out(a.s), 0, want);
	stream_wrote(a.s);
	stream_close_soft(a.s, 1000);
	a.s = NULL;
	loop_run(l);
	fd = open(name, O_RDONLY);
	ck_assert_int_ne(fd, -1);
	unlink(name);
	rec_init(&b, stream_from_fd(l, fd, -1, "file"));
	WAIT(l, b.eofs == 1);
	ck_assert_uint_eq(buf_len(b.got), want);
	ck_assert_uint_eq(check_pattern(b.got, 0), want);
	rec_release(&b);
	ck_assert_int_ne(null = open("/dev/null", O_RDWR), -1);
	rec_init(&b, stream_from_fd(l, null, null, "null"));
	stream_write(b.s, "gone", 4);
	WAIT(l, b.eofs == 1 && stream_unsent(b.s) == 0);
	rec_release(&a);
	rec_init(&a, NULL);
}
END_TEST

/* The peer answered, closed, and our late write fails: the answer is told
 * before the error. */
START_TEST(answer_before_the_reset)
{
	int fd[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	rec_init(&a, stream_from_fd(l, fd[0], fd[0], "left"));
	rec_init(&b, NULL);
	WAIT(l, a.opens == 1);
	ck_assert_int_eq(write(fd[1], "413 too large", 13), 13);
	close(fd[1]);
	stream_write(a.s, "more body", 9);
	WAIT(l, a.errors == 1);
	rec_expect(&a, "413 too large");
	ck_assert_int_eq(a.order[strlen(a.order) - 1], 'X');
}
END_TEST

START_TEST(names)
{
	make_both(_i);
	stream_set_peer(a.s, "machine alice-box");
	ck_assert_str_eq(stream_peer(a.s), "machine alice-box");
	stream_set_peer(a.s, stream_peer(a.s) + 8);
	ck_assert_str_eq(stream_peer(a.s), "alice-box");
	ck_assert_ptr_eq(stream_loop(a.s), l);
}
END_TEST

/* One that always has something to say leaves its turn to the others. */
START_TEST(fairness)
{
	struct stream	*busy[2], *calm[2];
	struct rec	 sink;
	int		 turns;

	stream_pair(l, busy);
	stream_pair(l, calm);
	rec_init(&a, busy[0]);
	rec_init(&sink, busy[1]);
	rec_init(&b, calm[1]);
	fill_pattern(stream_out(a.s), 0, 64 * 1024 * 1024);
	stream_wrote(a.s);
	stream_write(calm[0], "me too", 6);
	for (turns = 0; turns < 3 && buf_len(b.got) == 0; turns++)
		loop_turn(l, 0);
	rec_expect(&b, "me too");
	ck_assert_uint_gt(stream_unsent(a.s), 32 * 1024 * 1024);
	stream_close(calm[0]);
	rec_release(&sink);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("stream");
	TCase	*t = tcase_create("both"), *once = tcase_create("once");
	TCase	*bare = tcase_create("bare");

	tcase_set_timeout(t, 60);
	tcase_set_timeout(once, 60);
	tcase_add_checked_fixture(t, two_setup, two_teardown);
	tcase_add_checked_fixture(once, two_setup, two_teardown);
	tcase_add_loop_test(t, bytes_both_ways, 0, 2);
	tcase_add_loop_test(t, head_and_body_go_as_one, 0, 2);
	tcase_add_loop_test(t, half_close, 0, 2);
	tcase_add_loop_test(t, at_eof_only_when_all_is_taken, 0, 2);
	tcase_add_loop_test(t, back_pressure, 0, 2);
	tcase_add_loop_test(t, read_again_only_with_bytes, 0, 2);
	tcase_add_loop_test(t, close_in_every_callback, 0, 2);
	tcase_add_loop_test(t, close_twice_and_before_any_turn, 0, 2);
	tcase_add_loop_test(t, write_after_the_peer_left, 0, 2);
	tcase_add_loop_test(t, hand_over, 0, 2);
	tcase_add_loop_test(t, nobody_listens_yet, 0, 2);
	tcase_add_loop_test(t, close_soft_delivers, 0, 2);
	tcase_add_loop_test(t, close_soft_has_a_deadline, 0, 2);
	tcase_add_loop_test(t, close_soft_when_the_peer_is_done, 0, 2);
	tcase_add_loop_test(t, read_deadline, 0, 2);
	tcase_add_loop_test(t, read_deadline_spares_a_full_stream, 0, 2);
	tcase_add_loop_test(t, write_deadline, 0, 2);
	tcase_add_loop_test(t, names, 0, 2);
	tcase_add_test(once, one_way_pipes);
	tcase_add_test(once, plain_files);
	tcase_add_test(once, answer_before_the_reset);
	tcase_add_test(once, fairness);
	suite_add_tcase(s, t);
	tcase_add_test(bare, close_soft_ends_with_the_loop);
	suite_add_tcase(s, once);
	suite_add_tcase(s, bare);
	return s;
}
