/* tls.c - unit tests of io/tls.h over socket pairs: handshakes, verification,
 * records, ends, resumption, hostile and slow peers. */
#include "unit.h"
#include "lib_io.h"
#include "lib_pki.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"

static struct loop	*l;
static char		 dir[PKI_DIR_MAX];
static struct tls_ctx	*server, *client;
static struct rec	 a, b;		/* client, server */

static void
make_dir(void)
{
	pki_dir_make(dir);
}

static void
remove_dir(void)
{
	pki_dir_remove(dir);
}

static void
setup(void)
{
	l = loop_new(NULL);
	ck_assert_ptr_nonnull(l);
	server = pki_server(dir);
	client = pki_client(dir, TLS_VERIFY_FULL);
	rec_init(&a, NULL);
	rec_init(&b, NULL);
}

static void
teardown(void)
{
	tls_ctx_free(server);	/* while streams live: they keep what they need */
	tls_ctx_free(client);
	rec_release(&a);
	rec_release(&b);
	loop_turn(l, 0);
	loop_free(l);
}

static void
take(struct rec *r, struct stream *s)
{
	buf_free(r->got);
	rec_init(r, s);
}

static void
connect_as(const char *name)
{
	int fd[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	take(&a, tls_over_fd(l, client, fd[0], false, name, 10000, "server"));
	take(&b, tls_over_fd(l, server, fd[1], true, NULL, 10000, "client"));
}

static void
connect_both(void)
{
	connect_as("localhost");
	WAIT(l, a.opens == 1 && b.opens == 1);
}

static void
disconnect(void)
{
	stream_close(a.s);
	stream_close(b.s);
	a.s = b.s = NULL;
}

static void
expect_text(struct rec *r, const char *want)
{
	char *s = rec_text(r);

	ck_assert_str_eq(s, want);
	free(s);
}

START_TEST(bytes_both_ways)
{
	connect_both();
	ck_assert(stream_is_tls(a.s) && stream_is_tls(b.s));
	stream_write(a.s, "ping", 4);
	stream_write(b.s, "pong", 4);
	WAIT(l, buf_len(a.got) == 4 && buf_len(b.got) == 4);
	expect_text(&b, "ping");
	expect_text(&a, "pong");
	ck_assert_uint_eq(stream_bytes_in(a.s), 4);
	ck_assert_uint_eq(stream_bytes_out(a.s), 4);
}
END_TEST

START_TEST(written_before_open)
{
	connect_as("127.0.0.1");
	stream_write(a.s, "early", 5);
	stream_shut(a.s);
	WAIT(l, b.eofs == 1);
	ck_assert_str_eq(b.order, "ore");
	expect_text(&b, "early");
}
END_TEST

START_TEST(half_close)
{
	connect_both();
	stream_write(a.s, "question", 8);
	stream_shut(a.s);
	WAIT(l, b.eofs == 1);
	expect_text(&b, "question");
	ck_assert(!stream_truncated(b.s));
	stream_write(b.s, "answer", 6);
	stream_shut(b.s);
	WAIT(l, a.eofs == 1);
	expect_text(&a, "answer");
	ck_assert(!stream_truncated(a.s));
	ck_assert_int_eq(a.errors + b.errors, 0);
}
END_TEST

/* The peer's goodbye comes while much of ours is still to be sent. */
START_TEST(goodbye_while_writing)
{
	size_t want = 2 * 1024 * 1024, at = 0;

	connect_both();
	fill_pattern(stream_out(a.s), 0, want);
	stream_wrote(a.s);
	stream_shut(a.s);
	stream_shut(b.s);
	while (at < want) {
		WAIT(l, buf_len(b.got) > 0);
		at += check_pattern(b.got, at);
		ck_assert_uint_eq(buf_len(b.got), 0);
	}
	WAIT(l, b.eofs == 1 && a.eofs == 1);
}
END_TEST

START_TEST(close_without_goodbye_is_marked)
{
	connect_both();
	stream_write(a.s, "cut", 3);
	WAIT(l, buf_len(b.got) == 3);
	stream_close(a.s);
	a.s = NULL;
	WAIT(l, b.eofs == 1);
	ck_assert(stream_truncated(b.s));
}
END_TEST

START_TEST(close_soft_is_clean)
{
	size_t want = 1024 * 1024, at = 0;

	connect_both();
	fill_pattern(stream_out(a.s), 0, want);
	stream_wrote(a.s);
	stream_close_soft(a.s, 60000);
	a.s = NULL;
	while (at < want) {
		WAIT(l, buf_len(b.got) > 0);
		at += check_pattern(b.got, at);
	}
	WAIT(l, b.eofs == 1);
	ck_assert(!stream_truncated(b.s));
	stream_close(b.s);
	b.s = NULL;
	loop_run(l);
}
END_TEST

/* `in` full, then emptied bit by bit: nothing stalls, nothing is lost. */
START_TEST(back_pressure)
{
	size_t	want = 3 * 1024 * 1024, at = 0;
	int	quiet, seen = -1;

	connect_both();
	b.keep = true;
	fill_pattern(stream_out(a.s), 0, want);
	stream_wrote(a.s);
	for (quiet = 0; quiet < 5; quiet++) {
		if (b.reads != seen)
			quiet = 0;
		seen = b.reads;
		loop_turn(l, 10);
	}
	ck_assert_uint_ge(buf_len(stream_in(b.s)), STREAM_IN_HIGH);
	ck_assert_uint_le(buf_len(stream_in(b.s)), STREAM_IN_HIGH + 16384);
	ck_assert_uint_gt(stream_unsent(a.s), STREAM_OUT_HIGH);
	while (at < want) {
		/* 10,000 bytes now and then, whether told or not. */
		WAIT(l, buf_len(stream_in(b.s)) > 0);
		buf_move(b.got, stream_in(b.s), 10000);
		stream_consumed(b.s);
		at += check_pattern(b.got, at);
		ck_assert_uint_eq(buf_len(b.got), 0);
	}
	WAIT(l, stream_unsent(a.s) == 0);
}
END_TEST

START_TEST(both_ways_at_once)
{
	size_t want = 4 * 1024 * 1024, at_a = 0, at_b = 0;

	connect_both();
	fill_pattern(stream_out(a.s), 0, want);
	fill_pattern(stream_out(b.s), 0, want);
	stream_wrote(a.s);
	stream_wrote(b.s);
	while (at_a < want || at_b < want) {
		WAIT(l, buf_len(a.got) + buf_len(b.got) > 0);
		at_a += check_pattern(a.got, at_a);
		at_b += check_pattern(b.got, at_b);
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
	take(&a, tls_over_fd(l, client, left[0], false, "localhost", 10000, "server"));
	take(&b, tls_over_fd(l, server, right[1], true, NULL, 10000, "client"));
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

	while ((a.opens == 0 || b.opens == 0) && wait_now() < end) {
		loop_turn(l, 1);
		relay(tap[0], tap[1], true);
		relay(tap[1], tap[0], true);
	}
	ck_assert_int_eq(a.opens, 1);
	ck_assert_int_eq(b.opens, 1);
	loop_turn(l, 1);
	relay(tap[1], tap[0], true);	/* tickets */
	loop_turn(l, 1);
}

/* A head, then (after drained) the next message: two records, since a stock
 * buildlet loses what shares a record with the 101. */
START_TEST(flush_boundary_ends_a_record)
{
	connect_tapped();
	shake_tapped();
	stream_write(b.s, "HTTP/1.1 101 ", 13);
	stream_write(b.s, "Switching Protocols\r\n\r\n", 23);
	WAIT(l, b.drains == 1);
	ck_assert_uint_eq(stream_unsent(b.s), 0);
	stream_write(b.s, "{\"command\":\"keep-alive\"}\n", 25);
	WAIT(l, b.drains == 2);
	ck_assert_int_eq(relay(tap[1], tap[0], true), 2);
	WAIT(l, buf_len(a.got) == 13 + 23 + 25);
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
		buf_move(stream_out(a.s), crumb, SIZE_MAX);
		buf_free(crumb);
	}
	stream_wrote(a.s);
	WAIT(l, a.drains == 1);
	ck_assert_int_le(relay(tap[0], tap[1], true), 5);
	WAIT(l, buf_len(b.got) == 65600);
	ck_assert_uint_eq(check_pattern(b.got, 0), 65600);
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
	for (turns = 0; turns < 200 && b.opens == 0; turns++) {
		loop_turn(l, 1);
		n = read(tap[0], buf, sizeof buf);
		for (i = 0; i < n; i++) {
			ck_assert_int_eq(write(tap[1], buf + i, 1), 1);
			loop_turn(l, 0);
		}
		relay(tap[1], tap[0], true);
	}
	ck_assert_int_eq(b.opens, 1);
	fill_pattern(stream_out(a.s), 0, 3000);
	stream_wrote(a.s);
	WAIT(l, a.drains > 0);
	n = read(tap[0], buf, sizeof buf);
	ck_assert_int_gt(n, 3000);
	for (i = 0; i < n; i++) {
		ck_assert_int_eq(write(tap[1], buf + i, 1), 1);
		loop_turn(l, 0);
	}
	WAIT(l, buf_len(b.got) == 3000);
	ck_assert_uint_eq(check_pattern(b.got, 0), 3000);
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
	stream_write(a.s, "precious", 8);
	WAIT(l, a.drains == 1);
	n = read(tap[0], buf, sizeof buf);
	ck_assert_int_gt(n, 10);
	buf[n - 1] ^= 1;
	ck_assert_int_eq(write(tap[1], buf, (size_t)n), n);
	WAIT(l, b.errors == 1);
	ck_assert_int_eq(b.err.code, STREAM_TLS);
	ck_assert_uint_eq(buf_len(b.got), 0);
	close(tap[0]);
	close(tap[1]);
}
END_TEST

/* --- handshakes that fail ------------------------------------------------------ */

START_TEST(not_signed_by_the_pinned_ca)
{
	char other[PKI_DIR_MAX];

	pki_dir_make(other);
	tls_ctx_free(client);
	client = pki_client(other, TLS_VERIFY_CHAIN);
	pki_dir_remove(other);
	connect_as("localhost");
	WAIT(l, a.errors == 1);
	ck_assert_ptr_nonnull(strstr(a.err.msg,
	    "TLS: certificate is not signed by the pinned CA"));
	/* In TLS 1.3 the server learns of it after its own handshake. */
	WAIT(l, b.errors + b.eofs > 0);
}
END_TEST

START_TEST(wrong_name)
{
	char	by[TLS_ISSUER_MAX];
	int64_t	left;

	connect_as("elsewhere.example");
	WAIT(l, a.errors == 1);
	ck_assert_ptr_nonnull(strstr(a.err.msg,
	    "certificate is not for elsewhere.example"));
	disconnect();
	tls_ctx_free(client);
	client = pki_client(dir, TLS_VERIFY_CHAIN);
	ck_assert_int_eq(tls_client_shown(client, &left, by), -1);
	connect_as("elsewhere.example");	/* the chain is enough */
	WAIT(l, a.opens == 1 && b.opens == 1);
	ck_assert_int_eq(tls_client_shown(client, &left, by), 0);
	ck_assert_int_gt(left, 700 * 24 * 60 * 60);	/* two years (pki.h) */
	ck_assert_ptr_nonnull(strstr(by, "/CN="));
}
END_TEST

START_TEST(any_name_and_any_ca_for_stock_peers)
{
	char other[PKI_DIR_MAX];

	pki_dir_make(other);
	tls_ctx_free(client);
	client = pki_client(other, TLS_VERIFY_NONE);
	pki_dir_remove(other);
	connect_as("localhost:8119");	/* as stock buildlets send it */
	WAIT(l, a.opens == 1 && b.opens == 1);
}
END_TEST

START_TEST(no_tls_at_all)
{
	int fd[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	take(&a, tls_over_fd(l, client, fd[0], false, NULL, 10000, "server"));
	take(&b, stream_from_fd(l, fd[1], fd[1], "client"));
	stream_write(b.s, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
	WAIT(l, a.errors == 1);
	ck_assert_int_eq(a.err.code, STREAM_TLS);
	ck_assert_ptr_nonnull(strstr(a.err.msg, "does not speak TLS"));
	disconnect();
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	take(&a, stream_from_fd(l, fd[0], fd[0], "server"));
	take(&b, tls_over_fd(l, server, fd[1], true, NULL, 10000, "127.0.0.1:9"));
	stream_write(a.s, "GET / HTTP/1.1\r\n\r\n", 18);
	WAIT(l, b.errors == 1);
	ck_assert_ptr_nonnull(strstr(b.err.msg,
	    "TLS handshake with 127.0.0.1:9: TLS: the peer does not speak TLS"));
}
END_TEST

START_TEST(handshake_deadline_and_hangup)
{
	int fd[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	take(&a, tls_over_fd(l, client, fd[0], false, NULL, 10000, "server"));
	loop_turn(l, 5);
	clock_advance(loop_clock(l), 11000);
	WAIT(l, a.errors == 1);
	ck_assert_int_eq(a.err.code, STREAM_TIMEOUT);
	close(fd[1]);
	stream_close(a.s);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	take(&a, tls_over_fd(l, client, fd[0], false, NULL, 10000, "server"));
	close(fd[1]);
	WAIT(l, a.errors == 1);
	ck_assert_int_eq(a.err.code, STREAM_RESET);
}
END_TEST

START_TEST(close_at_any_step)
{
	int turns, i;

	for (turns = 0; turns < 8; turns++) {
		connect_as("localhost");
		stream_write(a.s, "x", 1);
		for (i = 0; i < turns; i++)
			loop_turn(l, 0);
		stream_close(turns % 2 == 0 ? a.s : b.s);
		loop_turn(l, 0);
		stream_close(turns % 2 == 0 ? b.s : a.s);
	}
	connect_as("localhost");
	a.close_on_open = true;
	WAIT(l, a.opens == 1 && b.errors + b.eofs > 0);
	a.s = NULL;
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
		for (turns = 0; turns < 200 && (a.opens == 0 || b.opens == 0); turns++) {
			loop_turn(l, 1);
			relay(tap[0], tap[1], true);
			if ((n = read(tap[1], buf, sizeof buf)) > 0) {
				whole[i] += n;
				ck_assert_int_eq(file_write_all(tap[0], buf,
				    (size_t)n), 0);
			}
		}
		ck_assert_int_eq(b.opens, 1);
		ck_assert(tls_resumed(a.s) == (i == 1) && tls_resumed(b.s) == (i == 1));
		loop_turn(l, 1);
		relay(tap[1], tap[0], true);
		stream_write(b.s, "after the ticket", 16);
		loop_turn(l, 1);
		relay(tap[1], tap[0], true);
		WAIT(l, buf_len(a.got) == 16);
		disconnect();
		loop_turn(l, 0);
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

	ck_assert_ptr_null(tls_server(pki_path(cert, dir, "missing.pem"),
	    pki_path(key, dir, "server-key.pem"), &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "missing.pem: No such file"));
	ck_assert_ptr_null(tls_server(pki_path(cert, dir, "server.pem"),
	    pki_path(key, dir, "ca-key.pem"), &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "ca-key.pem"));
	ck_assert_ptr_null(tls_client(pki_path(cert, dir, "server-key.pem"),
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
	tcase_add_unchecked_fixture(t, make_dir, remove_dir);
	tcase_add_checked_fixture(t, setup, teardown);
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
