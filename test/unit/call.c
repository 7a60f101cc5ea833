/* call.c - requests one after another over a kept connection. */
#include "client/call.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "io/buf.h"
#include "io/loop.h"
#include "unit.h"

#define OK	"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define BODY	"hello"

#define LONG	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nlong\n"

struct server {
	pid_t	pid;
	int	port, talk;	/* a byte there and back */
};

/* Once end has come. */
static void
answer(int fd, const char *end, const char *text)
{
	char	got[4096];
	size_t	len = 0;
	ssize_t	n;

	while ((n = read(fd, got + len, sizeof got - 1 - len)) > 0) {
		len += (size_t)n;
		got[len] = '\0';
		if (strstr(got, end) != NULL)
			break;
	}
	if (n <= 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		_exit(1);
}

/* Keeps a connection until it is told not to; takes BODY by the next one. */
static void
closes_meanwhile(int listener, int talk)
{
	char	c;
	int	fd = accept(listener, NULL, NULL);

	answer(fd, "\r\n\r\n", OK);
	if (read(talk, &c, 1) != 1)
		_exit(1);
	close(fd);
	if (write(talk, &c, 1) != 1)
		_exit(1);
	answer(accept(listener, NULL, NULL), "\r\n\r\n" BODY, OK);
}

static void
serves_two(int listener, int talk)
{
	int	first = accept(listener, NULL, NULL);

	(void)talk;
	answer(first, "\r\n\r\n", OK);
	answer(accept(listener, NULL, NULL), "\r\n\r\n", OK);
}

/* All over one connection. */
static void
accepts_once(int listener, int talk)
{
	int	fd = accept(listener, NULL, NULL), i;

	(void)talk;
	close(listener);
	for (i = 0; i < 3; i++)
		answer(fd, "\r\n\r\n", OK);
}

static void
says_much(int listener, int talk)
{
	(void)talk;
	answer(accept(listener, NULL, NULL), "\r\n\r\n", LONG);
}

static void
server_begin(struct server *s, void (*fn)(int listener, int talk))
{
	struct sockaddr_in	sin = { .sin_family = AF_INET };
	socklen_t		len = sizeof sin;
	int			listener = socket(AF_INET, SOCK_STREAM, 0), talk[2];

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&sin, len), 0);
	ck_assert_int_eq(listen(listener, 2), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&sin, &len), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, talk), 0);
	s->port = ntohs(sin.sin_port);
	s->pid = fork();
	ck_assert_int_ne(s->pid, -1);
	if (s->pid == 0) {
		close(talk[0]);
		fn(listener, talk[1]);
		_exit(0);
	}
	close(listener);
	close(talk[1]);
	s->talk = talk[0];
}

static struct server	 server;
static struct loop	*loop;
static struct call	*c;
static struct err	 e;

static void
begin(void (*fn)(int, int))
{
	struct cred	 cred = { .agent_ms = 0 };
	char		*name;

	memset(&e, 0, sizeof e);
	loop = loop_new(&e);
	ck_assert_msg(loop != NULL, "%s", e.msg);
	server_begin(&server, fn);
	name = xasprintf("type@127.0.0.1:%d", server.port);
	c = call_new(loop, &cred, name, &e);
	ck_assert_msg(c != NULL, "%s", e.msg);
	free(name);
}

static void
end(void)
{
	int	status;

	ck_assert_int_eq(waitpid(server.pid, &status, 0), server.pid);
	ck_assert_int_eq(status, 0);
	close(server.talk);
	call_free(c);
	loop_turn(loop, 0);	/* what was closed now is freed now */
	loop_free(loop);
}

static const struct call_request get = { .method = "GET", .path = "/", .doing = "get" };

/* While we did something else, such as asking the person, the server closed it: a
 * body, which could not be sent twice, does not go there. */
START_TEST(test_closed_meanwhile)
{
	struct call_request	 put = { .method = "PUT", .path = "/", .doing = "put" };
	struct evbuffer		*bytes = buf_new();
	char			 byte = 'x';

	begin(closes_meanwhile);
	ck_assert_msg(call_text(c, &get, 100, NULL, &e) == 0, "%s", e.msg);
	ck_assert(write(server.talk, &byte, 1) == 1 && read(server.talk, &byte, 1) == 1);
	buf_adds(bytes, BODY);
	put.body = body_of(loop, bytes);
	ck_assert_msg(call_text(c, &put, 100, NULL, &e) == 0, "%s", e.msg);
	buf_free(bytes);
	end();
}
END_TEST

static void
cut(void *arg)
{
	call_cut(arg);
}

/* Given up just as it looks whether the connection is good: so it is, and the next
 * one goes its way. */
START_TEST(test_cut)
{
	begin(serves_two);
	ck_assert_msg(call_text(c, &get, 100, NULL, &e) == 0, "%s", e.msg);
	loop_defer(loop, cut, c);
	ck_assert_int_eq(call_text(c, &get, 100, NULL, &e), -1);
	ck_assert_int_eq(e.code, CALL_CUT);
	ck_assert_str_eq(e.msg, "buildlet: get: given up");
	ck_assert_msg(call_text(c, &get, 100, NULL, &e) == 0, "%s", e.msg);
	end();
}
END_TEST

/* Another call uses the connection, and gives it back. */
START_TEST(test_pass)
{
	struct cred	 cred = { .agent_ms = 0 };
	struct call	*other;
	char		*name;

	begin(accepts_once);
	name = xasprintf("type@127.0.0.1:%d", server.port);
	other = call_new(loop, &cred, name, &e);
	ck_assert_msg(other != NULL, "%s", e.msg);
	call_pass(c, other);	/* there is none yet */
	ck_assert_msg(call_text(c, &get, 100, NULL, &e) == 0, "%s", e.msg);
	call_pass(c, other);
	ck_assert_msg(call_text(other, &get, 100, NULL, &e) == 0, "%s", e.msg);
	call_pass(other, c);
	call_free(other);
	ck_assert_msg(call_text(c, &get, 100, NULL, &e) == 0, "%s", e.msg);
	free(name);
	end();
}
END_TEST

/* Who said too much is told. */
START_TEST(test_too_long)
{
	begin(says_much);
	ck_assert_int_eq(call_text(c, &get, 4, NULL, &e), -1);
	ck_assert_str_eq(e.msg, "buildlet: the answer is too long");
	end();
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("call");
	TCase	*t = tcase_create("call");

	tcase_add_test(t, test_closed_meanwhile);
	tcase_add_test(t, test_cut);
	tcase_add_test(t, test_pass);
	tcase_add_test(t, test_too_long);
	suite_add_tcase(s, t);
	return s;
}
