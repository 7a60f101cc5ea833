/* net.c - unit tests of io/net.h: addresses, dialing, listening. */
#include "unit.h"
#include "lib_io.h"
#include "lib_pki.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/xmalloc.h"
#include "io/net.h"

static struct loop	*l;
static struct rec	 a, b;		/* dialed, accepted */
static struct listener	*ls;
static char		 dir[64], path[128], address[160];

static void
setup(void)
{
	l = loop_new(NULL);
	ck_assert_ptr_nonnull(l);
	rec_init(&a, NULL);
	rec_init(&b, NULL);
	snprintf(dir, sizeof dir, "/tmp/unit-net-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/sock", dir);
	snprintf(address, sizeof address, "unix:%s", path);
}

static void
teardown(void)
{
	rec_release(&a);
	rec_release(&b);
	listener_free(ls);
	ls = NULL;
	loop_turn(l, 0);
	loop_free(l);
	unlink(path);
	ck_assert_int_eq(rmdir(dir), 0);
}

static void
start(const char *where, struct tls_ctx *tls)
{
	struct net_listen	how = { .address = where, .tls = tls,
				    .handshake_ms = 5000 };
	struct err		e = ERR_INIT;

	ls = net_listen(l, &how, rec_accept, &b, &e);
	ck_assert_msg(ls != NULL, "%s", e.msg);
}

static struct stream *
dial(const char *where, struct tls_ctx *tls, int64_t ms)
{
	struct net_dial how = { .address = where, .tls = tls, .ms = ms };

	return net_dial(l, &how);
}

START_TEST(plain)
{
	char *s;

	start("127.0.0.1:0", NULL);
	ck_assert_int_gt(listener_port(ls), 0);
	ck_assert_ptr_nonnull(strstr(listener_address(ls), "127.0.0.1:"));
	rec_take(&a, dial(listener_address(ls), NULL, 5000));
	stream_write(a.s, "early", 5);		/* kept until connected */
	ck_assert(!stream_is_open(a.s));
	WAIT(l, buf_len(b.got) == 5);
	ck_assert_int_eq(a.opens, 1);
	ck_assert_int_eq(b.opens, 1);
	ck_assert_str_eq(stream_peer(a.s), listener_address(ls));
	ck_assert_ptr_nonnull(strstr(stream_peer(b.s), "127.0.0.1:"));
	s = rec_text(&b);
	ck_assert_str_eq(s, "early");
	free(s);
}
END_TEST

START_TEST(by_name)
{
	char *where;

	start("localhost:0", NULL);
	where = xasprintf("localhost:%d", listener_port(ls));
	rec_take(&a, dial(where, NULL, 5000));
	free(where);
	WAIT(l, a.opens == 1 && b.opens == 1);
}
END_TEST

#ifdef TCP_CONGESTION
/* Within this machine nothing is paced (BBR would): all three sockets. And at
 * neither end does what is small wait for more, or for an answer. */
START_TEST(not_paced)
{
	char		name[32];
	int		fd, domain, at_once, n = 0, small = 0;
	socklen_t	len;

	start("127.0.0.1:0", NULL);
	rec_take(&a, dial(listener_address(ls), NULL, 5000));
	WAIT(l, a.opens == 1 && b.opens == 1);
	for (fd = 3; fd < 256; fd++) {
		len = sizeof domain;
		if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == -1 ||
		    domain != AF_INET)
			continue;
		len = sizeof name;
		ck_assert_int_eq(getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION,
		    name, &len), 0);
		ck_assert_str_eq(name, "reno");
		n++;
		len = sizeof at_once;
		ck_assert_int_eq(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY,
		    &at_once, &len), 0);
		small += at_once != 0;
	}
	ck_assert_int_eq(n, 3);
	ck_assert_int_eq(small, 2);	/* not the listener */
}
END_TEST
#endif

/* /etc/hosts and the first of several addresses that answers. */
START_TEST(any_address)
{
	char *where;

	start(":0", NULL);
	where = xasprintf("127.0.0.1:%d", listener_port(ls));
	rec_take(&a, dial(where, NULL, 5000));
	free(where);
	WAIT(l, a.opens == 1 && b.opens == 1);
}
END_TEST

START_TEST(tls)
{
	char		 pki[PKI_DIR_MAX], *where;
	struct tls_ctx	*server, *client;

	pki_dir_make(pki);
	server = pki_server(pki);
	client = pki_client(pki, TLS_VERIFY_FULL);
	start("127.0.0.1:0", server);
	where = xasprintf("localhost:%d", listener_port(ls));
	rec_take(&a, dial(where, client, 5000));
	stream_write(a.s, "hello", 5);
	WAIT(l, buf_len(b.got) == 5);
	ck_assert(stream_is_tls(b.s));
	b.close_on_eof = b.close_on_error = true;
	stream_close(a.s);
	a.s = NULL;
	WAIT(l, b.eofs + b.errors == 1);
	tls_ctx_free(client);
	pki_dir_remove(pki);
	pki_dir_make(pki);
	client = pki_client(pki, TLS_VERIFY_CHAIN);
	rec_take(&a, dial(where, client, 5000));
	WAIT(l, a.errors == 1);
	ck_assert_int_eq(strncmp(a.err.msg, "dial localhost:", 15), 0);
	ck_assert_ptr_nonnull(strstr(a.err.msg,
	    ": TLS: certificate is not signed by the pinned CA"));
	WAIT(l, b.errors + b.eofs == 2);
	b.s = NULL;
	free(where);
	tls_ctx_free(client);
	tls_ctx_free(server);
	pki_dir_remove(pki);
}
END_TEST

/* Handshakes at once are bounded; those that never end are cut, and then
 * the next has its turn. */
START_TEST(handshakes_are_bounded)
{
	char			 pki[PKI_DIR_MAX];
	struct tls_ctx		*server, *client;
	struct net_listen	 how = { .address = "127.0.0.1:0",
				    .handshake_ms = 5000, .handshakes_max = 2 };
	struct rec		 mute[2];
	int			 i;

	pki_dir_make(pki);
	how.tls = server = pki_server(pki);
	client = pki_client(pki, TLS_VERIFY_FULL);
	ls = net_listen(l, &how, rec_accept, &b, NULL);
	ck_assert_ptr_nonnull(ls);
	b.close_on_error = true;
	for (i = 0; i < 2; i++) {
		rec_init(&mute[i], dial(listener_address(ls), NULL, 5000));
		WAIT(l, mute[i].opens == 1 && b.s != NULL);
	}
	for (i = 0; i < 10; i++)
		loop_turn(l, 5);
	rec_take(&a, dial(listener_address(ls), client, 60000));
	for (i = 0; i < 10; i++)
		loop_turn(l, 5);
	ck_assert_int_eq(a.opens, 0);
	clock_advance(loop_clock(l), 6000);
	WAIT(l, a.opens == 1);
	ck_assert_int_eq(b.errors, 2);
	for (i = 0; i < 2; i++)
		rec_release(&mute[i]);
	tls_ctx_free(client);
	tls_ctx_free(server);
	pki_dir_remove(pki);
}
END_TEST

static int accepts;

static void
count_accept(struct stream *s, void *arg)
{
	accepts++;
	rec_accept(s, arg);
}

/* Who left while it waited for its turn costs no handshake. */
START_TEST(who_gave_up_is_not_accepted)
{
	char			 pki[PKI_DIR_MAX];
	struct tls_ctx		*server, *client;
	struct net_listen	 how = { .address = "127.0.0.1:0" };
	struct rec		 left;

	pki_dir_make(pki);
	how.tls = server = pki_server(pki);
	client = pki_client(pki, TLS_VERIFY_FULL);
	ls = net_listen(l, &how, count_accept, &b, NULL);
	ck_assert_ptr_nonnull(ls);
	listener_pause(ls, true);
	rec_init(&left, dial(listener_address(ls), NULL, 5000));
	WAIT(l, left.opens == 1);
	stream_write(left.s, "hello", 5);
	WAIT(l, stream_unsent(left.s) == 0);
	rec_release(&left);
	loop_turn(l, 5);
	rec_take(&a, dial(listener_address(ls), client, 60000));
	loop_turn(l, 5);
	listener_pause(ls, false);
	WAIT(l, a.opens == 1);
	ck_assert_int_eq(accepts, 1);
	ck_assert_int_eq(b.errors, 0);
	tls_ctx_free(client);
	tls_ctx_free(server);
	pki_dir_remove(pki);
}
END_TEST

static void
expect_dial_error(const char *where, int code, const char *part)
{
	rec_take(&a, dial(where, NULL, 3000));
	ck_assert_int_eq(a.errors, 0);		/* not inside the call */
	WAIT(l, a.errors == 1);
	ck_assert_msg(strstr(a.err.msg, part) != NULL, "%s", a.err.msg);
	ck_assert_int_eq(strncmp(a.err.msg, "dial ", 5), 0);
	ck_assert_int_eq(a.err.code, code);
	ck_assert_int_eq(a.opens, 0);
	stream_close(a.s);
	rec_init(&a, (buf_free(a.got), NULL));
}

START_TEST(dial_errors)
{
	int	 fd = socket(AF_INET, SOCK_STREAM, 0), port;
	char	*where;

	start("127.0.0.1:0", NULL);
	port = listener_port(ls);
	listener_free(ls);
	ls = NULL;
	close(fd);
	where = xasprintf("127.0.0.1:%d", port);
	expect_dial_error(where, STREAM_REFUSED, "Connection refused");
	free(where);
	where = xasprintf("localhost:%d", port);
	expect_dial_error(where, STREAM_REFUSED, "Connection refused");
	free(where);
	expect_dial_error("127.0.0.1", STREAM_SYSTEM, "no port");
	expect_dial_error("127.0.0.1:99999", STREAM_SYSTEM, "bad port");
	expect_dial_error("[::1:80", STREAM_SYSTEM, "brackets");
	expect_dial_error(address, STREAM_REFUSED, "No such file");
}
END_TEST

START_TEST(dial_deadline)
{
	struct sockaddr_un	un = { .sun_family = AF_UNIX };
	int			fd, full[8], i;

	/* A server that never accepts: its backlog fills up. */
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	memcpy(un.sun_path, path, strlen(path) + 1);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&un, sizeof un), 0);
	ck_assert_int_eq(listen(fd, 0), 0);
	for (i = 0; i < 8; i++) {
		full[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(full[i], (struct sockaddr *)&un, sizeof un);
	}
	rec_take(&a, dial(address, NULL, 30000));
	for (i = 0; i < 10; i++)
		loop_turn(l, 10);
	ck_assert_int_eq(a.errors + a.opens, 0);
	clock_advance(loop_clock(l), 31000);
	WAIT(l, a.errors == 1);
	ck_assert_int_eq(a.err.code, STREAM_TIMEOUT);
	ck_assert_ptr_nonnull(strstr(a.err.msg, "timed out after 30s"));
	for (i = 0; i < 8; i++)
		close(full[i]);
	close(fd);
}
END_TEST

START_TEST(close_while_dialing)
{
	int i;

	start("127.0.0.1:0", NULL);
	b.close_on_eof = b.close_on_error = true;
	for (i = 0; i < 4; i++) {
		struct stream *s = dial(listener_address(ls), NULL, 3000);
		int turns;

		for (turns = 0; turns < i; turns++)
			loop_turn(l, 0);
		stream_close(s);
	}
	/* A name: the resolver is asked, and then nobody wants to know. */
	stream_close(dial("no-such-host.invalid:80", NULL, 3000));
	rec_take(&a, dial("no-such-host.invalid:80", NULL, 3000));
	loop_turn(l, 0);
	stream_close(a.s);
	a.s = NULL;
	for (i = 0; i < 10; i++)
		loop_turn(l, 5);
	ck_assert_int_eq(a.opens + a.errors, 0);
	WAIT(l, b.eofs + b.errors == b.opens);
	b.s = NULL;
}
END_TEST

/* Without a network this is a refusal or, at the latest, the deadline. */
START_TEST(unknown_name)
{
	rec_take(&a, dial("no-such-host.invalid:80", NULL, 1000));
	WAIT(l, a.errors == 1);
	ck_assert_int_eq(strncmp(a.err.msg, "dial no-such-host.invalid:80: ", 30), 0);
	stream_close(a.s);
	a.s = NULL;
	loop_run(l);		/* the resolver does not keep it going */
}
END_TEST

START_TEST(unix_sockets)
{
	struct net_listen	how = { .address = address, .unix_mode = 0666 };
	struct err		e = ERR_INIT;
	struct stat		st;
	int			fd;

	start(address, NULL);
	ck_assert_int_eq(listener_port(ls), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	rec_take(&a, dial(address, NULL, 3000));
	WAIT(l, a.opens == 1 && b.opens == 1);
	ck_assert_str_eq(stream_peer(b.s), "unix");
	ck_assert_ptr_null(net_listen(l, &how, rec_accept, &b, &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "somebody serves there"));
	listener_free(ls);
	ls = NULL;
	ck_assert_int_eq(access(path, F_OK), -1);	/* it took its file away */

	/* A dead one is replaced, a file is not. */
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	{
		struct sockaddr_un un = { .sun_family = AF_UNIX };

		memcpy(un.sun_path, path, strlen(path) + 1);
		ck_assert_int_eq(bind(fd, (struct sockaddr *)&un, sizeof un), 0);
	}
	close(fd);
	ls = net_listen(l, &how, rec_accept, &b, &e);
	ck_assert_msg(ls != NULL, "%s", e.msg);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0666);
	listener_free(ls);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	close(fd);
	ls = net_listen(l, &how, rec_accept, &b, &e);
	ck_assert_ptr_null(ls);
	ck_assert_ptr_nonnull(strstr(e.msg, "is no socket"));
}
END_TEST

START_TEST(listen_errors)
{
	static const char *const bad[] = { "127.0.0.1", "127.0.0.1:99999",
	    "no such host:80", "unix:", "1.2.3.4:0" };
	struct net_listen	how = { .address = bad[_i] };
	struct err		e = ERR_INIT;

	ck_assert_ptr_null(net_listen(l, &how, rec_accept, &b, &e));
	ck_assert_int_eq(strncmp(e.msg, "listen on ", 10), 0);
	ck_assert_ptr_nonnull(strstr(e.msg, bad[_i]));
	listener_free(NULL);
}
END_TEST

START_TEST(port_taken)
{
	struct net_listen	how;
	struct err		e = ERR_INIT;
	char			*same;

	start("127.0.0.1:0", NULL);
	same = xstrdup(listener_address(ls));
	how = (struct net_listen){ .address = same };
	ck_assert_ptr_null(net_listen(l, &how, rec_accept, &b, &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "in use"));
	free(same);
}
END_TEST

START_TEST(paused_listener)
{
	int i;

	start("127.0.0.1:0", NULL);
	listener_pause(ls, true);
	rec_take(&a, dial(listener_address(ls), NULL, 3000));
	for (i = 0; i < 10; i++)
		loop_turn(l, 5);
	ck_assert_int_eq(b.opens, 0);
	listener_pause(ls, false);
	WAIT(l, b.opens == 1);
}
END_TEST

/* No descriptors: accepting pauses, and goes on when there are some. */
START_TEST(out_of_descriptors)
{
	struct rlimit	old, low;
	int		top, i;

	start("127.0.0.1:0", NULL);
	rec_take(&a, dial(listener_address(ls), NULL, 5000));
	loop_turn(l, 0);			/* its socket is there */
	ck_assert_int_ne(top = dup(0), -1);
	close(top);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
	low = old;
	low.rlim_cur = (rlim_t)top;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
	for (i = 0; i < 20; i++)
		loop_turn(l, 5);
	ck_assert_int_eq(b.opens, 0);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
	WAIT(l, b.opens == 1);
}
END_TEST

START_TEST(many_at_once)
{
	enum { N = 200 };
	static struct rec	r[N];
	int			i, open = 0;

	start("127.0.0.1:0", NULL);
	for (i = 0; i < N; i++)
		rec_init(&r[i], dial(listener_address(ls), NULL, 10000));
	b.close_on_open = true;
	WAIT(l, b.opens == N);
	for (i = 0; i < N; i++) {
		WAIT(l, r[i].opens == 1 && r[i].eofs == 1);
		open += r[i].opens;
		rec_release(&r[i]);
	}
	b.s = NULL;
	ck_assert_int_eq(open, N);
}
END_TEST

START_TEST(splitting)
{
	static const struct {
		const char	*address;
		int		 fallback;
		const char	*host;		/* NULL: refused */
		int		 port;
	} c[] = {
		{ "a.example:80", -1, "a.example", 80 },
		{ "[::1]:443", -1, "::1", 443 },
		{ "[::1]", 80, "::1", 80 },
		{ "::1", 80, "::1", 80 },
		{ "a.example", 8119, "a.example", 8119 },
		{ ":80", -1, "", 80 },
		{ "a.example", -1, NULL, 0 },
		{ "a.example:", -1, NULL, 0 },
		{ "a.example:-1", -1, NULL, 0 },
		{ "a.example:65536", -1, NULL, 0 },
		{ "a.example:8o", -1, NULL, 0 },
		{ "[::1", 80, NULL, 0 },
		{ "[::1]x", 80, NULL, 0 },
		{ "a b:80", -1, NULL, 0 },
		{ "1][::1]:80", 80, NULL, 0 },
	};
	size_t	i;

	for (i = 0; i < nitems(c); i++) {
		struct err	 e = ERR_INIT;
		char		*host;
		int		 port, r;

		r = net_split(c[i].address, c[i].fallback, &host, &port, &e);
		ck_assert_msg(r == (c[i].host == NULL ? -1 : 0), "%s",
		    c[i].address);
		if (r == -1) {
			ck_assert_str_ne(e.msg, "");
			continue;
		}
		ck_assert_str_eq(host, c[i].host);
		ck_assert_int_eq(port, c[i].port);
		free(host);
	}
}
END_TEST

START_TEST(loopback)
{
	static const char *const yes[] = { "127.0.0.1:80", "127.9.9.9:1",
	    "[::1]:80", "localhost:80", "LOCALHOST", "unix:/x" };
	static const char *const no[] = { "10.0.0.1:80", "example.org:80",
	    ":80", "0.0.0.0:80", "[::]:80", "128.0.0.1:1", "[" };
	size_t	i;

	for (i = 0; i < nitems(yes); i++)
		ck_assert_msg(net_is_loopback(yes[i]), "%s", yes[i]);
	for (i = 0; i < nitems(no); i++)
		ck_assert_msg(!net_is_loopback(no[i]), "%s", no[i]);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("net");
	TCase	*t = tcase_create("net");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, plain);
#ifdef TCP_CONGESTION
	tcase_add_test(t, not_paced);
#endif
	tcase_add_test(t, by_name);
	tcase_add_test(t, any_address);
	tcase_add_test(t, tls);
	tcase_add_test(t, handshakes_are_bounded);
	tcase_add_test(t, who_gave_up_is_not_accepted);
	tcase_add_test(t, dial_errors);
	tcase_add_test(t, dial_deadline);
	tcase_add_test(t, close_while_dialing);
	tcase_add_test(t, unknown_name);
	tcase_add_test(t, unix_sockets);
	tcase_add_loop_test(t, listen_errors, 0, 5);
	tcase_add_test(t, port_taken);
	tcase_add_test(t, paused_listener);
	tcase_add_test(t, out_of_descriptors);
	tcase_add_test(t, many_at_once);
	tcase_add_test(t, splitting);
	tcase_add_test(t, loopback);
	suite_add_tcase(s, t);
	return s;
}
