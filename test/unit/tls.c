/* tls.c - unit tests of io/tls.h over socket pairs: handshakes, verification,
 * records, ends, resumption, hostile and slow peers. */
#include "unit.h"
#include "lib_tls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"

START_TEST(bytes_both_ways)
{
	tls_connect_both();
	ck_assert(stream_is_tls(near.s) && stream_is_tls(far.s));
	stream_write(near.s, "ping", 4);
	stream_write(far.s, "pong", 4);
	WAIT(tls_loop, buf_len(near.got) == 4 && buf_len(far.got) == 4);
	rec_expect(&far, "ping");
	rec_expect(&near, "pong");
	ck_assert_uint_eq(stream_bytes_in(near.s), 4);
	ck_assert_uint_eq(stream_bytes_out(near.s), 4);
}
END_TEST

START_TEST(written_before_open)
{
	tls_connect_as("127.0.0.1");
	stream_write(near.s, "early", 5);
	stream_shut(near.s);
	WAIT(tls_loop, far.eofs == 1);
	ck_assert_str_eq(far.order, "ore");
	rec_expect(&far, "early");
}
END_TEST

START_TEST(half_close)
{
	tls_connect_both();
	stream_write(near.s, "question", 8);
	stream_shut(near.s);
	WAIT(tls_loop, far.eofs == 1);
	rec_expect(&far, "question");
	ck_assert(!stream_truncated(far.s));
	stream_write(far.s, "answer", 6);
	stream_shut(far.s);
	WAIT(tls_loop, near.eofs == 1);
	rec_expect(&near, "answer");
	ck_assert(!stream_truncated(near.s));
	ck_assert_int_eq(near.errors + far.errors, 0);
}
END_TEST

/* The peer's goodbye comes while much of ours is still to be sent. */
START_TEST(goodbye_while_writing)
{
	size_t want = 2 * 1024 * 1024, at = 0;

	tls_connect_both();
	fill_pattern(stream_out(near.s), 0, want);
	stream_wrote(near.s);
	stream_shut(near.s);
	stream_shut(far.s);
	while (at < want) {
		WAIT(tls_loop, buf_len(far.got) > 0);
		at += check_pattern(far.got, at);
		ck_assert_uint_eq(buf_len(far.got), 0);
	}
	WAIT(tls_loop, far.eofs == 1 && near.eofs == 1);
}
END_TEST

START_TEST(close_without_goodbye_is_marked)
{
	tls_connect_both();
	stream_write(near.s, "cut", 3);
	WAIT(tls_loop, buf_len(far.got) == 3);
	stream_close(near.s);
	near.s = NULL;
	WAIT(tls_loop, far.eofs == 1);
	ck_assert(stream_truncated(far.s));
}
END_TEST

START_TEST(close_soft_is_clean)
{
	size_t want = 1024 * 1024, at = 0;

	tls_connect_both();
	fill_pattern(stream_out(near.s), 0, want);
	stream_wrote(near.s);
	stream_close_soft(near.s, 60000);
	near.s = NULL;
	while (at < want) {
		WAIT(tls_loop, buf_len(far.got) > 0);
		at += check_pattern(far.got, at);
	}
	WAIT(tls_loop, far.eofs == 1);
	ck_assert(!stream_truncated(far.s));
	stream_close(far.s);
	far.s = NULL;
	loop_run(tls_loop);
}
END_TEST

/* `in` full, then emptied bit by bit: nothing stalls, nothing is lost. */
START_TEST(back_pressure)
{
	size_t	want = 3 * 1024 * 1024, at = 0;
	int	quiet, seen = -1;

	tls_connect_both();
	far.keep = true;
	fill_pattern(stream_out(near.s), 0, want);
	stream_wrote(near.s);
	for (quiet = 0; quiet < 5; quiet++) {
		if (far.reads != seen)
			quiet = 0;
		seen = far.reads;
		loop_turn(tls_loop, 10);
	}
	ck_assert_uint_ge(buf_len(stream_in(far.s)), STREAM_IN_HIGH);
	ck_assert_uint_le(buf_len(stream_in(far.s)), STREAM_IN_HIGH + 16384);
	ck_assert_uint_gt(stream_unsent(near.s), STREAM_OUT_HIGH);
	while (at < want) {
		/* 10,000 bytes now and then, whether told or not. */
		WAIT(tls_loop, buf_len(stream_in(far.s)) > 0);
		buf_move(far.got, stream_in(far.s), 10000);
		stream_consumed(far.s);
		at += check_pattern(far.got, at);
		ck_assert_uint_eq(buf_len(far.got), 0);
	}
	WAIT(tls_loop, stream_unsent(near.s) == 0);
}
END_TEST

START_TEST(both_ways_at_once)
{
	size_t want = 4 * 1024 * 1024, at_a = 0, at_b = 0;

	tls_connect_both();
	fill_pattern(stream_out(near.s), 0, want);
	fill_pattern(stream_out(far.s), 0, want);
	stream_wrote(near.s);
	stream_wrote(far.s);
	while (at_a < want || at_b < want) {
		WAIT(tls_loop, buf_len(near.got) + buf_len(far.got) > 0);
		at_a += check_pattern(near.got, at_a);
		at_b += check_pattern(far.got, at_b);
	}
	ck_assert_uint_eq(at_a, want);
	ck_assert_uint_eq(at_b, want);
}
END_TEST

/* --- records, seen from below ------------------------------------------------ */

/* The server's socket is ours: what the client sends is relayed by hand to
 * a second pair, so that the records can be counted. */
static int	tap[2];		/* client side, server side */

static void
connect_tapped(void)
{
	int left[2], right[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, left), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, right), 0);
	tap[0] = left[1];
	tap[1] = right[0];
	file_nonblock(tap[0], true);
	file_nonblock(tap[1], true);
	tls_take(&near, tls_over_fd(tls_loop, tls_there, left[0], false, "localhost", 10000, "server"));
	tls_take(&far, tls_over_fd(tls_loop, tls_here, right[1], true, NULL, 10000, "client"));
}

/* Passes what there is in one direction; returns how many records of
 * application data (type 23) it held: it must end at a record's end. */
static int
relay(int from, int to, bool pass)
{
	static unsigned char	buf[1 << 20];
	ssize_t			n = read(from, buf, sizeof buf);
	size_t			at, len;
	int			records = 0;

	if (n <= 0)
		return 0;
	for (at = 0; at < (size_t)n; at += len) {
		ck_assert_uint_le(at + 5, (size_t)n);
		len = 5 + buf[at + 3] * 256U + buf[at + 4];
		records += buf[at] == 23;
	}
	ck_assert_uint_eq(at, (size_t)n);
	if (pass)
		ck_assert_int_eq(file_write_all(to, buf, (size_t)n), 0);
	return records;
}

static void
shake_tapped(void)
{
	int64_t end = wait_now() + WAIT_MS;

	while ((near.opens == 0 || far.opens == 0) && wait_now() < end) {
		loop_turn(tls_loop, 1);
		relay(tap[0], tap[1], true);
		relay(tap[1], tap[0], true);
	}
	ck_assert_int_eq(near.opens, 1);
	ck_assert_int_eq(far.opens, 1);
	loop_turn(tls_loop, 1);
	relay(tap[1], tap[0], true);	/* tickets */
	loop_turn(tls_loop, 1);
}

/* A head, then (after drained) the next message: two records, since a stock
 * buildlet loses what shares a record with the 101. */
START_TEST(flush_boundary_ends_a_record)
{
	connect_tapped();
	shake_tapped();
	stream_write(far.s, "HTTP/1.1 101 ", 13);
	stream_write(far.s, "Switching Protocols\r\n\r\n", 23);
	WAIT(tls_loop, far.drains == 1);
	ck_assert_uint_eq(stream_unsent(far.s), 0);
	stream_write(far.s, "{\"command\":\"keep-alive\"}\n", 25);
	WAIT(tls_loop, far.drains == 2);
	ck_assert_int_eq(relay(tap[1], tap[0], true), 2);
	WAIT(tls_loop, buf_len(near.got) == 13 + 23 + 25);
	close(tap[0]);
	close(tap[1]);
}
END_TEST

/* 64 KiB in crumbs of 100 bytes go as full records. */
START_TEST(bulk_goes_in_full_records)
{
	int i;

	connect_tapped();
	shake_tapped();
	for (i = 0; i < 656; i++) {
		struct evbuffer *crumb = buf_new();

		fill_pattern(crumb, (size_t)i * 100, 100);
		buf_move(stream_out(near.s), crumb, SIZE_MAX);
		buf_free(crumb);
	}
	stream_wrote(near.s);
	WAIT(tls_loop, near.drains == 1);
	ck_assert_int_le(relay(tap[0], tap[1], true), 5);
	WAIT(tls_loop, buf_len(far.got) == 65600);
	ck_assert_uint_eq(check_pattern(far.got, 0), 65600);
	close(tap[0]);
	close(tap[1]);
}
END_TEST

/* One byte at a time from below. */
START_TEST(records_in_crumbs)
{
	unsigned char	buf[8192];
	ssize_t		n, i;
	int		turns;

	connect_tapped();
	for (turns = 0; turns < 200 && far.opens == 0; turns++) {
		loop_turn(tls_loop, 1);
		n = read(tap[0], buf, sizeof buf);
		for (i = 0; i < n; i++) {
			ck_assert_int_eq(write(tap[1], buf + i, 1), 1);
			loop_turn(tls_loop, 0);
		}
		relay(tap[1], tap[0], true);
	}
	ck_assert_int_eq(far.opens, 1);
	fill_pattern(stream_out(near.s), 0, 3000);
	stream_wrote(near.s);
	WAIT(tls_loop, near.drains > 0);
	n = read(tap[0], buf, sizeof buf);
	ck_assert_int_gt(n, 3000);
	for (i = 0; i < n; i++) {
		ck_assert_int_eq(write(tap[1], buf + i, 1), 1);
		loop_turn(tls_loop, 0);
	}
	WAIT(tls_loop, buf_len(far.got) == 3000);
	ck_assert_uint_eq(check_pattern(far.got, 0), 3000);
	close(tap[0]);
	close(tap[1]);
}
END_TEST

START_TEST(damaged_record)
{
	unsigned char	buf[4096];
	ssize_t		n;

	connect_tapped();
	shake_tapped();
	stream_write(near.s, "precious", 8);
	WAIT(tls_loop, near.drains == 1);
	n = read(tap[0], buf, sizeof buf);
	ck_assert_int_gt(n, 10);
	buf[n - 1] ^= 1;
	ck_assert_int_eq(write(tap[1], buf, (size_t)n), n);
	WAIT(tls_loop, far.errors == 1);
	ck_assert_int_eq(far.err.code, STREAM_TLS);
	ck_assert_uint_eq(buf_len(far.got), 0);
	close(tap[0]);
	close(tap[1]);
}
END_TEST

/* --- handshakes that fail ------------------------------------------------------ */

START_TEST(not_signed_by_the_pinned_ca)
{
	char other[PKI_DIR_MAX];

	pki_dir_make(other);
	tls_ctx_free(tls_there);
	tls_there = pki_client(other, TLS_VERIFY_CHAIN);
	pki_dir_remove(other);
	tls_connect_as("localhost");
	WAIT(tls_loop, near.errors == 1);
	ck_assert_ptr_nonnull(strstr(near.err.msg,
	    "TLS: certificate is not signed by the pinned CA"));
	/* In TLS 1.3 the server learns of it after its own handshake. */
	WAIT(tls_loop, far.errors + far.eofs > 0);
}
END_TEST

START_TEST(wrong_name)
{
	char	by[TLS_ISSUER_MAX];
	int64_t	left;

	tls_connect_as("elsewhere.example");
	WAIT(tls_loop, near.errors == 1);
	ck_assert_ptr_nonnull(strstr(near.err.msg,
	    "certificate is not for elsewhere.example"));
	tls_disconnect();
	tls_ctx_free(tls_there);
	tls_there = pki_client(tls_dir, TLS_VERIFY_CHAIN);
	ck_assert_int_eq(tls_client_shown(tls_there, &left, by), -1);
	tls_connect_as("elsewhere.example");	/* the chain is enough */
	WAIT(tls_loop, near.opens == 1 && far.opens == 1);
	ck_assert_int_eq(tls_client_shown(tls_there, &left, by), 0);
	ck_assert_int_gt(left, 700 * 24 * 60 * 60);	/* two years (pki.h) */
	ck_assert_ptr_nonnull(strstr(by, "/CN="));
}
END_TEST

START_TEST(any_name_and_any_ca_for_stock_peers)
{
	char other[PKI_DIR_MAX];

	pki_dir_make(other);
	tls_ctx_free(tls_there);
	tls_there = pki_client(other, TLS_VERIFY_NONE);
	pki_dir_remove(other);
	tls_connect_as("localhost:8119");	/* as stock buildlets send it */
	WAIT(tls_loop, near.opens == 1 && far.opens == 1);
}
END_TEST

START_TEST(no_tls_at_all)
{
	int fd[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	tls_take(&near, tls_over_fd(tls_loop, tls_there, fd[0], false, NULL, 10000, "server"));
	tls_take(&far, stream_from_fd(tls_loop, fd[1], fd[1], "client"));
	stream_write(far.s, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
	WAIT(tls_loop, near.errors == 1);
	ck_assert_int_eq(near.err.code, STREAM_TLS);
	ck_assert_ptr_nonnull(strstr(near.err.msg, "does not speak TLS"));
	tls_disconnect();
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	tls_take(&near, stream_from_fd(tls_loop, fd[0], fd[0], "server"));
	tls_take(&far, tls_over_fd(tls_loop, tls_here, fd[1], true, NULL, 10000, "127.0.0.1:9"));
	stream_write(near.s, "GET / HTTP/1.1\r\n\r\n", 18);
	WAIT(tls_loop, far.errors == 1);
	ck_assert_ptr_nonnull(strstr(far.err.msg,
	    "TLS handshake with 127.0.0.1:9: TLS: the peer does not speak TLS"));
}
END_TEST

START_TEST(handshake_deadline_and_hangup)
{
	int fd[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	tls_take(&near, tls_over_fd(tls_loop, tls_there, fd[0], false, NULL, 10000, "server"));
	loop_turn(tls_loop, 5);
	clock_advance(loop_clock(tls_loop), 11000);
	WAIT(tls_loop, near.errors == 1);
	ck_assert_int_eq(near.err.code, STREAM_TIMEOUT);
	close(fd[1]);
	stream_close(near.s);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	tls_take(&near, tls_over_fd(tls_loop, tls_there, fd[0], false, NULL, 10000, "server"));
	close(fd[1]);
	WAIT(tls_loop, near.errors == 1);
	ck_assert_int_eq(near.err.code, STREAM_RESET);
}
END_TEST

START_TEST(close_at_any_step)
{
	int turns, i;

	for (turns = 0; turns < 8; turns++) {
		tls_connect_as("localhost");
		stream_write(near.s, "x", 1);
		for (i = 0; i < turns; i++)
			loop_turn(tls_loop, 0);
		stream_close(turns % 2 == 0 ? near.s : far.s);
		loop_turn(tls_loop, 0);
		stream_close(turns % 2 == 0 ? far.s : near.s);
	}
	tls_connect_as("localhost");
	near.close_on_open = true;
	WAIT(tls_loop, near.opens == 1 && far.errors + far.eofs > 0);
	near.s = NULL;
}
END_TEST

/* --- the rest -------------------------------------------------------------------- */

/* The second handshake is short: the server sends no certificate again. */
START_TEST(sessions_are_resumed)
{
	unsigned char	buf[16384];
	ssize_t		n, whole[2] = { 0, 0 };
	int		i, turns;

	for (i = 0; i < 2; i++) {
		connect_tapped();
		for (turns = 0; turns < 200 && (near.opens == 0 || far.opens == 0); turns++) {
			loop_turn(tls_loop, 1);
			relay(tap[0], tap[1], true);
			if ((n = read(tap[1], buf, sizeof buf)) > 0) {
				whole[i] += n;
				ck_assert_int_eq(file_write_all(tap[0], buf,
				    (size_t)n), 0);
			}
		}
		ck_assert_int_eq(far.opens, 1);
		ck_assert(tls_resumed(near.s) == (i == 1) && tls_resumed(far.s) == (i == 1));
		loop_turn(tls_loop, 1);
		relay(tap[1], tap[0], true);
		stream_write(far.s, "after the ticket", 16);
		loop_turn(tls_loop, 1);
		relay(tap[1], tap[0], true);
		WAIT(tls_loop, buf_len(near.got) == 16);
		tls_disconnect();
		loop_turn(tls_loop, 0);
		close(tap[0]);
		close(tap[1]);
	}
	ck_assert_int_lt(whole[1], whole[0] - 300);
}
END_TEST

START_TEST(context_errors)
{
	char		cert[PKI_PATH_MAX], key[PKI_PATH_MAX];
	struct err	e = ERR_INIT;

	ck_assert_ptr_null(tls_server(pki_path(cert, tls_dir, "missing.pem"),
	    pki_path(key, tls_dir, "server-key.pem"), &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "missing.pem: No such file"));
	ck_assert_ptr_null(tls_server(pki_path(cert, tls_dir, "server.pem"),
	    pki_path(key, tls_dir, "ca-key.pem"), &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "ca-key.pem"));
	ck_assert_ptr_null(tls_client(pki_path(cert, tls_dir, "server-key.pem"),
	    TLS_VERIFY_FULL, &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "server-key.pem"));
	tls_ctx_free(NULL);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("tls");
	TCase	*t = tcase_create("tls");

	tcase_set_timeout(t, 60);
	tcase_add_unchecked_fixture(t, tls_make_dir, tls_remove_dir);
	tcase_add_checked_fixture(t, tls_setup, tls_teardown);
	tcase_add_test(t, bytes_both_ways);
	tcase_add_test(t, written_before_open);
	tcase_add_test(t, half_close);
	tcase_add_test(t, goodbye_while_writing);
	tcase_add_test(t, close_without_goodbye_is_marked);
	tcase_add_test(t, close_soft_is_clean);
	tcase_add_test(t, back_pressure);
	tcase_add_test(t, both_ways_at_once);
	tcase_add_test(t, flush_boundary_ends_a_record);
	tcase_add_test(t, bulk_goes_in_full_records);
	tcase_add_test(t, records_in_crumbs);
	tcase_add_test(t, damaged_record);
	tcase_add_test(t, not_signed_by_the_pinned_ca);
	tcase_add_test(t, wrong_name);
	tcase_add_test(t, any_name_and_any_ca_for_stock_peers);
	tcase_add_test(t, no_tls_at_all);
	tcase_add_test(t, handshake_deadline_and_hangup);
	tcase_add_test(t, close_at_any_step);
	tcase_add_test(t, sessions_are_resumed);
	tcase_add_test(t, context_errors);
	suite_add_tcase(s, t);
	return s;
}
