/*
 * publink.c - the public library on transports of the caller's: one that moves
 * little at a time and balks often, as TLS may, and holds its user to what
 * revdial.h promises about writes that are tried again.
 */
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib_pub.h"

#define PIECE 1000

struct balky {
	struct pub_side	*side;
	struct event	*rev, *wev;
	int		 fd;
	int		 wants;
	unsigned	 calls;
	unsigned char	*owed;		/* a write that was refused */
	size_t		 owed_n;
	int		 closed;
	int		 fail;		/* errno of the next read */
	bool		 end;		/* the next read is at the end */
};

static struct balky balky[2];

/* Every third call balks for no reason; then it must say so itself. */
static bool
balks(struct balky *b)
{
	if (++b->calls % 3 != 0)
		return false;
	event_active(b->rev, EV_READ | EV_WRITE, 0);
	errno = EAGAIN;
	return true;
}

static ssize_t
balky_read(void *buf, size_t len, void *t)
{
	struct balky *b = t;

	ck_assert(!b->closed);
	ck_assert_uint_gt(len, 0);
	if (b->fail != 0) {
		errno = b->fail;
		return -1;
	}
	if (b->end)
		return 0;
	return balks(b) ? -1 : read(b->fd, buf, len < PIECE ? len : PIECE);
}

static ssize_t
balky_write(const void *buf, size_t len, void *t)
{
	struct balky	*b = t;
	ssize_t		 n = -1;

	ck_assert(!b->closed);
	ck_assert_uint_gt(len, 0);
	if (b->owed != NULL) {
		ck_assert_uint_ge(len, b->owed_n);
		ck_assert_int_eq(memcmp(buf, b->owed, b->owed_n), 0);
		free(b->owed);
		b->owed = NULL;
	}
	if (!balks(b))
		n = write(b->fd, buf, len < PIECE ? len : PIECE);
	if (n == -1 && errno == EAGAIN) {
		ck_assert_ptr_nonnull(b->owed = malloc(len));
		memcpy(b->owed, buf, len);
		b->owed_n = len;
	}
	return n;
}

static void
balky_wants(int what, void *t)
{
	struct balky *b = t;

	ck_assert(!b->closed);
	ck_assert_int_ne(what, b->wants);
	ck_assert(what & REVDIAL_READ);
	b->wants = what;
	if (what & REVDIAL_WRITE)
		event_add(b->wev, NULL);
	else
		event_del(b->wev);
}

static void
balky_close(void *t)
{
	struct balky *b = t;

	b->closed++;
	event_free(b->rev);
	event_free(b->wev);
	close(b->fd);
	free(b->owed);
	b->owed = NULL;
}

static const struct revdial_transport transport = {
	balky_read, balky_write, balky_wants, balky_close,
};

static void
on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct balky *b = arg;

	(void)fd;
	revdial_session_ready(b->side->s, ((what & EV_READ) ? REVDIAL_READ : 0) |
	    ((what & EV_WRITE) ? REVDIAL_WRITE : 0));
}

static void
begin_balky(struct balky *b, struct pub_side *side, int fd, enum revdial_role role)
{
	memset(b, 0, sizeof *b);
	b->side = side;
	b->fd = fd;
	ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	b->rev = event_new(pub_base, fd, EV_READ | EV_PERSIST, on_ready, b);
	b->wev = event_new(pub_base, fd, EV_WRITE | EV_PERSIST, on_ready, b);
	event_add(b->rev, NULL);
	side->s = revdial_session_new(pub_base, &transport, b, role, NULL,
	    &pub_events, side);
	ck_assert_ptr_nonnull(side->s);
	ck_assert_uint_eq(b->calls, 0);		/* not before the loop runs */
}

static void
begin_both(void)
{
	begin_balky(&balky[0], &opener, pub_fds[0], REVDIAL_DIALER);
	begin_balky(&balky[1], &server, pub_fds[1], REVDIAL_LISTENER);
}

START_TEST(all_arrives)
{
	static char	 block[200000];
	size_t		 i;

	begin_both();
	for (i = 0; i < sizeof block; i++)
		block[i] = (char)('!' + i * 31 % 89);
	block[sizeof block - 1] = '\0';
	for (i = 0; i < 5; i++) {
		pub_write(pub_open(&opener), block);
		revdial_stream_finish(opener.users[i].st);
	}
	for (i = 0; i < 5; i++) {
		PUB_UNTIL(server.n == 5 && server.users[i].eof);
		ck_assert_uint_eq(server.users[i].got, sizeof block - 1);
		ck_assert_uint_eq(server.users[i].sum, pub_sum(block));
		pub_write(&server.users[i], "thanks");
		PUB_UNTIL(opener.users[i].got == 6);
	}
	PUB_UNTIL(balky[0].wants == REVDIAL_READ);
	revdial_session_free(opener.s);
	opener.s = NULL;
	ck_assert_int_eq(balky[0].closed, 1);
	PUB_UNTIL(server.over);
	ck_assert_int_eq(balky[1].closed, 1);
}
END_TEST

START_TEST(in_vain)
{
	begin_both();
	revdial_session_ready(opener.s, REVDIAL_READ | REVDIAL_WRITE);
	PUB_UNTIL(revdial_session_rtt_us(opener.s) >= 0);
	revdial_session_ready(opener.s, REVDIAL_READ | REVDIAL_WRITE);
	revdial_session_ready(opener.s, 0);
	pub_write(pub_open(&opener), "x");
	PUB_UNTIL(server.n == 1 && server.users[0].got == 1);
}
END_TEST

static const struct {
	int		  error;
	enum revdial_end  end;
} failures[] = {
	{ EIO, REVDIAL_IO },
	{ ECONNRESET, REVDIAL_RESET },
	{ ETIMEDOUT, REVDIAL_TIMEOUT },
	{ 0, REVDIAL_RESET },		/* the end of file */
};

START_TEST(fails)
{
	begin_both();
	pub_write(pub_open(&opener), "x");
	PUB_UNTIL(server.n == 1);
	balky[1].fail = failures[_i].error;
	balky[1].end = failures[_i].error == 0;
	revdial_session_ready(server.s, REVDIAL_READ);
	PUB_UNTIL(server.over);
	ck_assert_int_eq(server.end, failures[_i].end);
	ck_assert_str_ne(server.why, "");
	ck_assert_int_eq(server.users[0].end, REVDIAL_GONE);
	ck_assert_int_eq(balky[1].closed, 1);
	revdial_session_ready(server.s, REVDIAL_READ);	/* harmless */
	PUB_UNTIL(opener.over);
}
END_TEST

#define ANSWER	(200 * 1024)	/* less than a first window: it needs no credit */

static void
set_size(int fd, int which, int size)
{
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, which, &size, sizeof size), 0);
}

/* A path that holds the whole answer, on the side of whoever sends it. */
static void
long_path(void)
{
	struct sockaddr_in	sin = { .sin_family = AF_INET };
	socklen_t		len = sizeof sin;
	int			l = socket(AF_INET, SOCK_STREAM, 0);

	close(pub_fds[0]);
	close(pub_fds[1]);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	pub_fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	set_size(pub_fds[0], SO_RCVBUF, 8 * 1024);
	ck_assert_int_eq(bind(l, (struct sockaddr *)&sin, sizeof sin), 0);
	ck_assert_int_eq(listen(l, 1), 0);
	ck_assert_int_eq(getsockname(l, (struct sockaddr *)&sin, &len), 0);
	ck_assert_int_eq(connect(pub_fds[0], (struct sockaddr *)&sin, sizeof sin), 0);
	pub_fds[1] = accept(l, NULL, NULL);
	set_size(pub_fds[1], SO_SNDBUF, 2 * ANSWER);
	close(l);
}

/* Whoever is answered gives credit while he reads. Nobody may be gone by then. */
START_TEST(drained_with_an_answer_on_its_way)
{
	static const unsigned char answer[ANSWER];

	long_path();
	begin_balky(&balky[0], &opener, pub_fds[0], REVDIAL_DIALER);
	server.s = revdial_session_fd(pub_base, pub_fds[1], REVDIAL_LISTENER, NULL,
	    &pub_events, &server);
	pub_write(pub_open(&opener), "x");
	revdial_stream_finish(opener.users[0].st);
	PUB_UNTIL(server.n == 1 && server.users[0].eof);
	ck_assert_int_eq(revdial_stream_write(server.users[0].st, answer, ANSWER), ANSWER);
	revdial_stream_finish(server.users[0].st);
	pub_close(&server.users[0]);
	revdial_session_drain(server.s);
	PUB_UNTIL(opener.users[0].eof || opener.over);
	ck_assert_uint_eq(opener.users[0].got, ANSWER);
	PUB_UNTIL(server.over && opener.over);
	ck_assert_int_eq(server.end, REVDIAL_PEACE);
	ck_assert_str_eq(server.why, "drained");
	ck_assert_int_eq(opener.end, REVDIAL_PEACE);
}
END_TEST

/* Whoever asks and asks, and never answers, is no peer to wait for. */
START_TEST(the_last_ping_is_never_answered)
{
	static const char		 ping[12] = { 0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7 };
	static const struct revdial_options o = { .ping_ms = 20, .dead_ms = 100 };

	opener.s = revdial_session_fd(pub_base, pub_fds[0], REVDIAL_DIALER, &o,
	    &pub_events, &opener);
	revdial_session_drain(opener.s);
	PUB_UNTIL(opener.over || (revdial_session_silent_ms(opener.s) >= 10 &&
	    write(pub_fds[1], ping, sizeof ping) == -1));
	ck_assert_int_eq(opener.end, REVDIAL_TIMEOUT);
	ck_assert_str_eq(opener.why, "the other side never answered the last ping");
	close(pub_fds[1]);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *s = suite_create("publink");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, pub_setup, pub_teardown);
	tcase_add_test(t, all_arrives);
	tcase_add_test(t, in_vain);
	tcase_add_loop_test(t, fails, 0, (int)(sizeof failures / sizeof failures[0]));
	tcase_add_test(t, drained_with_an_answer_on_its_way);
	tcase_add_test(t, the_last_ping_is_never_answered);
	suite_add_tcase(s, t);
	return s;
}
