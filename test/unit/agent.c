/* agent.c - unit tests of client/agent_place.h (whose directory, which key) and
 * client/agent_wire.h (messages, descriptors, whose socket). */
#include "unit.h"
#include "lib_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xmalloc.h"
#include "client/agent_place.h"
#include "client/agent_sock.h"
#include "client/agent_wire.h"

static struct dir	 top;
static char		*ca, *tmpdir;
static struct err	 e;

static void
setup(void)
{
	const char	*tmp = getenv("TMPDIR");

	tmpdir = xstrdup(tmp != NULL ? tmp : "/tmp");
	dir_make(&top);
	dir_write(&top, "ca.pem", "one");
	ca = xasprintf("%s/ca.pem", top.path);
	ck_assert_int_eq(setenv("XDG_RUNTIME_DIR", top.path, 1), 0);
	ck_assert_int_eq(setenv("TMPDIR", "/nonexistent", 1), 0);
	unsetenv("SSL_CERT_FILE");
}

static void
teardown(void)
{
	unsetenv("XDG_RUNTIME_DIR");
	ck_assert_int_eq(setenv("TMPDIR", tmpdir, 1), 0);
	free(tmpdir);
	free(ca);
	dir_drop(&top);
}

/* --- places ------------------------------------------------------------------ */

static struct agent_place
place(const char *address, const char *from)
{
	struct agent_place	p;

	ck_assert_msg(agent_place_init(&p, address, from, true, &e) == 0, "%s", e.msg);
	return p;
}

/* It is, or is not, the place of h:1 with ca. */
static void
expect(struct agent_place *first, bool same, const char *address, const char *from)
{
	struct agent_place	p = place(address, from);

	ck_assert_int_eq(str_eq(p.key, first->key), same);
	ck_assert_int_eq(str_eq(p.path, first->path), same);
	agent_place_release(&p);
}

START_TEST(keys_differ)
{
	struct agent_place	p = place("h:1", ca);
	char			*other = xasprintf("%s/./ca.pem", top.path);

	expect(&p, true, "h:1", ca);
	expect(&p, true, "h:1", other);		/* the same file */
	expect(&p, false, "h:2", ca);
	expect(&p, false, "h:1", NULL);
	dir_write(&top, "ca.pem", "another");	/* replaced */
	expect(&p, false, "h:1", ca);
	agent_place_release(&p);
	free(other);
	p = place("h:1", NULL);
	ck_assert_int_eq(setenv("SSL_CERT_FILE", ca, 1), 0);
	expect(&p, false, "h:1", NULL);
	agent_place_release(&p);
}
END_TEST

START_TEST(no_place)
{
	struct agent_place	 p;
	char			*missing = xasprintf("%s/none", top.path);

	ck_assert_int_eq(agent_place_init(&p, "h:1", missing, true, &e), -1);
	ck_assert_int_eq(agent_place_init(&p, "h:1", "/dev/null", true, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.msg, "no regular file"));
	ck_assert_ptr_null(p.key);
	/* Not made unless that is wanted. */
	ck_assert_int_eq(agent_place_init(&p, "h:1", ca, false, &e), -1);
	ck_assert(!dir_has(&top, "gomote"));
	p = place("h:1", ca);
	ck_assert_int_eq(dir_mode(&top, "gomote"), S_IFDIR | 0700);
	agent_place_release(&p);
	free(missing);
}
END_TEST

static const mode_t open_modes[] = { 0701, 0710, 0720, 0744, 0777 };

START_TEST(directory_is_open)
{
	char	*name = xasprintf("%s/gomote", top.path);

	ck_assert_int_eq(mkdir(name, 0700), 0);
	ck_assert_int_eq(chmod(name, open_modes[_i]), 0);
	ck_assert_ptr_null(agent_dir(true, &e));
	ck_assert_int_eq(chmod(name, 0700), 0);
	free(name);
	name = agent_dir(false, &e);
	ck_assert_ptr_nonnull(name);
	free(name);
}
END_TEST

START_TEST(directory_is_a_link)
{
	char	*name = xasprintf("%s/gomote", top.path);
	char	*to = xasprintf("%s/to", top.path);

	ck_assert_int_eq(mkdir(to, 0700), 0);
	ck_assert_int_eq(symlink(to, name), 0);
	ck_assert_ptr_null(agent_dir(true, &e));
	free(name);
	free(to);
}
END_TEST

/* A runtime directory of somebody else gets nothing of ours. */
START_TEST(directory_of_another)
{
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chown(top.path, 65534, (gid_t)-1), 0);
	ck_assert_ptr_null(agent_dir(true, &e));
	ck_assert(!dir_has(&top, "gomote"));
}
END_TEST

/* --- messages ------------------------------------------------------------------ */

static int	pair[2];

static void
pair_setup(void)
{
	setup();
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0,
	    pair), 0);
}

static void
pair_teardown(void)
{
	close(pair[0]);
	close(pair[1]);
	teardown();
}

START_TEST(messages)
{
	char	text[AGENT_WIRE_MAX], c;
	int	p[2], fd;

	ck_assert_int_eq(pipe(p), 0);
	ck_assert_int_eq(agent_wire_send(pair[0], "wait", -1), 0);
	ck_assert_int_eq(agent_wire_send(pair[0], "ok", p[1]), 0);
	ck_assert_int_eq(agent_wire_recv(pair[1], text, &fd), 4);
	ck_assert_str_eq(text, "wait");
	ck_assert_int_eq(fd, -1);
	ck_assert_int_eq(agent_wire_wait(pair[1], 1000, text, &fd), 2);
	ck_assert_str_eq(text, "ok");
	ck_assert_int_ne(fd, -1);
	ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	ck_assert_int_eq(write(fd, "x", 1), 1);
	ck_assert_int_eq(read(p[0], &c, 1), 1);
	ck_assert_int_eq(agent_wire_recv(pair[1], text, &fd), -1);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_int_eq(agent_wire_wait(pair[1], 1, text, &fd), -1);
	ck_assert_int_eq(errno, ETIMEDOUT);
	close(pair[0]);
	pair[0] = -1;
	ck_assert_int_eq(agent_wire_recv(pair[1], text, &fd), 0);
	ck_assert_int_eq(agent_wire_send(pair[1], "x", -1), -1);	/* no SIGPIPE */
	close(p[0]);
	close(p[1]);
}
END_TEST

/* Too long, or with a NUL: as if the other side had closed, and nothing leaks. */
START_TEST(rubbish)
{
	char	text[AGENT_WIRE_MAX], *big = xmalloc(AGENT_WIRE_MAX + 1);
	int	fd, next = dup(0);

	close(next);
	memset(big, 'x', AGENT_WIRE_MAX);
	big[AGENT_WIRE_MAX] = '\0';
	ck_assert_int_eq(agent_wire_send(pair[0], big, pair[0]), 0);
	ck_assert_int_eq(agent_wire_recv(pair[1], text, &fd), 0);
	ck_assert_int_eq(fd, -1);
	ck_assert_int_eq(send(pair[0], "dial\0x", 6, 0), 6);
	ck_assert_int_eq(agent_wire_recv(pair[1], text, &fd), 0);
	big[AGENT_WIRE_MAX - 1] = '\0';
	ck_assert_int_eq(agent_wire_send(pair[0], big, -1), 0);
	ck_assert_int_eq(agent_wire_recv(pair[1], text, &fd), AGENT_WIRE_MAX - 1);
	fd = dup(0);
	ck_assert_int_eq(fd, next);
	close(fd);
	free(big);
}
END_TEST

/* --- sockets --------------------------------------------------------------------- */

START_TEST(takes_the_place_of_the_dead)
{
	struct agent_place	p = place("h:1", ca);
	struct agent_sock	s, second;
	int			c, fd;

	ck_assert_int_eq(agent_wire_connect(p.path, &e), -1);
	ck_assert_int_eq(e.code, ENOENT);
	ck_assert_int_eq(agent_sock_open(&s, p.path, &e), 0);
	ck_assert_int_eq(agent_sock_open(&second, p.path, &e), -1);
	ck_assert_int_eq(e.code, EADDRINUSE);
	ck_assert(agent_sock_is_there(&s));
	c = agent_wire_connect(p.path, &e);
	ck_assert_int_ne(c, -1);
	fd = agent_sock_accept(&s);	/* the probe of the second */
	ck_assert_int_ne(fd, -1);
	close(fd);
	close(c);
	close(s.fd);			/* as if it had been killed */
	s.fd = -1;
	ck_assert_int_eq(agent_wire_connect(p.path, &e), -1);
	ck_assert_int_eq(e.code, ECONNREFUSED);
	ck_assert_int_eq(agent_sock_open(&second, p.path, &e), 0);
	free(s.path);
	ck_assert_int_eq(unlink(p.path), 0);
	ck_assert(!agent_sock_is_there(&second));
	ck_assert_int_eq(agent_sock_open(&s, p.path, &e), 0);
	agent_sock_close(&second);	/* leaves what is not its own */
	ck_assert(agent_sock_is_there(&s));
	agent_sock_close(&s);
	ck_assert_int_eq(dir_count(&top, "gomote"), 0);
	agent_place_release(&p);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("agent");
	TCase	*t = tcase_create("place"), *w = tcase_create("wire");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, keys_differ);
	tcase_add_test(t, no_place);
	tcase_add_loop_test(t, directory_is_open, 0,
	    (int)(sizeof open_modes / sizeof open_modes[0]));
	tcase_add_test(t, directory_is_a_link);
	tcase_add_test(t, directory_of_another);
	tcase_add_test(t, takes_the_place_of_the_dead);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(w, pair_setup, pair_teardown);
	tcase_add_test(w, messages);
	tcase_add_test(w, rubbish);
	suite_add_tcase(s, w);
	return s;
}
