/* ring.c - unit tests of io/ring.h. Mostly both ends are in this process. */
#include "unit.h"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "io/ring.h"
#include "lib_io.h"

static struct loop	*loop;
static struct rec	 w;		/* who writes */
static struct ring	*in;
static int		 theirs;

static void
setup(void)
{
	struct err	e = ERR_INIT;

	loop = loop_new(&e);
	ck_assert_ptr_nonnull(loop);
	rec_init(&w, ring_stream(loop, "reader", &theirs));
	ck_assert_ptr_nonnull(w.s);
	in = ring_join(theirs, &e);
	ck_assert_msg(in != NULL, "%s", e.msg);
}

static void
leave(void)
{
	ring_leave(in);
	in = NULL;
	if (theirs != -1)
		close(theirs);
	theirs = -1;
}

static void
teardown(void)
{
	leave();
	rec_release(&w);
	loop_free(loop);
}

static void
write_pattern(size_t at, size_t len)
{
	fill_pattern(stream_out(w.s), at, len);
	stream_wrote(w.s);
}

/* Takes at most max bytes of the next piece, which continue the pattern at at. */
static size_t
take(size_t at, size_t max)
{
	struct evbuffer	*b = buf_new();
	const void	*p;
	ssize_t		 n = ring_next(in, &p);

	ck_assert_int_ge(n, 0);
	if ((size_t)n > max)
		n = (ssize_t)max;
	buf_add(b, p, (size_t)n);
	ck_assert_uint_eq(check_pattern(b, at), (size_t)n);
	buf_free(b);
	ring_took(in, (size_t)n);
	return (size_t)n;
}

/* Several times its size, in pieces that fit nowhere, to another process. */
START_TEST(passes)
{
	const size_t	total = 5 * RING_SIZE + 17;
	size_t		at = 0, n;
	pid_t		pid = fork();
	int		status = -1;

	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		while ((n = take(at, 100003)) > 0)
			at += n;
		ring_leave(in);
		_exit(at == total ? 0 : 1);
	}
	leave();
	while (at < total) {
		for (; at < total && !stream_full(w.s); at += n) {
			n = total - at < 70001 ? total - at : 70001;
			write_pattern(at, n);
		}
		loop_turn(loop, 20);
		ck_assert_int_eq(w.errors, 0);
	}
	stream_shut(w.s);
	WAIT(loop, stream_unsent(w.s) == 0);
	ck_assert_uint_eq(stream_bytes_out(w.s), total);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	loop_turn(loop, 20);
	ck_assert_int_eq(w.errors + w.eofs, 0);
}
END_TEST

/* Moved is what the reader took; the rest is bounded and unsent. */
START_TEST(slow_reader)
{
	const size_t	total = 2 * RING_SIZE;
	size_t		got = 0;

	write_pattern(0, total);
	loop_turn(loop, 0);
	loop_turn(loop, 0);
	ck_assert_uint_eq(stream_unsent(w.s), total);
	ck_assert_uint_eq(buf_len(stream_out(w.s)), total - RING_SIZE);
	ck_assert_uint_eq(stream_bytes_out(w.s), 0);
	ck_assert_int_eq(w.drains, 0);
	while (got < RING_SIZE)
		got += take(got, 1000);
	WAIT(loop, buf_len(stream_out(w.s)) < RING_SIZE / 2);
	ck_assert_uint_ge(stream_bytes_out(w.s), RING_SIZE / 2);
	while (got < total) {
		loop_turn(loop, 0);
		got += take(got, 100000);
	}
	leave();
	WAIT(loop, w.drains > 0 && stream_unsent(w.s) == 0);
	ck_assert_uint_eq(stream_bytes_out(w.s), total);
}
END_TEST

/* A byte at a time: more counts than the socket holds. */
START_TEST(many_counts)
{
	const size_t	total = 20000;
	size_t		put, got = 0;

	for (put = 0; put < total; put++) {
		write_pattern(put, 1);
		loop_turn(loop, 0);
	}
	while (got < total) {
		got += take(got, total);
		loop_turn(loop, 0);
	}
	ck_assert_uint_eq(got, total);
	ck_assert_int_eq(w.errors, 0);
}
END_TEST

START_TEST(empty)
{
	stream_shut(w.s);
	loop_turn(loop, 0);
	ck_assert_uint_eq(take(0, 1), 0);
	leave();
	loop_turn(loop, 20);
	ck_assert_int_eq(w.errors, 0);
}
END_TEST

/* The writer vanishes: what it had put in is there, then comes the end. */
START_TEST(writer_leaves)
{
	write_pattern(0, 10);
	loop_turn(loop, 0);
	stream_close(w.s);
	w.s = NULL;
	ck_assert_uint_eq(take(0, 100), 10);
	ck_assert_uint_eq(take(10, 100), 0);
}
END_TEST

START_TEST(reader_leaves)
{
	write_pattern(0, 10);
	if (_i == 1)
		stream_shut(w.s);
	loop_turn(loop, 0);
	leave();
	WAIT(loop, w.errors == 1);
	ck_assert_int_eq(w.err.code, STREAM_RESET);
	ck_assert_str_eq(w.err.msg, "reader: write: the reader has gone");
	write_pattern(10, 10);
	loop_turn(loop, 20);
	ck_assert_int_eq(w.errors, 1);
}
END_TEST

/* One that says to have taken what was never there. */
START_TEST(reader_lies)
{
	const uint32_t	n[] = { 3, 8 };

	write_pattern(0, 10);
	loop_turn(loop, 0);
	ck_assert_int_eq(file_write_all(theirs, n, _i == 0 ? sizeof n : 3), 0);
	WAIT(loop, w.errors == 1);
	ck_assert_int_eq(w.err.code, STREAM_SYSTEM);
}
END_TEST

START_TEST(no_ring)
{
	struct err	e = ERR_INIT;
	int		talk[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, talk), 0);
	ck_assert_int_eq(file_write_all(talk[0], "x", 1), 0);
	ck_assert_ptr_null(ring_join(talk[1], &e));
	ck_assert_str_eq(e.msg, "receive the shared memory: Protocol error");
	close(talk[0]);
	ck_assert_ptr_null(ring_join(talk[1], &e));
	close(talk[1]);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("ring");
	TCase	*t = tcase_create("ring");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, passes);
	tcase_add_test(t, slow_reader);
	tcase_add_test(t, many_counts);
	tcase_add_test(t, empty);
	tcase_add_test(t, writer_leaves);
	tcase_add_loop_test(t, reader_leaves, 0, 2);
	tcase_add_loop_test(t, reader_lies, 0, 2);
	tcase_add_test(t, no_ring);
	suite_add_tcase(s, t);
	return s;
}
